"""Rates and means from weighted, clustered, stratified samples, for many groups at once.

Shapes: the sample comes already summed, one entry per cell: the rows that one cluster adds to one group. Clusters are
what is alike inside (the rows of one person) or, where nothing is, the single rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.clusters import Cells, measures
from labelqa_lib.stats.rate_bounds import GroupEstimates, bounded_rate
from labelqa_lib.translation import N_

def clustered_rate(
    group: ArrayLike,
    weight: ArrayLike,
    outcome: ArrayLike,
    n: ArrayLike,
    stratum: ArrayLike | None = None,
    confidence: float = 0.95,
    *,
    weight_squared: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    population: ArrayLike | None = None,
    groups: int | None = None,
) -> GroupEstimates:
    """What share of each group has the outcome, and how sure is that, given how its rows were drawn?

    Parameters
    ----------
    group : array of int
        Code 0..G−1 of the group of each cell.
    weight : array of float
        Σ w over the rows of the cell, w = 1/π; above 0.
    outcome : array of float
        Σ w·y over the rows of the cell, y 0 or 1; between 0 and `weight`.
    n : array of int
        Rows of the cell, at least 1.
    stratum : array of int, optional
        Code of the stratum that the cell's cluster belongs to. A cluster lies in one stratum; clusters that cross
        strata are given without strata.
    confidence : float
        Nominal coverage, in (0, 1).
    weight_squared : array of float, optional
        Σ w² over the rows of the cell. Without it the weights inside a cell are taken as equal.
    cluster : array of int, optional
        Code of the cell's cluster. Needed when groups share clusters (groups that are not made of whole clusters) and
        there are strata, so that clusters of a stratum without rows in the group are counted.
    population : array of float, optional
        Clusters that the cell's stratum holds in the population, for a finite-population correction.
    groups : int, optional
        G, when trailing groups may be empty.

    Returns
    -------
    GroupEstimates
        `std_error` is the plain linearised one (R's); `n_effective` is what the interval rests on, see Notes.

    Raises
    ------
    UsageError
        When lengths differ, a code is negative, a number is missing, a weight is not above 0, or an outcome exceeds
        its weight.

    Notes
    -----
    p = Σwy / Σw; variance from the scores Σw(y − p) / Σw of the clusters, within strata; n_effective = p(1−p) /
    variance; bounds as in `rate_bounds.bounded_rate`. Tried on the grid of tests/statistics/test_coverage_rates.py and
    left: plain n_effective with t (0.71 for 10 alike clusters and rare events, 0.90 for weights that vary 20-fold), the
    assumed design effect alone, Wilson throughout (0.90 at one expected event), and Wilson without the third moment
    (0.92 at 8 to 9 effective events of very alike clusters).
    Source: Hájek (1971); Kish (1965), 8.2; Korn & Graubard (1998), Surv. Methodol. 24:193; Dean & Pagano (2015),
    J. Surv. Stat. Methodol. 3:484.
    """
    cells = Cells(group, n, stratum, cluster, population, groups)
    weight, outcome = (measures(*pair, len(cells.rows)) for pair in (("weight", weight), ("outcome", outcome)))
    squares = weight**2 / cells.rows
    if weight_squared is not None:
        # rounding may leave a sum of squares just below the least it can be
        squares = np.maximum(measures("weight_squared", weight_squared, len(cells.rows)), squares)
    if len(weight) and weight.min() <= 0:
        raise UsageError(f"a weight is {weight.min():g}; weights are 1 / inclusion probability and above 0")
    if not ((outcome >= 0) & (outcome <= weight * (1 + 1e-9))).all():
        raise UsageError("an outcome lies outside 0 to its weight; it is the sum of w·y with y 0 or 1")
    with np.errstate(divide="ignore", invalid="ignore"):
        total = cells.sum(weight)
        rate = np.minimum(cells.sum(outcome) / total, 1.0)
        score = (outcome - rate[cells.group] * weight) / total[cells.group]
    return bounded_rate(cells, rate, score, weight, squares, confidence)


def equivalent_size(rate: ArrayLike, width: ArrayLike, confidence: float = 0.95) -> np.ndarray:
    """How many plain rows would give a Wilson interval as wide as this one? What a corrected estimate is worth.

    Parameters
    ----------
    rate, width : array of float
        An estimate in [0, 1] and the width of its interval, above 0.
    confidence : float
        Of the interval.

    Returns
    -------
    array of float
        Rows; solves Wilson's width for n: (h² − ¼)x² + (2h² − p(1−p))x + h² = 0 with h = width/2, x = z²/n.
    """
    rate, half_squared = np.asarray(rate, dtype=float), np.square(np.asarray(width, dtype=float) / 2)
    z = special.ndtri((1 + confidence) / 2)
    square, linear = half_squared - 0.25, 2 * half_squared - rate * (1 - rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (-linear - np.sqrt(linear**2 - 4 * square * half_squared)) / (2 * square)
        return np.where(half_squared >= 0.25, 0.0, z**2 / ratio)


def clustered_mean(
    group: ArrayLike,
    total: ArrayLike,
    size: ArrayLike,
    n: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    confidence: float = 0.95,
    *,
    cluster: ArrayLike | None = None,
    population: ArrayLike | None = None,
    groups: int | None = None,
) -> GroupEstimates:
    """What is the ratio of two sums in each group (minutes per row, minutes used per minute paid), and how sure?

    Parameters
    ----------
    group, n, stratum, confidence, cluster, population, groups
        As in `clustered_rate`; `n` is 1 when not given.
    total : array of float
        Σ of the numerator over the rows of the cell.
    size : array of float
        Σ of the denominator over the rows of the cell, at least 0.

    Returns
    -------
    GroupEstimates
        In units of total per size, with a symmetric interval (Student's t, clusters less strata degrees of freedom);
        `n_effective` and `design_effect` are NaN. One cluster gives an estimate without bounds, with the reason.

    Raises
    ------
    UsageError
        When lengths differ, a code is negative, a number is missing, a size is below 0 or `confidence` out of range.

    Notes
    -----
    R = Σ total / Σ size; variance from the scores (total − R·size) / Σ size of the clusters, within strata.
    Source: Cochran (1977), 6.3 and 11.; Särndal, Swensson & Wretman (1992), 5.6.
    """
    if not 0 < confidence < 1:
        raise UsageError(f"confidence is {confidence!r}; it must lie between 0 and 1, for example 0.95")
    total = measures("total", total)
    cells = Cells(group, np.ones(total.shape) if n is None else n, stratum, cluster, population, groups)
    size = measures("size", size, len(cells.rows))
    if len(size) and size.min() < 0:
        raise UsageError(f"a size is {size.min():g}; it stands in the denominator and is at least 0")
    sizes = cells.sum(size)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = cells.sum(measures("total", total, len(cells.rows))) / sizes
        variance = cells.variance((total - mean[cells.group] * size) / sizes[cells.group])
    undefined = ~(sizes > 0)
    single = cells.degrees == 0
    error = np.where(undefined | single, np.nan, np.sqrt(variance))
    half = special.stdtrit(np.maximum(cells.degrees, 1), (1 + confidence) / 2) * error
    nothing = np.full(cells.count, np.nan)
    reason = np.where(single, N_("one cluster only: no bounds"), "")
    reason = np.where(undefined, np.where(cells.n == 0, "no rows", N_("the denominator is 0")), reason)
    return GroupEstimates(
        estimate=np.where(undefined, np.nan, mean),
        ci_low=mean - half,
        ci_high=mean + half,
        n=cells.n,
        n_effective=nothing,
        clusters=cells.clusters,
        design_effect=nothing,
        std_error=error,
        method=np.where(undefined, "", "ratio of sums, t").astype(object),
        reason=reason.astype(object),
        degrees=np.where(cells.degrees > 0, cells.degrees, np.inf),
    )
