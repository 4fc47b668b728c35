"""The merged tables as Parquet files in one folder: changed ones written, all others linked from the parent."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

from labelqa_lib.intake.assessing import Assessment
from labelqa_lib.intake.merging import DERIVED_FROM, PARTITIONED, parquet_of, touched_partitions
from labelqa_lib.sources import quoting

_WRITERS = 4
_BATCH, _GROUP = 1 << 17, 1 << 20
"""Rows that are fetched at once, and rows of one group of a file: memory holds about so many, however long a table."""

_SELDOM_TWICE = {"annotation_id", "item_id", "audit_id", "appeal_id", "target_id", "content_ref"}
"""Texts of which nearly every one is another: a dictionary of them costs time and makes the file longer."""


def write_tables(
    assessment: Assessment, parent: Path | None, folder: Path, connection: duckdb.DuckDBPyConnection
) -> dict[str, int]:
    """Every contract table below `folder`, rows by key; how many rows each has. Without rows there is no file."""
    return {table: _write_table(table, assessment, parent, folder, connection) for table in assessment.schemas}


def write_rejects(assessment: Assessment, folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """`rejects/<table>.parquet` for every table that has any, by file and line."""
    for outcome in assessment.outcome.tables:
        if outcome.rejected:
            rejects = f"SELECT * FROM rejects_{outcome.table} ORDER BY file, line"
            _write_in_groups(rejects, folder / "rejects" / f"{outcome.table}.parquet", connection)


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
        # a market's rows side by side: whoever reads one market skips the groups of all others
        columns = [column for column, *_ in connection.execute(f"DESCRIBE merged_{table}").fetchall()]
        order = [*(["market"] if "market" in columns else []), *key]
        in_order = f"SELECT * FROM merged_{table} ORDER BY {', '.join(order)}"
        _write_in_groups(in_order, folder / f"{table}.parquet", connection)
    return rows


def _write_partitions(
    table: str, touched: list[tuple[str, str]], key: list[str], folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    """In one pass over the rows in order, so that memory holds those of a few files; these are packed side by side."""
    places = ", ".join(f"({quoting.literal(market)}, {quoting.literal(week)})" for market, week in touched)
    in_order = f"""SELECT * FROM merged_{table} SEMI JOIN (VALUES {places}) AS touched(market, week) USING (market, week)
        ORDER BY market, week, {', '.join(key)}"""
    with ThreadPoolExecutor(_WRITERS) as pool:
        writing: deque[Future] = deque()
        for (market, week), rows in _partitions(_batches(in_order, connection)):
            if len(writing) == _WRITERS:
                writing.popleft().result()
            writing.append(pool.submit(_write, rows, folder / f"market={market}" / f"week={week}" / "part-0.parquet"))
        for written in writing:
            written.result()


def _partitions(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[tuple[str, str], pa.Table]]:
    """The rows of each (market, week), which come one after the other."""
    place, parts = None, []
    for batch in batches:
        runs = pyarrow.compute.run_end_encode(
            pyarrow.compute.binary_join_element_wise(batch["market"], batch["week"], "/")
        )
        start = 0
        for here, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
            if here != place and parts:
                yield tuple(place.split("/")), pa.Table.from_batches(parts)
                parts = []
            place = here
            parts.append(batch.slice(start, end - start))
            start = end
    if parts:
        yield tuple(place.split("/")), pa.Table.from_batches(parts)


def _batches(query: str, connection: duckdb.DuckDBPyConnection) -> pa.RecordBatchReader:
    return connection.sql(query).to_arrow_reader(_BATCH)


def _write(rows: pa.Table, path: Path) -> None:
    """Equal rows give equal bytes: no Arrow schema, no time, one row group after the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(rows, path, row_group_size=_GROUP, **_packed(rows.schema))


def _write_in_groups(query: str, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """`_write` of a table of any length: one row group of it is in memory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    batches = _batches(query, connection)
    with pyarrow.parquet.ParquetWriter(path, batches.schema, **_packed(batches.schema)) as file:
        waiting = batches.schema.empty_table()
        for batch in batches:
            waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch])])
            if len(waiting) >= _GROUP:
                file.write_table(waiting.slice(0, _GROUP), row_group_size=_GROUP)
                waiting = waiting.slice(_GROUP)
        if len(waiting):
            file.write_table(waiting, row_group_size=_GROUP)


def _packed(schema: pa.Schema) -> dict:
    """How files are written: with a dictionary of each text column whose texts repeat."""
    repeating = [field.name for field in schema if pa.types.is_string(field.type) and field.name not in _SELDOM_TWICE]
    return {"compression": "zstd", "store_schema": False, "use_dictionary": repeating}


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
