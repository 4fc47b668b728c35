"""One row per judged annotation, with every dimension that was delivered and none that was not."""

from __future__ import annotations

import pandas as pd
import pytest

from labelqa_lib.metrics.audited import DIMENSIONS, audited_rows, dimensions
from labelqa_lib.store import fetch

from .snapshots import MONDAYS, WEEKS, joined, labelled, make, whole


def rows_of(tables, weeks=None) -> pd.DataFrame:
    return fetch(audited_rows(tables, weeks)).set_index("annotation_id")


def test_a_row_for_every_annotation_of_the_rate_sample_with_its_error_and_weight():
    audit = {"inclusion_probability": 0.25, "error_cause": "knowledge", "comment": "see the SOP"}
    tables = make(**joined(labelled("spam>ok ok>ok ok>", audit=audit), labelled("ok>spam", week=WEEKS[0], agent_id="b")))
    rows = rows_of(tables, WEEKS[-1:])
    assert rows["is_error"].tolist() == [1, 0]
    assert rows["weight"].tolist() == [4, 4]
    assert rows["flips"].tolist() == [True, False]
    assert rows["error_cause"].tolist() == ["knowledge"] * 2
    assert rows["comment"].tolist() == ["see the SOP"] * 2
    assert rows["audit_label"].tolist() == ["ok", "ok"]
    assert len(rows_of(tables)) == 3, "all weeks of the tables where none are named"


def test_hours_days_tenure_and_scores_come_in_bands():
    days = [MONDAYS[WEEKS[-1]].date(), (MONDAYS[WEEKS[-1]] + pd.Timedelta(days=6)).date()]
    hours = [5, 6, 13, 14, 21, 22]
    annotations = [
        {"annotation_id": f"n{hour:02d}", "item_id": f"i{hour}", "label": "ok", "local_hour": hour, "agent_id": "a",
         "local_date": days[hour == 22]} for hour in hours
    ]  # fmt: skip
    scores = [0.0, 0.1, 0.5, 0.89, 0.9, None]
    tables = make(
        annotations=annotations,
        audits=[{"annotation_id": row["annotation_id"], "audit_label": "ok"} for row in annotations],
        items=[
            {"item_id": f"i{hour}", "model_score": score, "content_ref": f"ref/{hour}"}
            for hour, score in zip(hours, scores, strict=True)
        ],
        people=[{"person_id": "a", "role": "agent", "started_on": (MONDAYS[WEEKS[-1]] - pd.Timedelta(days=20)).date()}],
    )
    rows = rows_of(tables)
    assert [shift.split()[0] for shift in rows["shift"]] == ["night", *["morning"] * 2, *["afternoon"] * 2, "night"]
    assert rows["score_band"].tolist()[:5] == ["0 to 0.1", "0.1 to 0.5", "0.5 to 0.9", "0.5 to 0.9", "0.9 to 1"]
    assert rows["score_band"].isna().tolist() == [False] * 5 + [True]
    assert rows["weekday"].tolist() == ["Monday"] * 5 + ["Sunday"]
    assert rows["tenure"].tolist() == ["0-2 weeks"] * 5 + ["3-5 weeks"], "20 days on Monday, 26 on Sunday"
    assert rows["content_ref"].tolist() == [f"ref/{hour}" for hour in hours]


@pytest.mark.slow
def test_without_optional_tables_there_are_fewer_dimensions_and_no_failure():
    full, bare = rows_of(whole()), rows_of(whole(items=None, people=None, appeals=None))
    assert list(full.columns) == list(bare.columns)
    assert {"score_band", "tenure"}.isdisjoint(dimensions(bare.reset_index()))
    assert {"site", "label", "agent_id", "auditor_id", "tenure"} <= set(dimensions(full.reset_index()))
    assert set(DIMENSIONS) <= set(bare.columns)


def test_gold_alone_is_a_sample_too():
    tables = make(
        annotations=[{"annotation_id": "n", "item_id": "i", "label": "ok"}],
        gold=[{"item_id": "i", "gold_label": "spam"}],
    )
    rows = rows_of(tables)
    assert rows[["is_error", "weight", "basis"]].to_numpy().tolist() == [[1, 1.0, "gold"]]
    assert rows["auditor_id"].isna().all()


@pytest.mark.slow
def test_the_second_audit_stands_beside_the_first():
    rows = rows_of(whole())
    again = rows[rows["second_label"].notna()]
    assert 0 < len(again) < len(rows)
    assert (again["second_label"] == again["audit_label"]).all()
