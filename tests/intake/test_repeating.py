"""Keys that come more than once: all of them are found, whatever memory holds at once, and whatever their hashes are."""

from __future__ import annotations

from collections import Counter

import duckdb
import pytest

from labelqa_lib.intake import repeating

from .deliveries import annotation, broken, check, write


@pytest.mark.parametrize("at_once", [1_000_000, 700, 3])
def test_every_key_that_comes_twice_is_found(at_once, monkeypatch):
    monkeypatch.setattr(repeating, "AT_ONCE", at_once)
    connection = duckdb.connect()
    connection.execute("SELECT setseed(.46)")
    connection.execute(
        "CREATE TABLE t AS SELECT 'a' || (random() * 2000)::INT AS a, nullif((random() * 3)::INT, 0) AS b FROM range(2000)"
    )
    rows = connection.execute("SELECT a, b FROM t").fetchall()
    twice = {key for key, count in Counter(rows).items() if count > 1}
    with repeating.perhaps_repeated("SELECT a, b FROM t", 2000, connection) as suspects:
        found = connection.execute(f"SELECT DISTINCT a, b FROM t WHERE hash(a, b) IN (FROM {suspects})").fetchall()
    assert 50 < len(twice) < 1500 and any(b is None for _, b in twice)
    assert set(found) == twice
    with repeating.perhaps_repeated("SELECT DISTINCT a, b FROM t", 2000, connection) as suspects:
        assert suspects is None
    assert not connection.execute("FROM duckdb_views() WHERE view_name LIKE '%repeated%' AND NOT internal").fetchall()


def test_two_keys_of_one_hash_are_two_keys(tmp_path, monkeypatch):
    # DuckDB's hash finds no such pair by luck: here every key is said to share its hash with another
    monkeypatch.setattr(repeating, "_in_common", lambda hashes: hashes)
    rows = [annotation(1), annotation(2), annotation(2), annotation(3), annotation(3, label="spam")]
    outcome = check(write(tmp_path / "d", annotations=rows), tmp_path / "s")
    told = outcome.table("annotations")
    assert (told.delivered, told.accepted, told.duplicates, told.rejected) == (5, 2, 1, 2)
    assert broken(outcome, "annotations") == {"annotation_id is delivered more than once with different contents": 2}
