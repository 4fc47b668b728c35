"""The mean of the rates of several classes, as in macro and weighted averages of precision, recall and F1."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from labelqa_lib.stats.clusters import Cells, codes, measures
from labelqa_lib.stats.rate_bounds import GroupEstimates, bounded_rate


def mean_of_rates(
    group: ArrayLike,
    class_: ArrayLike,
    cluster: ArrayLike,
    weight: ArrayLike,
    weight_squared: ArrayLike,
    outcome: ArrayLike,
    n: ArrayLike,
    importance: ArrayLike | None = None,
    confidence: float = 0.95,
    *,
    groups: int | None = None,
    classes: int | None = None,
) -> tuple[GroupEstimates, np.ndarray]:
    """What is the mean over classes of the share that has the outcome, in each group, and how sure is that?

    Parameters
    ----------
    group, class_, cluster : array of int
        Codes 0, 1, 2, … of the group, class and cluster of each cell. A group, class and cluster may have several.
    weight, weight_squared, outcome : array of float
        Σ w, Σ w² and Σ w·y over the rows of the cell in its class's denominator; 0 where it has none.
    n : array of int
        Rows that the cell adds to the group: a row in the denominators of two classes is counted in one cell only.
    importance : array of float, optional
        What the cell adds to how much its class counts. None: every class counts the same.
    confidence : float
        Nominal coverage, in (0, 1).
    groups, classes : int, optional
        How many, when the last ones may be empty.

    Returns
    -------
    GroupEstimates
        One entry per group; a group of which no class with a rate counts is undefined ("no rows").
    ndarray of bool, shape (groups, classes)
        Which classes have a rate. The others are left out of the mean.

    Notes
    -----
    M = Σ a_k N_k / D_k with a_k = I_k / Σ I over the classes that have a rate. Variance by the delta method over
    clusters, from the scores Σ_k a_k (N_k − R_k D_k) / D_k + I_k (R_k − M) / Σ I, a cluster's own sums in the brackets.
    Bounded like one rate of rows that weigh w·a_k / D_k, so that a class of few rows makes the effective count small.
    With importance = weight it is `clustered_rate` of all rows together. Where every class counts the same, a few rows
    of a rare one say little of how clusters differ (all of one cluster: nothing): there the variance is at least that
    of independent rows, with (n R + ½)/(n + 1) in the place of R.
    Source: Särndal, Swensson & Wretman (1992), 5.5 (linearisation); Takahashi et al. (2022), Appl. Intell. 52:4961 (the
    delta method for macro averages).
    """
    weight, weight_squared, outcome, n = (
        measures(name, values)
        for name, values in (("weight", weight), ("weight_squared", weight_squared), ("outcome", outcome), ("n", n))
    )
    group, class_, cluster = (
        codes(name, values, len(weight))
        for name, values in (("group", group), ("class_", class_), ("cluster", cluster))
    )
    count = int(group.max(initial=-1) + 1 if groups is None else groups)
    shape = (count, int(class_.max(initial=-1) + 1 if classes is None else classes))

    def by_class(values: np.ndarray) -> np.ndarray:
        return np.bincount(group * shape[1] + class_, weights=values, minlength=shape[0] * shape[1]).reshape(shape)

    size = by_class(weight)
    defined = size > 0
    counts_for = np.where(defined, 1.0 if importance is None else by_class(measures("importance", importance)), 0.0)
    total = counts_for.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(defined, by_class(outcome) / size, 0.0)
        share = np.where(total > 0, counts_for / total, 0.0)
        scale = np.where(defined, share / size, 0.0)
    lowest, highest = (np.where(share > 0, rate, end) for end in (np.inf, -np.inf))
    # rounding must not leave a mean of equal rates beside them
    mean = np.clip((share * rate).sum(axis=1), lowest.min(axis=1, initial=np.inf), highest.max(axis=1, initial=-np.inf))

    place, used = (group, class_), total[group, 0] > 0
    score = scale[place] * (outcome - rate[place] * weight)
    if importance is not None:
        added = measures("importance", importance)
        growth = np.divide(added, total[group, 0], where=used & defined[place], out=np.zeros(len(added)))
        score += growth * np.where(used, rate[place] - mean[group], 0.0)  # the mean of nothing is infinite
    # what a cluster adds to a group, over its classes
    joint = group[used] * (cluster.max(initial=0) + 1) + cluster[used]
    _, example, cell = np.unique(joint, return_index=True, return_inverse=True)
    rows, scores, weights, squares = (
        np.bincount(cell, weights=values[used], minlength=len(example))
        for values in (n, score, weight * scale[place], weight_squared * scale[place] ** 2)
    )
    whole = rows > 0
    cells, scores = Cells(group[used][example][whole], rows[whole], groups=count), scores[whole]
    if importance is None:
        variance = cells.variance(scores)
        least = _row_variance(share, rate, size, by_class(weight_squared))
        wider = np.divide(least, variance, where=variance > 0, out=np.ones(count))
        scores = scores * np.sqrt(np.maximum(wider, 1))[cells.group]
    return bounded_rate(cells, mean, scores, weights[whole], squares[whole], confidence), defined


def _row_variance(share: np.ndarray, rate: np.ndarray, size: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Variance of a mean of rates of independent rows, a rate of 0 or 1 not being taken for certain."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = size**2 / squares
        smooth = (rows * rate + 0.5) / (rows + 1)
        return np.nansum(np.where(share > 0, share**2 * smooth * (1 - smooth) / rows, 0.0), axis=1)
