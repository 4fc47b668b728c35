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
    "actions": {
        "action_id": TEXT, "market": TEXT, "partner": TEXT, "site": TEXT, "finding_code": TEXT, "action": TEXT,
        "owner": TEXT, "opened_on": DAY, "due_on": DAY, "closed_on": DAY, "status": TEXT, "expected_gain": NUMBER,
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
    elif name in ("items", "people", "appeals", "queue_hours", "actions"):
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


def whole(market: str | None = "MY", **changes) -> Tables:
    """A small market with every table: two weeks, two sites, four agents, audits of both tiers, gold, pairs, appeals.

    `changes` replace tables; None leaves one out.
    """
    parts = joined(
        *(
            labelled(answers, week=week, agent_id=agent, site=site, partner=f"P{site}", queue=queue, blind=True)
            for week in WEEKS
            for agent, site, queue, answers in (
                ("a", "K", "q", "ok>ok spam>spam ok>spam ok>ok hate>hate ok>"),
                ("b", "K", "q", "ok>ok spam>ok spam>spam ok>ok ok> hate>"),
                ("c", "L", "r", "ok>ok ok>hate hate>hate ok>ok spam>spam ok>"),
                ("d", "L", "r", "ok>ok ok>ok spam>ok hate>spam ok>ok ok>"),
            )
        )
    )
    for place, row in enumerate(parts["annotations"]):
        row |= {"item_id": f"i{place % 24}{row['week']}", "handle_seconds": 10.0 + place, "local_hour": place % 24}
        row |= {"content_type": "video", "language": "ms"}
    # every item is labelled twice, by agents of the two sites
    for row in parts["annotations"][12:24] + parts["annotations"][36:48]:
        row["item_id"] = f"i{int(row['item_id'][1:].split('2026')[0]) - 12}{row['week']}"
    second = [row | {"tier": 2, "auditor_id": "z"} for row in parts["audits"][::2]]
    for place, row in enumerate(parts["audits"]):
        row |= {"auditor_id": f"q{place % 2}", "inclusion_probability": 0.5 if place % 3 else 0.25}
    names = [(row["annotation_id"], row["week"]) for row in parts["annotations"]]
    appeals = [
        {
            "appeal_id": name, "target": "annotation", "target_id": name, "annotation_id": name,
            "raised_by": "customer", "raised_at": MONDAYS[week], "raised_week": week, "final_label": "ok",
            "outcome": "pending" if place == 2 else ("overturned", "upheld", "upheld")[place % 3],
            "resolved_at": pd.NaT if place == 2 else MONDAYS[week] + pd.Timedelta(days=1 + place % 5),
            "resolved_week": None if place == 2 else week,
        }
        for place, (name, week) in enumerate(names[::3])
    ]  # fmt: skip
    days = [(MONDAYS[week] + pd.Timedelta(days=day), week) for week in WEEKS for day in range(3)]
    tables = parts | {
        "audits": parts["audits"] + second,
        "items": [
            {"item_id": item, "queue": "q", "policy_area": "area"}
            for item in dict.fromkeys(row["item_id"] for row in parts["annotations"])
        ],
        "gold": [{"item_id": parts["annotations"][0]["item_id"], "gold_label": "ok", "set_at": MONDAYS[WEEKS[0]]}],
        "appeals": appeals,
        "people": [
            {"person_id": agent, "role": "agent", "partner": f"P{site}", "site": site, "started_on": started}
            for agent, site, started in (
                ("a", "K", pd.Timestamp("2026-01-05").date()), ("b", "K", pd.Timestamp("2026-10-26").date()),
                ("c", "L", pd.Timestamp("2026-10-05").date()), ("d", "L", pd.Timestamp("2026-09-07").date()),
            )
        ],
        "shifts": [
            {
                "person_id": agent, "date": day.date(), "week": week, "scheduled_minutes": 500.0, "paid_minutes": 450.0,
                "available_minutes": 50.0 + place, "handling_minutes": 300.0 + 10 * place, "auxiliary_minutes": 20.0,
            }
            for place, agent in enumerate("abcd")
            for day, week in days
        ],
        "queue_hours": [
            {
                "queue": queue, "hour": day, "week": week, "arrived": 10 + place, "completed": 8 + place,
                "completed_within_sla": 7, "backlog": 2 + place,
            }
            for place, (day, week) in enumerate(days)
            for queue in ("q", "r")
        ],
    }  # fmt: skip
    return make(market=market, **{name: rows for name, rows in (tables | changes).items() if rows is not None})
