"""Fewer checks for the same certainty: predictions known for every row take out the part of the doubt they explain."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.clusters import cells_of_rows, codes, measures
from labelqa_lib.stats.rate_bounds import GroupEstimates, bounded_rate


@dataclass(frozen=True)
class Assisted:
    """One entry per group.

    Attributes
    ----------
    plain, assisted : GroupEstimates
        Without and with the predictions; equal where those do not help.
    coefficient : array of float
        How much of a difference in scores is believed; 0 where the scores do not help.
    worth : array of float
        How many times the checks the plain estimate would need for an interval as narrow, (width / width)²; at least 1.
    """

    plain: GroupEstimates
    assisted: GroupEstimates
    coefficient: np.ndarray
    worth: np.ndarray


def assisted_rate(
    group: ArrayLike,
    weight: ArrayLike,
    outcome: ArrayLike,
    score: ArrayLike,
    score_mean: ArrayLike,
    *,
    stratum: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Assisted:
    """What share of each group has the outcome, when a score that goes with it is known for every row?

    Parameters
    ----------
    group : array of int
        One entry per checked row: code 0..G−1.
    weight : array of float
        1 / probability of having been checked; above 0.
    outcome : array of float
        0 or 1.
    score : array of float
        Prediction of the outcome, made without looking at this row's outcome (`cross_fitted_risk`, or a model's).
        Any scale.
    score_mean : array of float
        G entries: the mean score over all rows of the group, checked or not. NaN where unknown: no assistance.
    stratum, cluster : array of int, optional
        As in `two_phase.corrected_rate`.
    confidence : float
        Nominal coverage, in (0, 1).

    Returns
    -------
    Assisted

    Raises
    ------
    UsageError
        When lengths differ, a number is missing, a weight is not above 0 or an outcome not 0 or 1.

    Notes
    -----
    p + λ(mean score − weighted mean of the checked scores), λ = Σw²(y − p)(f − f̄) / Σw²(f − f̄)², the coefficient of
    least variance for single rows; 0 where the variance over clusters or the interval is not less for it. Bounds as in
    `rate_bounds.bounded_rate` from the scores w(y − p − λ(f − f̄)) / Σw, λ fitted without the score's own cluster (with
    it, ten or twenty clusters explain themselves): with few errors that the scores miss, the gain is a guess and drawn
    towards none. Normal bounds (prediction-powered inference as published) covered 0.915 to 0.93 for rare errors; eight
    strata of a useless score, Wilson each and joined by MOVER, 0.885 and 1.3 times as wide as plain.
    Source: Cochran (1977), 7.3; Särndal, Swensson & Wretman (1992), 6.4; Angelopoulos et al. (2023), Science 382:669,
    and PPI++ (2024).
    """
    weight = measures("weight", weight)
    rows = len(weight)
    group, score = codes("group", group, rows), measures("score", score, rows)
    outcome = measures("outcome", outcome, rows)
    means = np.atleast_1d(np.asarray(score_mean, dtype=float))
    if rows and (weight.min() <= 0 or not np.isin(outcome, (0, 1)).all()):
        raise UsageError("a weight is not above 0, or an outcome neither 0 nor 1")
    if group.max(initial=-1) >= len(means):
        raise UsageError(f"score_mean has {len(means)} entries, but groups go up to {group.max()}; give one per group")
    stratum, cluster = (
        None if key is None else codes(name, key, rows) for name, key in (("stratum", stratum), ("cluster", cluster))
    )

    def mean_of(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        over = np.bincount(group, weights=weights, minlength=len(means))
        total = np.bincount(group, weights=weights * values, minlength=len(means))
        return np.divide(total, over, out=np.zeros(len(means)), where=over > 0)

    rate, seen = mean_of(outcome, weight), mean_of(score, weight)
    apart, off = score - seen[group], outcome - rate[group]
    spread = mean_of(apart**2, weight**2)
    slope = np.divide(mean_of(apart * off, weight**2), spread, out=np.zeros(len(means)), where=spread > 1e-15)
    slope = np.where(np.isfinite(means), slope, 0.0)
    share = weight / np.bincount(group, weights=weight, minlength=len(means))[group]
    cells, sums = cells_of_rows(
        group,
        stratum,
        cluster,
        len(means),
        weight=weight,
        squared=weight**2,
        plain=share * off,
        apart=share * apart,
        product=weight**2 * apart * off,
        square=weight**2 * apart**2,
    )
    left = sums["plain"] - slope[cells.group] * sums["apart"]
    # what a cluster leaves unexplained, judged by a coefficient that did not see it
    others, over = ((cells.sum(sums[name])[cells.group] - sums[name]) for name in ("product", "square"))
    unseen = np.divide(others, over, out=np.zeros(len(over)), where=over > 1e-15 * sums["square"])
    unseen = np.where(np.isfinite(means)[cells.group], unseen, 0.0)
    judged = sums["plain"] - unseen * sums["apart"]
    weights = sums["weight"], sums["squared"], confidence
    plain = bounded_rate(cells, rate, sums["plain"], *weights)
    shifted = rate + slope * (np.nan_to_num(means) - seen)
    assisted = bounded_rate(cells, shifted, judged, *weights, "prediction-powered difference, Wilson")
    error = np.where(np.isnan(assisted.std_error), np.nan, np.sqrt(cells.variance(left)))
    assisted = replace(assisted, std_error=error)
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = ((plain.ci_high - plain.ci_low) / (assisted.ci_high - assisted.ci_low)) ** 2
        helps = (worth > 1) & (cells.variance(judged) < cells.variance(sums["plain"]))
    chosen = {
        field.name: np.where(helps, getattr(assisted, field.name), getattr(plain, field.name))
        for field in fields(GroupEstimates)
    }
    return Assisted(plain, GroupEstimates(**chosen), np.where(helps, slope, 0.0), np.where(helps, worth, 1.0))


def cross_fitted_risk(
    cell: ArrayLike, fold: ArrayLike, weight: ArrayLike, outcome: ArrayLike, cells: int, strength: float = 4.0
) -> np.ndarray:
    """How risky is each kind of row, judged without looking at the fold that it will be used on?

    A score for `assisted_rate` where no model gives one, and a better one where labels are wrong in different ways:
    kinds of rows are, for example, given label x band of a model's score.

    Parameters
    ----------
    cell, fold : array of int
        One entry per checked row: its kind 0..cells−1, and a fold 0..K−1, drawn at random (whole clusters together).
    weight, outcome : array of float
        As in `assisted_rate`.
    cells : int
        Number of kinds; kinds without a checked row have the overall risk.
    strength : float
        Rows' worth of overall risk mixed into each kind's.

    Returns
    -------
    array of float, shape (K, cells)
        Risk by fold and kind. A checked row scores ``risk[fold, cell]`` less the mean of ``risk[fold]`` over all rows of
        its group, checked or not; the mean score of every group is then 0.

    Raises
    ------
    UsageError
        With fewer than two folds that hold rows, or a kind beyond `cells`.

    Notes
    -----
    (Σwy + s·w̄·p) / (Σw + s·w̄) over the rows of other folds, p their overall rate, w̄ their mean weight, s `strength`.
    The mean is taken off fold by fold because what is learnt without a fold is low where that fold is high: by itself
    that looks like an explanation, and one kind of rows alone seemed worth 1.3 to 1.8 times the checks.
    Source: Zrnic & Candès (2024), PNAS 121:e2322083121 (cross-prediction).
    """
    weight = measures("weight", weight)
    cell, fold = codes("cell", cell, len(weight)), codes("fold", fold, len(weight))
    folds = int(fold.max(initial=-1) + 1)
    if folds < 2:
        raise UsageError(f"{folds} fold; a risk that does not look at its own rows needs two or more")
    if cell.max(initial=-1) >= cells or len(np.unique(fold)) < 2:
        raise UsageError(f"{cells} kinds and {folds} folds were asked for; kinds count from 0, and two folds need rows")
    place = fold * cells + cell
    weights, hits, rows = (
        np.bincount(place, weights=values, minlength=folds * cells).reshape(folds, cells)
        for values in (weight, weight * measures("outcome", outcome, len(weight)), np.ones(len(weight)))
    )
    weights, hits, rows = (sums.sum(axis=0) - sums for sums in (weights, hits, rows))
    overall = hits.sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    mixed = strength * weights.sum(axis=1, keepdims=True) / rows.sum(axis=1, keepdims=True)
    return (hits + mixed * overall) / (weights + mixed)
