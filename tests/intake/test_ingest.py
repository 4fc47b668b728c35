"""From delivery to snapshot: what is kept, what is derived, what a snapshot looks like on disk."""

from __future__ import annotations

import json
import os
import re
from datetime import date

import duckdb
import pytest

from labelqa_lib import intake
from labelqa_lib.errors import DataError, DeliveryRefused
from labelqa_lib.intake import BrokenRule

from .deliveries import LABELS, annotation, audit, broken, check, current, described, ingest, rows, write


def test_a_first_delivery_becomes_the_current_snapshot(tmp_path):
    root = tmp_path / "snapshots"
    delivery = write(tmp_path / "d", annotations=[annotation(1), annotation(2, market="MX", label="spam")])
    outcome = ingest(delivery, root)
    assert outcome.snapshot == (root / "CURRENT").read_text().strip()
    assert re.fullmatch(r"20261122T120000Z-[0-9a-f]{8}", outcome.snapshot)
    facts = described(root)
    assert facts["id"] == outcome.snapshot and facts["parent"] is None and facts["source"] == "contract"
    assert facts["markets"] == {
        "MX": {"time_zone": "America/Mexico_City", "weeks": ["2026-W46"]},
        "MY": {"time_zone": "Asia/Kuala_Lumpur", "weeks": ["2026-W46"]},
    }
    assert set(facts["partitions"]) == {"MX/2026-W46", "MY/2026-W46"}
    told = facts["tables"]["annotations"]
    assert (told["rows"], told["delivered"], told["rejected"], told["duplicates"]) == (2, 2, 0, 0)
    assert "handle_seconds" in told["absent"] and "agent_id" not in told["absent"]
    assert "audits" in facts["missing"] and "labels" not in facts["missing"]
    files = {path.relative_to(current(root)).as_posix() for path in current(root).rglob("*.parquet")}
    assert files == {
        "labels.parquet",
        "annotations/market=MX/week=2026-W46/part-0.parquet",
        "annotations/market=MY/week=2026-W46/part-0.parquet",
        "derived/made/2026-W46.parquet",
    }


@pytest.mark.slow
def test_every_contract_column_is_there_with_its_type(tmp_path):
    ingest(write(tmp_path / "d", annotations=[annotation(1)]), tmp_path / "s")
    with duckdb.connect() as connection:
        found = connection.execute(f"DESCRIBE FROM '{current(tmp_path / 's')}/annotations/*/*/*.parquet'").fetchall()
    types = {row[0]: row[1] for row in found}
    assert types == {
        "annotation_id": "VARCHAR", "item_id": "VARCHAR", "market": "VARCHAR", "label": "VARCHAR",
        "annotated_at": "TIMESTAMP", "partner": "VARCHAR", "site": "VARCHAR", "queue": "VARCHAR",
        "agent_id": "VARCHAR", "handle_seconds": "DOUBLE", "sop_version": "VARCHAR", "blind": "BOOLEAN",
        "content_type": "VARCHAR", "language": "VARCHAR", "week": "VARCHAR", "local_date": "DATE",
        "local_hour": "BIGINT",
    }  # fmt: skip


@pytest.mark.slow
def test_weeks_are_cut_on_the_markets_own_clocks(tmp_path):
    # Sunday 2026-11-15 20:00 UTC is Monday 04:00 in Kuala Lumpur and Sunday 14:00 in Mexico City
    late = {"annotated_at": "2026-11-15T20:00:00Z"}
    delivery = write(tmp_path / "d", annotations=[annotation(1, **late), annotation(2, market="MX", **late)])
    ingest(delivery, tmp_path / "s")
    assert rows(tmp_path / "s", "annotations", "market, week, local_date, local_hour") == [
        ("MX", "2026-W46", date(2026, 11, 15), 14),
        ("MY", "2026-W47", date(2026, 11, 16), 4),
    ]


@pytest.mark.slow
def test_audits_lie_with_their_annotation_and_appeals_know_it(tmp_path):
    delivery = write(
        tmp_path / "d",
        annotations=[annotation(1)],
        audits=[audit(1, audited_at="2026-11-20T08:00:00Z")],
        appeals=[
            {
                "appeal_id": "x1", "target": "audit", "target_id": "u1", "raised_by": "agent",
                "raised_at": "2026-11-20T09:00:00Z", "resolved_at": "2026-11-22T09:00:00Z", "outcome": "upheld",
            }
        ],
    )  # fmt: skip
    ingest(delivery, tmp_path / "s")
    assert rows(tmp_path / "s", "audits", "audit_id, market, week") == [("u1", "MY", "2026-W46")]
    appeal = rows(tmp_path / "s", "appeals", "market, annotation_id, raised_week, resolved_week")
    assert appeal == [("MY", "a1", "2026-W47", "2026-W47")]


@pytest.mark.slow
def test_times_with_and_without_offset_are_utc(tmp_path):
    written = ["2026-11-10T08:00:00Z", "2026-11-10T16:00:00+08:00", "2026-11-10 08:00", "2026-11-10T08:00:00.000"]
    delivery = write(tmp_path / "d", annotations=[annotation(n, annotated_at=t) for n, t in enumerate(written)])
    ingest(delivery, tmp_path / "s")
    assert {str(row[0]) for row in rows(tmp_path / "s", "annotations", "annotated_at")} == {"2026-11-10 08:00:00"}


@pytest.mark.slow
def test_identifiers_stay_text(tmp_path):
    delivery = write(tmp_path / "d", annotations=[annotation(1, annotation_id="0123", agent_id="007")])
    ingest(delivery, tmp_path / "s")
    assert rows(tmp_path / "s", "annotations", "annotation_id, agent_id") == [("0123", "007")]


@pytest.mark.slow
@pytest.mark.parametrize("text", ["=1+1", "<script>", "'); DROP TABLE labels; --", "{0}", "tab\t, bell\x07", "ü 漢 🙂"])
def test_text_is_data(tmp_path, text):
    ingest(write(tmp_path / "d", annotations=[annotation(1, agent_id=text)]), tmp_path / "s")
    assert rows(tmp_path / "s", "annotations", "agent_id") == [(text,)]


def test_rejects_carry_every_rule_the_line_and_the_row(tmp_path):
    delivery = write(
        tmp_path / "d", annotations=[annotation(1), annotation(2, label="junk", annotated_at="soon", market="../../x")]
    )
    outcome = ingest(delivery, tmp_path / "s")
    assert (outcome.table("annotations").accepted, outcome.table("annotations").rejected) == (1, 1)
    [(table, key, file, line, rules, row)] = rows(tmp_path / "s", "rejects/annotations")
    assert (table, key, file, line) == ("annotations", "a2", "annotations.csv", 3)
    assert rules == [
        "market is not a market code",
        "label is not in labels",
        "annotated_at is not a time (write 2026-11-09T14:30:00Z)",
    ]
    assert json.loads(row)["annotated_at"] == "soon"
    assert outcome.table("annotations").rules[0].examples == (("a2", "annotations.csv", 3),)


@pytest.mark.parametrize("empty", [True, False])
def test_rejects_tell_where_they_lie_beside_columns_called_like_ours(tmp_path, empty):
    one, other = ({"_file": "", "_line": "", "_problem": ""} if empty else {"_file": "x", "_line": line, "_problem": "p"} for line in "78")
    delivery = write(tmp_path / "d", annotations=[{**annotation(1), **one}, {**annotation(2, label="nope"), **other}])
    told = ingest(delivery, tmp_path / "s").table("annotations")
    assert (told.accepted, told.rejected) == (1, 1)
    assert told.rules == (BrokenRule("label is not in labels", 1, (("a2", "annotations.csv", 3),)),)
    with pytest.raises(DeliveryRefused, match=r"label is not in labels \(1 rows, first annotations.csv line 3\)"):
        ingest(delivery, tmp_path / "other", reject_limit=0.1)


def test_an_agent_unknown_to_people_is_kept_and_counted(tmp_path):
    person = {
        "person_id": "p1", "role": "agent", "market": "MY", "partner": "P", "site": "S", "started_on": "2026-01-05"
    }  # fmt: skip
    delivery = write(tmp_path / "d", annotations=[annotation(1), annotation(2), annotation(3)], people=[person])
    outcome = ingest(delivery, tmp_path / "s")
    assert (outcome.table("annotations").accepted, outcome.table("annotations").unmatched) == (3, 2)
    assert described(tmp_path / "s")["tables"]["annotations"]["unmatched"] == 2


def test_a_market_without_params_is_kept_and_told(tmp_path):
    outcome = ingest(write(tmp_path / "d", annotations=[annotation(1, market="ZZ")]), tmp_path / "s")
    assert any("market ZZ" in note and "UTC" in note for note in outcome.notes)
    assert described(tmp_path / "s")["notes"] == list(outcome.notes)


def test_columns_that_the_contract_does_not_know_are_told(tmp_path):
    outcome = ingest(write(tmp_path / "d", annotations=[annotation(1, shoe_size="43")]), tmp_path / "s")
    assert any("shoe_size" in note for note in outcome.notes)


@pytest.mark.slow
def test_check_says_what_ingest_does_and_writes_nothing(tmp_path):
    delivery = write(tmp_path / "d", annotations=[annotation(1), annotation(2, label="junk"), annotation(1)])
    told = check(delivery, tmp_path / "s")
    assert not (tmp_path / "s").exists()
    done = ingest(delivery, tmp_path / "s")
    assert told.tables == done.tables and told.notes == done.notes and told.missing == done.missing
    again = check(delivery, tmp_path / "s")
    assert again.unchanged and again.table("annotations").duplicates == 2


@pytest.mark.slow
def test_more_rejects_than_the_limit_refuse_the_whole(tmp_path):
    annotations = [annotation(n, label="junk" if n < 2 else "ok") for n in range(20)]
    delivery = write(tmp_path / "d", annotations=annotations)
    with pytest.raises(DeliveryRefused) as refused:
        ingest(delivery, tmp_path / "s", reject_limit=0.05)
    assert refused.value.exit_code == 3
    assert "2 of 20 rows" in str(refused.value) and "label is not in labels" in str(refused.value)
    assert not (tmp_path / "s" / "CURRENT").exists()
    assert ingest(delivery, tmp_path / "s", reject_limit=0.1).table("annotations").rejected == 2


def test_required_columns_and_tables(tmp_path):
    without = [{name: value for name, value in annotation(1).items() if name not in ("label", "market")}]
    with pytest.raises(DeliveryRefused) as refused:
        ingest(write(tmp_path / "d", annotations=without), tmp_path / "s")
    assert len(refused.value.problems) == 2 and "no column 'market'" in refused.value.problems[0]
    (tmp_path / "e").mkdir()
    with pytest.raises(DeliveryRefused) as refused:
        ingest(tmp_path / "e", tmp_path / "s")
    assert len(refused.value.problems) == 2
    (tmp_path / "e" / "annotation.csv").write_text("a\n1\n")
    with pytest.raises(DeliveryRefused, match="annotation.csv: .* did you mean annotations?"):
        ingest(tmp_path / "e", tmp_path / "s")


def test_a_delivery_without_rows_is_refused(tmp_path):
    delivery = write(tmp_path / "d")
    (delivery / "annotations.csv").write_text("annotation_id,item_id,market,label,annotated_at\n")
    with pytest.raises(DeliveryRefused, match="holds no annotation"):
        ingest(delivery, tmp_path / "s")


def test_inputs_are_not_touched(tmp_path):
    delivery = write(tmp_path / "d", annotations=[annotation(1)])
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in delivery.iterdir()}
    ingest(delivery, tmp_path / "s")
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in delivery.iterdir()}


def test_a_current_that_names_nothing_is_told(tmp_path):
    (tmp_path / "CURRENT").write_text("gone\n")
    with pytest.raises(DataError, match="'gone', which is not there"):
        intake.current_snapshot(tmp_path)


@pytest.mark.slow
def test_a_damaged_snapshot_is_told_and_fresh_gets_past_it(tmp_path):
    delivery = write(tmp_path / "d", annotations=[annotation(1)])
    ingest(delivery, tmp_path / "s")
    (current(tmp_path / "s") / "snapshot.json").write_text("{")
    with pytest.raises(DataError, match="snapshot.json: cannot be read.*--fresh"):
        ingest(delivery, tmp_path / "s")
    (tmp_path / "s" / "CURRENT").write_text("gone\n")
    outcome = ingest(write(tmp_path / "e", annotations=[annotation(2)]), tmp_path / "s", fresh=True)
    assert current(tmp_path / "s").name == outcome.snapshot


@pytest.mark.parametrize("how", ["its end is cut off", "bytes in its middle"])
@pytest.mark.parametrize("table", ["people", "annotations", "audits", "rejects"])
def test_a_damaged_file_of_the_current_snapshot_is_named_and_fresh_gets_past_it(tmp_path, table, how):
    person = {"person_id": "p1", "role": "agent", "market": "MY", "partner": "x", "site": "KUL", "started_on": "2026-01-01"}
    tables = {"annotations": [annotation(1), annotation(2, label="nope")], "audits": [audit(1)], "people": [person]}
    delivery = write(tmp_path / "d", **tables)
    ingest(delivery, tmp_path / "s")
    file = next(file for file in sorted(current(tmp_path / "s").rglob("*.parquet")) if table in str(file.relative_to(tmp_path / "s")))
    sound = file.read_bytes()
    file.write_bytes(sound[:60] if "cut" in how else sound[:4] + b"\xff" * (len(sound) // 3) + sound[4 + len(sound) // 3 :])
    again = write(tmp_path / "e", **{**tables, "audits": [audit(1, audit_label="spam")], "people": [person | {"site": "PEN"}]}) if table != "rejects" else delivery
    for do in (check, ingest):
        with pytest.raises(DataError) as told:
            do(again, tmp_path / "s")
        assert told.value.problems == (f"{file}: cannot be read; restore it, or use --fresh",)
    assert ingest(again, tmp_path / "s", fresh=True).refused == ()


def test_a_damaged_delivery_is_not_blamed_on_the_current_snapshot(tmp_path):
    ingest(write(tmp_path / "d", annotations=[annotation(1)]), tmp_path / "s")
    delivery = write(tmp_path / "e")
    with duckdb.connect() as connection:
        columns = ", ".join(f"'{text}' AS {name}" for name, text in annotation(2).items())
        connection.execute(f"COPY (SELECT {columns} FROM range(5)) TO '{delivery}/annotations.parquet'").fetchall()
    content = (delivery / "annotations.parquet").read_bytes()
    (delivery / "annotations.parquet").write_bytes(content[:4] + b"\xff" * 100 + content[104:])
    with pytest.raises(DeliveryRefused, match="annotations: cannot be read .*; deliver it again"):
        ingest(delivery, tmp_path / "s")


def test_a_version_of_two_policy_areas_is_acknowledged_once(tmp_path):
    """What is referred to may be a part of a key: it must not multiply the rows that refer to it."""
    versions = [
        {"sop_version": "v1", "policy_area": area, "effective_from": "2026-01-01", "summary": "s"}
        for area in ("ads", "safety")
    ]
    acknowledged = [{"sop_version": "v1", "person_id": "p1", "acknowledged_at": "2026-01-02"}]
    tables = {"sop_versions": versions, "sop_acknowledgements": acknowledged}
    outcome = ingest(write(tmp_path / "d", annotations=[annotation(1)], **tables), tmp_path / "s")
    assert outcome.table("sop_acknowledgements").delivered == 1
    assert rows(tmp_path / "s", "sop_acknowledgements", "person_id") == [("p1",)]


def test_a_maps_date_formats_hold_for_dates_too(tmp_path):
    person = {"who": "p1", "role": "agent", "market": "MY", "partner": "A", "site": "K", "since": "31.01.2026"}
    delivery = write(tmp_path / "d", annotations=[annotation(1)], staff=[person])
    same = {name: name for name in ("role", "market", "partner", "site")}
    people = {"files": "staff.csv", "columns": {"person_id": "who", "started_on": "since", **same}}
    tables = {
        "labels": {"files": "labels.csv", "columns": {name: name for name in LABELS[0]}},
        "annotations": {"files": "annotations.csv", "columns": {name: name for name in annotation(1)}},
        "people": people | {"date_formats": ["%d.%m.%Y"]},
    }
    ingest(delivery, tmp_path / "s", {"source": "partner", "tables": tables})
    assert rows(tmp_path / "s", "people", "started_on") == [(date(2026, 1, 31),)]


@pytest.mark.slow
def test_rules_need_no_annotation_table_of_their_own(tmp_path):
    """A later delivery of audits alone refers to the annotations of the current snapshot."""
    ingest(write(tmp_path / "d", annotations=[annotation(1)]), tmp_path / "s")
    later = write(tmp_path / "e", audits=[audit(1), audit(2)])
    os.remove(later / "labels.csv")
    outcome = ingest(later, tmp_path / "s")
    assert broken(outcome, "audits") == {"annotation_id is not in annotations": 1}
    assert rows(tmp_path / "s", "audits", "audit_id") == [("u1",)]
    assert rows(tmp_path / "s", "labels", "count(*)") == [(len(LABELS),)]


@pytest.mark.parametrize("held", [0, 10_000_000])
def test_the_workbench_leaves_nothing_behind(held, tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "HELD", held)
    with intake.workbench(write(tmp_path / "d", annotations=[annotation(1)])) as connection:
        [(spilled,)] = connection.execute("SELECT current_setting('temp_directory')").fetchall()
        folder = os.path.dirname(spilled)
        connection.execute("CREATE TABLE t AS FROM range(1000)")
        assert (os.listdir(folder) == []) == (held > 0), "a large delivery's tables lie in a file, a small one's do not"
    assert not os.path.exists(folder)
