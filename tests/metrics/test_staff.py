"""How many people work where, and what an audit takes: counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from labelqa_lib.metrics import staff

from .snapshots import WEEKS, make

WORK = [
    {"annotation_id": f"a{number}", "item_id": f"i{number}", "market": "MY", "label": "ok", "week": week, "site": site,
     "agent_id": agent, "handle_seconds": seconds}
    for number, (week, site, agent, seconds) in enumerate(
        [(WEEKS[1], "KUL", "p", 30.0), (WEEKS[1], "KUL", "q", 90.0), (WEEKS[1], "PEN", "r", 60.0), (WEEKS[0], "KUL", "s", 600.0)]
    )
]  # fmt: skip
AUDITS = [
    {"audit_id": f"x{number}", "annotation_id": f"a{number}", "tier": 1, "auditor_id": who, "audit_label": "ok",
     "audited_at": pd.Timestamp("2026-11-10"), "market": "MY", "week": WEEKS[1]}
    for number, who in enumerate(["qa1", "qa2", "qa1"])
]  # fmt: skip


def test_people_of_the_last_week_by_site_and_everywhere():
    frame = staff(make(annotations=WORK, audits=AUDITS), 2.0).set_index("site")
    assert frame["agents"].to_dict() == {"": 3, "KUL": 2, "PEN": 1}
    assert frame["auditors"].to_dict() == {"": 2, "KUL": 2, "PEN": 1}
    assert frame["minutes"].tolist() == pytest.approx([2.0, 2.0, 2.0])


def test_a_delivery_without_people_or_times_counts_nobody():
    frame = staff(make(annotations=[{**row, "agent_id": None, "handle_seconds": None, "site": None} for row in WORK]))
    assert frame[["site", "agents", "auditors"]].to_numpy().tolist() == [["", 0, 0]]
    assert frame["minutes"].isna().all()


def test_nothing_is_told_of_a_site_with_too_few_rows():
    tables = make(annotations=WORK, audits=AUDITS)
    assert staff(replace(tables, snapshot=replace(tables.snapshot, smallest_cell=2)))["site"].tolist() == ["", "KUL"]
