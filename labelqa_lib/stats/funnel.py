"""Who stands out among many: funnel limits, and flags of which few are false.

An event is a bad one throughout, so that a high rate is worse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from labelqa_lib.errors import UsageError

Array = NDArray[np.float64]

WINSORISED = 0.1  # share of z-scores pulled in at each end, so that outliers do not widen the limits that show them
_REACH = -special.ndtri(WINSORISED)
LEFT_OF_NOISE = (
    1 - 2 * _REACH * np.exp(-(_REACH**2) / 2) / np.sqrt(2 * np.pi) - 2 * WINSORISED * (1 - _REACH**2)
)  # 0.679: mean square of standard normal z-scores that were pulled in


def limits(
    expected: ArrayLike, n: ArrayLike, coverage: float = 0.998, between_variance: float = 0.0
) -> tuple[Array, Array]:
    """Between which rates does a group of n rows fall by chance when nothing is wrong with it?

    Parameters
    ----------
    expected : array_like of float
        The rate of a group that is as it should be, in [0, 1].
    n : array_like of float
        Rows; rounded to whole ones.
    coverage : float
        Share of such groups inside, in (0, 1); funnel plots show 0.95 and 0.998.
    between_variance : float
        Variance between groups that is nobody's fault, as `over_dispersion` gives it; >= 0.

    Returns
    -------
    low, high : ndarray of float
        Rates in [0, 1]; (0, 1) where n is 0.

    Raises
    ------
    UsageError
        When an argument lies outside its range.

    Notes
    -----
    Without over-dispersion exact binomial, interpolated between counts: (r − a) / n with r the quantile and
    a = (F(r) − q) / (F(r) − F(r − 1)). With it, expected ± z √(expected (1 − expected) / n + between_variance).

    Source: Spiegelhalter 2005, Stat. Med. 24:1185, appendix A.1.1 and §4.
    """
    expected, n = _checked(expected, n, between_variance=between_variance)
    if not 0 < coverage < 1:
        raise UsageError(f"coverage {coverage} must lie between 0 and 1, like 0.95 or 0.998")
    tail, rows = (1 - coverage) / 2, np.rint(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        if between_variance > 0:
            reach = -special.ndtri(tail) * np.sqrt(expected * (1 - expected) / rows + between_variance)
            low, high = expected - reach, expected + reach
        else:
            low, high = (_interpolated(q, rows, expected) for q in (tail, 1 - tail))
    return np.where(rows > 0, np.clip(low, 0, 1), 0.0), np.where(rows > 0, np.clip(high, 0, 1), 1.0)


def over_dispersion(events: ArrayLike, n: ArrayLike, expected: ArrayLike) -> tuple[float, float]:
    """Do ordinary groups differ by more than chance, and by how much?

    Parameters
    ----------
    events, n : array_like of float, shape (groups,)
        Counts and what they are out of; groups with n = 0 are left out.
    expected : array_like of float
        The rate that funnel limits are drawn about, in (0, 1).

    Returns
    -------
    phi : float
        Mean squared winsorised z-score over what pulling in leaves of chance alone; about 1 where chance alone is at
        work.
    between_variance : float
        τ², for `limits` and `flags`; 0 where chance alone explains the differences, or there are fewer than 2 groups.

    Raises
    ------
    UsageError
        When an argument lies outside its range.

    Notes
    -----
    τ² = (I φ − (I − 1)) / (Σw − Σw²/Σw), w = n / p(1 − p). As published φ is not divided by `LEFT_OF_NOISE`: 0.68 for
    pure chance, and a spread of 0.02 between 70 agents of 95 rows comes out as 0.010 (0.019 with the division,
    tests/statistics/test_between_groups.py).

    Source: Spiegelhalter 2005, Stat. Med. 24:1185, §4.2, with DerSimonian & Laird's moment estimate; Huber & Ronchetti
    2009, Robust Statistics, 2nd ed., §5.2 (scales made consistent at the normal distribution).
    """
    expected, n, events = np.broadcast_arrays(*_checked(expected, n, events), np.asarray(events, float))
    used = (n > 0) & (expected > 0) & (expected < 1)
    if used.sum() < 2:
        return float("nan"), 0.0
    variance = (expected * (1 - expected))[used] / n[used]
    z = (events[used] / n[used] - expected[used]) / np.sqrt(variance)
    z = np.clip(z, *np.quantile(z, [WINSORISED, 1 - WINSORISED]))
    phi, weight = np.mean(z**2) / LEFT_OF_NOISE, 1 / variance
    tau2 = (z.size * phi - (z.size - 1)) / (weight.sum() - (weight**2).sum() / weight.sum())
    return float(phi), float(max(tau2, 0.0))


def excess_p(events: ArrayLike, n: ArrayLike, expected: ArrayLike, between_variance: float = 0.0) -> Array:
    """How likely are so many events, or more, in a group that is as expected?

    Parameters
    ----------
    events, n : array_like of float
        (Effective) counts and what they are out of.
    expected : array_like of float
        Rate of a group that is as it should be, in [0, 1].
    between_variance : float
        As for `limits`.

    Raises
    ------
    UsageError
        When an argument lies outside its range.

    Notes
    -----
    Upper tail of the binomial; with over-dispersion of the beta-binomial with that variance between groups (counts
    rounded to whole ones).
    """
    rate, n, events = np.broadcast_arrays(*_checked(expected, n, events, between_variance), np.asarray(events, float))
    if between_variance == 0:
        tail = special.betainc(np.maximum(events, 1e-300), n - events + 1, rate)
    else:
        # at 1e-6 all groups are at 0 or 1: more variance than that a rate cannot have
        tail = _beta_binomial_tail(events, n, rate, np.maximum(rate * (1 - rate) / between_variance - 1, 1e-6))
    return np.where((events == 0) | (rate == 1), 1.0, np.where(rate == 0, 0.0, tail))


@dataclass(frozen=True)
class Flags:
    """Who is worse than expected; arrays of shape (groups,), NaN or False for groups with too few rows.

    Attributes
    ----------
    p_value : ndarray of float
        As `excess_p` gives it.
    adjusted : ndarray of float
        The false discovery rate at which the group would just be flagged.
    flagged : ndarray of bool
        Whether it is.
    """

    p_value: Array
    adjusted: Array
    flagged: NDArray[np.bool_]


def flags(
    events: ArrayLike,
    n: ArrayLike,
    expected: ArrayLike,
    between_variance: float = 0.0,
    false_discovery_rate: float = 0.05,
    minimum: int = 30,
) -> Flags:
    """Which groups are worse than expected, such that few of those named are named by chance?

    Parameters
    ----------
    events, n : array_like of float, shape (groups,)
        (Effective) counts and what they are out of.
    expected : array_like of float
        Rate of a group that is as it should be, in [0, 1]; one for all, or one each.
    between_variance : float
        As for `limits`.
    false_discovery_rate : float
        Expected share of false names among all names, in (0, 1).
    minimum : int
        Nobody with fewer rows is judged.

    Raises
    ------
    UsageError
        When an argument lies outside its range.

    Notes
    -----
    `excess_p`, adjusted by Benjamini & Hochberg.

    Source: Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57:289; Jones, Ohlssen & Spiegelhalter 2008, J. Clin.
    Epidemiol. 61:232 (FDR for league tables).
    """
    if not 0 < false_discovery_rate < 1:
        raise UsageError(f"false discovery rate {false_discovery_rate} must lie between 0 and 1, like 0.05")
    expected, n, events = np.broadcast_arrays(
        *_checked(expected, n, events, between_variance), np.asarray(events, float)
    )
    judged = n >= max(minimum, 1)
    p_value, adjusted = np.full(n.shape, np.nan), np.full(n.shape, np.nan)
    if judged.any():
        p_value[judged] = excess_p(events[judged], n[judged], expected[judged], between_variance)
        adjusted[judged] = stats.false_discovery_control(p_value[judged])
    return Flags(p_value, adjusted, adjusted <= false_discovery_rate)


def _beta_binomial_tail(events: Array, n: Array, rate: Array, size: Array) -> Array:
    """P(X >= events), the rate itself drawn from a Beta of that size; each probability from the one before."""
    alpha, beta = rate * size, (1 - rate) * size
    events, n = np.floor(events), np.rint(n)
    with np.errstate(divide="ignore", invalid="ignore"):  # counts beyond a group's own are computed and not used
        log_probability, below = special.betaln(alpha, n + beta) - special.betaln(alpha, beta), np.zeros(n.shape)
        for count in range(int(events.max(initial=0))):
            below += np.where(count < events, np.exp(log_probability), 0)
            log_probability += np.log((n - count) * (count + alpha) / ((count + 1) * (n - count - 1 + beta)))
    return np.clip(1 - below, 0, 1)


def _interpolated(q: float, n: Array, rate: Array) -> Array:
    r = stats.binom.ppf(q, n, rate)
    above, below = stats.binom.cdf(r, n, rate), stats.binom.cdf(r - 1, n, rate)
    inside = (rate > 0) & (rate < 1)
    return np.where(inside, (r - np.where(inside, (above - q) / (above - below), 0)) / n, rate)


def _checked(
    expected: ArrayLike, n: ArrayLike, events: ArrayLike | None = None, between_variance: float = 0.0
) -> tuple[Array, Array]:
    expected, n = np.asarray(expected, float), np.asarray(n, float)
    if not between_variance >= 0:
        raise UsageError(f"between_variance {between_variance} must be 0 or more")
    if not np.all((expected >= 0) & (expected <= 1)):
        raise UsageError("the expected rate must lie between 0 and 1")
    if not np.all(n >= 0):
        raise UsageError("n must be 0 or more in every group")
    if events is not None and not np.all((np.asarray(events, float) >= 0) & (np.asarray(events, float) <= n)):
        raise UsageError("a group has fewer than 0 events, or more events than rows")
    return expected, n
