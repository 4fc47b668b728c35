"""Columns that intake makes, and what a rule must know of other tables: weeks in the market's time zone, looked-ups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from pandera.ibis import DataFrameSchema

from labelqa_lib.sources import quoting


BESIDE = {
    "audits": {"_annotated_at": "timestamp(6)", "_annotated_by": "string"},
    "appeals": {"_annotated_at": "timestamp(6)"},
}
"""What `derived` looks up in other tables for rules alone, with types; it is not written."""


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
    """SQL: `relation` with the derived columns of `table`; relies on views `merged_<table>` of the tables before."""
    match table:
        case "annotations":
            return f"""
                SELECT * EXCLUDE (_local), {_week('_local')} AS week, CAST(_local AS DATE) AS local_date,
                       hour(_local) AS local_hour
                FROM (SELECT *, {zones.local('annotated_at', 'market')} AS _local FROM {relation})"""
        case "audits":
            return f"""
                SELECT d.*, n.market, n.week, n.annotated_at AS _annotated_at, n.agent_id AS _annotated_by
                FROM {relation} d LEFT JOIN merged_annotations n USING (annotation_id)"""
        case "appeals":
            return f"""
                SELECT d.*, n.market, n.annotation_id, {zones.week('d.raised_at', 'n.market')} AS raised_week,
                       {zones.week('d.resolved_at', 'n.market')} AS resolved_week, n.annotated_at AS _annotated_at
                FROM {relation} d
                LEFT JOIN merged_audits a ON d.target = 'audit' AND a.audit_id = d.target_id
                LEFT JOIN merged_annotations n
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


def references(schema: DataFrameSchema, tables_there: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Which columns must be found in which other table's column; a table that nobody delivered binds nobody."""
    found = {}
    for name, column in schema.columns.items():
        target = column.metadata.get("references")
        if target and target.split(".")[0] in tables_there:
            found[name] = tuple(target.split("."))
    return found


def looked_up(relation: str, references: Mapping[str, tuple[str, str]]) -> str:
    """SQL: `relation` with `_unknown_<column>` for every reference: filled, and found nowhere."""
    # what is referred to may be a part of the other table's key, and come there more than once: a join would repeat rows
    flags = "".join(
        f", d.{quoting.name(column)} IS NOT NULL AND d.{quoting.name(column)} NOT IN"
        f" (SELECT {quoting.name(key)} FROM merged_{table}) AS {quoting.name(f'_unknown_{column}')}"
        for column, (table, key) in references.items()
    )
    return f"SELECT d.*{flags} FROM ({relation}) d"
