"""A small demo as a snapshot in a folder, the same loaded into PostgreSQL, and the same read by Spark."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from labelqa_lib import intake, params, sources, store
from labelqa_lib.sources.demo import simulate

from . import servers

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def snapshots(tmp_path_factory) -> Path:
    """A folder of snapshots with one of 20,000 annotations of six markets."""
    root = tmp_path_factory.mktemp("engines")
    parameters = params.load_yaml(ROOT / "params" / "demo.yaml")
    simulate(parameters, root / "demo", scale=0.02)
    zones = {market: told["time_zone"] for market, told in parameters["markets"].items()}
    with intake.workbench() as bench:
        read = sources.read_delivery(root / "demo", None, bench)
        told = {"default_time_zone": "UTC", "reject_limit": 0.05, "now": datetime(2026, 11, 20, tzinfo=UTC)}
        intake.ingest(read, bench, root=root / "snapshots", markets=zones, **told)
    return root / "snapshots"


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL server for these tests alone."""
    if why := servers.no_postgres():
        pytest.skip(why)
    with servers.running_server() as running:
        yield running


@pytest.fixture(scope="session")
def database(server, snapshots) -> store.Database:
    """The database that the snapshot was loaded into."""
    place = store.place_of(server.url(), ROOT)
    store.load(store.describe(snapshots), place)
    return place


@pytest.fixture(scope="session")
def spark(snapshots) -> store.SparkFolder:
    """The folder as Spark reads it; for so few rows, code that is run once is not compiled."""
    if why := servers.no_spark():
        pytest.skip(why)
    return spark_of(snapshots)


def spark_of(folder: Path) -> store.SparkFolder:
    """A folder of snapshots as Spark in this process reads it."""
    return store.place_of(f"spark://local{folder}?spark.sql.codegen.wholeStage=false", ROOT)
