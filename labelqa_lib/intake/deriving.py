"""Columns that intake makes, and what a rule must know of other tables: weeks in the market's time zone, looked-ups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

import duckdb
from pandera.ibis import DataFrameSchema

from labelqa_lib.sources import quoting


DERIVED_FROM = {"audits": ("annotations",), "appeals": ("annotations", "audits"), "quiz_answers": ("people",)}
"""Tables of whose rows a column comes from other tables."""

HOME = {"annotations": ("market", "week"), "audits": ("annotation_id",)}
"""Columns of which other tables' columns are made: a row in which they change moves, and takes along what names it."""

BESIDE = {
    "audits": {"_annotated_at": "timestamp(6)", "_annotated_by": "string"},
    "appeals": {"_annotated_at": "timestamp(6)"},
}
"""What `derived` looks up in other tables for rules alone, with types; it is not written."""


_JOINED = {("audits", "annotation_id")}
"""References that `derived` follows in any case: one that is known has a market."""


@dataclass(frozen=True)
class Zones:
    """Market -> time zone, and the zone of markets that nobody described."""

    of_market: Mapping[str, str]
    default: str

    def __getitem__(self, market: str) -> str:
        return self.of_market.get(market, self.default)

    def local(self, time: str, market: str) -> str:
        """SQL: the UTC timestamp `time` on the clocks of `market` (both SQL expressions)."""
        instant = f"make_timestamptz(epoch_us({time}))"  # timezone('UTC', …) without a calendar
        known = sorted(self.of_market.items(), key=lambda pair: (pair[1], pair[0]))
        cases = "".join(
            f"WHEN {market} IN ({', '.join(quoting.literal(code) for code, _ in group)}) "
            f"THEN timezone({quoting.literal(zone)}, {instant}) "
            for zone, group in groupby(known, key=lambda pair: pair[1])
        )
        default = f"timezone({quoting.literal(self.default)}, {instant})"
        return f"CASE {cases}ELSE {default} END" if cases else default

    def week(self, time: str, market: str) -> str:
        """SQL: the ISO week of `time` in `market`, ``2026-W46``."""
        return _week(self.local(time, market))


def _week(local: str) -> str:
    return f"strftime({local}, '%G-W%V')"


def derived(table: str, relation: str, zones: Zones) -> str:
    """SQL: `relation` with the derived columns of `table`; relies on views `merged_<table>` of the tables before, and on what
    `look_up` made of them."""
    match table:
        case "annotations":
            return f"""
                SELECT * EXCLUDE (_local), {_week('_local')} AS week, CAST(_local AS DATE) AS local_date,
                       hour(_local) AS local_hour
                FROM (SELECT *, {zones.local('annotated_at', 'market')} AS _local FROM {relation})"""
        case "audits":
            return f"""
                SELECT d.*, n.market, n.week, n.annotated_at AS _annotated_at, n.agent_id AS _annotated_by
                FROM {relation} d LEFT JOIN annotations_of_audits n USING (annotation_id)"""
        case "appeals":
            return f"""
                SELECT d.*, n.market, n.annotation_id, {zones.week('d.raised_at', 'n.market')} AS raised_week,
                       {zones.week('d.resolved_at', 'n.market')} AS resolved_week, n.annotated_at AS _annotated_at
                FROM {relation} d
                LEFT JOIN audits_of_appeals a ON d.target = 'audit' AND a.audit_id = d.target_id
                LEFT JOIN annotations_of_appeals n
                ON n.annotation_id = CASE d.target WHEN 'audit' THEN a.annotation_id ELSE d.target_id END"""
        case "shifts":
            return f"SELECT *, {_week('date')} AS week FROM {relation}"
        case "queue_hours":
            return f"SELECT *, {zones.week('hour', 'market')} AS week FROM {relation}"
        case "quiz_answers":
            return f"""
                SELECT d.*, {zones.week('d.taken_at', 'p.market')} AS week
                FROM {relation} d LEFT JOIN merged_people p USING (person_id)"""
        case _:
            return f"SELECT * FROM {relation}"


def followed(table: str, kept: Iterable[str], zones: Zones) -> dict[str, str]:
    """Derived columns of an accepted row `a` that rest on what is kept of the row `p` that it replaces, as SQL."""
    if table == "appeals" and "resolved_at" in kept:
        return {"resolved_week": zones.week("p.resolved_at", "a.market")}
    return {}


def look_up(table: str, relation: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Make what `derived` looks up of annotations and audits, of those that rows of `relation` name: a few of very many."""
    if table not in BESIDE:
        return
    names = f"SELECT annotation_id FROM {relation}"
    if table == "appeals":
        _few("audits", table, "audit_id, annotation_id", "audit_id", f"SELECT target_id AS audit_id FROM {relation}", connection)
        names = f"SELECT target_id AS annotation_id FROM {relation} UNION ALL SELECT annotation_id FROM audits_of_appeals"
    _few("annotations", table, "annotation_id, market, week, annotated_at, agent_id", "annotation_id", names, connection)


def _few(of: str, table: str, columns: str, key: str, names: str, connection: duckdb.DuckDBPyConnection) -> None:
    query = f"SELECT {columns} FROM merged_{of} SEMI JOIN ({names}) USING ({key})"
    connection.execute(f"CREATE OR REPLACE TABLE {of}_of_{table} AS {query}").fetchall()


def references(schema: DataFrameSchema, tables_there: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Which columns must be found in which other table's column; a table that nobody delivered binds nobody."""
    found = {}
    for name, column in schema.columns.items():
        target = column.metadata.get("references")
        if target and target.split(".")[0] in tables_there:
            found[name] = tuple(target.split("."))
    return found


def to_look_up(table: str, references: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """The references that `derived` does not follow in any case."""
    return {column: target for column, target in references.items() if (table, column) not in _JOINED}


def looked_up(
    table: str, relation: str, references: Mapping[str, tuple[str, str]], nowhere: Mapping[str, str | None]
) -> str:
    """SQL: `relation` with `_unknown_<column>` for every reference: filled, and found nowhere.

    `nowhere` are those that were looked up before, with the table of hashes of what was not found (`referring`).
    """
    flags = ""
    for column, (other, key) in references.items():
        name = f"d.{quoting.name(column)}"
        if (table, column) in _JOINED:
            found = "d.market IS NOT NULL"
        elif column in nowhere:
            found = f"hash({name}) NOT IN (FROM {nowhere[column]})" if nowhere[column] else "true"
        else:
            # what is referred to may be a part of the other table's key, and come there more than once: a join would
            # repeat rows
            found = f"{name} IN (SELECT {quoting.name(key)} FROM merged_{other})"
        flags += f", {name} IS NOT NULL AND NOT ({found}) AS {quoting.name(f'_unknown_{column}')}"
    return f"SELECT d.*{flags} FROM ({relation}) d"
