"""What every command shares: its workspace, its options, and how a table or a line is printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from labelqa_lib.errors import UsageError

EPILOG = """\b
Exit codes:
  0  done; every page was rendered
  1  some pages failed (the index tells which and why), or the machine did (disk, memory)
  2  wrong usage, wrong params, or data that does not exist
  3  the delivery was refused; nothing was written
  130, 143  interrupted by Ctrl-C, by SIGTERM
"""

DATA = click.option("--data", metavar="PLACE",
                    help="Where snapshots lie: a folder, postgres://USER@HOST/DATABASE, or spark://HOST:PORT/FOLDER (default: "
                         "`data` of params/workspace.yaml).")  # fmt: skip


class Workspace:
    """The workspace of this call, found from `root` or from the current folder."""

    def __init__(self, root: Path | None, data: str | None = None):
        from labelqa_lib import params, store

        self.root = params.find_root(root or Path.cwd())
        self.settings = params.load_workspace(self.root)
        self.data = place_named(data) if data else store.place_of(self.settings.data, self.root)
        self.reports = self.root / self.settings.reports
        """Where HTML goes."""

    @property
    def snapshots(self) -> Path:
        """The folder that deliveries are taken in into.

        Raises
        ------
        UsageError
            When snapshots lie in a database.
        """
        from labelqa_lib import store

        if isinstance(self.data, store.Database):
            raise UsageError(f"--data {self.data}: deliveries are taken in into a folder of snapshots; name it with --data, "
                             f"and copy what it holds with `labelqa load {self.data}`")  # fmt: skip
        return self.data.folder if isinstance(self.data, store.SparkFolder) else self.data

    @property
    def register(self) -> Path:
        """The register of actions."""
        return self.root / self.settings.actions

    def as_page_sees(self, place) -> str:
        """A place as pages are told it: a folder inside the workspace relative to it, so that a report does not name the
        machine."""
        inside = isinstance(place, Path) and place.is_relative_to(self.root)
        return str(place.relative_to(self.root) if inside else place)


def place_named(text: str):
    """The place that an argument names, a folder from where the command was called.

    A password in an address goes into this run's environment, where its kernels find it: pages and their notebooks are told
    the address.

    Raises
    ------
    UsageError
        When it is no address, or a file.
    """
    from labelqa_lib import store

    text, password = store.without_password(text)
    if password is not None:
        os.environ["PGPASSWORD"] = password
    place = store.place_of(text, Path.cwd())
    if isinstance(place, Path) and place.is_file():
        raise UsageError(f"--data {place}: is a file; name a folder of snapshots")
    return place.resolve() if isinstance(place, Path) else place


def console():
    """Where commands print: plain text, no markup, colours only on a terminal; a log is as wide as its lines."""
    from rich.console import Console

    return Console(markup=False, highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)


def one_line(text: str) -> str:
    """Text of a delivery or a notebook on its way to a terminal: no line breaks, no escape codes."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def print_table(header: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Print rows below a header; whole numbers to the right, with thousands apart."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows, table = list(rows), Table(box=box.SIMPLE_HEAD)
    for place, name in enumerate(header):
        numbers = any(isinstance(row[place], int) for row in rows)
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(f"{value:,}" if isinstance(value, int) else one_line(str(value))) for value in row))
    console().print(table)
