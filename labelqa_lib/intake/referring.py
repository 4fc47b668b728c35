"""Which references point nowhere, where they refer to more keys than the engine can look up in the memory it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
import numpy as np
import pyarrow as pa

from labelqa_lib.intake import repeating
from labelqa_lib.sources import quoting

MANY = 2_000_000
"""Keys of a table, beyond which references to it are looked up here; a join of so many takes the engine some 200 MB."""


@contextmanager
def nowhere(
    relation: str, references: Mapping[str, tuple[str, str]], connection: duckdb.DuckDBPyConnection
) -> Iterator[dict[str, str | None]]:
    """For every reference into a long table: where the hashes of those that are found nowhere are held, None where all
    are found.

    Keys are compared by 64 bits. A reference in these hashes is surely unknown; that an unknown one is missed has a
    chance of one in 10^19 for each key that it could be taken for: with 100 million keys and a million unknown
    references one delivery of 200,000 has one.

    Parameters
    ----------
    relation : str
        The table or view that refers.
    references : mapping
        Its column -> the table and column referred to; the view `merged_<table>` holds it.
    """
    made: dict[str, str | None] = {}
    try:
        for column, (table, key) in references.items():
            ((keys,),) = connection.execute(f"SELECT count(*) FROM merged_{table}").fetchall()
            if keys > MANY:
                made[column] = None
                hashes = _unknown(relation, column, f"merged_{table}", key, keys, connection)
                if len(hashes):
                    made[column] = f"_nowhere_{len(made)}"
                    connection.register(made[column], pa.table({"hash": hashes}))
        yield made
    finally:
        for name in filter(None, made.values()):
            connection.unregister(name)


def _unknown(
    relation: str, column: str, table: str, key: str, keys: int, connection: duckdb.DuckDBPyConnection
) -> np.ndarray:
    """Hashes of the values of `column` that no `key` has; a part of all hashes at a time."""
    parts = keys // repeating.AT_ONCE + 1
    found = [np.empty(0, np.uint64)]
    for part in range(parts):
        there = repeating.fetched(_hashes(table, key, part, parts), connection)
        there.sort()
        for batch in repeating.batches(_hashes(relation, column, part, parts), connection):
            asked = np.unique(batch)  # in order they are found near each other
            place = np.minimum(np.searchsorted(there, asked), len(there) - 1)
            found.append(asked[there[place] != asked] if len(there) else asked)
    return np.unique(np.concatenate(found))


def _hashes(relation: str, column: str, part: int, parts: int) -> str:
    name = quoting.name(column)
    only = f"WHERE _hash % {parts} = {part}" if parts > 1 else ""
    return f"SELECT _hash FROM (SELECT hash({name}) AS _hash FROM {relation} WHERE {name} IS NOT NULL) {only}"
