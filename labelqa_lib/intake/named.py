"""Restated annotations against the stored audits and appeals that name them: what bound those when they came binds now, too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb
import ibis
from pandera.ibis import DataFrameSchema

from labelqa_lib.intake.deriving import BESIDE
from labelqa_lib.intake.matching import match
from labelqa_lib.intake.merging import PARTITIONED, open_stored
from labelqa_lib.sources import quoting

_TELLING = {"audits": ("audited_at", "auditor_id"), "appeals": ("raised_at", "resolved_at")}
"""What the rules of several columns ask of a table that names annotations, beside what it looks up of them (`BESIDE`)."""


def reject_named(
    restated: int,
    schemas: Mapping[str, DataFrameSchema],
    native: Mapping[str, Collection[str]],
    current: Path | None,
    connection: duckdb.DuckDBPyConnection,
) -> int:
    """Reject rows of `checked_annotations` that restate one, where a stored audit or appeal would break a rule with them; how many.

    An audit or appeal that is delivered, too, is judged by its own row. Where any are rejected, what is merged is to be
    merged again.

    Parameters
    ----------
    restated : int
        Rows of `delta_annotations` that restate one.
    native : mapping of str to collection of str
        The delivered tables' columns, of the views `delivery_<table>`.
    """
    connection.execute("CREATE OR REPLACE TABLE broken_by_named (_file VARCHAR, _line BIGINT, rule VARCHAR)").fetchall()
    for table, schema in schemas.items():
        if table in _TELLING and open_stored(table, schema, current, connection):
            _find(table, schema, restated, native.get(table, ()), connection)
    ((rejected,),) = connection.execute(
        """UPDATE checked_annotations c SET _rules = b.rules
        FROM (SELECT _file, _line, list_sort(list(DISTINCT rule)) AS rules FROM broken_by_named GROUP BY ALL) b
        WHERE c._file = b._file AND c._line = b._line"""
    ).fetchall()
    return rejected


def _find(
    table: str, schema: DataFrameSchema, restated: int, delivered: Collection[str], connection: duckdb.DuckDBPyConnection
) -> None:
    """Add to `broken_by_named` what rows of `stored_<table>` break."""
    (key,) = schema.unique
    columns = (key, *_TELLING[table])
    places = connection.execute("SELECT DISTINCT market, week FROM gone_annotations").fetchall() if table in PARTITIONED else []
    named = ", ".join(f"({quoting.literal(market)}, {quoting.literal(week)})" for market, week in places)
    naming = f"stored_{table} {f'WHERE (market, week) IN ({named})' if named else ''}"
    ((there,),) = connection.execute(f"SELECT count(*) FROM {naming}").fetchall()
    match(
        f"named_{table}",
        f"annotation_id, l._annotated_at, l._annotated_by, l._file, l._line, {', '.join(f'r.{name}' for name in columns)}",
        ["annotation_id"],
        "SELECT annotation_id, annotated_at AS _annotated_at, agent_id AS _annotated_by, _file, _line FROM delta_annotations "
        "WHERE _status = 'restated'",
        f"SELECT annotation_id, {', '.join(columns)} FROM {naming}",
        min(restated, there),
        connection,
    )
    kinds = {name: str(schema.columns[name].dtype) for name in ("annotation_id", *columns)}
    rows = ibis.table({**kinds, **BESIDE[table], "_file": "string", "_line": "int64"}, name=f"named_{table}")
    for check in schema.checks:
        broken = ibis.to_sql(rows.filter(check.broken(rows)).select(key, "_file", "_line"), dialect="duckdb")
        own = f"SELECT CAST({key} AS VARCHAR) FROM delivery_{table} WHERE CAST({key} AS VARCHAR) IN (SELECT {key} FROM ({broken}))"
        sentence = f"{check.error}, in a stored {table.removesuffix('s')} that names this row"
        connection.execute(
            f"""INSERT INTO broken_by_named SELECT _file, _line, {quoting.literal(sentence)} FROM ({broken})
            {f'WHERE {key} NOT IN ({own})' if key in delivered else ''}"""
        ).fetchall()
    connection.execute(f"DROP TABLE named_{table}").fetchall()
