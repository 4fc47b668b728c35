"""Answers on disk: a CSV in the data contract's columns, a row an answer, whole at every moment, taken in by the next ingest."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labelqa_lib.errors import UsageError
from labelqa_lib.files import bare, inert, sole_writer, write_whole

AUDITS = (
    "audit_id", "annotation_id", "tier", "auditor_id", "audit_label", "audited_at", "blind", "sampling_reason", "stratum",
    "inclusion_probability", "error_cause", "comment",
)  # fmt: skip
ANNOTATIONS = (
    "annotation_id", "item_id", "market", "label", "annotated_at", "partner", "site", "queue", "agent_id", "blind",
)  # fmt: skip
"""Columns of the contract's tables that a desk fills in; the first is the key."""


@dataclass(frozen=True)
class Sheet:
    """A file of answers.

    Attributes
    ----------
    path : Path
        It is made with the first answer, and not before.
    columns : tuple of str
        The first is the key: one answer each.
    """

    path: Path
    columns: tuple[str, ...]

    def rows(self) -> list[dict[str, str]]:
        """The answers given, in the order in which they were; none where there is no file yet.

        Raises
        ------
        UsageError
            When the file is no CSV in UTF-8 with these columns, or says one thing twice.
        """
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{self.path}: the answers cannot be read ({type(error).__name__}); save it as CSV in UTF-8") from None
        table = csv.DictReader(io.StringIO(text, newline=""))
        missing = [name for name in self.columns if name not in (table.fieldnames or ())]
        if missing:
            raise UsageError(f"{self.path}: no column {', '.join(missing)}; put the file back as the desk wrote it, or move it away")
        rows = [{name: bare(row.get(name) or "") for name in self.columns} for row in table]
        keys = [row[self.columns[0]] for row in rows]
        twice = sorted({key for key in keys if keys.count(key) > 1})[:3] if len(set(keys)) < len(keys) else []
        if twice:
            raise UsageError(f"{self.path}: {self.columns[0]} {', '.join(map(repr, twice))} stands there twice; take one out")
        return rows

    def add(self, row: Mapping[str, str]) -> None:
        """Add an answer: it is on the disk when this returns, and whoever reads meanwhile sees the file before.

        Raises
        ------
        UsageError
            As `rows` does; when this was answered already, by whichever desk; when another desk goes on writing.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with sole_writer(self.path):
            given, key = self.rows(), row[self.columns[0]]
            if any(one[self.columns[0]] == key for one in given):
                raise UsageError(f"{self.path.name}: {key!r} was answered already, here or at another desk; that answer stays")
            write_whole(self.path, as_csv([*given, row], self.columns))


def as_csv(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> str:
    """Answers as CSV in which no cell starts a spreadsheet's formula."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([inert(str(row.get(name) or "")) for name in columns] for row in rows)
    return file.getvalue()
