"""What a run says of itself while it goes on, and of its end."""

from __future__ import annotations

import io
import threading
from datetime import datetime
from pathlib import Path

import pytest
from rich.console import Console

from labelqa_lib.cli.board import Board, said
from labelqa_lib.runner import Forecast
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import PageError, PageRecord, publish


@pytest.fixture
def page(tmp_path):
    return lambda market, name="page": PlannedPage(Path(f"{name}.ipynb"), tmp_path, tmp_path, market, "2026-W46", "internal", "S1")


def took(page, seconds, error=None):
    return PageRecord.of(page, seconds, error)


def test_the_end_is_foretold_from_what_the_same_pages_took_last_time(page):
    pages = [page(market) for market in ("ES", "MY", "SG", "TW")]
    for one, seconds in zip(pages, (10, 20, 30, 40), strict=True):
        publish(one, took(one, seconds), html="x")
    forecast = Forecast(pages, 2)
    assert forecast.seconds_left({}) == 60, "ES then SG at one worker, MY then TW at the other"
    assert forecast.seconds_left({1: (pages[0], 4.0), 2: (pages[1], 4.0)}) == 56
    forecast.learn(took(pages[0], 20))
    assert forecast.seconds_of(pages[3]) == 80, "this run is twice as slow as the last"


def test_without_a_last_time_the_pages_that_are_done_tell(page):
    pages = [page("ES"), page("MY"), page("MY", "other")]
    forecast = Forecast(pages, 1)
    assert forecast.seconds_left({}) is None
    forecast.learn(took(pages[0], 8, PageError("KeyError", "x")))
    assert forecast.seconds_left({}) is None, "a failure tells nothing of how long a page takes"
    forecast.learn(took(pages[0], 8))
    assert forecast.seconds_left({1: (pages[1], 3.0)}) == 13, "5 left of MY, and 8 for a notebook of which nothing is known"
    forecast.learn(took(pages[1], 8))
    forecast.learn(took(pages[2], 8))
    assert forecast.seconds_left({}) == 0


def test_a_terminal_shows_what_each_worker_does_the_rate_and_the_end(page):
    pages, seconds = [page(market) for market in ("ES", "MY", "SG")], [0.0]
    out = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    board = Board(out, pages, 2, clock=lambda: seconds[-1], now=lambda: datetime(2026, 11, 16, 7, 58))
    board.see({1: pages[0], 2: pages[1]})
    seconds.append(30.0)
    board.add(took(pages[0], 30))
    board.see({1: pages[2], 2: pages[1]})
    with out.capture() as shown:
        out.print(board.shown())
    head, _bar, *workers = shown.get().splitlines()
    assert head.startswith("2026-W46: 1 of 3 pages in 30 s, 2.0 a minute; about 30 s to go, done at 07:58")
    assert [line.strip() for line in workers] == ["worker 1: SG page, 0 s", "worker 2: MY page, 30 s"]


def test_what_moves_has_a_thread_when_workers_have_been_started_and_not_before(page):
    out = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    before = threading.active_count()
    with Board(out, [page("ES")], 1) as board:
        assert threading.active_count() == before
        board.see({1: page("ES")})
        assert threading.active_count() == before + 1
    assert "0 of 1 pages" in out.file.getvalue()


def test_without_a_terminal_there_is_a_line_a_page_and_nothing_that_moves(page):
    out = Console(file=io.StringIO(), width=200)
    with Board(out, [page("ES"), page("MY")], 1) as board:
        board.add(took(page("ES"), 1.234))
        board.add(took(page("MY"), 1, PageError("KeyError", "'x'\x1b[31m", 2, "x")))
    assert out.file.getvalue() == "ES page: rendered in 1.2 s\nMY page: FAILED: cell [2] `x`: KeyError: 'x' [31m\n"
    assert (board.done, board.failed) == (2, 1)


def test_durations_are_said_as_one_would():
    assert [said(seconds) for seconds in (0.4, 59.6, 61, 3661)] == ["0 s", "1 min 00 s", "1 min 01 s", "1 h 01 min"]
