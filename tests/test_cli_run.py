"""`labelqa run` twice: what has not changed is not run again, and is over at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from labelqa_lib.cli.due import with_reasons
from labelqa_lib.cli.frame import Workspace
from labelqa_lib.cli.readers import Reader
from labelqa_lib.runner import plan, write_index
from labelqa_lib.runner.record import PageRecord, publish
from labelqa_lib.store import describe

WEEK = "2026-W46"


def state(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_two_hundred_unchanged_markets_run_nothing_and_import_nothing_heavy(tiny):
    markets = [f"M{number}" for number in range(200)]
    tiny.notebook("page", "1")
    tiny.snapshot({market: [WEEK] for market in markets})
    workspace = Workspace(tiny.root)
    snapshot = describe(workspace.data)
    planned = plan(tiny.root, reports=tiny.reports, data="data/snapshots", snapshot=snapshot.id,
                   weeks_of={market: [WEEK] for market in markets}, week=WEEK, notebooks=["page"])  # fmt: skip
    who = Reader("internal", workspace.data, snapshot, (), ())
    for page, _ in with_reasons(workspace, who, planned.pages, force=False, keep=False):
        publish(page, PageRecord.of(page, 1.0, title="A tiny page"), html="<p>page</p>" * 5_000)
    write_index(tiny.reports, "internal", WEEK, ["page"])
    before = state(tiny.reports)
    code = "import sys\nfrom labelqa_lib.cli import main\ntry:\n    main(['run'])\nfinally:\n" \
           "    print({'pandas', 'ibis', 'duckdb', 'ipykernel', 'papermill'} & set(sys.modules), file=sys.stderr)"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=tiny.root, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "set()\n")
    assert f"0 of 200 pages rendered for {WEEK}, 200 unchanged" in done.stdout
    told = json.loads((tiny.week / "run.json").read_text())
    assert (told["unchanged"], told["rendered"], told["pages"][7]) == (
        200, 0, {"market": "M104", "notebook": "page", "status": "unchanged", "reason": "", "size": 55_000},
    )  # fmt: skip
    (tiny.week / "run.json").unlink()
    assert state(tiny.reports) == before


@pytest.mark.slow
def test_only_what_changed_is_rendered_again_and_explain_says_why_and_writes_nothing(tiny):
    weeks_of = {"MY": [WEEK], "ES": [WEEK]}
    tiny.snapshot(weeks_of)
    tiny.notebook("page", "print(market)", tags=("own-market",))
    assert "2 of 2 pages rendered" in tiny.labelqa("run").stdout
    first = state(tiny.reports)

    told = tiny.labelqa("run", "--explain").stdout
    assert "ES page: unchanged\nMY page: unchanged\n0 of 2 pages would be rendered" in told
    (tiny.week / "MY" / "page.html").write_text("<p>by hand")
    assert "MY page: its .html is not as it was written" in tiny.labelqa("run", "--explain").stdout
    assert {path: time for path, time in state(tiny.reports).items() if path.stem != "page"} == {
        path: time for path, time in first.items() if path.stem != "page"
    }  # fmt: skip

    assert f"1 of 2 pages rendered for {WEEK}, 1 unchanged" in tiny.labelqa("run").stdout
    told = json.loads((tiny.week / "run.json").read_text())
    assert (told["rendered"], told["unchanged"], told["failed"], told["workers"]) == (1, 1, 0, os.cpu_count())
    page = next(page for page in told["pages"] if page["market"] == "MY")
    assert page["reason"] == "its .html is not as it was written" and page["attempt"] == 1
    assert page["size"] == (tiny.week / "MY" / "page.html").stat().st_size
    assert 0 < page["cpu"] < told["cpu"] and 0 < page["seconds"] < told["seconds"] and page["memory"] > 2**24
    index = (tiny.week / "index.html").read_text()
    assert "1 page by 1 worker in " in index and "<title>MY, A tiny page: " in index
    html, record = tiny.week / "ES" / "page.html", tiny.week / "ES" / "page.json"
    assert (html.stat().st_mtime_ns, record.stat().st_mtime_ns) == (first[html], first[record])
    assert "by hand" not in (tiny.week / "MY" / "page.html").read_text()

    (tiny.root / "params" / "markets").mkdir()
    (tiny.root / "params" / "markets" / "ES.yaml").write_text("market: ES\ntime_zone: Europe/Madrid\n")
    told = tiny.labelqa("run", "--explain").stdout
    assert "ES page: the market's time_zone, configured changed\nMY page: unchanged" in told
    done = tiny.labelqa("run", "--market", "MY", "--force")
    assert "1 of 1 pages rendered" in done.stdout
    assert json.loads((tiny.week / "MY" / "page.json").read_text())["sha256"]


def test_explain_of_a_first_run_makes_no_folder(tiny):
    tiny.notebook("page", "1")
    done = tiny.labelqa("run", "--explain")
    assert (done.returncode, done.stderr) == (0, "")
    assert "MY page: it was never rendered\n1 of 1 pages would be rendered for 2026-W46" in done.stdout
    assert not tiny.reports.exists()
