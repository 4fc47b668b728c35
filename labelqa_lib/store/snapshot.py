"""What a snapshot is made of, told from its description alone: `<root>/<id>/snapshot.json` (DATA_CONTRACT), or the same
text in the database that it was loaded into."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from labelqa_lib.errors import DataError
from labelqa_lib.store.place import SparkFolder, Database, Place

PARTITIONED = ("annotations", "audits")
"""Tables that lie in a folder per market and week; each other one is a single file."""

_ID = re.compile(r"\w[\w.\-]*")


@dataclass(frozen=True)
class Snapshot:
    """What `snapshot.json` says: where the rows came from, how many there are, and which weeks each market has.

    A snapshot cut for an audience names it, and the smallest number of rows that a figure of its pages may rest on.
    `derived` tells of the files of tables that follow from the others (`labelqa_lib.derived`), if there are any.
    Of one that is `simulated` nothing is said beside real data.
    `place` is where all snapshots lie, `folder` where this one's files do; None where it lies in a database.
    """

    id: str
    source: str
    made_at: str
    parent: str | None
    tables: dict[str, dict]
    markets: dict[str, dict]
    partitions: dict[str, str]
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    restated: dict[str, dict] = field(default_factory=dict)
    derived: dict = field(default_factory=dict)
    place: Place | None = None
    folder: Path | None = None
    any_rejected: bool = False
    audience: str = "internal"
    smallest_cell: int = 0
    simulated: bool = False

    def weeks(self, market: str | None = None) -> tuple[str, ...]:
        """Weeks with annotations, oldest first; of one market, or of any.

        Raises
        ------
        DataError
            When the snapshot does not hold `market`.
        """
        if market is not None and market not in self.markets:
            raise DataError(
                f"snapshot {self.id} has no market {market!r}; it has {', '.join(sorted(self.markets)) or 'none'}"
            )
        markets = self.markets if market is None else [market]
        return tuple(sorted({week for name in markets for week in self.markets[name]["weeks"]}))

    def time_zone(self, market: str | None) -> str:
        """In which zone a market's days begin; UTC for what is over all markets, or of one that is not there."""
        return self.markets.get(market, {}).get("time_zone", "UTC")


@dataclass(frozen=True)
class Restatement:
    """The latest snapshot in which a week read otherwise, and the tables that were changed after it."""

    since: Snapshot
    tables: tuple[str, ...]


def describe(root: Place, snapshot: str = "CURRENT") -> Snapshot:
    """What a snapshot holds, from its description alone.

    Parameters
    ----------
    root : Path, Database or SparkFolder
        Where all snapshots lie (`data` in workspace.yaml).
    snapshot : str
        Id of a snapshot, or ``CURRENT``.

    Raises
    ------
    DataError
        When there is no such snapshot, or its description cannot be read.
    """
    if isinstance(root, Database):
        from labelqa_lib.store.postgres import description  # who reads a folder needs no driver

        told = description(root, snapshot)
        return _snapshot(told.content, f"{root}, snapshot {told.id}", place=root, any_rejected=told.any_rejected)
    folder = root.folder if isinstance(root, SparkFolder) else Path(root)
    name, told = _read(folder, snapshot)
    rejects = (folder / name / "rejects").is_dir()
    return _snapshot(told, folder / name / "snapshot.json", place=root, folder=folder / name, any_rejected=rejects)


def _read(root: Path, snapshot: str) -> tuple[str, dict]:
    """A snapshot's id and what its `snapshot.json` says."""
    try:
        if snapshot == "CURRENT":
            snapshot = (root / "CURRENT").read_text(encoding="utf-8").strip()
        if not _ID.fullmatch(snapshot):
            raise FileNotFoundError
        return snapshot, json.loads((root / snapshot / "snapshot.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = sorted(path.parent.name for path in root.glob("*/snapshot.json"))
        known = f"there are {', '.join(there)}" if there else "make one with `labelqa ingest DELIVERY`"
        raise DataError(f"{root}: no snapshot {snapshot!r}; {known}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{root}: the description of snapshot {snapshot!r} cannot be read ({error})") from None


def _snapshot(told: dict, where: object, **place) -> Snapshot:
    try:
        return Snapshot(
            **{name: told[name] for name in ("id", "source", "made_at", "parent", "tables", "markets", "partitions")},
            missing=tuple(told["missing"]),
            notes=tuple(told["notes"]),
            restated=told.get("restated", {}),
            derived=told.get("derived", {}),
            audience=told.get("audience", "internal"),
            smallest_cell=told.get("smallest_cell", 0),
            simulated=told.get("simulated", told["source"] == "demo"),
            **place,
        )
    except (KeyError, TypeError) as error:
        raise DataError(f"{where}: does not describe a snapshot; it lacks {error}") from None


def is_there(root: Place, snapshot: str) -> bool:
    """Whether a snapshot of this id still lies there."""
    if isinstance(root, Database):
        from labelqa_lib.store.postgres import ids

        return snapshot in ids(root)
    return ((root.folder if isinstance(root, SparkFolder) else Path(root)) / snapshot / "snapshot.json").exists()


def earlier_reading(root: Place, snapshot: Snapshot, market: str, week: str) -> Restatement | None:
    """How did this market's week read before it was last restated? None where it never was, or nobody can tell."""
    told = snapshot.restated.get(f"{market}/{week}")
    if told is None or not is_there(root, told["since"]):
        return None
    return Restatement(describe(root, told["since"]), tuple(told["tables"]))
