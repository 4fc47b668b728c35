"""A cut snapshot on disk: a folder like any snapshot's, that appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from labelqa_lib.audience.rules import Rules
from labelqa_lib.store import PARTITIONED, Snapshot

_DESCRIPTION = "snapshot.json"


def write(parts: Mapping[str, list[pa.Table]], about: Snapshot, rules: Rules, restated: Mapping, into: Path) -> str:
    """Write a cut snapshot; its id, made of the time of the whole one and of what it holds itself."""
    into.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".cutting-", dir=into))
    try:
        tables = {name: _table(pa.concat_tables(held), name) for name, held in sorted(parts.items())}
        for name, rows in tables.items():
            _write(name, rows, folder)
        hashes = {path.relative_to(folder).as_posix(): _sha256(path) for path in sorted(folder.rglob("*.parquet"))}
        facts = _facts(tables, hashes, about, rules, restated)
        (folder / _DESCRIPTION).write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        place = into / facts["id"]
        if place.exists():  # equal contents have equal ids
            shutil.rmtree(folder)
        else:
            folder.rename(place)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return facts["id"]


def _table(rows: pa.Table, name: str) -> pa.Table:
    """In an order that tells nothing of the order in the whole snapshot; a row that two markets share stands once."""
    rows = rows.combine_chunks().sort_by([(column, "ascending") for column in rows.column_names[:2]])
    return rows.group_by(rows.column_names, use_threads=False).aggregate([]) if name in ("labels", "sop_versions") else rows


def _write(name: str, rows: pa.Table, folder: Path) -> None:
    if name not in PARTITIONED:
        return _parquet(rows, folder / f"{name}.parquet")
    for market in pc.unique(rows["market"]).to_pylist():
        of_market = rows.filter(pc.field("market") == market)
        for week in pc.unique(of_market["week"]).to_pylist():
            place = folder / name / f"market={market}" / f"week={week}" / "part-0.parquet"
            _parquet(of_market.filter(pc.field("week") == week), place)
    return None


def _parquet(rows: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(rows, path, compression="zstd", store_schema=False)


def _facts(tables: Mapping[str, pa.Table], hashes: Mapping[str, str], about: Snapshot, rules: Rules, restated) -> dict:
    """What `snapshot.json` tells: of the cut alone, nothing of where the whole came from but whether it is simulated."""
    weeks: dict[str, list[str]] = {}
    partitions: dict[str, dict[str, str]] = {}
    for path, digest in hashes.items():
        table, *place = path.split("/")
        if table in PARTITIONED:
            market, week = place[0].removeprefix("market="), place[1].removeprefix("week=")
            partitions.setdefault(f"{market}/{week}", {})[path] = digest
            if table == "annotations":
                weeks.setdefault(market, []).append(week)
    content = _combined({**hashes, "restated": json.dumps(restated, sort_keys=True)})
    stamp = about.made_at.replace("-", "").replace(":", "")
    return {
        "id": f"{stamp}-{content[:8]}",
        "made_at": about.made_at,
        "sha256": content,
        "source": f"cut for {rules.partner}",
        "simulated": about.simulated,
        "parent": None,
        "audience": rules.audience,
        "smallest_cell": rules.smallest_cell,
        "tables": {
            name: {
                "rows": rows.num_rows,
                "sha256": _combined({path: one for path, one in hashes.items() if path.startswith((f"{name}/", f"{name}."))}),
            }
            for name, rows in tables.items()
        },
        "markets": {
            market: {"weeks": sorted(cut), "time_zone": about.markets[market]["time_zone"]} for market, cut in weeks.items()
        },
        "partitions": {place: _combined(files) for place, files in partitions.items()},
        "missing": [],
        "notes": [],
        "restated": dict(restated),
    }  # fmt: skip


def _combined(hashes: Mapping[str, str]) -> str:
    return hashlib.sha256("".join(f"{path} {digest}\n" for path, digest in sorted(hashes.items())).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
