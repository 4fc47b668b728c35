"""The register in words: what is open and overdue, whether closed actions worked, and which kind of action does."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.catalogue import KINDS

OTHER = "Something else"
_WORDS = {
    "recalibrate": ("recalibrat", "calibrat", "second audit", "audited"), "clarify": ("sop", "clarif", "worked example"),
    "gold": ("gold",), "retrain": ("retrain", "train", "coach", "quiz"), "audit": ("audit",), "move": ("capacity", "move "),
    "tool": ("tool",), "look": ("look", "review"),
}  # fmt: skip
"""Which kind an action is, by the words of its text; the first that fits."""

OPEN_TITLES = {"finding_code": "Finding", "due_on": "Due", "opened_on": "Opened", "overdue": "Days overdue", "gain": "Expected"}
EFFECT_TITLES = {"closed_on": "Closed", "before": "Before it", "after": "After it", "verdict": "As expected?"}
LEARNED_TITLES = {"kind": "Kind of action", "n": "Closed and measured", "achieved": "Achieved", "expected": "Expected"}


def open_actions(register: pd.DataFrame) -> pd.DataFrame:
    """What somebody has to do, the longest overdue first: ``action, owner, due_on, overdue, finding_code, gain``."""
    left = register[register["status"].isin(("open", "doing"))]
    left = left.sort_values(["overdue", "due_on"], ascending=[False, True], kind="stable", ignore_index=True)
    return left[["action", "owner", "opened_on", "due_on", "overdue", "finding_code"]].assign(gain=left["expected_gain"])


def register_sentence(register: pd.DataFrame) -> str:
    """How many actions are open, and how many of them overdue?"""
    left = register[register["status"].isin(("open", "doing"))]
    late = left[left["overdue"] > 0]
    if left.empty:
        return "No action is open."
    said = f"{wording.count(len(left), '{n} action is', '{n} actions are')} open"
    if late.empty:
        return f"{said}, none of them overdue."
    worst = late.loc[late["overdue"].idxmax()]
    days = wording.count(worst["overdue"], "{n} day", "{n} days")
    return f"{said}, {len(late)} overdue; the longest by {days}: {worst['action']} ({worst['owner']})."


def worked(effects: pd.DataFrame) -> pd.DataFrame:
    """Frame of `metrics.effects` with a ``verdict`` in words: did the metric move as expected?"""
    shown = effects.drop(columns=["action_id", "reason"])
    return shown.assign(verdict=[_verdict(row) for row in effects.itertuples()])


def _verdict(row) -> str:
    if row.reason:
        return f"cannot be told: {row.reason}"
    if row.achieved_low <= 0 <= row.achieved_high:
        return "within noise"
    if row.achieved < 0:
        return "it got worse"
    if np.isnan(row.expected):
        return "it got better; nothing was expected"
    return "less than expected" if row.achieved_high < row.expected else "more than expected" if row.achieved_low > row.expected else "as expected"


def learned(effects: pd.DataFrame) -> pd.DataFrame:
    """Which kind of action works: ``kind, n, expected, achieved, achieved_low, achieved_high``.

    Means over the closed actions of each kind on rates that could be measured on both sides, with a 95 % interval from
    those of the single ones.
    """
    known = effects[(effects["unit"] == "rate") & effects["achieved"].notna() & effects["achieved_low"].notna()]
    known = known.assign(kind=[kind_of(action) for action in known["action"]])
    rows = []
    for kind, part in known.groupby("kind", sort=True):
        half = (part["achieved_high"] - part["achieved_low"]) / 2
        error, mean = float(np.sqrt((half**2).sum()) / len(part)), part["achieved"].mean()
        rows.append((kind, len(part), part["expected"].mean(), mean, mean - error, mean + error))
    return pd.DataFrame(rows, columns=["kind", "n", "expected", "achieved", "achieved_low", "achieved_high"])


def kind_of(action: str) -> str:
    """The title of the catalogue's kind that an action's words speak of."""
    words = action.lower()
    return next((KINDS[kind].title for kind, said in _WORDS.items() if any(one in words for one in said)), OTHER)
