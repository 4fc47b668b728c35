"""The forms in which an audit list leaves: CSV for people, Parquet for programs, tasks for Label Studio."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet

from labelqa_lib.errors import UsageError
from labelqa_lib.files import bare, inert, write_whole

NAME = "audit_list"
TASKS, CONFIG = f"{NAME}.label_studio.json", f"{NAME}.label_studio.xml"


def forms(rows: pd.DataFrame, labels: Sequence[str], label_studio: bool) -> dict[str, bytes]:
    """The list's files by name. CSV text never starts a formula; Parquet holds every value as it is."""
    made = {f"{NAME}.csv": _csv(rows), f"{NAME}.parquet": _parquet(rows)}
    if label_studio:
        made |= {TASKS: _tasks(rows), CONFIG: _config(labels)}
    return made


def _csv(rows: pd.DataFrame) -> bytes:
    return rows.map(inert).to_csv(index=False, lineterminator="\n").encode()


def _parquet(rows: pd.DataFrame) -> bytes:
    texts = [name for name in rows if name not in ("tier", "inclusion_probability", "blind")]
    typed = rows.astype(
        dict.fromkeys(texts, "str") | {"blind": bool, "tier": "int64", "inclusion_probability": "float64"}
    )
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pandas(typed, preserve_index=False).replace_schema_metadata(), file)
    return file.getvalue()


def _tasks(rows: pd.DataFrame) -> bytes:
    """Tasks in Label Studio's JSON form; the agent's label is a prediction where the audit is not blind."""
    tasks = []
    for row in rows.astype(object).where(rows.notna(), None).to_dict("records"):
        label = row.pop("label")
        task = {"data": {**row, "content": row["content_ref"] or row["item_id"]}}
        if label is not None:
            choice = {"from_name": "label", "to_name": "content", "type": "choices", "value": {"choices": [label]}}
            task["predictions"] = [{"model_version": "agent", "result": [choice]}]
        tasks.append(task)
    return (json.dumps(tasks, ensure_ascii=False, indent=1) + "\n").encode()


def _config(labels: Sequence[str]) -> bytes:
    """The labelling interface that the tasks' predictions refer to: its names are ``label`` and ``content``."""
    choices = "\n".join(f"    <Choice value={quoteattr(label)}/>" for label in labels)
    return (
        '<View>\n  <Text name="content" value="$content"/>\n'
        f'  <Choices name="label" toName="content" choice="single">\n{choices}\n  </Choices>\n</View>\n'
    ).encode()


def write(files: dict[str, bytes], folder: Path, force: bool) -> bool:
    """Write the files, each whole or not at all; whether anything was new.

    Raises
    ------
    UsageError
        When another list lies in the folder, or this one as somebody changed it, and `force` is not given.
    """
    there = {name: _held(folder / name) for name in files}
    changed = {name: held for name, held in files.items() if there[name] != held}
    lost = [name for name in changed if there[name] is not None]
    known = f"{NAME}.parquet"
    if known in lost and not force:
        raise UsageError(
            f"{folder}: holds another audit list; give it as --taken {folder / known} and write the new one elsewhere with "
            "--out, or replace it with --force"
        )
    if lost and not force:
        raise UsageError(
            f"{folder}: {', '.join(lost)} there {'is' if len(lost) == 1 else 'are'} not as drawn: somebody changed it, or "
            "another list or version wrote it; keep it and write this one elsewhere with --out, or replace it with --force"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, held in changed.items():
        write_whole(folder / name, held)
    return bool(changed)


def _held(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def annotations_of(path: Path) -> list[str]:
    """The annotations on an earlier list, CSV or Parquet.

    Raises
    ------
    UsageError
        When it is neither, has no column of annotations, or a row that names none.
    """
    try:
        if path.suffix == ".parquet":
            return parquet.read_table(path, columns=["annotation_id"])["annotation_id"].to_pylist()
        with open(path, encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            if "annotation_id" not in (table.fieldnames or ()):
                raise ValueError(f"its columns are {', '.join(table.fieldnames or ()) or 'none'}")
            # a spreadsheet leaves rows of nothing behind
            rows = [(table.line_num, row) for row in table if any("".join(cell or ()).strip() for cell in row.values())]
    except (OSError, ValueError, csv.Error, pa.ArrowException) as error:
        raise UsageError(f"--taken {path}: is no audit list with a column annotation_id ({error})") from None
    unnamed = [line for line, row in rows if not row["annotation_id"]]
    if unnamed:
        raise UsageError(f"--taken {path}, line {unnamed[0]}: annotation_id is empty; name the annotation, or take the row out")
    return [bare(row["annotation_id"]) for _, row in rows]
