"""Tables that follow from others are what they would be if made of all of them anew, whatever a delivery brought."""

from __future__ import annotations

import json
import random

import duckdb
import pytest

from labelqa_lib import derived, intake
from labelqa_lib.intake.following import write_following

from .deliveries import annotation, audit, current, described, ingest, write

DAYS = ("2026-11-03", "2026-11-10", "2026-11-17")
MARKETS = ("MY", "MX", "ES")


def files(folder) -> dict:
    """Every derived file below a snapshot, by name."""
    return {path.relative_to(folder).as_posix(): path for path in sorted((folder / "derived").rglob("*.parquet"))}


def contents(folder) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files(folder).items()}


def from_scratch(root, scratch) -> tuple[dict[str, bytes], dict]:
    """What would follow from the current snapshot's tables if nothing was there before: files, and what is told of them."""
    scratch.mkdir()
    for path in current(root).iterdir():
        if path.name != "derived":
            (scratch / path.name).symlink_to(path)
    with intake.workbench() as connection:
        told = write_following(scratch, described(root)["partitions"], None, None, connection)
    return contents(scratch), told


def some(number: int, chance: random.Random, **changes: str) -> dict[str, str]:
    place = {"market": chance.choice(MARKETS), "annotated_at": f"{chance.choice(DAYS)}T08:{number % 60:02}:00Z"}
    told = {"sop_version": chance.choice(["v1", "v2", ""]), "handle_seconds": str(chance.choice([0.1, 0.2, 7.3, ""]))}
    return annotation(number, **place, **told, item_id=f"i{number % 23}", agent_id=f"p{number}", partner="A", site=chance.choice("KL"), **changes)


def gold(number: int, chance: random.Random) -> dict[str, str]:
    told = {"gold_label": chance.choice(["ok", "spam"]), "set_at": f"{chance.choice(DAYS)}T00:00:00Z"}
    return {"item_id": f"i{number}", "sop_version": chance.choice(["v1", "v2", ""]), **told}


def appeal(number: int, target: str, chance: random.Random) -> dict[str, str]:
    outcome = chance.choice(["overturned", "upheld", "pending"])
    ended = {"resolved_at": "2026-11-21T08:00:00Z", "final_label": "spam"} if outcome != "pending" else {}
    kind = "audit" if target.startswith("u") else "annotation"
    return {"appeal_id": f"x{number}", "target": kind, "target_id": target, "raised_by": "agent", "outcome": outcome,
            "raised_at": "2026-11-20T08:00:00Z", **ended}  # fmt: skip


def looked(number: int, annotated: int, chance: random.Random) -> dict[str, str]:
    told = {"tier": str(chance.choice([1, 1, 2])), "audit_label": chance.choice(["ok", "spam"]), "audited_at": "2026-11-19T08:00:00Z"}
    drawn = {"sampling_reason": chance.choice(["random", "risk"]), "inclusion_probability": chance.choice(["0.5", ""])}
    return audit(number, annotation_id=f"a{annotated}", auditor_id="q1", **told, **drawn)


def deliveries(chance: random.Random):
    """Deliveries without end, each of one or two tables: rows that are new, that restate, that move to another market or week."""
    made, audits, appeals = 60, 0, 0
    yield {"annotations": [some(n, chance) for n in range(made)]}
    while True:
        brings = {}
        for kind in chance.sample(["annotations", "moved", "audits", "gold", "appeals", "another"], chance.choice([1, 1, 2])):
            match kind:
                case "another":
                    told = {"policy_area": "ads", "effective_from": "2026-11-02T00:00:00Z", "summary": "new"}
                    brings["sop_versions"] = [{"sop_version": f"v{made + audits + appeals}", **told}]
                case "annotations":
                    brings.setdefault("annotations", []).extend(some(n, chance) for n in range(made, made + 3))
                    made += 3
                case "moved":
                    brings.setdefault("annotations", []).extend(some(n, chance) for n in chance.sample(range(60), 2))
                case "audits":
                    again = chance.sample(range(audits), min(audits, 2))
                    brings["audits"] = [looked(n, chance.randrange(60), chance) for n in [*again, *range(audits, audits + 4)]]
                    audits += 4
                case "gold":
                    brings["gold"] = list({(one["item_id"], one["sop_version"]): one for one in (gold(chance.randrange(23), chance) for _ in range(3))}.values())
                case "appeals":
                    targets = [f"a{chance.randrange(60)}", f"u{chance.randrange(audits)}" if audits else "a1"]
                    brings["appeals"] = [appeal(max(0, appeals - 1) + n, target, chance) for n, target in enumerate(targets)]
                    appeals += 1
        yield brings


@pytest.mark.slow
@pytest.mark.parametrize("seed", [36, 57])
def test_they_are_the_same_as_made_anew_after_every_delivery(seed, tmp_path, monkeypatch):
    monkeypatch.setattr("labelqa_lib.intake.following._AT_ONCE", 30)
    root, seen, linked = tmp_path / "s", set(), 0
    for number, brings in zip(range(8), deliveries(random.Random(seed)), strict=False):
        before = files(current(root)) if number else {}
        ingest(write(tmp_path / f"d{number}", **brings), root)
        found, told = from_scratch(root, tmp_path / f"scratch{number}")
        assert contents(current(root)) == found
        assert described(root)["derived"] == told
        linked += sum(path.samefile(before[name]) for name, path in files(current(root)).items() if name in before)
        seen |= set(brings)
    assert seen == {"annotations", "audits", "gold", "appeals", "sop_versions"}
    assert linked > 0


def test_what_is_told_of_an_annotation_that_somebody_looked_at(tmp_path):
    rows = [annotation(n, annotated_at=f"{DAYS[n // 3]}T08:00:00Z", handle_seconds="0.1") for n in range(6)]
    again = {"tier": "2", "audit_label": "spam", "audited_at": "2026-11-13T08:00:00Z"}
    first = {"annotations": rows, "audits": [audit(1), audit(2, audited_at="2026-11-14T08:00:00Z"), audit(3, annotation_id="a2", auditor_id="q2"), audit(9, annotation_id="a1", **again)]}
    ingest(write(tmp_path / "d", **first), tmp_path / "s")
    old = files(current(tmp_path / "s"))
    second = {"gold": [{"item_id": "i4", "gold_label": "spam", "set_at": "2026-11-20T00:00:00Z"}]}
    ingest(write(tmp_path / "e", **second), tmp_path / "s")
    now = files(current(tmp_path / "s"))
    columns = "annotation_id, audit_id, audit_label, drawn, second_label, gold_label"
    with duckdb.connect() as engine:
        found = engine.sql(f"SELECT {columns} FROM '{current(tmp_path / 's')}/derived/looked_at/*.parquet' ORDER BY 1").fetchall()
        made = engine.sql(f"SELECT week, agent_id, rows, timed, seconds FROM '{current(tmp_path / 's')}/derived/made/*.parquet' ORDER BY ALL").fetchall()
    assert found == [("a1", "u1", "ok", True, "spam", None), ("a2", "u3", "ok", True, None, None), ("a4", None, None, False, None, "spam")]
    assert made == [(week, f"p{n}", 1, 1, 0.1) for week in ("2026-W45", "2026-W46") for n in range(3)]
    assert described(tmp_path / "s")["derived"]["annotations"] == {"MY/2026-W45": 3, "MY/2026-W46": 3}
    assert now["derived/looked_at/2026-W45.parquet"].samefile(old["derived/looked_at/2026-W45.parquet"])
    assert now["derived/made/2026-W46.parquet"].read_bytes() == old["derived/made/2026-W46.parquet"].read_bytes()


def test_a_delivery_of_another_table_leaves_all_of_them(tmp_path):
    ingest(write(tmp_path / "d", annotations=[annotation(1)], audits=[audit(1)]), tmp_path / "s")
    before, told = files(current(tmp_path / "s")), described(tmp_path / "s")["derived"]
    version = {"sop_version": "v1", "policy_area": "ads", "effective_from": "2026-11-02T00:00:00Z", "summary": "new"}
    ingest(write(tmp_path / "e", sop_versions=[version]), tmp_path / "s")
    now = files(current(tmp_path / "s"))
    assert len(now) == 2 and all(now[name].samefile(path) for name, path in before.items())
    assert described(tmp_path / "s")["derived"] == told


@pytest.mark.slow
def test_a_snapshot_of_another_version_is_derived_anew(tmp_path, monkeypatch):
    root = tmp_path / "s"
    ingest(write(tmp_path / "d", annotations=[annotation(n, annotated_at=f"{DAYS[n]}T08:00:00Z") for n in range(2)]), root)
    old = current(root) / "snapshot.json"
    old.write_text(json.dumps({name: told for name, told in described(root).items() if name != "derived"}))
    for path in files(current(root)).values():
        path.unlink()
    ingest(write(tmp_path / "e", audits=[audit(1)]), root)
    assert contents(current(root)) == from_scratch(root, tmp_path / "scratch")[0]
    assert described(root)["derived"]["tables"] == {"made": ["2026-W45", "2026-W46"], "looked_at": ["2026-W46"]}
    monkeypatch.setattr(derived, "VERSION", derived.VERSION + 1)
    ingest(write(tmp_path / "f", audits=[audit(2, annotation_id="a0")]), root)
    assert described(root)["derived"]["version"] == derived.VERSION
