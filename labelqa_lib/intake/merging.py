"""Accepted rows onto the current snapshot: new, the same, or restated; and which partitions that touches."""

from __future__ import annotations

from pathlib import Path

from collections.abc import Sequence

import duckdb
from pandera.ibis import DataFrameSchema

from labelqa_lib.intake.casting import delivered_columns, empty
from labelqa_lib.intake.deriving import DERIVED_FROM, Zones, derived
from labelqa_lib.sources import quoting

PARTITIONED = ("annotations", "audits")


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


def open_parent(
    table: str, schema: DataFrameSchema, current: Path | None, zones: Zones, connection: duckdb.DuckDBPyConnection
) -> bool:
    """Make the view `parent_<table>` of the current snapshot's rows; False where it holds none.

    What is derived from other tables is derived again, as those may be restated; `_old_market` and `_old_week` keep
    the partition that a row lies in.
    """
    stored = parquet_of(table, current)
    query = f"SELECT * FROM {stored}" if stored else empty(schema)
    if table in PARTITIONED:
        query = f"SELECT *, market AS _old_market, week AS _old_week FROM ({query})"
    if table in DERIVED_FROM:
        kept = ", ".join(quoting.name(column) for column in delivered_columns(schema))
        kept += ", _old_market, _old_week" if table in PARTITIONED else ""
        query = derived(table, f"(SELECT {kept} FROM ({query}))", zones)
    connection.execute(f"CREATE OR REPLACE VIEW parent_{table} AS {query}").fetchall()
    return stored is not None


def merge(
    table: str,
    schema: DataFrameSchema,
    examined: bool,
    held: bool,
    absent: Sequence[str],
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Make the views `delta_<table>` (accepted rows, `_status` new, same or restated) and `merged_<table>`.

    A column that the delivery does not have (`absent`) keeps what is stored: not delivered is not the same as empty.
    """
    columns = [quoting.name(name) for name in schema.columns]
    nowhere = "NULL::VARCHAR AS _old_market, NULL::VARCHAR AS _old_week"
    accepted = f"SELECT * FROM checked_{table} WHERE _rules IS NULL AND NOT _duplicate"
    if not examined:
        delta = f"SELECT *, {nowhere}, 'new' AS _status FROM ({empty(schema)})"
    elif not held:
        delta = f"SELECT *, {nowhere}, 'new' AS _status FROM ({accepted})"
    else:
        kept = [quoting.name(name) for name in absent]
        equal = " AND ".join(f"a.{column} IS NOT DISTINCT FROM p.{column}" for column in columns if column not in kept)
        stored = f"REPLACE ({', '.join(f'p.{column} AS {column}' for column in kept)})" if kept else ""
        connection.execute(
            f"""CREATE OR REPLACE TABLE compared_{table} AS
            SELECT a.* {stored}, {'p._old_market, p._old_week' if table in PARTITIONED else nowhere},
                   CASE WHEN p._there IS NULL THEN 'new' WHEN {equal} THEN 'same' ELSE 'restated' END AS _status
            FROM ({accepted}) a LEFT JOIN (SELECT *, true AS _there FROM parent_{table}) p ON {same_key(schema)}"""
        ).fetchall()
        delta = f"FROM compared_{table}"
    connection.execute(f"CREATE OR REPLACE VIEW delta_{table} AS {delta}").fetchall()
    connection.execute(
        f"""CREATE OR REPLACE VIEW merged_{table} AS
        SELECT {', '.join(columns)} FROM delta_{table}
        UNION ALL
        SELECT {', '.join(columns)} FROM parent_{table} p ANTI JOIN delta_{table} a ON {same_key(schema)}"""
    ).fetchall()


def same_key(schema: DataFrameSchema) -> str:
    """SQL: row `a` has the key of row `p`."""
    return " AND ".join(
        f"a.{quoting.name(key)} {'IS NOT DISTINCT FROM' if schema.columns[key].nullable else '='} p.{quoting.name(key)}"
        for key in schema.unique
    )


def status_counts(table: str, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many accepted rows are new, the same, restated."""
    counts = connection.execute(f"SELECT _status, count(*) FROM delta_{table} GROUP BY ALL").fetchall()
    return {"new": 0, "same": 0, "restated": 0, **dict(counts)}


def touched_partitions(table: str, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """The (market, week) whose file must be written anew: rows came, left, or moved there or away."""
    return connection.execute(
        f"""SELECT DISTINCT market, week FROM (
            SELECT market, week FROM delta_{table} WHERE _status <> 'same'
            UNION ALL SELECT _old_market, _old_week FROM delta_{table} WHERE _status = 'restated'
            UNION ALL SELECT unnest([market, _old_market]), unnest([week, _old_week]) FROM parent_{table}
            WHERE market <> _old_market OR week <> _old_week)
        ORDER BY ALL"""
    ).fetchall()
