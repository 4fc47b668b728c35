"""Which weeks of which markets a delivery restates, and through which tables: told in `snapshot.json`.

A week is restated when it was over at the time of the snapshot before, and a row that its figures rest on came, went
or changed since: its annotations and audits; gold, items and labels of its annotations; its shifts and queue hours;
the people who worked in it; appeals that were raised or resolved in it, or that decided about its annotations. Found
from the delivery's own rows, so that the cost grows with what changed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import duckdb
from pandera.ibis import DataFrameSchema

from labelqa_lib.intake.deriving import Zones
from labelqa_lib.intake.matching import match
from labelqa_lib.periods import Week
from labelqa_lib.sources import quoting

_BY_ITEM = "FROM places_of_items"
_BY_PERSON = """WITH at_work AS (
        SELECT person_id, market FROM merged_people
        UNION SELECT agent_id, market FROM merged_annotations WHERE (SELECT count(*) FROM merged_people) = 0)
    SELECT w.market, c.week FROM changed c JOIN at_work w USING (person_id)"""
_BY_PARTITION = "SELECT market, week FROM changed"
_PLACES = {
    "labels": """SELECT n.market, n.week FROM changed c JOIN merged_annotations n USING (label)
        UNION SELECT u.market, u.week FROM changed c JOIN merged_audits u ON u.audit_label = c.label
        UNION SELECT n.market, n.week FROM changed c JOIN merged_gold g ON g.gold_label = c.label
        JOIN merged_annotations n ON n.item_id = g.item_id""",
    "items": _BY_ITEM,
    "gold": _BY_ITEM,
    "annotations": _BY_PARTITION,
    "audits": _BY_PARTITION,
    "queue_hours": _BY_PARTITION,
    "shifts": _BY_PERSON,
    "quiz_answers": _BY_PERSON,
    "people": """SELECT c.market, s.week FROM changed c JOIN merged_shifts s USING (person_id)
        UNION SELECT n.market, n.week FROM changed c JOIN merged_annotations n ON n.agent_id = c.person_id
        UNION SELECT u.market, u.week FROM changed c JOIN merged_audits u ON u.auditor_id = c.person_id""",
    "appeals": """SELECT market, unnest([raised_week, resolved_week]) FROM changed
        UNION SELECT n.market, n.week FROM changed c JOIN merged_annotations n USING (annotation_id)
        WHERE c.final_label IS NOT NULL""",
}
"""Table -> SQL of the (market, week) whose figures rest on rows of the view `changed`."""

_READ = {
    "labels": ("label", "policy_area", "violating", "critical", "order"),
    "people": ("person_id", "market", "partner", "site", "started_on"),
}
"""Columns on which past weeks' figures rest, where not on all: that somebody leaves restates nothing."""


def restated(
    schemas: dict[str, DataFrameSchema],
    accepted: list[str],
    described: dict | None,
    zones: Zones,
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, dict]:
    """The last restatement of every market's week: of those before (`described`), or by this delivery.

    Parameters
    ----------
    accepted : list of str
        Tables of which the delivery brings new or restated rows.
    described : dict, optional
        The current snapshot's `snapshot.json`; None where there is none.

    Returns
    -------
    dict
        ``MY/2026-W46`` -> ``{"since": id of the snapshot that read otherwise, "tables": those that changed}``. A
        week that was never restated has no entry.
    """
    if described is None:
        return {}
    over = _over(described, zones)
    tables_of: dict[str, list[str]] = {}
    for table in accepted:
        if table in _PLACES:
            for place in _places(table, schemas[table], over, connection) & over:
                tables_of.setdefault(place, []).append(table)
    now = {place: {"since": described["id"], "tables": tables} for place, tables in tables_of.items()}
    return described.get("restated", {}) | now


def _over(described: dict, zones: Zones) -> set[str]:
    """The weeks that had ended when a snapshot was made: one that still runs grows, and is not restated."""
    made_at = datetime.fromisoformat(described["made_at"])
    places = (place.split("/") for place in described["partitions"])
    return {f"{market}/{week}" for market, week in places if Week.parse(week).bounds(zones[market])[1] <= made_at}


def _places(table: str, schema: DataFrameSchema, over: Collection[str], connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Where rows came, went or changed, as ``MY/2026-W46``."""
    columns = ", ".join(quoting.name(name) for name in _READ.get(table, schema.columns))
    now, before = f"SELECT {columns} FROM delta_{table}", f"SELECT {columns} FROM replaced_{table}"
    if table in _READ:
        now, before = f"{now} EXCEPT {before}", f"{before} EXCEPT {now}"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW changed AS ({now}) UNION ALL ({before})").fetchall()
    if _PLACES[table] == _BY_ITEM:
        _places_of_items(over, connection)
    rows = connection.execute(f"SELECT DISTINCT * FROM ({_PLACES[table]})").fetchall()
    return {f"{market}/{week}" for market, week in rows}


def _places_of_items(over: Collection[str], connection: duckdb.DuckDBPyConnection) -> None:
    """Make `places_of_items`: among the places `over`, those with annotations of items that rows of `changed` tell of."""
    ((rows,),) = connection.execute("SELECT count(*) FROM changed").fetchall()
    named = ", ".join(f"({', '.join(map(quoting.literal, place.split('/')))})" for place in sorted(over))
    annotations = f"SELECT item_id, market, week FROM merged_annotations WHERE {f'(market, week) IN ({named})' if named else 'false'}"
    changed = "SELECT item_id FROM changed"
    match("places_of_items", "DISTINCT r.market, r.week", ["item_id"], changed, annotations, rows, connection)
