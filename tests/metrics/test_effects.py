"""Whether a metric moved once an action was closed, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from labelqa_lib.findings.actions import worked
from labelqa_lib.metrics import effects
from labelqa_lib.metrics.effects import measured

from .snapshots import WEEKS, joined, labelled, make


def action(code, opened="2026-11-09", closed="2026-11-06", gain=0.3, status="done"):
    return {"action_id": code, "action": "Train", "finding_code": code, "opened_on": pd.Timestamp(opened),
            "closed_on": pd.Timestamp(closed), "status": status, "expected_gain": gain}  # fmt: skip


@pytest.fixture
def tables():
    better = {"KUL": ("ok>ok ok>spam", "ok>ok ok>ok"), "PEN": ("ok>ok ok>ok", "ok>ok ok>ok")}
    return make(**joined(*(
        labelled(answers, week=week, site=site, agent_id=site)
        for site, weeks in better.items() for week, answers in zip(WEEKS, weeks, strict=True)
    )))  # fmt: skip


def test_the_metric_before_and_after_where_the_finding_was(tables):
    # opened in the second of the two weeks and closed in the first: each side is one week, whatever the order
    frame = effects(tables, pd.DataFrame([action("move:accuracy:site=KUL"), action("move:error_rate:site=KUL")]))
    assert frame[["before", "after"]].to_numpy().tolist() == [[0.5, 1.0], [0.5, 0.0]]
    assert frame["achieved"].tolist() == [0.5, 0.5], "fewer errors are as good as more accuracy"
    assert (frame["achieved_low"] <= frame["achieved"]).all() and (frame["achieved"] <= frame["achieved_high"]).all()
    assert frame["achieved_low"].iloc[0] == pytest.approx(frame["achieved_low"].iloc[1])
    assert frame["reason"].tolist() == ["", ""]


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (action("target:accuracy", opened="2026-11-02"), "no week on its other side"),
        (action("move:accuracy:agent_id=x:moon=full"), "its metric cannot be measured there"),
        (action("move:accuracy:site=NOWHERE"), "not measured on both sides"),
        (action("sampling"), "its finding names no metric"),
        (action("move:nonsense"), "its finding names no metric"),
    ],
)
def test_what_cannot_be_told_has_a_reason(tables, one, reason):
    frame = effects(tables, pd.DataFrame([one]))
    assert frame["reason"].tolist() == [reason] and frame["achieved"].isna().all()


@pytest.mark.parametrize(("code", "audited"), [("target:accuracy", 0.8), ("target:error_rate", 0.2)])
def test_audits_before_and_gold_after_are_not_compared(code, audited):
    rows = [("ok>ok " * 24 + "ok>spam " * 6, WEEKS[0]), ("ok> " * 30, WEEKS[1])]
    parts = joined(*(labelled(answers, week=week, agent_id=f"a{agent}") for answers, week in rows for agent in range(10)))
    gold = [{"item_id": row["item_id"], "gold_label": "ok"} for row in parts["annotations"] if row["week"] == WEEKS[1]]
    frame = effects(make(**parts, gold=gold), pd.DataFrame([action(code)]))
    assert frame[["before", "after"]].to_numpy().tolist() == [[pytest.approx(audited), 1.0 if audited == 0.8 else 0.0]]
    assert frame[["achieved", "achieved_low", "achieved_high"]].isna().all(axis=None)
    assert frame["reason"].tolist() == ["only one of 2026-W46 and 2026-W45 stands on gold"]
    assert worked(frame)["verdict"].tolist() == ["cannot be told: only one of 2026-W46 and 2026-W45 stands on gold"]


def test_only_what_is_done_is_looked_at(tables):
    assert effects(tables, pd.DataFrame([action("target:accuracy", status="dropped")])).empty


def test_codes_name_their_metric_and_place():
    assert measured("cause:site=KUL:reference_label=spam") == ("accuracy", {"site": "KUL", "reference_label": "spam"})
    assert measured("stands-out:error_rate:agent_id") == ("error_rate", {})
