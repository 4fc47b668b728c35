"""Which Parquet files hold a table's rows, and how many rows that are: told by their footers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from labelqa_lib.errors import DataError
from labelqa_lib.store.snapshot import PARTITIONED, Snapshot


def files_of(about: Snapshot, table: str, market: str | None, weeks: Sequence[str]) -> dict[str, int]:
    """The Parquet files that hold a table's rows for the market and weeks, and how many rows each has.

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
    rows = {}
    for path in files:
        try:
            rows[str(path)] = parquet.read_metadata(path).num_rows
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path}: cannot be read as Parquet ({error}); ingest the delivery again") from None
    return rows


def by_market(files: Mapping[str, int]) -> dict[str, int]:
    """How many rows each market has in the files of a table that lies in partitions."""
    rows: dict[str, int] = {}
    for path, count in files.items():
        market = Path(path).parents[1].name.removeprefix("market=")
        rows[market] = rows.get(market, 0) + count
    return rows
