"""A delivery that is larger than the memory it is taken in with: the same snapshot, rejects and sentences, or none at all."""

from __future__ import annotations

import shutil
from dataclasses import replace

import duckdb
import pytest

from labelqa_lib import intake
from labelqa_lib.errors import DeliveryRefused
from labelqa_lib.intake import following, matching, referring, repeating, rules, writing

from .deliveries import annotation, broken, check, current, described, ingest, write
from .test_writing import files, rows_below

ROWS = 60_000


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    """`ROWS` annotations of as many items in no order, audits and appeals; and each way to be refused, a few times."""
    folder = write(tmp_path_factory.mktemp("bounded") / "d", annotations=[annotation(1)])
    market = "CASE WHEN hash(n) % 3 = 0 THEN 'MX' ELSE 'MY' END AS market"
    tables = {
        "items": f"SELECT 'item-number-' || n AS item_id, {market}, 'content of ' || hash(n) AS content_ref FROM n WHERE n % 9000 > 0",
        "annotations": f"""SELECT 'annotation-' || (n - (n % 7000 = 1)::INT) AS annotation_id, 'item-number-' || n AS item_id,
            {market}, 'ok' AS label, CASE WHEN n % 8000 = 3 THEN 'soon' ELSE strftime(TIMESTAMP '2026-11-01' + to_minutes(n % 30000),
            '%Y-%m-%dT%H:%M:%SZ') END AS annotated_at, 'agent-' || n % 50 AS agent_id FROM n""",
        "audits": """SELECT 'audit-' || n AS audit_id, 'annotation-' || (n * 3) AS annotation_id, 1 AS tier, 'qa' AS auditor_id,
            'spam' AS audit_label, '2026-11-22T08:00:00Z' AS audited_at FROM n WHERE n % 4 = 0""",
        "appeals": """SELECT 'appeal-' || n AS appeal_id, CASE WHEN n % 40 = 0 THEN 'audit' ELSE 'annotation' END AS target,
            CASE WHEN n % 40 = 0 THEN 'audit-' ELSE 'annotation-' END || n AS target_id, 'agent' AS raised_by,
            '2026-11-22T09:00:00Z' AS raised_at, 'pending' AS outcome FROM n WHERE n % 20 = 0""",
    }
    return copied(tables, folder)


@pytest.fixture(scope="module")
def onto(tmp_path_factory):
    """A delivery as long, onto the other: a third of the annotations say something else, a few of them come from another
    week or market and take their audits along, a tenth is new, and nobody tells agents any more; items change, too."""
    folder = write(tmp_path_factory.mktemp("bounded") / "onto", annotations=[annotation(1)])
    market = "CASE WHEN hash(n) % 3 = 0 THEN 'MX' ELSE 'MY' END"
    tables = {
        "items": f"""SELECT 'item-number-' || m AS item_id, {market.replace("(n)", "(m)")} AS market,
            'content of ' || hash(m + (m % 5 = 0)::INT) AS content_ref FROM (SELECT n + 6000 AS m FROM n)""",
        "annotations": f"""SELECT 'annotation-' || m AS annotation_id, 'item-number-' || m AS item_id,
            CASE WHEN m % 600 = 0 THEN 'MX' ELSE {market.replace("(n)", "(m)")} END AS market,
            CASE WHEN m % 3 = 0 THEN 'spam' ELSE 'ok' END AS label,
            strftime(TIMESTAMP '2026-11-01' + to_minutes((m % 60000 + 12000 * (m % 90 = 0)::INT) % 30000), '%Y-%m-%dT%H:%M:%SZ')
            AS annotated_at FROM (SELECT n + 6000 AS m FROM n)""",
        "audits": """SELECT 'audit-' || n AS audit_id, 'annotation-' || (n * 3) AS annotation_id, 1 AS tier, 'qa' AS auditor_id,
            CASE WHEN n % 8 = 0 THEN 'ok' ELSE 'spam' END AS audit_label, '2026-11-22T08:00:00Z' AS audited_at
            FROM n WHERE n % 4 = 0 AND n < 20000""",
    }
    return copied(tables, folder)


def copied(tables, folder):
    """The delivery, with these tables of `ROWS` numbers."""
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE n AS SELECT (range * 7919) % {ROWS} AS n FROM range({ROWS})")
    for table, query in tables.items():
        connection.execute(f"COPY ({query}) TO '{folder}/{table}.csv' (HEADER)")
    return folder


@pytest.fixture
def small(monkeypatch):
    """A thirtieth of the memory, and of everything that is held at once."""
    monkeypatch.setattr(intake, "HELD", 0)
    monkeypatch.setattr(intake, "MEMORY", "32MB")
    monkeypatch.setattr(repeating, "AT_ONCE", ROWS // 3)
    monkeypatch.setattr(referring, "MANY", ROWS // 10)
    monkeypatch.setattr(rules, "JOINED_AT_ONCE", ROWS // 40)
    monkeypatch.setattr(matching, "SHARE", 16)
    monkeypatch.setattr(following, "_AT_ONCE", ROWS // 30)
    for name, rows in {"_BATCH": 1 << 10, "_GROUP": 1 << 12, "_IN_FLIGHT": 1 << 13}.items():
        monkeypatch.setattr(writing, name, rows)


@pytest.fixture(scope="module")
def taken_in(delivery, tmp_path_factory):
    """The outcome and the folder of an ingest that has memory enough."""
    root = tmp_path_factory.mktemp("bounded") / "whole"
    return ingest(delivery, root), root


@pytest.mark.slow
def test_with_little_memory_the_snapshot_is_the_same(delivery, taken_in, small, tmp_path):
    outcome, root = taken_in
    assert set(broken(outcome, "annotations")) == {
        "item_id is not in items",
        "annotated_at is not a time (write 2026-11-09T14:30:00Z)",
        "annotation_id is delivered more than once with different contents",
    }
    assert outcome.table("audits").rejected > 1000 and outcome.table("appeals").rejected > 5
    again = ingest(delivery, tmp_path / "pieces")
    assert replace(again, snapshot=None) == replace(outcome, snapshot=None)
    whole, pieces = files(root), files(tmp_path / "pieces")
    assert whole.keys() == pieces.keys() and len(whole) > 10
    assert all(rows.equals(pieces[path]) for path, rows in whole.items())


@pytest.fixture(scope="module")
def merged(taken_in, onto, tmp_path_factory):
    """The outcome and the folder of the second ingest, with memory enough."""
    root = shutil.copytree(taken_in[1], tmp_path_factory.mktemp("bounded") / "merged")
    return ingest(onto, root), root


@pytest.mark.slow
def test_with_little_memory_a_delivery_as_large_as_its_snapshot_is_merged_the_same(onto, taken_in, merged, small, tmp_path, monkeypatch):
    # joins, of which each holds some MB however few its rows; joined with its snapshot as a whole it took more than 96 MB
    monkeypatch.setattr(intake, "MEMORY", "48MB")
    outcome, root = merged
    told = {table.table: (table.accepted - table.restated, table.restated, table.duplicates) for table in outcome.tables}
    assert told["items"] == (6006, 10794, 43200) and told["annotations"] == (6029, 17987, 35984) and told["audits"] == (8, 2491, 2500)
    shutil.copytree(taken_in[1], tmp_path / "s")
    again = ingest(onto, tmp_path / "s")
    assert replace(again, snapshot=None) == replace(outcome, snapshot=None)
    assert described(tmp_path / "s")["restated"] == described(root)["restated"]
    whole, pieces = rows_below(current(root)), rows_below(current(tmp_path / "s"))
    assert whole.keys() == pieces.keys() and len(whole) > 10
    assert all(rows.equals(pieces[path]) for path, rows in whole.items())
    assert sum(rows["agent_id"].null_count for path, rows in whole.items() if path.parts[0] == "annotations") == 6_029


def test_memory_that_is_too_small_is_said_in_one_sentence_and_nothing_is_kept(delivery, small, tmp_path, monkeypatch):
    ingest(write(tmp_path / "before", annotations=[annotation(1)]), tmp_path / "s")
    there = described(tmp_path / "s")
    monkeypatch.setattr(intake, "MEMORY", "6MB")
    with pytest.raises(DeliveryRefused, match="does not fit into the 6MB that the engine may hold.*nothing was kept") as told:
        ingest(delivery, tmp_path / "s")
    assert len(told.value.problems) == 1
    assert described(tmp_path / "s") == there
    assert {path.name for path in (tmp_path / "s").iterdir()} == {".lock", "CURRENT", there["id"]}
    with pytest.raises(DeliveryRefused, match="nothing was kept"):
        check(delivery, tmp_path / "s")


def test_a_full_engine_while_files_are_written_leaves_no_part_of_a_snapshot(small, tmp_path, monkeypatch):
    def full(*_arguments, **_named):
        raise duckdb.OutOfMemoryException("Out of Memory Error: failed to pin block\nPossible solutions: …")

    monkeypatch.setattr(writing, "_batches", full)
    with pytest.raises(DeliveryRefused, match=r"does not fit .* \(Out of Memory Error: failed to pin block\); deliver it in parts"):
        ingest(write(tmp_path / "d", annotations=[annotation(1)]), tmp_path / "s")
    assert [path.name for path in (tmp_path / "s").iterdir()] == [".lock"]


def test_references_into_a_long_table_are_looked_up_by_their_hashes(tmp_path, monkeypatch):
    items = [{"item_id": f"i{n}", "market": "MY"} for n in range(0, 30, 2)]
    rows = [annotation(n) for n in range(30)] + [annotation(30, item_id=""), annotation(31, item_id="i4", label="what")]
    folder = write(tmp_path / "d", items=items, annotations=rows)
    plain = check(folder, tmp_path / "s")
    for many, at_once in [(0, 100), (0, 4), (14, 1)]:
        monkeypatch.setattr(referring, "MANY", many)
        monkeypatch.setattr(repeating, "AT_ONCE", at_once)
        assert check(folder, tmp_path / "s") == plain
    assert broken(plain, "annotations") == {"item_id is not in items": 15, "item_id is missing": 1, "label is not in labels": 1}
