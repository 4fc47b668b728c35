from __future__ import annotations

from pathlib import Path

from labelqa_lib.runner.gantt import gantt
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import Making, PageError, PageRecord

TITLES = {"page": "A tiny page"}


def record(market, began, seconds, worker=1, run="2026-11-16T06:00:00.000+00:00", error=None, **cost):
    page = PlannedPage(Path("page.ipynb"), Path(), Path(), market, "2026-W46", "internal", "S1")
    return PageRecord.of(page, seconds, error, making=Making(run, began, worker, **cost))


def test_the_latest_run_is_a_lane_a_worker_and_a_bar_a_page():
    made = [
        record("ES", 0.0, 40.0, cpu=20, memory=2**28),
        record("MY", 0.0, 100.0, worker=2, cpu=30),
        record("SG", 40.0, 60.0, error=PageError("TooLong", "x"), attempt=2),
        record("TW", 0.0, 999.0, run="2026-11-09T06:00:00.000+00:00"),
    ]
    chart = gantt(made, TITLES)
    assert [lane["worker"] for lane in chart["lanes"]] == [1, 2]
    es, sg, my = chart["bars"]
    assert my["x"] == es["x"] == chart["left"] and my["y"] > es["y"] == sg["y"]
    assert abs(sg["x"] - (es["x"] + es["width"] + 1)) < 0.2, "one page begins where the other ended"
    assert abs(my["width"] - (es["width"] + sg["width"] + 1)) < 0.2 and my["x"] + my["width"] <= chart["width"]
    assert (es["words"], es["label"]) == ("ES, A tiny page: 40 s, 20 s CPU, 256 MiB at most", "ES A tiny page")
    assert sg["failed"] and sg["words"].endswith("failed, second attempt")
    assert [mark["text"] for mark in chart["marks"]] == ["0 s", "20 s", "40 s", "1 min 00 s", "1 min 20 s", "1 min 40 s"]
    assert chart["sentence"] == (
        "3 pages by 2 workers in 1 min 40 s, 50 CPU s, workers busy 100% of the time; the longest was MY, A tiny page with "
        "1 min 40 s; 1 needed a second attempt"
    )


def test_records_that_tell_nothing_of_a_run_make_no_chart():
    page = PlannedPage(Path("page.ipynb"), Path(), Path(), "MY", "2026-W46", "internal", "S1")
    assert gantt([PageRecord.of(page, 1.0)], TITLES) is None
    assert gantt([], TITLES) is None


def test_a_bar_too_short_for_words_has_none():
    chart = gantt([record("ES", 0.0, 1.0), record("MY", 1.0, 999.0)], TITLES)
    assert [bar["label"] for bar in chart["bars"]] == ["", "MY A tiny page"]
    assert all(bar["width"] >= 1 for bar in chart["bars"])
