"""Charts that add up small, lasting shifts which a control chart of single points is slow to see.

Both take a chart of `control` and judge its points by its centre and sigma, so that over-dispersion, a frozen baseline
and phases carry over. Each starts afresh with a phase. A missing point leaves the sums as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.charts_rules import spans
from labelqa_lib.stats.control import Chart
from labelqa_lib.translation import N_

Array = NDArray[np.float64]


def ewma(
    chart: Chart, smoothing: float = 0.2, width: float = 2.962, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> Chart:
    """Has the level drifted by an amount too small for single points to show?

    Parameters
    ----------
    chart : Chart
        Its values are smoothed.
    smoothing : float
        Weight of the newest point, in (0, 1]; 0.2 finds shifts of about one sigma soonest.
    width : float
        Limits in standard deviations of the smoothed value; 2.962 with 0.2 gives one false alarm in about 500 points.
    bounds : tuple of float
        Least and greatest value that limits may take, (0, 1) for a rate.

    Returns
    -------
    Chart
        `values` are the smoothed ones, `sigma` their standard deviation, which grows from the start of a phase.

    Raises
    ------
    UsageError
        When `smoothing` or `width` lies outside its range.

    Notes
    -----
    s_t = λ x_t + (1 − λ) s_{t−1}, s_0 = centre; var_t = λ² σ_t² + (1 − λ)² var_{t−1}, which for equal σ is the usual
    σ² λ (1 − (1 − λ)^{2t}) / (2 − λ).

    Source: Roberts 1959, Technometrics 1:239; Lucas & Saccucci 1990, Technometrics 32:1 (widths).
    """
    if not (0 < smoothing <= 1 and width > 0):
        raise UsageError(f"smoothing {smoothing} must lie in (0, 1] and width {width} above 0, like 0.2 and 2.962")
    level, variance = (np.full(chart.values.shape, np.nan) for _ in range(2))
    usable = ~np.isnan(chart.values) & ~np.isnan(chart.sigma)
    for part in spans(chart.values.shape[-1], chart.phases):
        offset = spread = np.zeros(chart.values.shape[:-1])  # about the centre, which may become known late
        for t in range(part.start, part.stop):
            now = usable[..., t]
            step = chart.values[..., t] - chart.centre[..., t]
            offset = np.where(now, smoothing * step + (1 - smoothing) * offset, offset)
            spread = np.where(now, (smoothing * chart.sigma[..., t]) ** 2 + (1 - smoothing) ** 2 * spread, spread)
            level[..., t] = np.where(now, chart.centre[..., t] + offset, np.nan)
            variance[..., t] = np.where(now, spread, np.nan)
    sigma = np.sqrt(variance)
    lower, upper = (np.clip(chart.centre + side * width * sigma, *bounds) for side in (-1, 1))
    signals = np.full(level.shape, "", object)
    signals[level > upper] = N_("drifted above the upper limit")
    signals[level < lower] = N_("drifted below the lower limit")
    return Chart(level, chart.centre, lower, upper, sigma, signals, chart.reason, chart.phases)


@dataclass(frozen=True)
class Cusum:
    """Cumulated deviations in sigmas; arrays of shape (..., points).

    Attributes
    ----------
    above, below : ndarray of float
        How far the points have run above, and below, the centre in all; >= 0, NaN where a point is missing.
    limit : float
        A sum beyond it is a signal.
    signals, reason : ndarray of str (object)
        As in `control.Chart`.
    """

    above: Array
    below: Array
    limit: float
    signals: NDArray[np.object_]
    reason: NDArray[np.object_]


def cusum(chart: Chart, slack: float = 0.5, limit: float = 5.0) -> Cusum:
    """Have small deviations to one side added up to more than chance?

    Parameters
    ----------
    chart : Chart
        Its points are standardised by its centre and sigma.
    slack : float
        Deviation in sigmas that is forgiven at each point, >= 0; half the shift that should be found.
    limit : float
        Sum in sigmas that is a signal, > 0; 5 with slack 0.5 gives one false alarm in about 465 points.

    Raises
    ------
    UsageError
        When `slack` or `limit` lies outside its range.

    Notes
    -----
    above_t = max(0, above_{t−1} + z_t − slack), below_t = max(0, below_{t−1} − z_t − slack). A sum that has signalled
    goes on, so that it shows for how long.

    Source: Page 1954, Biometrika 41:100; Montgomery, 6th ed., §9.1.
    """
    if not (slack >= 0 and limit > 0):
        raise UsageError(f"slack {slack} must be 0 or more and limit {limit} above 0, like 0.5 and 5")
    z = (chart.values - chart.centre) / chart.sigma
    sums = {}
    for side in (1, -1):
        sums[side] = np.full(z.shape, np.nan)
        for part in spans(z.shape[-1], chart.phases):
            total = np.zeros(z.shape[:-1])
            for t in range(part.start, part.stop):
                now = side * z[..., t]
                total = np.where(np.isnan(now), total, np.maximum(0, total + now - slack))
                sums[side][..., t] = np.where(np.isnan(now), np.nan, total)
    signals = np.full(z.shape, "", object)
    signals[sums[1] > limit] = N_("small deviations above the centre have added up")
    signals[sums[-1] > limit] = N_("small deviations below the centre have added up")
    return Cusum(sums[1], sums[-1], limit, signals, chart.reason)
