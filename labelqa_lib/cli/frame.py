"""What every command shares: its workspace, its options, and how a table or a line is printed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

EPILOG = """\b
Exit codes:
  0  done; every page was rendered
  1  some pages failed (the index tells which and why), or the machine did (disk, memory)
  2  wrong usage, wrong params, or data that does not exist
  3  the delivery was refused; nothing was written
  130, 143  interrupted by Ctrl-C, by SIGTERM
"""

DATA = click.option("--data", type=click.Path(file_okay=False, path_type=Path), metavar="ROOT",
                    help="Folder of snapshots (default: `data` of params/workspace.yaml).")  # fmt: skip


class Workspace:
    """The workspace of this call, found from `root` or from the current folder."""

    def __init__(self, root: Path | None, data: Path | None = None):
        from labelqa_lib import params

        self.root = params.find_root(root or Path.cwd())
        self.settings = params.load_workspace(self.root)
        self.data = data.resolve() if data else self.root / self.settings.data
        self.reports = self.root / self.settings.reports
        """Where HTML goes."""

    @property
    def register(self) -> Path:
        """The register of actions."""
        return self.root / self.settings.actions

    def as_page_sees(self, path: Path) -> str:
        """A path as pages are told it: relative inside the workspace, so that a report does not name the machine."""
        return str(path.relative_to(self.root) if path.is_relative_to(self.root) else path)


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
