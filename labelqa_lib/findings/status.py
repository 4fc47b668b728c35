"""The page's answer in one sentence, and what moved since last week with both figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.causes import Cause
from labelqa_lib.findings.segments import where
from labelqa_lib.metrics import REGISTRY, change
from labelqa_lib.periods import Week
from labelqa_lib.translation import N_, N_forms, say

_AGAINST = {
    "meets": N_("{metric} meets its target of {target}: it is {now}"),
    "likely meets": N_("{metric} likely meets its target of {target}: it is {now}"),
    "misses": N_("{metric} misses its target of {target}: it is {now}"),
    "likely misses": N_("{metric} likely misses its target of {target}: it is {now}"),
    "not enough data": N_("{metric} cannot be judged yet against its target of {target}: it is {now}"),
}


def status(standing: pd.DataFrame) -> str:
    """How does the market stand, in one sentence: its first metric, whether it moved, and how many targets are met.

    Parameters
    ----------
    standing : DataFrame
        From `headline`.
    """
    if standing.empty or standing["estimate"].isna().all():
        return say("None of the headline metrics could be measured this week.")
    row = standing.iloc[0]
    if not math.isfinite(row["estimate"]):
        said = say("{metric} was not measured: {reason}", metric=say(row["title"]), reason=wording.said(row["reason"]))
        return wording.parts(said, _others(standing))
    said = say(
        _AGAINST.get(row["status"], N_("{metric} has no target: it is {now}")),
        metric=say(row["title"]),
        target=wording.amount(row["target"], row["unit"]),
        now=wording.estimate(row["estimate"], row["ci_low"], row["ci_high"], row["unit"]),
    )
    return wording.parts(_moved(row, said), _others(standing))


def _moved(row: pd.Series, said: str) -> str:
    if not math.isfinite(row["change"]):
        return said
    if not row["more_than_noise"]:
        return say("{said}, no different from last week beyond noise", said=said)
    change = wording.difference(row["change"], row["unit"])
    return say("{said}, {change} on last week and more than noise", said=said, change=change)


def _others(standing: pd.DataFrame) -> str:
    """How many of all targets are met: ``of 9 targets 6 are met or likely met, 2 missed, 1 likely missed``."""
    statuses = standing["status"]
    judged = int(statuses.isin(_AGAINST).sum())
    if judged < 2:
        return ""
    counts = {name: int((statuses == name).sum()) for name in _AGAINST}
    left = [wording.count(counts[name], *forms) for name, forms in _NOT_MET.items() if counts[name]]
    if not left:
        return say("all {n} targets are met or likely met", n=wording.whole(judged))
    met = wording.whole(counts["meets"] + counts["likely meets"])
    return say("of {n} targets {met} are met or likely met, {left}", n=wording.whole(judged), met=met, left=say(", ").join(left))


_NOT_MET = {
    "misses": N_forms("{n} missed", "{n} missed"),
    "likely misses": N_forms("{n} likely missed", "{n} likely missed"),
    "not enough data": N_forms("{n} cannot be judged yet", "{n} cannot be judged yet"),
}


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
        return say("Whether quality dropped cannot be said: {reason}.", reason=wording.said(row["reason"]))
    way = "fell" if row["difference"] < 0 else "rose"
    by = wording.difference(abs(row["difference"]), "rate").removeprefix("+")
    ends = wording.ends(row["difference_low"], row["difference_high"], "points")
    noise = say("more than noise") if row["more_than_noise"] else say("within noise")
    said = say(_MOVED[way], by=by, interval=ends, noise=noise)
    if not causes:
        return wording.parts(said, say("no segment has more errors than chance explains"))
    place = where(causes[0].segment)
    if len(causes) > 1:
        more = wording.count(len(causes) - 1, "{n} more cause", "{n} more causes")
        return wording.parts(said, say("the errors beyond chance come from {place}, and {more}", place=place, more=more))
    return wording.parts(said, say("the errors beyond chance come from {place}", place=place))


_MOVED = {
    "fell": N_("Accuracy fell by {by} ({interval}) against the weeks before, {noise}"),
    "rose": N_("Accuracy rose by {by} ({interval}) against the weeks before, {noise}"),
}


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
    moved = {row["metric"]: row for row in change(weekly).to_dict("records")} if len(weekly) else {}
    parts = {}
    for row in weekly.itertuples():
        parts.setdefault(row.metric, {})[row.period] = row
    rows = [_row(parts[name], moved[name]) for name in parts if name in moved]
    columns = ["title", "unit", *(name + end for name in _FIGURES for end in ("", "_low", "_high")), "verdict", "moved"]
    frame = pd.DataFrame([row for row in rows if row is not None], columns=columns)
    return frame.sort_values("moved", ascending=False, kind="stable", ignore_index=True).drop(columns="moved")


SINCE_TITLES = {"title": N_("Metric"), "last_week": N_("Last week"), "this_week": N_("This week"), "difference": N_("Change")}
_FIGURES = ("last_week", "this_week", "difference")
_ENDS = ["estimate", "ci_low", "ci_high"]


def _row(by_week: Mapping[str, tuple], moved: dict) -> tuple | None:
    """One metric of `since_last_week` and its `change`; None where neither week has a figure."""
    metric = REGISTRY[moved["metric"]]
    weeks = (str(Week.parse(moved["period"]) - 1), moved["period"])
    before, now = ([getattr(by_week[week], name) if week in by_week else math.nan for name in _ENDS] for week in weeks)
    if math.isnan(before[0]) and math.isnan(now[0]):
        return None
    certain = bool(moved["more_than_noise"])
    return (
        say(metric.title), metric.unit, *before, *now, moved["difference"], moved["ci_low"],
        moved["ci_high"], _verdict(moved, metric.better), certain,
    )  # fmt: skip


def _verdict(moved: dict, better: str | None) -> str:
    if not math.isfinite(moved["difference"]):
        return say("not compared: {reason}", reason=wording.said(moved["reason"]))
    if not moved["more_than_noise"]:
        return say("within noise") if math.isfinite(moved["ci_low"]) else wording.said(moved["reason"])
    if better not in ("higher", "lower"):
        return say("more than noise")
    is_better = (moved["difference"] > 0) == (better == "higher")
    return say("more than noise, better") if is_better else say("more than noise, worse")
