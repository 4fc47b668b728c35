"""The register's file: checked line by line, written whole under a lock; no cell of it starts a spreadsheet's formula."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from labelqa_lib import files
from labelqa_lib.errors import UsageError

COLUMNS = ("action_id", "market", "partner", "site", "finding_code", "action", "owner", "opened_on", "due_on", "closed_on",
           "status", "expected_gain")  # fmt: skip
DAYS = ("opened_on", "due_on", "closed_on")
NEEDED = ("action_id", "market", "finding_code", "action", "owner", "opened_on", "due_on", "status")
OPEN, CLOSED = ("open", "doing"), ("done", "dropped")


def rows_of(path: Path) -> list[dict[str, str]]:
    """The register's rows as text, unchecked; none where there is no file.

    Raises
    ------
    UsageError
        When the file cannot be read or is no CSV in UTF-8 with the contract's columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the register cannot be read ({type(error).__name__}); save it as CSV in UTF-8") from None
    return _parsed(text, path)


def _parsed(text: str, path: Path) -> list[dict[str, str]]:
    table = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in NEEDED if name not in (table.fieldnames or ())]
    if missing:
        raise UsageError(f"{path}: no column {', '.join(missing)}; the register has {', '.join(COLUMNS)}")
    return [{name: _bare(row.get(name) or "") for name in COLUMNS} for row in table]


def _bare(text: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from running it."""
    told = files.bare(text)
    return told if told != text else text.strip()


def checked(path: Path) -> list[dict[str, str]]:
    """The register's rows as text.

    Raises
    ------
    UsageError
        With a sentence for every cell that is not what it must be.
    """
    rows = rows_of(path)
    problems = [f"{path}, line {place + 2}: {what}" for place, what in _problems(rows)]
    if problems:
        raise UsageError(problems)
    return rows


def _problems(rows: Sequence[Mapping[str, str]]) -> list[tuple[int, str]]:
    """What is wrong, by the place of the row."""
    found, seen = [], set()
    for place, row in enumerate(rows):
        found += [(place, what) for what in _wrong(row)]
        if row["action_id"] in seen:
            found.append((place, f"action_id {row['action_id']!r} stands there twice; give it another"))
        seen.add(row["action_id"])
    return found


def _wrong(row: Mapping[str, str]) -> list[str]:
    found = [f"{name} is empty" for name in NEEDED if not row[name]]
    found += [
        f"{name} {row[name]!r} is no day; write it as 2026-11-30" for name in DAYS if row[name] and _day(row[name]) is None
    ]
    if row["status"] and row["status"] not in OPEN + CLOSED:
        found.append(f"status {row['status']!r} is none of {', '.join(OPEN + CLOSED)}")
    if (row["status"] in CLOSED) != bool(row["closed_on"]) and row["status"]:
        found.append(f"status {row['status']} and closed_on {row['closed_on']!r} do not agree; a closed action has its day")
    if row["closed_on"] and row["opened_on"] and row["closed_on"] < row["opened_on"]:
        found.append(f"closed_on {row['closed_on']} lies before opened_on {row['opened_on']}")
    found += [f"{name} {row[name]!a} is no text in UTF-8" for name in COLUMNS if re.search("[\ud800-\udfff]", row[name])]
    if row["expected_gain"] and not _is_number(row["expected_gain"]):
        found.append(f"expected_gain {row['expected_gain']!r} is no number; write a fraction such as 0.012")
    return found


def _is_number(text: str) -> bool:
    """Python reads more than what a column of numbers may hold: ``1_000``, ``nan``, digits of every script."""
    try:
        return math.isfinite(float(text)) and text.isascii() and "_" not in text
    except ValueError:
        return False


def _day(text: str) -> date | None:
    """A day as the contract writes it; Python reads other forms of ISO 8601, too, which a column of days does not."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text and day.year >= 1000 else None


def change(path: Path, make: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    """Replace the register's rows by what `make` makes of them: one writer at a time, the file whole or as it was.

    Where the path is a link to a register that workspaces share, that one is written, and its writers wait for each other.

    Raises
    ------
    UsageError
        As `checked` does of what is there, and of what would be written; and when another writer holds the register for
        long.
    """
    path = Path(os.path.realpath(path))
    with files.sole_writer(path):
        text = as_csv(make(checked(path)))
        rows = _parsed(text, path)
        problems = [f"action {rows[place]['action_id']}: {what}" for place, what in _problems(rows)]
        if problems:
            raise UsageError(problems)
        files.write_whole(path, text)


def as_csv(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows as CSV that a spreadsheet opens as text and numbers, never as a formula."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({name: _inert(row[name]) for name in COLUMNS} for row in rows)
    return file.getvalue()


def _inert(text: str) -> str:
    return str(files.inert(" ".join(str(text).split())))
