"""A page is the same page wherever its rows lie: made from a folder, from PostgreSQL, by Spark."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path

import pandas as pd
import psutil
import pytest

from labelqa_lib import audience, sampling, store
from labelqa_lib.metrics import measure
from tests.notebooks.house import House
from tests.runner.clusters import Cluster

from .servers import READER, SECRET

pytestmark = pytest.mark.slow

WEEK = "2026-W46"
PAGE = ("--market", "MY", "--notebook", "market_report")
TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> House:
    return House(tmp_path_factory.mktemp("house"))


def made(house: House, place: str) -> tuple[str, dict]:
    """The market report from a place: its HTML but for the versions it names, and its record."""
    house.labelqa("run", *PAGE, "--data", place)
    page = house.page(WEEK, "MY")
    return re.sub(r"(<dt>Versions</dt><dd>).*?(</dd>)", r"\1\2", page), house.record(WEEK, "MY")


def close(here: object, there: object, where: str = "") -> None:
    """Equal, numbers to the last digits that an order of summing leaves."""
    if isinstance(here, dict):
        assert here.keys() == there.keys(), where
        for name in here:
            close(here[name], there[name], f"{where}.{name}")
    elif isinstance(here, list):
        assert len(here) == len(there), where
        for number, (one, other) in enumerate(zip(here, there, strict=True)):
            close(one, other, f"{where}[{number}]")
    elif isinstance(here, float):
        assert there == pytest.approx(here, rel=TOLERANCE, abs=1e-12), where
    else:
        assert here == there, where


def test_the_market_report_from_a_database(house, snapshots, database, server):
    page, record = made(house, str(snapshots))
    server.grant(READER)
    address = server.url(READER, SECRET)
    page_there, record_there = made(house, address)
    assert page_there == page
    for name in ("findings", "headlines"):
        assert record[name]
        close(record[name], record_there[name], name)
    assert re.search(r"<dt>Versions</dt><dd>[^<]*postgres \d", house.page(WEEK, "MY"))
    # nothing has changed since: the hashes of the snapshot came along
    assert "0 of 1 pages would be rendered" in house.labelqa("run", *PAGE, "--data", address, "--explain")
    for path in house.root.rglob("*"):
        assert not path.is_file() or path.is_symlink() or SECRET.encode() not in path.read_bytes(), path


def test_the_same_annotations_are_drawn(snapshots, database):
    plans = [sampling.draw(store.open_tables(place, "MY"), sampling.Rules(hours=3), WEEK) for place in (snapshots, database)]
    assert len(plans[0].rows)
    pd.testing.assert_frame_equal(plans[0].rows, plans[1].rows, rtol=TOLERANCE)


def test_a_partners_cut_is_the_same_to_the_byte(snapshots, database, tmp_path):
    rules = audience.Rules("aurora", "Aurora", b"k" * 32)
    weeks = {"MY": ("2026-W45", WEEK)}
    about = store.describe(snapshots)
    assert audience.cut(snapshots, about.id, rules, weeks, tmp_path / "a") == audience.cut(database, about.id, rules, weeks, tmp_path / "b")


def test_a_page_by_spark_ends_with_its_java_machine(tiny, snapshots, spark):
    cells = ("import labelqa_lib as lq\npage = lq.open_page(market, week, data=data, snapshot=snapshot)",
             "told = lq.measure(page.tables, 'accuracy', ['site'], **page.options)\ntold.to_json('told.json', orient='table')")  # fmt: skip
    tiny.notebook("page", *cells)
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as scratch:
        done = tiny.labelqa("run", "--market", "MY", "--data", str(spark), TMPDIR=scratch)
        assert done.returncode == 0, done.stdout + done.stderr
        assert not os.listdir(scratch)
        assert not [one for one in psutil.process_iter(["cmdline"]) if scratch in " ".join(one.info["cmdline"] or ())]
    told = pd.DataFrame(json.loads((tiny.root / "told.json").read_text())["data"]).drop(columns="index")
    here = measure(store.open_tables(snapshots, "MY"), "accuracy", ["site"])
    pd.testing.assert_frame_equal(told, here, rtol=TOLERANCE, check_dtype=False)
    record = json.loads((tiny.week / "MY" / "page.json").read_text())
    assert not record["warnings"]


def test_a_clusters_pages_from_a_database_are_the_folders(tiny, snapshots, database, server):
    cells = ("import labelqa_lib as lq\npage = lq.open_page(market, week, data=data, snapshot=snapshot)",
             "told = lq.measure(page.tables, 'accuracy', ['site'], **page.options)",
             "print(market, *told.select_dtypes('number').round(9).to_dict('records'), *told.site, sep='\\n')")  # fmt: skip
    tiny.notebook("page", *cells)
    server.grant(READER)
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as folder:
        cluster = Cluster(Path(folder), PGPASSWORD=SECRET)  # no password travels: workers have their own
        try:
            for name in ("one", "two"):
                cluster.worker(name, "--no-nanny")
            cluster.wait_for(2)
            place = ("--data", server.url(READER, SECRET))
            done = tiny.labelqa("run", *place, "--scheduler", cluster.address)
            assert done.returncode == 0, done.stdout + done.stderr
        finally:
            cluster.end()
        run = json.loads((tiny.week / "run.json").read_text())
        assert (run["scheduler"], run["workers"], run["rendered"]) == (cluster.address, 2, 6)
        assert {page["worker"] for page in run["pages"]} == {1, 2}
        for path in (path for root in (tiny.root, Path(folder)) for path in root.rglob("*") if path.is_file()):
            assert SECRET.encode() not in path.read_bytes(), path
    made = {path: path.read_text() for path in tiny.week.glob("*/page.html")}
    assert len(made) == 6 and all(path.parent.name in page for path, page in made.items())
    assert "0 of 6 pages would be rendered" in tiny.labelqa("run", *place, "--explain").stdout
    done = tiny.labelqa("run", "--force", "--data", str(snapshots))
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path: path.read_text() for path in tiny.week.glob("*/page.html")} == made
