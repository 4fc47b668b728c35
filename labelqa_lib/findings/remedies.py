"""What kind of cause it is, what to do about it, and what that would gain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.causes import Cause
from labelqa_lib.causes.evidence import Evidence
from labelqa_lib.causes.inside import names
from labelqa_lib.findings.kinds import (
    BEYOND_CHANCE,
    MOST_OF_IT,
    changed_pace,
    in_circumstance,
    main_confusion,
    of,
    one_auditor,
)
from labelqa_lib.findings.segments import where
from labelqa_lib.translation import N_, say

CONFIRMED = 0.7
"""Where even the upper bound of confirmed errors lies below this, the audits are looked at before the agents."""


def remedy(causes: Sequence[Cause], found: Evidence) -> pd.DataFrame:
    """What kind of cause each is, what to do about it, and what that would gain at most.

    Returns
    -------
    DataFrame
        ``cause, action`` (in a few words), ``avoids, avoids_low, avoids_high`` (errors a week: the excess), ``points,
        points_low, points_high`` (the same as accuracy of the market), ``because`` (what the kind rests on) and ``gain``
        (action and gain), both sentences, and ``kind``, a name in `catalogue.KINDS`.
    """
    rows = []
    for name, cause in zip(names(causes), causes, strict=True):
        because, action, kind = _remedy(name, cause, found)
        excess = np.array([cause.excess_errors, max(cause.ci_low, 0.0), cause.ci_high])
        gain = excess / found.volume if found.volume else np.full(3, np.nan)
        size = {"errors": wording.count(excess[0], "{n} error", "{n} errors"), "change": wording.difference(gain[0], "rate")}
        avoids = say("{action}: avoids up to {errors} a week, {change} of accuracy.", action=action, **size)
        rows.append((name, action, *excess, *gain, because, avoids, kind))
    columns = ["cause", "action", "avoids", "avoids_low", "avoids_high", "points", "points_low", "points_high", "because"]
    return pd.DataFrame(rows, columns=[*columns, "gain", "kind"])


def actions(causes: Sequence[Cause], found: Evidence) -> pd.DataFrame:
    """What to do, and what it would gain: `remedy` without its sentences, the largest gain first."""
    table = remedy(causes, found).drop(columns=["because", "gain", "kind"])
    return table.sort_values("avoids", ascending=False, kind="stable", ignore_index=True)


def _remedy(name: str, cause: Cause, found: Evidence) -> tuple[str, str, str]:
    """The first kind whose evidence is beyond chance: what it rests on, what to do, and the kind of that."""
    place, pair = where(cause.segment), main_confusion(of(found.confusions, name))
    second = of(found.second_audits, name).query("period == 'now'")
    if len(second) and second["confirmed_high"].iloc[0] < CONFIRMED:
        action = say("Settle what is right with the QAs before agents are told ({place})", place=place)
        return say("Second audits clear most of these errors."), action, "recalibrate"
    gold = of(found.gold, name)
    if len(gold) and gold["on_changed_gold"].iloc[0] >= MOST_OF_IT * gold["errors"].iloc[0]:
        because = say("Most of these errors are on items whose gold label was corrected since.")
        return because, say("Correct the gold and judge these items again ({place})", place=place), "gold"
    auditor = of(found.auditors, name)
    if len(auditor) and auditor["p_value"].iloc[0] < BEYOND_CHANCE and auditor["share_of_errors"].iloc[0] >= MOST_OF_IT:
        who = auditor.iloc[0]
        action = say("Have the audits of {auditor_id} audited before agents are told", auditor_id=who["auditor_id"])
        return wording.parts(one_auditor(who)), action, "recalibrate"
    sop = of(found.instructions, name)
    sop = sop[sop["fits"].astype(bool)]
    if len(sop):
        one = sop.iloc[0]
        because = say(
            N_(
                "It began when SOP {sop_version} ({summary}) came into force: the error rate jumped by {change} ({interval}), "
                "most of it {pair}."
            )
            if pair
            else N_(
                "It began when SOP {sop_version} ({summary}) came into force: the error rate jumped by {change} ({interval})."
            ),
            sop_version=one["sop_version"],
            summary=one["summary"],
            change=wording.difference(one["jump"], "rate"),
            interval=wording.ends(one["jump_low"], one["jump_high"], "points"),
            pair=pair,
        )
        action = N_("Clarify SOP {sop_version} on {pair}, then quiz agents") if pair else N_("Clarify SOP {sop_version}, then quiz agents")
        return because, say(action, sop_version=one["sop_version"], pair=pair), "clarify"
    if cause.level == "agents":
        action = say(N_("Coach {who} on {pair}") if pair else N_("Coach {who}"), who=_who(cause), pair=pair)
        return say("It sits with few agents, not with their site."), action, "retrain"
    if pair:
        action = say("Calibrate {who} on {pair}", who=_who(cause), pair=pair)
        return say("One confusion makes most of it: {pair}.", pair=pair), action, "retrain"
    return _circumstance(name, place, found)


def _who(cause: Cause) -> str:
    """The segment without its labels, which the confusion names."""
    people = {column: values for column, values in cause.segment.items() if column not in ("label", "reference_label")}
    return where(people) if people else say("all agents")


def _circumstance(name: str, place: str, found: Evidence) -> tuple[str, str, str]:
    moments = of(found.circumstances, name)
    beyond = moments[(moments["p_value"] < BEYOND_CHANCE) & (moments["errors_now"] >= MOST_OF_IT)]
    if len(beyond):
        one = beyond.iloc[0]
        action = say("Look at how work {circumstance} is led ({place})", circumstance=say(one["circumstance"]), place=place)
        return wording.parts(in_circumstance(one)), action, "look"
    pace = changed_pace(of(found.pace, name))
    if pace:
        return wording.parts(pace), say("Ask the leads what changed in the pace of work ({place})", place=place), "tool"
    because = say("No single confusion, date, auditor or circumstance makes most of it.")
    return because, say("Review the examples with the leads ({place})", place=place), "look"
