"""What a page reads of a snapshot, and in which snapshot that last changed.

Most deliveries leave most pages as they were. A page is made from the oldest snapshot that holds just what it would
read in the current one, and names that: a delivery for another market does not change a byte of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labelqa_lib.errors import DataError
from labelqa_lib.store.place import Place
from labelqa_lib.store.snapshot import PARTITIONED, Snapshot, describe, is_there

_OF_PEOPLE = ("shifts", "quiz_answers", "sop_acknowledgements")
"""Tables whose rows belong to their person's market."""

_MOVED = """SELECT market FROM {now} a FULL JOIN {before} b USING (market)
    WHERE a.n IS DISTINCT FROM b.n OR a.content IS DISTINCT FROM b.content"""


@dataclass(frozen=True)
class Reading:
    """What a page reads.

    Attributes
    ----------
    snapshot : Snapshot
        The one to read it from: that in which it last changed.
    contents : dict of str to str or None
        Part (a week's partitions, a table, ``restated`` …) -> its hash or words, equal when the part is.
    """

    snapshot: Snapshot
    contents: dict[str, str | None]


class Readings:
    """What pages read of one snapshot.

    Parameters
    ----------
    root : Path, Database or SparkFolder
        Where all snapshots lie.
    snapshot : Snapshot
        The current one.
    kept : Path, optional
        A folder for what took a look into the tables to find out, so that the next run need not look again; not
        written to when None.
    """

    def __init__(self, root: Place, snapshot: Snapshot, kept: Path | None = None):
        self.root, self.snapshot, self.kept = root, snapshot, kept
        self._known = {snapshot.id: snapshot}
        self._readable: dict[str, bool] = {}
        self._wide: dict[tuple[str, tuple[str, ...]], dict[str, str]] = {}
        self._moved: dict[str, dict[str, list[str] | None]] = {}

    def of(self, market: str, week: str, weeks: Sequence[str], own: bool) -> Reading:
        """What does a page of this market and week read, and since when is it so?

        Parameters
        ----------
        market, week : str
            What the page is about.
        weeks : sequence of str
            Weeks of which it reads annotations and audits.
        own : bool
            It reads its own market alone; False where it may look at others.
        """
        snapshot = self.snapshot
        while before := self._parent(snapshot):
            if self._touched(snapshot, before, market, week, weeks, own):
                break
            snapshot = before
        files = {name: told["sha256"] for name, told in snapshot.tables.items() if name not in PARTITIONED}
        return Reading(snapshot, {**self._facts(snapshot, market, week, weeks, own), **files})

    def _parent(self, snapshot: Snapshot) -> Snapshot | None:
        """The snapshot that this one was added to; None for a first one, and where it was removed since."""
        name = snapshot.parent
        if name is not None and name not in self._known:
            try:
                self._known[name] = describe(self.root, name)
            except DataError:
                self._known[name] = None
        return self._known.get(name)

    def _is_there(self, snapshot: str) -> bool:
        if snapshot not in self._readable:
            self._readable[snapshot] = is_there(self.root, snapshot)
        return self._readable[snapshot]

    def _facts(self, snapshot: Snapshot, market: str, week: str, weeks: Sequence[str], own: bool) -> dict[str, str]:
        """What `snapshot.json` alone tells of a page's data."""
        if own:
            facts = {one: snapshot.partitions.get(f"{market}/{one}") for one in weeks}
            facts["time zone"] = snapshot.markets.get(market, {}).get("time_zone")
        else:
            facts = self._of_all(snapshot, tuple(weeks))
        restated = snapshot.restated.get(f"{market}/{week}", {})
        readable = bool(restated) and self._is_there(restated["since"])
        return {
            **facts,
            "restated": json.dumps([restated, readable], sort_keys=True),
            "tables": json.dumps([sorted(snapshot.tables), snapshot.missing]),
        }

    def _of_all(self, snapshot: Snapshot, weeks: tuple[str, ...]) -> dict[str, str]:
        """The same of all markets' weeks together, which is the same for every page that looks at all."""
        if (snapshot.id, weeks) not in self._wide:
            places = sorted(snapshot.partitions.items())
            self._wide[snapshot.id, weeks] = {
                **{week: json.dumps([told for told in places if told[0].endswith(f"/{week}")]) for week in weeks},
                "time zones": json.dumps({name: about.get("time_zone") for name, about in snapshot.markets.items()}, sort_keys=True),
            }
        return self._wide[snapshot.id, weeks]

    def _touched(
        self, now: Snapshot, before: Snapshot, market: str, week: str, weeks: Sequence[str], own: bool
    ) -> bool:
        """Whether the delivery that made `now` changed what the page reads or says.

        A delivery of which rows were rejected, or files not read, is told of on every page.
        """
        place = (market, week, weeks, own)
        if now.any_rejected or now.notes or self._facts(now, *place) != self._facts(before, *place):
            return True
        changed = [
            name
            for name, told in now.tables.items()
            if name not in PARTITIONED and told["sha256"] != before.tables[name]["sha256"]
        ]
        if not own:
            return bool(changed)
        return any(moved is None or market in moved for moved in map(self._where(now, before).get, changed))

    def _where(self, now: Snapshot, before: Snapshot) -> dict[str, list[str] | None]:
        """Table of a single file -> the markets whose rows changed; None where rows have no market, or lie in a database,
        whose rows nobody compares."""
        if now.folder is None or before.folder is None:
            return {}
        if now.id not in self._moved:
            path = self.kept / f"moved-{now.id}.json" if self.kept else None
            self._moved[now.id] = _read(path) or _look(now, before)
            if path and not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
                draft.write_text(json.dumps(self._moved[now.id]), encoding="utf-8")
                draft.replace(path)
        return self._moved[now.id]


def _read(path: Path | None) -> dict[str, list[str] | None] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path else None
    except (OSError, ValueError):
        return None


def _look(now: Snapshot, before: Snapshot) -> dict[str, list[str] | None]:
    """Compare the single files of two snapshots by market, in the engine."""
    import duckdb  # a run of unchanged pages does without

    found = {}
    with duckdb.connect() as engine:
        for name, told in now.tables.items():
            if name in PARTITIONED or told["sha256"] == before.tables.get(name, {}).get("sha256"):
                continue
            query = _MOVED.format(now=_by_market(name, now.folder), before=_by_market(name, before.folder))
            try:
                found[name] = sorted(market for (market,) in engine.sql(query).fetchall() if market is not None)
            except duckdb.Error:  # it has no market, there are no people, or it cannot be read
                found[name] = None
    return found


def _by_market(table: str, folder: Path) -> str:
    """SQL that counts and sums up a table's rows by market, whatever their order."""
    rows, market = f"read_parquet({_quoted(folder / f'{table}.parquet')}) t", "t.market"
    if table in _OF_PEOPLE:
        people = f"read_parquet({_quoted(folder / 'people.parquet')})"
        rows, market = f"{rows} LEFT JOIN {people} w USING (person_id)", "w.market"
    return f"(SELECT {market} AS market, count(*) AS n, sum(hash(t)::HUGEINT) AS content FROM {rows} GROUP BY 1)"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
