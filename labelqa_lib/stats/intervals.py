"""Intervals for one rate and for the difference of two, defined for every count: none, all, one row, no row.

Shapes: every argument may be a number or an array; arrays broadcast, results have the broadcast shape.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

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
    low, high = difference - np.hypot(p1 - low1, high2 - p2), difference + np.hypot(high1 - p1, p2 - low2)
    return difference, low, high


def _of_a_lot(bounds: Callable[..., Bounds]) -> Callable[..., Bounds]:
    """Let an interval take a `population`, as `wilson` does: n becomes n (N − 1)/(N − n); a lot seen whole is known."""

    @functools.wraps(bounds)
    def corrected(successes, n, confidence=0.95, population=None):
        if population is None:
            return bounds(successes, n, confidence)
        successes, n, _z = _counts(successes, n, confidence)
        rate, size = np.divide(successes, n, out=np.full(n.shape, 0.5), where=n > 0), _corrected_size(n, population)
        whole, size = np.isinf(size), np.where(np.isinf(size), n, size)
        return tuple(np.where(whole, rate, bound) for bound in bounds(rate * size, size, confidence))

    return corrected


@_of_a_lot
def clopper_pearson(successes: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> Bounds:
    """Which rates does `successes` of `n` not rule out, with a guarantee? Never covers less than it says, often more.

    Parameters, Returns, Raises
        As `wilson`. With an effective `n` this is the interval of Korn & Graubard.

    Notes
    -----
    Beta quantiles: low = B(α/2; x, n − x + 1), high = B(1 − α/2; x + 1, n − x).
    Source: Clopper & Pearson (1934), Biometrika 26:404; Korn & Graubard (1998), Surv. Methodol. 24:193.
    """
    successes, n, z = _counts(successes, n, confidence)
    tail = (1 - confidence) / 2
    return _beta_bounds(successes, n - successes + 1, successes + 1, n - successes, tail)


@_of_a_lot
def jeffreys(successes: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> Bounds:
    """Between which bounds does the rate lie, for a reader who thinks in probabilities of rates (prior Beta(½, ½))?

    Parameters, Returns, Raises
        As `wilson`. The bound is 0 where nothing succeeded and 1 where all did.

    Source: Brown, Cai & DasGupta (2001), Stat. Sci. 16:101, 3.1.3.
    """
    successes, n, z = _counts(successes, n, confidence)
    shifted, failures = successes + 0.5, n - successes + 0.5
    low, high = _beta_bounds(shifted, failures, shifted, failures, (1 - confidence) / 2)
    return np.where(successes == 0, 0.0, low), np.where(successes == n, 1.0, high)


@_of_a_lot
def mid_p(successes: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> Bounds:
    """Clopper–Pearson with the observed count given half its weight: shorter, and covers as said on average.

    Parameters, Returns, Raises
        As `wilson`.

    Notes
    -----
    low solves ½P(X ≥ x) + ½P(X > x) = α/2, high the same for the lower tail, by bisection to 1e-12.
    Source: Lancaster (1961); Newcombe (1998), Stat Med 17:857, method 6.
    """
    successes, n, z = _counts(successes, n, confidence)
    tail = (1 - confidence) / 2

    def above(rate: np.ndarray) -> np.ndarray:
        at_least = np.where(successes > 0, special.betainc(np.maximum(successes, 1e-300), n - successes + 1, rate), 1.0)
        more = special.betainc(successes + 1, np.maximum(n - successes, 1e-300), rate)
        return (at_least + np.where(successes < n, more, 0.0)) / 2

    low = _bisect(lambda rate: above(rate) > tail, n.shape)
    high = _bisect(lambda rate: above(rate) > 1 - tail, n.shape)
    return np.where(successes == 0, 0.0, low), np.where(successes == n, 1.0, high)


def hypergeometric(successes: ArrayLike, n: ArrayLike, population: ArrayLike, confidence: float = 0.95) -> Bounds:
    """How many of a small lot's `population` rows succeed, when `successes` of `n` drawn did? Exact, in whole rows.

    Parameters
    ----------
    successes, n, population : array of int
        Drawn successes, size of the draw, size of the lot.
    confidence : float
        Least coverage, in (0, 1).

    Returns
    -------
    low, high : array of float
        Fractions of the lot, each a whole number of rows / `population`. An empty lot gives (0, 1).

    Raises
    ------
    UsageError
        As `wilson`, and when a count is not whole.

    Notes
    -----
    Two one-sided tests inverted: low is the least D with P(X ≥ x | D) > α/2, high the most with P(X ≤ x | D) > α/2.
    Source: Katz (1953), JASA 48:256; Wright (1991), Exact Confidence Bounds when Sampling from Small Finite Universes.
    """
    successes, n, z = _counts(successes, n, confidence)
    successes, n, lot = np.broadcast_arrays(successes, n, np.asarray(population, dtype=float))
    if np.any(np.concatenate([np.ravel(a) % 1 for a in (successes, n, lot)])):
        raise UsageError("a small lot is counted in whole rows; give whole numbers")
    _corrected_size(n, lot)
    tail = (1 - confidence) / 2
    least, most = successes, lot - (n - successes)
    low = _first_whole(lambda held: stats.hypergeom.sf(successes - 1, lot, held, n) > tail, least, most)
    past = _first_whole(lambda held: stats.hypergeom.cdf(successes, lot, held, n) <= tail, least, most + 1)
    empty = lot == 0
    size = np.where(empty, 1.0, lot)
    return np.where(empty, 0.0, low / size), np.where(empty, 1.0, (past - 1) / size)


def miettinen_nurminen(
    successes1: ArrayLike, n1: ArrayLike, successes2: ArrayLike, n2: ArrayLike, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far apart are two rates, p1 − p2, by the score test? The benchmark for `newcombe`; unweighted counts only.

    Parameters
    ----------
    successes1, n1, successes2, n2 : array of float
        Counts of two separate samples. A sample of 0 rows gives a difference of NaN in (−1, 1).

    Returns
    -------
    difference, low, high : array of float
        In [−1, 1].

    Notes
    -----
    All δ with (p1 − p2 − δ)² ≤ z² (p̃1q̃1/n1 + p̃2q̃2/n2) N/(N − 1), p̃ the rates most likely given δ (the root of a
    cubic in closed form), by bisection to 1e-12.
    Source: Miettinen & Nurminen (1985), Stat Med 4:213, appendix 1.
    """
    successes1, n1, z = _counts(successes1, n1, confidence)
    successes2, n2, z = _counts(successes2, n2, confidence)
    successes1, n1, successes2, n2 = np.broadcast_arrays(successes1, n1, successes2, n2)
    known = (n1 > 0) & (n2 > 0)
    n1, n2 = np.where(known, n1, 1.0), np.where(known, n2, 1.0)
    p1, p2 = successes1 / n1, successes2 / n2

    def distance(delta: np.ndarray) -> np.ndarray:
        first = _rate_given_difference(successes1, n1, successes2, n2, delta) + delta
        second = first - delta
        variance = (first * (1 - first) / n1 + second * (1 - second) / n2) * (n1 + n2) / (n1 + n2 - 1)
        return (p1 - p2 - delta) / np.sqrt(np.maximum(variance, 1e-300))

    low = _bisect(lambda delta: distance(delta) < z, n1.shape, -1.0, p1 - p2)
    high = _bisect(lambda delta: distance(delta) < -z, n1.shape, p1 - p2, 1.0)
    return np.where(known, p1 - p2, np.nan), np.where(known, low, -1.0), np.where(known, high, 1.0)


def _rate_given_difference(x1, n1, x2, n2, delta):
    """The second rate, most likely when the first is larger by `delta`."""
    total = n1 + n2
    quadratic = (n1 + 2 * n2) * delta - total - x1 - x2
    linear = (n2 * delta - total - 2 * x2) * delta + x1 + x2
    constant = x2 * delta * (1 - delta)
    third = quadratic / (3 * total)
    q = third**3 - quadratic * linear / (6 * total**2) + constant / (2 * total)
    p = np.copysign(np.sqrt(np.maximum(third**2 - linear / (3 * total), 0)), q)
    cosine = np.divide(q, p**3, out=np.zeros_like(q), where=p != 0)
    root = 2 * p * np.cos((np.pi + np.arccos(np.clip(cosine, -1, 1))) / 3) - third
    return np.clip(root, np.maximum(0, -delta), np.minimum(1, 1 - delta))


def _beta_bounds(low_a, low_b, high_a, high_b, tail: float) -> Bounds:
    low = np.where(low_a > 0, special.betaincinv(np.maximum(low_a, 1e-300), low_b, tail), 0.0)
    high = np.where(high_b > 0, special.betaincinv(high_a, np.maximum(high_b, 1e-300), 1 - tail), 1.0)
    return low, high


def _bisect(past: Callable[[np.ndarray], np.ndarray], shape, low: ArrayLike = 0.0, high: ArrayLike = 1.0) -> np.ndarray:
    """Where `past` turns true between `low` and `high`."""
    low, high = np.broadcast_to(low, shape), np.broadcast_to(high, shape)
    for _ in range(45):
        middle = (low + high) / 2
        turned = past(middle)
        low, high = np.where(turned, low, middle), np.where(turned, middle, high)
    return (low + high) / 2


def _first_whole(turned: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The first whole number from `low` at which `turned` is true; `high` when it is nowhere before."""
    while np.any(low < high):
        middle = np.floor((low + high) / 2)
        hit = turned(middle)
        low, high = np.where(hit | (low >= high), low, middle + 1), np.where(hit & (low < high), middle, high)
    return high


def _counts(successes: ArrayLike, n: ArrayLike, confidence: float) -> tuple[np.ndarray, np.ndarray, float]:
    successes, n = np.broadcast_arrays(np.asarray(successes, dtype=float), np.asarray(n, dtype=float))
    if not 0 < confidence < 1:
        raise UsageError(f"confidence is {confidence!r}; it must lie between 0 and 1, for example 0.95")
    wrong = ~((successes >= 0) & (successes <= n) & np.isfinite(n))
    if wrong.any():
        asked = f"an interval was asked for {successes[wrong].flat[0]:g} successes of {n[wrong].flat[0]:g}"
        raise UsageError(f"{asked}; the count must lie between 0 and the size of the sample")
    return successes, n, float(special.ndtri((1 + confidence) / 2))


def _corrected_size(n: np.ndarray, population: ArrayLike) -> np.ndarray:
    population = np.asarray(population, dtype=float)
    if not np.all(population >= n):
        raise UsageError("a sample is larger than the population it is said to come from; give the size of the lot")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n == population, np.where(n > 0, np.inf, 0.0), n * (1 - 1 / population) / (1 - n / population))
