"""DuckDB over files: what it is not asked for is what it would have said."""

from __future__ import annotations

import datetime

import ibis
import pandas as pd
import pytest
from ibis import _
from ibis.backends.duckdb import Backend

from labelqa_lib.store import duck

FRAMES = {
    "annotations": pd.DataFrame(
        {
            "name": ["it's", None], "flag": pd.array([True, None], dtype="boolean"), "whole": [1, 2], "small": pd.array([1, None], dtype="Int32"),
            "part": [0.5, None], "at": pd.to_datetime(["2026-11-20", None]), "on": [datetime.date(2026, 11, 20), None],
            "when": pd.to_datetime(["2026-11-20", None], utc=True),
        }
    ),
    'of "gold"': pd.DataFrame({'a "column"': ["x"], "week": ["2026-W46"]}),
}  # fmt: skip


@pytest.fixture
def opened(tmp_path):
    files = {name: [str(tmp_path / f"it's {place}.parquet")] for place, name in enumerate(FRAMES)}
    for name, frame in FRAMES.items():
        frame.to_parquet(files[name][0])
    return duck.opened(files, threads=1, all_markets=False)


@pytest.mark.parametrize("name", FRAMES)
def test_columns_are_those_that_the_engine_tells_ibis(opened, name):
    assert opened[name].schema() == opened[name].get_backend().table(name).schema()
    assert opened[name].count().execute() == len(FRAMES[name])


def test_a_kept_table_is_as_ibis_keeps_it(opened):
    rows = opened["annotations"]
    asked = rows.group_by("name").aggregate(n=_.count(), total=_.whole.sum(), some=_.small.sum(), any=_.flag.any(), last=_.when.max())
    asked = asked.mutate(one=ibis.literal(1), nothing=ibis.null("string"), cents=_.total.cast("decimal(9, 2)"))
    ours = asked.cache()
    theirs = Backend._create_cached_table(asked.get_backend(), "theirs", asked)
    assert ours.schema() == theirs.schema() == ours.get_backend().table(ours.op().name).schema()
    pd.testing.assert_frame_equal(ours.order_by("name").execute(), theirs.order_by("name").execute())


def test_a_kept_table_goes_when_it_is_released(opened):
    kept = opened["annotations"].cache()
    there = kept.get_backend().con.execute("SELECT table_name FROM duckdb_tables()")
    assert there.fetchall() == [(kept.op().name,)]
    kept.release()
    assert there.execute("SELECT table_name FROM duckdb_tables()").fetchall() == []
