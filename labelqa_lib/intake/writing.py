"""The merged tables as Parquet files in one folder: changed ones written, all others linked from the parent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet

from labelqa_lib.intake.assessing import Assessment
from labelqa_lib.intake.merging import DERIVED_FROM, PARTITIONED, parquet_of, touched_partitions
from labelqa_lib.sources import quoting

_WRITERS = 4


def write_tables(
    assessment: Assessment, parent: Path | None, folder: Path, connection: duckdb.DuckDBPyConnection
) -> dict[str, int]:
    """Every contract table below `folder`, rows by key; how many rows each has. Without rows there is no file."""
    return {table: _write_table(table, assessment, parent, folder, connection) for table in assessment.schemas}


def write_rejects(assessment: Assessment, folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """`rejects/<table>.parquet` for every table that has any, by file and line."""
    for outcome in assessment.outcome.tables:
        if outcome.rejected:
            rejects = _rows(f"SELECT * FROM rejects_{outcome.table} ORDER BY file, line", connection)
            _write(rejects, folder / "rejects" / f"{outcome.table}.parquet")


def _write_table(
    table: str, assessment: Assessment, parent: Path | None, folder: Path, connection: duckdb.DuckDBPyConnection
) -> int:
    """Write or link one table; the number of its rows."""
    ((rows,),) = connection.execute(f"SELECT count(*) FROM merged_{table}").fetchall()
    if not rows:
        return 0
    outcomes = {outcome.table: outcome for outcome in assessment.outcome.tables}
    key = [quoting.name(column) for column in assessment.schemas[table].unique]
    changed = table in outcomes and outcomes[table].accepted > 0
    moved = any(outcomes[other].restated for other in DERIVED_FROM.get(table, ()) if other in outcomes)
    held = parquet_of(table, parent) is not None
    if table in PARTITIONED:
        touched = touched_partitions(table, connection) if changed or moved else []
        if held:
            _link_untouched(parent / table, folder / table, touched)
        if touched:
            _write_partitions(table, touched, key, folder / table, connection)
    elif held and not changed and not moved:
        _link(parent / f"{table}.parquet", folder / f"{table}.parquet")
    else:
        rows_in_order = _rows(f"SELECT * FROM merged_{table} ORDER BY {', '.join(key)}", connection)
        _write(rows_in_order, folder / f"{table}.parquet")
    return rows


def _write_partitions(
    table: str, touched: list[tuple[str, str]], key: list[str], folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    """One market after the other, so that memory holds one market's rows; its weeks side by side."""
    for market, places in groupby(touched, key=lambda place: place[0]):
        weeks = ", ".join(quoting.literal(week) for _, week in places)
        rows = _rows(
            f"""SELECT * FROM merged_{table} WHERE market = {quoting.literal(market)} AND week IN ({weeks})
            ORDER BY week, {', '.join(key)}""",
            connection,
        )
        with ThreadPoolExecutor(_WRITERS) as pool:
            writing = []
            start = 0
            for week, group in groupby(rows.column("week").to_pylist()):
                count = sum(1 for _ in group)
                path = folder / f"market={market}" / f"week={week}" / "part-0.parquet"
                writing.append(pool.submit(_write, rows.slice(start, count), path))
                start += count
        for written in writing:
            written.result()


def _rows(query: str, connection: duckdb.DuckDBPyConnection) -> pa.Table:
    return connection.sql(query).to_arrow_table()


def _write(rows: pa.Table, path: Path) -> None:
    """Equal rows give equal bytes: no Arrow schema, no time, one row group after the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(rows, path, compression="zstd", store_schema=False)


def _link_untouched(parent: Path, folder: Path, touched: Iterable[tuple[str, str]]) -> None:
    skipped = {(f"market={market}", f"week={week}") for market, week in touched}
    for path in sorted(parent.rglob("*.parquet")):
        place = path.relative_to(parent)
        if tuple(place.parts[:2]) not in skipped:
            _link(path, folder / place)


def _link(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, target)
    except OSError:  # a file system without hard links
        shutil.copy2(path, target)
