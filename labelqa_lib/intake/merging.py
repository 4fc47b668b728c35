"""Accepted rows onto the current snapshot: what is brought, what stays, and which partitions that touches."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from pathlib import Path

import duckdb
from pandera.ibis import DataFrameSchema

from labelqa_lib.intake.casting import delivered_columns, empty
from labelqa_lib.intake.comparing import PARTITIONED, Compared, compare, leave, moved_rows, view
from labelqa_lib.intake.deriving import DERIVED_FROM, Zones, derived, look_up
from labelqa_lib.intake.matching import match
from labelqa_lib.sources import quoting


def parquet_of(table: str, snapshot: Path | None) -> str | None:
    """SQL that reads a table of a snapshot; None where the snapshot does not hold it."""
    if snapshot is None or not (snapshot / (table if table in PARTITIONED else f"{table}.parquet")).exists():
        return None
    if table in PARTITIONED:
        pattern = f"{quoting.file(snapshot / table)[:-1]}/*/*/*.parquet'"
        return f"read_parquet({pattern}, hive_partitioning = true, hive_types_autocast = false)"
    return f"read_parquet({quoting.file(snapshot / f'{table}.parquet')})"


def rejects_of(table: str, snapshot: Path | None) -> str | None:
    """SQL that reads a table's rejects as a snapshot keeps them; None where it keeps none."""
    path = snapshot / "rejects" / f"{table}.parquet" if snapshot else None
    return f"read_parquet({quoting.file(path)})" if path and path.exists() else None


def open_stored(table: str, schema: DataFrameSchema, current: Path | None, connection: duckdb.DuckDBPyConnection) -> bool:
    """Make the view `stored_<table>` of the current snapshot's rows, each with its place in a file; False where it holds none."""
    stored = parquet_of(table, current)
    query = f"SELECT *, filename, file_row_number FROM {stored}" if stored else empty(schema)
    view(f"stored_{table}", query, connection)
    return stored is not None


def merge(
    table: str,
    schema: DataFrameSchema,
    examined: bool,
    held: bool,
    absent: Sequence[str],
    moved: Set[str],
    zones: Zones,
    connection: duckdb.DuckDBPyConnection,
) -> Compared:
    """Make the views `merged_<table>`, `delta_<table>` (accepted rows that are not there yet, `_status` new or restated) and
    `replaced_<table>` (the stored rows that they restate).

    Parameters
    ----------
    examined, held : bool
        The delivery has the table; the current snapshot has it.
    absent : sequence of str
        Columns that the delivery does not have: they keep what is stored. Not delivered is not the same as empty.
    moved : set of str
        Tables before this one of which accepted rows moved: what stored rows derive from them is derived again.
    """
    if examined:
        told = compare(table, schema, absent, held, zones, connection)
    else:
        told = Compared()
        view(f"delta_{table}", f"SELECT *, 'new' AS _status FROM ({empty(schema)})", connection)
        leave(table, schema, connection)
    again = _derived_again(table, schema, moved, zones, connection)
    columns = ", ".join(quoting.name(name) for name in schema.columns)
    for made, rows in (("replaced", f"gone_{table}"), ("left", f"stayed_{table}")):
        # appeals take several joins, and are few: they are made once
        kind = "TABLE" if table == "appeals" and not moved.isdisjoint(DERIVED_FROM[table]) else "VIEW"
        connection.execute(f"CREATE OR REPLACE {kind} {made}_{table} AS {again(rows)}").fetchall()
    # a table that is not stored keeps its kinds, which a union with texts would take
    sides = ["delta", "left"] if held else ["delta"]
    view(f"merged_{table}", " UNION ALL ".join(f"SELECT {columns} FROM {side}_{table}" for side in sides), connection)
    return told


def touched_partitions(table: str, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """The (market, week) whose file must be written anew: rows came, left, or moved there or away."""
    return connection.execute(
        f"""SELECT DISTINCT market, week FROM (
            SELECT market, week FROM delta_{table} UNION ALL SELECT market, week FROM gone_{table}
            UNION ALL FROM moves_{table})
        ORDER BY ALL"""
    ).fetchall()


def release(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the memory of all that was read, checked and compared back: from here on files are read."""
    for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary AND NOT internal").fetchall():
        connection.execute(f"DROP TABLE {quoting.name(name)}").fetchall()


def _derived_again(
    table: str, schema: DataFrameSchema, moved: Set[str], zones: Zones, connection: duckdb.DuckDBPyConnection
) -> Callable[[str], str]:
    """Stored rows, as SQL -> the same, with what is derived from rows that moved.

    Makes `moves_<table>` of a partitioned table: the (market, week) that stored rows go to and leave with what they name.
    """
    if table in PARTITIONED:
        view(f"moves_{table}", "SELECT '' AS market, '' AS week WHERE false", connection)
    if table == "audits" and "annotations" in moved:
        ((rows,),) = connection.execute("SELECT count(*) FROM stored_audits").fetchall()
        there = f"SELECT annotation_id, market, week FROM ({moved_rows('annotations')})"
        match("moved_to", "DISTINCT l.*", ["annotation_id"], there, "SELECT annotation_id FROM stored_audits", rows, connection)
        both = "unnest([n.market, d.market]) AS market, unnest([n.week, d.week]) AS week"
        view("moves_audits", f"SELECT {both} FROM stored_audits d JOIN moved_to n USING (annotation_id)", connection)
        to = "coalesce(n.market, d.market) AS market, coalesce(n.week, d.week) AS week"
        return lambda stored: f"SELECT d.* REPLACE ({to}) FROM {stored} d LEFT JOIN moved_to n USING (annotation_id)"
    if table == "quiz_answers" or not moved.isdisjoint(DERIVED_FROM.get(table, ())):
        delivered = ", ".join(quoting.name(name) for name in delivered_columns(schema))
        look_up(table, f"stored_{table}", connection)
        return lambda stored: derived(table, f"(SELECT {delivered} FROM {stored})", zones)
    return lambda stored: f"SELECT * FROM {stored}"
