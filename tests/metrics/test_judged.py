"""Which annotations are judged, against which label, and how much each weighs."""

from __future__ import annotations

import pandas as pd
import pytest

from labelqa_lib.metrics import measure
from labelqa_lib.metrics.judged import judged, sample
from labelqa_lib.store import fetch

from .snapshots import WEEKS, joined, labelled, make

RANDOM, RISK = {"sampling_reason": "random"}, {"sampling_reason": "risk"}


def of(tables) -> pd.DataFrame:
    return fetch(judged(tables)).set_index("annotation_id").sort_index()


def test_reference_is_appeal_then_tier_2_then_tier_1_then_gold():
    names = ["appealed", "second", "first", "gold"]
    tables = make(
        annotations=[{"annotation_id": name, "item_id": "i", "label": "ok"} for name in names],
        audits=[
            *({"annotation_id": name, "audit_label": "ok"} for name in names[:3]),
            *({"annotation_id": name, "audit_label": "spam", "tier": 2} for name in names[:2]),
        ],
        appeals=[
            {"appeal_id": "1", "annotation_id": "appealed", "outcome": "overturned", "final_label": "hate"},
            {"appeal_id": "2", "annotation_id": "second", "outcome": "pending"},
        ],
        gold=[{"item_id": "i", "gold_label": "hate"}],
    )
    assert of(tables)["reference_label"].to_dict() == {
        "appealed": "hate", "second": "spam", "first": "ok", "gold": "hate",
    }  # fmt: skip


def test_of_several_resolved_appeals_the_last_counts():
    appeal = {"annotation_id": "2026-W46-a-0", "outcome": "upheld"}
    tables = make(
        **labelled("ok>ok"),
        appeals=[
            appeal | {"appeal_id": "1", "final_label": "spam", "resolved_at": pd.Timestamp("2026-11-12")},
            appeal | {"appeal_id": "2", "final_label": "hate", "resolved_at": pd.Timestamp("2026-11-11")},
        ],
    )
    assert of(tables)["reference_label"].tolist() == ["spam"]


def test_a_known_chance_weighs_its_inverse_whatever_the_reason():
    tables = make(
        **joined(
            labelled("ok>ok", agent_id="a", audit={"inclusion_probability": 0.25}),
            labelled("ok>ok", agent_id="b", audit=RISK | {"inclusion_probability": 0.5}),
        )
    )
    assert of(tables)["weight"].tolist() == [4, 2]


def test_random_audits_without_a_chance_stand_for_their_site_and_week():
    tables = make(
        **joined(
            labelled("ok>ok ok>ok ok> ok>", site="K", agent_id="a"),
            labelled("ok>ok ok> ok>", site="P", agent_id="b"),
            labelled("ok>ok", site="P", agent_id="b", week=WEEKS[0]),
        )
    )
    assert of(tables)["weight"].tolist() == [1, 2, 2, 3]


def test_without_a_site_annotations_stand_for_those_of_their_week_that_have_none_either():
    tables = make(**joined(labelled("ok>ok ok> ok>", agent_id="a"), labelled("ok>ok ok>", site="P", agent_id="b")))
    assert of(tables)["weight"].tolist() == [3, 2]


@pytest.mark.parametrize("reason", ["risk", "appeal", "adhoc", "gold"])
def test_audits_of_unknown_chance_enter_no_rate(reason):
    tables = make(
        **joined(
            labelled("ok>ok ok>", agent_id="a"),
            labelled("spam>ok spam>ok", agent_id="b", audit={"sampling_reason": reason}),
        )
    )
    assert of(tables)["agent_id"].tolist() == ["a"]
    assert of(tables)["weight"].tolist() == [4]


def test_without_a_stated_reason_audits_are_taken_as_random():
    assert of(make(**labelled("ok>ok ok>", audit={"sampling_reason": None})))["weight"].tolist() == [2]


def test_an_annotation_with_a_risk_and_a_random_audit_is_in_the_sample_once():
    name = "2026-W46-a-0"
    parts = labelled("ok>ok")
    parts["audits"].append({"annotation_id": name, "audit_id": "0", "audit_label": "spam"} | RISK)
    rows = of(make(**parts))
    assert rows["reference_label"].tolist() == ["ok"]


def test_an_annotation_that_only_has_an_appeal_is_not_in_the_sample():
    parts = labelled("ok>ok spam>")
    appeal = {"appeal_id": "1", "annotation_id": "2026-W46-a-1", "outcome": "overturned", "final_label": "ok"}
    assert list(of(make(**parts, appeals=[appeal])).index) == ["2026-W46-a-0"]


def golden(parts: dict, **rows) -> dict:
    """The same, every item with a gold label that its annotation misses."""
    return parts | {"gold": [{"item_id": row["item_id"], "gold_label": "spam"} for row in parts["annotations"]]} | rows


FIRST_WEEK_ON_GOLD = joined(labelled("ok>ok", agent_id="a"), labelled("ok> ok>", agent_id="b", week=WEEKS[0]))


def test_gold_is_the_sample_only_of_a_week_in_which_no_audit_was_drawn():
    tables = make(**golden(FIRST_WEEK_ON_GOLD))
    weekly, stands_on = sample(tables, WEEKS, weekly=True)
    assert fetch(weekly).groupby("week")["basis"].agg(set).to_dict() == {WEEKS[0]: {"gold"}, WEEKS[1]: {"audits"}}
    assert stands_on == {WEEKS[0]: "gold", WEEKS[1]: "audits"}
    frame = measure(tables, "accuracy", ["week"])
    assert frame[["estimate", "n"]].to_numpy().tolist() == [[0, 2], [1, 1]]
    assert frame["method"].str.rpartition("; ")[2].tolist() == ["gold", "audits"]


@pytest.mark.slow
def test_a_last_week_whose_audits_are_to_come_stands_on_gold():
    parts = joined(labelled("ok>ok", agent_id="a", week=WEEKS[0]), labelled("ok> ok>", agent_id="b"))
    for by in ([], ["week"]):
        row = measure(make(**golden(parts)), "accuracy", by).iloc[-1]
        assert (row["estimate"], row["n"]) == (0, 2) and row["method"].endswith("; gold")


def test_pooled_weeks_never_mix_gold_with_audits_and_say_how_many_they_stand_on():
    tables = make(**golden(FIRST_WEEK_ON_GOLD))
    pooled, stands_on = sample(tables, WEEKS)
    assert fetch(pooled)["basis"].tolist() == ["audits"]
    assert stands_on == {"2026-W45..2026-W46": "audits of 1 of 2 weeks"}
    assert measure(tables, "accuracy", weeks=WEEKS)["method"].iloc[0].endswith("; audits of 1 of 2 weeks")
    assert sample(tables, WEEKS[:1])[1] == {WEEKS[0]: "gold"}


def test_each_market_has_its_own_sample():
    audited = labelled("ok>ok", agent_id="a")
    golden = {"annotation_id": "g", "item_id": "g", "label": "ok", "market": "SG"}
    audited["annotations"].append(golden)
    tables = make(markets=("MY", "SG"), market=None, **audited, gold=[{"item_id": "g", "gold_label": "spam"}])
    frame = measure(tables, "accuracy", by=["market"])
    assert frame[["market", "estimate"]].to_numpy().tolist() == [["MY", 1], ["SG", 0]]
    assert frame["method"].str.endswith("audits or gold by market").all()


@pytest.mark.parametrize(
    ("version", "expected"), [("v1", "spam"), ("v2", "hate"), ("v3", None), (None, "hate")]
)
def test_gold_holds_for_its_sop_version(version, expected):
    gold = [
        {"item_id": "i", "gold_label": "spam", "sop_version": "v1", "set_at": pd.Timestamp("2026-01-01")},
        {"item_id": "i", "gold_label": "hate", "sop_version": "v2", "set_at": pd.Timestamp("2026-02-01")},
    ]
    row = {"annotation_id": "x", "item_id": "i", "label": "ok", "sop_version": version}
    labels = of(make(annotations=[row], gold=gold))["reference_label"].tolist()
    assert labels == ([expected] if expected else [])


def test_gold_without_a_version_holds_for_any():
    row = {"annotation_id": "x", "item_id": "i", "label": "ok", "sop_version": "v9"}
    tables = make(annotations=[row], gold=[{"item_id": "i", "gold_label": "spam"}])
    assert of(tables)["reference_label"].tolist() == ["spam"]


def test_segments_come_from_the_annotation_then_the_item_then_the_label():
    parts = labelled("ok>spam ok>spam", queue=None)
    parts["annotations"][1] |= {"queue": "own"}
    names = [row["item_id"] for row in parts["annotations"]]
    items = [{"item_id": names[0], "queue": "item's", "policy_area": "ads"}, {"item_id": names[1], "queue": "item's"}]
    rows = of(make(**parts, items=items))
    assert rows["queue"].tolist() == ["item's", "own"]
    assert rows["policy_area"].tolist() == ["ads", "integrity"]


@pytest.mark.slow
def test_of_two_gold_versions_set_at_once_the_higher_holds_whatever_their_order():
    annotated_row = {"annotation_id": "x", "item_id": "i", "label": "ok"}
    gold = [
        {"item_id": "i", "gold_label": label, "sop_version": version, "set_at": pd.Timestamp("2026-01-01")}
        for version, label in (("v1", "spam"), ("v2", "hate"), ("v0", "ok"))
    ]
    for rows in (gold, gold[::-1]):
        found = fetch(judged(make(annotations=[annotated_row], gold=rows)))
        assert found["reference_label"].tolist() == ["hate"]
