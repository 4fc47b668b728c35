"""Appeals by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.metrics import measure

from .snapshots import MONDAYS, WEEKS, labelled, make

MONDAY = MONDAYS[WEEKS[-1]]


def appeals(*entries) -> list[dict]:
    """Entries are the number of the annotation appealed, the outcome and the days to resolve."""
    return [
        {
            "appeal_id": str(place), "target": "annotation", "annotation_id": f"2026-W46-a-{number}",
            "raised_by": "customer", "raised_at": MONDAY, "raised_week": WEEKS[-1], "outcome": outcome,
            "resolved_at": MONDAY + pd.Timedelta(days=days) if days else pd.NaT,
            "resolved_week": WEEKS[-1] if days else None,
        }
        for place, (number, outcome, days) in enumerate(entries)
    ]  # fmt: skip


ENTRIES = [(0, "overturned", 1), (1, "upheld", 2), (2, "upheld", 4), (3, "pending", None), (0, "withdrawn", 3)]
TABLES = {"annotations": labelled(" ".join(["spam>"] * 20), site="K")["annotations"]}


def test_appeal_rate_counts_annotations_once():
    row = measure(make(**TABLES, appeals=appeals(*ENTRIES)), "appeal_rate").iloc[0]
    assert (row["estimate"], row["n"]) == (pytest.approx(4 / 20), 20)
    assert row["ci_low"] < 0.2 < row["ci_high"]


def test_appeals_of_audits_are_not_appeals_of_annotations():
    against_audit = [row | {"target": "audit"} for row in appeals(*ENTRIES)]
    row = measure(make(**TABLES, appeals=against_audit), "appeal_rate").iloc[0]
    assert row["estimate"] == 0
    assert row["ci_high"] > 0.05


def test_more_appeals_than_annotations_is_no_rate():
    few = {"annotations": TABLES["annotations"][:2]}
    row = measure(make(**few, appeals=appeals(*ENTRIES)), "appeal_rate").iloc[0]
    assert np.isnan(row["estimate"])
    assert row["reason"] == "more appeals than annotations"


def test_overturn_rate_is_of_resolved_appeals():
    row = measure(make(**TABLES, appeals=appeals(*ENTRIES)), "overturn_rate").iloc[0]
    assert (row["estimate"], row["n"]) == (pytest.approx(1 / 3), 3)


def test_an_outcome_without_its_time_counts_in_the_week_in_which_it_was_raised():
    tables = make(**TABLES, appeals=appeals(*ENTRIES, (4, "overturned", None)))
    row = measure(tables, "overturn_rate").iloc[0]
    assert (row["estimate"], row["n"]) == (pytest.approx(2 / 4), 4)


def test_appeals_keep_their_segment_and_those_from_before_have_none():
    tables = make(**TABLES, appeals=appeals(*ENTRIES, (99, "overturned", 1)))
    frame = measure(tables, "overturn_rate", by=["site"]).set_index("site")
    assert frame["n"].to_dict() == {"K": 3, "not given": 1}


def test_pending_appeals_wait_until_the_data_ends():
    # at risk 5: one resolved on day 1 (4/5), one on day 2 (3/5), one withdrawn on day 3, on day 4 one of 2 (3/10)
    tables = make(**TABLES, appeals=appeals(*ENTRIES))
    median = measure(tables, "days_to_resolve").iloc[0]
    assert (median["estimate"], median["n"]) == (4, 5)
    slow = measure(tables, "days_to_resolve_p90").iloc[0]
    assert np.isnan(slow["estimate"]) and "90 %" in slow["reason"]


def test_dropping_the_pending_would_be_another_answer():
    resolved = [entry for entry in ENTRIES if entry[1] in ("overturned", "upheld")]
    assert measure(make(**TABLES, appeals=appeals(*resolved)), "days_to_resolve")["estimate"].tolist() == [2]


def test_an_outcome_without_its_time_is_no_resolution_at_the_end_of_the_data():
    entries = [(0, "overturned", 1), (1, "upheld", 2), (2, "upheld", None)]
    frame = measure(make(**TABLES, appeals=appeals(*entries)), "days_to_resolve_p90")
    assert frame["estimate"].isna().all() and frame["n"].tolist() == [3]
