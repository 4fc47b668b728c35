"""How many rows to draw to see enough of something rare, or to show with no finding at all how rare it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.allocation import strata_bounds
from labelqa_lib.stats.clusters import measures
from labelqa_lib.stats.sizing.rate import MOST_ROWS, Size, share
from labelqa_lib.translation import N_, say


@dataclass(frozen=True)
class RareSize:
    """How many rows to draw from each stratum.

    Attributes
    ----------
    n : int
        Rows in all.
    rows : array of int
        Rows of each stratum.
    expected : float
        Events that they hold on average.
    reached : float
        Probability that they hold at least the events asked for.
    simple : int or None
        Rows that a simple random draw would need; None when all there are would not do.
    """

    n: int
    rows: np.ndarray
    expected: float
    reached: float
    simple: int | None


def size_for_rare(
    events: int, rates: ArrayLike, population: ArrayLike, probability: float = 0.95, minimum: ArrayLike = 1
) -> RareSize:
    """How many rows to draw, and from where, to see at least `events` of something rare?

    Parameters
    ----------
    events : int
        Events wanted, at least 1; `size_for_margin` of a rate among such events says how many.
    rates : array of float
        The share of events in each stratum (a band of a model's score), in [0, 1]; one number for one stratum.
    population : array of int
        Rows of each stratum, at least 1.
    probability : float
        With which the events are to be seen, in (0, 1).
    minimum : array of int
        Fewest rows of each stratum, so that the rate over all strata can still be told from the sample.

    Returns
    -------
    RareSize
        The smallest draw that does; rows beyond the minima come from the strata where events are most frequent.

    Raises
    ------
    UsageError
        When a number is out of range, or all rows together do not hold as many events with that probability.

    Notes
    -----
    Every row is an event with its stratum's rate: Σ binomial(n_h, rate_h). A row from a stratum with a higher rate
    makes that sum stochastically larger, so filling strata in the order of their rates is optimal.
    """
    population, minimum = strata_bounds(np.atleast_1d(population), minimum)
    rates = measures("rates", np.atleast_1d(rates), len(population))
    share("probability", probability, ends=False)
    if not events >= 1 or events % 1 or not ((rates >= 0) & (rates <= 1)).all():
        raise UsageError(f"{events} events at rates {rates.tolist()}: give at least 1 event, a whole number, and rates from 0 to 1")
    events = int(events)
    order = np.argsort(-rates, kind="stable")
    room = (population - minimum)[order]
    ends = np.cumsum(room)

    def drawn(more: int) -> np.ndarray:
        rows = minimum.copy()
        rows[order] += np.clip(more - (ends - room), 0, room)
        return rows

    best = _chance_of(events, population, rates)
    if best < probability:
        held = events
        while held > 0 and _chance_of(held, population, rates) < probability:
            held -= 1
        words = say(
            N_("all {n} rows hold {events} events with probability {best} only; ask for {held} or fewer, or look over more weeks")
            if held
            else N_(
                "all {n} rows hold {events} events with probability {best} only; not even 1 is sure enough: look over more weeks"
            ),
            n=f"{population.sum():,}", events=events, best=f"{best:.2g}", held=held,
        )  # fmt: skip
        raise UsageError(words)
    more = _first(lambda rows: _chance_of(events, drawn(rows), rates) >= probability, 0, int(room.sum()))
    rows = drawn(more)
    rate = float(rates @ population / population.sum())
    simple = int(population.sum())
    if stats.binom.sf(events - 1, simple, rate) < probability:
        simple = None
    else:
        simple = _first(lambda n: stats.binom.sf(events - 1, n, rate) >= probability, 0, simple)
    return RareSize(int(rows.sum()), rows, float(rates @ rows), _chance_of(events, rows, rates), simple)


def size_for_demonstration(rate: float, confidence: float = 0.95, population: int | None = None) -> Size:
    """How many rows without one event show that fewer than `rate` of all have it?

    Parameters
    ----------
    rate : float
        In (0, 1). In a population, the events to be ruled out are rate·population, rounded up, at least 1.
    confidence : float
        Probability that so many events would have shown at least once, in (0, 1).
    population : int, optional
        Rows there are.

    Returns
    -------
    Size
        `reached` is the probability that an event would have shown.

    Raises
    ------
    UsageError
        When a number is out of range, or more than ten million rows would be needed.

    Notes
    -----
    (1 − rate)^n ≤ 1 − confidence; in a population the hypergeometric probability of drawing none ≤ 1 − confidence.
    Source: Hanley & Lippman-Hand (1983), JAMA 249:1743 (the rule of three); Cochran (1977), 3.2 for the finite case.
    """
    share("rate", rate, ends=False)
    share("confidence", confidence, ends=False)
    if population is None:
        n = int(np.ceil(np.log1p(-confidence) / np.log1p(-rate) - 1e-9))
        if n > MOST_ROWS:
            shown = f"{-np.expm1(np.log1p(-confidence) / MOST_ROWS):.2g}"
            words = N_("to show a rate below {rate} takes more than {n} rows; as many show {shown}")
            raise UsageError(say(words, rate=f"{rate:g}", n=f"{MOST_ROWS:,}", shown=shown))
        return Size(n, -np.expm1(n * np.log1p(-rate)), n, say("binomial, no event"))
    if population < 1:
        raise UsageError(f"population is {population}; nothing can be drawn from it, it must hold at least one row")
    held = max(int(np.ceil(rate * population - 1e-9)), 1)
    n = _first(lambda rows: stats.hypergeom.pmf(0, population, held, rows) <= 1 - confidence, 1, population)
    seen = 1 - stats.hypergeom.pmf(0, population, held, n)
    effective = np.inf if n == population else n * (population - 1) / (population - n)
    return Size(n, seen, effective, say("hypergeometric, no event, {held} of {n} ruled out", held=held, n=f"{population:,}"))


def _chance_of(events: int, rows: np.ndarray, rates: np.ndarray) -> float:
    """Probability of at least `events` in all strata together."""
    fewer = np.zeros(events)
    fewer[0] = 1.0
    for n, rate in zip(rows, rates, strict=True):
        fewer = np.convolve(fewer, stats.binom.pmf(np.arange(events), n, rate))[:events]
    return float(max(1 - fewer.sum(), 0.0))


def _first(turned, low: int, high: int) -> int:
    """The first whole number from `low` at which `turned` is true; it is at `high`."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if turned(middle) else (middle + 1, high)
    return low
