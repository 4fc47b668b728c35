"""Small hand-made snapshots, as tables on an in-memory DuckDB."""

from __future__ import annotations

import ibis
import pandas as pd

from labelqa_lib.store import Snapshot, Tables, tables_from

TEXT, TIME, YES, NUMBER, COUNT, DAY = "string", "timestamp", "boolean", "float64", "int64", "date"

SCHEMAS = {
    "labels": {"label": TEXT, "policy_area": TEXT, "violating": YES, "critical": YES, "order": COUNT, "title": TEXT},
    "items": {
        "item_id": TEXT, "market": TEXT, "queue": TEXT, "policy_area": TEXT, "content_type": TEXT, "language": TEXT,
        "arrived_at": TIME, "model_label": TEXT, "model_score": NUMBER, "content_ref": TEXT,
    },
    "annotations": {
        "annotation_id": TEXT, "item_id": TEXT, "market": TEXT, "label": TEXT, "annotated_at": TIME, "partner": TEXT,
        "site": TEXT, "queue": TEXT, "agent_id": TEXT, "handle_seconds": NUMBER, "sop_version": TEXT, "blind": YES,
        "content_type": TEXT, "language": TEXT, "week": TEXT, "local_date": DAY, "local_hour": COUNT,
    },
    "audits": {
        "audit_id": TEXT, "annotation_id": TEXT, "tier": COUNT, "auditor_id": TEXT, "audit_label": TEXT,
        "audited_at": TIME, "blind": YES, "sampling_reason": TEXT, "stratum": TEXT, "inclusion_probability": NUMBER,
        "error_cause": TEXT, "comment": TEXT, "market": TEXT, "week": TEXT,
    },
    "gold": {"item_id": TEXT, "gold_label": TEXT, "sop_version": TEXT, "set_at": TIME},
    "appeals": {
        "appeal_id": TEXT, "target": TEXT, "target_id": TEXT, "raised_by": TEXT, "raised_at": TIME,
        "resolved_at": TIME, "outcome": TEXT, "final_label": TEXT, "market": TEXT, "annotation_id": TEXT,
        "raised_week": TEXT, "resolved_week": TEXT,
    },
    "people": {
        "person_id": TEXT, "role": TEXT, "market": TEXT, "partner": TEXT, "site": TEXT, "started_on": DAY,
        "target_live_on": DAY, "live_on": DAY, "left_on": DAY, "team": TEXT, "languages": TEXT,
    },
    "shifts": {
        "person_id": TEXT, "date": DAY, "scheduled_minutes": NUMBER, "paid_minutes": NUMBER,
        "available_minutes": NUMBER, "handling_minutes": NUMBER, "auxiliary_minutes": NUMBER, "week": TEXT,
    },
    "queue_hours": {
        "market": TEXT, "queue": TEXT, "hour": TIME, "arrived": COUNT, "completed": COUNT,
        "completed_within_sla": COUNT, "backlog": COUNT, "sla_minutes": NUMBER, "week": TEXT,
    },
}  # fmt: skip

LABELS = [
    {"label": "ok", "policy_area": None, "violating": False, "critical": False, "order": 1},
    {"label": "spam", "policy_area": "integrity", "violating": True, "critical": False, "order": 2},
    {"label": "hate", "policy_area": "safety", "violating": True, "critical": True, "order": 3},
]
WEEKS = ("2026-W45", "2026-W46")
MONDAYS = {"2026-W45": pd.Timestamp("2026-11-02"), "2026-W46": pd.Timestamp("2026-11-09")}


def snapshot(weeks=WEEKS, markets=("MY",)) -> Snapshot:
    return Snapshot(
        id="s1",
        source="test",
        made_at="2026-11-20T00:00:00Z",
        parent=None,
        tables={},
        markets={market: {"weeks": list(weeks), "time_zone": "Asia/Kuala_Lumpur"} for market in markets},
        partitions={},
    )


def make(weeks=WEEKS, markets=("MY",), market="MY", **rows) -> Tables:
    """Tables from lists of dicts; columns left out are NULL. Annotations get week, day and hour from `week`."""
    connection = ibis.duckdb.connect(threads=1)
    given = {}
    for name, table in ({"labels": LABELS, "annotations": []} | rows).items():
        schema = SCHEMAS[name]
        frame = pd.DataFrame([filled(name, row) for row in table], columns=list(schema))
        given[name] = connection.create_table(name, frame, schema=ibis.schema(schema))
    return tables_from(given, snapshot(weeks, markets), market)


def filled(name: str, row: dict) -> dict:
    """A row with what nearly every test would write the same."""
    if name == "annotations":
        monday = MONDAYS[row.setdefault("week", WEEKS[-1])]
        row = {"market": "MY", "annotated_at": monday, "local_date": monday.date(), "local_hour": 8} | row
    elif name == "audits":
        row = {"tier": 1, "auditor_id": "q1", "sampling_reason": "random", "market": "MY", "week": WEEKS[-1]} | row
        row = {"audit_id": f"{row['annotation_id']}-{row['tier']}", "audited_at": MONDAYS[row["week"]]} | row
    elif name in ("items", "people", "appeals", "queue_hours"):
        row = {"market": "MY"} | row
    return row


def labelled(pairs: str, week: str = WEEKS[-1], audit: dict | None = None, **common) -> dict:
    """Annotations and their random tier-1 audits from text such as ``"spam>ok ok>ok"`` (given > audited)."""
    letters = pairs.split()
    names = [f"{week}-{common.get('agent_id', 'a')}-{place}" for place in range(len(letters))]
    given, truth = zip(*(pair.split(">") for pair in letters), strict=True)
    return {
        "annotations": [
            {"annotation_id": name, "item_id": f"i{name}", "label": label, "week": week} | common
            for name, label in zip(names, given, strict=True)
        ],
        "audits": [
            {"annotation_id": name, "audit_label": label, "week": week} | (audit or {})
            for name, label in zip(names, truth, strict=True)
            if label
        ],
    }


def joined(*parts: dict) -> dict:
    """Several deliveries as one."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: [row for part in parts for row in part.get(name, [])] for name in names}
