"""Confusions, hours and tenure by hand."""

from __future__ import annotations

from datetime import date

import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.metrics import by_hour, confusion, measure, tenure

from .snapshots import WEEKS, joined, labelled, make, whole

ANSWERS = "ok>ok ok>ok ok>spam spam>hate spam>hate hate>hate"


def test_confusion_by_hand():
    frame = confusion(make(**labelled(ANSWERS))).set_index(["reference_label", "label"])
    assert frame["n"].to_dict() == {
        ("ok", "ok"): 2, ("spam", "ok"): 1, ("hate", "spam"): 2, ("hate", "hate"): 1,
    }  # fmt: skip
    assert frame.loc[("hate", "spam"), ["share", "n_reference"]].tolist() == [pytest.approx(2 / 3), 3]
    assert frame["flips"].to_dict()[("spam", "ok")] and not frame["flips"].to_dict()[("hate", "spam")]
    assert frame["critical"].tolist() == [False, False, True, False]
    # two inside the violating class cost as much as one that flips; the larger share does not outrank it
    assert frame["cost"].tolist() == [0, 2, 2, 0]
    assert sorted(frame["rank"]) == [0, 0, 1, 2]
    assert frame["violating"].tolist() == [False, True, True, True]
    assert (frame["ci_low"] <= frame["share"]).all() and (frame["share"] <= frame["ci_high"]).all()


def test_costs_given_replace_the_usual_ones():
    tables = make(**labelled(ANSWERS))
    costly = confusion(tables, costs={"hate": {"spam": 5}, "spam": {"ok": 0.5}}).set_index(["reference_label", "label"])
    assert costly["cost"].to_dict() == {("ok", "ok"): 0, ("spam", "ok"): 0.5, ("hate", "spam"): 10, ("hate", "hate"): 0}
    with pytest.raises(UsageError, match="'hatred' is not in the label set; it has hate, ok, spam"):
        confusion(tables, costs={"hatred": {"ok": 3}})


def test_confusion_is_weighted_and_agrees_with_recall():
    tables = whole()
    right = confusion(tables).query("reference_label == label").set_index("label")
    recall = measure(tables, "recall", ["label"]).set_index("label")
    for column in ("share", "ci_low", "ci_high"):
        expected = recall[{"share": "estimate"}.get(column, column)]
        assert right[column].to_dict() == pytest.approx(expected.to_dict())


def test_confusion_of_nothing_is_an_empty_frame():
    for tables in (make(annotations=[]), make(**labelled("ok>"))):
        frame = confusion(tables)
        assert frame.empty and {"reference_label", "label", "n", "share", "rank"} <= set(frame)


def test_hours_carry_rate_and_volume():
    parts = labelled("ok>ok ok>spam ok> ok>ok", audit={"inclusion_probability": 0.5})
    for row, hour in zip(parts["annotations"], (10, 10, 10, 9), strict=True):
        row["local_hour"] = hour
    frame = by_hour(make(**parts))
    assert frame[["local_hour", "estimate", "n", "volume"]].to_numpy().tolist() == [[9, 0, 1, 1], [10, 0.5, 2, 3]]


def test_hours_in_which_nothing_was_audited_are_there_with_their_volume():
    parts = labelled("ok>ok ok> ok>", agent_id="a")
    for row, hour in zip(parts["annotations"], (10, 3, 3), strict=True):
        row["local_hour"] = hour
    frame = by_hour(make(**parts))
    assert frame[["local_hour", "n", "volume"]].to_numpy().tolist() == [[3, 0, 2], [10, 1, 1]]
    assert frame["estimate"].isna().tolist() == [True, False]
    assert frame["reason"].tolist() == ["no judged annotations in 2026-W46", ""]


def test_hours_of_what_is_no_share_or_was_not_judged():
    with pytest.raises(UsageError, match="accuracy"):
        by_hour(whole(), "aht")
    frame = by_hour(make(annotations=[]))
    assert frame["estimate"].isna().all() and frame["reason"].iloc[0].startswith("needs audits or gold")


def test_tenure_by_hand():
    people = [
        {"person_id": agent, "role": "agent", "started_on": started}
        for agent, started in (("new", date(2026, 10, 20)), ("old", date(2025, 1, 1)), ("future", date(2027, 1, 1)))
    ]
    parts = joined(
        labelled("ok>ok ok>spam", agent_id="new"),  # 20 days
        labelled("ok>ok", agent_id="new", week=WEEKS[0]),  # 13 days
        labelled("ok>ok", agent_id="old"),
        labelled("ok>spam", agent_id="future"),
        labelled("ok>spam", agent_id="unknown"),
    )
    frame = tenure(make(**parts, people=people), weeks=WEEKS)
    assert frame[["tenure", "estimate", "n"]].to_numpy().tolist() == [
        ["0-2 weeks", pytest.approx(2 / 3), 3], ["12+ weeks", 1, 1],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "need"), [(labelled("ok>ok"), "people"), (labelled("ok>ok") | {"people": []}, "annotations.agent_id")]
)
def test_tenure_says_what_it_needs(parts, need):
    assert tenure(make(**parts))["reason"].tolist() == [f"needs {need}; not delivered"]


def test_a_week_whose_audits_are_still_to_come_says_so():
    parts = joined(labelled("ok>ok", week=WEEKS[0], agent_id="a"), labelled("ok>", agent_id="a"))
    tables = make(**parts, people=[{"person_id": "a", "role": "agent", "started_on": date(2026, 10, 1)}])
    for frame in (by_hour(tables), tenure(tables)):
        assert frame["estimate"].isna().tolist() == [True] and "in 2026-W46" in frame["reason"].iloc[0]


def test_errors_and_costs_are_those_of_a_week_also_where_weeks_are_pooled():
    tables = make(**joined(labelled("spam>ok ok>ok ok>ok"), labelled("spam>ok spam>ok ok>ok", WEEKS[0])))
    frame = confusion(tables, WEEKS).set_index(["reference_label", "label"])
    assert frame.loc[("ok", "spam"), ["n", "errors", "cost"]].tolist() == [3, 1.5, 3.0]
    assert confusion(tables).set_index(["reference_label", "label"]).loc[("ok", "spam"), "errors"] == 1
