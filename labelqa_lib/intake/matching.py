"""Two queries joined in the memory there is: a part of all keys at a time, of columns that are narrow."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

WIDTH = 100
"""Bytes that the engine holds of each row that it looks up: two hashes, a place, a mark, and its own pointers."""

SHARE = 4
"""The part of the engine's memory that is left to a join: what is read, kept and written beside it needs the rest."""


def match(
    into: str,
    chosen: str,
    on: Sequence[str],
    left: str,
    right: str,
    rows: int,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Make the table `into`: `chosen` of those rows of `left` (`l`) and `right` (`r`) that are equal in the columns `on`.

    Where one part holds all keys both queries are read once, as they are; otherwise they are laid down first, and every
    part is read from there, so that neither is asked more than once.

    Parameters
    ----------
    chosen : str
        SQL; ``DISTINCT`` holds within a part.
    rows : int
        Of the shorter query: those are looked up.
    """
    keys = ", ".join(on)
    parts = parts_of(rows, WIDTH, connection)
    if parts == 1:
        connection.execute(
            f"CREATE OR REPLACE TABLE {into} AS SELECT {chosen} FROM ({left}) l JOIN ({right}) r USING ({keys})"
        ).fetchall()
        return
    for side, query in (("l", left), ("r", right)):
        laid = f"SELECT *, (hash({keys}) % {parts})::USMALLINT AS _part FROM ({query})"
        connection.execute(f"CREATE OR REPLACE TABLE {into}_{side} AS {laid}").fetchall()
    for part in range(parts):
        one, other = (f"(SELECT * EXCLUDE (_part) FROM {into}_{side} WHERE _part = {part}) {side}" for side in "lr")
        begin = f"INSERT INTO {into}" if part else f"CREATE OR REPLACE TABLE {into} AS"
        connection.execute(f"{begin} SELECT {chosen} FROM {one} JOIN {other} USING ({keys})").fetchall()
    for side in "lr":
        connection.execute(f"DROP TABLE {into}_{side}").fetchall()


def parts_of(rows: int, width: int, connection: duckdb.DuckDBPyConnection) -> int:
    """In how many parts does the engine look up so many rows of so many bytes each?"""
    ((memory,),) = connection.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchall()
    return rows * width * SHARE // memory + 1
