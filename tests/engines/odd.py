"""A snapshot of a few rows with what engines are known to treat differently, written to a folder by hand."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet

from labelqa_lib.store import PARTITIONED

from metrics.snapshots import LABELS, MONDAYS, SCHEMAS, WEEKS, filled

_KINDS = {"string": pa.string(), "timestamp": pa.timestamp("us"), "boolean": pa.bool_(), "float64": pa.float64(),
          "int64": pa.int64(), "date": pa.date32()}  # fmt: skip
NAMES = ("plain", "", " ", "Zed", "abc", "Abc", "é", "'; DROP TABLE x; --", 'a "quoted", one', "two\nlines", "\\N", "NULL", "NaN", "中文 🙂")
"""Texts that a loader, a quote or a sort order may change."""


def write(root: Path) -> Path:
    """Write the snapshot and make it the current one of `root`."""
    annotations, audits = [], []
    for week in WEEKS:
        for place, name in enumerate(NAMES * 3):
            id = f"{name}-{week}-{place}"
            annotations.append(filled("annotations", {
                "annotation_id": id, "item_id": f"i{place}{week}", "week": week, "label": ("ok", "spam", "hate")[place % 3],
                "agent_id": None if place % 7 == 6 else name, "queue": None if place % 5 == 4 else name, "site": name,
                "partner": "" if place % 2 else None, "handle_seconds": None if place % 4 == 3 else 0.1 * place,
                "annotated_at": MONDAYS[week] + pd.Timedelta(days=place % 7, hours=place % 24, microseconds=place),
                "blind": (True, False, None)[place % 3], "local_date": date(2026, 11, 1 + place % 30), "local_hour": place % 24,
            }))  # fmt: skip
            # Two first audits at one moment that do not agree: the one whose id comes first counts, byte by byte.
            for auditor, label in (("a1", "ok"), ("B1", ("ok", "spam", "hate")[place % 3])):
                audits.append(filled("audits", {
                    "annotation_id": id, "audit_label": label, "week": week, "auditor_id": auditor,
                    "sampling_reason": None if place % 2 else "random", "inclusion_probability": None if place % 3 else 1 / 3,
                }) | {"audit_id": f"{auditor}-{id}"})  # fmt: skip
    shifts = [{"person_id": name, "date": date(2026, 11, 9), "week": WEEKS[1], "scheduled_minutes": 480.0, "paid_minutes": 0.0,
               "available_minutes": 1e-300, "handling_minutes": 1e15, "auxiliary_minutes": None} for name in NAMES]  # fmt: skip
    hours = [filled("queue_hours", {"queue": name, "hour": MONDAYS[WEEKS[1]], "week": WEEKS[1], "arrived": 3, "completed": 2,
                                    "completed_within_sla": None if name else 1, "backlog": 2**53}) for name in NAMES]  # fmt: skip
    tables = {"annotations": annotations, "audits": audits, "labels": LABELS, "shifts": shifts, "queue_hours": hours}
    return _lay_out(root, tables)


def _lay_out(root: Path, tables: dict[str, list[dict]]) -> Path:
    folder = root / "odd-1"
    for name, rows in tables.items():
        schema = pa.schema([(column, _KINDS[kind]) for column, kind in SCHEMAS[name].items()])
        frame = pa.Table.from_pandas(pd.DataFrame(rows, columns=schema.names), schema, preserve_index=False)
        for week in WEEKS if name in PARTITIONED else ("",):
            path = folder / name / "market=MY" / f"week={week}" / "part-0.parquet" if week else folder / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            parquet.write_table(frame.filter(pa.compute.field("week") == week) if week else frame, path, store_schema=False)
    told = {"id": "odd-1", "source": "by hand", "made_at": "2026-11-20T00:00:00Z", "parent": None, "missing": [], "notes": [],
            "tables": {name: {"rows": len(rows), "sha256": name} for name, rows in tables.items()}, "partitions": {},
            "markets": {"MY": {"weeks": list(WEEKS), "time_zone": "Asia/Kuala_Lumpur"}}}  # fmt: skip
    (folder / "snapshot.json").write_text(json.dumps(told))
    (root / "CURRENT").write_text("odd-1\n")
    return root
