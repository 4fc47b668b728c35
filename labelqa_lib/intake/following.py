"""The tables of a snapshot that follow from its others (`labelqa_lib.derived`): a file for each week, all markets in it.

They are made of the files as written, and anew only where what they follow from is not what it was in the parent: a place
whose annotations or audits differ, or with an annotation of which gold or appeals differ. Rows of a week's other markets come
from the parent's file, weeks that nothing touched are linked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import ibis
import pyarrow.parquet as parquet

from labelqa_lib import derived
from labelqa_lib.intake.lanes import in_lanes
from labelqa_lib.intake.merging import parquet_of
from labelqa_lib.intake.writing import WRITERS, Writers, link
from labelqa_lib.sources import quoting

FOLDER = "derived"
"""Below a snapshot's own, with a folder for each of the tables."""

_AT_ONCE = 2_000_000
"""Annotations that are looked through at a time, weeks being whole."""

_ORDER = {"made": derived.MADE_BY, "looked_at": ("annotation_id",)}
_FOUND_BY = {"gold": ("item_id", "item_id, sop_version, gold_label, set_at"),
             "appeals": ("annotation_id", "annotation_id, appeal_id, outcome, final_label, resolved_at")}  # fmt: skip
"""Tables that tell of annotations of any place: by which column, and what they tell."""

Places = Collection[tuple[str, str]]


def write_following(
    folder: Path, partitions: Mapping[str, str], parent: Path | None, described: dict | None, connection: duckdb.DuckDBPyConnection
) -> dict:
    """Write what follows from the tables below `folder`.

    Parameters
    ----------
    partitions : mapping of str to str
        ``MY/2026-W46`` -> hash of the files of annotations and audits there.
    parent, described
        The current snapshot and its `snapshot.json`, if there is one.

    Returns
    -------
    dict
        For `snapshot.json`: ``version``, ``tables`` (the weeks of which each has rows) and ``annotations`` (how many there are at
        each place).
    """
    held = parent if parent and described and _is_held(parent, described) else None
    touched = sorted(_touched(folder, partitions, held, described, connection)) if held else _places(partitions)
    weeks = {week for _market, week in touched}
    counts = _rows(_files(folder, "annotations", touched), connection)
    if held:  # of places that nothing touched the parent says it
        others = described["derived"]["annotations"].keys() - {f"{market}/{week}" for market, week in touched}
        counts |= {tuple(place.split("/")): described["derived"]["annotations"][place] for place in others}
    parts = list(_parts(touched, counts))
    with ThreadPoolExecutor(WRITERS) as pool:

        def write(table: str, own: duckdb.DuckDBPyConnection) -> None:
            _Following(table, folder, held, Writers(pool), own).write_all(parts, weeks)

        in_lanes(dict.fromkeys(_ORDER, ()), write, connection, len(_ORDER))
    return {
        "version": derived.VERSION,
        "tables": {table: _weeks(folder, table) for table in _ORDER},
        "annotations": {f"{market}/{week}": rows for (market, week), rows in sorted(counts.items())},
    }


def _is_held(snapshot: Path, described: dict) -> bool:
    """Whether a snapshot has the tables as this version makes them."""
    told = described.get("derived", {"tables": {}})
    files = (_file(snapshot, table, week) for table, weeks in told["tables"].items() for week in weeks)
    return told.get("version") == derived.VERSION and all(file.exists() for file in files)


def _places(partitions: Collection[str]) -> list[tuple[str, str]]:
    return sorted(tuple(place.split("/")) for place in partitions)


def _touched(
    folder: Path, partitions: Mapping[str, str], parent: Path, described: dict, connection: duckdb.DuckDBPyConnection
) -> set[tuple[str, str]]:
    """The (market, week) of which a row may follow otherwise than in the parent."""
    before = described["partitions"]
    touched = {*_places([place for place in {*partitions, *before} if partitions.get(place) != before.get(place)])}
    for table, (key, told) in _FOUND_BY.items():
        files = [snapshot / f"{table}.parquet" for snapshot in (folder, parent)]
        if all(file.exists() for file in files) and files[0].samefile(files[1]):
            continue
        sides = [parquet_of(table, snapshot) for snapshot in (folder, parent)]
        now, then = (f"SELECT {told} FROM {side}" if side else None for side in sides)
        if now and then:
            differ = f"(({now}) EXCEPT ({then})) UNION ALL (({then}) EXCEPT ({now}))"
        elif now or then:
            differ = now or then
        else:
            continue
        keys = connection.execute(f"CREATE OR REPLACE TEMP TABLE following_differ AS SELECT DISTINCT {key} FROM ({differ})").fetchall()
        if keys != [(0,)]:
            found = f"SELECT DISTINCT market, week FROM {parquet_of('annotations', folder)} SEMI JOIN following_differ USING ({key})"
            touched.update(connection.execute(found).fetchall())
    return touched


def _rows(files: list[Path], connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], int]:
    """How many rows some files have at each place."""
    if not files:
        return {}
    found = connection.execute(f"SELECT market, week, count(*) FROM {_read(files)} GROUP BY ALL").fetchall()
    return {(market, week): rows for market, week, rows in found}


def _read(files: list[Path]) -> str:
    """SQL: the rows of some files."""
    return f"read_parquet([{', '.join(map(quoting.file, files))}], hive_partitioning = false)"


def _parts(touched: Places, counts: Mapping[tuple[str, str], int]) -> Iterator[list[tuple[str, str]]]:
    """The places in parts of whole weeks, none of more than `_AT_ONCE` annotations unless one week has more."""
    part, room = [], _AT_ONCE
    for week in sorted({week for _market, week in touched}):
        places = [place for place in touched if place[1] == week]
        rows = sum(counts.get(place, 0) for place in places)
        if part and rows > room:
            yield part
            part, room = [], _AT_ONCE
        part, room = [*part, *places], room - rows
    if part:
        yield part


def _file(snapshot: Path, table: str, week: str) -> Path:
    return snapshot / FOLDER / table / f"{week}.parquet"


def _weeks(snapshot: Path, table: str) -> list[str]:
    """The weeks of which there is a file."""
    return sorted(path.stem for path in (snapshot / FOLDER / table).glob("*.parquet"))


class _Following:
    """One of the tables, on its way into a snapshot."""

    def __init__(self, table: str, folder: Path, parent: Path | None, writers: Writers, connection: duckdb.DuckDBPyConnection):
        self.table, self.folder, self.parent = table, folder, parent
        self.writers, self.connection, self.kept = writers, connection, []

    def write_all(self, parts: Collection[Places], weeks: Collection[str]) -> None:
        """Write the weeks of all parts anew, and take the others from the parent."""
        for places in parts:
            self.write(places)
        self.writers.finish()
        self.link_others(weeks)

    def write(self, places: Places) -> None:
        """Write the weeks of some places anew."""
        weeks = sorted({week for _market, week in places})
        rows = [query for query in (self._made_anew(places), *(self._kept(week, places) for week in weeks)) if query]
        if rows:
            order = ", ".join(dict.fromkeys(["week", "market", *_ORDER[self.table]]))
            query = f"SELECT * FROM ({' UNION ALL BY NAME '.join(rows)}) ORDER BY {order}"
            self.writers.write(query, lambda week: _file(self.folder, self.table, week), self.connection, places=("week",))
            while self.kept:
                self.connection.execute(f"DROP TABLE {self.kept.pop()}").fetchall()

    def link_others(self, weeks: Collection[str]) -> None:
        """Take the parent's files of all other weeks."""
        for path in sorted((self.parent / FOLDER / self.table).glob("*.parquet")) if self.parent else ():
            if path.stem not in weeks:
                link(path, _file(self.folder, self.table, path.stem))

    def _kept(self, week: str, places: Places) -> str | None:
        """SQL: the parent's rows of a week's other markets."""
        if self.parent is None or not _file(self.parent, self.table, week).exists():
            return None
        markets = ", ".join(quoting.literal(market) for market, one in places if one == week)
        return f"SELECT * FROM read_parquet({quoting.file(_file(self.parent, self.table, week))}) WHERE market NOT IN ({markets})"

    def _made_anew(self, places: Places) -> str | None:
        """SQL: what follows at some places; None where nothing can."""
        annotations = self._view("annotations", _files(self.folder, "annotations", places))
        if annotations is None:
            return None
        if self.table == "made":
            return str(ibis.to_sql(derived.made(annotations), dialect="duckdb"))
        audits = self._view("audits", _files(self.folder, "audits", places))
        gold, appeals = (self._view(name, [path] if (path := self.folder / f"{name}.parquet").exists() else []) for name in _FOUND_BY)
        rows = derived.looked_at(annotations, audits, gold, appeals, self._keep)
        return None if rows is None else str(ibis.to_sql(rows, dialect="duckdb"))

    def _view(self, table: str, files: list[Path]) -> ibis.Table | None:
        """The rows of some files, as a view of the connection that an expression may name."""
        if not files:
            return None
        name = f"following_{table}"
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM {_read(files)}").fetchall()
        return ibis.table(ibis.Schema.from_pyarrow(parquet.read_schema(files[0])), name=name)

    def _keep(self, name: str, rows: ibis.Table) -> ibis.Table:
        """The rows in a table of the connection."""
        kept = f"following_{name}"
        self.kept.append(kept)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {kept} AS {ibis.to_sql(rows, dialect='duckdb')}").fetchall()
        return ibis.table(rows.schema(), name=kept)


def _files(folder: Path, table: str, places: Places) -> list[Path]:
    parts = (folder / table / f"market={market}" / f"week={week}" for market, week in places)
    return [path for part in parts for path in sorted(part.glob("*.parquet"))]
