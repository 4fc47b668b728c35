"""Does a figure meet its target, said from its interval and not from its point; and how many more audits would tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from labelqa_lib.errors import UsageError
from labelqa_lib.translation import N_

MEETS = "meets"
MISSES = "misses"
LIKELY_MEETS = "likely meets"
LIKELY_MISSES = "likely misses"
NOT_ENOUGH_DATA = "not enough data"
NOT_MEASURED = N_("not measured")
NO_TARGET = N_("no target")

MOST_AUDITS_ASKED = 100_000  # an estimate that sits on its target would ask for infinitely many


def status(
    estimate: ArrayLike,
    ci_low: ArrayLike,
    ci_high: ArrayLike,
    target: ArrayLike | None,
    better: str,
    precision: ArrayLike | None = None,
) -> NDArray[np.str_]:
    """Where does each figure stand against its target?

    ==================  ==========================================================================
    meets               the whole interval is at the target or better, however wide it is
    misses              the whole interval is worse than the target, however wide it is
    not enough data     the interval spans the target and its half-width exceeds `precision`
    likely meets        the interval spans the target; the estimate is at the target or better
    likely misses       the interval spans the target; the estimate is worse
    not measured        the estimate or its interval is NaN
    no target           there is no target to compare with
    ==================  ==========================================================================

    An interval wholly on one side is a verdict even when it is wide: 40 errors in 50 audits say enough about a
    target of 5 %. The precision goal only decides what is said of an interval that spans the target.

    Parameters
    ----------
    estimate, ci_low, ci_high : array_like of float
        Any shapes that broadcast together, in the metric's own unit.
    target : array_like of float or None
        In the same unit; None or NaN where there is none.
    better : {"higher", "lower"}
        Which side of the target is good.
    precision : array_like of float or None
        Half-width that an interval should have, in the same unit; None or NaN where no goal was set.

    Returns
    -------
    ndarray of str
        One of the seven values above for each figure.

    Raises
    ------
    UsageError
        When `better` is neither "higher" nor "lower".
    """
    if better not in ("higher", "lower"):
        raise UsageError(f"better={better!r} does not say which side of a target is good; use 'higher' or 'lower'")
    sign = 1.0 if better == "higher" else -1.0
    low, high = (ci_low, ci_high) if better == "higher" else (ci_high, ci_low)
    estimate, worst, best, target, precision = np.broadcast_arrays(
        sign * np.asarray(estimate, float),
        sign * np.asarray(low, float),
        sign * np.asarray(high, float),
        sign * _or_nan(target),
        _or_nan(precision),
    )
    return np.select(
        [
            np.isnan(estimate) | np.isnan(worst) | np.isnan(best),
            np.isnan(target),
            worst >= target,
            best < target,
            (best - worst) / 2 > precision,
            estimate >= target,
        ],
        [NOT_MEASURED, NO_TARGET, MEETS, MISSES, NOT_ENOUGH_DATA, LIKELY_MEETS],
        LIKELY_MISSES,
    )


def more_needed(
    estimate: ArrayLike,
    n: ArrayLike,
    n_effective: ArrayLike,
    target: ArrayLike | None,
    precision: ArrayLike | None,
    confidence: float = 0.95,
) -> NDArray[np.int64]:
    """How many more audits would turn "not enough data" into a verdict, if the estimate holds?

    The fewest with which the Wilson interval lies wholly on one side of the target, or reaches the precision goal,
    whichever comes first. The design effect n / n_effective is taken to stay as it is. Where nothing was measured
    yet, the rate is planned to be at the target (at 0.5 without one), and every audit to count in full.

    Parameters
    ----------
    estimate : array_like of float
        Rates in [0, 1], NaN where not measured.
    n, n_effective : array_like of float
        Audits so far, and what they are worth after the design effect.
    target : array_like of float or None
        Rates in [0, 1]; None or NaN where there is none.
    precision : array_like of float or None
        Half-width of the interval that is wanted; None or NaN where no goal was set.
    confidence : float
        Of the interval, in (0, 1).

    Returns
    -------
    ndarray of int64
        0 where it is settled already or where there is neither target nor precision goal; `MOST_AUDITS_ASKED` where
        it would take that many or more.

    Raises
    ------
    UsageError
        When a rate or `confidence` lies outside its range, or `precision` is not positive.

    Notes
    -----
    Wilson's limits are the rates that a score test does not reject, so they exclude the target t exactly when
    m (p − t)² > z² t (1 − t). The half-width is z √(m p (1 − p) + z²/4) / (m + z²); it reaches h at the larger root of
    h² m² + z² (2 h² − p (1 − p)) m + z⁴ (h² − 1/4) = 0.

    Source: Wilson 1927, J. Am. Stat. Assoc. 22:209; the two inversions are derived here.
    """
    if not 0 < confidence < 1:
        raise UsageError(f"confidence {confidence} must lie between 0 and 1, like 0.95")
    estimate, n, n_effective, target, goal = np.broadcast_arrays(
        *(np.asarray(given, float) for given in (estimate, n, n_effective)), _or_nan(target), _or_nan(precision)
    )
    for name, rate in (("estimate", estimate), ("target", target)):
        if np.any((rate < 0) | (rate > 1)):
            raise UsageError(f"{name} must be a rate between 0 and 1 to plan audits, and one is not")
    if np.any(goal <= 0):
        raise UsageError("precision is the half-width that an interval should have; it must be more than 0")

    z2 = special.ndtri(0.5 + confidence / 2) ** 2
    p = np.where(np.isnan(estimate), np.where(np.isnan(target), 0.5, target), estimate)
    with np.errstate(divide="ignore", invalid="ignore"):
        aside = np.where(p == target, np.inf, z2 * target * (1 - target) / (p - target) ** 2)
        slope = z2 * (2 * goal**2 - p * (1 - p))
        root = np.sqrt(np.maximum(slope**2 - 4 * goal**2 * z2**2 * (goal**2 - 0.25), 0))
        precise = np.maximum((root - slope) / (2 * goal**2), 0)
        design_effect = np.where((n > 0) & (n_effective > 0), n / n_effective, 1.0)
    wanted = np.fmin(aside, precise) * design_effect  # fmin: the one that is defined, where the other is not
    more = np.ceil(np.where(np.isnan(wanted), 0, wanted) - np.nan_to_num(n))
    return np.clip(more, 0, MOST_AUDITS_ASKED).astype(np.int64)


def _or_nan(given: ArrayLike | None) -> NDArray[np.float64]:
    return np.asarray(np.nan if given is None else given, float)
