"""What to do about each finding, and what undoing it would gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.catalogue import MARKET, cost
from labelqa_lib.findings.finding import Finding, Recommendation
from labelqa_lib.findings.kinds import taken_for
from labelqa_lib.findings.settling import more_audits
from labelqa_lib.findings.worth import title_of, worded
from labelqa_lib.translation import N_, N_forms, say

MOST_NAMED = 4
PAIRS = 2
"""So many confusions are trained on at once."""

CONTENT = {"label", "reference_label", "policy_area", "queue", "content_type", "language"}
"""Dimensions of the work: what got worse along these alone got worse at every site, and is not one site's to mend."""

_QUALITY = {"accuracy", "critical_accuracy", "error_rate", "fpr", "fnr"}
_AUDITING = {"ata_accuracy", "missed_error_rate", "false_error_rate", "accuracy_corrected"}
_SERVICE = {"sla_attainment", "backlog", "backlog_days", "utilization"}


@dataclass(frozen=True)
class Circumstances:
    """What recommendations are counted from; every part may be missing.

    Attributes
    ----------
    volume : float
        Annotations of the week.
    confusion : DataFrame or None
        From `metrics.confusion`.
    staff : DataFrame
        From `metrics.staff`.
    people : sequence of DataFrame
        From `metrics.spread`, by agent, by auditor or by site.
    splits : DataFrame or None
        From `calibration.splits`.
    """

    volume: float
    confusion: pd.DataFrame | None = None
    staff: pd.DataFrame = field(default_factory=pd.DataFrame)
    people: Sequence[pd.DataFrame] = ()
    splits: pd.DataFrame | None = None


def recommend(
    findings: Sequence[Finding],
    volume: float,
    confusion: pd.DataFrame | None = None,
    staff: pd.DataFrame | None = None,
    people: Sequence[pd.DataFrame] = (),
    splits: pd.DataFrame | None = None,
) -> list[Finding]:
    """The same findings, each with what to do about it where the catalogue knows of something.

    Parameters
    ----------
    findings : sequence of Finding
        From `find`.
    volume : float
        Annotations of the week.
    confusion : DataFrame, optional
        From `metrics.confusion`: which label pairs to train on.
    staff : DataFrame, optional
        From `metrics.staff`: whom it would take.
    people : sequence of DataFrame
        From `metrics.spread`, as given to `find`; with those of auditors, who is to be recalibrated is named.
    splits : DataFrame, optional
        From `calibration.splits`: how much of a confusion is one site's.

    Returns
    -------
    list of Finding
        In their order. Good news, and a mere shift of the mix of work, need nothing done.

    Notes
    -----
    Gain: the finding undone altogether, that is the segment back at what it was before, the confusions gone, or the
    target just met; so it is what can be gained at most. Its interval is that of the finding.
    """
    told = Circumstances(volume, confusion, pd.DataFrame() if staff is None else staff, people, splits)
    moved = {one.metric for one in findings if one.code.startswith("move:") and one.segment and _asks(one)}
    return [replace(one, recommendation=_one(one, told, moved)) if _asks(one) else one for one in findings]


def _asks(one: Finding) -> bool:
    return one.severity in ("act", "watch") or one.code.startswith("target:")


def _one(one: Finding, told: Circumstances, moved: set[str]) -> Recommendation | None:
    if one.audits:
        return more_audits(one, told.staff)
    if one.code.startswith("target:") and one.severity == "know":
        return None  # not known to be wrong: there is nothing to remedy
    if one.code.startswith("stands-out:"):
        return _coached(one, told)
    if one.code.startswith(("split:", "gold:", "audits:")):
        return _calibrated(one, told)
    if one.metric in _QUALITY:
        return _quality(one, told, moved)
    if one.metric in _AUDITING:
        if "site" in one.segment:
            action = say("Recalibrate the QAs at site {site} on what second audits found", site=one.segment["site"])
        else:
            action = say("Recalibrate the QAs on what second audits found")
        return _worded(one, told, "recalibrate", action, one.metric)
    if one.metric in _SERVICE:
        if "queue" in one.segment:
            return _worded(one, told, "move", say("Move capacity to queue {queue}", queue=one.segment["queue"]), one.metric)
        return _worded(one, told, "move", say("Move capacity to where work waits"), one.metric)
    if one.metric == "aht" and one.gap > 0:
        forms = (
            N_("Check the tool and the queue: the same work takes longer"),
            N_("Check the tool and the queue {place}: the same work takes longer"),
        )
        return _worded(one, told, "tool", _placed(one, *forms), one.metric)
    if one.metric == "overturn_rate":
        forms = (
            N_("Take overturned appeals into calibration, and correct the gold"),
            N_("Take overturned appeals {place} into calibration, and correct the gold"),
        )
        return _worded(one, told, "gold", _placed(one, *forms), one.metric)
    if one.metric == "inconsistency_rate":
        return _worded(one, told, "clarify", say("Clarify the SOP clauses on which blind pairs disagree"), one.metric)
    return None


def _calibrated(one: Finding, told: Circumstances) -> Recommendation | None:
    """What a finding of the calibration page asks for. A confusion gains what of it is one site's, or all of it."""
    kind, *parts = one.code.split(":")
    if kind == "gold":
        return _worded(one, told, "gold", say("Look at the suspected gold items again, and correct the gold"), one.metric)
    if kind == "audits":
        return _worded(one, told, "recalibrate", say("Recalibrate all QAs with tier 2"), one.metric)
    pair, gains = taken_for(*parts[1:3]) if len(parts) > 2 else "", _of_confusion(parts, told)
    if parts[0] == "training":
        sites = [place["site"] for place in (one.segment, *one.also)]
        action = say("Retrain site {site} on {pair}", site=wording.listed(sites), pair=pair)
        return _worded(one, told, "retrain", action, "accuracy", gains=gains, site=sites)
    if parts[0] == "unclear_SOP":
        action = say("Clarify the SOP of {policy_area} on {pair}", policy_area=one.segment["policy_area"], pair=pair)
        return _worded(one, told, "clarify", action, "accuracy", gains=gains)
    return None


def _of_confusion(parts: Sequence[str], told: Circumstances) -> tuple[float, float, float]:
    """Accuracy gained at most by ending a confusion (of sites: their share above the others'), with its interval."""
    unknown = (np.nan, np.nan, np.nan)
    if told.splits is None or told.confusion is None or len(parts) < 3 or not told.volume:
        return unknown
    split, pair = (
        frame[(frame["reference_label"] == parts[1]) & (frame["label"] == parts[2])] for frame in (told.splits, told.confusion)
    )
    if split.empty or pair.empty or not pair["share"].iloc[0] > 0:
        return unknown
    row, one = split.iloc[0], pair.iloc[0]
    # errors of sites above the others' rate are all errors less those that the others' rate makes of all items
    part = 1 - row["rest_share"] * row["n"] / row["errors"] if parts[0] == "training" else 1.0
    return tuple(float(part * one["errors"] * one[name] / one["share"] / told.volume) for name in ("share", "ci_low", "ci_high"))


def _quality(one: Finding, told: Circumstances, moved: set[str]) -> Recommendation | None:
    kind = one.code.partition(":")[0]
    if kind in ("control", "drift"):  # a segment that moved explains it better
        if moved & _QUALITY or one.metric != "accuracy":
            return None
        return _worded(one, told, "tool", say("Check the tool and what else changed for everybody at once"), "accuracy")
    if kind == "target" or not one.segment:
        return _on_pairs(one, told)
    sites = dict.fromkeys(other["site"] for other in (one.segment, *one.also) if "site" in other)
    if set(one.segment) <= CONTENT and not sites:
        action = _placed(one, N_("Clarify the SOP, then quiz agents"), N_("Clarify the SOP {place}, then quiz agents"))
        return _worded(one, told, "clarify", action, "accuracy", _share(one, told))
    site = next(iter(sites), MARKET)
    topic = _pair_of(one, told) or _where(one)
    action = say(_RETRAIN[bool(site), bool(topic)], site=site, topic=topic)
    return _worded(one, told, "retrain", action, "accuracy", _share(one, told), site=site)


_RETRAIN = {
    (True, True): N_("Retrain site {site} on {topic}"), (True, False): N_("Retrain site {site}"),
    (False, True): N_("Retrain all agents on {topic}"), (False, False): N_("Retrain all agents"),
}  # fmt: skip
_PLACES = {
    (True, True): N_("at site {site} on {segment}"), (True, False): N_("at site {site}"),
    (False, True): N_("on {segment}"),
}  # fmt: skip
"""Where something is to be done: it goes into the `{place}` of a sentence."""


def _placed(one: Finding, everywhere: str, there: str) -> str:
    """One of two sentences: the second where the finding is about a segment."""
    site, segment = one.segment.get("site"), _where(one)
    place = _PLACES.get((site is not None, bool(segment)))
    return say(there, place=say(place, site=site, segment=segment)) if place else say(everywhere)


def _where(one: Finding) -> str:
    """The segment in words, its site left out."""
    return wording.segment({name: value for name, value in one.segment.items() if name != "site"})


def _share(one: Finding, told: Circumstances) -> float:
    """What a segment's rate counts for in the market's: its part of the week's items."""
    return one.size / one.gap / told.volume if one.gap > 0 and told.volume else np.nan


def _pairs(one: Finding, told: Circumstances, most: int | None = PAIRS) -> pd.DataFrame:
    """The confusions that make the finding's metric what it is, the costliest first."""
    if told.confusion is None or not len(told.confusion):
        return pd.DataFrame()
    wrong = told.confusion[(told.confusion["rank"] > 0) & (told.confusion["share"] > 0)].sort_values("rank")
    chosen = {
        "critical_accuracy": wrong["critical"], "fpr": wrong["flips"] & ~wrong["violating"],
        "fnr": wrong["flips"] & wrong["violating"],
    }.get(one.metric, wrong["rank"] > 0)  # fmt: skip
    return wrong[chosen].head(len(wrong) if most is None else most)


def _on_pairs(one: Finding, told: Circumstances) -> Recommendation | None:
    pairs = _pairs(one, told)
    if pairs.empty:
        action = say("Look at the errors behind {metric} with the leads", metric=title_of(one.metric))
        return _worded(one, told, "look", action, one.metric)
    named = [taken_for(row.reference_label, row.label) for row in pairs.itertuples()]
    action = say("Retrain on {pairs}", pairs=wording.listed(named))
    ends = [float((pairs["errors"] * pairs[name] / pairs["share"]).sum()) for name in ("share", "ci_low", "ci_high")]
    return _worded(one, told, "retrain", action, "accuracy", gains=tuple(np.array(ends) / told.volume))


def _pair_of(one: Finding, told: Circumstances) -> str:
    """What the finding's label is most often taken for in the market, where it names one."""
    pairs = _pairs(one, told, most=None)
    for column in ("reference_label", "label"):
        if column in one.segment and len(pairs):
            own = pairs[pairs[column] == one.segment[column]]
            if len(own):
                return taken_for(own["reference_label"].iloc[0], own["label"].iloc[0])
    return ""


_COACH = {
    "agent_id": N_forms("Coach {n} flagged agent on the errors found", "Coach {n} flagged agents on the errors found"),
    "auditor_id": N_forms("Coach {n} flagged QA on the errors found", "Coach {n} flagged QAs on the errors found"),
    "site": N_forms("Coach {n} flagged site on the errors found", "Coach {n} flagged sites on the errors found"),
}


def _coached(one: Finding, told: Circumstances) -> Recommendation | None:
    dimension = next(iter(one.segment))
    frames = (people for people in told.people if people.columns[1] == dimension)
    frame = next((people for people in frames if len(people) and people["metric"].iloc[0] == one.metric), None)
    if frame is None or one.metric not in ("error_rate", *_AUDITING):
        return None
    flagged, items = frame[frame["flagged"]], frame["n"].sum()
    names = ("shrunken", "shrunken_low", "shrunken_high")
    gains = tuple(float(((flagged[name] - flagged["expected"]).clip(lower=0) * flagged["n"]).sum() / items) for name in names)
    if one.metric in _AUDITING:
        action = say("Recalibrate QA {names} on what tier 2 found", names=_names(flagged[dimension].tolist()))
        return _worded(one, told, "recalibrate", action, one.metric, gains=gains, people=len(flagged))
    if len(flagged) == 1:
        action = say("Coach {who} on the errors found", who=wording.segment({dimension: one.segment[dimension]}))
    else:
        action = wording.count(len(flagged), *_COACH[dimension])
    people = len(flagged) if dimension == "agent_id" else None
    site = one.segment[dimension] if dimension == "site" else MARKET
    return _worded(one, told, "retrain", action, "accuracy", gains=gains, people=people, site=site)


def _names(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return wording.listed([*names[:MOST_NAMED], *([say("{n} more", n=wording.whole(more))] if more > 0 else [])])


def _worded(
    one: Finding, told: Circumstances, kind: str, action: str, metric: str, share: float = 1.0,
    gains: tuple[float, float, float] | None = None, people: float | None = None, site: str | list[str] | None = None,
) -> Recommendation:  # fmt: skip
    gains = np.array(gains if gains else (one.gap, max(one.gap_low, 0.0), one.gap_high)) * (1.0 if gains else share)
    hours, how = cost(kind, told.staff, one.segment.get("site", MARKET) if site is None else site, people)
    return worded(kind, action, metric, gains, told.volume, hours, how)
