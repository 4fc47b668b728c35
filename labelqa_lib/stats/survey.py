"""Rates and means from weighted, clustered, stratified samples, for many groups at once.

Shapes: the sample comes already summed, one entry per cell: the rows that one cluster adds to one group. Clusters are
what is alike inside (the rows of one person) or, where nothing is, the single rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.intervals import wilson


@dataclass(frozen=True)
class GroupEstimates:
    """One entry per group 0..G−1. Undefined entries are NaN and say why in `reason` (else "")."""

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
        Code of the stratum that the cell's cluster belongs to; every cluster belongs to one.
    confidence : float
        Nominal coverage, in (0, 1).
    weight_squared : array of float, optional
        Σ w² over the rows of the cell. Without it the weights inside a cell are taken as equal.
    cluster : array of int, optional
        Code of the cell's cluster. Needed when groups share clusters (groups that are not made of whole clusters), so
        that clusters of the stratum without rows in the group are counted. Without it every cell is its own cluster.
    groups : int, optional
        G, when trailing groups may be empty.

    Returns
    -------
    GroupEstimates

    Raises
    ------
    UsageError
        When lengths differ, a code is negative, a weight is not above 0, or an outcome exceeds its weight.
    """
    cells = _Cells(group, n, stratum, cluster, groups, weight=weight, outcome=outcome)
    weight, outcome = cells.values["weight"], cells.values["outcome"]
    total = cells.sum(weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.clip(cells.sum(outcome) / total, 0, 1)
        squares = weight**2 / cells.rows if weight_squared is None else np.asarray(weight_squared, dtype=float)
        kish = total**2 / cells.sum(squares)
        variance = cells.variance((outcome - rate[cells.group] * weight) / total[cells.group])
        spread = rate * (1 - rate)
        n_effective = np.where((variance > 0) & (spread > 0) & (cells.clusters > 1), spread / variance, kish)
    n_effective = np.where(cells.n > 0, np.minimum(n_effective, cells.n), 0.0)
    z = stats.norm.ppf((1 + confidence) / 2)
    t = stats.t.ppf((1 + confidence) / 2, np.maximum(cells.degrees, 1))
    adjusted = n_effective * (z / t) ** 2
    low, high = wilson(np.nan_to_num(rate) * adjusted, adjusted, confidence)
    empty = cells.n == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return GroupEstimates(
            estimate=np.where(empty, np.nan, rate),
            ci_low=np.where(empty, np.nan, low),
            ci_high=np.where(empty, np.nan, high),
            n=cells.n,
            n_effective=n_effective,
            clusters=cells.clusters,
            design_effect=np.where(empty, np.nan, cells.n / n_effective),
            std_error=np.sqrt(variance),
            method=np.where(empty, "", "Wilson, clustered").astype(object),
            reason=np.where(empty, "no rows", "").astype(object),
        )


def clustered_mean(
    group: ArrayLike,
    total: ArrayLike,
    size: ArrayLike,
    n: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    confidence: float = 0.95,
    *,
    cluster: ArrayLike | None = None,
    groups: int | None = None,
) -> GroupEstimates:
    """What is the ratio of two sums in each group (minutes per row, minutes used per minute paid), and how sure?

    Parameters
    ----------
    group, stratum, cluster, groups, confidence
        As in `clustered_rate`.
    total : array of float
        Σ of the numerator over the rows of the cell.
    size : array of float
        Σ of the denominator over the rows of the cell, at least 0.
    n : array of int, optional
        Rows of the cell; 1 when not given.

    Returns
    -------
    GroupEstimates
        In units of total per size. The interval is symmetric (Student's t); `n_effective` and `design_effect` are NaN.
    """
    total = np.asarray(total, dtype=float)
    cells = _Cells(
        group, np.ones(total.shape) if n is None else n, stratum, cluster, groups, size=size, total=total
    )
    total, size = cells.values["total"], cells.values["size"]
    sizes = cells.sum(size)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = cells.sum(total) / sizes
        variance = cells.variance((total - mean[cells.group] * size) / sizes[cells.group])
    undefined = (cells.n == 0) | ~(sizes > 0)
    error = np.where(undefined | (cells.clusters < 2), np.nan, np.sqrt(variance))
    half = stats.t.ppf((1 + confidence) / 2, np.maximum(cells.degrees, 1)) * error
    nothing = np.full(mean.shape, np.nan)
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
        reason=np.where(undefined, "no rows", np.where(cells.clusters < 2, "one cluster only", "")).astype(object),
    )


class _Cells:
    """The cells of a sample, checked, with the sums and the variance that every estimate needs."""

    def __init__(self, group, n, stratum, cluster, groups, **values):
        self.group = np.asarray(group, dtype=np.int64)
        self.rows = np.asarray(n, dtype=float)
        self.values = {name: np.asarray(value, dtype=float) for name, value in values.items()}
        self.count = int(groups if groups is not None else self.group.max(initial=-1) + 1)
        self.stratum = np.zeros_like(self.group) if stratum is None else np.unique(stratum, return_inverse=True)[1]
        self.cluster = cluster if cluster is None else np.unique(cluster, return_inverse=True)[1]
        self.n = self.sum(self.rows).astype(np.int64)
        self.clusters = self.sum(np.ones_like(self.rows)).astype(np.int64)
        strata = self.stratum.max(initial=0) + 1
        self.pair, self.place = np.unique(self.group * strata + self.stratum, return_inverse=True)
        if self.cluster is None:
            self.units = np.bincount(self.place)
        else:
            inside = np.unique(self.stratum * (self.cluster.max(initial=0) + 1) + self.cluster)
            self.units = np.bincount(inside // (self.cluster.max(initial=0) + 1), minlength=strata)[self.pair % strata]
        self.pair_group = self.pair // strata
        self.degrees = self.clusters - np.bincount(self.pair_group, minlength=self.count)

    def sum(self, values: np.ndarray) -> np.ndarray:
        return np.bincount(self.group, weights=values, minlength=self.count)

    def variance(self, score: np.ndarray) -> np.ndarray:
        """Σ over strata of m/(m−1) Σ (score − mean)², over the m clusters of the stratum."""
        sums = np.bincount(self.place, weights=score)
        squares = np.bincount(self.place, weights=score**2)
        units = self.units
        inside = np.where(units > 1, units / np.maximum(units - 1, 1) * (squares - sums**2 / units), squares)
        return np.bincount(self.pair_group, weights=np.maximum(inside, 0), minlength=self.count)
