"""`labelqa load`: a snapshot copied into a PostgreSQL database, from which pages are then made."""

from __future__ import annotations

import click

from labelqa_lib.cli.frame import DATA, EPILOG, Workspace, console, one_line, place_named
from labelqa_lib.errors import UsageError


@click.command(epilog=EPILOG)
@click.argument("database", metavar="ADDRESS")
@DATA
@click.option("--snapshot", default="CURRENT", metavar="ID", help="Which one (default: the current one).")
@click.option("--keep", type=click.IntRange(min=1), metavar="N", help="Drop all but the latest N there (default: none is dropped).")
@click.option("--force", is_flag=True, help="Copy it also where it was loaded before.")
@click.pass_obj
def load(root, database, data, snapshot, keep, force) -> None:
    """Copy a snapshot into the database at ADDRESS (postgres://USER@HOST:PORT/DATABASE) and make it the current one there.

    It appears there whole or not at all. The password is taken from PGPASSWORD or ~/.pgpass.
    """
    from labelqa_lib import store

    workspace, out, into = Workspace(root, data), console(), place_named(database)
    if not isinstance(into, store.Database):
        raise UsageError(f"{database}: is no database; write postgres://USER@HOST:PORT/DATABASE")
    about = store.describe(workspace.snapshots, snapshot)
    with out.status(f"Loading {about.id}"):
        copied = store.load(about, into, again=force, keep=keep)
    rows = sum(told["rows"] for told in about.tables.values())
    done = f"{rows:,} rows copied" if copied else "was there already"
    out.print(one_line(f"Snapshot {about.id} {'is' if copied else 'stays'} the current one in {into}: {done}"))
