"""A change of accuracy with its interval, and what the mix of each dimension had to do with it."""

from __future__ import annotations

import numpy as np
import pytest

from labelqa_lib.findings.status import cause_status
from labelqa_lib.metrics import change, measure
from labelqa_lib.metrics.mix import accuracy_change, mix_by_dimension

from .snapshots import WEEKS, joined, labelled, make


def work(queue: str, right: int, wrong: int, week: str = WEEKS[-1]) -> dict:
    """Ten agents of a queue with so many right and wrong annotations each, every one audited."""
    answers = "ok>ok " * right + "ok>spam " * wrong
    each = {"queue": queue, "week": week, "content_type": "video"}
    return joined(*(labelled(answers, agent_id=f"{queue}{agent}", **each) for agent in range(10)))


BEFORE = joined(work("easy", 19, 1, WEEKS[0]), work("hard", 12, 8, WEEKS[0]))


@pytest.mark.slow
def test_a_shift_towards_hard_work_is_mix_and_nothing_else():
    tables = make(**joined(BEFORE, work("easy", 19, 1), work("hard", 48, 32)))
    row = accuracy_change(tables).iloc[0]
    assert row[["baseline", "estimate", "difference"]].tolist() == pytest.approx([0.775, 0.67, -0.105])
    assert row["difference_low"] < -0.105 < row["difference_high"]
    (mix,) = mix_by_dimension(tables).to_dict("records")
    assert mix["dimension"] == "queue", "one content type and nothing else delivered cannot shift"
    assert mix["mix"] == pytest.approx(-0.105)
    assert mix["rate"] == pytest.approx(0, abs=1e-9)
    assert mix["mix_high"] < 0
    assert (mix["moved_most"], mix["share_before"], mix["share"]) == ("hard", 0.5, 0.8)


@pytest.mark.slow
def test_worse_work_of_the_same_mix_is_rate():
    (mix,) = mix_by_dimension(make(**joined(BEFORE, work("easy", 12, 8), work("hard", 12, 8)))).to_dict("records")
    assert mix["rate"] == pytest.approx(-0.175)
    assert mix["rate_high"] < 0
    assert mix["mix"] == pytest.approx(0, abs=1e-9)


def test_one_week_cannot_be_compared_and_says_why():
    tables = make(weeks=WEEKS[1:], **work("easy", 9, 1))
    row = accuracy_change(tables).iloc[0]
    assert np.isnan(row["difference"])
    assert "no earlier week" in row["reason"]
    assert mix_by_dimension(tables).empty


def test_a_week_still_to_be_audited_says_why():
    tables = make(**joined(work("easy", 9, 1, WEEKS[0]), labelled("ok> ok>")))
    row = accuracy_change(tables).iloc[0]
    assert np.isnan(row["difference"])
    assert row["reason"] == f"no judged annotations in {WEEKS[1]}"


def on_gold_and_on_audits(gold: str, audits: str) -> dict:
    """Ten agents of 30 annotations a week: all right by gold in the one, four in five by audits in the other."""
    rows = {gold: "ok> " * 30, audits: "ok>ok " * 24 + "ok>spam " * 6}
    parts = joined(*(labelled(rows[week], week=week, agent_id=f"a{agent}") for week in WEEKS for agent in range(10)))
    checked = {row["annotation_id"] for row in parts["audits"]}
    items = [row["item_id"] for row in parts["annotations"] if row["annotation_id"] not in checked]
    return parts | {"gold": [{"item_id": item, "gold_label": "ok"} for item in items]}


@pytest.mark.parametrize("gold", WEEKS)
def test_a_week_on_gold_is_not_compared_with_one_on_audits(gold):
    audits = WEEKS[1 - WEEKS.index(gold)]
    tables = make(**on_gold_and_on_audits(gold, audits))
    row = accuracy_change(tables).iloc[0]
    assert sorted([row["baseline"], row["estimate"]]) == [pytest.approx(0.8), 1]
    assert row[["difference", "difference_low", "difference_high"]].isna().all() and not row["more_than_noise"]
    assert row["reason"] == "only one of 2026-W46 and 2026-W45 stands on gold"
    assert row["reason"] == change(measure(tables, "accuracy", ["week"])).iloc[0]["reason"]
    assert cause_status(accuracy_change(tables), []) == (
        "Whether quality dropped cannot be said: only one of 2026-W46 and 2026-W45 stands on gold."
    )
