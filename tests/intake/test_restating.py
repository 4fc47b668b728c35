"""Which weeks a delivery restates, whichever table brought it, and what a later snapshot still knows of it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest

from .deliveries import LABELS, annotation, audit, described, ingest, write

OLD = "2026-11-03T08:00:00Z"  # in 2026-W45
PEOPLE = [
    {"person_id": f"p{n}", "role": "agent", "market": "MY", "partner": "A", "site": "K", "started_on": "2026-01-05"}
    for n in range(3)
]
SHIFT = {"person_id": "p1", "date": "2026-11-03", "scheduled_minutes": "480", "paid_minutes": "450",
         "available_minutes": "60", "handling_minutes": "300"}  # fmt: skip
HOUR = {"market": "MY", "queue": "video", "hour": OLD, "arrived": "10", "completed": "9", "completed_within_sla": "8",
        "backlog": "1"}  # fmt: skip
APPEAL = {"appeal_id": "x1", "target": "annotation", "target_id": "a1", "raised_by": "customer",
          "raised_at": "2026-11-10T08:00:00Z", "outcome": "pending"}  # fmt: skip
FIRST = {
    "annotations": [annotation(1, annotated_at=OLD, agent_id="p1"), annotation(2), annotation(3, market="MX")],
    "items": [{"item_id": f"i{n}", "market": "MY", "queue": "video"} for n in (1, 2, 3, 4)],
    "people": PEOPLE,
    "audits": [audit(1)],
    "shifts": [SHIFT],
    "queue_hours": [HOUR],
    "appeals": [APPEAL],
    "gold": [{"item_id": "i2", "gold_label": "ok", "set_at": "2026-10-01T00:00:00Z"}],
}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    ingest(write(folder / "d", **FIRST), folder / "s")
    return folder / "s"


@pytest.fixture
def root(first, tmp_path):
    return shutil.copytree(first, tmp_path / "s")


def deliver(root, number=2, **tables) -> dict[str, list[str]]:
    """Take a delivery in; which places does the snapshot say were restated since the one before, by which tables?"""
    before = described(root)["id"]
    ingest(write(root.parent / f"d{number}", **tables), root)
    told = described(root)["restated"]
    return {place: entry["tables"] for place, entry in told.items() if entry["since"] == before}


def test_a_first_delivery_restates_nothing(root):
    assert described(root)["restated"] == {}


W45, W46, MX = "MY/2026-W45", "MY/2026-W46", "MX/2026-W46"
GOLD_NOW = {"gold_label": "spam", "set_at": "2026-11-20T00:00:00Z"}
CASES = {
    "every table in its own way": (
        {
            "people": [{**PEOPLE[1], "site": "J"}],
            "items": [{"item_id": "i3", "market": "MY", "queue": "chat"}],
            "audits": [audit(2)],
            "gold": [{"item_id": "i1", **GOLD_NOW}],
            "shifts": [{**SHIFT, "paid_minutes": "451"}],
            "queue_hours": [{**HOUR, "backlog": "2"}],
        },
        {W45: ["people", "gold", "shifts", "queue_hours"], W46: ["audits"], MX: ["items"]},
    ),
    "late rows": (
        {
            "annotations": [annotation(9, annotated_at=OLD, item_id="i1")],
            "gold": [{"item_id": "i2", **GOLD_NOW}],
            "shifts": [{**SHIFT, "date": "2026-11-10"}],
        },
        {W45: ["annotations"], W46: ["gold", "shifts"]},
    ),
    "an annotation that moves": (
        {"annotations": [annotation(2, annotated_at=OLD)]},
        {W45: ["annotations"], W46: ["annotations"]},
    ),
    "another label": (
        {"labels": [{**LABELS[0], "critical": "true"}]},
        {W45: ["labels"], W46: ["labels"], MX: ["labels"]},
    ),
    "what no figure rests on": (
        {
            "labels": [{**LABELS[0], "title": "Fine"}, {**LABELS[0], "label": "new"}],
            "people": [{**PEOPLE[1], "left_on": "2026-11-20"}],
            "items": [{"item_id": "i4", "market": "MY", "queue": "chat"}],
        },
        {},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("tables", "places"), CASES.values(), ids=CASES)
def test_a_changed_row_restates_the_weeks_whose_figures_rest_on_it(root, tables, places):
    assert deliver(root, **tables) == places


@pytest.mark.slow
def test_an_appeal_restates_its_own_weeks_and_when_it_decides_that_of_its_annotation(root):
    resolved = {**APPEAL, "outcome": "overturned", "final_label": "spam", "resolved_at": "2026-11-17T08:00:00Z"}
    assert deliver(root, appeals=[resolved]) == {"MY/2026-W45": ["appeals"], "MY/2026-W46": ["appeals"]}
    pending = {**APPEAL, "appeal_id": "x2", "target_id": "a1"}
    assert deliver(root, 3, appeals=[pending]) == {"MY/2026-W46": ["appeals"]}


@pytest.mark.slow
def test_without_people_a_shift_belongs_where_the_agent_annotated(tmp_path):
    tables = {name: FIRST[name] for name in ("annotations", "items", "shifts")}
    ingest(write(tmp_path / "first", **tables), tmp_path / "s")
    assert deliver(tmp_path / "s", shifts=[{**SHIFT, "paid_minutes": "451"}]) == {"MY/2026-W45": ["shifts"]}


@pytest.mark.slow
def test_a_later_snapshot_still_knows_what_was_restated(root):
    first = described(root)["id"]
    deliver(root, audits=[audit(2)])
    assert deliver(root, 3, queue_hours=[HOUR, {**HOUR, "hour": "2026-10-20T08:00:00Z"}]) == {}
    assert described(root)["restated"] == {"MY/2026-W46": {"since": first, "tables": ["audits"]}}
    second = described(root)["id"]
    deliver(root, 4, gold=[{**FIRST["gold"][0], "gold_label": "spam"}])
    assert described(root)["restated"] == {"MY/2026-W46": {"since": second, "tables": ["gold"]}}


@pytest.mark.slow
def test_a_week_that_still_runs_grows_and_is_not_restated(tmp_path):
    on_friday = datetime(2026, 11, 13, 12, tzinfo=UTC)
    ingest(write(tmp_path / "first", annotations=[annotation(1)]), tmp_path / "s", now=on_friday)
    assert deliver(tmp_path / "s", annotations=[annotation(2)]) == {}
    assert deliver(tmp_path / "s", 3, annotations=[annotation(3)]) == {"MY/2026-W46": ["annotations"]}
