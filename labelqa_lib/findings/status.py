"""The page's answer in one sentence, and what moved since last week with both figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.causes import Cause
from labelqa_lib.findings.segments import where
from labelqa_lib.metrics import REGISTRY, change
from labelqa_lib.periods import Week

_AGAINST = {
    "meets": "meets its target of {target}", "likely meets": "likely meets its target of {target}",
    "misses": "misses its target of {target}", "likely misses": "likely misses its target of {target}",
    "not enough data": "cannot be judged yet against its target of {target}",
}  # fmt: skip


def status(standing: pd.DataFrame) -> str:
    """How does the market stand, in one sentence: its first metric, whether it moved, and how many targets are met.

    Parameters
    ----------
    standing : DataFrame
        From `headline`.
    """
    if standing.empty or standing["estimate"].isna().all():
        return "None of the headline metrics could be measured this week."
    row = standing.iloc[0]
    if not math.isfinite(row["estimate"]):
        return f"{row['title']} was not measured: {row['reason']}{_others(standing)}."
    said = wording.estimate(row["estimate"], row["ci_low"], row["ci_high"], row["unit"])
    target = wording.amount(row["target"], row["unit"])
    against = _AGAINST.get(row["status"], "has no target").format(target=target)
    return f"{row['title']} {against}: it is {said}{_moved(row)}{_others(standing)}."


def _moved(row: pd.Series) -> str:
    if not math.isfinite(row["change"]):
        return ""
    if not row["more_than_noise"]:
        return ", no different from last week beyond noise"
    return f", {wording.difference(row['change'], row['unit'])} on last week and more than noise"


def _others(standing: pd.DataFrame) -> str:
    """How many of all targets are met: ``; of 9 targets 2 are missed, 1 likely``."""
    statuses = standing["status"]
    judged = int(statuses.isin(_AGAINST).sum())
    if judged < 2:
        return ""
    counts = {name: int((statuses == name).sum()) for name in _AGAINST}
    missed = [f"{counts['misses']} missed"] if counts["misses"] else []
    missed += [f"{counts['likely misses']} likely missed"] if counts["likely misses"] else []
    open_ = [f"{counts['not enough data']} cannot be judged yet"] if counts["not enough data"] else []
    if not missed and not open_:
        return f"; all {judged} targets are met or likely met"
    return f"; of {judged} targets {counts['meets'] + counts['likely meets']} are met or likely met, {', '.join(missed + open_)}"


def cause_status(moved: pd.DataFrame, causes: Sequence[Cause]) -> str:
    """Did quality drop, and where does it come from, in one sentence.

    Parameters
    ----------
    moved : DataFrame
        From `metrics.mix.accuracy_change`.
    causes : sequence of Cause
        Ranked.
    """
    row = moved.iloc[0]
    if math.isnan(row["difference"]):
        return f"Whether quality dropped cannot be said: {row['reason']}."
    way = "fell" if row["difference"] < 0 else "rose"
    by = wording.difference(abs(row["difference"]), "rate").removeprefix("+")
    ends = wording.ends(row["difference_low"], row["difference_high"], "points")
    noise = "more than noise" if row["more_than_noise"] else "within noise"
    said = f"Accuracy {way} by {by} ({ends}) against the weeks before, {noise}"
    if not causes:
        return f"{said}; no segment has more errors than chance explains."
    more = f", and {wording.count(len(causes) - 1, '{n} more cause', '{n} more causes')}" if len(causes) > 1 else ""
    return f"{said}; the errors beyond chance come from {where(causes[0].segment)}{more}."


def since_last_week(weekly: pd.DataFrame) -> pd.DataFrame:
    """What moved since last week, with both figures?

    Parameters
    ----------
    weekly : metric frame
        Of several metrics by week; the last week is the report's.

    Returns
    -------
    DataFrame
        ``title, unit, last_week, this_week, difference`` (each with ``_low`` and ``_high``) and ``verdict`` in words, a
        row per metric that has a figure in either week; those that moved by more than noise first.
    """
    rows = [_row(part) for _, part in weekly.groupby("metric", sort=False)] if len(weekly) else []
    columns = ["title", "unit", *(name + end for name in _FIGURES for end in ("", "_low", "_high")), "verdict", "moved"]
    frame = pd.DataFrame([row for row in rows if row is not None], columns=columns)
    return frame.sort_values("moved", ascending=False, kind="stable", ignore_index=True).drop(columns="moved")


SINCE_TITLES = {"title": "Metric", "last_week": "Last week", "this_week": "This week", "difference": "Change"}
_FIGURES = ("last_week", "this_week", "difference")
_ENDS = ["estimate", "ci_low", "ci_high"]


def _row(part: pd.DataFrame) -> tuple | None:
    """One metric of `since_last_week`; None where neither week has a figure."""
    metric, by_week, moved = REGISTRY[part["metric"].iloc[0]], part.set_index("period"), change(part).iloc[-1]
    weeks = (str(Week.parse(moved["period"]) - 1), moved["period"])
    figures = by_week[_ENDS].reindex(weeks)
    if figures["estimate"].isna().all():
        return None
    certain = bool(moved["more_than_noise"])
    return (
        metric.title, metric.unit, *figures.iloc[0], *figures.iloc[1], moved["difference"], moved["ci_low"],
        moved["ci_high"], _verdict(moved, metric.better), certain,
    )  # fmt: skip


def _verdict(moved: pd.Series, better: str | None) -> str:
    if not math.isfinite(moved["difference"]):
        return f"not compared: {moved['reason']}"
    if not moved["more_than_noise"]:
        return "within noise" if math.isfinite(moved["ci_low"]) else moved["reason"]
    if better not in ("higher", "lower"):
        return "more than noise"
    return f"more than noise, {'better' if (moved['difference'] > 0) == (better == 'higher') else 'worse'}"
