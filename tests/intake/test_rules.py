"""Every rule of the contract catches its row, and no sound row."""

from __future__ import annotations

import pytest

from labelqa_lib import sources
from labelqa_lib.intake.casting import delivered_columns
from labelqa_lib.intake.schema import contract

from .deliveries import NOW, annotation, audit, check, write

PERSON = {"person_id": "p1", "role": "agent", "market": "MY", "partner": "P", "site": "S", "started_on": "2026-01-05"}
SHIFT = {
    "person_id": "p1", "date": "2026-11-10", "scheduled_minutes": "480", "paid_minutes": "480",
    "available_minutes": "60", "handling_minutes": "360",
}  # fmt: skip
HOUR = {
    "market": "MY", "queue": "q", "hour": "2026-11-10T08:00:00Z", "arrived": "10", "completed": "9",
    "completed_within_sla": "8", "backlog": "1",
}  # fmt: skip
APPEAL = {
    "appeal_id": "x0", "target": "annotation", "target_id": "a0", "raised_by": "customer",
    "raised_at": "2026-11-12T08:00:00Z", "outcome": "pending",
}  # fmt: skip
GOLD = {"item_id": "i0", "gold_label": "ok", "set_at": "2026-11-01T00:00:00Z"}
ITEM = {"item_id": "i0", "market": "MY"}
REQUEST = {
    "request_id": "r0", "market": "MY", "requested_by": "policy", "title": "T", "queue": "q",
    "items_requested": "10", "items_delivered": "0", "opened_on": "2026-11-01", "due_on": "2026-12-31",
    "status": "labelling",
}  # fmt: skip
VERSION = {
    "sop_version": "v1", "policy_area": "ads", "effective_from": "2027-01-01T00:00:00Z", "summary": "announced"
}  # fmt: skip
READ = {"sop_version": "v1", "person_id": "p1", "acknowledged_at": "2026-11-01T00:00:00Z"}

# table, a sound row, what makes it bad, the one rule that this breaks
BAD = [
    ("labels", {"label": "x", "policy_area": "p", "violating": "true", "critical": "false", "order": "2"},
     {"violating": "maybe"}, "violating is not true or false"),
    ("people", PERSON, {"role": "boss"}, "role is not one of agent, qa, auditor"),
    ("people", PERSON, {"started_on": "05.01.2026"}, "started_on is not a date (write 2026-11-09)"),
    ("people", PERSON, {"left_on": "2025-01-01"}, "left_on lies before started_on"),
    ("people", PERSON, {"partner": ""}, "partner is missing"),
    ("items", ITEM, {"model_score": "1.2"}, "model_score is outside [0, 1]"),
    ("items", ITEM, {"model_label": "junk"}, "model_label is not in labels"),
    ("annotations", annotation(0), {"market": "../../x"}, "market is not a market code"),
    ("annotations", annotation(0), {"market": "MY\n"}, "market is not a market code"),
    ("annotations", annotation(0), {"label": "junk"}, "label is not in labels"),
    ("annotations", annotation(0), {"label": ""}, "label is missing"),
    ("annotations", annotation(0), {"item_id": "i99"}, "item_id is not in items"),
    ("annotations", annotation(0), {"annotated_at": "2026-11-22T12:00:01Z"}, "annotated_at lies in the future"),
    ("annotations", annotation(0), {"annotated_at": "infinity"},
     "annotated_at is not a time (write 2026-11-09T14:30:00Z)"),
    ("annotations", annotation(0), {"annotated_at": "0202-11-09"},
     "annotated_at is not a time (write 2026-11-09T14:30:00Z)"),
    ("annotations", annotation(0), {"handle_seconds": "-1"}, "handle_seconds is outside [0, 86400]"),
    ("annotations", annotation(0), {"handle_seconds": "86401"}, "handle_seconds is outside [0, 86400]"),
    ("annotations", annotation(0), {"handle_seconds": "nan"}, "handle_seconds is not a number"),
    ("annotations", annotation(0), {"handle_seconds": "12 s"}, "handle_seconds is not a number"),
    ("audits", audit(0), {"annotation_id": "a99"}, "annotation_id is not in annotations"),
    ("audits", audit(0), {"audit_label": "junk"}, "audit_label is not in labels"),
    ("audits", audit(0), {"tier": "3"}, "tier is outside [1, 2]"),
    ("audits", audit(0), {"tier": "1.5"}, "tier is not a whole number"),
    ("audits", audit(0), {"auditor_id": "p0"}, "auditor_id audits their own annotation"),
    ("audits", audit(0), {"audited_at": "2026-11-01T00:00:00Z"}, "audited_at lies before the annotation"),
    ("audits", audit(0), {"inclusion_probability": "0"}, "inclusion_probability is outside (0, 1]"),
    ("audits", audit(0), {"sampling_reason": "whim"},
     "sampling_reason is not one of random, risk, gold, appeal, adhoc"),
    ("gold", GOLD, {"gold_label": "junk"}, "gold_label is not in labels"),
    ("appeals", APPEAL, {"target_id": "a99"}, "target_id is not a known annotation or audit"),
    ("appeals", APPEAL, {"resolved_at": "2026-11-11T00:00:00Z"}, "resolved_at lies before raised_at"),
    ("appeals", APPEAL, {"raised_at": "2026-11-01T00:00:00Z"}, "raised_at lies before the annotation"),
    ("shifts", SHIFT, {"person_id": "p99"}, "person_id is not in people"),
    ("shifts", SHIFT, {"paid_minutes": "1441"}, "paid_minutes is outside [0, 1440]"),
    ("shifts", SHIFT, {"date": "2026-11-24"}, "date lies in the future"),
    ("queue_hours", HOUR, {"arrived": "-1"}, "arrived is negative"),
    ("queue_hours", HOUR, {"completed_within_sla": "10"}, "completed_within_sla is more than completed"),
    ("requests", REQUEST, {"delivered_on": "2026-10-01"}, "delivered_on lies before opened_on"),
    ("sop_acknowledgements", READ, {"sop_version": "v9"}, "sop_version is not in sop_versions"),
]  # fmt: skip
KEYS = {
    "labels": "label", "people": "person_id", "items": "item_id", "annotations": "annotation_id",
    "audits": "audit_id", "appeals": "appeal_id", "requests": "request_id",
}  # fmt: skip
SOUND = {
    "people": [PERSON], "items": [ITEM], "annotations": [annotation(0)], "audits": [audit(0)], "gold": [GOLD],
    "appeals": [APPEAL], "shifts": [SHIFT], "queue_hours": [HOUR], "requests": [REQUEST], "sop_versions": [VERSION],
    "sop_acknowledgements": [READ],
}  # fmt: skip


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """One delivery with every bad row in it; a row's key is its place in `BAD`."""
    folder = tmp_path_factory.mktemp("rules")
    tables = {table: list(rows) for table, rows in SOUND.items()}
    tables["labels"] = [
        {"label": "ok", "policy_area": "none", "violating": "false", "critical": "false", "order": "0"}
    ]
    for place, (table, row, change, _) in enumerate(BAD):
        key = {KEYS[table]: f"bad{place}"} if table in KEYS else {}
        if table == "gold":
            key = {"item_id": f"bad{place}"}
        if table == "queue_hours":
            key = {"queue": f"bad{place}"}
        if table == "shifts" and "date" not in change:
            key = {"date": f"2026-10-{place:02d}"} if place < 32 else {"date": f"2026-09-{place - 31:02d}"}
        tables[table].append({**row, **key, **change})
    return check(write(folder / "d", **tables), folder / "s")


@pytest.mark.parametrize("place", range(len(BAD)), ids=lambda place: f"{BAD[place][0]}: {BAD[place][2]}")
def test_a_bad_row_breaks_its_rule(outcome, place):
    table, _, _, rule = BAD[place]
    expected = sum(1 for other in BAD if (other[0], other[3]) == (table, rule))
    assert {broken.rule: broken.count for broken in outcome.table(table).rules}[rule] == expected


@pytest.mark.parametrize("table", sorted({row[0] for row in BAD}))
def test_nothing_but_the_bad_rows_is_rejected(outcome, table):
    bad = [row for row in BAD if row[0] == table]
    assert outcome.table(table).rejected == len(bad)
    assert sum(broken.count for broken in outcome.table(table).rules) == len(bad)


def test_sources_and_contract_name_the_same_tables():
    assert set(contract(NOW)) == set(sources.TABLES)


def test_the_contract_as_the_design_states_it():
    """Required columns of DATA_CONTRACT.md, table by table."""
    required = {
        table: {name for name in delivered_columns(schema) if not schema.columns[name].nullable}
        for table, schema in contract(NOW).items()
    }
    assert required["annotations"] == {"annotation_id", "item_id", "market", "label", "annotated_at"}
    assert required["labels"] == {"label", "policy_area", "violating", "critical", "order"}
    assert required["gold"] == {"item_id", "gold_label", "set_at"}
    assert required["items"] == {"item_id", "market"}
    keys = {table: schema.unique for table, schema in contract(NOW).items()}
    assert keys["queue_hours"] == ["market", "queue", "hour"]
    assert keys["quiz_answers"] == ["quiz_id", "person_id", "question_id", "attempt"]
