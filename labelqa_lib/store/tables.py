"""Opens a snapshot as lazy Ibis tables, cut to one market and its weeks, reading only their partitions.

Nothing here reads rows before a metric asks for them; a file is touched at opening only for its footer. The engine is
DuckDB where the snapshots lie in a folder, else the database or the cluster that holds or reads them.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
from ibis import _

from labelqa_lib.errors import DataError, UsageError
from labelqa_lib.periods import Week
from labelqa_lib.store.place import SparkFolder, Database, Place
from labelqa_lib.store.snapshot import PARTITIONED, Snapshot, describe

MEMORY, OF_ALL_MARKETS = "256MiB", "2GiB"
"""What DuckDB may hold of one market's rows, or of all markets'; what is more lies in a file for the time being. Not every step
of a query can do without memory: what suffices for one market does not for a hundred million annotations."""

_ENGINES = itertools.count()

OPTIONAL = (
    "items", "audits", "gold", "appeals", "people", "shifts", "queue_hours", "quiz_answers", "requests",
    "sop_versions", "sop_acknowledgements", "actions", "benchmark",
)  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """One market's rows (or every market's) for some weeks, as lazy Ibis tables on any engine.

    A table that was not delivered is None. `weeks` ascend; the last one is the report's week. `appeals` keep all
    weeks, because one is resolved long after the annotation was made. `benchmark` is no table of a delivery: a snapshot
    cut for a partner may hold what its peers reach together.
    """

    annotations: ibis.Table
    labels: ibis.Table
    market: str | None
    weeks: tuple[str, ...]
    snapshot: Snapshot
    items: ibis.Table | None = None
    audits: ibis.Table | None = None
    gold: ibis.Table | None = None
    appeals: ibis.Table | None = None
    people: ibis.Table | None = None
    shifts: ibis.Table | None = None
    queue_hours: ibis.Table | None = None
    quiz_answers: ibis.Table | None = None
    requests: ibis.Table | None = None
    sop_versions: ibis.Table | None = None
    sop_acknowledgements: ibis.Table | None = None
    actions: ibis.Table | None = None
    benchmark: ibis.Table | None = None
    _kept: dict = field(default_factory=dict, compare=False, repr=False)

    def keep(self, name: str, make: Callable[[], object]) -> object:
        """Make a thing once for these tables; an Ibis table is held as a temporary table in the engine."""
        if name not in self._kept:
            made = make()
            self._kept[name] = _engine(made.cache) if isinstance(made, ibis.Table) else made
        return self._kept[name]

    @property
    def engine(self) -> tuple[str, ...]:
        """Name and version of the engine, where it is not this package's own."""
        engine = self.annotations.get_backend()
        return () if engine.name == "duckdb" else (f"{engine.name} {engine.version}",)

    def interrupt(self) -> None:
        """Stop what the engine is doing; whoever waits for it gets a `DataError`."""
        engine = self.annotations.get_backend()
        if engine.name == "pyspark":
            engine._session.sparkContext.cancelAllJobs()
        elif engine.name == "postgres":
            engine.con.cancel()
        else:
            engine.con.interrupt()

    def progress(self) -> float:
        """How far the engine is with what it is doing, in percent; -1 where it does nothing, or cannot say."""
        engine = self.annotations.get_backend()
        return engine.con.query_progress() if engine.name == "duckdb" else -1.0

    def delivered(self, name: str) -> bool:
        """Whether a table (``audits``) or a column (``annotations.blind``) holds anything at all."""
        table, _dot, column = name.partition(".")
        rows = getattr(self, table)
        if rows is None or not column:
            return rows is not None
        return self.keep(f"delivered {name}", lambda: bool(_engine(rows[column].notnull().any().execute)))


def open_tables(
    root: Place,
    market: str | None = None,
    weeks: Sequence[str] | None = None,
    snapshot: str = "CURRENT",
    threads: int = 1,
) -> Tables:
    """Open a snapshot, reading only the partitions of `market` and `weeks`.

    Parameters
    ----------
    root : Path, Database or SparkFolder
        Where all snapshots lie: a folder is read by an in-memory DuckDB, a database or a cluster works itself.
    market : str, optional
        All markets when None.
    weeks : sequence of str, optional
        ISO weeks; all of the market's when None. Of a history that reaches further back than the data, the weeks
        that exist are opened; only the last week must have data.
    snapshot : str
        Id of a snapshot, or ``CURRENT``.
    threads : int
        Threads of DuckDB. One by default: the runner works on several markets at once.

    Raises
    ------
    DataError
        No such snapshot, market or week, or a file of it cannot be read.
    UsageError
        When a week is not an ISO week.

    Notes
    -----
    Tells pandas to keep texts as Python's own, unless ``pd.options.mode.string_storage`` says something already: frames
    here are small and many, and Arrow's texts cost each of them more than they save. Every value is the same either way.
    """
    _keep_short_texts()
    about = describe(root, snapshot)
    weeks = _existing(weeks, about, market)
    if isinstance(root, Database):
        from labelqa_lib.store.postgres import opened  # who reads a folder needs no driver

        given = _engine(opened, about)
    else:
        files = {name: _files(about, name, market, weeks) for name in ("annotations", "labels", *OPTIONAL)}
        files = {name: found for name, found in files.items() if found}
        for name in ("annotations", "labels"):
            if name not in files:
                raise DataError(f"{about.folder}: the files of table {name} are gone; ingest the delivery again")
        given = _engine(_on_spark, root, files) if isinstance(root, SparkFolder) else _engine(_on_duckdb, files, threads, market is None)
    return tables_from(given, about, market, weeks)


def _keep_short_texts() -> None:
    if pd.options.mode.string_storage == "auto":
        pd.options.mode.string_storage = "python"


def _on_duckdb(files: Mapping[str, list[str]], threads: int, all_markets: bool) -> dict[str, ibis.Table]:
    # two engines must not share a folder for what they put aside; it is made when the first has to, and removed with it
    aside = Path(tempfile.gettempdir()) / f"labelqa-{os.getpid()}-{next(_ENGINES)}"
    connection = ibis.duckdb.connect(threads=threads, memory_limit=OF_ALL_MARKETS if all_markets else MEMORY, temp_directory=str(aside))
    connection.raw_sql("SET enable_progress_bar = false")  # in a kernel it is on, and would stand on the page
    read = {"hive_partitioning": True, "hive_types_autocast": False}
    return {name: connection.read_parquet(found, table_name=name, **read) for name, found in files.items()}


def _on_spark(cluster: SparkFolder, files: Mapping[str, list[str]]) -> dict[str, ibis.Table]:
    from labelqa_lib.store.spark import opened

    return opened(cluster, files)


def tables_from(
    given: Mapping[str, ibis.Table],
    snapshot: Snapshot,
    market: str | None = None,
    weeks: Sequence[str] | None = None,
) -> Tables:
    """Cut contract tables, on whatever engine they live, to a market and weeks.

    Parameters
    ----------
    given : mapping of str to ibis.Table
        Tables of the data contract with intake's derived columns; `annotations` and `labels` at least.
    snapshot, market, weeks
        As in `open_tables`.
    """
    weeks = _existing(weeks, snapshot, market)
    cut = dict(given)
    for name, rows in given.items():
        if market is not None and "market" in rows.columns:
            rows = rows.filter(_.market == market)
        if "week" in rows.columns and name != "quiz_answers":
            rows = rows.filter(_.week.isin(weeks))
        cut[name] = rows
    for name in ("shifts", "quiz_answers", "sop_acknowledgements"):
        if name in cut and market is not None:
            if "people" in cut:
                who = cut["people"].select("person_id")
            else:
                who = cut["annotations"].select(person_id="agent_id").distinct()
            # no semi-join: whoever adds one of their own would have two, of which sqlglot 29 spells out one for PostgreSQL
            cut[name] = cut[name].filter(_.person_id.isin(who.person_id))
    return Tables(market=market, weeks=weeks, snapshot=snapshot, **cut)


def fetch(expression: ibis.Table) -> pd.DataFrame:
    """Run an expression in its engine and bring the (small) result to pandas.

    Raises
    ------
    DataError
        When the engine cannot read what the expression needs, as with a file damaged after its snapshot was opened.
    """
    return _engine(expression.execute)


def arrow(expression: ibis.Table) -> pa.Table:
    """Run an expression in its engine and bring its rows as they are, for whoever writes them to files.

    Raises
    ------
    DataError
        As in `fetch`.
    """
    return _engine(expression.to_pyarrow)


def _existing(weeks: Sequence[str] | None, about: Snapshot, market: str | None) -> tuple[str, ...]:
    """The weeks asked for that have data, checked: the last one must."""
    there = about.weeks(market)
    if weeks is None:
        weeks = there
    if isinstance(weeks, str) or not weeks:
        raise UsageError(f"weeks must be a list of ISO weeks such as ['2026-W46'], not {weeks!r}")
    asked = sorted({str(Week.parse(week)) for week in weeks})
    if asked[-1] not in there:
        raise DataError(
            f"snapshot {about.id} has no data for {market or 'any market'} in week {asked[-1]}; "
            f"it has {', '.join(there) or 'no weeks'}"
        )
    return tuple(week for week in asked if week in there)


def _files(about: Snapshot, table: str, market: str | None, weeks: Sequence[str]) -> list[str]:
    """The Parquet files that hold a table's rows for the market and weeks; every footer is readable."""
    if table not in PARTITIONED:
        files = [path for path in [about.folder / f"{table}.parquet"] if path.exists()]
    else:
        folder = about.folder / table
        markets = about.markets if market is None else [market]
        parts = [folder / f"market={name}" / f"week={week}" for name in sorted(markets) for week in weeks]
        files = [path for part in parts for path in sorted(part.glob("*.parquet"))]
        # A delivered table without rows in these weeks is empty, not missing: any other file lends its columns.
        files = files or sorted(folder.rglob("*.parquet"))[:1]
    for path in files:
        try:
            parquet.read_metadata(path)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path}: cannot be read as Parquet ({error}); ingest the delivery again") from None
    return [str(path) for path in files]


_FAILURES = (("psycopg", "Error"), ("pyspark.errors", "PySparkException"), ("py4j.protocol", "Py4JError"))
"""What engines raise that are loaded only where somebody uses them."""


def _engine(do: Callable, *args, **kwargs):
    """Let the engine work; what it cannot read becomes a sentence."""
    raised = tuple(getattr(sys.modules[module], name) for module, name in _FAILURES if module in sys.modules)
    try:
        return do(*args, **kwargs)
    except (duckdb.Error, *raised, ConnectionError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(f"the engine could not read the snapshot: {first}") from error
