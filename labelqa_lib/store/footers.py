"""Which Parquet files hold a table's rows, and what their footers tell of them without reading any."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from labelqa_lib import derived
from labelqa_lib.errors import DataError
from labelqa_lib.store.snapshot import PARTITIONED, Snapshot

Footers = dict[str, parquet.FileMetaData]
"""By the path of each file."""


def found(
    about: Snapshot, tables: Sequence[str], market: str | None, weeks: Sequence[str]
) -> tuple[dict[str, list[str]], dict[str, int], Footers]:
    """The Parquet files that hold each table's rows for the market and weeks, how many annotations each market has, and the
    footers of their files.

    A market's few files are looked into, so that one that is damaged is named. Hundreds of all markets' are not, where it is
    told how many rows they have: who asks nothing of them does not wait for them.

    Raises
    ------
    DataError
        When a required table has no files, or a footer cannot be read.
    """
    files = {name: there for name in tables if (there := _files(about, name, market, weeks))}
    for name in ("annotations", "labels"):
        if name not in files:
            raise DataError(f"{about.folder}: the files of table {name} are gone; ingest the delivery again")
    told = _rows_told(about, weeks) if market is None else {}
    footers = {name: _footers(there) for name, there in files.items() if not told or name not in PARTITIONED}
    of_annotations = footers.get("annotations", {})
    return files, told or _by_market(of_annotations), of_annotations


def derived_files(about: Snapshot, weeks: Sequence[str]) -> dict[str, list[str]]:
    """The Parquet files of the tables that follow from others, for all markets; none where this version would make them otherwise.

    They are not looked into: what one of them lacks, the engine finds when it reads it.
    """
    told = about.derived
    if told.get("version") != derived.VERSION:
        return {}
    found = {}
    for table, there in told["tables"].items():
        within = [week for week in there if week in weeks] or there[:1]  # without rows in these weeks it is empty, not missing
        found[table] = [str(about.folder / "derived" / table / f"{week}.parquet") for week in within]
    return {table: files for table, files in found.items() if files}


def _rows_told(about: Snapshot, weeks: Sequence[str]) -> dict[str, int]:
    """How many annotations each market has in some weeks, as the snapshot's description says; empty where it says nothing."""
    rows: dict[str, int] = {}
    for place, count in about.derived.get("annotations", {}).items():
        market, week = place.split("/")
        if week in weeks:
            rows[market] = rows.get(market, 0) + count
    return rows


def _files(about: Snapshot, table: str, market: str | None, weeks: Sequence[str]) -> list[str]:
    """The Parquet files that hold a table's rows for the market and weeks."""
    if table not in PARTITIONED:
        return [str(path) for path in [about.folder / f"{table}.parquet"] if path.exists()]
    folder = about.folder / table
    markets = about.markets if market is None else [market]
    parts = [f"{folder}/market={name}/week={week}" for name in sorted(markets) for week in weeks]
    files = [f"{part}/{name}" for part in parts if os.path.isdir(part) for name in sorted(os.listdir(part)) if name.endswith(".parquet")]
    # A delivered table without rows in these weeks is empty, not missing: any other file lends its columns.
    return files or [str(path) for path in sorted(folder.rglob("*.parquet"))[:1]]


def _footers(files: Sequence[str]) -> Footers:
    footers = {}
    for path in files:
        try:
            footers[path] = parquet.read_metadata(path)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path}: cannot be read as Parquet ({error}); ingest the delivery again") from None
    return footers


def _by_market(footers: Footers) -> dict[str, int]:
    """How many rows each market has in the files of a table that lies in partitions."""
    rows: dict[str, int] = {}
    for path, footer in footers.items():
        market = Path(path).parents[1].name.removeprefix("market=")
        rows[market] = rows.get(market, 0) + footer.num_rows
    return rows


def any_told(footers: Iterable[parquet.FileMetaData], column: str) -> bool | None:
    """Whether some row tells a column; None where a footer does not say."""
    told = False
    for rows, about in _groups(footers, column):
        if about is None or not about.has_null_count:
            return None
        told = told or about.null_count < rows
    return told


def all_told(footers: Sequence[parquet.FileMetaData], column: str) -> bool:
    """Whether it is known that every row tells a column."""
    return bool(footers) and all(about is not None and about.has_null_count and about.null_count == 0 for _rows, about in _groups(footers, column))


def greatest(footers: Iterable[parquet.FileMetaData], column: str) -> object:
    """The greatest value of a column; None where a footer does not say, or no row tells it."""
    values = []
    for rows, about in _groups(footers, column):
        if about is None or not about.has_null_count or (about.null_count < rows and not about.has_min_max):
            return None
        values += [about.max] if about.null_count < rows else []
    return max(values, default=None)


def _groups(footers: Iterable[parquet.FileMetaData], column: str) -> Iterator[tuple[int, parquet.Statistics | None]]:
    """How many rows every group of rows has, and what is known of a column in it; None where it does not say."""
    for footer in footers:
        names = footer.schema.names
        place = names.index(column) if column in names else None
        for number in range(footer.num_row_groups):
            group = footer.row_group(number)
            yield group.num_rows, None if place is None else group.column(place).statistics
