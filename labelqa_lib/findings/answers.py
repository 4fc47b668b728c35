"""What speaks for and against each cause, question by question."""

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
    RELEVANT_PACE,
    changed_pace,
    in_circumstance,
    of,
    one_auditor,
    taken_for,
)
from labelqa_lib.findings.remedies import remedy
from labelqa_lib.findings.segments import several, where
from labelqa_lib.translation import N_, say


def told(causes: Sequence[Cause], found: Evidence) -> pd.DataFrame:
    """What the evidence says of each cause, question by question.

    Returns
    -------
    DataFrame
        ``group`` (the cause in words), ``question, answer``: an action closes each cause.
    """
    remedies = remedy(causes, found).set_index("cause")
    rows = []
    for name, cause in zip(names(causes), causes, strict=True):
        answers = {
            say("Which confusion grew?"): _confusion_answer(of(found.confusions, name)),
            say("Since when?"): _since_answer(of(found.since, name)),
            say("What do auditors call it?"): _coded_answer(of(found.coded, name)),
            say("Did instructions change?"): _instruction_answer(of(found.instructions, name)),
            say("Who, and at what hours?"): _circumstance_answer(of(found.circumstances, name)),
            say("Is the work done faster?"): _pace_answer(of(found.pace, name)),
            say("Did the auditors change instead?"): _auditor_answer(of(found.second_audits, name), of(found.auditors, name)),
            say("Did gold change?"): _gold_answer(of(found.gold, name)),
            say("What else could it be?"): _alternatives(cause),
            say("What to do?"): remedies.loc[name, "gain"],
        }
        rows += [(say("{cause}: {segment}", cause=name, segment=where(cause.segment)), *pair) for pair in answers.items() if pair[1]]
    return pd.DataFrame(rows, columns=["group", "question", "answer"])


def _confusion_answer(confusions: pd.DataFrame) -> str:
    said = [
        say(
            "{pair}: {errors} ({interval}), {now} instead of {before}",
            pair=taken_for(row.reference_label, row.label),
            errors=wording.count(row.more, "{n} more error", "{n} more errors"),
            interval=wording.ends(row.more_low, row.more_high, "count"), now=wording.amount(row.now, "rate"),
            before=wording.amount(row.before, "rate"),
        )
        for row in confusions.itertuples()
        if row.more_low > 0
    ]
    if not said:
        return say("No single confusion grew beyond noise.")
    return say("{said}.", said=say("; ").join(said))


def _since_answer(since: pd.DataFrame) -> str:
    if since.empty:
        return ""
    row = since.iloc[0]
    rates = say(
        "{before} wrong before, {after} since",
        before=wording.amount(row["before"], "rate"), after=wording.amount(row["after"], "rate"),
    )
    if row["days"] == 1:
        return say("Since {day}: {rates}.", day=wording.weekday(row["day"]), rates=rates)
    return say(
        "Most likely since {day}, between {day_low} and {day_high}: {rates}.",
        day=wording.weekday(row["day"]),
        day_low=wording.weekday(row["day_low"]),
        day_high=wording.weekday(row["day_high"]),
        rates=rates,
    )


def _coded_answer(coded: pd.DataFrame) -> str:
    if coded.empty:
        return ""
    first, total = coded.iloc[0], coded["n"].sum()
    return say(
        N_("{n} of {errors} are put down to {code} ({before} before).")
        if np.isfinite(first["before"])
        else N_("{n} of {errors} are put down to {code}."),
        n=wording.whole(first["n"]),
        errors=wording.count(total, "{n} coded error", "{n} coded errors"),
        code=str(first["error_cause"]).replace("_", " "),
        before=wording.amount(first["before"], "rate"),
    )


def _instruction_answer(instructions: pd.DataFrame) -> str:
    if instructions.empty:
        return ""
    row = instructions.sort_values("fits", ascending=False, kind="stable").iloc[0]
    came = say(
        "SOP {sop_version} ({summary}) came into force on {day}",
        sop_version=row["sop_version"], summary=row["summary"], day=wording.weekday(row["effective_from"]),
    )  # fmt: skip
    if not np.isfinite(row["jump"]):
        return wording.parts(came, wording.said(row["method"]))
    jumped = say(
        N_("the error rate inside jumped by {change} ({interval}): it fits the day on which this began")
        if row["fits"]
        else N_("the error rate inside jumped by {change} ({interval}): it does not fit this cause"),
        change=wording.difference(row["jump"], "rate"),
        interval=wording.ends(row["jump_low"], row["jump_high"], "points"),
    )
    return wording.parts(came, jumped)


_TESTED = {
    "labelled by agents in their first six weeks": N_("new joiners"),
    "labelled at night (22-06 local time)": N_("nights"),
    "labelled on Saturday or Sunday": N_("weekends"),
}


def _circumstance_answer(moments: pd.DataFrame) -> str:
    beyond = moments["p_value"] < BEYOND_CHANCE
    said = [in_circumstance(row) for _, row in moments[beyond | moments["p_value"].isna()].iterrows()]
    if moments["p_value"].notna().any() and not beyond.any():
        tested = wording.listed([say(_TESTED[one]) for one in moments.loc[moments["p_value"].notna(), "circumstance"]])
        said.append(say("{circumstances} are not shown to be worse than the rest", circumstances=tested))
    return wording.parts(*said)


def _pace_answer(pace: pd.DataFrame) -> str:
    if pace.empty:
        return ""
    low, high = pace.iloc[0][["ratio_low", "ratio_high"]] - 1
    unmoved = (
        say("Handle time is as it was")
        if max(-low, high) < RELEVANT_PACE
        else say(
            "Whether handle time moved by {least} or more cannot be told ({interval})",
            least=wording.amount(RELEVANT_PACE, "rate"), interval=wording.interval(low, high, "rate"),
        )
    )  # fmt: skip
    return wording.parts(changed_pace(pace) or unmoved)


def _auditor_answer(second: pd.DataFrame, auditor: pd.DataFrame) -> str:
    said = []
    for row in second[second["period"] == "now"].itertuples():
        confirmed = round(row.confirmed * row.rechecked)
        errors = wording.count(row.rechecked, "{n} error", "{n} errors")
        confirmed = wording.whole(confirmed)
        said.append(say("a second audit confirms {n} of {errors} looked at again", n=confirmed, errors=errors))
    for _, row in auditor.iterrows():
        if row["p_value"] < BEYOND_CHANCE:
            said.append(one_auditor(row))
        else:
            said.append(say("no QA marks more of them than the others"))
    return wording.parts(*said)


def _alternatives(cause: Cause) -> str:
    same = say("The very same rows are {segments}.", segments=several(cause.same_as)) if cause.same_as else ""
    others = several(cause.alternatives)
    other = say("The next best descriptions are {segments}.", segments=others) if cause.alternatives else ""
    return wording.sentences(same, other)


def _gold_answer(gold: pd.DataFrame) -> str:
    if gold.empty or not gold["on_changed_gold"].iloc[0]:
        return ""
    row = gold.iloc[0]
    errors = wording.count(row["errors"], "{n} error", "{n} errors")
    return say(
        "{n} of {errors} are on items whose gold label was corrected.",
        n=wording.whole(row["on_changed_gold"]), errors=errors,
    )
