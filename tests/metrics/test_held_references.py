"""What a snapshot holds of what annotations are judged by gives every figure that its other tables give."""

from __future__ import annotations

import random
from dataclasses import replace

import pandas as pd
import pytest

from labelqa_lib import derived
from labelqa_lib.metrics import measure, measure_each, volumes
from labelqa_lib.store import Tables

from .snapshots import WEEKS, make

MARKETS = ("MY", "MX")
LABELS = ("ok", "spam", "hate")
METRICS = ["accuracy", "fpr", "ata_accuracy", "overturn_rate", "appeal_rate", "aht"]


def rows(seed: int, agents_told: bool, **without) -> dict:
    """Two markets' weeks in which audits, gold of several versions and appeals fall on the same annotations at times."""
    chance = random.Random(seed)
    made = [{"annotation_id": f"a{n}", "item_id": f"i{n % 70}", "market": chance.choice(MARKETS), "week": chance.choice(WEEKS),
             "label": chance.choice(LABELS), "site": chance.choice(["K", "L", None]), "partner": "A", "queue": chance.choice("qr"),
             "agent_id": f"p{n % 5}" if agents_told or n % 7 else None, "sop_version": chance.choice(["v1", "v2", None]),
             "handle_seconds": chance.choice([0.1, 7.3, None])} for n in range(160)]  # fmt: skip
    audits = []
    for n, one in enumerate(chance.choices(made, k=70)):
        drawn = {"sampling_reason": chance.choice(["random", "risk", None]), "inclusion_probability": chance.choice([0.5, 0.1, None])}
        audits.append({"audit_id": f"u{n}", "annotation_id": one["annotation_id"], "market": one["market"], "week": one["week"],
                       "tier": chance.choice([1, 1, 2]), "audit_label": chance.choice(LABELS), **drawn})  # fmt: skip
    gold = [{"item_id": f"i{n}", "sop_version": version, "gold_label": chance.choice(LABELS), "set_at": pd.Timestamp("2026-10-01")}
            for n in range(0, 70, 9) for version in chance.sample(["v1", "v2", None], 2)]  # fmt: skip
    appeals = [{"appeal_id": f"x{n}", "target": "annotation", "target_id": one["annotation_id"], "annotation_id": one["annotation_id"],
                "market": one["market"], "raised_by": "agent", "raised_at": pd.Timestamp("2026-11-12"), "raised_week": one["week"],
                "resolved_at": pd.Timestamp("2026-11-13"), "resolved_week": one["week"], "final_label": chance.choice([*LABELS, None]),
                "outcome": chance.choice(["overturned", "upheld", "pending"])} for n, one in enumerate(chance.choices(made, k=25))]  # fmt: skip
    given = {"annotations": made, "audits": audits, "gold": gold, "appeals": appeals} | without
    return {name: told for name, told in given.items() if told is not None}


def both(**told) -> tuple[Tables, Tables]:
    """The same rows, without and with what a snapshot holds apart."""
    plain = make(markets=MARKETS, market=None, **told)
    looked_at = derived.looked_at(plain.annotations, plain.audits, plain.gold, plain.appeals)
    return plain, replace(plain, looked_at=looked_at.cache(), made=derived.made(plain.annotations).cache(), _kept={})


CASES = {
    "all there": {"agents_told": True},
    "some agents not told, no gold": {"agents_told": False, "gold": None},
    "gold alone": {"agents_told": True, "audits": None, "appeals": None},
    "no appeals": {"agents_told": False, "appeals": None},
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_every_figure_is_the_same(case):
    plain, held = both(**rows(4, **CASES[case]))
    for by in (["market", "week"], ["site"]):
        expected, found = (measure_each(tables, METRICS, by) for tables in (plain, held))
        pd.testing.assert_frame_equal(found, expected, rtol=1e-12)
        assert expected["estimate"].notna().any()
    pd.testing.assert_frame_equal(volumes(held), volumes(plain))


@pytest.mark.slow
@pytest.mark.parametrize("by", ["label", "queue", "policy_area", "auditor_id"])
def test_by_every_road(by):
    plain, held = both(**rows(9, True, items=[{"item_id": f"i{n}", "market": "MY", "policy_area": "ads", "queue": "t"} for n in range(70)]))
    pd.testing.assert_frame_equal(*(measure(tables, "accuracy", ["market", by]) for tables in (held, plain)), rtol=1e-12)


def test_what_is_held_is_read_and_all_annotations_are_not():
    _plain, held = both(**rows(4, True))
    unread = replace(held, annotations=held.annotations.mutate(label=held.annotations.label.cast("int64").cast("string")))
    assert measure(unread, "accuracy", ["market", "week"])["n"].sum() == measure(held, "accuracy", ["market", "week"])["n"].sum() > 0
    assert measure(unread, "aht", ["market"])["n"].sum() > 0
