"""The register in words: what is open and overdue, whether closed actions worked, and which kind of action does."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.catalogue import KINDS
from labelqa_lib.translation import N_, say

OTHER = N_("Something else")
_WORDS = {
    "recalibrate": N_("recalibrat, calibrat, second audit, audited"), "clarify": N_("sop, clarif, worked example"),
    "gold": N_("gold"), "retrain": N_("retrain, train, coach, quiz"), "audit": N_("audit"), "move": N_("capacity, move "),
    "tool": N_("tool"), "look": N_("look, review"),
}  # fmt: skip
"""Which kind an action is, by the beginnings of words of its text, in English and in the language that is spoken; the
first that fits."""

OPEN_TITLES = {
    "finding_code": N_("Finding"), "due_on": N_("Due"), "opened_on": N_("Opened"), "overdue": N_("Days overdue"),
    "gain": N_("Expected"), "action": N_("Action"), "owner": N_("Owner"),
}  # fmt: skip
EFFECT_TITLES = {
    "closed_on": N_("Closed"), "before": N_("Before it"), "after": N_("After it"), "verdict": N_("As expected?"),
    "achieved": N_("Achieved"), "expected": N_("Expected"), "action": N_("Action"), "owner": N_("Owner"),
    "opened_on": N_("Opened"),
}  # fmt: skip
LEARNED_TITLES = {
    "kind": N_("Kind of action"), "n": N_("Closed and measured"), "achieved": N_("Achieved"), "expected": N_("Expected"),
}  # fmt: skip


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
        return say("No action is open.")
    said = wording.count(len(left), "{n} action is open", "{n} actions are open")
    if late.empty:
        return say("{said}, none of them overdue.", said=said)
    worst = late.loc[late["overdue"].idxmax()]
    days = wording.count(worst["overdue"], "{n} day", "{n} days")
    return say(
        "{said}, {late} overdue; the longest by {days}: {action} ({owner}).",
        said=said, late=wording.whole(len(late)), days=days, action=worst["action"], owner=worst["owner"],
    )


def worked(effects: pd.DataFrame) -> pd.DataFrame:
    """Frame of `metrics.effects` with a ``verdict`` in words: did the metric move as expected?"""
    shown = effects.drop(columns=["action_id", "reason"])
    return shown.assign(verdict=[_verdict(row) for row in effects.itertuples()])


def _verdict(row) -> str:
    if row.reason:
        return say("cannot be told: {reason}", reason=wording.said(row.reason))
    if row.achieved_low <= 0 <= row.achieved_high:
        return say("within noise")
    if row.achieved < 0:
        return say("it got worse")
    if np.isnan(row.expected):
        return say("it got better; nothing was expected")
    if row.achieved_high < row.expected:
        return say("less than expected")
    return say("more than expected") if row.achieved_low > row.expected else say("as expected")


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
        rows.append((say(kind), len(part), part["expected"].mean(), mean, mean - error, mean + error))
    return pd.DataFrame(rows, columns=["kind", "n", "expected", "achieved", "achieved_low", "achieved_high"])


def kind_of(action: str) -> str:
    """The title of the catalogue's kind that an action's words speak of."""
    words = action.lower()
    known = {kind: f"{said}, {say(said)}".split(", ") for kind, said in _WORDS.items()}
    return next((KINDS[kind].title for kind, said in known.items() if any(_speaks_of(one, words) for one in said)), OTHER)


def _speaks_of(beginning: str, words: str) -> bool:
    """Does a word begin so? Chinese writes no spaces between words: there it may stand anywhere."""
    anywhere = beginning if not beginning.isascii() else rf"\b{re.escape(beginning)}"
    return re.search(anywhere, words) is not None
