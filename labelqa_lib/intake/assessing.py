"""A delivery against the contract and the current snapshot: what ingest would do, told and made ready, not written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from pandera.ibis import DataFrameSchema

from labelqa_lib.intake.casting import delivered_columns
from labelqa_lib.intake.deriving import Zones
from labelqa_lib.intake.examining import Examination
from labelqa_lib.intake.merging import rejects_of
from labelqa_lib.intake.outcome import Outcome, TableOutcome
from labelqa_lib.intake.schema import REQUIRED_TABLES, contract
from labelqa_lib.sources import DEMO, Delivery


@dataclass(frozen=True)
class Assessment:
    """An outcome, and the contract it was found by; the connection holds `merged_<table>` and `rejects_<table>`."""

    outcome: Outcome
    schemas: dict[str, DataFrameSchema]


def assess(
    delivery: Delivery,
    connection: duckdb.DuckDBPyConnection,
    *,
    zones: Zones,
    reject_limit: float,
    now: datetime,
    current: Path | None,
    described: dict | None,
) -> Assessment:
    """Judge structure first, then rows; `described` is the current snapshot's `snapshot.json`."""
    schemas = contract(now)
    connection.execute("SET TimeZone = 'UTC'").fetchall()
    # rows are numbered and written by key: their order in between costs memory and tells nothing
    connection.execute("SET preserve_insertion_order = false").fetchall()
    native = {
        table: {row[0]: row[1] for row in connection.execute(f"DESCRIBE {view}").fetchall()}
        for table, view in delivery.tables.items()
    }
    refused = [
        *delivery.problems,
        *_merge_problems(delivery, described, zones),
        *_structure_problems(delivery, schemas, native, described),
    ]
    notes = [*delivery.notes, *_left_out(schemas, native)]
    if refused:
        return Assessment(Outcome(delivery.source, refused=tuple(refused), notes=tuple(notes)), schemas)
    examined = Examination(delivery, schemas, native, zones, current, connection)
    examined.run()
    refused += [examined.unread[table] for table in schemas if examined.unread.get(table)]
    tables = [examined.told[table] for table in schemas if table in examined.told]
    refused += _too_many_rejects(tables, reject_limit)
    if not refused and not connection.execute("SELECT count(*) FROM merged_annotations").fetchall()[0][0]:
        refused.append(f"{delivery.path}: holds no annotation; there is nothing to report on")
    nothing_new = not any(table.accepted for table in tables)
    rejects_kept = _rejects_kept(tables, current, connection)
    if not refused:
        notes += _undescribed_markets(zones, connection)
        if nothing_new and not rejects_kept:
            notes.append("no row of this delivery is new; its rejects are kept, the data stays as it was")
    outcome = Outcome(
        source=delivery.source,
        tables=tuple(tables),
        refused=tuple(refused),
        missing=tuple(table for table in schemas if table not in examined.there),
        notes=tuple(notes),
        unchanged=nothing_new and rejects_kept,
    )
    return Assessment(outcome, schemas)


def _rejects_kept(tables: list[TableOutcome], current: Path | None, connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the current snapshot holds every reject of this delivery, as when the same one comes twice."""
    for table in (outcome.table for outcome in tables if outcome.rejected):
        kept = rejects_of(table, current)
        if kept is None or connection.execute(f"FROM rejects_{table} EXCEPT FROM {kept} LIMIT 1").fetchall():
            return False
    return True


def _undescribed_markets(zones: Zones, connection: duckdb.DuckDBPyConnection) -> list[str]:
    markets = connection.execute("SELECT DISTINCT market FROM merged_annotations ORDER BY market").fetchall()
    return [
        f"market {market}: has no file in params/markets; its weeks are cut in time zone {zones.default}"
        for (market,) in markets
        if market not in zones.of_market
    ]


def _merge_problems(delivery: Delivery, described: dict | None, zones: Zones) -> list[str]:
    if described is None:
        return []
    problems = []
    if DEMO in (delivery.source, described["source"]) and delivery.source != described["source"]:
        problems.append(
            f"{delivery.path}: its source is {delivery.source!r} and the current snapshot's {described['source']!r}; "
            "simulated and real data never share a snapshot: begin anew with --fresh, or keep this apart with --data"
        )
    for market, facts in described["markets"].items():
        if facts["time_zone"] != zones[market]:
            problems.append(
                f"market {market}: its weeks were cut in time zone {facts['time_zone']}, params now say "
                f"{zones[market]}; put it back, or ingest everything again, beginning with --fresh"
            )
    return problems


def _structure_problems(
    delivery: Delivery, schemas: dict[str, DataFrameSchema], native: dict[str, dict], described: dict | None
) -> list[str]:
    problems = [
        f"{delivery.path}: holds no table {table!r}, which is required; expected {table}.csv, .tsv, .jsonl, .xlsx "
        "or .parquet, or a source map that says where it is"
        for table in REQUIRED_TABLES
        if described is None and table not in delivery.tables and not delivery.problems
    ]
    for table, columns in native.items():
        required = [name for name in delivered_columns(schemas[table]) if not schemas[table].columns[name].nullable]
        shown = ", ".join(name for name in columns if not name.startswith("_"))
        problems += [
            f"{table}: has no column {name!r}, which is required; it has {shown}"
            for name in required
            if name not in columns
        ]
    return problems


def _left_out(schemas: dict[str, DataFrameSchema], native: dict[str, dict]) -> list[str]:
    notes = []
    for table, columns in native.items():
        contract_columns = delivered_columns(schemas[table])
        unknown = [name for name in columns if name not in contract_columns and not name.startswith("_")]
        if unknown:
            notes.append(f"{table}: columns that the contract does not know were left out: {', '.join(unknown)}")
    return notes


def _too_many_rejects(tables: list[TableOutcome], limit: float) -> list[str]:
    return [
        f"{table.table}: {table.rejected} of {table.delivered} rows break the contract "
        f"({table.rejected / table.delivered:.1%}, the limit is {limit:.1%}); most often: {table.rules[0].rule} "
        f"({table.rules[0].count} rows, first {table.rules[0].examples[0][1]} line {table.rules[0].examples[0][2]})"
        for table in tables
        if table.rejected > limit * table.delivered
    ]
