"""Which Parquet files hold a table's rows, and what their footers tell of them without reading any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from labelqa_lib.errors import DataError
from labelqa_lib.store.snapshot import PARTITIONED, Snapshot


def files_of(about: Snapshot, table: str, market: str | None, weeks: Sequence[str]) -> dict[str, parquet.FileMetaData]:
    """The Parquet files that hold a table's rows for the market and weeks, and the footer of each.

    Raises
    ------
    DataError
        When a footer cannot be read.
    """
    if table not in PARTITIONED:
        files = [path for path in [about.folder / f"{table}.parquet"] if path.exists()]
    else:
        folder = about.folder / table
        markets = about.markets if market is None else [market]
        parts = [folder / f"market={name}" / f"week={week}" for name in sorted(markets) for week in weeks]
        files = [path for part in parts for path in sorted(part.glob("*.parquet"))]
        # A delivered table without rows in these weeks is empty, not missing: any other file lends its columns.
        files = files or sorted(folder.rglob("*.parquet"))[:1]
    footers = {}
    for path in files:
        try:
            footers[str(path)] = parquet.read_metadata(path)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path}: cannot be read as Parquet ({error}); ingest the delivery again") from None
    return footers


def by_market(files: Mapping[str, parquet.FileMetaData]) -> dict[str, int]:
    """How many rows each market has in the files of a table that lies in partitions."""
    rows: dict[str, int] = {}
    for path, footer in files.items():
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
