"""Tiny deliveries in the contract's form, and intake called on them as the command line calls it."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from labelqa_lib import intake, sources

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MARKETS = {"MY": "Asia/Kuala_Lumpur", "MX": "America/Mexico_City"}
ENDLESS = "SELECT sum(hash(a.range, b.range)) FROM range(10_000_000) a, range(10_000_000) b"
"""A query whose answer nobody will see."""
LABELS = [
    {"label": "ok", "policy_area": "none", "violating": "false", "critical": "false", "order": "0"},
    {"label": "spam", "policy_area": "ads", "violating": "true", "critical": "false", "order": "1"},
]


def annotation(number: int, **changes: str) -> dict[str, str]:
    """One sound annotation of week 2026-W46."""
    return {
        "annotation_id": f"a{number}",
        "item_id": f"i{number}",
        "market": "MY",
        "label": "ok",
        "annotated_at": f"2026-11-10T08:{number % 60:02d}:00Z",
        "agent_id": f"p{number % 3}",
        **changes,
    }


def audit(number: int, **changes: str) -> dict[str, str]:
    """One sound audit, of annotation `a<number>`."""
    return {
        "audit_id": f"u{number}",
        "annotation_id": f"a{number}",
        "tier": "1",
        "auditor_id": "q1",
        "audit_label": "ok",
        "audited_at": "2026-11-12T08:00:00Z",
        **changes,
    }


def write(folder: Path, delimiter: str = ",", encoding: str = "utf-8", **tables: list[dict]) -> Path:
    """A delivery: `labels` as above where not given, every table as a CSV file."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in {"labels": LABELS, **tables}.items():
        names = list(dict.fromkeys(name for row in rows for name in row))
        with (folder / f"{table}.csv").open("w", newline="", encoding=encoding) as stream:
            writer = csv.DictWriter(stream, names, delimiter=delimiter, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def settings(**changes) -> dict:
    """What the command line takes from params."""
    return {"markets": MARKETS, "default_time_zone": "UTC", "reject_limit": 1.0, "now": NOW, **changes}


def ingest(delivery: Path, root: Path, source_map: dict | None = None, fresh: bool = False, **changes):
    """Take a delivery in; gives the Outcome."""
    with intake.workbench() as connection:
        read = sources.read_delivery(delivery, source_map, connection)
        return intake.ingest(read, connection, root=root, fresh=fresh, **settings(**changes))


def check(delivery: Path, root: Path, source_map: dict | None = None, **changes):
    """Check a delivery against the current snapshot below `root`."""
    with intake.workbench() as connection:
        read = sources.read_delivery(delivery, source_map, connection)
        return intake.check(read, connection, current=intake.current_snapshot(root), **settings(**changes))


def current(root: Path) -> Path:
    """Folder of the current snapshot."""
    return intake.current_snapshot(root)


def described(root: Path) -> dict:
    """`snapshot.json` of the current snapshot."""
    return json.loads((current(root) / "snapshot.json").read_text())


def rows(root: Path, table: str, columns: str = "*", order: str = "ALL") -> list[tuple]:
    """Rows of a table of the current snapshot."""
    path = f"{table}/*/*/*.parquet" if table in ("annotations", "audits") else f"{table}.parquet"
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {columns} FROM '{current(root) / path}' ORDER BY {order}").fetchall()


def broken(outcome, table: str) -> dict[str, int]:
    """The rules that a table's rows broke, with counts."""
    return {rule.rule: rule.count for rule in outcome.table(table).rules}
