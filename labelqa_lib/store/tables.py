"""Opens a snapshot as lazy Ibis tables, cut to one market and its weeks, reading only their partitions.

Nothing here reads rows before a metric asks for them; a file is touched at opening only for its footer. The engine is
DuckDB where the snapshots lie in a folder, else the database or the cluster that holds or reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import ibis
import pandas as pd
import pyarrow as pa
from ibis import _
from pyarrow.parquet import FileMetaData

from labelqa_lib.errors import DataError, UsageError
from labelqa_lib.periods import Week
from labelqa_lib.store import duck
from labelqa_lib.store.aside import gathered
from labelqa_lib.store.engine import working as _engine
from labelqa_lib.store.footers import any_told, derived_files, found, greatest
from labelqa_lib.store.place import SparkFolder, Database, Place
from labelqa_lib.store.snapshot import Snapshot, describe

_ASKED_TOGETHER = ("agent_id", "blind", "handle_seconds", "site")
"""Columns of annotations that deliveries leave out: a page asks of several, and one look tells of all."""

_IN_MADE = {"agent_id": "agent_id", "handle_seconds": "seconds", "partner": "partner", "site": "site"}
"""Columns of annotations, and which of `made` tells whether they hold anything."""

OPTIONAL = (
    "items", "audits", "gold", "appeals", "people", "shifts", "queue_hours", "quiz_answers", "requests",
    "sop_versions", "sop_acknowledgements", "actions", "benchmark",
)  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """One market's rows (or every market's) for some weeks, as lazy Ibis tables on any engine.

    A table that was not delivered is None. `weeks` ascend; the last one is the report's week. `appeals` keep all
    weeks, because one is resolved long after the annotation was made. `benchmark` is no table of a delivery: a snapshot
    cut for a partner may hold what its peers reach together. `looked_at` and `made` follow from the others (`labelqa_lib.derived`);
    those of all markets hold them, where the snapshot does. `rows` tells how many annotations each market has, where files
    do, and `footers` are those of one market's annotations.
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
    looked_at: ibis.Table | None = None
    made: ibis.Table | None = None
    rows: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    footers: Sequence[FileMetaData] = field(default=(), compare=False, repr=False)
    _kept: dict = field(default_factory=dict, compare=False, repr=False)

    def keep(self, name: str, make: Callable[[], object]) -> object:
        """Make a thing once for these tables; an Ibis table is held as a temporary table in the engine."""
        if name not in self._kept:
            made = make()
            self._kept[name] = _engine(made.cache) if isinstance(made, ibis.Table) else made
        return self._kept[name]

    def gather(self, name: str, make: Callable[[Tables], ibis.Table], light: bool = False) -> ibis.Table:
        """Keep a table that has about as many rows as there are annotations, or of many markets a tenth of them.

        Where they are too many for the engine to hold, it makes the table of a few markets at a time and puts it aside
        in files, of which each question reads the columns that it needs.

        Parameters
        ----------
        make : callable
            `Tables` of some markets (these, or some of their markets) -> the table of their rows. Markets are apart: what a row
            says may depend on others of its own market.
        light : bool
            The engine goes through the rows without holding them: all markets are made at a time, whatever their number.
        """
        if name not in self._kept:
            made = _engine(gathered, self, make, light)
            self._kept[name] = _engine(make(self).cache) if made is None else made
        return self._kept[name]

    def release(self) -> None:
        """Let the engine forget what it keeps for these tables, and not only when nobody can see them any more."""
        for kept in self._kept.values():
            if isinstance(kept, ibis.expr.types.CachedTable):
                kept.release()
        self._kept.clear()

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
        told = any_told(self.footers, column) if table == "annotations" and self.footers else None
        if told is not None:
            return told
        asked = {one: one for one in _ASKED_TOGETHER if one in rows.columns} if column in _ASKED_TOGETHER else {column: column}
        if table == "annotations" and self.made is not None:
            rows, asked = (self.made, _IN_MADE) if column in _IN_MADE else (rows, {column: column})
        holds = {one: rows[inside].notnull().any() for one, inside in asked.items()}
        return bool(self.keep(f"delivered {table}, {[*asked]}", lambda: fetch(rows.aggregate(**holds)) == True)[column].iloc[0])  # noqa: E712 (no rows: NULL)

    def last_made(self) -> pd.Timestamp:
        """When the last annotation was made; NaT where none tells."""
        told = greatest(self.footers, "annotated_at")
        if told is None:
            asked = self.annotations.aggregate(made=_.annotated_at.max())
            told = self.keep("last made", lambda: fetch(asked)["made"].iloc[0])
        return pd.Timestamp(told)

    def fetched(self, name: str) -> pd.DataFrame:
        """All rows of a table that is small in every market, such as labels or people: asked of the engine once."""
        return self.keep(f"rows of {name}", lambda: fetch(getattr(self, name)))


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
    weeks, rows, footers = _existing(weeks, about, market), {}, ()
    if isinstance(root, Database):
        from labelqa_lib.store.postgres import opened  # who reads a folder needs no driver

        given = _engine(opened, about)
    else:
        files, rows, read = found(about, ("annotations", "labels", *OPTIONAL), market, weeks)
        if isinstance(root, SparkFolder):
            given, rows = _engine(_on_spark, root, files), {}
        else:
            files |= derived_files(about, weeks) if market is None else {}
            given = _engine(duck.opened, files, threads, market is None)
            footers = tuple(read.values()) if set(rows) == {market} else ()
    return tables_from(given, about, market, weeks, rows, footers)


def _keep_short_texts() -> None:
    if pd.options.mode.string_storage == "auto":
        pd.options.mode.string_storage = "python"


def _on_spark(cluster: SparkFolder, files: Mapping[str, list[str]]) -> dict[str, ibis.Table]:
    from labelqa_lib.store.spark import opened

    return opened(cluster, files)


def tables_from(
    given: Mapping[str, ibis.Table],
    snapshot: Snapshot,
    market: str | None = None,
    weeks: Sequence[str] | None = None,
    rows: Mapping[str, int] | None = None,
    footers: Sequence[FileMetaData] = (),
) -> Tables:
    """Cut contract tables, on whatever engine they live, to a market and weeks.

    Parameters
    ----------
    given : mapping of str to ibis.Table
        Tables of the data contract with intake's derived columns; `annotations` and `labels` at least.
    snapshot, market, weeks
        As in `open_tables`.
    rows : mapping of str to int, optional
        How many annotations each market has in these weeks, where that is known.
    footers : sequence of FileMetaData
        Of the files that hold the annotations of this market and these weeks, and no others.
    """
    weeks = _existing(weeks, snapshot, market)
    cut = dict(given)
    for name, table in given.items():
        if market is not None and "market" in table.columns:
            table = table.filter(_.market == market)
        if "week" in table.columns and name != "quiz_answers":
            table = table.filter(_.week.isin(weeks))
        cut[name] = table
    for name in ("shifts", "quiz_answers", "sop_acknowledgements"):
        if name in cut and market is not None:
            if "people" in cut:
                who = cut["people"].select("person_id")
            else:
                who = cut["annotations"].select(person_id="agent_id").distinct()
            # no semi-join: whoever adds one of their own would have two, of which sqlglot 29 spells out one for PostgreSQL
            cut[name] = cut[name].filter(_.person_id.isin(who.person_id))
    return Tables(market=market, weeks=weeks, snapshot=snapshot, rows=rows or {}, footers=footers, **cut)


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
    if expression.get_backend().name == "postgres":  # gives decimals for what it reckons, which Arrow takes for no float
        schema = expression.schema().to_pyarrow()
        return pa.Table.from_pandas(_engine(expression.execute), schema=schema, preserve_index=False)
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
