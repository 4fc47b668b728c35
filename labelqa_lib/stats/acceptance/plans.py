"""Acceptance plans: how many rows of a delivered lot to check, and how many bad ones are too many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.acceptance.tables import AQLS, INSPECTIONS, KINDS, LETTERS, LEVELS, code_letter, plan_of

LARGEST_PLAN = 1_000_000
"""Rows of a sample beyond which two qualities are too near to be told apart by a plan."""


@dataclass(frozen=True)
class Stage:
    """One sample of a plan: accept at `accept` or fewer bad rows so far (None: not yet), reject at `reject` or more."""

    n: int
    accept: int | None
    reject: int


@dataclass(frozen=True)
class Plan:
    """A plan of one or several samples, each drawn only when the ones before did not decide.

    Attributes
    ----------
    stages : tuple of Stage
        One for a single plan, two for a double one, seven for a multiple one.
    code_letter : str
        By lot size and level; "" for plans that come from no table.
    table_letter : str
        Of the row that the plan stands in, which differs where the table points up or down.
    kind : str
        "single", "double" or "multiple"; simpler than asked for where the table has none.
    lot_size : int or None
        The lot that the plan was asked for.
    """

    stages: tuple[Stage, ...]
    code_letter: str = ""
    table_letter: str = ""
    kind: str = "single"
    inspection: str = ""
    aql: float | None = None
    lot_size: int | None = None

    @property
    def n(self) -> int:
        """Rows checked when every sample is needed; of a single plan its sample."""
        return sum(stage.n for stage in self.stages)

    @property
    def accept(self) -> int | None:
        """Acceptance number of the last sample."""
        return self.stages[-1].accept

    @property
    def reject(self) -> int:
        """Rejection number of the last sample."""
        return self.stages[-1].reject


def plan(lot_size: int, aql: float, level: str = "II", inspection: str = "normal", kind: str = "single") -> Plan:
    """Which plan of MIL-STD-105E goes with a lot?

    Parameters
    ----------
    lot_size : int
        Rows delivered together and judged together, at least 2.
    aql : float
        Acceptable quality limit in percent nonconforming, one of the standard's 26 (`tables.AQLS`): 1.0 is 1 %. Beyond
        10 it counts nonconformities per hundred rows. It is what a process should keep to; a single lot of that quality
        passes with 0.88 to 0.99, and a much worse one now and then: see `curves.quality_at`.
    level : {"II", "I", "III", "S-1", "S-2", "S-3", "S-4"}
        How large a sample a lot deserves.
    inspection : {"normal", "tightened", "reduced"}
        See `switching.switch`.
    kind : {"single", "double", "multiple"}

    Returns
    -------
    Plan
        Where the sample would be as large as the lot, the whole lot.

    Raises
    ------
    UsageError
        When the lot is smaller than 2, or an argument is not in the standard; the nearest that is are named.

    Notes
    -----
    On reduced inspection a lot with more than `accept` and fewer than `reject` bad rows is accepted, and inspection
    goes back to normal.
    Source: MIL-STD-105E (1989), Tables I to IV-C.
    """
    for name, value, known in (
        ("level", level, LEVELS),
        ("inspection", inspection, INSPECTIONS),
        ("kind", kind, KINDS),
    ):
        if value not in known:
            raise UsageError(f"{name} is {value!r}; the standard has {', '.join(known)}")
    if not 2 <= lot_size < np.inf:
        raise UsageError(f"a lot of {lot_size} cannot be sampled; check it as it is, or join lots to 2 rows or more")
    letter = code_letter(int(lot_size), level)
    table_letter, found, numbers = plan_of(letter, _known_aql(aql), inspection, kind)
    stages = tuple(Stage(*stage) for stage in numbers)
    if stages[0].n >= lot_size:
        # the standard: then check all; the last numbers are those of the whole plan
        stages = (Stage(int(lot_size), stages[-1].accept, stages[-1].reject),)
    return Plan(_within(stages, int(lot_size)), letter, table_letter, found, inspection, float(aql), int(lot_size))


def plan_by_letter(letter: str, aql: float, inspection: str = "normal", kind: str = "single") -> Plan:
    """The plan that a table shows for a code letter, arrows followed, whatever the lot; arguments as in `plan`."""
    if len(letter) != 1 or letter not in LETTERS[:-1]:
        raise UsageError(f"code letter {letter!r} is not in the standard; it has {', '.join(LETTERS[:-1])}")
    table_letter, found, numbers = plan_of(letter, _known_aql(aql), inspection, kind)
    return Plan(tuple(Stage(*stage) for stage in numbers), letter, table_letter, found, inspection, float(aql))


def zero_plan(lot_size: int, aql: float) -> Plan:
    """How many rows, accepting none bad, protect as well as the standard's plan for the same lot and AQL?

    Parameters
    ----------
    lot_size, aql
        As in `plan`; AQLs up to 10.

    Returns
    -------
    Plan
        A single plan with accept 0: half as large as the standard's or less, but it rejects many more good lots.

    Raises
    ------
    UsageError
        As `plan`.

    Notes
    -----
    n = ln 0.10 / ln(1 − p), p the share of bad rows that the standard's level II plan accepts with probability 0.10.
    Squeglia's printed table goes back to this formula and smooths it.
    Source: Squeglia (2008), Zero Acceptance Number Sampling Plans, 5th ed.; Schilling & Neubauer (2017), ch. 17.
    """
    if aql > 10:
        raise UsageError(f"an AQL of {aql:g} counts faults per hundred rows; accepting none goes with 10 or less")
    usual = plan_by_letter(plan(lot_size, aql).code_letter, aql)
    tolerated = special.bdtri(usual.accept, usual.n, 0.10)
    n = min(int(np.ceil(np.log(0.10) / np.log1p(-tolerated) - 1e-9)), int(lot_size))
    return Plan((Stage(n, 0, 1),), usual.code_letter, "", "single", "normal", float(aql), int(lot_size))


def find_plan(p1: float, alpha: float, p2: float, beta: float, lot_size: int | None = None) -> Plan:
    """Which is the smallest plan that accepts good lots and rejects bad ones as often as asked?

    Parameters
    ----------
    p1, alpha : float
        A good share of bad rows, and with which probability a lot that good may be rejected (producer's risk).
    p2, beta : float
        A bad share, above p1, and with which probability a lot that bad may be accepted (consumer's risk).
    lot_size : int, optional
        Of a small lot, whose rows are counted exactly; p1 and p2 then stand for whole rows of it, rounded.

    Returns
    -------
    Plan
        The smallest sample, with the smallest acceptance number that does.

    Raises
    ------
    UsageError
        When a number is out of range, p2 is not above p1, or the two are so near that the sample would exceed a million
        rows or the lot.

    Notes
    -----
    The smallest n with P(bad ≤ c | p1) ≥ 1 − alpha and P(bad ≤ c | p2) ≤ beta for some c; binomial, hypergeometric in a
    lot.
    Source: Guenther (1969), J. Qual. Technol. 1:105; Schilling & Neubauer (2017), ch. 5.
    """
    for name, value in (("p1", p1), ("alpha", alpha), ("p2", p2), ("beta", beta)):
        if not 0 < value < 1:
            raise UsageError(f"{name} is {value:g}; it is a share and lies between 0 and 1")
    if not p1 < p2:
        raise UsageError(f"p1 is {p1:g} and p2 {p2:g}; the good quality p1 must have fewer bad rows than the bad one")
    if alpha + beta >= 1:
        raise UsageError(f"alpha {alpha:g} and beta {beta:g} add up to 1 or more; tossing a coin does as well")
    if lot_size is None:
        if special.bdtr(stats.binom.ppf(beta, LARGEST_PLAN, p2) - 1, LARGEST_PLAN, p1) < 1 - alpha:
            raise UsageError(
                f"{p1:g} and {p2:g} cannot be told apart with risks of {alpha:g} and {beta:g} by {LARGEST_PLAN:,} "
                "rows; take a larger p2 or larger risks"
            )
        return _smallest(lambda accept, n, p: float(special.bdtr(accept, n, p)), p1, alpha, p2, beta, None)
    lot, good, bad = int(lot_size), round(p1 * lot_size), round(p2 * lot_size)
    if lot < 2 or good == bad:
        raise UsageError(
            f"in a lot of {lot} rows {p1:g} and {p2:g} are both {good} rows; "
            f"judge lots of {int(np.ceil(1 / (p2 - p1) - 1e-9))} rows or more"
        )

    def passes(accept: int, n: int, held: int) -> float:
        # a sample cannot be larger than the lot
        return float(stats.hypergeom.cdf(accept, lot, held, min(n, lot)))

    return _smallest(passes, good, alpha, bad, beta, lot)


def _smallest(passes: Callable[[int, int, float], float], good, alpha, bad, beta, lot_size: int | None) -> Plan:
    """Acceptance numbers one after the other: the first that keeps both risks has the smallest sample."""
    accept, n = 0, 1
    while True:
        n = _first_rejecting(lambda size, most=accept: passes(most, size, bad) <= beta, max(n, accept + 1))
        if passes(accept, n, good) >= 1 - alpha:
            return Plan((Stage(n, accept, accept + 1),), lot_size=lot_size)
        accept += 1


def _first_rejecting(rejects: Callable[[int], bool], start: int) -> int:
    low, high = start, start
    while not rejects(high):
        low, high = high + 1, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if rejects(middle) else (middle + 1, high)
    return high


def _within(stages: tuple[Stage, ...], lot_size: int) -> tuple[Stage, ...]:
    """No sample reaches beyond the lot; the sample that takes the last row decides as the plan's last does."""
    kept, left = [], lot_size
    for stage in stages:
        if stage.n >= left:
            return (*kept, Stage(left, stages[-1].accept, stages[-1].reject))
        kept.append(stage)
        left -= stage.n
    return tuple(kept)


def _known_aql(aql: float) -> float:
    for known in AQLS:
        if abs(aql - known) < 1e-9:
            return known
    below, above = [a for a in AQLS if a < aql][-1:], [a for a in AQLS if a > aql][:1]
    nearest = " and ".join(f"{a:g}" for a in (*below, *above))
    raise UsageError(f"an AQL of {aql:g} percent is not in the standard; the nearest are {nearest}")
