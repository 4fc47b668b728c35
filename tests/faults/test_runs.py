"""What happens to a run, from outside: signals, a full disk, no permission, a second run at the same time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path

import psutil
import pytest

from tests.waiting import wait_until

pytestmark = pytest.mark.slow

STARTED = "import os, pathlib, subprocess\nsubprocess.Popen(['sleep', '4713'], start_new_session=True)\npathlib.Path('kernel.pid').write_text(str(os.getpid()))"
FOR_EVER = "import time\nwhile True:\n    time.sleep(0.1)"


def kernel_of(tiny) -> psutil.Process:
    """The kernel of a page that has come to its second cell."""
    told = tiny.root / "kernel.pid"
    return psutil.Process(int(wait_until(lambda: told.exists() and told.read_text())))


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def scratch():
    """A short folder for temporary files, so that what is left in it can be seen."""
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def small_disk(tiny):
    """Gives a function that puts the reports on a disk of so many bytes."""
    mounted = []

    def mount(options: str) -> None:
        tiny.reports.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(tiny.reports)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("mounting a small disk needs root")
        mounted.append(tiny.reports)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize(
    ("send", "number", "code"),
    [(os.kill, signal.SIGINT, 130), (os.kill, signal.SIGTERM, 143), (os.killpg, signal.SIGINT, 130)],
    ids=["SIGINT", "SIGTERM", "Ctrl-C on a terminal"],
)
def test_an_interrupted_run_leaves_finished_pages_and_nothing_else(tiny, scratch, send, number, code):
    tiny.notebook("page", STARTED, FOR_EVER)
    tiny.notebook("good", "1")
    process = tiny.start("run", "--notebook", "good", "--notebook", "page", "--jobs", "1", TMPDIR=str(scratch))
    kernel = kernel_of(tiny)
    family = psutil.Process(process.pid).children(recursive=True)
    send(process.pid, number)
    _out, err = process.communicate(timeout=300)
    assert process.returncode == code
    assert "Traceback" not in err
    wait_until(lambda: all(gone(one) for one in [kernel, *family]), 10)
    assert files_below(tiny.week) == {"index.html", "run.json", "MY/good.findings.json", "MY/good.html", "MY/good.json"}
    told = json.loads((tiny.week / "run.json").read_text())
    assert {page["notebook"]: page["status"] for page in told["pages"]} == {"good": "rendered", "page": "not reached"}
    assert list(scratch.iterdir()) == []
    assert "MY/good.html" in (tiny.week / "index.html").read_text()
    told = tiny.labelqa("run", "--notebook", "good", "--notebook", "page", "--explain").stdout
    assert "MY good: unchanged" in told and "MY page: it was never rendered" in told


def test_a_killed_run_takes_its_kernels_with_it_and_leaves_the_old_page_whole(tiny, scratch):
    tiny.notebook("page", "1")
    assert tiny.labelqa("run").returncode == 0
    before = {name: (tiny.reports / name).read_bytes() for name in files_below(tiny.reports)}
    tiny.notebook("page", STARTED, FOR_EVER)
    process = tiny.start("run", TMPDIR=str(scratch))
    kernel = kernel_of(tiny)
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    wait_until(lambda: all(gone(one) for one in [kernel, *family]), 10)
    assert {name: (tiny.reports / name).read_bytes() for name in files_below(tiny.reports)} == before
    assert list(scratch.iterdir()) == []


def test_two_runs_at_once_both_succeed_and_agree_on_the_index(tiny):
    tiny.snapshot({"MY": ["2026-W46"], "ES": ["2026-W46"]})
    tiny.notebook("page", "print(market)")
    runs = [tiny.start("run", "--week", "2026-W46", "--market", market) for market in ("MY", "ES")]
    runs.append(tiny.start("run", "--week", "2026-W46", "--market", "MY"))
    for process in runs:
        _out, err = process.communicate(timeout=300)
        assert (process.returncode, err) == (0, "")
    index = (tiny.week / "index.html").read_text()
    assert 'href="MY/page.html"' in index and 'href="ES/page.html"' in index
    assert not [name for name in files_below(tiny.reports) if name.endswith(".tmp")]


def test_a_page_that_does_not_fit_on_the_disk_is_a_failure_and_never_half_a_page(tiny, small_disk):
    small_disk("size=256k")
    tiny.snapshot({"MY": ["2026-W46"], "ES": ["2026-W46"]})
    tiny.notebook("page", "print('x' * (500_000 if market == 'MY' else 10))")
    done = tiny.labelqa("run", "--week", "2026-W46")
    assert done.returncode == 1
    assert "No space left on device" in done.stdout
    assert files_below(tiny.week) == {"index.html", "run.json", "ES/page.findings.json", "ES/page.html", "ES/page.json", "MY/page.json"}
    assert "No space left on device" in (tiny.week / "index.html").read_text()


def test_a_disk_without_room_for_the_index_is_a_sentence(tiny, small_disk):
    small_disk("size=4k")
    tiny.notebook("page", "1")
    done = tiny.labelqa("run")
    assert done.returncode == 1
    assert "No space left on device" in done.stderr and "Traceback" not in done.stderr
    assert not [name for name in files_below(tiny.reports) if name.endswith((".html", ".tmp"))]


def test_reports_without_permission_are_told_before_anything_runs(tiny, small_disk):
    tiny.notebook("page", STARTED)
    if os.geteuid() == 0:
        small_disk("ro")
    else:
        tiny.reports.mkdir(mode=0o555)
    done = tiny.labelqa("run")
    assert done.returncode == 2
    assert "reports cannot be written there" in done.stderr
    assert not (tiny.root / "kernel.pid").exists()


def test_nothing_is_written_into_the_home(tiny):
    tiny.notebook("page", "from matplotlib import pyplot\npyplot.plot([1, 2]);")
    assert tiny.labelqa("run").returncode == 0
    assert files_below(tiny.root / "home") == set()
