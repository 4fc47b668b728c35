"""A damaged file of the current snapshot, told by name: no delivery is to blame for it, and no delivery can mend it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from labelqa_lib.errors import DataError
from labelqa_lib.sources import quoting

_ASKED = ("SELECT num_rows FROM parquet_file_metadata({file})", "SELECT bit_xor(hash(r)) FROM read_parquet({file}) r")
"""What only a file's end must be sound for, and what all of it must be sound for."""

_MEMORY = "500MB"


@contextmanager
def blamed(snapshot: Path | None) -> Iterator[None]:
    """Where the engine cannot go on, look whether a file of the snapshot is the reason; as long as it can, this costs nothing.

    Raises
    ------
    DataError
        Naming the file. Where all are sound, what the engine said comes out.
    """
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except duckdb.Error as error:
        if file := _damaged(snapshot):
            raise DataError(f"{file}: cannot be read; restore it, or use --fresh") from error
        raise


def _damaged(snapshot: Path | None) -> Path | None:
    """The first file of a snapshot that cannot be read, by an engine that nothing has happened to."""
    files = sorted(snapshot.rglob("*.parquet")) if snapshot else []
    with duckdb.connect(config={"memory_limit": _MEMORY}) as connection:
        for asked in _ASKED:
            for file in files:
                try:
                    connection.execute(asked.format(file=quoting.file(file))).fetchall()
                except duckdb.OutOfMemoryException:  # no fault of the file
                    continue
                except duckdb.Error:
                    return file
    return None
