"""Snapshots in a PostgreSQL database: a schema for each with its tables, and in `labelqa.snapshots` what describes it.

A table's text is compared byte by byte there (COLLATE "C"), as in files: in which order a database's language would put
two ids must not decide which of two audits counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import ibis

from labelqa_lib.errors import DataError, UsageError
from labelqa_lib.store.place import Database
from labelqa_lib.store.snapshot import Snapshot

try:
    import psycopg
    from ibis.backends.postgres import Backend
    from psycopg import sql
except ImportError:
    raise UsageError("postgres:// needs the package psycopg; install it with pip install 'labelqa[postgres]'") from None

PATIENCE = 10
"""Seconds in which a server must answer, where the address does not say otherwise."""

OPTIONS = "-c TimeZone=UTC -c jit=off -c enable_nestloop=off -c work_mem=128MB"
"""Of every session. Compiling a query takes longer than running it on what a page reads; of temporary tables the planner knows
nothing, takes them for small, and would join them pair by pair for minutes. The list of a market's audits must fit into memory,
or every annotation is looked for in all of it."""

CATALOG = """
CREATE SCHEMA IF NOT EXISTS labelqa;
CREATE TABLE IF NOT EXISTS labelqa.snapshots (
    id text PRIMARY KEY, schema text NOT NULL UNIQUE, content text NOT NULL, rejects text NOT NULL,
    current boolean NOT NULL, loaded_at timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX IF NOT EXISTS one_is_current ON labelqa.snapshots (current) WHERE current
"""


class Description(NamedTuple):
    """What `labelqa.snapshots` says of one: the text of its snapshot.json, and whether rows of its delivery were rejected."""

    id: str
    content: dict
    any_rejected: bool


class _Engine(Backend):
    """PostgreSQL as Ibis works it. What is kept for a page is a temporary table, which goes with its connection."""

    def _drop_cached_table(self, name: str) -> None:
        with suppress(psycopg.Error):  # the server, or this process, may be on its way out
            super()._drop_cached_table(name)


@contextmanager
def connected(database: Database) -> Iterator[psycopg.Connection]:
    """A connection for as long as the context is open; what the server refuses is a sentence.

    Raises
    ------
    DataError
        When the server cannot be reached, or refuses the user or what it is asked.
    """
    try:
        with connect(database) as connection:
            yield connection
    except psycopg.Error as error:
        raise DataError(f"{database}: {said(error)}") from None


def connect(database: Database) -> psycopg.Connection:
    """A connection in UTC of which each statement is done for itself; passwords come from PGPASSWORD or ~/.pgpass."""
    told = {"host": database.host, "port": database.port, "user": database.user, "dbname": database.name}
    told = {"connect_timeout": PATIENCE, "application_name": "labelqa"} | {name: value for name, value in told.items() if value}
    connection = psycopg.connect(**told | dict(database.settings), autocommit=True, options=OPTIONS)
    with suppress(psycopg.Error):  # servers before version 14 know no such setting
        connection.execute("SET client_connection_check_interval = '2s'")  # a page that is killed takes its query with it
    return connection


def said(error: psycopg.Error) -> str:
    """What the server said, in a line, and what to do where it was not reached."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    refused = isinstance(error, psycopg.OperationalError) and error.sqlstate is None
    return lines[0] + ("; is the server up, and are user and password (PGPASSWORD, ~/.pgpass) right?" if refused else "")


def ids(database: Database) -> tuple[str, ...]:
    """Ids of all snapshots that were loaded, oldest first."""
    with connected(database) as connection:
        return _ids(connection)


def _ids(connection: psycopg.Connection) -> tuple[str, ...]:
    if connection.execute("SELECT to_regclass('labelqa.snapshots')").fetchone() == (None,):
        return ()
    return tuple(id for (id,) in connection.execute("SELECT id FROM labelqa.snapshots ORDER BY id").fetchall())


def description(database: Database, snapshot: str) -> Description:
    """What describes a snapshot; of ``CURRENT``, the one that was loaded last.

    Raises
    ------
    DataError
        When it was not loaded; the sentence lists those that were.
    """
    with connected(database) as connection:
        there, found = _ids(connection), None
        if there:
            which, words = ("current", ()) if snapshot == "CURRENT" else ("id = %s", (snapshot,))
            query = f"SELECT id, content, rejects <> '[]' FROM labelqa.snapshots WHERE {which}"
            found = connection.execute(query, words).fetchone()
    if found is None:
        known = f"there are {', '.join(there)}" if there else f"load one with `labelqa load {database}`"
        raise DataError(f"{database}: no snapshot {snapshot!r}; {known}")
    id, content, any_rejected = found
    try:
        return Description(id, json.loads(content), any_rejected)
    except ValueError as error:
        raise DataError(f"{database}: the description of snapshot {id!r} cannot be read ({error})") from None


def rejects(database: Database, snapshot: str) -> list[list]:
    """Rejected rows as `store.rejected` counts them: ``table, rule, rows``."""
    with connected(database) as connection:
        found = connection.execute("SELECT rejects FROM labelqa.snapshots WHERE id = %s", (snapshot,)).fetchone()
    return json.loads(found[0]) if found else []


def opened(about: Snapshot) -> dict[str, ibis.Table]:
    """Every table of a snapshot, lazily, on a connection of its own.

    Raises
    ------
    DataError
        When the database cannot be read, or a table that the snapshot's description names is not there.
    """
    try:
        connection = connect(about.place)
        engine = _Engine.from_connection(connection)
        found = connection.execute("SELECT schema FROM labelqa.snapshots WHERE id = %s", (about.id,)).fetchone()
        schema = found[0] if found else ""
        there = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
        gone = sorted({*about.tables} - {name for (name,) in there})
        if gone:
            raise DataError(f"{about.place}: table {', '.join(gone)} of snapshot {about.id} is gone; load it again with "
                            f"`labelqa load {about.place} --force`")  # fmt: skip
        return {name: engine.table(name, database=schema) for name in about.tables}
    except psycopg.Error as error:
        raise DataError(f"{about.place}: {said(error)}") from None


def schema_of(snapshot: str) -> str:
    """Name of the schema that holds a snapshot's tables: plain letters, digits and underscores, at most 63."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in snapshot.lower())
    return f"labelqa_{plain}"[:63]


def named(*parts: str) -> sql.Identifier:
    """A table or schema as it stands in a statement."""
    return sql.Identifier(*parts)
