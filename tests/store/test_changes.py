"""Which deliveries touch a page: by hand, on snapshots of a few rows."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256

import pandas as pd
import pytest

from labelqa_lib import store

WEEKS = ("2026-W45", "2026-W46")
PEOPLE = pd.DataFrame({"person_id": ["a", "b"], "market": ["MY", "SG"]})
ITEMS = pd.DataFrame({"item_id": ["i", "j"], "market": ["MY", "SG"], "queue": ["q", "q"]})
SHIFTS = pd.DataFrame({"person_id": ["a", "b"], "paid_minutes": [480, 480]})
LABELS = pd.DataFrame({"label": ["ok"]})


@pytest.fixture
def deliver(tmp_path):
    """Write a snapshot upon the one before: partitions' hashes, and tables given as frames; the others stay."""
    made = []

    def deliver(partitions, notes=(), rejects=False, restated=None, **frames):
        name, parent = f"s{len(made) + 1}", made[-1] if made else None
        folder = tmp_path / name
        folder.mkdir()
        tables = {"annotations": {"sha256": ""}}
        for table in ("people", "items", "shifts", "labels"):
            if table in frames:
                frames[table].to_parquet(folder / f"{table}.parquet", index=False)
            elif parent:
                shutil.copy(tmp_path / parent["id"] / f"{table}.parquet", folder)
            tables[table] = {"sha256": sha256((folder / f"{table}.parquet").read_bytes()).hexdigest()}
        if rejects:
            (folder / "rejects").mkdir()
        told = {
            "id": name, "source": "hand", "made_at": "2026-11-16T00:00:00Z", "parent": parent and parent["id"],
            "tables": tables, "missing": [], "notes": list(notes), "restated": restated or {},
            "markets": {market: {"weeks": list(WEEKS), "time_zone": "UTC"} for market in ("MY", "SG")},
            "partitions": {**(parent["partitions"] if parent else {}), **partitions},
        }  # fmt: skip
        (folder / "snapshot.json").write_text(json.dumps(told))
        made.append(told)

    deliver({f"{market}/{week}": "1" for market in ("MY", "SG") for week in WEEKS},
            people=PEOPLE, items=ITEMS, shifts=SHIFTS, labels=LABELS)  # fmt: skip
    return deliver


@pytest.fixture
def read(tmp_path):
    def read(market, own=True, weeks=WEEKS, kept=None):
        now = store.describe(tmp_path, sorted(path.parent.name for path in tmp_path.glob("s*/snapshot.json"))[-1])
        return store.Readings(tmp_path, now, kept).of(market, "2026-W46", weeks, own).snapshot.id

    return read


def test_a_backfilled_week_touches_its_market_and_who_looks_at_all(deliver, read):
    deliver({"SG/2026-W45": "2"})
    assert (read("SG"), read("MY"), read("MY", own=False)) == ("s2", "s1", "s2")
    assert read("SG", weeks=WEEKS[1:]) == "s1", "a week outside the page's reach"
    deliver({"MY/2026-W46": "2"})
    assert (read("SG"), read("MY")) == ("s2", "s3")


def test_rows_of_single_files_touch_their_own_market(deliver, read, tmp_path):
    deliver({}, items=pd.concat([ITEMS, ITEMS.assign(item_id="k")[1:]]).iloc[::-1])
    assert (read("SG"), read("MY")) == ("s2", "s1")
    deliver({}, shifts=SHIFTS.assign(paid_minutes=[450, 480]), people=pd.concat([PEOPLE, PEOPLE.assign(person_id="c")[1:]]))
    assert (read("SG"), read("MY")) == ("s3", "s3"), "SG by a new person, MY by a shift"
    deliver({}, labels=pd.concat([LABELS, LABELS]))
    assert (read("SG"), read("MY")) == ("s4", "s4"), "labels are everybody's"


def test_what_took_a_look_is_kept_for_the_next_run(deliver, read, tmp_path, monkeypatch):
    deliver({}, items=ITEMS.assign(queue=["q", "r"]))
    assert read("MY", kept=tmp_path / "kept") == "s1"
    assert json.loads((tmp_path / "kept" / "moved-s2.json").read_text()) == {"items": ["SG"]}
    monkeypatch.setattr("labelqa_lib.store.changes._look", None)
    assert read("MY", kept=tmp_path / "kept") == "s1"


def test_rejects_notes_and_restatements_are_told_on_the_page(deliver, read):
    deliver({}, restated={"SG/2026-W46": {"since": "s1", "tables": ["audits"]}})
    assert (read("SG"), read("MY")) == ("s2", "s1")
    deliver({}, rejects=True)
    assert (read("SG"), read("MY")) == ("s3", "s3")
    deliver({}, notes=["audit.csv: no table"])
    assert (read("SG"), read("MY")) == ("s4", "s4")


def test_where_the_snapshot_before_is_gone_the_page_reads_what_is_left(deliver, read, tmp_path):
    deliver({"SG/2026-W46": "2"})
    shutil.rmtree(tmp_path / "s1")
    assert read("MY") == "s2"


def test_contents_differ_where_the_data_does(deliver, tmp_path):
    deliver({"SG/2026-W45": "2"})
    contents = [
        store.Readings(tmp_path, store.describe(tmp_path, name)).of("SG", "2026-W46", WEEKS, True).contents for name in ("s1", "s2")
    ]
    assert {part for part in contents[0] if contents[0][part] != contents[1][part]} == {"2026-W45"}
