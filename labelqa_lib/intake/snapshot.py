"""Snapshots on disk: whole or not at all, the current one named by a file that is replaced last."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from labelqa_lib.errors import DataError
from labelqa_lib.intake.assessing import Assessment
from labelqa_lib.intake.deriving import Zones
from labelqa_lib.intake.following import write_following
from labelqa_lib.intake.merging import PARTITIONED, release
from labelqa_lib.intake.restating import restated
from labelqa_lib.intake.writing import write_rejects, write_tables

_CURRENT = "CURRENT"
_LEFTOVER = ".tmp-"
_FLUSHED_AT_ONCE = 16


def current_snapshot(root: Path) -> Path | None:
    """The folder of the current snapshot below `root`; None where none was ever made.

    Raises
    ------
    DataError
        When CURRENT names a snapshot that is not there.
    """
    try:
        name = (root / _CURRENT).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"{root / _CURRENT}: cannot be read ({error.strerror})") from None
    if not (root / name / "snapshot.json").is_file():
        raise DataError(f"{root / _CURRENT}: names snapshot {name!r}, which is not there; restore it, or use --fresh")
    return root / name


def describe(snapshot: Path | None) -> dict | None:
    """What `snapshot.json` says.

    Raises
    ------
    DataError
    """
    if snapshot is None:
        return None
    try:
        return json.loads((snapshot / "snapshot.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{snapshot / 'snapshot.json'}: cannot be read ({error}); restore it, or use --fresh") from None


@contextmanager
def only_writer(root: Path, seconds: float) -> Iterator[None]:
    """Keep other ingests out, and sweep up what a killed one left."""
    root.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(root / ".lock", timeout=seconds):
            for leftover in root.glob(f"{_LEFTOVER}*"):
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
            yield
    except Timeout:
        raise DataError(
            f"{root}: another ingest has been writing here for more than {seconds:g} s; wait for it to end, then "
            "ingest again (nothing of this delivery was written)"
        ) from None


def write_snapshot(
    root: Path,
    assessment: Assessment,
    parent: Path | None,
    described: dict | None,
    zones: Zones,
    now: datetime,
    connection: duckdb.DuckDBPyConnection,
) -> str:
    """Write the merged tables as a new snapshot, make it the current one, and give its id.

    With the contents of the current snapshot, cut in the same time zones, nothing is written and its id comes back.
    """
    made_at = now.astimezone(UTC).replace(microsecond=0)
    folder = root / f"{_LEFTOVER}{made_at:%Y%m%dT%H%M%SZ}-{os.getpid()}"
    folder.mkdir()
    try:
        rows = write_tables(assessment, parent, folder, connection)
        write_rejects(assessment, folder, connection)
        hashes = {path.relative_to(folder).as_posix(): _sha256(path) for path in sorted(folder.rglob("*.parquet"))}
        content = _combined(hashes, "")
        if (same := _current(root)) and _holds(same, content, assessment, described, zones):
            shutil.rmtree(folder)
            return same["id"]
        name = f"{made_at:%Y%m%dT%H%M%SZ}-{content[:8]}"
        facts = {"id": name, "made_at": made_at.isoformat().replace("+00:00", "Z"), "sha256": content}
        facts |= _facts(assessment, rows, hashes, described, zones)
        accepted = [told.table for told in assessment.outcome.tables if told.accepted]
        facts["restated"] = restated(assessment.schemas, accepted, described, zones, connection)
        release(connection)
        facts["derived"] = write_following(folder, facts["partitions"], parent, described, connection)
        text = json.dumps(facts, indent=1, ensure_ascii=False, sort_keys=True)
        (folder / "snapshot.json").write_text(text + "\n", encoding="utf-8")
        _flush(folder)
        if (root / name).exists():  # made before by an ingest that was killed before it could say so
            if not _holds(describe(root / name), content, assessment, described, zones):
                raise DataError(f"{root / name}: was made of the same rows in this very second, otherwise; ingest again")
            shutil.rmtree(folder)
        else:
            folder.rename(root / name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _sync(root)
    _replace(root / _CURRENT, name + "\n")
    return name


def _current(root: Path) -> dict | None:
    """What the current snapshot says; a damaged one says nothing."""
    try:
        return describe(current_snapshot(root))
    except DataError:
        return None


def _holds(facts: dict, content: str, assessment: Assessment, described: dict | None, zones: Zones) -> bool:
    """Whether a snapshot is just what would be written: zones of the same clocks cut the same rows, and are told all the same."""
    cut_alike = all(told["time_zone"] == zones[market] for market, told in facts["markets"].items())
    return facts["sha256"] == content and cut_alike and (described is not None or facts["source"] == assessment.outcome.source)


def _facts(
    assessment: Assessment, rows: dict[str, int], hashes: dict[str, str], described: dict | None, zones: Zones
) -> dict:
    """What `snapshot.json` tells beside its id."""
    outcome = assessment.outcome
    tables = {}
    for table in (name for name, count in rows.items() if count):
        before = (described or {}).get("tables", {}).get(table, {})
        told = next((asdict(told) for told in outcome.tables if told.table == table), None)
        counts = told or {"delivered": 0, "accepted": 0, "duplicates": 0, "rejected": 0, "restated": 0} | {
            name: before.get(name) for name in ("unmatched", "absent")
        }
        tables[table] = {name: counts[name] for name in counts if name not in ("table", "rules")} | {
            "rows": rows[table],
            "sha256": _combined(hashes, f"{table}/") if table in PARTITIONED else hashes[f"{table}.parquet"],
        }
    partitions: dict[str, dict[str, str]] = {}
    for path, digest in hashes.items():
        if path.split("/")[0] in PARTITIONED:
            _, market, week, _ = path.split("/")
            place = f"{market.removeprefix('market=')}/{week.removeprefix('week=')}"
            partitions.setdefault(place, {})[path] = digest
    weeks: dict[str, list[str]] = {}
    for place in sorted(partitions):
        market, week = place.split("/")
        weeks.setdefault(market, []).append(week)
    return {
        "source": _sources(described, outcome.source),
        "parent": described["id"] if described else None,
        "tables": tables,
        "markets": {market: {"weeks": cut, "time_zone": zones[market]} for market, cut in weeks.items()},
        "partitions": {place: _combined(files, "") for place, files in partitions.items()},
        "missing": list(outcome.missing),
        "notes": list(outcome.notes),
    }


def _sources(described: dict | None, source: str) -> str:
    return "+".join(sorted({*(described["source"].split("+") if described else ()), source}))


def _combined(hashes: dict[str, str], prefix: str) -> str:
    lines = "".join(f"{path} {digest}\n" for path, digest in sorted(hashes.items()) if path.startswith(prefix))
    return hashlib.sha256(lines.encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _flush(folder: Path) -> None:
    """Everything below `folder` onto the disk, before its name says that it is whole."""
    with ThreadPoolExecutor(_FLUSHED_AT_ONCE) as pool:  # a disk writes what several wait for in one go
        list(pool.map(_sync, [*folder.rglob("*"), folder]))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f"{_LEFTOVER}{path.name}")
    draft.write_text(text, encoding="utf-8")
    _sync(draft)
    draft.replace(path)
    _sync(path.parent)
