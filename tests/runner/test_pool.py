"""Real kernels: what a page does to itself, its kernel or its worker is nobody else's trouble."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest

from labelqa_lib.runner import Limits, plan, render
from labelqa_lib.runner.forkserver import FILES
from labelqa_lib.runner.record import PageRecord, publish

SEES = "import os, sys, json\nprint(json.dumps([market, week, top, snapshot, os.getcwd(), sys.executable]))"

SLEEP = ["sleep", f"4710{os.getpid()}"]  # nobody else's
WORKER = "import os, pathlib\nworker = int(pathlib.Path(os.environ['JUPYTER_RUNTIME_DIR']).name)"
ATTEMPT = "import pathlib\nattempts = pathlib.Path('{0}.attempts')\nwith attempts.open('a') as told:\n    told.write('x')"


def run(tiny, *notebooks, jobs=2, markets=("MY",), limits=Limits(), **given):
    made = plan(
        tiny.root, reports=tiny.reports, data="data/snapshots", snapshot="S1",
        weeks_of={market: ["2026-W46"] for market in markets}, week="2026-W46", notebooks=notebooks, given=given,
    )  # fmt: skip
    return {(record.notebook, record.market): record for record in render(made.pages, jobs, limits)}


def asleep() -> list[psutil.Process]:
    """What pages started and should be gone with them."""
    return [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == SLEEP]


@pytest.fixture
def scratch(monkeypatch):
    """The only place for temporary files, short enough for sockets, seen by nobody else."""
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.mark.slow
def test_a_page_looks_for_last_week_where_the_run_keeps_its_reports(tiny, scratch):
    tiny.notebook("page", "from pathlib import Path\nfrom labelqa_lib import earlier",
                  "found = earlier.findings(earlier.reports_of(Path.cwd(), 'reports'), audience, week, market, 'page', False)\n"
                  "assert found == [{'code': 'a'}], found")  # fmt: skip
    copy = tiny.root / "reports" / ".cache" / "outputs" / "it's here"
    made = plan(tiny.root, reports=copy, data="data/snapshots", snapshot="S1", weeks_of={"MY": ["2026-W46"]}, week="2026-W46",
                notebooks=["page"])  # fmt: skip
    before = replace(made.pages[0], week="2026-W45")
    publish(before, PageRecord.of(before, 1.0, findings=[{"code": "a"}]), html="<p>last week")
    record = next(render(made.pages, 1, Limits()))
    assert not record.failed, record.error


@pytest.mark.slow
def test_each_page_fails_for_itself_and_the_others_are_rendered(tiny, scratch):
    tiny.notebook("good", SEES)
    tiny.notebook("fails", "a = 1\n\ndef share(n):\n    return a / n\n\nshare(0)  # here")
    tiny.notebook("kernel_killed", "import os\nos.kill(os.getpid(), 9)")
    tiny.notebook("kernel_ends_itself", "import os, subprocess",
                  f"subprocess.Popen({SLEEP}, start_new_session=True)\nos._exit(1)")  # fmt: skip
    tiny.notebook("worker_killed", WORKER, "os.kill(worker, 9)")
    tiny.notebook("starts_others", f"import subprocess\nsubprocess.Popen({SLEEP}, start_new_session=True)")
    names = ("worker_killed", "fails", "kernel_killed", "good", "kernel_ends_itself", "starts_others")
    records = run(tiny, *names, top="5")
    assert not asleep()
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
    assert (ended.name, ended.cell) == ("KernelDied", 4)
    saved = nbformat.read(tiny.week / "MY" / "kernel_ends_itself.failed.ipynb", as_version=4)
    assert [output.ename for cell in saved.cells for output in cell.get("outputs", [])] == ["KernelDied"]

    worker = records["worker_killed", "MY"].error
    assert worker.name == "WorkerDied" and "was killed by SIGKILL" in worker.message
    assert json.loads((tiny.week / "MY" / "worker_killed.json").read_text())["status"] == "failed"
    again = {name for (name, _), record in records.items() if record.making.attempt == 2}
    assert again == {"worker_killed", "kernel_killed", "kernel_ends_itself"}
    assert not records["starts_others", "MY"].failed


@pytest.mark.slow
def test_a_killed_server_of_kernels_is_started_again(tiny, scratch):
    tiny.notebook("good", SEES)
    tiny.notebook("server_killed", "import os, pathlib, time\nonce = pathlib.Path('once')",
                  "if not once.exists():\n    once.touch()\n    os.kill(os.getppid(), 9)\n    time.sleep(60)")  # fmt: skip
    records = run(tiny, "server_killed", "good")
    assert not records["server_killed", "MY"].failed and not records["good", "MY"].failed
    assert records["server_killed", "MY"].making.attempt == 2, "a page beside it may have been taken along"
    assert list(scratch.iterdir()) == []


@pytest.mark.slow
def test_a_page_beyond_its_limits_is_killed_with_its_children_tried_again_and_reported(tiny, scratch):
    sleeps = f"import subprocess, time\nsubprocess.Popen({SLEEP}, start_new_session=True)\ntime.sleep(4712)"
    tiny.notebook("hangs", ATTEMPT.format("hangs"), sleeps)
    tiny.notebook("grows", ATTEMPT.format("grows"), "grown = []\nwhile True:\n    grown.append(bytearray(2**24))")
    tiny.notebook("good", "1")
    records = run(tiny, "hangs", "grows", "good", limits=Limits(seconds=6, memory=400))
    assert {name: record.error and record.error.name for (name, _), record in records.items()} == {
        "hangs": "TooLong", "grows": "TooMuchMemory", "good": None,
    }  # fmt: skip
    hangs, grows = records["hangs", "MY"].error, records["grows", "MY"].error
    assert "ran for more than 6 s" in hangs.message and "--page-seconds" in hangs.message and hangs.cell == 4
    assert "the limit is 400 MiB" in grows.message and grows.line == "grown = []"
    assert records["grows", "MY"].making.memory > 400 * 2**20
    assert {name: (tiny.root / f"{name}.attempts").read_text() for name in ("hangs", "grows")} == {"hangs": "xx", "grows": "xx"}
    assert not asleep()
    assert list(scratch.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are forked on Linux alone")
def test_a_kernel_may_open_many_files_before_its_table_of_them_grows(tiny):
    tiny.notebook("page", "from pathlib import Path", "print('FDSize', Path('/proc/self/status').read_text().split('FDSize:')[1].split()[0])")
    record = run(tiny, "page")["page", "MY"]
    page = (tiny.week / "MY" / "page.html").read_text()
    room = int(re.search(r"FDSize (\d+)", page).group(1))
    assert not record.error and (room >= FILES or psutil.Process().rlimit(psutil.RLIMIT_NOFILE)[0] < FILES)


@pytest.mark.slow
def test_memory_stays_flat_over_many_pages(tiny):
    """A short one; `make bench-runner` renders 500."""
    tiny.notebook("page", "print(market)")
    made = plan(
        tiny.root, reports=tiny.reports, data="data/snapshots", snapshot="S1", week="2026-W46", notebooks=["page"],
        weeks_of={f"M{number}": ["2026-W46"] for number in range(30)},
    )  # fmt: skip
    held = []
    for record in render(made.pages, 1):
        family = [psutil.Process(), *psutil.Process().children()]
        # resident, not unique: what the server shares with a kernel that is about to end is unique a moment later
        held.append([sum(one.memory_info().rss for one in family), sum(one.num_fds() for one in family)])
        assert not record.failed
    assert held[-1][0] - held[9][0] < 4 * 2**20, "twenty pages more took more than 4 MiB"
    assert held[-1][1] <= held[9][1] + 2, "files stay open"


FIGURE = "from matplotlib import pyplot\nimport numpy\npyplot.plot(numpy.arange(3));"
STATE = """\
import os, pathlib
parent = pathlib.Path(f"/proc/{os.getppid()}")
told = b"forkserver" in (parent / "cmdline").read_bytes(), len(list((parent / "task").iterdir()))
pathlib.Path("parents").open("a").write(f"{told} {numpy.random.rand()}\\n");"""

LEFT = "import tempfile\nleft = pathlib.Path(tempfile.gettempdir(), 'left')\nprint(market[:0], left.exists())\nleft.mkdir()"


@pytest.mark.slow
def test_a_forked_page_is_the_page_a_plain_kernel_makes_whichever_came_before(tiny, monkeypatch):
    tiny.notebook("page", "import random\nseen = 'leak' in globals()\nleak = 1\nprint(market[:0], seen)", FIGURE, STATE, LEFT)
    tiny.notebook("crashes", "import os", FIGURE, "os.abort()")
    records = run(tiny, "page", "crashes", jobs=1, markets=("MY-1", "ES-1"))
    assert [record.failed for (name, _), record in records.items() if name == "page"] == [False, False]
    first = (tiny.week / "MY-1" / "page.html").read_text()
    assert "False" in first and first.count("<img") == 1
    assert (tiny.week / "ES-1" / "page.html").read_text().replace("ES-1", "MY-1") == first
    parents = [line.rsplit(maxsplit=1) for line in (tiny.root / "parents").read_text().splitlines()]
    assert [state for state, _ in parents] == ["(True, 1)"] * 2, "not forked from a parent with a single thread"
    assert parents[0][1] != parents[1][1], "two pages drew the same random numbers"
    monkeypatch.setattr("labelqa_lib.runner.forking.STARTS", 0)
    run(tiny, "page", jobs=1, markets=("MY-1",))
    assert "(False, " in (tiny.root / "parents").read_text()
    assert (tiny.week / "MY-1" / "page.html").read_text() == first


WORKERS = """
import json, sys, threading, time
from pathlib import Path
import psutil
from labelqa_lib.runner import plan, render
if len(sys.argv) > 1:
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
made = plan(Path.cwd(), reports=Path("reports"), data="data/snapshots", snapshot="S1", week="2026-W46", notebooks=["page"],
            weeks_of={"MY": ["2026-W46"]})
own, names = psutil.Process().cmdline(), set()
def see(busy):
    names.update(one.cmdline() == own for one in psutil.Process().children())
records = list(render(made.pages, 1, see=see))
print(json.dumps([True in names, [record.error for record in records]]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workers are forked on Linux alone")
def test_workers_are_forked_from_a_run_of_one_thread_and_spawned_beside_others(tiny):
    tiny.notebook("page", "print(market)")
    made = {}
    for threads in ([], ["second"]):
        command = [sys.executable, "-c", WORKERS, *threads]
        told = subprocess.run(command, cwd=tiny.root, capture_output=True, text=True, check=True)
        assert json.loads(told.stdout) == [not threads, [None]]
        made[bool(threads)] = (tiny.week / "MY" / "page.html").read_bytes()
    assert made[False] == made[True]
