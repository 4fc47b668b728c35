"""The rows of a delivery, table by table: which are accepted, which not and why, made ready in the connection.

Tables that do not rest on each other are examined side by side where the delivery is held in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from pandera.ibis import DataFrameSchema

from labelqa_lib.errors import DataError
from labelqa_lib.intake.casting import delivered_columns, to_be_cleaned, typed
from labelqa_lib.intake.comparing import Compared
from labelqa_lib.intake.damaged import blamed
from labelqa_lib.intake.deriving import DERIVED_FROM, Zones, derived, look_up, looked_up, references, to_look_up
from labelqa_lib.intake.kinds import WORTH, few_kinds
from labelqa_lib.intake.lanes import in_lanes
from labelqa_lib.intake.merging import merge, open_stored
from labelqa_lib.intake.named import reject_named
from labelqa_lib.intake.outcome import BrokenRule, TableOutcome
from labelqa_lib.intake.referring import nowhere
from labelqa_lib.intake.rules import check_rows, mark_repeated, slipped
from labelqa_lib.sources import Delivery, quoting

LANES = 2
"""Tables that are examined at once. The engine's threads share one large table; small ones, and what is done here, leave them idle."""

_PERSON = {"annotations": "agent_id", "audits": "auditor_id"}
_AGAIN = " again"


@dataclass
class Examination:
    """One delivery against the contract and the current snapshot, by table; every lane has a connection of its own."""

    delivery: Delivery
    schemas: Mapping[str, DataFrameSchema]
    native: Mapping[str, dict[str, str]]
    zones: Zones
    current: Path | None
    connection: duckdb.DuckDBPyConnection
    told: dict[str, TableOutcome] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    unread: dict[str, str | None] = field(default_factory=dict)
    """Tables that could not be read, with a sentence, and those that rest on them, without."""

    def run(self) -> None:
        """Examine all tables: `told` of those delivered, and who is `there`; the connection holds `merged_<table>` and `rejects_<table>`."""
        needs = {table: self._needs(table) for table in self.schemas}
        needs |= {f"{table}{_AGAIN}": {table} for table in self.delivery.tables}
        ((on_disk,),) = self.connection.execute("SELECT count(path) FROM duckdb_databases() WHERE NOT internal").fetchall()
        in_lanes(needs, self._do, self.connection, 1 if on_disk else LANES)

    def _needs(self, table: str) -> set[str]:
        named = {target.split(".")[0] for column in self.schemas[table].columns.values() if (target := column.metadata.get("references"))}
        return named | {*DERIVED_FROM.get(table, ())} | ({"people"} if table in _PERSON else set())

    def _do(self, name: str, connection: duckdb.DuckDBPyConnection) -> None:
        table = name.removesuffix(_AGAIN)
        if not self.unread.keys().isdisjoint({table, *self._needs(table)}):
            self.unread.setdefault(table, None)
        elif name == table:
            self._table(table, connection)
        else:
            _guard(table, self.schemas[table], connection)

    def _table(self, table: str, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("SET TimeZone = 'UTC'").fetchall()
        schema, delivered = self.schemas[table], table in self.delivery.tables
        held = open_stored(table, schema, self.current, connection)
        if delivered:
            try:
                with blamed(self.current):  # rows are looked up there, too
                    self._examine(table, held, connection)
            except duckdb.OutOfMemoryException:  # no fault of the table
                raise
            except duckdb.Error as error:
                self.unread[table] = f"{table}: cannot be read ({str(error).splitlines()[0]}); deliver it again"
                return
        absent = [name for name in delivered_columns(schema) if name not in self.native.get(table, schema.columns)]
        told = merge(table, schema, delivered, held, absent, self.moved, self.zones, connection)
        if table == "annotations" and told.restated and reject_named(told.restated, self.schemas, self.native, self.current, connection):
            told = merge(table, schema, delivered, held, absent, self.moved, self.zones, connection)
        if told.moved:
            self.moved.add(table)
        if delivered:
            self.told[table] = self._count(table, told, connection)
        if held or (delivered and self.told[table].delivered):
            self.there.add(table)

    def _examine(self, table: str, held: bool, connection: duckdb.DuckDBPyConnection) -> None:
        """Make `typed_`, `repeated_`, `ready_`, `checked_` and `rejects_<table>`."""
        delivery, schema, native = self.delivery, self.schemas[table], self.native[table]
        bound = references(schema, self.there)
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
            ready = looked_up(table, derived(table, f"typed_{table}", self.zones), bound, unknown)
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

    def _count(self, table: str, told: Compared, connection: duckdb.DuckDBPyConnection) -> TableOutcome:
        ((delivered, duplicates, rejected),) = connection.execute(
            f"""SELECT count(*), count(*) FILTER (_duplicate), count(*) FILTER (NOT _duplicate AND _rules IS NOT NULL)
            FROM checked_{table}"""
        ).fetchall()
        unmatched = 0
        if table in _PERSON and "people" in self.there:
            ((unmatched,),) = connection.execute(
                f"""SELECT count(*) FROM merged_{table} WHERE {_PERSON[table]} IS NOT NULL
                AND {_PERSON[table]} NOT IN (SELECT person_id FROM merged_people)"""
            ).fetchall()
        return TableOutcome(
            table=table,
            delivered=delivered,
            accepted=told.new + told.restated,
            duplicates=duplicates + told.same,
            rejected=rejected,
            restated=told.restated,
            unmatched=unmatched,
            absent=tuple(name for name in delivered_columns(self.schemas[table]) if name not in self.native[table]),
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


def _guard(table: str, schema: DataFrameSchema, connection: duckdb.DuckDBPyConnection) -> None:
    """The accepted rows once more, as a whole, while other tables are examined: a reject that slipped through stops here."""
    faults = slipped(table, schema, connection)
    if faults:
        raise DataError(
            f"{table}: rows were accepted that break the contract, a fault of labelqa itself; please report it: "
            + "; ".join(faults)
        )
