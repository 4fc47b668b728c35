"""Which keys of many come more than once: found by their hashes, of which memory holds so many at a time and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import numpy as np
import pyarrow as pa

from labelqa_lib.sources import quoting

AT_ONCE = 16_000_000
"""Hashes that are held at once, of 8 bytes each: 128 MB. The engine's own grouping of as many keys takes ten times that."""

_BATCH = 1 << 17
_NAME = "_perhaps_repeated"


@contextmanager
def perhaps_repeated(keys: str, rows: int, connection: duckdb.DuckDBPyConnection) -> Iterator[str | None]:
    """The hashes that rows of the query `keys` have in common, under a name in the connection; None where all differ.

    Two keys of one hash are not one key: whoever finds a hash here looks at the keys themselves. Equal keys are always
    found.

    Parameters
    ----------
    rows : int
        How many rows the query gives, at most.
    """
    columns = ", ".join(quoting.name(name) for name in connection.sql(f"FROM ({keys}) LIMIT 0").columns)
    parts = rows // AT_ONCE + 1
    found = []
    for part in range(parts):
        only = f"WHERE _hash % {parts} = {part}" if parts > 1 else ""
        query = f"SELECT _hash FROM (SELECT hash({columns}) AS _hash FROM ({keys})) {only}"
        found.append(_in_common(fetched(query, connection)))
    hashes = np.concatenate(found)
    if not len(hashes):
        yield None
        return
    connection.register(_NAME, pa.table({"hash": hashes}))
    try:
        yield _NAME
    finally:
        connection.unregister(_NAME)


def fetched(query: str, connection: duckdb.DuckDBPyConnection) -> np.ndarray:
    """One column of hashes, row after row, in memory that grows in place."""
    held = bytearray()
    for batch in batches(query, connection):
        held += batch.data
    return np.frombuffer(held, np.uint64)


def batches(query: str, connection: duckdb.DuckDBPyConnection) -> Iterator[np.ndarray]:
    """One column of hashes, a batch at a time."""
    for batch in connection.sql(query).to_arrow_reader(_BATCH):
        yield batch.column(0).to_numpy()


def _in_common(hashes: np.ndarray) -> np.ndarray:
    """Those that come more than once, each once; sorts what it was given."""
    hashes.sort()
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
