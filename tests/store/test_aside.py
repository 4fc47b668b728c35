"""What an engine cannot hold is made of a few markets at a time, and lies in files for as long as its tables do."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import pytest
from ibis import _

from labelqa_lib import store
from labelqa_lib.store import aside

from .test_store import write


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Every market is a part of its own, and folders for what is put aside lie in an own one."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "aside"))
    monkeypatch.setattr(aside, "AT_ONCE", 6)
    monkeypatch.setattr(aside, "OF_ALL_MARKETS", 6)
    monkeypatch.setattr(aside, "OF_ONE_MARKET", 1)
    return write(tmp_path).parent


def put_aside() -> list[Path]:
    return sorted(Path(tempfile.gettempdir()).rglob("kept-*.parquet"))


def test_parts_are_whole_markets_and_together_all_rows(small):
    tables = store.open_tables(small)
    assert tables.rows == {"MY": 6, "SG": 6}
    first, second = aside.parts(tables)
    assert (first.rows, second.rows) == ({"MY": 6}, {"SG": 6})
    assert set(store.fetch(first.annotations)["market"]) == {"MY"}


def test_what_is_gathered_is_what_all_rows_give_and_is_made_once(small):
    tables, asked = store.open_tables(small), []

    def make(part):
        asked.append(part.rows)
        return part.annotations.filter(_.agent_id.endswith("1")).select("annotation_id", "market")

    gathered = store.fetch(tables.gather("ones", make).order_by("annotation_id"))
    assert gathered.equals(store.fetch(make(tables).order_by("annotation_id"))) and len(gathered) == 6
    assert store.fetch(tables.gather("ones", make).limit(1)).shape == (1, 2)
    assert asked == [{"MY": 6}, {"SG": 6}, tables.rows] and len(put_aside()) == 2
    light = store.fetch(tables.gather("ones, gone through at a time", make, light=True).order_by("annotation_id"))
    assert light.equals(store.fetch(tables.gather("ones", make).order_by("annotation_id"))) and asked[3:] == [tables.rows] and len(put_aside()) == 3


def test_files_go_with_the_tables_and_few_rows_make_none(small, monkeypatch):
    one = store.open_tables(small, "MY", ["2026-W46"])
    one.gather("own", lambda part: part.annotations)
    assert len(put_aside()) == 1
    del one
    gc.collect()
    assert put_aside() == []
    monkeypatch.setattr(aside, "OF_ONE_MARKET", 2)
    few = store.open_tables(small, "MY", ["2026-W46"])
    assert store.fetch(few.gather("own", lambda part: part.annotations)).shape[0] == 2 and put_aside() == []
