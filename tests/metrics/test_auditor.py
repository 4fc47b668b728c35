"""Audits of audits by hand."""

from __future__ import annotations

import pytest

from labelqa_lib.metrics import measure

from .snapshots import labelled, make

# given > tier 1, then tier 2: one error confirmed, one cleared, two passes confirmed, one missed error
FIRST = "spam>ok spam>ok ok>ok ok>ok ok>ok"
SECOND = ["ok", "spam", "ok", "ok", "spam"]


def tables(second=SECOND, **audit):
    parts = labelled(FIRST)
    names = [row["annotation_id"] for row in parts["annotations"]]
    parts["audits"] += [
        {"annotation_id": name, "audit_label": label, "tier": 2} | {key: each[place] for key, each in audit.items()}
        for place, (name, label) in enumerate(zip(names, second, strict=True))
        if label
    ]
    return make(**parts)


@pytest.mark.parametrize(
    ("metric", "share", "n"),
    [("ata_accuracy", 3 / 5, 5), ("false_error_rate", 1 / 2, 2), ("missed_error_rate", 1 / 3, 3)],
)
def test_by_hand(metric, share, n):
    row = measure(tables(), metric).iloc[0]
    assert (row["estimate"], row["n"]) == (pytest.approx(share), n)


def test_a_re_audit_weighs_the_inverse_of_its_chance():
    row = measure(tables(inclusion_probability=[1, 1, 0.1, 0.1, 0.1]), "ata_accuracy").iloc[0]
    assert row["estimate"] == pytest.approx((1 + 10 + 10) / (2 + 30))


def test_re_audits_of_unknown_chance_are_left_out():
    row = measure(tables(sampling_reason=["random", "risk", "random", "random", "adhoc"]), "ata_accuracy").iloc[0]
    assert row[["estimate", "n"]].tolist() == [1, 3]


def test_the_auditor_is_the_one_of_tier_1():
    assert measure(tables(auditor_id=["z"] * 5), "ata_accuracy", by=["auditor_id"])["auditor_id"].tolist() == ["q1"]


def test_without_tier_2_it_says_so():
    row = measure(tables(second=[None] * 5), "ata_accuracy").iloc[0]
    assert row["reason"] == "needs tier-2 audits; not delivered"
