"""The merged tables as Parquet files in one folder: changed ones written, all others linked from the parent."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

from labelqa_lib.intake.assessing import Assessment
from labelqa_lib.intake.deriving import DERIVED_FROM
from labelqa_lib.intake.kinds import packed
from labelqa_lib.intake.merging import PARTITIONED, parquet_of, touched_partitions
from labelqa_lib.sources import quoting

WRITERS = 4
_BATCH, _GROUP, _IN_FLIGHT = 1 << 16, 1 << 18, 1 << 19
"""Rows that are fetched at once, rows of one group of a file, and rows that wait to be packed: memory holds about so many,
however long a table."""

_SELDOM_TWICE = {"annotation_id", "item_id", "audit_id", "appeal_id", "target_id", "content_ref"}
"""Texts of which nearly every one is another: a dictionary of them costs time and makes the file longer."""


def write_tables(
    assessment: Assessment, parent: Path | None, folder: Path, connection: duckdb.DuckDBPyConnection
) -> dict[str, int]:
    """Every contract table below `folder`, rows by key; how many rows each has. Without rows there is no file."""
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = Writers(pool)
        rows = {
            table: _write_table(table, assessment, parent, folder, writers, connection) for table in assessment.schemas
        }
        writers.finish()
    return rows


def write_rejects(assessment: Assessment, folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """`rejects/<table>.parquet` for every table that has any, by file and line."""
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = Writers(pool)
        for outcome in assessment.outcome.tables:
            if outcome.rejected:
                path = folder / "rejects" / f"{outcome.table}.parquet"
                writers.write(f"SELECT * FROM rejects_{outcome.table} ORDER BY file, line", lambda path=path: path, connection, places=())
        writers.finish()


def _write_table(
    table: str,
    assessment: Assessment,
    parent: Path | None,
    folder: Path,
    writers: Writers,
    connection: duckdb.DuckDBPyConnection,
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
            places = ", ".join(f"({quoting.literal(market)}, {quoting.literal(week)})" for market, week in touched)
            in_order = f"SELECT * FROM merged_{table} WHERE (market, week) IN ({places}) ORDER BY market, week, {', '.join(key)}"
            writers.write(in_order, partial(_part, folder / table), connection, places=("market", "week"))
    elif held and not changed and not moved:
        link(parent / f"{table}.parquet", folder / f"{table}.parquet")
    else:
        # a market's rows side by side: whoever reads one market skips the groups of all others
        columns = [column for column, *_ in connection.execute(f"DESCRIBE merged_{table}").fetchall()]
        order = [*(["market"] if "market" in columns else []), *key]
        in_order = f"SELECT * FROM merged_{table} ORDER BY {', '.join(order)}"
        writers.write(in_order, lambda: folder / f"{table}.parquet", connection, places=())
    return rows


def _part(folder: Path, market: str, week: str) -> Path:
    return folder / f"market={market}" / f"week={week}" / "part-0.parquet"


def _pieces(batches: Iterable[pa.RecordBatch], places: Sequence[str]) -> Iterator[tuple[tuple[str, ...], pa.Table]]:
    """The rows of each place, which come one after the other, or of one file; a group of a file at a time."""
    here, waiting, held = (), [], 0
    for batch in batches:
        for place, rows in _by_place(batch, places) if places else [((), batch)]:
            if place != here and held:
                yield here, pa.Table.from_batches(waiting)
                waiting, held = [], 0
            here = place
            while held + len(rows) >= _GROUP:
                yield here, pa.Table.from_batches([*waiting, rows.slice(0, _GROUP - held)])
                rows, waiting, held = rows.slice(_GROUP - held), [], 0
            if len(rows):
                waiting, held = [*waiting, rows], held + len(rows)
    if held:
        yield here, pa.Table.from_batches(waiting)


def _by_place(batch: pa.RecordBatch, places: Sequence[str]) -> Iterator[tuple[tuple[str, ...], pa.RecordBatch]]:
    runs = pyarrow.compute.run_end_encode(pyarrow.compute.binary_join_element_wise(*(batch[name].cast(pa.string()) for name in places), "/"))
    start = 0
    for place, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        yield tuple(place.split("/")), batch.slice(start, end - start)
        start = end


def _batches(query: str, connection: duckdb.DuckDBPyConnection) -> pa.RecordBatchReader:
    return connection.sql(query).to_arrow_reader(_BATCH)


class Writers:
    """Packs files side by side, each group by group in its order; holds the rows of a few groups, however many come.

    Equal rows give equal bytes: no Arrow schema, no time, one row group after the other.
    """

    def __init__(self, pool: ThreadPoolExecutor):
        self.pool = pool
        self.waiting: deque[tuple[Future, int]] = deque()
        self.rows = 0

    def write(self, query: str, path_of: Callable[..., Path], connection: duckdb.DuckDBPyConnection, places: Sequence[str]) -> None:
        """The rows of `query` into the file `path_of(*place)` each, such as those of a market and week; without `places` into `path_of()`."""
        path, file, last = None, None, None
        for place, rows in _pieces(_batches(query, connection), places):
            if path_of(*place) != path:
                self._close(file, last)
                path, file, last = path_of(*place), _File(path_of(*place)), None
            while self.waiting and self.rows + len(rows) > _IN_FLIGHT:
                self._wait()
            last = self.pool.submit(file.append, rows, last)
            self.waiting.append((last, len(rows)))
            self.rows += len(rows)
        self._close(file, last)

    def _close(self, file: _File | None, last: Future | None) -> None:
        if file is not None:
            self.waiting.append((self.pool.submit(file.close, last), 0))

    def _wait(self) -> None:
        writing, rows = self.waiting.popleft()
        writing.result()
        self.rows -= rows

    def finish(self) -> None:
        """Wait until everything is written."""
        while self.waiting:
            self._wait()


class _File:
    """One file, opened when its first rows are there."""

    def __init__(self, path: Path):
        self.path, self.writer = path, None

    def append(self, rows: pa.Table, before: Future | None) -> None:
        """Write a group, after the one before it."""
        if before is not None:
            before.result()
        rows = packed(rows)
        if self.writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.writer = pyarrow.parquet.ParquetWriter(self.path, rows.schema, **_packed(rows.schema))
        self.writer.write_table(rows, row_group_size=_GROUP)

    def close(self, last: Future) -> None:
        """End the file, after its last group."""
        last.result()
        self.writer.close()


def _packed(schema: pa.Schema) -> dict:
    """How files are written: with a dictionary of each text column whose texts repeat."""
    repeating = [field.name for field in schema if (pa.types.is_string(field.type) or pa.types.is_dictionary(field.type)) and field.name not in _SELDOM_TWICE]
    return {"compression": "zstd", "store_schema": False, "use_dictionary": repeating}


def _link_untouched(parent: Path, folder: Path, touched: Iterable[tuple[str, str]]) -> None:
    skipped = {(f"market={market}", f"week={week}") for market, week in touched}
    for path in sorted(parent.rglob("*.parquet")):
        place = path.relative_to(parent)
        if tuple(place.parts[:2]) not in skipped:
            link(path, folder / place)


def link(path: Path, target: Path) -> None:
    """One file in two snapshots."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, target)
    except OSError:  # a file system without hard links
        shutil.copy2(path, target)
