"""What a plan does: how often it accepts, how many rows it checks, and how good what leaves it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.acceptance.plans import Plan


def oc_curve(plan: Plan, p: ArrayLike, lot_size: int | None = None, faults: bool = False) -> np.ndarray:
    """With which probability does a plan accept a lot, for each share of bad rows? The operating characteristic.

    Parameters
    ----------
    plan : Plan
    p : array of float
        Shares of bad rows in [0, 1]; with `faults`, faults per row, at least 0.
    lot_size : int, optional
        Of a small lot with exactly p·lot_size bad rows, rounded (type A curve). Without it the lots come from a process
        with share p (type B).
    faults : bool
        Count faults per row (Poisson) instead of bad rows: for AQLs above 10.

    Returns
    -------
    array of float
        Of the shape of `p`.

    Raises
    ------
    UsageError
        When a share is out of range, or the lot is smaller than the plan's samples.

    Notes
    -----
    Binomial, hypergeometric in a lot, Poisson for faults, stage by stage over what was found so far. Between the two
    numbers of reduced inspection the lot counts as accepted.
    Source: Schilling & Neubauer (2017), Acceptance Sampling in Quality Control, 3rd ed., ch. 5 and 6.
    """
    accepted, _ = _stages(plan, p, lot_size, faults)
    return accepted.sum(axis=0)


def asn_curve(plan: Plan, p: ArrayLike, lot_size: int | None = None, faults: bool = False) -> np.ndarray:
    """How many rows does a plan check on average (ASN), each sample in full? Arguments as in `oc_curve`."""
    _, reached = _stages(plan, p, lot_size, faults)
    return np.tensordot([stage.n for stage in plan.stages], reached, axes=1)


def aoq_curve(plan: Plan, p: ArrayLike, lot_size: int) -> np.ndarray:
    """Which share of bad rows leaves, when rejected lots are checked in full and every bad row found is mended (AOQ)?

    Parameters
    ----------
    plan : Plan
    p : array of float
        Share of bad rows that comes in, in [0, 1].
    lot_size : int
        Rows of a lot, at least the plan's samples.

    Notes
    -----
    p Σ P(accepted at a stage) (N − rows checked by then) / N.
    Source: Dodge & Romig (1959); Montgomery (2013), Introduction to Statistical Quality Control, 15.2.
    """
    accepted, _ = _stages(plan, p, None, False)
    left = 1 - np.cumsum([stage.n for stage in plan.stages]) / _large_enough(plan, lot_size)
    return np.asarray(p, dtype=float) * np.tensordot(left, accepted, axes=1)


def aoql(plan: Plan, lot_size: int) -> tuple[float, float]:
    """How bad can what leaves be at worst (AOQL), and at which incoming share of bad rows? See `aoq_curve`."""
    grid = np.linspace(0, 1, 2001)
    leaving = aoq_curve(plan, grid, lot_size)
    top = int(np.argmax(leaving))
    around = grid[max(top - 1, 0)], grid[min(top + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(
        lambda p: -aoq_curve(plan, p, lot_size), bounds=around, method="bounded", options={"xatol": 1e-10}
    )
    return float(-found.fun), float(found.x)


def ati_curve(plan: Plan, p: ArrayLike, lot_size: int) -> np.ndarray:
    """How many rows of a lot are checked on average when rejected lots are checked in full (ATI)?

    Arguments as in `aoq_curve`.

    Notes
    -----
    Σ P(accepted at a stage)·rows checked by then + P(rejected)·N.
    """
    accepted, _ = _stages(plan, p, None, False)
    seen = np.cumsum([stage.n for stage in plan.stages])
    return np.tensordot(seen, accepted, axes=1) + (1 - accepted.sum(axis=0)) * _large_enough(plan, lot_size)


def quality_at(plan: Plan, probability: float, faults: bool = False) -> float:
    """Which share of bad rows is accepted with this probability? 0.95 gives what is safe to deliver, 0.10 the LTPD.

    Raises
    ------
    UsageError
        When the probability is not between 0 and 1.
    """
    if not 0 < probability < 1:
        raise UsageError(f"a probability of acceptance of {probability:g} is reached nowhere; give 0 to 1, like 0.10")
    high = 1.0
    while faults and oc_curve(plan, high, faults=True) > probability:
        high *= 2
    if oc_curve(plan, high, faults=faults) > probability:
        return 1.0  # so many are allowed that even a lot without one good row passes
    return float(optimize.brentq(lambda p: float(oc_curve(plan, p, faults=faults)) - probability, 0, high, xtol=1e-12))


def _stages(plan: Plan, p: ArrayLike, lot_size: int | None, faults: bool) -> tuple[np.ndarray, np.ndarray]:
    """Probability of acceptance at each stage, and of getting to it; shape stages × shape of p."""
    p = np.asarray(p, dtype=float)
    if not ((p >= 0) & ((p <= 1) | faults)).all():
        raise UsageError(f"a share of bad rows lies from 0 to 1; {p[~((p >= 0) & (p <= 1))].flat[0]:g} does not")
    if lot_size is not None:
        _large_enough(plan, lot_size)
    bad = None if lot_size is None else np.rint(p * lot_size)
    going = np.ones((1, *p.shape))  # by number found so far: probability of that and of no decision
    accepted, reached, checked = [], [], 0
    for place, stage in enumerate(plan.stages):
        reached.append(going.sum(axis=0))
        sums = np.zeros((stage.reject, *p.shape))
        for found, chance in enumerate(going):
            more = np.arange(stage.reject - found).reshape(-1, *(1,) * p.ndim)
            sums[found:] += chance * _found(more, stage.n, p, bad, found, checked, lot_size, faults)
        last = place == len(plan.stages) - 1
        good = stage.reject if last else 0 if stage.accept is None else stage.accept + 1
        accepted.append(sums[:good].sum(axis=0))
        going = np.concatenate([np.zeros_like(sums[:good]), sums[good:]])
        checked += stage.n
    return np.array(accepted), np.array(reached)


def _found(more, n, p, bad, found, checked, lot_size, faults) -> np.ndarray:
    """Probability of `more` bad rows in a sample of n, after `found` in `checked`."""
    if faults:
        return stats.poisson.pmf(more, n * p)
    if bad is None:
        return stats.binom.pmf(more, n, p)
    return np.where(bad >= found, stats.hypergeom.pmf(more, lot_size - checked, np.maximum(bad - found, 0), n), 0.0)


def _large_enough(plan: Plan, lot_size: int) -> int:
    if lot_size < plan.n:
        raise UsageError(f"a lot of {lot_size} rows is smaller than the plan's {plan.n}; take one of {plan.n} or more")
    return lot_size
