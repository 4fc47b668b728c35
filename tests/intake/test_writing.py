"""Files are written in pieces, whatever the pieces: memory holds a part of a table, the files hold all of it."""

from __future__ import annotations

import duckdb
import pyarrow.parquet as parquet
import pytest

from labelqa_lib.intake import writing
from labelqa_lib.intake.rules import slipped
from labelqa_lib.intake.schema import contract

from .deliveries import LABELS, NOW, annotation, audit, ingest, write


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    """Two markets, three weeks, 60 annotations in no order."""
    days = ("2026-11-03", "2026-11-10", "2026-11-17")
    rows = [
        annotation(n * 7 % 60, market="MX" if n % 3 else "MY", annotated_at=f"{days[n % 2 + n % 5 // 4]}T08:00:00Z")
        for n in range(60)
    ]
    return write(tmp_path_factory.mktemp("pieces") / "d", annotations=rows, audits=[audit(n) for n in range(0, 60, 4)])


def files(root) -> dict:
    """Every file of the one snapshot below a folder, as its table of rows."""
    (folder,) = (path.parent for path in root.glob("*/snapshot.json"))
    return rows_below(folder)


def rows_below(folder) -> dict:
    """Every file of a snapshot, as its table of rows."""
    return {path.relative_to(folder): parquet.ParquetFile(path).read() for path in folder.rglob("*.parquet")}


@pytest.mark.parametrize(("batch", "group"), [(7, 5), (1, 3), (64, 1)])
def test_the_size_of_pieces_changes_no_row(delivery, batch, group, tmp_path, monkeypatch):
    ingest(delivery, tmp_path / "whole")
    monkeypatch.setattr(writing, "_BATCH", batch)
    monkeypatch.setattr(writing, "_GROUP", group)
    ingest(delivery, tmp_path / "pieces")
    whole, pieces = files(tmp_path / "whole"), files(tmp_path / "pieces")
    assert len({path.parts[1:3] for path in whole if path.parts[0] == "annotations"}) > 4
    assert whole.keys() == pieces.keys()
    assert all(rows.equals(pieces[path]) for path, rows in whole.items())


BROKEN = [
    ("", []),
    ("UPDATE delta_labels SET title = NULL", []),
    ("UPDATE delta_labels SET policy_area = NULL WHERE label = 'ok'", ["policy_area is missing (1 rows)"]),
    ("INSERT INTO delta_labels SELECT * FROM delta_labels LIMIT 1", ["label comes more than once (ok)"]),
    ('ALTER TABLE delta_labels ALTER "order" TYPE VARCHAR', ["order is string and not int64"]),
]


@pytest.mark.parametrize(("change", "found"), BROKEN, ids=[change[:40] or "sound" for change, _ in BROKEN])
def test_what_slips_through_the_rules_is_seen(change, found, monkeypatch):
    connection = duckdb.connect()
    rows = ", ".join(
        f"('{row['label']}', '{row['policy_area']}', {row['violating']}, {row['critical']}, {row['order']}, 'T')"
        for row in LABELS
    )
    connection.execute(
        "CREATE TABLE delta_labels (label VARCHAR, policy_area VARCHAR, violating BOOLEAN, critical BOOLEAN, "
        f'"order" BIGINT, title VARCHAR); INSERT INTO delta_labels VALUES {rows}'
    )
    if change:
        connection.execute(change)
    assert slipped("labels", contract(NOW)["labels"], connection) == found
    monkeypatch.setattr("labelqa_lib.intake.repeating.AT_ONCE", 1)
    assert slipped("labels", contract(NOW)["labels"], connection) == found


def test_a_rule_of_two_columns_is_asked_again():
    connection = duckdb.connect()
    columns = ", ".join(
        f"{value}::{kind} AS {name}"
        for name, kind, value in [
            ("market", "VARCHAR", "'../MY'"), ("queue", "VARCHAR", "'q'"), ("hour", "TIMESTAMP", "'2026-11-10 08:00'"),
            ("arrived", "BIGINT", "-1"), ("completed", "BIGINT", "2"), ("completed_within_sla", "BIGINT", "3"),
            ("backlog", "BIGINT", "0"), ("sla_minutes", "DOUBLE", "NULL"), ("week", "VARCHAR", "'2026-W46'"),
        ]
    )  # fmt: skip
    connection.execute(f"CREATE TABLE delta_queue_hours AS SELECT {columns}")
    found = slipped("queue_hours", contract(NOW)["queue_hours"], connection)
    assert [sentence.split(" (")[0] for sentence in found] == [
        "market is not a market code", "arrived is negative", "completed_within_sla is more than completed",
    ]  # fmt: skip


def test_rows_of_a_market_lie_side_by_side_where_a_file_holds_several(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_GROUP", 4)
    items = [{"item_id": f"i{n}", "market": "MX" if n % 3 else "MY", "policy_area": "ads"} for n in range(12)]
    rows = [annotation(n, market=item["market"]) for n, item in enumerate(items)]
    appeals = [{"appeal_id": f"p{n:02}", "target": "annotation", "target_id": f"a{n}", "raised_by": "agent",
                "raised_at": "2026-11-12T08:00:00Z", "outcome": "pending"} for n in range(12)]  # fmt: skip
    ingest(write(tmp_path / "d", annotations=rows, items=items, appeals=appeals), tmp_path / "data")
    (folder,) = (path.parent for path in (tmp_path / "data").glob("*/snapshot.json"))
    for table, key in (("items", "item_id"), ("appeals", "appeal_id")):
        found = parquet.ParquetFile(folder / f"{table}.parquet").read().to_pylist()
        assert [(row["market"], row[key]) for row in found] == sorted((row["market"], row[key]) for row in found)
    groups = parquet.ParquetFile(folder / "items.parquet").metadata
    bounds = [groups.row_group(n).column(1).statistics for n in range(groups.num_row_groups)]
    assert [(one.min, one.max) for one in bounds] == [("MX", "MX"), ("MX", "MX"), ("MY", "MY")], "a reader could not skip the other market"
