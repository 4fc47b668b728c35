"""Double-blind pairs by hand."""

from __future__ import annotations

import pytest

from labelqa_lib.metrics import measure

from .snapshots import WEEKS, make


def rows(*entries) -> list[dict]:
    """Entries are item, agent, label and what else a row needs."""
    common = {"blind": True, "site": "K"}
    return [
        common | {"annotation_id": str(place), "item_id": item, "agent_id": agent, "label": label} | dict(*more)
        for place, (item, agent, label, *more) in enumerate(entries)
    ]


def test_pairs_by_hand():
    # item 1: three agents, pairs (ok, ok), (ok, spam), (ok, spam); item 2: one pair that agrees
    tables = make(
        annotations=rows(("1", "a", "ok"), ("1", "b", "ok"), ("1", "c", "spam"), ("2", "a", "ok"), ("2", "b", "ok"))
    )
    row = measure(tables, "inconsistency_rate").iloc[0]
    assert (row["estimate"], row["n"]) == (pytest.approx(2 / 4), 4)


def test_only_blind_annotations_of_different_agents_make_a_pair():
    seen = {"blind": False}
    alone, not_blind = [("1", "a", "ok"), ("1", "a", "spam")], [("2", "a", "ok"), ("2", "b", "spam", seen)]
    tables = make(annotations=rows(*alone, *not_blind, ("3", "a", "ok"), ("3", "b", "spam")))
    row = measure(tables, "inconsistency_rate").iloc[0]
    assert row[["estimate", "n"]].tolist() == [1, 1]


def test_a_pair_counts_once_in_each_segment_it_touches():
    other = {"site": "P"}
    inside, across = [("1", "a", "ok"), ("1", "b", "spam")], [("2", "a", "ok"), ("2", "c", "ok", other)]
    tables = make(annotations=rows(*inside, *across, ("3", "c", "ok", other)))
    frame = measure(tables, "inconsistency_rate", by=["site"]).set_index("site")
    assert frame["n"].to_dict() == {"K": 2, "P": 1}
    assert frame["estimate"].to_dict() == {"K": 0.5, "P": 0}


def test_the_week_of_a_pair_is_that_of_the_later():
    early = {"week": WEEKS[0]}
    across, inside = [("1", "a", "ok", early), ("1", "b", "spam")], [("2", "a", "ok", early), ("2", "b", "ok", early)]
    tables = make(annotations=rows(*across, *inside))
    frame = measure(tables, "inconsistency_rate", by=["week"])
    assert frame["estimate"].tolist() == [0, 1]


@pytest.mark.parametrize("missing", ["agent_id", "blind"])
def test_without_agents_or_blindness_it_says_so(missing):
    tables = make(annotations=[row | {missing: None} for row in rows(("1", "a", "ok"), ("1", "b", "ok"))])
    assert measure(tables, "inconsistency_rate")["reason"].tolist() == [f"needs annotations.{missing}; not delivered"]
