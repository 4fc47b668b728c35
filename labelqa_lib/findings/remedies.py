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
        size = f"{wording.count(excess[0], '{n} error', '{n} errors')} a week, {wording.difference(gain[0], 'rate')} of accuracy"
        rows.append((name, action, *excess, *gain, because, f"{action}: avoids up to {size}.", kind))
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
        action = f"Settle what is right with the QAs before agents are told ({place})"
        return "Second audits clear most of these errors.", action, "recalibrate"
    gold = of(found.gold, name)
    if len(gold) and gold["on_changed_gold"].iloc[0] >= MOST_OF_IT * gold["errors"].iloc[0]:
        because = "Most of these errors are on items whose gold label was corrected since."
        return because, f"Correct the gold and judge these items again ({place})", "gold"
    auditor = of(found.auditors, name)
    if len(auditor) and auditor["p_value"].iloc[0] < BEYOND_CHANCE and auditor["share_of_errors"].iloc[0] >= MOST_OF_IT:
        who = auditor.iloc[0]
        return f"{one_auditor(who)}.", f"Have the audits of {who['auditor_id']} audited before agents are told", "recalibrate"
    sop = of(found.instructions, name)
    sop = sop[sop["fits"].astype(bool)]
    if len(sop):
        one = sop.iloc[0]
        because = (
            f"It began when SOP {one['sop_version']} ({one['summary']}) came into force: the error rate jumped by "
            f"{wording.difference(one['jump'], 'rate')} ({wording.ends(one['jump_low'], one['jump_high'], 'points')})"
            f"{f', most of it {pair}' if pair else ''}."
        )
        on = f" on {pair}" if pair else ""
        return because, f"Clarify SOP {one['sop_version']}{on}, then quiz agents", "clarify"
    if cause.level == "agents":
        return "It sits with few agents, not with their site.", f"Coach {_who(cause)}{f' on {pair}' if pair else ''}", "retrain"
    if pair:
        return f"One confusion makes most of it: {pair}.", f"Calibrate {_who(cause)} on {pair}", "retrain"
    return _circumstance(name, place, found)


def _who(cause: Cause) -> str:
    """The segment without its labels, which the confusion names."""
    people = {column: values for column, values in cause.segment.items() if column not in ("label", "reference_label")}
    return where(people) if people else "all agents"


def _circumstance(name: str, place: str, found: Evidence) -> tuple[str, str, str]:
    moments = of(found.circumstances, name)
    beyond = moments[(moments["p_value"] < BEYOND_CHANCE) & (moments["errors_now"] >= MOST_OF_IT)]
    if len(beyond):
        one = beyond.iloc[0]
        return f"{in_circumstance(one)}.", f"Look at how work {one['circumstance']} is led ({place})", "look"
    pace = changed_pace(of(found.pace, name))
    if pace:
        return f"{pace}.", f"Ask the leads what changed in the pace of work ({place})", "tool"
    because = "No single confusion, date, auditor or circumstance makes most of it."
    return because, f"Review the examples with the leads ({place})", "look"
