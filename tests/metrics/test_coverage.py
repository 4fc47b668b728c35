"""What there was to measure with, by hand."""

from __future__ import annotations

from labelqa_lib.metrics import coverage, excluded_audits
from labelqa_lib.metrics.coverage import volume, volumes

from .snapshots import WEEKS, joined, labelled, make, whole


def test_counts_by_hand():
    parts = joined(
        labelled("ok>ok ok> ok>", agent_id="a", blind=True),
        labelled("ok>ok", agent_id="b", audit={"sampling_reason": "risk"}, blind=True),
        labelled("ok>", agent_id="a", week=WEEKS[0]),
    )
    for row in parts["annotations"][1:4:2]:
        row["item_id"] = "shared"
    tables = make(**parts, gold=[{"item_id": "shared", "gold_label": "ok"}])
    frame = coverage(tables)
    assert frame["week"].tolist() == list(WEEKS)
    assert frame.drop(columns="week").to_dict("list") == {
        "annotations": [1, 4], "audited": [0, 1], "excluded_audits": [0, 1], "on_gold": [0, 2], "blind_pairs": [0, 1],
    }  # fmt: skip
    assert excluded_audits(tables).to_numpy().tolist() == [["2026-W46", 1, "risk", 1]]
    assert volume(tables) == 4


def test_volumes_of_every_market_by_hand():
    parts = joined(
        labelled("ok>ok ok> ok>", agent_id="a", market="MY"),
        labelled("ok>ok ok>", agent_id="b", market="MY", week=WEEKS[0]),
        labelled("ok>", agent_id="c", market="SG"),
        labelled("ok>ok", agent_id="d", market="TW", week=WEEKS[0]),
    )
    frame = volumes(make(market=None, **parts))
    assert frame.columns.tolist() == ["market", "annotations", "usual", "audited", "share"]
    assert frame.fillna(-1).to_numpy().tolist() == [["MY", 3, 2.0, 1, 1 / 3], ["SG", 1, -1.0, 0, 0.0]]


def test_nothing_delivered_is_nothing_counted():
    tables = make(annotations=[{"annotation_id": "x", "item_id": "i", "label": "ok"}])
    assert coverage(tables).drop(columns="week").sum().to_dict() == {
        "annotations": 1, "audited": 0, "excluded_audits": 0, "on_gold": 0, "blind_pairs": 0,
    }  # fmt: skip
    assert excluded_audits(tables).empty
    assert coverage(make(annotations=[]))["annotations"].tolist() == [0, 0]


def test_a_week_that_the_market_lacks_is_there_with_nothing():
    annotations = [{"annotation_id": "x", "item_id": "i", "label": "ok"}]
    frame = coverage(make(weeks=("2026-W44", "2026-W46"), annotations=annotations))
    assert frame[["week", "annotations"]].to_numpy().tolist() == [["2026-W44", 0], ["2026-W45", 0], ["2026-W46", 1]]


def test_a_whole_market_has_every_kind():
    assert (coverage(whole()).set_index("week").drop(columns="excluded_audits").iloc[0] > 0).all()
