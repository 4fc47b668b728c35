"""Control charts: does a series of figures still come from the process that its baseline shows?

Shapes: time runs along the last axis; leading axes are separate charts, drawn at once. Limits come from the points of a
`baseline` and stay frozen after it: what is judged never moves its own limits. `phases` names the positions at which a
new regime starts (a changed rule book); each has limits of its own, and keeps those of the phase before until it has
baseline points. Choose the baseline with at least 12, better 20, points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from labelqa_lib.errors import UsageError
from labelqa_lib.stats import charts_rules
from labelqa_lib.translation import N_

Array = NDArray[np.float64]

D2 = 1.128  # mean of |difference of two points| in sigmas; the rounded constant of the published tables
MOVING_RANGE_LIMIT = 3.267  # upper limit of a moving range, in mean moving ranges
XMR_WIDTH = 2.66  # 3 / D2, rounded as in Making Data Count


@dataclass(frozen=True)
class Chart:
    """A drawn control chart; all arrays have shape (..., points).

    Attributes
    ----------
    values, centre, lower, upper : ndarray of float
        The points, the line they vary about, and the limits; NaN where there is none.
    sigma : ndarray of float
        Standard deviation of each point about the centre.
    signals : ndarray of str (object)
        Names in words of the rules complete at each point, joined by "; "; "" where nothing fired.
    reason : ndarray of str (object)
        Why a point or its limits are missing; "" where they are not.
    phases : tuple of int
        Positions at which a new phase starts.
    """

    values: Array
    centre: Array
    lower: Array
    upper: Array
    sigma: Array
    signals: NDArray[np.object_]
    reason: NDArray[np.object_]
    phases: tuple[int, ...]


def p_chart(
    events: ArrayLike,
    n: ArrayLike,
    baseline: ArrayLike | None = None,
    phases: Sequence[int] = (),
    rules: str = "nhs",
    laney: bool = False,
) -> Chart:
    """Has a rate left its usual range?

    Parameters
    ----------
    events, n : array_like of float, shape (..., points)
        Counts and what they are out of (effective counts may be fractions). n = 0 leaves the point out.
    baseline : array_like of bool, optional
        Points that the limits come from; all by default.
    phases : sequence of int
        Positions at which new phases start.
    rules : {"nhs", "western_electric"}
        Run rules.
    laney : bool
        True: p′ chart, limits widened by how much more (or less) neighbouring points differ than binomial counts
        would. For large n, where every week is "out" on a plain p chart.

    Returns
    -------
    Chart
        Without limits where the baseline's rate is 0 or 1: use `g_chart`, or a longer baseline.

    Raises
    ------
    UsageError
        When shapes or positions do not fit, or a count is negative or above its n.

    Notes
    -----
    p̄ ± 3 σ_z √(p̄ (1 − p̄) / n); σ_z = 1, or mean |z_t − z_{t−1}| / 1.128 over neighbouring baseline points, screened
    once for steps beyond 3.267 times their mean (which makes 3 sigma 2.93: one false alarm in 290 points, not 370).

    Source: Montgomery, Introduction to Statistical Quality Control, 6th ed., §7.2; Laney 2002, Qual. Eng. 14:531.
    """
    events, n = _counts(events, n)
    if np.any(events > n):
        raise UsageError("a p chart was asked for more events than rows; count each row once")
    return _pooled(events, n, baseline, phases, rules, laney, lambda p: p * (1 - p), (0, 1))


def u_chart(
    events: ArrayLike,
    exposure: ArrayLike,
    baseline: ArrayLike | None = None,
    phases: Sequence[int] = (),
    rules: str = "nhs",
    laney: bool = False,
) -> Chart:
    """Have events per unit of exposure (hours, thousands of items) left their usual range?

    As `p_chart`, with counts that may exceed their exposure: ū ± 3 σ_z √(ū / exposure). With exposure 1 it is a
    c chart.

    Source: Montgomery, 6th ed., §7.3; Laney 2002.
    """
    events, exposure = _counts(events, exposure)
    return _pooled(events, exposure, baseline, phases, rules, laney, lambda u: u, (0, np.inf))


def xmr_chart(
    values: ArrayLike, baseline: ArrayLike | None = None, phases: Sequence[int] = (), rules: str = "nhs"
) -> Chart:
    """Has a measure without a count behind it (seconds, days, a blended rate) left its usual range?

    Parameters as for `p_chart`; NaN values are left out.

    Notes
    -----
    mean ± 2.66 · mean |x_t − x_{t−1}| over neighbouring baseline points, screened as for `p_chart`.

    Source: NHS England, Making Data Count; Wheeler 1993, Understanding Variation.
    """
    values = np.atleast_1d(np.asarray(values, float))
    used = _baseline(baseline, values)

    def standard(part: slice) -> tuple[Array, Array]:
        x = np.where(used[..., part], values[..., part], np.nan)
        return _mean(x), XMR_WIDTH / 3 * _moving_range(x)

    centre, sigma = _frozen(standard, values.shape, phases)
    return shewhart(values, centre, sigma, phases, rules)


def g_chart(
    gaps: ArrayLike, baseline: ArrayLike | None = None, phases: Sequence[int] = (), rules: str = "nhs"
) -> Chart:
    """For rare events: are the good rows between two events fewer, or more, than usual?

    Parameters
    ----------
    gaps : array_like of float, shape (..., points)
        Good rows between one event and the next, >= 0.
    baseline, phases, rules
        As for `p_chart`.

    Returns
    -------
    Chart
        The centre is the median; limits are the .135 % and 99.865 % points of the geometric distribution (not
        mean + 3 sd, which so skewed a count passes 14 times as often as a normal one). A long gap is good news. One
        short gap is seldom a signal; a run of them is.

    Raises
    ------
    UsageError
        When shapes or positions do not fit, or a gap is negative.

    Notes
    -----
    p = 1 / (mean + 1); the q point is log(1 − q) / log(1 − p) − ½, the half being the continuity correction. Run
    rules see Φ⁻¹ of the distribution function. `sigma` is √(mean (mean + 1)).

    Source: Kaminsky et al. 1992, J. Qual. Technol. 24:63 (chart); probability limits derived here.
    """
    gaps = np.atleast_1d(np.asarray(gaps, float))
    if np.any(gaps < 0):
        raise UsageError("a gap between two events is negative; count the good rows between them")
    used = _baseline(baseline, gaps)

    def standard(part: slice) -> tuple[Array, Array]:
        mean = _mean(np.where(used[..., part], gaps[..., part], np.nan))
        return mean, np.where(mean > 0, np.log1p(mean) - np.log(np.maximum(mean, 1e-300)), np.nan)

    mean, decay = _frozen(standard, gaps.shape, phases)  # decay = −log(1 − p)
    z = -special.ndtri(np.exp(-decay * (gaps + 0.5)))
    lower, centre, upper = (np.maximum(-special.log_ndtr(-q) / decay - 0.5, 0) for q in (-3, 0, 3))
    sigma = np.where(np.isnan(decay), np.nan, np.sqrt(mean * (mean + 1)))
    return _drawn(gaps, centre, lower, upper, sigma, z, phases, rules)


def shewhart(
    values: ArrayLike,
    centre: ArrayLike,
    sigma: ArrayLike,
    phases: Sequence[int] = (),
    rules: str = "nhs",
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Chart:
    """Judge points by a centre and sigma that are known, within the `bounds` that values can take.

    Parameters
    ----------
    values, centre, sigma : array_like of float, shape (..., points)
        Broadcast together; NaN or 0 in `sigma` leaves a point without limits.
    phases, rules
        As for `p_chart`.
    """
    values, centre, sigma = np.broadcast_arrays(
        np.atleast_1d(np.asarray(values, float)), np.asarray(centre, float), np.asarray(sigma, float)
    )
    sigma = np.where((sigma > 0) & np.isfinite(sigma), sigma, np.nan)
    lower, upper = (np.clip(centre + side * 3 * sigma, *bounds) for side in (-1, 1))
    return _drawn(values, centre, lower, upper, sigma, (values - centre) / sigma, phases, rules)


def _pooled(events, size, baseline, phases, rules, laney, variance, bounds) -> Chart:
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(size > 0, events / size, np.nan)
    used = _baseline(baseline, values)

    def standard(part: slice) -> tuple[Array, Array]:
        here = used[..., part]
        counted = np.where(here, events[..., part], 0).sum(-1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            centre = counted / np.where(here, size[..., part], 0).sum(-1, keepdims=True)
            if not laney:
                return centre, np.where(np.isnan(centre), np.nan, 1.0)
            z = (values[..., part] - centre) / np.sqrt(variance(centre) / size[..., part])
        return centre, _moving_range(np.where(here, z, np.nan)) / D2

    centre, dispersion = _frozen(standard, values.shape, phases)
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = dispersion * np.sqrt(variance(centre) / size)
    return shewhart(values, centre, sigma, phases, rules, bounds)


def _frozen(
    standard: Callable[[slice], tuple[Array, Array]], shape: tuple[int, ...], phases: Sequence[int]
) -> tuple[Array, Array]:
    """What each phase's baseline says, spread over its points; what it cannot say stays as in the phase before."""
    result = np.full((2, *shape), np.nan)
    before: list[Array] = [np.array(np.nan), np.array(np.nan)]
    for part in charts_rules.spans(shape[-1], phases):
        before = [np.where(np.isnan(new), old, new) for new, old in zip(standard(part), before, strict=True)]
        result[0][..., part], result[1][..., part] = before
    return result[0], result[1]


def _drawn(values, centre, lower, upper, sigma, z, phases, rules) -> Chart:
    signals, reason = np.full(values.shape, "", object), np.full(values.shape, "", object)
    for part in charts_rules.spans(values.shape[-1], phases):
        for words, mask in charts_rules.fired(z[..., part], values[..., part], rules).items():
            here = signals[..., part]
            here[mask] = [f"{earlier}; {words}" if earlier else words for earlier in here[mask]]
    reason[np.isnan(sigma)] = N_("the baseline has too few points, or none that differ, to give limits")
    reason[np.isnan(values)] = N_("nothing was counted")
    return Chart(values, centre, lower, upper, sigma, signals, reason, tuple(phases))


def _mean(values: Array) -> Array:
    """Mean over what is present, NaN (and no warning) where nothing is."""
    present = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(present, values, 0).sum(-1, keepdims=True) / present.sum(-1, keepdims=True)


def _moving_range(values: Array) -> Array:
    """Mean |step| between neighbours, taken again without steps beyond the limit: one incident is not the usual noise.

    Source: Nelson 1982, J. Qual. Technol. 14:172.
    """
    steps = np.abs(np.diff(values, axis=-1))
    return _mean(np.where(steps <= MOVING_RANGE_LIMIT * _mean(steps), steps, np.nan))


def _counts(events: ArrayLike, size: ArrayLike) -> tuple[Array, Array]:
    events, size = np.atleast_1d(np.asarray(events, float)), np.asarray(size, float)
    try:
        events, size = np.broadcast_arrays(events, size)
    except ValueError:
        raise UsageError(f"a chart has {events.shape} counts out of {size.shape}; give one size per point") from None
    if not (np.all(events >= 0) and np.all(size >= 0)):
        raise UsageError("a chart's counts must be 0 or more at every point; n = 0 says that nothing was counted")
    return events, size


def _baseline(baseline: ArrayLike | None, values: Array) -> NDArray[np.bool_]:
    used = np.asarray(True if baseline is None else baseline)
    if not np.isin(used, (False, True)).all():
        raise UsageError("the baseline is True or False for every point; it holds something else, positions perhaps")
    try:
        return np.broadcast_to(used.astype(bool), values.shape) & ~np.isnan(values)
    except ValueError:
        raise UsageError(f"the baseline marks {used.shape} points of {values.shape}; mark every point") from None
