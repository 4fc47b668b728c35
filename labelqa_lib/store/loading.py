"""Copies a snapshot from its folder into a PostgreSQL database: whole or not at all."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as parquet
from psycopg import sql

from labelqa_lib.errors import DataError
from labelqa_lib.store.place import Database
from labelqa_lib.store.postgres import CATALOG, connected, named, schema_of
from labelqa_lib.store.rejects import rejected
from labelqa_lib.store.snapshot import PARTITIONED, Snapshot

_TYPES = ((pa.types.is_string, 'text COLLATE "C"'), (pa.types.is_large_string, 'text COLLATE "C"'), (pa.types.is_boolean, "boolean"),
          (pa.types.is_integer, "bigint"), (pa.types.is_floating, "double precision"), (pa.types.is_date, "date"),
          (pa.types.is_timestamp, "timestamp(6)"))  # fmt: skip
_ROWS = 50_000
"""Rows that are in memory at a time."""

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('labelqa.load'))"


def load(about: Snapshot, into: Database, again: bool = False, keep: int | None = None) -> bool:
    """Copy a snapshot's tables and description into a database and make it the current one there.

    All of it is one transaction: readers see the snapshot before until it is over, and nothing of one that broke off.

    Parameters
    ----------
    about : Snapshot
        One that lies in a folder.
    into : Database
    again : bool
        Copy it also where it was loaded before.
    keep : int, optional
        How many snapshots stay, the current one included; all of them when None.

    Returns
    -------
    bool
        False where it was there already, and was only made the current one.

    Raises
    ------
    DataError
        When a file or the database cannot be read or written.
    """
    schema = schema_of(about.id)
    with connected(into) as connection, connection.transaction():
        connection.execute(_ONE_AT_A_TIME)
        connection.execute(CATALOG)
        there = connection.execute("SELECT id FROM labelqa.snapshots WHERE id = %s", (about.id,)).fetchone()
        if there is None or again:
            _drop(connection, about.id)
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(named(schema)))
            for name in sorted(about.tables):
                _copy(connection, schema, name, _files(about, name))
            content = (about.folder / "snapshot.json").read_text(encoding="utf-8")
            counts = json.dumps(rejected(about).to_numpy().tolist())
            connection.execute("INSERT INTO labelqa.snapshots VALUES (%s, %s, %s, %s, false)", (about.id, schema, content, counts))
        connection.execute("UPDATE labelqa.snapshots SET current = false WHERE current AND id <> %s", (about.id,))
        connection.execute("UPDATE labelqa.snapshots SET current = true WHERE id = %s", (about.id,))
        if keep is not None:
            older = "SELECT id FROM labelqa.snapshots WHERE NOT current ORDER BY id DESC OFFSET %s"
            for (id,) in connection.execute(older, (keep - 1,)).fetchall():
                _drop(connection, id)
    return there is None or again


def _drop(connection: psycopg.Connection, snapshot: str) -> None:
    for (schema,) in connection.execute("DELETE FROM labelqa.snapshots WHERE id = %s RETURNING schema", (snapshot,)).fetchall():
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(named(schema)))


def _files(about: Snapshot, table: str) -> list[Path]:
    files = sorted((about.folder / table).rglob("*.parquet")) if table in PARTITIONED else [about.folder / f"{table}.parquet"]
    if not files or not files[0].exists():
        raise DataError(f"{about.folder}: the files of table {table} are gone; ingest the delivery again")
    return files


def _copy(connection: psycopg.Connection, schema: str, name: str, files: list[Path]) -> None:
    """Make a table, fill it, and index it by what a page cuts it by."""
    table = named(schema, name)
    try:
        fields = parquet.read_schema(files[0])
        columns = sql.SQL(", ").join(sql.SQL("{} {}").format(named(field.name), sql.SQL(_type(field, files[0]))) for field in fields)
        connection.execute(sql.SQL("CREATE TABLE {} ({})").format(table, columns))
        with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(table)) as copy:
            for text in _csv(files, fields.names):
                copy.write(text)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{files[0].parent}: table {name} cannot be read as Parquet ({error}); ingest the delivery again") from None
    cut_by = [column for column in ("market", "week") if column in fields.names]
    if cut_by:
        listed = sql.SQL(", ").join(map(named, cut_by))
        connection.execute(sql.SQL("CREATE INDEX ON {} ({})").format(table, listed))
    connection.execute(sql.SQL("ANALYZE {}").format(table))


def _type(field: pa.Field, file: Path) -> str:
    for is_of_kind, words in _TYPES:
        if is_of_kind(field.type):
            return words
    raise DataError(f"{file}: column {field.name} is of type {field.type}, which no table of the data contract has")


def _csv(files: list[Path], columns: list[str]) -> Iterator[bytes]:
    """Rows as PostgreSQL reads them: every text in quotes, so that an empty one is not NULL."""
    plain = pyarrow.csv.WriteOptions(include_header=False)
    for file in files:
        for batch in parquet.ParquetFile(file).iter_batches(_ROWS, columns=columns):
            text = io.BytesIO()
            pyarrow.csv.write_csv(batch.select(columns), text, plain)
            yield text.getvalue()
