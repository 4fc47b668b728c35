"""Real kernels: what a page does to itself, its kernel or its worker is nobody else's trouble."""

from __future__ import annotations

import html
import json
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest

from labelqa_lib.runner import plan, render

SEES = "import os, sys, json\nprint(json.dumps([market, week, top, snapshot, os.getcwd(), sys.executable]))"


def run(tiny, *notebooks, jobs=2, markets=("MY",), **given):
    made = plan(
        tiny.root, reports=tiny.reports, data="data/snapshots", snapshot="S1",
        weeks_of={market: ["2026-W46"] for market in markets}, week="2026-W46", notebooks=notebooks, given=given,
    )  # fmt: skip
    return {(record.notebook, record.market): record for record in render(made.pages, jobs)}


@pytest.fixture
def scratch(monkeypatch):
    """The only place for temporary files, short enough for sockets, seen by nobody else."""
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.mark.slow
def test_each_page_fails_for_itself_and_the_others_are_rendered(tiny, scratch):
    tiny.notebook("good", SEES)
    tiny.notebook("fails", "a = 1\n\ndef share(n):\n    return a / n\n\nshare(0)  # here")
    tiny.notebook("kernel_killed", "import os\nos.kill(os.getpid(), 9)")
    tiny.notebook("kernel_ends_itself", "import os", "os._exit(1)")
    tiny.notebook("worker_killed", "import os\nos.kill(os.getppid(), 9)")
    records = run(tiny, "worker_killed", "fails", "kernel_killed", "good", "kernel_ends_itself", top="5")
    assert list(scratch.iterdir()) == []

    good = records["good", "MY"]
    shown = html.unescape((tiny.week / "MY" / "good.html").read_text())
    assert not good.failed and good.seconds > 0
    assert json.dumps(["MY", "2026-W46", 5, "S1", str(tiny.root), sys.executable]) in shown

    failed = records["fails", "MY"].error
    assert (failed.name, failed.message, failed.cell, failed.line) == (
        "ZeroDivisionError", "division by zero", 3, "share(0)  # here",
    )  # fmt: skip
    saved = nbformat.read(tiny.week / "MY" / "fails.failed.ipynb", as_version=4)
    assert "share(0)" in [cell for cell in saved.cells if cell.get("execution_count") == 3][0].source

    killed = records["kernel_killed", "MY"].error
    assert (killed.name, killed.cell, killed.line) == ("KernelDied", 3, "import os")
    ended = records["kernel_ends_itself", "MY"].error
    assert (ended.name, ended.cell, ended.line) == ("KernelDied", 4, "os._exit(1)")
    saved = nbformat.read(tiny.week / "MY" / "kernel_ends_itself.failed.ipynb", as_version=4)
    assert [output.ename for cell in saved.cells for output in cell.get("outputs", [])] == ["KernelDied"]

    worker = records["worker_killed", "MY"].error
    assert worker.name == "WorkerDied" and "was killed by SIGKILL" in worker.message
    assert json.loads((tiny.week / "MY" / "worker_killed.json").read_text())["status"] == "failed"


@pytest.mark.slow
def test_one_worker_renders_many_pages_and_equal_pages_are_equal_bytes(tiny):
    tiny.notebook("page", "import random\nseen = 'leak' in globals()\nleak = 1\nprint(market[:0], seen)")
    records = run(tiny, "page", jobs=1, markets=("MY", "ES"))
    assert not any(record.failed for record in records.values())
    first = (tiny.week / "MY" / "page.html").read_text()
    assert "False" in first
    assert (tiny.week / "ES" / "page.html").read_text().replace("ES", "MY") == first
    run(tiny, "page", jobs=1)
    assert (tiny.week / "MY" / "page.html").read_text() == first
