"""Intervals for one rate and for the difference of two, defined for every count: none, all, one row, no row.

Shapes: every argument may be a number or an array; arrays broadcast, results have the broadcast shape.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from labelqa_lib.errors import UsageError

Bounds = tuple[np.ndarray, np.ndarray]


def wilson(successes: ArrayLike, n: ArrayLike, confidence: float = 0.95, population: ArrayLike | None = None) -> Bounds:
    """Between which bounds does the rate behind `successes` of `n` lie? The default interval of this package.

    Parameters
    ----------
    successes : array of float
        Count of successes, 0 to `n`; need not be whole (an effective count).
    n : array of float
        Size of the sample; need not be whole (an effective size). 0 gives (0, 1).
    confidence : float
        Nominal coverage, in (0, 1).
    population : array of float, optional
        Size of the finite lot that the sample came from; the interval shrinks to a point when all of it was seen.

    Returns
    -------
    low, high : array of float
        Fractions in [0, 1].

    Raises
    ------
    UsageError
        When a count is negative or missing, `successes` > `n`, `n` > `population`, or `confidence` is not in (0, 1).

    Notes
    -----
    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n); a finite lot replaces n by n (N − 1)/(N − n).
    Source: Wilson (1927), JASA 22:209; Newcombe (1998), Stat Med 17:857, method 3.
    """
    successes, n, z = _counts(successes, n, confidence)
    rate = np.divide(successes, n, out=np.full(n.shape, 0.5), where=n > 0)
    if population is not None:
        n = _corrected_size(n, population)
    with np.errstate(divide="ignore", invalid="ignore"):
        shrink = np.where(np.isinf(n), 0.0, z**2 / n)
        variance = np.where(np.isinf(n), 0.0, rate * (1 - rate) / n)
        centre = (rate + shrink / 2) / (1 + shrink)
        half = z * np.sqrt(variance + np.where(np.isinf(n), 0.0, z**2 / (4 * n**2))) / (1 + shrink)
        low, high = centre - half, centre + half
    empty = n == 0
    low = np.where(empty | (rate == 0), 0.0, np.clip(low, 0, 1))
    high = np.where(empty | (rate == 1), 1.0, np.clip(high, 0, 1))
    return low, high


def newcombe(
    p1: ArrayLike, low1: ArrayLike, high1: ArrayLike, p2: ArrayLike, low2: ArrayLike, high2: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far apart are two rates measured on separate samples, p1 − p2, and how sure is that?

    Takes any two intervals and recovers the variance that each claims near the other ("MOVER"), so that weighted,
    clustered or corrected intervals combine as well as plain ones do. With Wilson intervals this is Newcombe's
    hybrid score method (10).

    Parameters
    ----------
    p1, low1, high1, p2, low2, high2 : array of float
        Two estimates, each with its bounds. NaN (an undefined estimate) gives NaN.

    Returns
    -------
    difference, low, high : array of float
        In [−1, 1] for rates.

    Notes
    -----
    low = d − √((p1 − low1)² + (high2 − p2)²), high = d + √((high1 − p1)² + (p2 − low2)²).
    Source: Newcombe (1998), Stat Med 17:873, method 10; Zou & Donner (2008), Stat Med 27:1693.
    """
    p1, low1, high1, p2, low2, high2 = (np.asarray(a, dtype=float) for a in (p1, low1, high1, p2, low2, high2))
    difference = p1 - p2
    return (
        difference,
        difference - np.hypot(p1 - low1, high2 - p2),
        difference + np.hypot(high1 - p1, p2 - low2),
    )


def _counts(successes: ArrayLike, n: ArrayLike, confidence: float) -> tuple[np.ndarray, np.ndarray, float]:
    successes, n = np.broadcast_arrays(np.asarray(successes, dtype=float), np.asarray(n, dtype=float))
    if not 0 < confidence < 1:
        raise UsageError(f"confidence is {confidence!r}; it must lie between 0 and 1, for example 0.95")
    wrong = ~((successes >= 0) & (successes <= n) & np.isfinite(n))
    if wrong.any():
        raise UsageError(
            f"an interval was asked for {successes[wrong].flat[0]:g} successes of {n[wrong].flat[0]:g}; "
            "the count must lie between 0 and the size of the sample"
        )
    return successes, n, float(stats.norm.ppf((1 + confidence) / 2))


def _corrected_size(n: np.ndarray, population: ArrayLike) -> np.ndarray:
    population = np.asarray(population, dtype=float)
    if not np.all(population >= n):
        raise UsageError("a sample is larger than the population it is said to come from; give the size of the lot")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n == population, np.where(n > 0, np.inf, 0.0), n * (population - 1) / (population - n))
