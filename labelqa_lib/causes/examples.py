"""Which items to look at first."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from labelqa_lib.causes.cause import Cause
from labelqa_lib.causes.inside import each
from labelqa_lib.causes.kinds import confusions
from labelqa_lib.translation import say

COLUMNS = ["cause", "item_id", "local_date", "agent_id", "label", "reference_label", "audits", "error_cause", "comment",
           "content_ref"]  # fmt: skip


def examples(audited: pd.DataFrame, causes: Sequence[Cause], recent: Sequence[str], most: int = 20) -> pd.DataFrame:
    """Which errors tell most about each cause?

    Parameters
    ----------
    audited, causes, recent
        As in `kinds.confusions`.
    most : int
        So many errors of each cause.

    Returns
    -------
    DataFrame
        ``cause, item_id, local_date, agent_id, label, reference_label, audits`` (who found which label, in words),
        ``error_cause, comment, content_ref``. First the confusions that grew most; within one, errors that a second
        audit confirmed or an auditor commented on, critical ones, those that swap violating and benign; agents take
        turns, so that the list shows a segment and not one person.
    """
    grown = confusions(audited, causes, recent)
    found = []
    for name, _cause, rows in each(audited, causes, recent):
        wrong = rows[rows["now"] & (rows["is_error"] == 1)].copy()
        pairs = grown[grown["cause"] == name]
        rank = {pair: place for place, pair in enumerate(zip(pairs["reference_label"], pairs["label"], strict=True))}
        seen = zip(wrong["reference_label"], wrong["label"], strict=True)
        wrong["place"] = [rank.get(pair, len(rank)) for pair in seen]
        wrong["told"] = (wrong["second_label"] == wrong["reference_label"]) | wrong["comment"].notna()
        worth = ["place", "told", "critical", "flips", "annotation_id"]
        wrong = wrong.sort_values(worth, ascending=[True, False, False, False, True])
        wrong["turn"] = wrong.groupby(["place", "agent_id"], dropna=False).cumcount()
        wrong = wrong.sort_values(["place", "turn"], kind="stable").head(most)
        found.append(wrong.assign(cause=name, audits=_audits(wrong)))
    return pd.concat(found, ignore_index=True)[COLUMNS] if found else pd.DataFrame(columns=COLUMNS)


def _audits(rows: pd.DataFrame) -> list[str]:
    said = []
    for row in rows.itertuples():
        parts = [] if pd.isna(row.audit_label) else [f"{row.auditor_id}: {row.audit_label}"]
        parts += [] if pd.isna(row.second_label) else [say("second audit: {label}", label=row.second_label)]
        said.append("; ".join(parts) or say("gold: {label}", label=row.reference_label))
    return said
