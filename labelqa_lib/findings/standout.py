"""What spread, control charts and corrected accuracy have to say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings import settling
from labelqa_lib.findings.finding import Finding, gap
from labelqa_lib.metrics import REGISTRY
from labelqa_lib.stats.charts_rules import FALLING, RISING
from labelqa_lib.translation import N_, N_forms, say

FLATTERING = 0.01
"""From this correction on, what QAs miss is worth a reader: accuracy is lower by so much than the audits say."""

WORTH_TELLING = 1.1
"""From so many times the audits on, what the model adds to them is worth a sentence."""

MOST_NAMED = 4

_STAND_OUT = {
    "agent_id": N_forms("{n} agent stands out", "{n} agents stand out"),
    "auditor_id": N_forms("{n} auditor stands out", "{n} auditors stand out"),
    "site": N_forms("{n} site stands out", "{n} sites stand out"),
}


def standing_out(people: pd.DataFrame) -> list[Finding]:
    """Those flagged in a frame of `metrics.spread`, as one finding, with the chance of each to be among the worst where
    others are named, too."""
    flagged = people[people["flagged"]].sort_values("worst_tenth", ascending=False)
    if flagged.empty:
        return []
    dimension = people.columns[1]
    rank = (
        N_("{name} with {rate} on {items} ({chance} % chance to be in the worst tenth)")
        if people["named"].sum() >= 10
        else N_("{name} with {rate} on {items} ({chance} % chance to be the worst)")
    )
    said = [
        say(
            rank if np.isfinite(row.worst_tenth) else N_("{name} with {rate} on {items}"),
            name=getattr(row, dimension),
            rate=wording.estimate(row.estimate, row.ci_low, row.ci_high, "rate"),
            items=wording.count(row.n, "{n} item", "{n} items"),
            chance=wording.whole(100 * row.worst_tenth),
        )
        for row in flagged.head(MOST_NAMED).itertuples()
    ]
    more = len(flagged) - len(said)
    first = flagged.iloc[0]
    sentence = say(
        "{count} by {metric}, {expected} in the market: {names}.",
        count=wording.count(len(flagged), *_STAND_OUT[dimension]),
        metric=say(REGISTRY[first["metric"]].title).lower(),
        expected=wording.amount(first["expected"], "rate"),
        names=say("; ").join([*said, say("and {n} more", n=wording.whole(more))] if more else said),
    )
    return [
        Finding(
            code=f"stands-out:{first['metric']}:{dimension}",
            severity="watch",
            sentence=sentence,
            size=0.0,
            evidence=f"{dimension.removesuffix('_id')}s-funnel",
            metric=first["metric"],
            period=first["period"],
            segment={dimension: first[dimension]},
            estimate=first["estimate"],
            ci_low=first["ci_low"],
            ci_high=first["ci_high"],
            n=int(first["n"]),
        )
    ]


def out_of_control(chart: pd.DataFrame) -> list[Finding]:
    """The last week of a frame of `metrics.control_chart` where a rule fired in it, or where a drift has added up that
    no rule sees."""
    row, metric = chart.iloc[-1], REGISTRY[chart["metric"].iloc[0]]
    if not (row["signal"] or row["drift"]):
        return []
    amounts = {name: wording.amount(row[name], metric.unit) for name in ("estimate", "level", "centre")}
    if row["signal"]:
        told = row["estimate"]
        began = chart.loc[chart["phase"] == row["phase"], "period"].iloc[0]
        sentence = say(
            "{metric} left its usual range: {signal} ({estimate}; usual {interval}, from {began} on).",
            metric=say(metric.title),
            signal=wording.said(row["signal"]),
            estimate=amounts["estimate"],
            interval=wording.interval(row["lower"], row["upper"], metric.unit),
            began=began,
        )
    else:
        told = row["level"]
        sentence = say(
            "{metric} drifts, by too little for a single week to show: its mean of late, the newest week counting most, "
            "is {level} where {centre} is usual ({drift}).",
            metric=say(metric.title),
            level=amounts["level"],
            centre=amounts["centre"],
            drift=wording.said(row["drift"]),
        )
    ways = set(row["signal"].split("; "))
    lower = FALLING in ways or (told < row["centre"] and ways != {RISING})
    higher = RISING in ways or (told >= row["centre"] and ways != {FALLING})
    worse = lower if metric.better == "higher" else higher
    return [
        Finding(
            code=f"{'control' if row['signal'] else 'drift'}:{metric.name}",
            severity=("watch" if worse else "good") if metric.better else "know",
            sentence=sentence,
            size=0.0,
            evidence=f"{metric.name}-control",
            metric=metric.name,
            period=row["period"],
            estimate=row["estimate"],
            ci_low=row["ci_low"],
            ci_high=row["ci_high"],
            n=int(row["n"]),
            since=_signalled(chart),
            **gap(*(row[name] - row["centre"] for name in ("estimate", "ci_low", "ci_high")), metric.better),
        )
    ]


def _signalled(chart: pd.DataFrame) -> str:
    """The first of the weeks in a row, up to this one, in which a rule fired or the drift was seen."""
    quiet = ~((chart["signal"] != "") | (chart["drift"] != "")).to_numpy()
    return str(chart["period"].iloc[np.flatnonzero(quiet)[-1] + 1 if quiet.any() else 0])


def crowded(gaps: pd.DataFrame) -> list[Finding]:
    """Critical errors that come closer together than they did, from one week's rows of `metrics.critical_gaps`."""
    signals = dict.fromkeys(words for words in gaps["signal"] if words.endswith(("below the centre", "lower limit")))
    if not signals:
        return []
    sentence = say(
        "Critical errors come closer together: of late {now} good items lie before each, where {usual} were usual ({signals}).",
        now=wording.whole(gaps["gap"].median()),
        usual=wording.whole(gaps["centre"].iloc[-1]),
        signals=say(", ").join(map(wording.said, signals)),
    )
    return [
        Finding(
            code="control:critical_gaps",
            severity="watch",
            sentence=sentence,
            size=0.0,
            evidence="critical-gaps",
            metric="critical_accuracy",
            period=gaps["period"].iloc[-1],
            n=len(gaps),
        )
    ]


def flattered(corrected: pd.DataFrame) -> list[Finding]:
    """That second audits find what first audits passed, where it lowers accuracy by enough to matter and for sure: one
    missed error among few second audits moves the estimate, too."""
    right = corrected[corrected["metric"] == "accuracy_corrected"].iloc[-1]
    if not (right["moved"] <= -FLATTERING and right["ci_high"] < right["estimate"] - right["moved"]):
        return []
    sentence = say(
        N_(
            "Audits flatter: counting the errors that second audits find in what QAs passed, accuracy is {estimate}, "
            "{change} against what the QAs see."
        )
        if right["reaudits"]
        else N_(
            "Audits flatter: counting the errors that QAs are known to miss and to see where there are none, accuracy is "
            "{estimate}, {change} against what the QAs see."
        ),
        estimate=wording.estimate(right.estimate, right.ci_low, right.ci_high, "rate"),
        change=wording.difference(right.moved, "rate"),
    )
    return [
        Finding(
            code="corrected:accuracy",
            severity="watch",
            sentence=sentence,
            size=0.0,
            evidence="corrected",
            metric="accuracy_corrected",
            period=right["period"],
            estimate=right["estimate"],
            ci_low=right["ci_low"],
            ci_high=right["ci_high"],
            n=int(right["n"]),
            **gap(*(right[name] - right["estimate"] + right["moved"] for name in ("estimate", "ci_low", "ci_high")), "higher"),
        )
    ]


def how_sure(
    corrected: pd.DataFrame, wanted: Mapping, assisted: pd.DataFrame | None = None, confidence: float = 0.95
) -> str:
    """How sure is the market's accuracy, in words for its lead; and what would make it surer?

    Parameters
    ----------
    corrected : DataFrame
        From `metrics.corrected`, of the market as a whole.
    wanted : mapping of metric name to Target
    assisted : DataFrame, optional
        From `metrics.assisted`: what the model adds, where it is worth `WORTH_TELLING` times the audits.
    confidence : float
        Of the intervals.
    """
    raw, right = (corrected[corrected["metric"] == name].iloc[-1] for name in ("accuracy_tier1", "accuracy_corrected"))
    if np.isnan(raw["estimate"]):
        return say("By audits, accuracy is not known: {reason}.", reason=wording.said(raw["reason"]))
    alone = {"rate": wording.estimate(raw.estimate, raw.ci_low, raw.ci_high, "rate"),
             "audits": wording.count(raw.n, "{n} audit", "{n} audits")}  # fmt: skip
    if raw.n_effective < raw.n:
        worth = wording.whole(raw.n_effective)
        seen = say("As the QAs see it, accuracy is {rate}: {audits}, worth {n} drawn one by one at random.", **alone, n=worth)
    else:
        seen = say("As the QAs see it, accuracy is {rate}: {audits}.", **alone)
    helped = ""
    if assisted is not None and assisted["worth"].iloc[-1] >= WORTH_TELLING:
        row = assisted.iloc[-1]
        helped = say(
            "With the model's opinion of every item, audited or not, it is {rate}, as sure as {worth} times the audits would "
            "make it.",
            rate=wording.estimate(row.estimate, row.ci_low, row.ci_high, "rate"),
            worth=wording.written(f"{row.worth:.1f}"),
        )
    return wording.sentences(seen, helped, _second(right), _narrower(raw, right, wanted.get("accuracy"), confidence))


def _second(right: pd.Series) -> str:
    """What second audits make of the accuracy that QAs see."""
    if np.isnan(right["estimate"]):
        return say("Whether the QAs are right is not known: {reason}.", reason=wording.said(right["reason"]))
    said = {"rate": wording.estimate(right.estimate, right.ci_low, right.ci_high, "rate"),
            "change": wording.difference(right.moved, "rate")}  # fmt: skip
    if not right["reaudits"]:
        return say(
            "Counting the errors that QAs are known to miss and to see where there are none, it is {rate}, {change}.", **said
        )
    audits = wording.count(right.reaudits, "{n} second audit", "{n} second audits")
    if "pooled" in right["method"]:
        return say(
            "Counting what second audits find, it is {rate}, {change}: {audits} say so, earlier weeks' among them.",
            **said, audits=audits,
        )  # fmt: skip
    return say("Counting what second audits find, it is {rate}, {change}: {audits} say so.", **said, audits=audits)


def _narrower(raw: pd.Series, right: pd.Series, target, confidence: float) -> str:
    """What would narrow the interval that matters: the corrected one where there is one."""
    if target is None:
        return ""
    precision = target.precision or np.nan
    if not np.isnan(right["estimate"]) and (right.ci_high - right.ci_low) > 1.5 * (raw.ci_high - raw.ci_low):
        return say("What is unsure is the auditing, not the labelling: more second audits of passed items narrow it most.")
    more = settling.more_needed("accuracy", raw, target.value, precision, confidence)
    if not more:
        return ""
    return wording.count(
        more,
        "About {n} more audit would settle it against the target.",
        "About {n} more audits would settle it against the target.",
    )
