"""A check that is itself checked: rates corrected for the first check's errors, with the doubt of both.

Two ways: where some rows were checked a second time, by what those show (`corrected_rate`); where only the first
check's sensitivity and specificity are known, by arithmetic (`rogan_gladen`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.clusters import cells_of_rows, codes, measures
from labelqa_lib.stats.intervals import wilson
from labelqa_lib.stats.rate_bounds import GroupEstimates, bounded_rate
from labelqa_lib.stats.survey import equivalent_size


@dataclass(frozen=True)
class TwoPhase:
    """One entry per group.

    Attributes
    ----------
    raw, corrected : GroupEstimates
        The first check taken as truth, and the rate that the second check would have found on all rows.
    rechecked : array of int
        Rows checked twice.
    false_share, missed_share : array of float
        Of all rows: flagged by the first check and cleared by the second; passed by the first and flagged by the
        second. corrected = raw − false_share + missed_share, exactly.
    """

    raw: GroupEstimates
    corrected: GroupEstimates
    rechecked: np.ndarray
    false_share: np.ndarray
    missed_share: np.ndarray


def corrected_rate(
    group: ArrayLike,
    weight: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    second_weight: ArrayLike | None = None,
    *,
    only_second: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    confidence: float = 0.95,
    groups: int | None = None,
) -> TwoPhase:
    """What rate would the second check have found, had it seen every row of the first?

    Parameters
    ----------
    group : array of int
        One entry per row checked once or twice: code 0..G−1.
    weight : array of float
        1 / probability that the row was checked first; above 0.
    first : array of float
        0 or 1, the first check's verdict.
    second : array of float
        0 or 1, the second check's verdict; NaN where there was none.
    second_weight : array of float, optional
        1 / probability that a row checked once was checked again; read where `second` is given, at least 1. Without
        it all rows of one verdict are taken as equally likely to be checked again.
    only_second : array of bool, optional
        True where a row lends its second check alone: it tells how often the first check errs, and has no part in the
        rate of the first check (an earlier period, in which rates may have been others).
    stratum, cluster : array of int, optional
        Codes; without `cluster` every row is its own. A cluster lies in one stratum.
    confidence, groups
        As in `survey.clustered_rate`.

    Returns
    -------
    TwoPhase
        A group without any second check has a raw rate, and no corrected one (NaN, with the reason). Where only rows
        of one verdict were checked again, the other verdict is kept as it stands, with bounds for every way in which
        it may be wrong.

    Raises
    ------
    UsageError
        When lengths differ, a verdict is not 0 or 1, or a weight is not above 0.

    Notes
    -----
    The difference estimator, raw + mean (second − first), with the mean taken within each verdict of the first check:
    q·a + (1 − q)·b, q flagged by the first check, a and b flagged by the second among rows that the first flagged and
    passed. The half-lengths of q, a and b (each bounded as in `clustered_rate`, so that few or no disagreements have
    honest bounds) are combined by MOVER and widened by √(V / V₀) where the linearised variance of both phases over
    clusters V exceeds the sum of the parts V₀. Left after simulation: normal bounds from the linearised variance (0.85
    where second checks found few misses), and exact bounds of the three parts (0.98 to 1.00, and wider).
    Source: Tenenbein (1970), JASA 65:1350; Särndal, Swensson & Wretman (1992), 9.3 and 9.7; Zou & Donner (2008).
    """
    weight = measures("weight", weight)
    rows = len(weight)
    group, first = codes("group", group, rows), _verdicts("first", first, rows)
    second = np.asarray(second, dtype=float)
    again = ~np.isnan(second)
    second = _verdicts("second", np.where(again, second, 0.0), rows)
    chance = np.ones(rows)
    if second_weight is not None:
        chance = measures("second_weight", np.where(np.isnan(second_weight), 0.0, second_weight), rows)
    if rows and (weight.min() <= 0 or not (chance[again] >= 1).all()):
        raise UsageError("a weight is not above 0 or a second weight not at least 1; they are 1 / probability")
    stratum, cluster = (
        None if key is None else codes(name, key, rows) for name, key in (("stratum", stratum), ("cluster", cluster))
    )
    lent = np.zeros(rows, int) if only_second is None else codes("only_second", np.asarray(only_second, int), rows)
    own = lent == 0
    groups = int(group.max(initial=-1) + 1 if groups is None else groups)
    parts = [
        _part(group, stratum, cluster, chosen, weight * factor, verdict, confidence, groups)
        for chosen, factor, verdict in (
            (own, 1.0, first),
            (again & (first == 1), chance, second),
            (again & (first == 0), chance, second),
        )
    ]
    raw = parts[0][0]
    (q, q_low, q_high), (a, a_low, a_high), (b, b_low, b_high) = (
        _filled(estimates, kept) for (estimates, _), kept in zip(parts, (0.0, 1.0, 0.0), strict=True)
    )
    estimate = q * a + (1 - q) * b
    slopes = (a - b, q, 1 - q)
    influence = sum(slope[group] * score for slope, (_, score) in zip(slopes, parts, strict=True))
    cells, sums = cells_of_rows(group, stratum, cluster, groups, influence=influence)
    joint = cells.variance(sums["influence"])
    apart = sum(
        slope**2 * np.nan_to_num(estimates.std_error) ** 2 for slope, (estimates, _) in zip(slopes, parts, strict=True)
    )
    wider = np.sqrt(np.maximum(np.divide(joint, apart, out=np.ones_like(joint), where=apart > 0), 1))
    down, up = (
        wider * np.sqrt(((a - b) * (q - q_end)) ** 2 + (q * (a - a_end)) ** 2 + ((1 - q) * (b - b_end)) ** 2)
        for q_end, a_end, b_end in (
            (np.where(a >= b, q_low, q_high), a_low, b_low),
            (np.where(a >= b, q_high, q_low), a_high, b_high),
        )
    )
    rechecked = np.bincount(group, weights=again, minlength=groups).astype(np.int64)
    corrected = _described(raw, estimate, estimate - down, estimate + up, joint, parts, rechecked, confidence)
    known = (rechecked > 0) & (raw.n > 0)
    return TwoPhase(
        raw, corrected, rechecked, np.where(known, q * (1 - a), np.nan), np.where(known, (1 - q) * b, np.nan)
    )


def _part(group, stratum, cluster, chosen, weight, verdict, confidence, groups):
    """One rate of the three, and what each row adds to it."""
    used = np.where(chosen, weight, 0.0)
    total = np.bincount(group, weights=used, minlength=groups)
    known = np.where(total > 0, total, 1.0)
    rate = np.bincount(group, weights=used * verdict, minlength=groups) / known
    score = used * (verdict - rate[group]) / known[group]
    stratum, cluster = (None if key is None else key[chosen] for key in (stratum, cluster))
    cells, sums = cells_of_rows(
        group[chosen],
        stratum,
        cluster,
        groups,
        weight=used[chosen],
        squared=used[chosen] ** 2,
        score=score[chosen],
    )
    # Wilson also at few events: exact bounds of three parts together cover 0.98 to 1.00
    estimates = bounded_rate(cells, rate, sums["score"], sums["weight"], sums["squared"], confidence, few_events=0)
    return estimates, score


def _filled(estimates: GroupEstimates, kept: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A rate with its bounds; where no row tells it, what the first check said, and every rate as possible."""
    unknown = estimates.n == 0
    return (
        np.where(unknown, kept, estimates.estimate),
        np.where(unknown, 0.0, estimates.ci_low),
        np.where(unknown, 1.0, estimates.ci_high),
    )


def _described(raw, estimate, low, high, variance, parts, rechecked, confidence) -> GroupEstimates:
    unknown = (rechecked == 0) | (raw.n == 0)
    low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
    size = equivalent_size(estimate, high - low, confidence)
    words = np.full(len(estimate), "two-phase difference, MOVER, clustered", dtype=object)
    for (estimates, _), verdict in zip(parts[1:], ("flagged", "passed"), strict=True):
        words = words + np.where(estimates.n == 0, f", no {verdict} row checked twice", "")
    reason = np.where(raw.n == 0, "no rows", np.where(unknown, "no row was checked a second time", ""))
    return GroupEstimates(
        estimate=np.where(unknown, np.nan, estimate),
        ci_low=np.where(unknown, np.nan, low),
        ci_high=np.where(unknown, np.nan, high),
        n=raw.n,
        n_effective=np.where(unknown, np.nan, size),
        clusters=raw.clusters,
        design_effect=np.divide(raw.n, size, out=np.full(len(size), np.nan), where=~unknown & (size > 0)),
        std_error=np.where(unknown, np.nan, np.sqrt(variance)),
        method=np.where(unknown, "", words),
        reason=reason.astype(object),
    )


def _verdicts(name: str, values: ArrayLike, length: int) -> np.ndarray:
    values = measures(name, values, length)
    if not np.isin(values, (0, 1)).all():
        raise UsageError(f"{name} holds {values[~np.isin(values, (0, 1))][0]:g}; a verdict is 0 or 1")
    return values


@dataclass(frozen=True)
class RoganGladen:
    """A corrected rate, cut to [0, 1], and what it was before the cut; `truncated` tells where that differs."""

    estimate: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    uncut: tuple[np.ndarray, np.ndarray, np.ndarray]
    truncated: np.ndarray
    method: str


def rogan_gladen(
    rate: ArrayLike,
    n: ArrayLike,
    sensitivity: ArrayLike,
    specificity: ArrayLike,
    sensitivity_n: ArrayLike | None = None,
    specificity_n: ArrayLike | None = None,
    confidence: float = 0.95,
) -> RoganGladen:
    """What is the true rate, when the check that measured it finds a known part of the cases and clears a known part?

    Parameters
    ----------
    rate, n : array of float
        Rate that the check found, and the (effective) number of rows it saw.
    sensitivity, specificity : array of float
        Share of cases found and of non-cases cleared, in [0, 1], together above 1.
    sensitivity_n, specificity_n : array of float, optional
        Rows that those were measured on. Without both they are taken as known, and the interval is too short if they
        are not.
    confidence : float
        Nominal coverage, in (0, 1).

    Raises
    ------
    UsageError
        When sensitivity and specificity together do not exceed 1 (the check is no better than chance), a share
        lies outside [0, 1], or rows are fewer than 0.

    Notes
    -----
    (rate + Sp − 1) / (Se + Sp − 1), of Wilson's bounds when Se and Sp are known; else Lang & Reiczigel's interval.
    Source: Rogan & Gladen (1978), Am J Epidemiol 107:71; Lang & Reiczigel (2014), Prev Vet Med 113:13, eq. 3.
    """
    rate, n, sensitivity, specificity = np.broadcast_arrays(
        *(np.asarray(value, dtype=float) for value in (rate, n, sensitivity, specificity))
    )
    if not all(((share >= 0) & (share <= 1)).all() for share in (rate, sensitivity, specificity)):
        raise UsageError("a rate, sensitivity or specificity lies outside 0 to 1")
    if not (sensitivity + specificity > 1).all():
        raise UsageError("sensitivity and specificity together are not above 1: such a check tells nothing of the rate")
    gain = sensitivity + specificity - 1
    estimate = (rate + specificity - 1) / gain
    if sensitivity_n is None or specificity_n is None:
        low, high = ((bound + specificity - 1) / gain for bound in wilson(rate * n, n, confidence))
        method = "Rogan–Gladen, Wilson, sensitivity and specificity taken as known"
    else:
        low, high = _lang_reiczigel(rate, n, sensitivity, sensitivity_n, specificity, specificity_n, confidence)
        method = "Rogan–Gladen, Lang–Reiczigel"
    uncut = (estimate, low, high)
    cut = [np.clip(value, 0, 1) for value in uncut]
    truncated = np.any([a != b for a, b in zip(uncut, cut, strict=True)], axis=0)
    return RoganGladen(*cut, uncut, truncated, method)


def _lang_reiczigel(rate, n, sensitivity, sensitivity_n, specificity, specificity_n, confidence):
    z = special.ndtri((1 + confidence) / 2)
    found, seen = (rate * n + z**2 / 2) / (n + z**2), n + z**2
    (se, se_n), (sp, sp_n) = (
        ((share * size + 1) / (size + 2), size + 2)
        for share, size in (
            (sensitivity, np.asarray(sensitivity_n, dtype=float)),
            (specificity, np.asarray(specificity_n, dtype=float)),
        )
    )
    if not ((se_n >= 2) & (sp_n >= 2)).all():
        raise UsageError("sensitivity_n and specificity_n count the rows of a measurement; they are 0 or more")
    gain = np.where(se + sp > 1, se + sp - 1, np.inf)  # too few rows to tell such a check from chance: no bounds
    centre = (found + sp - 1) / gain
    by_se, by_sp = se * (1 - se) / se_n, sp * (1 - sp) / sp_n
    half = z / gain * np.sqrt(found * (1 - found) / seen + centre**2 * by_se + (1 - centre) ** 2 * by_sp)
    shift = 2 * z**2 * (centre * by_se - (1 - centre) * by_sp)
    return tuple(np.where(np.isinf(gain), end * np.inf, centre + shift + end * half) for end in (-1, 1))
