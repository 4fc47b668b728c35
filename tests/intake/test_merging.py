"""Deliveries on top of each other: duplicates, conflicts, restatements, late rows, and whose files are whose."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa_lib.errors import DataError, DeliveryRefused
from labelqa_lib.intake import comparing
from labelqa_lib.intake.snapshot import only_writer

from .deliveries import NOW, annotation, audit, broken, check, current, described, ingest, rows, write


def test_exact_duplicates_are_dropped_and_counted(tmp_path):
    outcome = ingest(write(tmp_path / "d", annotations=[annotation(1), annotation(2), annotation(1)]), tmp_path / "s")
    told = outcome.table("annotations")
    assert (told.delivered, told.accepted, told.duplicates, told.rejected) == (3, 2, 1, 0)


def test_one_key_with_two_contents_rejects_both(tmp_path):
    delivery = write(tmp_path / "d", annotations=[annotation(1), annotation(2), annotation(1, label="spam")])
    outcome = ingest(delivery, tmp_path / "s")
    assert broken(outcome, "annotations") == {"annotation_id is delivered more than once with different contents": 2}
    assert rows(tmp_path / "s", "annotations", "annotation_id") == [("a2",)]


def test_rows_without_a_key_are_not_each_others_duplicates(tmp_path):
    nameless = [annotation(n, annotation_id="") for n in (1, 1)]
    outcome = ingest(write(tmp_path / "d", annotations=[annotation(1), *nameless]), tmp_path / "s")
    assert outcome.table("annotations").duplicates == 0
    assert broken(outcome, "annotations") == {"annotation_id is missing": 2}


def test_the_key_of_gold_is_item_and_version_also_without_one(tmp_path):
    gold = {"item_id": "i1", "gold_label": "ok", "set_at": "2026-11-01T00:00:00Z"}
    delivery = write(
        tmp_path / "d", annotations=[annotation(1)], gold=[gold, {**gold, "sop_version": "v2", "gold_label": "spam"}]
    )
    assert ingest(delivery, tmp_path / "s").table("gold").accepted == 2
    corrected = write(tmp_path / "e", gold=[{**gold, "gold_label": "spam"}])
    assert ingest(corrected, tmp_path / "s").table("gold").restated == 1
    assert rows(tmp_path / "s", "gold", "sop_version, gold_label") == [("v2", "spam"), (None, "spam")]


@pytest.mark.slow
def test_delivering_again_makes_no_new_snapshot(tmp_path):
    delivery = write(tmp_path / "d", annotations=[annotation(1), annotation(2)], audits=[audit(1)])
    first = ingest(delivery, tmp_path / "s")
    again = ingest(delivery, tmp_path / "s")
    assert again.unchanged and again.snapshot == first.snapshot
    assert again.table("annotations").duplicates == 2 and again.table("annotations").accepted == 0
    assert ingest(delivery, tmp_path / "s", fresh=True).snapshot == first.snapshot


@pytest.mark.slow
def test_rejects_of_a_delivery_without_a_new_row_are_kept(tmp_path):
    ingest(write(tmp_path / "d", annotations=[annotation(1)], audits=[audit(1)]), tmp_path / "s")
    before = described(tmp_path / "s")
    bad = write(tmp_path / "e", annotations=[annotation(1), annotation(2, label="junk")])
    assert not check(bad, tmp_path / "s").unchanged
    outcome = ingest(bad, tmp_path / "s")
    facts = described(tmp_path / "s")
    assert not outcome.unchanged and outcome.table("annotations").accepted == 0
    assert (facts["parent"], facts["partitions"], facts["restated"]) == (before["id"], before["partitions"], {})
    assert any("its rejects are kept" in note for note in facts["notes"])
    assert rows(tmp_path / "s", "rejects/annotations", "key, line") == [("a2", 3)]
    assert check(bad, tmp_path / "s").unchanged
    assert ingest(bad, tmp_path / "s").snapshot == outcome.snapshot == facts["id"]


@pytest.mark.slow
def test_a_late_row_touches_its_own_partition_only(tmp_path):
    two_weeks = [annotation(1), annotation(2, annotated_at="2026-11-03T08:00:00Z")]
    ingest(write(tmp_path / "d", annotations=two_weeks, audits=[audit(1)]), tmp_path / "s")
    parent, old = current(tmp_path / "s"), described(tmp_path / "s")
    late = write(tmp_path / "e", annotations=[annotation(3, annotated_at="2026-11-03T09:00:00Z")])
    outcome = ingest(late, tmp_path / "s")
    facts = described(tmp_path / "s")
    assert (facts["parent"], outcome.table("annotations").accepted) == (old["id"], 1)
    assert facts["partitions"]["MY/2026-W46"] == old["partitions"]["MY/2026-W46"]
    assert facts["partitions"]["MY/2026-W45"] != old["partitions"]["MY/2026-W45"]
    untouched = "annotations/market=MY/week=2026-W46/part-0.parquet"
    assert os.path.samefile(parent / untouched, current(tmp_path / "s") / untouched)
    assert facts["tables"]["annotations"]["rows"] == 3
    assert (parent / "snapshot.json").is_file()


@pytest.mark.slow
def test_a_restated_row_replaces_the_old_one_and_takes_its_audit_along(tmp_path):
    ingest(write(tmp_path / "d", annotations=[annotation(1)], audits=[audit(1)]), tmp_path / "s")
    moved = write(tmp_path / "e", annotations=[annotation(1, annotated_at="2026-11-03T08:00:00Z")])
    outcome = ingest(moved, tmp_path / "s")
    assert (outcome.table("annotations").restated, outcome.table("annotations").accepted) == (1, 1)
    assert rows(tmp_path / "s", "annotations", "annotation_id, week") == [("a1", "2026-W45")]
    assert rows(tmp_path / "s", "audits", "audit_id, week") == [("u1", "2026-W45")]
    assert described(tmp_path / "s")["markets"]["MY"]["weeks"] == ["2026-W45"]


@pytest.mark.slow
def test_fresh_begins_anew_and_keeps_the_earlier_snapshot(tmp_path):
    first = ingest(write(tmp_path / "d", annotations=[annotation(1)]), tmp_path / "s")
    ingest(write(tmp_path / "e", annotations=[annotation(2)]), tmp_path / "s", fresh=True)
    assert rows(tmp_path / "s", "annotations", "annotation_id") == [("a2",)]
    assert described(tmp_path / "s")["parent"] is None
    assert (tmp_path / "s" / first.snapshot / "snapshot.json").is_file()


PERSON = {"role": "agent", "market": "MY", "partner": "x", "site": "KUL", "started_on": "2026-01-01"}


@pytest.mark.parametrize("do", [check, ingest])
def test_a_row_that_breaks_a_rule_with_what_it_would_keep_is_a_reject_and_the_rest_comes_in(tmp_path, do):
    """p1 was hired again, and the delivery does not say when somebody left."""
    first = [PERSON | {"person_id": f"p{n}", "left_on": left, "team": "red"} for n, left in enumerate(["", "2026-06-30", "2026-06-30", ""])]
    ingest(write(tmp_path / "a", annotations=[annotation(1)], people=first), tmp_path / "s")
    people = [
        PERSON | {"person_id": "p0"},
        PERSON | {"person_id": "p1", "started_on": "2026-10-01"},
        PERSON | {"person_id": "p2", "site": "PEN"},
        PERSON | {"person_id": "p3", "started_on": "2026-10-01"},
        PERSON | {"person_id": "p4"},
        PERSON | {"person_id": "p1", "started_on": "2026-10-01"},
    ]
    delivery = write(tmp_path / "b", annotations=[annotation(2)], people=people)
    outcome = do(delivery, tmp_path / "s")
    told = outcome.table("people")
    assert (told.delivered, told.accepted, told.restated, told.duplicates, told.rejected) == (6, 3, 2, 2, 1)
    assert [(rule.rule, rule.examples) for rule in told.rules] == [
        ("left_on lies before started_on (left_on as stored, not delivered)", (("p1", "people.csv", 3),))
    ]
    assert outcome.table("annotations").accepted == 1
    if do is ingest:
        assert rows(tmp_path / "s", "people", "person_id, site, started_on::VARCHAR, left_on::VARCHAR, team") == [
            ("p0", "KUL", "2026-01-01", None, "red"),
            ("p1", "KUL", "2026-01-01", "2026-06-30", "red"),
            ("p2", "PEN", "2026-01-01", "2026-06-30", "red"),
            ("p3", "KUL", "2026-10-01", None, "red"),
            ("p4", "KUL", "2026-01-01", None, None),
        ]
        assert ingest(delivery, tmp_path / "s").unchanged
        with pytest.raises(DeliveryRefused, match="people: 1 of 6 rows break the contract"):
            ingest(delivery, tmp_path / "s", reject_limit=0.1)


@pytest.mark.parametrize(
    ("table", "row", "changed", "kept"),
    [
        ("appeals", {"appeal_id": "x", "target": "annotation", "target_id": "a1", "raised_by": "agent", "raised_at": "2026-11-11T00:00:00Z", "outcome": "upheld"},
         {"raised_at": "2026-11-14T00:00:00Z"}, {"resolved_at": "2026-11-12T00:00:00Z"}),
        ("appeals", {"appeal_id": "x", "target": "audit", "target_id": "u1", "raised_by": "agent", "raised_at": "2026-11-13T00:00:00Z", "outcome": "upheld"},
         {"raised_at": "2026-11-18T00:00:00Z"}, {"resolved_at": "2026-11-16T00:00:00Z"}),
        ("people", {"person_id": "p9", **PERSON}, {"started_on": "2026-10-01"}, {"live_on": "2026-02-01"}),
        ("requests", {"request_id": "r", "market": "MY", "requested_by": "policy", "title": "t", "queue": "q", "items_requested": "1", "items_delivered": "1",
                      "opened_on": "2026-10-01", "due_on": "2026-12-01", "status": "delivered"}, {"opened_on": "2026-11-01"}, {"delivered_on": "2026-10-15"}),
        ("actions", {"action_id": "c", "market": "MY", "finding_code": "f", "action": "a", "owner": "o", "opened_on": "2026-10-01", "due_on": "2026-12-01",
                     "status": "done"}, {"opened_on": "2026-11-01"}, {"closed_on": "2026-10-15"}),
    ],
)  # fmt: skip
def test_every_rule_of_what_may_be_left_out_holds_for_what_is_kept(tmp_path, table, row, changed, kept):
    base = {"annotations": [annotation(1)], "audits": [audit(1)]}
    ingest(write(tmp_path / "a", **base, **{table: [row | kept]}), tmp_path / "s")
    before = rows(tmp_path / "s", table)
    ((later, earlier),) = [(name, other) for name in kept for other in changed]
    outcome = ingest(write(tmp_path / "b", annotations=[annotation(2)], **{table: [row | changed]}), tmp_path / "s")
    assert broken(outcome, table) == {f"{later} lies before {earlier} ({later} as stored, not delivered)": 1}
    assert rows(tmp_path / "s", table) == before and len(rows(tmp_path / "s", "annotations")) == 2


APPEAL = {"appeal_id": "x", "target": "audit", "target_id": "u1", "raised_by": "agent", "raised_at": "2026-11-13T00:00:00Z", "outcome": "pending"}
OWN = "auditor_id audits their own annotation"
LATE = "lies before the annotation"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"agent_id": "q1"}, [f"{OWN}, in a stored audit that names this row"]),
        ({"annotated_at": "2026-11-12T12:00:00Z"}, [f"audited_at {LATE}, in a stored audit that names this row"]),
        ({"annotated_at": "2026-11-18T12:00:00Z", "agent_id": "q1"},
         [f"{OWN}, in a stored audit that names this row", f"audited_at {LATE}, in a stored audit that names this row",
          f"raised_at {LATE}, in a stored appeal that names this row"]),
        ({"annotated_at": "2026-11-12T07:00:00Z", "agent_id": "p7"}, []),
        ({"label": "spam"}, []),
    ],
)  # fmt: skip
def test_an_annotation_is_restated_within_the_rules_that_tie_it_to_what_is_stored(tmp_path, changes, told):
    first = [annotation(1), annotation(2), annotation(3), annotation(4)]
    ingest(write(tmp_path / "a", annotations=first, audits=[audit(1), audit(2), audit(3)], appeals=[APPEAL]), tmp_path / "s")
    before = rows(tmp_path / "s", "annotations")
    delivery = write(tmp_path / "b", annotations=[annotation(1, **changes), annotation(2, label="spam"), annotation(4, agent_id="q1"), annotation(5)])
    outcome = ingest(delivery, tmp_path / "s")
    assert broken(outcome, "annotations") == dict.fromkeys(told, 1)
    assert (outcome.table("annotations").restated, outcome.table("annotations").rejected) == ((2, 1) if told else (3, 0))
    after = rows(tmp_path / "s", "annotations")
    assert len(after) == 5 and (after[0] == before[0]) is bool(told)
    assert ingest(delivery, tmp_path / "s").unchanged


def test_an_annotation_restated_with_its_audit_is_judged_by_the_audit_delivered(tmp_path):
    ingest(write(tmp_path / "a", annotations=[annotation(1), annotation(2)], audits=[audit(1), audit(2)]), tmp_path / "s")
    delivery = write(tmp_path / "b", annotations=[annotation(1, agent_id="q1"), annotation(2, agent_id="q1")], audits=[audit(1, auditor_id="q2")])
    outcome = ingest(delivery, tmp_path / "s")
    assert broken(outcome, "annotations") == {f"{OWN}, in a stored audit that names this row": 1} and broken(outcome, "audits") == {}
    assert rows(tmp_path / "s", "annotations", "annotation_id, agent_id") == [("a1", "q1"), ("a2", "p2")]
    assert rows(tmp_path / "s", "audits", "audit_id, auditor_id") == [("u1", "q2"), ("u2", "q1")]


@pytest.mark.slow
def test_what_follows_from_a_column_that_is_not_delivered_is_kept_with_it(tmp_path):
    appeal = {"appeal_id": "x1", "target": "annotation", "target_id": "a1", "raised_by": "agent", "raised_at": "2026-11-11T08:00:00Z",
              "outcome": "upheld"}  # fmt: skip
    resolved = {**appeal, "resolved_at": "2026-11-17T08:00:00Z"}
    ingest(write(tmp_path / "d", annotations=[annotation(1)], appeals=[resolved]), tmp_path / "s")
    assert ingest(write(tmp_path / "e", appeals=[appeal]), tmp_path / "s").table("appeals").duplicates == 1
    ingest(write(tmp_path / "f", appeals=[{**appeal, "outcome": "overturned"}]), tmp_path / "s")
    assert rows(tmp_path / "s", "appeals", "outcome, resolved_at::DATE::VARCHAR, resolved_week") == [("overturned", "2026-11-17", "2026-W47")]


@pytest.mark.slow
def test_the_demo_never_merges_with_another_source(tmp_path):
    demo = write(tmp_path / "d", annotations=[annotation(1)])
    (demo / "incidents.yaml").write_text("[]\n")
    real = write(tmp_path / "e", annotations=[annotation(2)])
    ingest(demo, tmp_path / "s")
    with pytest.raises(DeliveryRefused, match="--fresh.*--data"):
        ingest(real, tmp_path / "s")
    ingest(real, tmp_path / "s", fresh=True)
    with pytest.raises(DeliveryRefused, match="simulated and real data never share a snapshot"):
        ingest(demo, tmp_path / "s")


def test_a_market_keeps_the_time_zone_that_its_weeks_were_cut_in(tmp_path):
    ingest(write(tmp_path / "d", annotations=[annotation(1)]), tmp_path / "s")
    with pytest.raises(DeliveryRefused, match="market MY: its weeks were cut in time zone Asia/Kuala_Lumpur"):
        ingest(write(tmp_path / "e", annotations=[annotation(2)]), tmp_path / "s", markets={"MY": "Asia/Tokyo"})


def test_beginning_anew_gets_into_a_time_zone_of_the_same_clock(tmp_path):
    """Every row reads as before, and still the snapshot is another: the next delivery is held to what it says."""
    delivery, abidjan = write(tmp_path / "d", annotations=[annotation(1, market="CI")]), {"CI": "Africa/Abidjan"}
    first = ingest(delivery, tmp_path / "s")
    more = write(tmp_path / "e", annotations=[annotation(2, market="CI")])
    with pytest.raises(DeliveryRefused, match="CI: its weeks were cut in time zone UTC.*beginning with --fresh"):
        ingest(more, tmp_path / "s", markets=abidjan)
    with pytest.raises(DataError, match="was made of the same rows in this very second, otherwise; ingest again"):
        ingest(delivery, tmp_path / "s", fresh=True, markets=abidjan)
    assert described(tmp_path / "s")["id"] == first.snapshot and [one.name for one in (tmp_path / "s").glob(".tmp-*")] == []
    anew = ingest(delivery, tmp_path / "s", fresh=True, markets=abidjan, now=NOW + timedelta(seconds=1))
    facts = described(tmp_path / "s")
    assert facts["id"] == anew.snapshot != first.snapshot and facts["markets"]["CI"]["time_zone"] == "Africa/Abidjan"
    assert ingest(more, tmp_path / "s", markets=abidjan).table("annotations").accepted == 1
    assert (tmp_path / "s" / first.snapshot / "snapshot.json").is_file()


def test_beginning_anew_tells_where_the_same_rows_came_from(tmp_path):
    real = write(tmp_path / "d", annotations=[annotation(1)])
    demo = write(tmp_path / "e", annotations=[annotation(1)])
    (demo / "incidents.yaml").write_text("[]\n")
    ingest(demo, tmp_path / "s")
    ingest(real, tmp_path / "s", fresh=True, now=NOW + timedelta(seconds=1))
    assert described(tmp_path / "s")["source"] != "demo"
    ingest(write(tmp_path / "f", annotations=[annotation(2)]), tmp_path / "s")
    assert rows(tmp_path / "s", "annotations", "annotation_id") == [("a1",), ("a2",)]


@pytest.mark.slow
def test_two_ingests_at_once_lose_nothing(tmp_path):
    folders = [write(tmp_path / f"d{n}", annotations=[annotation(n)]) for n in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda folder: ingest(folder, tmp_path / "s"), folders))
    assert rows(tmp_path / "s", "annotations", "annotation_id") == [("a0",), ("a1",), ("a2",)]


def test_waiting_too_long_for_another_ingest_is_a_sentence(tmp_path):
    delivery = write(tmp_path / "d", annotations=[annotation(1)])
    with only_writer(tmp_path / "s", 1), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ingest, delivery, tmp_path / "s", lock_seconds=0.2)
        with pytest.raises(DataError, match="another ingest has been writing here for more than 0.2 s"):
            waiting.result()


def contents(root) -> dict:
    """What a snapshot says, apart from when and in which steps it came to be."""
    facts = described(root)
    return {"markets": facts["markets"], "partitions": facts["partitions"]} | {
        table: (told["rows"], told["sha256"]) for table, told in facts["tables"].items()
    }


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_order_and_slicing_of_rows_do_not_matter(tmp_path_factory, data):
    """Laws: any order of rows, any cut into deliveries in which no key comes twice, gives the same bytes."""
    folder = tmp_path_factory.mktemp("law")
    days = data.draw(st.lists(st.integers(2, 20), min_size=2, max_size=8))
    sound = [annotation(n, annotated_at=f"2026-11-{day:02d}T08:00:00Z") for n, day in enumerate(days)]
    shuffled = data.draw(st.permutations(sound))
    cut = data.draw(st.integers(1, len(sound) - 1))
    ingest(write(folder / "whole", annotations=sound), folder / "one")
    for part, piece in enumerate((shuffled[:cut], shuffled[cut:])):
        ingest(write(folder / f"piece{part}", annotations=piece), folder / "two")
    assert contents(folder / "one") == contents(folder / "two")


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(copies=st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_every_copy_is_counted(tmp_path_factory, copies):
    folder = tmp_path_factory.mktemp("copies")
    delivery = write(folder / "d", annotations=[annotation(n) for n, times in enumerate(copies) for _ in range(times)])
    told = ingest(delivery, folder / "s").table("annotations")
    assert (told.accepted, told.duplicates) == (len(copies), sum(copies) - len(copies))
    assert told.delivered == told.accepted + told.duplicates + told.rejected


@pytest.mark.slow
def test_a_column_that_is_not_delivered_again_keeps_what_is_stored(tmp_path):
    ingest(write(tmp_path / "full", annotations=[annotation(1, handle_seconds=31.0, site="KUL")]), tmp_path / "s")
    same = ingest(write(tmp_path / "bare", annotations=[annotation(1)]), tmp_path / "s")
    assert same.table("annotations").restated == 0
    changed = ingest(write(tmp_path / "changed", annotations=[annotation(1, label="spam")]), tmp_path / "s")
    assert changed.table("annotations").restated == 1
    (kept,) = rows(tmp_path / "s", "annotations", "label, handle_seconds, site")
    assert kept == ("spam", 31.0, "KUL")


def test_marks_are_found_again_in_whichever_block_they_lie():
    """In one piece they were copied, all of them, for every row that a condition left over."""
    last, marked = 3 * comparing._BLOCK - 5, {0, 1, comparing._BLOCK - 1, comparing._BLOCK, 3 * comparing._BLOCK - 5}
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE pairs AS SELECT unnest($1)::BIGINT AS place", [sorted(marked)])
        connection.execute(f"CREATE TABLE marks_t AS SELECT {comparing._bits('place', 'pairs', last)} AS gone")
        assert connection.execute("SELECT max(length(bits)) FROM (SELECT unnest(gone) AS bits FROM marks_t)").fetchall() == [(comparing._BLOCK,)]
        found = connection.execute(f"SELECT place FROM range({last + 1}) r(place) WHERE {comparing._bit('gone', 't', 'place')} = 1").fetchall()
    assert {place for (place,) in found} == marked
