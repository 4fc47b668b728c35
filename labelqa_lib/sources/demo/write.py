"""A delivery on disk: appears whole or not at all, and never over something that is not a demo delivery."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from labelqa_lib.errors import UsageError

INCIDENTS = "incidents.yaml"
_HEADER = "# Written by `labelqa demo`: what was planted in this delivery, and where a report should show it.\n"


@contextmanager
def delivery_folder(target: Path):
    """A new folder beside `target` that takes its place when the block ends well, and vanishes otherwise.

    Raises
    ------
    UsageError
        When `target` holds something else than a demo delivery.
    """
    check_replaceable(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        draft.chmod(0o755)
        yield draft
        check_replaceable(target)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
            os.replace(target, old / "delivery")
            os.replace(draft, target)
            shutil.rmtree(old)
        else:
            os.replace(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def check_replaceable(target: Path) -> None:
    """Refuse a target that is not absent, empty or a demo delivery."""
    if not target.exists() and not target.is_symlink():
        return
    if target.is_symlink() or not target.is_dir():
        raise UsageError(f"{target}: is not a folder; name another place for the demo's delivery")
    if any(target.iterdir()) and not (target / INCIDENTS).is_file():
        raise UsageError(f"{target}: is not a demo delivery (no {INCIDENTS}) and is left alone; name another folder")


def write_table(path: Path, columns: dict[str, pa.Array]) -> int:
    """One Parquet file of plain types (no Arrow metadata, so that every reader sees the same); gives its rows."""
    path.parent.mkdir(exist_ok=True)
    table = pa.table(columns)
    repeating = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
    pq.write_table(table, path, compression="zstd", use_dictionary=repeating, store_schema=False)
    return table.num_rows


def write_incidents(path: Path, incidents: list[dict]) -> None:
    """The list of what was planted, in plain YAML."""
    text = yaml.safe_dump(incidents, sort_keys=False, allow_unicode=True, width=110)
    path.write_text(_HEADER + text, encoding="utf-8")
