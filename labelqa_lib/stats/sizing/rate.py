"""How many rows tell a rate to a margin, by the very interval that a report draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.intervals import clopper_pearson, wilson
from labelqa_lib.stats.rate_bounds import FEW_EVENTS
from labelqa_lib.stats.survey import equivalent_size
from labelqa_lib.translation import say

MOST_ROWS = 10_000_000
"""Beyond this a plan is refused: the goal is too fine to be meant."""


class Size(int):
    """How many rows to check (of each sample, where two are compared): a number that says how it came about.

    Attributes
    ----------
    reached : float
        What so many rows reach, in the unit of the goal: a half-width, or a probability.
    effective : float
        What they are worth in plain random rows, after the design effect and the size of the population.
    reason : str
        How the number came about, in words.
    """

    reached: float
    effective: float
    reason: str

    def __new__(cls, n: int, reached: float, effective: float, reason: str) -> Size:
        size = super().__new__(cls, n)
        size.reached, size.effective, size.reason = float(reached), float(effective), reason
        return size

    def __repr__(self) -> str:
        return f"{int(self)} rows, which reach {self.reached:.4g} ({self.reason})"

    @property
    def n(self) -> int:
        """The plain number."""
        return int(self)


def size_for_margin(
    p: float, margin: float, confidence: float = 0.95, population: int | None = None, design_effect: float = 1.0
) -> Size:
    """How many rows have to be checked, so that a rate is known to ± `margin`?

    Parameters
    ----------
    p : float
        The rate expected, in [0, 1]. 0.5 is the safe choice: no rate needs more rows. The margin that comes out is
        wider than asked when the rate comes out nearer to 0.5 than planned.
    margin : float
        Half the length of the interval, above 0 and below 0.5.
    confidence : float
        Of the interval, in (0, 1).
    population : int, optional
        Rows there are; sampling many of them tells more, and all of them tells everything. The reports take no credit
        for that (next week's rows are like this week's): leave it out to plan for their intervals.
    design_effect : float
        Rows that are worth one plain random row, above 0: past rows / `survey.equivalent_size` of their interval.

    Returns
    -------
    Size
        `reached` is the half-width.

    Raises
    ------
    UsageError
        When a number is out of range, or more than ten million rows would be needed.

    Notes
    -----
    The smallest n whose interval, at the rate p, has a half-width of at most `margin`. The interval is the one of
    `survey.clustered_rate` for plain rows: Wilson, and Korn–Graubard (Clopper–Pearson of effective counts) below 3
    effective events m·p(1 − p), of m = n/design effect · (N − 1)/(N − n) effective rows. Where rows of a cluster are
    alike its bound towards one half reaches further; a design effect taken from the width of a past interval, as
    described above, has that in it.
    """
    goal = effective_size(p, margin, confidence)
    n = rows_worth(goal, population, design_effect)
    effective = effective_rows(n, population, design_effect)
    few = effective * p * (1 - p) < FEW_EVENTS
    reason = say(", ").join(["Korn–Graubard" if few else "Wilson", *_circumstances(population, design_effect)])
    return Size(n, margin_of(p, effective, confidence), effective, reason)


def margin_of(p: ArrayLike, effective: ArrayLike, confidence: float = 0.95) -> np.ndarray:
    """How far does the interval of a rate p reach to either side on average, from `effective` plain rows?

    Parameters
    ----------
    p, effective : array of float
        Rates in [0, 1]; rows, at least 0 (0 gives 0.5; infinite, all rows of a population, gives 0).
    confidence : float
        Of the interval.

    Returns
    -------
    array of float
        Half of high − low of the interval described in `size_for_margin`.
    """
    p, effective = np.broadcast_arrays(np.asarray(p, dtype=float), np.asarray(effective, dtype=float))
    size = np.where(np.isinf(effective), 0.0, effective)
    low, high = wilson(p * size, size, confidence)
    width, few = np.asarray(high - low), size * p * (1 - p) < FEW_EVENTS
    if few.any():  # inverting a beta distribution costs more than all the rest
        low, high = clopper_pearson((p * size)[few], size[few], confidence)
        width[few] = high - low
    return np.where(np.isinf(effective), 0.0, width / 2)


def effective_size(p: float, margin: float, confidence: float = 0.95) -> float:
    """How many plain random rows of an endless population tell a rate to ± `margin`? Need not be whole.

    Parameters, Raises
        As `size_for_margin`.

    Returns
    -------
    float
        The variance that goes with the margin is p(1 − p) / this.
    """
    share("p", p)
    if not 0 < margin < 0.5:
        raise UsageError(
            f"a margin of {margin:g} cannot be planned: it must be above 0, and every rate is known to ±0.5 without "
            "looking; ask for less than 0.5, for example 0.03"
        )
    # the smallest number of rows with which Wilson's interval is used, then the two intervals one after the other
    usual = FEW_EVENTS / (p * (1 - p)) if 0 < p < 1 else np.inf
    if margin_of(p, np.nextafter(usual, 0) if np.isfinite(usual) else MOST_ROWS, confidence) > margin:
        size = max(usual, float(equivalent_size(p, 2 * margin, confidence)))
    else:
        low, high = 0.0, min(usual, MOST_ROWS)
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (low, middle) if margin_of(p, middle, confidence) <= margin else (middle, high)
        size = high
    if size > MOST_ROWS or margin_of(p, size, confidence) > margin * (1 + 1e-9):
        raise UsageError(
            f"a rate of {p:g} to ±{margin:g} needs more than {MOST_ROWS:,} rows; with as many it is known to "
            f"±{margin_of(p, MOST_ROWS, confidence):.2g}: ask for no less"
        )
    return size


def rows_worth(effective: float, population: int | None = None, design_effect: float = 1.0) -> int:
    """How many rows of a real sample are worth `effective` plain rows? The smallest number; see `size_for_margin`."""
    _sample(population, design_effect)
    rows = effective * design_effect
    if population is not None:
        rows = population * rows / (rows + population - 1) if population > 1 else 1.0
    n = max(int(np.ceil(rows * (1 - 1e-12))), 1)
    if effective_rows(n, population, design_effect) < effective * (1 - 1e-12):
        n += 1
    if n > MOST_ROWS:
        raise UsageError(
            f"{effective:.4g} plain rows at a design effect of {design_effect:g} are more than {MOST_ROWS:,}; "
            "ask for less, or draw so that rows tell more"
        )
    return n


def effective_rows(n: int, population: int | None = None, design_effect: float = 1.0) -> float:
    """How many plain rows are n rows worth? Infinitely many when they are all there is."""
    _sample(population, design_effect)
    if population is None:
        return n / design_effect
    return np.inf if n >= population else n / design_effect * (population - 1) / (population - n)


def share(name: str, value: float, ends: bool = True) -> None:
    """Refuse what is not a share of 1."""
    if not (0 <= value <= 1 if ends else 0 < value < 1):
        raise UsageError(
            f"{name} is {value:g}; it is a share and lies {'from 0 to 1' if ends else 'between 0 and 1'}, like 0.95"
        )


def _circumstances(population: int | None, design_effect: float) -> list[str]:
    said = [] if design_effect == 1 else [say("design effect {effect}", effect=f"{design_effect:.2f}")]
    return said + ([] if population is None else [say("of {n} rows", n=f"{population:,}")])


def _sample(population: int | None, design_effect: float) -> None:
    if not design_effect > 0 or not np.isfinite(design_effect):
        raise UsageError(f"design_effect is {design_effect:g}; it is above 0, and 1 for plain random rows")
    if population is not None and not 1 <= population < np.inf:
        raise UsageError(f"population is {population}; nothing can be drawn from it, it must hold at least one row")
