"""Which accepted rows are new, the same, or restate one of the current snapshot: told by a bit a row, nothing is copied.

Rows are compared by hashes, a part of all keys at a time (`matching`): a key by 64 bits of one hash and 128 of another,
what rows of one key say by 64, so that one restated row of 10^19 would be taken for the same. Of files of the snapshot
that hold no key of the delivery only keys are read; of those in which all keys lie elsewhere, only footers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb
from pandera.ibis import DataFrameSchema

from labelqa_lib.intake.casting import delivered_columns, empty
from labelqa_lib.intake.deriving import HOME, Zones, followed
from labelqa_lib.intake.matching import match, parts_of
from labelqa_lib.intake.rules import reject_kept
from labelqa_lib.sources import quoting

PARTITIONED = ("annotations", "audits")


_BLOCK = 1024
"""Places of one block of marks."""


@dataclass(frozen=True)
class Compared:
    """How many accepted rows are new, the same, restated; and of those that restate, how many are at home elsewhere now."""

    new: int = 0
    same: int = 0
    restated: int = 0
    moved: int = 0


def compare(
    table: str,
    schema: DataFrameSchema,
    absent: Sequence[str],
    held: bool,
    zones: Zones,
    connection: duckdb.DuckDBPyConnection,
) -> Compared:
    """Make the views `delta_<table>` (accepted rows that are not there yet, `_status` new or restated), `stayed_<table>` and
    `gone_<table>` (rows of `stored_<table>` that it leaves alone, and that it replaces).

    A column that the delivery does not have (`absent`) keeps what is stored: not delivered is not the same as empty. A row that
    breaks a rule with what it would keep is rejected, and what it would have restated stays.
    """
    accepted = f"checked_{table} WHERE _rules IS NULL AND NOT _duplicate"
    ((rows,),) = connection.execute(f"SELECT count(*) FROM {accepted}").fetchall()
    places = _places_in_common(table, schema, accepted, rows, connection) if held and rows else []
    if not places:
        view(f"delta_{table}", f"SELECT *, 'new' AS _status FROM {accepted}", connection)
        leave(table, schema, connection)
        return Compared(rows)
    same, restated, moved = _mark(table, schema, absent, accepted, rows, places, connection)
    if restated:
        _part(table, schema, places, connection)
    else:
        leave(table, schema, connection)
    new = f"{accepted} AND {_bit('same', table)} = 0" if same else accepted
    kept = _kept(table, absent, connection) if restated else []
    if kept:
        _keep(table, schema, kept, restated, zones, connection)
        if reject_kept(table, schema, kept, connection):
            return compare(table, schema, absent, held, zones, connection)
        delta = f"SELECT *, 'new' AS _status FROM {new} AND {_bit('restated', table)} = 0 UNION ALL FROM kept_{table}"
    else:
        status = f"CASE {_bit('restated', table)} WHEN 1 THEN 'restated' ELSE 'new' END" if restated else "'new'"
        delta = f"SELECT *, {status} AS _status FROM {new}"
    view(f"delta_{table}", delta, connection)
    return Compared(rows - same - restated, same, restated, moved)


def leave(table: str, schema: DataFrameSchema, connection: duckdb.DuckDBPyConnection) -> None:
    """All stored rows stay as they are."""
    columns = ", ".join(quoting.name(name) for name in schema.columns)
    view(f"stayed_{table}", f"SELECT {columns} FROM stored_{table}", connection)
    view(f"gone_{table}", empty(schema), connection)


def moved_rows(table: str) -> str:
    """SQL: those accepted rows of `compare` that are at home elsewhere now; where it says that there are any."""
    return f"SELECT * FROM checked_{table} WHERE {_bit('moved', table)} = 1"


def _places_in_common(
    table: str, schema: DataFrameSchema, accepted: str, rows: int, connection: duckdb.DuckDBPyConnection
) -> list[tuple]:
    """The files that hold keys of the accepted rows: (market, week) of a partitioned table, one empty tuple of another."""
    first = quoting.name(schema.unique[0])
    ((least, most),) = connection.execute(f"SELECT min({first}), max({first}) FROM {accepted}").fetchall()
    where = f"{first} BETWEEN {quoting.literal(least)} AND {quoting.literal(most)}"
    place = ", market, week" if table in PARTITIONED else ""
    match(
        f"common_{table}",
        "DISTINCT r.* EXCLUDE (_key)" if place else "DISTINCT true",
        ["_key"],
        f"SELECT hash({_keys(schema)}) AS _key FROM {accepted}",
        f"SELECT hash({_keys(schema)}) AS _key{place} FROM stored_{table} WHERE {where}",
        rows,
        connection,
    )
    found = connection.execute(f"SELECT DISTINCT * FROM common_{table} ORDER BY ALL").fetchall()
    return found if place else [()] * len(found)


def _mark(
    table: str,
    schema: DataFrameSchema,
    absent: Collection[str],
    accepted: str,
    rows: int,
    places: list[tuple],
    connection: duckdb.DuckDBPyConnection,
) -> tuple[int, int, int]:
    """Make `marks_<table>`, a bit for every checked row and for every stored one of the files in common, by its place;
    how many accepted rows are the same, restated, moved."""
    connection.execute(
        f"""CREATE OR REPLACE TABLE files_{table} AS SELECT filename, n, (sum(n) OVER (ORDER BY filename) - n)::BIGINT AS _from
        FROM (SELECT filename, count(*) AS n FROM stored_{table} {_within(places)} GROUP BY ALL)"""
    ).fetchall()
    ((there,),) = connection.execute(f"SELECT sum(n)::BIGINT FROM files_{table}").fetchall()
    columns = [quoting.name(name) for name in delivered_columns(schema) if name not in absent]
    asked = [
        f"hash({_keys(schema)}) AS _key",
        f"md5_number(concat_ws('/', {_keys(schema)})) AS _sure",
        f"hash({', '.join(columns)}) AS _says",
        f"hash({', '.join(HOME[table])}) AS _home" if table in HOME else "0 AS _home",
    ]
    match(
        f"pairs_{table}",
        "l._row, r._place, l._says = r._says AS same, l._home <> r._home AS moved",
        ["_key", "_sure"],
        f"SELECT rowid AS _row, {', '.join(asked)} FROM {accepted}",
        f"SELECT _place, {', '.join(asked)} FROM {_placed(table, places)}",
        min(rows, there),
        connection,
    )
    ((last,),) = connection.execute(f"SELECT max(rowid) FROM checked_{table}").fetchall()
    connection.execute(
        f"""CREATE OR REPLACE TABLE marks_{table} AS
        SELECT {_bits("_row", f"pairs_{table} WHERE same", last)} AS same,
               {_bits("_row", f"pairs_{table} WHERE NOT same", last)} AS restated,
               {_bits("_row", f"pairs_{table} WHERE moved", last)} AS moved,
               {_bits("_place", f"pairs_{table} WHERE NOT same", there - 1)} AS gone"""
    ).fetchall()
    (counts,) = connection.execute(
        f"SELECT count(*) FILTER (same), count(*) FILTER (NOT same), count(*) FILTER (moved) FROM pairs_{table}"
    ).fetchall()
    connection.execute(f"DROP TABLE pairs_{table}").fetchall()
    return counts


def _part(table: str, schema: DataFrameSchema, places: list[tuple], connection: duckdb.DuckDBPyConnection) -> None:
    """Stored rows that are replaced apart from all others."""
    columns = ", ".join(quoting.name(name) for name in schema.columns)
    gone = f"SELECT {columns} FROM {_placed(table, places)} WHERE {_bit('gone', table, '_place')} ="
    elsewhere = f"SELECT {columns} FROM stored_{table} {_within(places, 'NOT IN')} UNION ALL" if table in PARTITIONED else ""
    view(f"stayed_{table}", f"{elsewhere} {gone} 0", connection)
    view(f"gone_{table}", f"{gone} 1", connection)


def _kept(table: str, absent: Sequence[str], connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The columns that a replaced row says something in and the delivery does not have."""
    if not absent:
        return []
    asked = ", ".join(f"count({quoting.name(name)})" for name in absent)
    (counts,) = connection.execute(f"SELECT {asked} FROM gone_{table}").fetchall()
    return [name for name, count in zip(absent, counts, strict=True) if count]


def _keep(
    table: str, schema: DataFrameSchema, kept: list[str], rows: int, zones: Zones, connection: duckdb.DuckDBPyConnection
) -> None:
    """Make `kept_<table>`: rows that restate, with what is stored in the columns `kept`."""
    stored = [f"p.{quoting.name(name)} AS {quoting.name(name)}" for name in kept]
    stored += [f"{made} AS {name}" for name, made in followed(table, kept, zones).items()]
    needed = ", ".join(quoting.name(name) for name in dict.fromkeys([*schema.unique, *kept]))
    parts = parts_of(rows, 100 * len(kept), connection)
    for part in range(parts):
        only = f"hash({_keys(schema)}) % {parts} = {part}"
        begin = f"INSERT INTO kept_{table}" if part else f"CREATE OR REPLACE TABLE kept_{table} AS"
        connection.execute(
            f"""{begin} SELECT a.* REPLACE ({', '.join(stored)}), 'restated' AS _status
            FROM (SELECT * FROM checked_{table} WHERE {_bit('restated', table)} = 1 AND {only}) a
            JOIN (SELECT {needed} FROM gone_{table} WHERE {only}) p ON {_same_key(schema)}"""
        ).fetchall()


def _placed(table: str, places: list[tuple]) -> str:
    """SQL: the stored rows of the files in common, each with its `_place` in `marks_<table>`."""
    rows = f"SELECT * FROM stored_{table} {_within(places)}"
    return f"(SELECT s.*, f._from + s.file_row_number AS _place FROM ({rows}) s JOIN files_{table} f USING (filename))"


def _within(places: list[tuple], among: str = "IN") -> str:
    """SQL: only files of these places are opened (or of others)."""
    named = ", ".join(f"({quoting.literal(market)}, {quoting.literal(week)})" for market, week in filter(None, places))
    return f"WHERE (market, week) {among} ({named})" if named else ""


def _bits(place: str, rows: str, last: int) -> str:
    """SQL: a bit for every place from 0 to `last`, set for those of `rows`, as a list of blocks.

    Where a condition leaves few rows the engine gathers them, and copies for each what a question asks of all: all bits in
    one piece, a MB of eight million rows, came to GB.
    """
    return f"""(SELECT list(coalesce(bits, bitstring('0', {_BLOCK})) ORDER BY block) FROM range({last // _BLOCK + 1}) r(block)
        LEFT JOIN (SELECT {place} // {_BLOCK} AS block, bitstring_agg({place} % {_BLOCK}, 0, {_BLOCK - 1}) AS bits
                   FROM {rows} GROUP BY ALL) USING (block))"""


def _bit(mark: str, table: str, place: str = "rowid") -> str:
    return f"get_bit((SELECT {mark} FROM marks_{table})[{place} // {_BLOCK} + 1], ({place} % {_BLOCK})::INTEGER)"


def _keys(schema: DataFrameSchema) -> str:
    return ", ".join(quoting.name(key) for key in schema.unique)


def _same_key(schema: DataFrameSchema) -> str:
    """SQL: row `a` has the key of row `p`."""
    return " AND ".join(
        f"a.{quoting.name(key)} {'IS NOT DISTINCT FROM' if schema.columns[key].nullable else '='} p.{quoting.name(key)}"
        for key in schema.unique
    )


def view(name: str, query: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Name the rows of a query."""
    connection.execute(f"CREATE OR REPLACE VIEW {name} AS {query}").fetchall()
