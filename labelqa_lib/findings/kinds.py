"""What the evidence of one cause amounts to, in words that the remedy and the answers share."""

from __future__ import annotations

import pandas as pd

from labelqa_lib import wording

BEYOND_CHANCE = 0.01
"""Evidence inside a cause is looked at from many sides: a p-value below this is told as more than chance."""

MOST_OF_IT = 0.5
"""One confusion, auditor or circumstance with at least this share is told as the cause's kind."""

RELEVANT_PACE = 0.1
"""Handle times that moved by less, or may have, are told as unchanged."""


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
    both = " (both ways)" if len(reverse) and reverse["more_low"].iloc[0] > 0 else ""
    return f"{first['reference_label']} taken for {first['label']}{both}"


def changed_pace(pace: pd.DataFrame) -> str:
    """By how much the typical handle time moved, where that is for sure relevant; else nothing."""
    if pace.empty:
        return ""
    row = pace.iloc[0]
    if row["ratio_low"] <= 1 + RELEVANT_PACE and row["ratio_high"] >= 1 - RELEVANT_PACE:
        return ""
    part = wording.interval(row["ratio_low"] - 1, row["ratio_high"] - 1, "rate")
    return (
        f"Handle time {'rose' if row['ratio'] > 1 else 'fell'} from {wording.amount(row['before'], 'seconds')} to "
        f"{wording.amount(row['now'], 'seconds')} ({part})"
    )


def one_auditor(row: pd.Series) -> str:
    """``QA MY-Q03 marks 80.0 % of these errors in 15.0 % of the audits``."""
    return (
        f"QA {row['auditor_id']} marks {wording.amount(row['share_of_errors'], 'rate')} of these errors in "
        f"{wording.amount(row['share_of_audits'], 'rate')} of the audits"
    )


def in_circumstance(row: pd.Series) -> str:
    """``80.0 % of the errors, and 30.0 % of the work, were labelled at night``."""
    return (
        f"{wording.amount(row['errors_now'], 'rate')} of the errors, and {wording.amount(row['rows_now'], 'rate')} of "
        f"the work, were {row['circumstance']}"
    )
