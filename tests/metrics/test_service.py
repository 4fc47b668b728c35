"""Service by hand: two queues over two local days."""

from __future__ import annotations

import pandas as pd
import pytest

from labelqa_lib.metrics import measure

from .snapshots import WEEKS, make


def hour(queue: str, utc: str, arrived: int, completed: int, within: int, backlog: int, week=WEEKS[-1]) -> dict:
    return {
        "queue": queue, "hour": pd.Timestamp(utc), "arrived": arrived, "completed": completed,
        "completed_within_sla": within, "backlog": backlog, "week": week,
    }  # fmt: skip


HOURS = [
    hour("q", "2026-11-09 02:00", 10, 8, 8, 2),
    hour("q", "2026-11-09 17:00", 10, 4, 2, 8),  # Tuesday, 1 in the morning in Kuala Lumpur
    hour("r", "2026-11-09 03:00", 6, 6, 6, 0),
    hour("r", "2026-11-10 03:00", 4, 2, 1, 2),
]


@pytest.fixture
def tables():
    return make(queue_hours=HOURS)


@pytest.mark.parametrize(
    ("metric", "expected", "n"),
    [
        ("sla_attainment", 17 / 20, 20),
        ("backlog", 10, 2),
        ("backlog_days", 10 / 10, 2),
        # q: 8 of its 10 last wait, from 0:12 of that hour on, for 48 minutes; r: 2 of the last 4, for half an hour
        ("backlog_age", 0.8, 2),
        ("arrivals_per_day", (16 + 14) / 2, 2),
        ("completions_per_day", (14 + 6) / 2, 2),
    ],
)
def test_by_hand(tables, metric, expected, n):
    row = measure(tables, metric).iloc[0]
    assert (row["estimate"], row["n"]) == (pytest.approx(expected), n)


def test_by_queue(tables):
    assert measure(tables, "backlog", by=["queue"])["estimate"].tolist() == [8, 2]
    assert measure(tables, "backlog_days", by=["queue"])["estimate"].tolist() == [8 / 6, 2 / 4]


def test_days_are_the_clusters_so_that_a_hundred_thousand_items_are_not_as_many_trials():
    days = [hour("q", f"2026-11-{day:02d} 02:00", 0, 20_000, within, 0) for day, within in
            [(9, 19_800), (10, 15_000), (11, 19_900), (12, 18_000), (13, 19_700)]]  # fmt: skip
    row = measure(make(queue_hours=days), "sla_attainment").iloc[0]
    assert row["n"] == 100_000
    assert row["n_effective"] < 100
    assert row["ci_high"] - row["ci_low"] > 0.05


def test_nothing_completed_is_no_rate():
    row = measure(make(queue_hours=[hour("q", "2026-11-09 02:00", 5, 0, 0, 5)]), "sla_attainment").iloc[0]
    assert row["n"] == 0
    assert row["reason"] == "no completed items in 2026-W46"
    days = measure(make(queue_hours=[hour("q", "2026-11-09 02:00", 5, 0, 0, 5)]), "backlog_days").iloc[0]
    assert days["reason"] == "no completed items in 2026-W46"


def test_backlog_of_pooled_weeks_is_that_at_their_end():
    early = hour("q", "2026-11-02 02:00", 9, 0, 0, 99, week=WEEKS[0])
    both = make(queue_hours=[*HOURS, early])
    assert measure(both, "backlog", weeks=WEEKS)["estimate"].tolist() == [10]
    assert measure(both, "backlog", by=["week"])["estimate"].tolist() == [99, 10]


def test_age_reaches_back_over_hours_and_weeks():
    long = [hour("q", f"2026-11-0{day} 02:00", 10, 0, 0, 10 * place, week=WEEKS[day > 8]) for place, day in
            enumerate((7, 8, 9), start=1)]  # fmt: skip
    tables = make(queue_hours=long)
    assert measure(tables, "backlog_age")["estimate"].tolist() == [pytest.approx(49)]
    assert measure(tables, "backlog_age", ["week"])["estimate"].tolist() == pytest.approx([25, 49])


def test_an_item_older_than_the_data_has_no_known_age_and_no_backlog_has_none():
    old = [hour("q", "2026-11-09 02:00", 10, 0, 0, 11), hour("r", "2026-11-09 02:00", 5, 5, 5, 0)]
    frame = measure(make(queue_hours=old), "backlog_age", ["queue"])
    assert frame["estimate"].tolist() == pytest.approx([float("nan"), 0], nan_ok=True)
    assert frame["reason"].tolist() == ["the oldest item arrived before the weeks opened", ""]
    whole = measure(make(queue_hours=old), "backlog_age").iloc[0]
    assert whole["reason"] == "the oldest item arrived before the weeks opened" and whole["n"] == 2
