"""What changed between two periods, whether it is more than noise, and how much of it is only a different mix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from labelqa_lib.errors import UsageError
from labelqa_lib.stats import intervals

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """A change with its interval; `more_than_noise` is True where the interval leaves out 0."""

    difference: Array
    low: Array
    high: Array
    more_than_noise: NDArray[np.bool_]


def difference(
    estimate: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    baseline: ArrayLike,
    baseline_low: ArrayLike,
    baseline_high: ArrayLike,
) -> Difference:
    """By how much did a figure change since the baseline, and is that more than noise?

    Parameters
    ----------
    estimate, low, high : array_like of float
        Figures of the period and their intervals, all of one confidence.
    baseline, baseline_low, baseline_high : array_like of float
        The same of the period compared with, measured on other rows.

    Returns
    -------
    Difference
        estimate − baseline, in the same unit; NaN and not more than noise where either side is NaN.

    Source: Newcombe 1998, Stat. Med. 17:873, method 10; Zou & Donner 2008, Stat. Med. 27:1693 (any intervals).
    """
    change, change_low, change_high = intervals.newcombe(
        estimate, low, high, baseline, baseline_low, baseline_high
    )
    return Difference(change, change_low, change_high, (change_low > 0) | (change_high < 0))


def p_value(
    change: ArrayLike, low: ArrayLike, high: ArrayLike, confidence: float = 0.95, degrees: ArrayLike = np.inf
) -> Array:
    """How likely is a change at least this large by chance alone, read back from its interval?

    The arm of the interval that points to 0 is taken as so many standard errors as `confidence` says, so the value
    is below 1 − confidence exactly where the interval leaves out 0. How far below hangs on the tail: a width known from
    few clusters makes large changes more frequent than the normal distribution has them.

    Parameters
    ----------
    change, low, high : array_like of float
        From `difference`.
    confidence : float
        Of the interval, in (0, 1).
    degrees : array_like of float
        Of freedom with which the interval's width is known, at least 1, of a difference those of the side that has fewer;
        infinite for the normal distribution.

    Returns
    -------
    ndarray of float
        Two-sided, in [0, 1]; NaN where the change is; 1 where nothing changed.

    Notes
    -----
    Welch's degrees of freedom were tried and left: they are many where the side with few clusters happens to vary little,
    and means of 5 clusters against 60 then have values below .0001 in .001 of all cases.
    Source: Altman & Bland 2011, BMJ 343:d2304 (a P value from a confidence interval).
    """
    change, low, high, degrees = (np.asarray(given, float) for given in (change, low, high, degrees))
    normal, freedom, end = np.isinf(degrees), np.where(np.isinf(degrees), 1.0, degrees), 0.5 + confidence / 2
    arm = np.where(change > 0, change - low, high - change)
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.where(normal, special.ndtri(end), special.stdtrit(freedom, end))
        score = np.where(change == 0, 0.0, np.abs(change) / arm) * errors
    return 2 * np.where(normal, special.ndtr(-score), special.stdtr(freedom, -score))


@dataclass(frozen=True)
class Decomposition:
    """A change of an overall rate, split exactly: `rate.sum() + mix.sum() == difference`.

    Attributes
    ----------
    rate, mix : ndarray of float, shape (..., segments)
        What each segment contributed because its own rate changed, and because its share did.
    rate_se, mix_se : ndarray of float, shape (..., segments)
        Their standard errors.
    rate_total, mix_total, difference : ndarray of float, shape (...)
        The sums over segments, and the change of the overall rate.
    rate_total_se, mix_total_se, difference_se : ndarray of float, shape (...)
        Their standard errors (those of the segments do not simply add up).
    """

    rate: Array
    mix: Array
    rate_se: Array
    mix_se: Array
    rate_total: Array
    mix_total: Array
    difference: Array
    rate_total_se: Array
    mix_total_se: Array
    difference_se: Array


def decompose(
    baseline_weight: ArrayLike,
    baseline_rate: ArrayLike,
    baseline_n: ArrayLike,
    weight: ArrayLike,
    rate: ArrayLike,
    n: ArrayLike,
    shares_sampled: bool = False,
) -> Decomposition:
    """How much of the change of an overall rate is the segments' own change, and how much a different mix of them?

    Parameters
    ----------
    baseline_weight, weight : array_like of float, shape (..., segments)
        Volume of each segment in the two periods, on any scale, >= 0.
    baseline_rate, rate : array_like of float, shape (..., segments)
        Rates in [0, 1]; may be NaN where the volume is 0. Such a segment takes the rate of the other period, so that
        its coming or going is mix alone.
    baseline_n, n : array_like of float, shape (..., segments)
        (Effective) number of checked rows behind each rate.
    shares_sampled : bool
        False: the volumes are counts of all that was done. True: they come from the same sample as the rates.

    Returns
    -------
    Decomposition
        NaN throughout where one of the periods has no volume at all: there is nothing to compare.

    Raises
    ------
    UsageError
        When the shapes differ, a weight or `n` is negative or missing, a rate lies outside [0, 1], or a segment with
        volume has no rate.

    Notes
    -----
    With shares w, rates r, overall rates R and bars for the mean of the two periods:
    rate_k = w̄_k (r1_k − r0_k); mix_k = (w1_k − w0_k) (r̄_k − R̄). Centring on R̄ leaves the sum as it is and makes
    each segment's mix term say something: growing helps only where the segment is better than the whole.
    Standard errors by the delta method, from binomial rates, (n r + ½)/(n + 1) in the place of r so that a segment
    without errors is not taken for certain, and multinomial shares.

    Source: Kitagawa 1955, J. Am. Stat. Assoc. 50:1168; for two factors it is the Shapley value.
    """
    first, second = _period(baseline_weight, baseline_rate, baseline_n), _period(weight, rate, n)
    if first.share.shape != second.share.shape:
        raise UsageError(f"the periods differ in shape, {first.share.shape} and {second.share.shape}; align the segments")

    r0 = np.where(first.measured, first.rate, second.rate)
    r1 = np.where(second.measured, second.rate, first.rate)
    r0, r1 = np.nan_to_num(r0), np.nan_to_num(r1)  # in neither period: no volume, no part
    overall0, overall1 = (_sum(first.share * r0), _sum(second.share * r1))
    gain, growth = r1 - r0, second.share - first.share
    centred = (r0 + r1) / 2 - (overall0 + overall1) / 2
    mean_share = (first.share + second.share) / 2

    sizes = [_sum(period.n) if shares_sampled else np.inf for period in (first, second)]
    rate_var = mix_var = rate_total_var = mix_total_var = difference_var = 0.0
    for sign, here, there, r, overall, size in (
        (-1, first, second, r0, overall0, sizes[0]),
        (1, second, first, r1, overall1, sizes[1]),
    ):
        w, v = here.share, here.variance
        alone = ~there.measured  # this rate stands for the other period too
        own = 1 + alone - w
        rate_var += np.where(alone, 0, mean_share**2 * v) + (gain / 2) ** 2 * _share_variance(w, size)
        mix_var += (growth / 2) ** 2 * (_sum(w**2 * v) - w**2 * v + own**2 * v)
        # gradient of mix_k by the shares: −growth_k r_j / 2 for every j, and sign·centred_k more for k itself
        mix_var += _ratio(
            (growth / 2) ** 2 * (_sum(w * r**2) - overall**2)
            - sign * growth * centred * w * (r - overall)
            + centred**2 * w * (1 - w),
            size,
        )
        rate_total_var += _sum(np.where(alone, 0, mean_share**2 * v)) + _multinomial(w, gain / 2, size)
        mix_total_var += _sum((growth / 2 * (1 + alone)) ** 2 * v) + _multinomial(w, (r0 + r1) / 2, size)
        difference_var += _sum(w**2 * v) + _multinomial(w, r, size)

    rate_part, mix_part = mean_share * gain, growth * centred
    return Decomposition(
        rate_part, mix_part, _root(rate_var), _root(mix_var),
        rate_part.sum(-1), mix_part.sum(-1), (overall1 - overall0)[..., 0],
        *(_root(variance)[..., 0] for variance in (rate_total_var, mix_total_var, difference_var)),
    )  # fmt: skip


@dataclass(frozen=True)
class _Period:
    share: Array
    rate: Array
    n: Array
    variance: Array
    measured: NDArray[np.bool_]


def _period(weight: ArrayLike, rate: ArrayLike, n: ArrayLike) -> _Period:
    weight, rate, n = (np.asarray(given, float) for given in (weight, rate, n))
    if not (weight.shape == rate.shape == n.shape) or weight.ndim == 0:
        raise UsageError(f"weights, rates and n need one value per segment, not {weight.shape} {rate.shape} {n.shape}")
    if not (np.all((weight >= 0) & np.isfinite(weight)) and np.all(n >= 0)):
        raise UsageError("weights and n must be 0 or more in every segment, and weights finite")
    measured = ~np.isnan(rate)
    if np.any(np.abs(rate[measured] - 0.5) > 0.5 + 1e-9):
        raise UsageError("a segment's rate lies outside 0 to 1; give shares, not per cent")
    if np.any((weight > 0) & ~(measured & (n > 0))):
        raise UsageError("a segment has volume and no measured rate; merge it with another, or leave it out twice")
    smooth = (n * np.nan_to_num(rate) + 0.5) / (n + 1)
    variance = np.where(measured & (n > 0), _ratio(smooth * (1 - smooth), n), 0)
    return _Period(_ratio(weight, _sum(weight)), rate, n, variance, measured)


def _share_variance(share: Array, size: Array | float) -> Array:
    return _ratio(share * (1 - share), size)


def _multinomial(share: Array, gradient: Array, size: Array | float) -> Array:
    """Variance of Σ gradient·share when the shares are those of a sample of `size` rows."""
    return _ratio(_sum(share * gradient**2) - _sum(share * gradient) ** 2, size)


def _root(variance: Array) -> Array:
    return np.sqrt(np.maximum(variance, 0))  # differences of equal terms may end at −1e-20


def _sum(values: Array) -> Array:
    return values.sum(axis=-1, keepdims=True)


def _ratio(top: Array, bottom: Array | float) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(top / bottom)
