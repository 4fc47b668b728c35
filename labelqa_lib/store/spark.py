"""Snapshots read by Spark: their Parquet files as they lie, from a folder that every machine of the cluster sees.

The session lives in the process that opens a page, with a Java machine beside it; nothing starts one before.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import ibis

from labelqa_lib.errors import DataError, UsageError
from labelqa_lib.store.place import SparkFolder
from labelqa_lib.store.snapshot import PARTITIONED

try:
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession
except ImportError:
    raise UsageError("spark:// needs the package pyspark; install it with pip install 'labelqa[spark]'") from None

PATIENCE = 10
"""Seconds in which a cluster's master must answer."""

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",  # it would stand on the page
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",  # market 012 is no number
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",  # a job to list a few hundred files takes longer
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
LOCAL = {
    # a page's tables are cut to one market: for so few rows one part is enough
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
LOCAL_MACHINE = " -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def opened(cluster: SparkFolder, files: Mapping[str, list[str]]) -> dict[str, ibis.Table]:
    """Tables of a snapshot, lazily.

    Parameters
    ----------
    cluster : SparkFolder
    files : mapping of table to paths
        Parquet files.

    Raises
    ------
    DataError
        When the cluster does not answer, or Spark cannot be started.
    """
    session = _session(cluster)
    engine = ibis.pyspark.connect(session)
    tables = {}
    for name, paths in files.items():
        base = Path(paths[0]).parents[2 if name in PARTITIONED else 0]
        # Hadoop's paths are no URIs: market=MY stays as it is written
        rows = session.read.option("basePath", f"file://{base}").parquet(*(f"file://{path}" for path in paths))
        view = ibis.util.gen_name(name)  # a session is one for all that a process opens
        rows.createOrReplaceTempView(view)
        tables[name] = engine.table(view)
    return tables


def _session(cluster: SparkFolder) -> SparkSession:
    local = cluster.host == "local"
    if not local:
        _reach(cluster)
    scratch = tempfile.gettempdir()
    machine = f"-Djava.io.tmpdir={scratch} -XX:-UsePerfData" + (LOCAL_MACHINE if local else "")
    own = {"spark.local.dir": scratch, "spark.sql.warehouse.dir": f"file://{scratch}/warehouse", "spark.driver.extraJavaOptions": machine}
    build = SparkSession.builder.master("local[1]" if local else f"spark://{cluster.host}:{cluster.port}").appName("labelqa")
    for name, value in {**SETTINGS, **own, **(LOCAL if local else {}), **dict(cluster.settings)}.items():
        build = build.config(name, value)
    try:
        with _silence():
            return build.getOrCreate()
    except (PySparkException, OSError) as error:
        raise DataError(f"{cluster}: Spark could not be started ({str(error).splitlines()[0]}); it needs Java 17") from None


@contextmanager
def _silence() -> Iterator[None]:
    """The Java machine is started with nowhere to write: its greetings would be a page's warnings. What fails is raised."""
    ours, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(ours, 2)
        os.close(ours)
        os.close(nowhere)


def _reach(cluster: SparkFolder) -> None:
    """Spark asks a master that is not there for minutes; one look tells."""
    try:
        socket.create_connection((cluster.host, cluster.port), PATIENCE).close()
    except OSError as error:
        raise DataError(f"{cluster}: no master answers there ({error}); is the cluster up?") from None
