"""`labelqa run --scheduler`: a real scheduler and real workers, of which some are killed."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from pathlib import Path

import psutil
import pytest
from clusters import Cluster

from tests.waiting import wait_until

pytestmark = pytest.mark.slow

WEEK = "2026-W46"
MARKETS = [f"M{number}" for number in range(6)]
PAGE = "from matplotlib import pyplot\npyplot.plot([1, 2]);\nprint(market)"
SLOWLY = "import os, pathlib, time\n(pathlib.Path('{0}') / f'{{market}}.{{os.getpid()}}').touch()\ntime.sleep(1.5)"
KILLS = """\
import os, psutil
if market == 'M2':
    worker = next(one for one in psutil.Process().parents() if 'labelqa_lib' not in ' '.join(one.cmdline()))
    worker.kill()
    import time; time.sleep(60)"""


def content(folder: Path, besides=("run.json", "index.html")) -> dict[str, bytes]:
    """Every page's files; records without what a run costs."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in besides):
        told = path.read_bytes()
        if path.suffix == ".json" and path.stem == "page":
            record = json.loads(told)
            told = json.dumps({name: value for name, value in record.items() if name not in ("making", "seconds")}).encode()
        found[str(path.relative_to(folder))] = told
    return found


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def cluster(folder):
    made = Cluster(folder, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1")
    yield made
    made.end()


def test_pages_of_a_killed_worker_are_made_by_another_and_are_the_pages_of_a_local_run(tiny, cluster, folder):
    tiny.snapshot({market: [WEEK] for market in MARKETS})
    (told := folder / "told").mkdir()
    tiny.notebook("page", PAGE, SLOWLY.format(told))
    one, _other = cluster.worker("one", "--no-nanny"), cluster.worker("two", "--no-nanny")
    cluster.wait_for(2)
    run = tiny.start("run", "--scheduler", cluster.address)

    kernels = wait_until(lambda: [int(path.suffix[1:]) for path in told.iterdir()])
    family = wait_until(lambda: [child for child in psutil.Process(one.pid).children(recursive=True)
                                 if child.pid in [int(path.suffix[1:]) for path in told.iterdir()]])  # fmt: skip
    assert kernels
    one.kill()
    out, err = run.communicate(timeout=120)
    assert (run.returncode, err) == (0, "")
    assert f"6 of 6 pages rendered for {WEEK}" in out
    wait_until(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in family), 10)
    assert len(list(told.iterdir())) >= 7, "the page that was under way was begun twice"

    run = json.loads((tiny.week / "run.json").read_text())
    assert (run["scheduler"], run["workers"], run["rendered"]) == (cluster.address, 2, 6)
    assert {page["worker"] for page in run["pages"]} <= {1, 2} and all(page["memory"] > 2**24 for page in run["pages"])
    assert run["cpu"] > sum(page["cpu"] for page in run["pages"]) > 0
    index = (tiny.week / "index.html").read_text()
    assert "6 pages by " in index and all(f'href="{market}/page.html"' in index for market in MARKETS)
    assert not [path for path in tiny.reports.rglob("*.tmp")]

    made = content(tiny.week)
    assert "6 unchanged" in tiny.labelqa("run").stdout
    assert tiny.labelqa("run", "--force").returncode == 0
    assert content(tiny.week) == made and len(made) == 18
    done = tiny.labelqa("run", "--scheduler", cluster.address, "--explain")
    assert "0 of 6 pages would be rendered" in done.stdout


def test_a_page_that_kills_its_worker_fails_alone_and_reports_are_kept_elsewhere(tiny, cluster, folder):
    tiny.snapshot({market: [WEEK] for market in MARKETS[:4]})
    tiny.notebook("page", PAGE, KILLS)
    elsewhere = folder / "bucket"
    cluster.worker("one")
    cluster.worker("two")
    cluster.wait_for(2)
    done = tiny.labelqa("run", "--scheduler", cluster.address, "--outputs", elsewhere.as_uri())
    assert (done.returncode, done.stderr) == (1, "")
    assert "3 of 4 pages rendered" in done.stdout and f"{elsewhere.as_uri()}/internal/{WEEK}/index.html" in done.stdout
    kept = json.loads((elsewhere / "internal" / WEEK / "M2" / "page.json").read_text())
    assert kept["error"]["name"] == "WorkerDied" and "2 workers of the cluster were lost" in kept["error"]["message"]
    assert sorted(content(elsewhere / "internal" / WEEK)) == sorted(
        [f"{market}/page{ending}" for market in ("M0", "M1", "M3") for ending in (".html", ".json", ".findings.json")] + ["M2/page.json"]
    )
    assert not tiny.week.exists()
    index = (elsewhere / "internal" / WEEK / "index.html").read_text()
    assert "2 workers of the cluster were lost" in index and 'href="M3/page.html"' in index
    assert json.loads((elsewhere / "internal" / WEEK / "run.json").read_text())["failed"] == 1

    # whoever runs next has no copy, and makes what is missing only
    tiny.notebook("page", PAGE, KILLS.replace("M2", "-"))
    again = tiny.labelqa("run", "--market", "M2", "--outputs", elsewhere.as_uri())
    assert "1 of 1 pages rendered" in again.stdout
    assert "3 of 4 pages would be rendered" in tiny.labelqa("run", "--outputs", elsewhere.as_uri(), "--explain").stdout


def test_an_interrupt_cancels_pages_and_what_cannot_render_is_refused_with_a_sentence(tiny, cluster, folder):
    tiny.notebook("page", "import os, pathlib, subprocess",
                  f"pathlib.Path('{folder}/kernel').write_text(str(os.getpid()))", "import time\ntime.sleep(600)")  # fmt: skip
    nobody = tiny.labelqa("run", "--scheduler", "tcp://127.0.0.1:9")
    assert nobody.returncode == 2 and "scheduler tcp://127.0.0.1:9: cannot be reached within 10 s" in nobody.stderr
    assert len(nobody.stderr.splitlines()) == 1

    cluster.worker("offers none", "--no-nanny", pages=0)
    cluster.wait_for(1)
    refused = tiny.labelqa("run", "--scheduler", cluster.address)
    assert refused.returncode == 2 and "offers no page; start it with --resources page=1" in refused.stdout
    assert "none of its workers can make these pages" in refused.stderr
    assert not [path for path in tiny.reports.rglob("*") if path.is_file()]

    cluster.worker("one", "--no-nanny")
    cluster.wait_for(2)
    run = tiny.start("run", "--scheduler", cluster.address)
    kernel = psutil.Process(int(wait_until(lambda: (folder / "kernel").exists() and (folder / "kernel").read_text())))
    os.kill(run.pid, signal.SIGINT)
    _out, err = run.communicate(timeout=60)
    assert (run.returncode, err.strip()) == (130, "labelqa: interrupted")
    wait_until(lambda: not kernel.is_running(), 20)
    assert {page["status"] for page in json.loads((tiny.week / "run.json").read_text())["pages"]} == {"not reached"}
    wait_until(lambda: not list((folder / "one").rglob("page-*")), 10)
