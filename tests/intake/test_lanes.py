"""Work waits for what it needs and for nothing else; what fails comes out, and nothing that needs it is begun."""

from __future__ import annotations

import threading

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from labelqa_lib.errors import DataError, DeliveryRefused
from labelqa_lib.intake import examining
from labelqa_lib.intake.lanes import in_lanes

from .deliveries import annotation, ingest, write

NEEDS = {"labels": set(), "people": set(), "items": {"labels"}, "annotations": {"items", "labels"}, "shifts": {"people"}}


@pytest.mark.parametrize("lanes", [1, 2, 5])
def test_all_is_done_after_what_it_needs(lanes):
    ended, early = [], []

    def work(name: str) -> None:
        early.extend(NEEDS[name] - {*ended})
        ended.append(name)

    in_lanes(NEEDS, work, lanes)
    assert sorted(ended) == sorted(NEEDS) and early == []


def test_two_that_do_not_need_each_other_are_done_at_once():
    both = threading.Barrier(2, timeout=20)
    in_lanes(NEEDS | {"items": set()}, lambda name: name in ("labels", "people") and both.wait(), 2)


def test_what_fails_comes_out_and_nothing_that_needs_it_is_begun():
    begun = []

    def work(name: str) -> None:
        begun.append(name)
        if name == "items":
            raise DataError("items: are torn")

    with pytest.raises(DataError, match="torn"):
        in_lanes(NEEDS, work, 1)
    assert "items" in begun and "annotations" not in begun


def test_accepted_rows_are_looked_at_again_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(examining, "slipped", lambda table, *_: ["label is missing (1 rows)"] if table == "annotations" else [])
    with pytest.raises(DataError, match="annotations: rows were accepted that break the contract, a fault of labelqa itself"):
        ingest(write(tmp_path / "d", annotations=[annotation(1)]), tmp_path / "data")
    assert [path.name for path in (tmp_path / "data").iterdir()] == [".lock"]


def test_a_table_that_cannot_be_read_is_named_once_and_no_other_for_its_sake(tmp_path, monkeypatch):
    delivery = write(tmp_path / "d", items=[{"item_id": f"i{n}", "market": "MY"} for n in range(9)])
    parquet.write_table(pa.Table.from_pylist([annotation(n) for n in range(9)]), delivery / "annotations.parquet")
    looked = examining.look_up

    def torn(table: str, *asked) -> None:
        if table == "items":
            raise duckdb.IOException("the disk is torn\nhere")
        looked(table, *asked)

    monkeypatch.setattr(examining, "look_up", torn)
    with pytest.raises(DeliveryRefused) as refused:
        ingest(delivery, tmp_path / "data")
    assert refused.value.problems == ("items: cannot be read (the disk is torn); deliver it again",)
