"""Is a change of accuracy real, and along which dimension is it only a different mix of work?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from labelqa_lib.metrics.judged import only_one_on_gold, unlike
from labelqa_lib.metrics.registry import measure
from labelqa_lib.metrics.split import split_change
from labelqa_lib.stats.change import difference
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_

WORK = ("queue", "policy_area", "content_type", "language", "site")
"""Dimensions by which work is handed out: shares of them are counted, and no agent's error moves them."""

_MOVED = ("difference", "difference_low", "difference_high")


def accuracy_change(tables: Tables, confidence: float = 0.95) -> pd.DataFrame:
    """Did accuracy move against the earlier weeks by more than noise?

    Parameters
    ----------
    tables : Tables
        Their last week is compared with the others, pooled.
    confidence : float
        Of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        One row: the metric frame of the last week with ``baseline`` (accuracy before), ``difference, difference_low,
        difference_high`` and ``more_than_noise``; NaN where one of the two is undefined, or alone stands on gold, with its
        `reason`.

    Notes
    -----
    Weighted, clustered by agent; Newcombe's interval of the difference.
    """
    now = measure(tables, "accuracy", (), tables.weeks[-1:], confidence)
    if len(tables.weeks) < 2:
        nothing = dict.fromkeys(["baseline", *_MOVED], float("nan"))
        return now.assign(**nothing, more_than_noise=False, reason=N_("there is no earlier week to compare with"))
    then = measure(tables, "accuracy", (), tables.weeks[:-1], confidence)
    names = ["estimate", "ci_low", "ci_high"]
    moved = difference(*(side[name].to_numpy() for side in (now, then) for name in names))
    reason = now["reason"].where(now["reason"] != "", then["reason"])
    if reason.iloc[0] == "" and unlike(now["method"], then["method"])[0]:
        why, nothing = only_one_on_gold(now["period"].iloc[0], then["period"].iloc[0]), dict.fromkeys(_MOVED, float("nan"))
        return now.assign(baseline=then["estimate"], **nothing, more_than_noise=False, reason=why)
    return now.assign(
        baseline=then["estimate"], difference=moved.difference, difference_low=moved.low, difference_high=moved.high,
        more_than_noise=moved.more_than_noise, reason=reason,
    )  # fmt: skip


def mix_by_dimension(tables: Tables, dimensions: Sequence[str] = WORK, confidence: float = 0.95) -> pd.DataFrame:
    """Along which dimension did a different mix of work move accuracy, and what is left as the work's own change?

    Parameters
    ----------
    tables, confidence
        As in `accuracy_change`.
    dimensions : sequence of str
        Each is split on its own; those with fewer than two values, or not delivered, are left out.

    Returns
    -------
    DataFrame
        ``dimension, rate, rate_low, rate_high, mix, mix_low, mix_high`` (parts of the change of accuracy that add up to
        it), ``moved_most`` (the value whose share of the work moved most), ``share_before, share``; the largest mix
        first.

    Notes
    -----
    Whoever looks at several dimensions finds a moved mix in one by chance: each interval has the confidence
    1 − (1 − confidence) / dimensions, so that all of them hold together (Bonferroni).
    """
    rows = []
    for dimension in dimensions:
        split = split_change(tables, dimension, 1 - (1 - confidence) / len(dimensions))
        if len(split) < 3:  # one value and the whole
            continue
        whole, values = split.iloc[-1], split.iloc[:-1]
        most = values.loc[(values["share"] - values["share_before"]).abs().idxmax()]
        parts = whole[["rate", "rate_low", "rate_high", "mix", "mix_low", "mix_high"]]
        rows.append((dimension, *parts, most[dimension], most["share_before"], most["share"]))
    columns = ["dimension", "rate", "rate_low", "rate_high", "mix", "mix_low", "mix_high", "moved_most", "share_before",
               "share"]  # fmt: skip
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values("mix", key=lambda mix: -mix.abs(), kind="stable", ignore_index=True)
