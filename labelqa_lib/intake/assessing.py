"""A delivery against the contract and the current snapshot: what ingest would do, told and made ready, not written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from pandera.ibis import DataFrameSchema

from labelqa_lib.errors import DataError
from labelqa_lib.intake.casting import delivered_columns, to_be_cleaned, typed
from labelqa_lib.intake.comparing import Compared
from labelqa_lib.intake.deriving import Zones, derived, look_up, looked_up, references, to_look_up
from labelqa_lib.intake.kinds import WORTH, few_kinds
from labelqa_lib.intake.merging import merge, open_stored, rejects_of
from labelqa_lib.intake.outcome import BrokenRule, Outcome, TableOutcome
from labelqa_lib.intake.referring import nowhere
from labelqa_lib.intake.rules import check_rows, mark_repeated, slipped
from labelqa_lib.intake.schema import REQUIRED_TABLES, contract
from labelqa_lib.sources import DEMO, Delivery, quoting

PERSON = {"annotations": "agent_id", "audits": "auditor_id"}


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
    tables, there, moved, guards = [], set(), set(), []
    with ThreadPoolExecutor(1) as beside:
        for table, schema in schemas.items():
            held = open_stored(table, schema, current, connection)
            if table in delivery.tables:
                try:
                    _examine(table, schema, native[table], held, delivery, zones, there, connection)
                except duckdb.OutOfMemoryException:  # no fault of the table
                    raise
                except duckdb.Error as error:
                    refused.append(f"{table}: cannot be read ({str(error).splitlines()[0]}); deliver it again")
                    break
            absent = [name for name in delivered_columns(schema) if name not in native.get(table, schema.columns)]
            told = merge(table, schema, table in delivery.tables, held, absent, moved, zones, connection)
            moved |= {table} if told.moved else set()
            if table in delivery.tables:
                tables.append(_count(table, schema, native[table], there, told, connection))
                guards.append(beside.submit(_guard, table, schema, connection.cursor()))
            if held or (table in delivery.tables and tables[-1].delivered):
                there.add(table)
        for guard in guards:
            guard.result()
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
        missing=tuple(table for table in schemas if table not in there),
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


def _examine(
    table: str,
    schema: DataFrameSchema,
    native: dict[str, str],
    held: bool,
    delivery: Delivery,
    zones: Zones,
    there: set[str],
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Make `typed_`, `repeated_`, `ready_`, `checked_` and `rejects_<table>`."""
    bound = references(schema, there)
    formats = delivery.date_formats.get(table, ())
    connection.execute(f"SET TimeZone = {quoting.literal(delivery.time_zone)}").fetchall()
    view = f"CREATE OR REPLACE VIEW typed_{table} AS "
    unclean = to_be_cleaned(schema, native, delivery.tables[table], connection)
    query = typed(schema, native, delivery.tables[table], formats, delivery.time_zone, unclean)
    connection.execute(view + query).fetchall()
    (lines,) = connection.execute(f"SELECT count(*), min(_line), max(_line) FROM {delivery.tables[table]}").fetchall()
    kinds = {} if held or lines[0] < WORTH else few_kinds(table, schema, native, unclean, delivery.tables[table], connection)
    repeated = mark_repeated(table, schema, lines[0], connection)
    look_up(table, f"typed_{table}", connection)
    with nowhere(f"typed_{table}", to_look_up(table, bound), connection) as unknown:
        ready = looked_up(table, derived(table, f"typed_{table}", zones), bound, unknown)
        connection.execute(f"CREATE OR REPLACE VIEW ready_{table} AS {ready}").fetchall()
        check_rows(table, schema, native, bound, lines, repeated, kinds, connection)
    connection.execute(f"DROP VIEW ready_{table}").fetchall()
    for made in (f"repeated_{table}", f"annotations_of_{table}", f"audits_of_{table}"):
        connection.execute(f"DROP TABLE IF EXISTS {made}").fetchall()
    connection.execute("SET TimeZone = 'UTC'").fetchall()
    key = ", ".join(f"c.{quoting.name(name)}" for name in schema.unique)
    row = ", ".join(f"{quoting.name(name)} := d.{quoting.name(name)}" for name in native if not name.startswith("_"))
    connection.execute(
        f"""CREATE OR REPLACE VIEW rejects_{table} AS
        SELECT {quoting.literal(table)} AS "table", concat_ws(' / ', {key}) AS key, c._file AS file, c._line AS line,
               c._rules AS rules, CAST(to_json(struct_pack({row})) AS VARCHAR) AS "row"
        FROM checked_{table} c JOIN {delivery.tables[table]} d ON c._file = d._file AND c._line = d._line
        WHERE c._rules IS NOT NULL AND NOT c._duplicate"""
    ).fetchall()


def _count(
    table: str,
    schema: DataFrameSchema,
    native: dict[str, str],
    there: set[str],
    told: Compared,
    connection: duckdb.DuckDBPyConnection,
) -> TableOutcome:
    ((delivered, duplicates, rejected),) = connection.execute(
        f"""SELECT count(*), count(*) FILTER (_duplicate), count(*) FILTER (NOT _duplicate AND _rules IS NOT NULL)
        FROM checked_{table}"""
    ).fetchall()
    unmatched = 0
    if table in PERSON and "people" in there:
        ((unmatched,),) = connection.execute(
            f"""SELECT count(*) FROM merged_{table} WHERE {PERSON[table]} IS NOT NULL
            AND {PERSON[table]} NOT IN (SELECT person_id FROM merged_people)"""
        ).fetchall()
    return TableOutcome(
        table=table,
        delivered=delivered,
        accepted=told.new + told.restated,
        duplicates=duplicates + told.same,
        rejected=rejected,
        restated=told.restated,
        unmatched=unmatched,
        absent=tuple(name for name in delivered_columns(schema) if name not in native),
        rules=_broken_rules(table, connection) if rejected else (),
    )


def _broken_rules(table: str, connection: duckdb.DuckDBPyConnection) -> tuple[BrokenRule, ...]:
    rows = connection.execute(
        f"""SELECT rule, count, key, file, line FROM (
            SELECT *, count(*) OVER (PARTITION BY rule) AS count,
                   row_number() OVER (PARTITION BY rule ORDER BY file, line) AS place
            FROM (SELECT unnest(rules) AS rule, key, file, line FROM rejects_{table}))
        WHERE place <= 3 ORDER BY count DESC, rule, place"""
    ).fetchall()
    counts = {rule: count for rule, count, *_ in rows}
    return tuple(
        BrokenRule(rule, count, tuple(tuple(row[2:]) for row in rows if row[0] == rule))
        for rule, count in counts.items()
    )


def _too_many_rejects(tables: list[TableOutcome], limit: float) -> list[str]:
    return [
        f"{table.table}: {table.rejected} of {table.delivered} rows break the contract "
        f"({table.rejected / table.delivered:.1%}, the limit is {limit:.1%}); most often: {table.rules[0].rule} "
        f"({table.rules[0].count} rows, first {table.rules[0].examples[0][1]} line {table.rules[0].examples[0][2]})"
        for table in tables
        if table.rejected > limit * table.delivered
    ]


def _guard(table: str, schema: DataFrameSchema, connection: duckdb.DuckDBPyConnection) -> None:
    """The accepted rows once more, as a whole, while other tables are examined: a reject that slipped through stops here."""
    with connection:
        faults = slipped(table, schema, connection)
    if faults:
        raise DataError(
            f"{table}: rows were accepted that break the contract, a fault of labelqa itself; please report it: "
            + "; ".join(faults)
        )
