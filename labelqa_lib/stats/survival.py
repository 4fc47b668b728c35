"""How long until something happens, when some are still waiting: the waiting count as waiting, not as dropped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from labelqa_lib.errors import UsageError


@dataclass(frozen=True)
class Survival:
    """The share still waiting after each time at which something happened. All arrays have one entry per such time.

    Attributes
    ----------
    times : ndarray of float
        Ascending, in the unit of the days given.
    at_risk, events : ndarray of int
        How many were still waiting just before, and how many ended then.
    share, low, high : ndarray of float
        Kaplan–Meier estimate in [0, 1] and its interval; the interval is NaN where the estimate is 0.
    """

    times: NDArray[np.float64]
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def kaplan_meier(days: ArrayLike, observed: ArrayLike, confidence: float = 0.95) -> Survival:
    """What share is still waiting after each number of days?

    Parameters
    ----------
    days : array_like of float, shape (n,)
        Time until the end or, for those still waiting, until now; >= 0.
    observed : array_like of bool, shape (n,)
        True where the end was seen, False where the case is still waiting.
    confidence : float
        Of the pointwise interval, in (0, 1).

    Raises
    ------
    UsageError
        When the two differ in length, a time is negative or missing, or `confidence` lies outside (0, 1).

    Notes
    -----
    S(t) = Π (1 − d/r) over times <= t; interval S^exp(± z √V / log S) with Greenwood's V = Σ d / (r (r − d)), which
    stays inside [0, 1].

    Source: Kaplan & Meier 1958, J. Am. Stat. Assoc. 53:457; Kalbfleisch & Prentice 2002, §1.4 (log-log interval).
    """
    days, observed = np.asarray(days, float), np.asarray(observed, bool)
    if days.ndim != 1 or days.shape != observed.shape:
        raise UsageError(f"days and observed need one value per case, not shapes {days.shape} and {observed.shape}")
    if not np.all(days >= 0):
        raise UsageError("days must be 0 or more for every case; a case without an end counts until now")
    if not 0 < confidence < 1:
        raise UsageError(f"confidence {confidence} must lie between 0 and 1, like 0.95")

    times, events = np.unique(days[observed], return_counts=True)
    at_risk = days.size - np.searchsorted(np.sort(days), times, side="left")
    share = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(events / (at_risk * (at_risk - events)))
        reach = special.ndtri(0.5 + confidence / 2) * np.sqrt(variance) / np.log(share)  # negative: log of a share
        low, high = share ** np.exp(-reach), share ** np.exp(reach)
    undefined = share == 0
    return Survival(
        times, at_risk, events, share, np.where(undefined, np.nan, low), np.where(undefined, np.nan, high)
    )


def kaplan_meier_quantile(
    days: ArrayLike, observed: ArrayLike, q: float = 0.5, confidence: float = 0.95
) -> tuple[float, float, float]:
    """After how many days has a share `q` of the cases ended, those still waiting counted?

    Parameters
    ----------
    days, observed, confidence
        As for `kaplan_meier`.
    q : float
        Share that has ended, in (0, 1); 0.5 gives the median.

    Returns
    -------
    estimate, low, high : float
        The first times at which the curve and its lower and upper limits are at 1 − q or below; NaN where they never
        are: too few have ended to say.

    Raises
    ------
    UsageError
        As `kaplan_meier`, and when `q` lies outside (0, 1).

    Source: Brookmeyer & Crowley 1982, Biometrics 38:29.
    """
    if not 0 < q < 1:
        raise UsageError(f"quantile {q} must lie between 0 and 1, like 0.5 for the median")
    curve = kaplan_meier(days, observed, confidence)
    # the lower limit of a curve that has reached 0 is 0, whatever the formula leaves undefined
    low = np.where(curve.share == 0, 0, curve.low)
    return tuple(_first_time_at(curve.times, limit, 1 - q) for limit in (curve.share, low, curve.high))


def _first_time_at(times: NDArray[np.float64], share: NDArray[np.float64], level: float) -> float:
    reached = share <= level + 1e-12  # products of fractions miss a round level by rounding
    return float(times[reached.argmax()]) if reached.any() else float("nan")
