"""Work waits for what it needs and for nothing else; what fails comes out, and nothing that needs it is begun."""

from __future__ import annotations

import threading
import time

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from labelqa_lib.errors import DataError, DeliveryRefused
from labelqa_lib.intake import examining
from labelqa_lib.intake.lanes import in_lanes

from .deliveries import ENDLESS, annotation, ingest, write

NEEDS = {"labels": set(), "people": set(), "items": {"labels"}, "annotations": {"items", "labels"}, "shifts": {"people"}}


@pytest.mark.parametrize("lanes", [1, 2, 5])
def test_all_is_done_after_what_it_needs(lanes):
    ended, early, connections = [], [], set()

    def work(name: str, connection: duckdb.DuckDBPyConnection) -> None:
        early.extend(NEEDS[name] - {*ended})
        connections.add(connection)
        assert connection.execute("FROM t").fetchall() == [(7,)]
        ended.append(name)

    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT 7")
        in_lanes(NEEDS, work, connection, lanes)
    assert sorted(ended) == sorted(NEEDS) and early == [] and len(connections) == len(NEEDS)


def test_two_that_do_not_need_each_other_are_done_at_once():
    both = threading.Barrier(2, timeout=20)
    with duckdb.connect() as connection:
        in_lanes(NEEDS | {"items": set()}, lambda name, _: name in ("labels", "people") and both.wait(), connection, 2)


def test_what_fails_comes_out_and_nothing_that_needs_it_is_begun():
    begun = []

    def work(name: str, _connection: duckdb.DuckDBPyConnection) -> None:
        begun.append(name)
        if name == "items":
            raise DataError("items: are torn")

    with duckdb.connect() as connection, pytest.raises(DataError, match="torn"):
        in_lanes(NEEDS, work, connection, 1)
    assert "items" in begun and "annotations" not in begun


def test_what_waits_for_a_lane_is_never_begun_after_a_failure():
    """Cancelled work ends nobody's waiting by itself."""
    begun = []

    def work(name: str, _connection: duckdb.DuckDBPyConnection) -> None:
        begun.append(name)
        time.sleep(0.02)
        raise DataError(f"{name}: is torn")

    done = threading.Thread(target=lambda: pytest.raises(DataError, in_lanes, {f"t{n}": () for n in range(500)}, work, duckdb.connect(), 1), daemon=True)
    done.start()
    done.join(60)
    assert not done.is_alive() and 0 < len(begun) < 500


def test_what_is_going_on_beside_is_broken_off():
    begun, told = threading.Event(), []

    def work(name: str, connection: duckdb.DuckDBPyConnection) -> None:
        if name == "labels":
            begun.set()
            try:
                connection.execute(ENDLESS).fetchall()
            except duckdb.InterruptException:
                told.append(name)
        elif name == "people":
            begun.wait(20)
            raise DataError("people: are torn")

    with duckdb.connect() as connection, pytest.raises(DataError, match="torn"):
        in_lanes(NEEDS, work, connection, 2)
    assert told == ["labels"]


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
