"""What speaks for and against each cause, question by question."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.causes import Cause
from labelqa_lib.causes.evidence import Evidence
from labelqa_lib.causes.inside import names
from labelqa_lib.findings.kinds import BEYOND_CHANCE, changed_pace, in_circumstance, of, one_auditor
from labelqa_lib.findings.remedies import remedy
from labelqa_lib.findings.segments import several, where


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
            "Which confusion grew?": _confusion_answer(of(found.confusions, name)),
            "Since when?": _since_answer(of(found.since, name)),
            "What do auditors call it?": _coded_answer(of(found.coded, name)),
            "Did instructions change?": _instruction_answer(of(found.instructions, name)),
            "Who, and at what hours?": _circumstance_answer(of(found.circumstances, name)),
            "Is the work done faster?": _pace_answer(of(found.pace, name)),
            "Did the auditors change instead?": _auditor_answer(of(found.second_audits, name), of(found.auditors, name)),
            "Did gold change?": _gold_answer(of(found.gold, name)),
            "What else could it be?": _alternatives(cause),
            "What to do?": remedies.loc[name, "gain"],
        }
        rows += [(f"{name}: {where(cause.segment)}", *pair) for pair in answers.items() if pair[1]]
    return pd.DataFrame(rows, columns=["group", "question", "answer"])


def _confusion_answer(confusions: pd.DataFrame) -> str:
    said = [
        f"{row.reference_label} taken for {row.label}: {wording.count(row.more, '{n} more error', '{n} more errors')} "
        f"({wording.ends(row.more_low, row.more_high, 'count')}), {wording.amount(row.now, 'rate')} instead of "
        f"{wording.amount(row.before, 'rate')}"
        for row in confusions.itertuples()
        if row.more_low > 0
    ]
    return "; ".join(said) + "." if said else "No single confusion grew beyond noise."


def _since_answer(since: pd.DataFrame) -> str:
    if since.empty:
        return ""
    row = since.iloc[0]
    rates = f"{wording.amount(row['before'], 'rate')} wrong before, {wording.amount(row['after'], 'rate')} since"
    if row["days"] == 1:
        return f"Since {_day(row['day'])}: {rates}."
    return f"Most likely since {_day(row['day'])}, between {_day(row['day_low'])} and {_day(row['day_high'])}: {rates}."


def _day(day: pd.Timestamp) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def _coded_answer(coded: pd.DataFrame) -> str:
    if coded.empty:
        return ""
    first, total = coded.iloc[0], coded["n"].sum()
    before = f" ({wording.amount(first['before'], 'rate')} before)" if np.isfinite(first["before"]) else ""
    code = str(first["error_cause"]).replace("_", " ")
    return f"{first['n']} of {wording.count(total, '{n} coded error', '{n} coded errors')} are put down to {code}{before}."


def _instruction_answer(instructions: pd.DataFrame) -> str:
    if instructions.empty:
        return ""
    row = instructions.sort_values("fits", ascending=False, kind="stable").iloc[0]
    came = f"SOP {row['sop_version']} ({row['summary']}) came into force on {_day(row['effective_from'])}"
    if not np.isfinite(row["jump"]):
        return f"{came}; {row['method']}."
    size = f"{wording.difference(row['jump'], 'rate')} ({wording.ends(row['jump_low'], row['jump_high'], 'points')})"
    verdict = "it fits the day on which this began" if row["fits"] else "it does not fit this cause"
    return f"{came}; the error rate inside jumped by {size}: {verdict}."


def _circumstance_answer(moments: pd.DataFrame) -> str:
    beyond = moments["p_value"] < BEYOND_CHANCE
    said = [in_circumstance(row) for _, row in moments[beyond | moments["p_value"].isna()].iterrows()]
    if moments["p_value"].notna().any() and not beyond.any():
        said.append("new joiners, nights and weekends are not worse than the rest")
    return _sentence(said)


def _pace_answer(pace: pd.DataFrame) -> str:
    return "" if pace.empty else (changed_pace(pace) or "Handle time is as it was") + "."


def _auditor_answer(second: pd.DataFrame, auditor: pd.DataFrame) -> str:
    said = []
    for row in second[second["period"] == "now"].itertuples():
        confirmed = round(row.confirmed * row.rechecked)
        said.append(f"a second audit confirms {confirmed} of {wording.count(row.rechecked, '{n} error', '{n} errors')} looked at again")
    for _, row in auditor.iterrows():
        if row["p_value"] < BEYOND_CHANCE:
            said.append(one_auditor(row))
        else:
            said.append("no QA marks more of them than the others")
    return _sentence(said)


def _sentence(parts: list[str]) -> str:
    """Parts after each other as a sentence; nothing where there are none."""
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _alternatives(cause: Cause) -> str:
    same = f"The very same rows are {several(cause.same_as)}." if cause.same_as else ""
    other = f"The next best descriptions are {several(cause.alternatives)}." if cause.alternatives else ""
    return f"{same} {other}".strip()


def _gold_answer(gold: pd.DataFrame) -> str:
    if gold.empty or not gold["on_changed_gold"].iloc[0]:
        return ""
    row = gold.iloc[0]
    errors = wording.count(row["errors"], "{n} error", "{n} errors")
    return f"{row['on_changed_gold']} of {errors} are on items whose gold label was corrected."
