"""A metric is written once: DuckDB, PostgreSQL and Spark give the same rows and the same figures."""

from __future__ import annotations

import zlib
from functools import cache

import pandas as pd
import pytest

from labelqa_lib import store
from labelqa_lib.metrics import REGISTRY, measure

from . import odd
from .conftest import ROOT, spark_of

pytestmark = pytest.mark.slow

WEEKS = ("2026-W43", "2026-W44", "2026-W45", "2026-W46")
TOLERANCE = 1e-9
"""Relative: engines add floats up in any order."""


@pytest.fixture(scope="session", params=["postgres", "spark"])
def other(request):
    """The place of the small demo on another engine than DuckDB."""
    return request.getfixturevalue({"postgres": "database", "spark": "spark"}[request.param])


@pytest.fixture(scope="session", params=["postgres", "spark"])
def odd_pair(request, tmp_path_factory):
    """The snapshot of odd rows on DuckDB and on another engine."""
    root = odd.write(tmp_path_factory.mktemp("odd"))
    if request.param == "spark":
        request.getfixturevalue("spark")
        return store.open_tables(root), store.open_tables(spark_of(root))
    place = store.place_of(request.getfixturevalue("server").url(database="odd"), ROOT)
    request.getfixturevalue("server").make("odd")
    store.load(store.describe(root), place)
    return store.open_tables(root), store.open_tables(place)


@cache
def opened(place) -> store.Tables:
    """Every market's tables: no rows are held in memory, each sum is the engine's."""
    return store.open_tables(place, None, WEEKS)


@cache
def at_home(place, name: str) -> pd.DataFrame:
    """A metric on DuckDB, measured once for all engines."""
    return measure(opened(place), name, [dimension(name), "week"])


def dimension(name: str) -> str:
    """One dimension of a metric beside the week, another for each."""
    ways = [way for way in REGISTRY[name].dimensions if way != "week"]
    return ways[zlib.crc32(name.encode()) % len(ways)]


def same(here: pd.DataFrame, there: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(here, there, rtol=TOLERANCE, atol=1e-12)


@pytest.mark.parametrize("name", REGISTRY)
def test_every_metric(snapshots, other, name):
    here = at_home(snapshots, name)
    assert here["estimate"].notna().any()
    same(here, measure(opened(other), name, [dimension(name), "week"]))


def test_one_market_and_its_people(snapshots, other):
    """Cut to a market, where `people` decides whose shifts are its own."""
    here, there = (store.open_tables(place, "GB", WEEKS) for place in (snapshots, other))
    for name in ("accuracy", "utilization", "throughput"):
        same(measure(here, name, ["agent_id"]), measure(there, name, ["agent_id"]))


def test_every_row_is_read_back(odd_pair):
    """Empty texts are not NULL, NaN none of both, quotes, line ends and moments to the microsecond stay."""
    here, there = odd_pair
    for name in ("annotations", "audits", "labels", "shifts", "queue_hours"):
        rows = [store.arrow(getattr(tables, name)).to_pylist() for tables in odd_pair]
        told = [sorted(({column: repr(value) for column, value in row.items()} for row in part), key=str) for part in rows]
        assert told[0] == told[1], name


def test_odd_rows_give_the_same_figures(odd_pair):
    here, there = odd_pair
    known = [name for name, metric in REGISTRY.items() if all(any(map(here.delivered, need.split(" or "))) for need in metric.needs)]
    assert {"accuracy", "aht_median", "throughput", "utilization", "backlog"} <= {*known}
    for name in known if there.engine[0].startswith("postgres") else ("accuracy", "critical_accuracy", "throughput"):
        same(measure(here, name, [dimension(name), "week"]), measure(there, name, [dimension(name), "week"]))
