"""Bounds for an estimated rate from what each cluster adds to it: how wide, how lopsided, and how well that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from labelqa_lib.stats.clusters import Cells
from labelqa_lib.stats.intervals import clopper_pearson, wilson
from labelqa_lib.translation import N_

ASSUMED_LIKENESS = 0.1
"""Intraclass correlation assumed while too few events tell it: twice the top of what is usual (0.01 to 0.05)."""

TELLING_EVENTS = 4.75
"""Effective events at which the measured design effect weighs as much as the assumed one. A balance, chosen on
simulations: at 4.5 very alike clusters with weights that go with the outcome are covered in 91.7 % at 1.8 effective
events, at 5.25 clusters less alike than assumed in more than 97 % at 5.7."""

TRUST_STEEPNESS = 3
"""How quickly trust in the measured design effect grows with effective events."""

FEW_EVENTS = 3
"""Effective events (n_effective·p·(1−p)) below which bounds are at least as wide as Korn & Graubard's."""

MOST_SKEW = 2.5
"""Most that sums of clusters are taken to lean, as a multiple of a binomial count's lean; gamma sums lean 2."""


@dataclass(frozen=True)
class GroupEstimates:
    """One entry per group 0..G−1. Undefined entries are NaN and say why in `reason` (else "").

    `degrees` are those of freedom of Student's t with which the bounds were made; infinite where they were made without,
    or of several.
    """

    estimate: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    n: np.ndarray
    n_effective: np.ndarray
    clusters: np.ndarray
    design_effect: np.ndarray
    std_error: np.ndarray
    method: np.ndarray
    reason: np.ndarray
    degrees: np.ndarray | float = np.inf


def bounded_rate(
    cells: Cells,
    rate: np.ndarray,
    score: np.ndarray,
    weight: np.ndarray,
    squares: np.ndarray,
    confidence: float,
    method: str = "Wilson",
    few_events: float = FEW_EVENTS,
) -> GroupEstimates:
    """Between which bounds does the rate of each group lie, when each cell adds `score` to the error of its estimate?

    Parameters
    ----------
    cells : Cells
        The sample, one entry per cluster and group.
    rate : array of float, one per group
        The estimate.
    score : array of float, one per cell
        What the cell adds to estimate − truth, linearised; sums to 0 in a group, or nearly.
    weight, squares : array of float, one per cell
        Σ w and Σ w² over the rows of the cell.
    confidence : float
        Nominal coverage, in (0, 1).
    method : str
        What the interval is called.
    few_events : float
        Effective events below which the bounds of Korn & Graubard are taken where they are wider.

    Returns
    -------
    GroupEstimates

    Notes
    -----
    The rates p not ruled out by (p − estimate)² ≤ t² V(p): Wilson's interval, whose V(p) = p(1 − p) / n_effective, for
    plain rows. Three things about clusters and weights enter.

    1. With few events the measured variance is a guess: the design effect is drawn up, on the log scale, towards what
       the weights (Kish) and a likeness of 0.1 inside clusters imply.
    2. Errors that come in bunches, or with uneven weights, make a low estimate go with a low variance, more so than a
       binomial count does. V then grows towards one half as estimate and variance do together, κ₃ / κ₂ of the scores
       (third cumulant over variance) in the place of a binomial count's (1 − 2p) / n_effective.
    3. t has the degrees of freedom with which the design effect is known given p: clusters less strata; fewer where
       some clusters dominate, as the scores show, or as counts that come in bunches of this size would, so far as what
       is measured is believed.

    Source: Wilson (1927); Korn & Graubard (1998), Surv. Methodol. 24:193; Kott, Andersson & Nerman (2001), Two-sided
    coverage intervals for small proportions based on survey data, FCSM Conference (2); Satterthwaite (1946), Biometrics
    Bull. 2:110 (3). What it covers: tests/statistics/test_coverage_rates.py.
    """
    empty = cells.n == 0
    variance = cells.variance(score)
    filled = np.where(empty, 0.5, np.clip(rate, 0, 1))
    spread = filled * (1 - filled)
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = cells.sum(squares) / cells.sum(weight) ** 2
        assumed = plain + ASSUMED_LIKENESS * cells.sum(weight**2 - squares) / cells.sum(weight) ** 2
        known = (variance > 0) & (spread > 0) & (cells.degrees > 0)
        measured = np.where(known, variance / spread, assumed)
        trust = trust_in_measured(np.where(known, np.minimum(1 / measured, cells.n) * spread, 0.0))
        n_effective = np.where(empty, 0.0, 1 / (measured * np.maximum(assumed / measured, 1) ** (1 - trust)))
        lean = np.where(known, cells.third(score) / variance / measured, 0.0)
        bunched = 2 * bunching_noise(filled, measured / plain, spread / measured)
        bunched += np.where(cells.clusters < cells.n, 2 / np.maximum(cells.degrees, 1), 0.0)
        noise = np.fmax(_noise_given_rate(cells, score, filled), trust**2 * bunched)
        degrees = np.maximum(np.minimum(cells.degrees, 2 / noise), 1)
    z = special.ndtri((1 + confidence) / 2)
    t = np.where(cells.degrees > 0, special.stdtrit(degrees, (1 + confidence) / 2), z)
    size = n_effective * (z / t) ** 2
    few = size * spread < few_events
    low, high = skewed_wilson(filled, size, lean, confidence)
    if few.any():  # inverting a beta distribution costs more than all the rest
        exact = clopper_pearson((filled * size)[few], size[few], confidence)
        for bound, wider, sure in zip((low, high), (np.minimum, np.maximum), exact, strict=True):
            bound[few] = np.where(known[few], wider(sure, bound[few]), sure)
    low, high = (np.where(empty, np.nan, bound) for bound in (low, high))
    words = np.where(few, "Korn–Graubard", method).astype(object)
    words = words + np.where(cells.degrees == 0, f", likeness {ASSUMED_LIKENESS} assumed in one cluster", "")
    with np.errstate(divide="ignore", invalid="ignore"):
        return GroupEstimates(
            estimate=np.where(empty, np.nan, filled),
            ci_low=low,
            ci_high=high,
            n=cells.n,
            n_effective=n_effective,
            clusters=cells.clusters,
            design_effect=cells.n / np.where(empty, np.nan, n_effective),
            std_error=np.where(empty | (cells.degrees == 0), np.nan, np.sqrt(variance)),
            method=np.where(empty, "", words + ", clustered"),
            reason=np.where(empty, N_("no rows"), "").astype(object),
            degrees=np.where(cells.degrees > 0, degrees, np.inf),
        )


def skewed_wilson(
    rate: ArrayLike, n: ArrayLike, lean: ArrayLike, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval for sums that lean more than binomial counts do (errors in bunches, uneven weights).

    Parameters
    ----------
    rate, n : array of float
        Estimates in [0, 1] and their effective sizes, at least 0.
    lean : array of float
        n times third cumulant over variance of the estimate: 1 − 2 rate for a binomial count. Less, or of the other
        sign, counts as that; more than `MOST_SKEW` times as much as so much.

    Returns
    -------
    low, high : array of float
        As `wilson`; the bound towards one half reaches further.

    Notes
    -----
    All p with (p − rate)² ≤ z² (p(1 − p) + extra (p − rate)) / n, extra = lean − (1 − 2 rate), on the side where that
    adds to the variance. Source: Kott, Andersson & Nerman (2001), FCSM Conference, with Wilson's form at extra = 0.
    """
    rate, n, lean = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (rate, n, lean)))
    usual = wilson(rate * n, n, confidence)
    slope = 1 - 2 * rate
    extra = np.clip((lean - slope) * np.sign(slope), 0, (MOST_SKEW - 1) * np.abs(slope))
    with np.errstate(divide="ignore", invalid="ignore"):
        shrink = special.ndtri((1 + confidence) / 2) ** 2 / n
        linear = shrink * (np.abs(slope) + extra)
        reach = linear + np.sqrt(linear**2 + 4 * (1 + shrink) * shrink * rate * (1 - rate))
        reach = np.where(extra > 0, reach / (2 * (1 + shrink)), 0.0)
    low = np.where((slope < 0) & (extra > 0), np.minimum(usual[0], rate - reach), usual[0])
    high = np.where((slope > 0) & (extra > 0), np.maximum(usual[1], rate + reach), usual[1])
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def trust_in_measured(events: ArrayLike) -> np.ndarray:
    """How much does a measured design effect weigh, in [0, 1], beside the assumed one, given its effective events?"""
    told = np.asarray(events, dtype=float) ** TRUST_STEEPNESS
    return told / (told + TELLING_EVENTS**TRUST_STEEPNESS)


def bunching_noise(rate: ArrayLike, bunching: ArrayLike, events: ArrayLike) -> np.ndarray:
    """Half the variance of log(variance / p(1 − p)), given p, when events come in bunches.

    Parameters
    ----------
    rate : array of float
        p, in [0, 1].
    bunching : array of float
        Design effect of the clusters alone, beside that of the weights; below 1 counts as 1.
    events : array of float
        Effective events.

    Returns
    -------
    array of float
        (1 − 2p)² (1 − 1/bunching) / events: exact for negative binomial counts per cluster, whose cumulants are μD,
        μD(2D − 1) and μD(1 + 6D(D − 1)) with D the bunching; none at p = 1/2, where sums of clusters have short tails.
    """
    rate, bunching = np.asarray(rate, dtype=float), np.maximum(bunching, 1)
    return (1 - 2 * rate) ** 2 * (1 - 1 / bunching) / np.asarray(events, dtype=float)


def _noise_given_rate(cells: Cells, score: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Variance of log(variance / p(1 − p)), given p: Σu², u what a cluster adds to it, linearised.

    None for unweighted single rows, whose variance is p(1−p)/n whatever p is; 2/m for m clusters with normal totals;
    large where few clusters make the variance.
    """
    squared = cells.centred(score) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = squared / cells.sum(squared)[cells.group] - 1 / cells.clusters[cells.group]
        slope = (1 - 2 * rate) / (rate * (1 - rate))
        noise = cells.sum((share - slope[cells.group] * score) ** 2)
    return np.where(np.isfinite(noise), noise, 0.0)
