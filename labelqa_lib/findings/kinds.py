"""What the evidence of one cause amounts to, in words that the remedy and the answers share."""

from __future__ import annotations

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.translation import N_, say

BEYOND_CHANCE = 0.01
"""Evidence inside a cause is looked at from many sides: a p-value below this is told as more than chance."""

MOST_OF_IT = 0.5
"""One confusion, auditor or circumstance with at least this share is told as the cause's kind."""

RELEVANT_PACE = 0.1
"""Handle times that moved by less, or may have, are not told as changed."""


def of(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of one cause."""
    return frame[frame["cause"] == name]


def main_confusion(confusions: pd.DataFrame) -> str:
    """The confusion that makes most of the growth, both ways where the second is its reverse; else nothing."""
    if confusions.empty:
        return ""
    first = confusions.iloc[0]
    back = (confusions["label"] == first["reference_label"]) & (confusions["reference_label"] == first["label"])
    reverse = confusions[back]
    if first["part"] + reverse["part"].sum() < MOST_OF_IT or first["more_low"] <= 0:
        return ""
    pair = taken_for(first["reference_label"], first["label"])
    return say("{pair} (both ways)", pair=pair) if len(reverse) and reverse["more_low"].iloc[0] > 0 else pair


def taken_for(reference: str, given: str) -> str:
    """``counterfeit taken for benign``."""
    return say("{reference} taken for {given}", reference=reference, given=given)


def changed_pace(pace: pd.DataFrame) -> str:
    """By how much the typical handle time moved, where that is for sure relevant; else nothing."""
    if pace.empty:
        return ""
    row = pace.iloc[0]
    if row["ratio_low"] <= 1 + RELEVANT_PACE and row["ratio_high"] >= 1 - RELEVANT_PACE:
        return ""
    part = wording.interval(row["ratio_low"] - 1, row["ratio_high"] - 1, "rate")
    return say(
        N_("Handle time rose from {before} to {now} ({interval})")
        if row["ratio"] > 1
        else N_("Handle time fell from {before} to {now} ({interval})"),
        before=wording.amount(row["before"], "seconds"),
        now=wording.amount(row["now"], "seconds"),
        interval=part,
    )


def one_auditor(row: pd.Series) -> str:
    """``QA MY-Q03 marks 80.0 % of these errors in 15.0 % of the audits``."""
    return say(
        "QA {auditor_id} marks {share_of_errors} of these errors in {share_of_audits} of the audits",
        auditor_id=row["auditor_id"], share_of_errors=wording.amount(row["share_of_errors"], "rate"),
        share_of_audits=wording.amount(row["share_of_audits"], "rate"),
    )


def in_circumstance(row: pd.Series) -> str:
    """``80.0 % of the errors, and 30.0 % of the work, were labelled at night``."""
    return say(
        "{errors_now} of the errors, and {rows_now} of the work, were {circumstance}",
        errors_now=wording.amount(row["errors_now"], "rate"), rows_now=wording.amount(row["rows_now"], "rate"),
        circumstance=say(row["circumstance"]),
    )
