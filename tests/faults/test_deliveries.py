"""Bad deliveries: a sentence that says where and what, exit code 3, and the snapshot that was there as it was."""

from __future__ import annotations

import gzip
import os

import pytest
from intake.deliveries import annotation, audit, broken, current, ingest, rows, write

from labelqa_lib.errors import DeliveryRefused

HEADER = "annotation_id,item_id,market,label,annotated_at\n"
LINE = "a1,i1,MY,ok,2026-11-10T08:00:00Z\n"


def tree(root) -> dict:
    """Every file below `root` with its bytes, the lock aside."""
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.fixture
def root(tmp_path):
    """A data root that holds a snapshot already."""
    ingest(write(tmp_path / "before", annotations=[annotation(0)]), tmp_path / "s")
    return tmp_path / "s"


UNREADABLE = {
    "truncated gzip": ("annotations.csv.gz", gzip.compress((HEADER + LINE * 500).encode())[:60], "truncated gzip file"),
    "no gzip": ("annotations.csv.gz", b"plain text", "not a sound gzip file"),
    "truncated Parquet": ("annotations.parquet", b"PAR1 and not much more", "cannot be read"),
    "no workbook": ("annotations.xlsx", b"PK\x03\x04 and not much more", "not a sound Excel workbook"),
    "empty": ("annotations.csv", b"", "is empty"),
    "latin-1": ("annotations.csv", (HEADER + LINE.replace("ok", "é")).encode("latin-1"), "line 2 is not UTF-8 text"),
    "UTF-16": ("annotations.csv", (HEADER + LINE).encode("utf-16"), "encoding: utf-16"),
    "open quote": ("annotations.csv", (HEADER + 'a1,"i1,MY\n' + LINE).encode(), "line 2 opens a quote"),
    "column twice": ("annotations.csv", b"label,label\nok,ok\n", "names the column 'label' twice"),
    "missing column": ("annotations.csv", HEADER.replace("label,", "").encode(), "has no column 'label'"),
    "binary": ("annotations.csv", bytes(range(256)) * 20, "is not UTF-8 text"),
    "truncated JSON": ("annotations.jsonl", b'{"annotation_id": "a1", "item', "has no column"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cannot_be_read_refuses_the_delivery(root, tmp_path, case):
    name, content, sentence = UNREADABLE[case]
    delivery = write(tmp_path / "d")
    (delivery / name).write_bytes(content)
    before = tree(root)
    with pytest.raises(DeliveryRefused) as refused:
        ingest(delivery, root)
    assert refused.value.exit_code == 3
    assert any(sentence in problem for problem in refused.value.problems)
    assert all(problem.startswith(("annotations", str(delivery))) for problem in refused.value.problems)
    assert tree(root) == before


def test_every_problem_is_told_at_once(root, tmp_path):
    delivery = write(tmp_path / "d", audits=[{"audit_id": "u1"}])
    (delivery / "annotations.csv").write_bytes(b"")
    (delivery / "gold.parquet").write_bytes(b"nothing")
    with pytest.raises(DeliveryRefused) as refused:
        ingest(delivery, root)
    assert len([problem for problem in refused.value.problems if problem.startswith("audits")]) == 5
    assert any(problem.startswith("annotations.csv") for problem in refused.value.problems)
    assert any(problem.startswith("gold.parquet") for problem in refused.value.problems)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission(root, tmp_path):
    delivery = write(tmp_path / "d", annotations=[annotation(1)])
    (delivery / "annotations.csv").chmod(0)
    with pytest.raises(DeliveryRefused, match="permission denied"):
        ingest(delivery, root)


def test_a_damaged_page_inside_a_parquet_file(root, tmp_path):
    import duckdb

    delivery = write(tmp_path / "d")
    query = """SELECT 'a' || i AS annotation_id, md5(i::VARCHAR) AS item_id, 'MY' AS market, 'ok' AS label,
               TIMESTAMP '2026-11-10' AS annotated_at FROM range(20000) t(i)"""
    duckdb.execute(f"COPY ({query}) TO '{delivery}/annotations.parquet' (COMPRESSION zstd)").fetchall()
    content = bytearray((delivery / "annotations.parquet").read_bytes())
    content[1000:3000] = b"\xff" * 2000
    (delivery / "annotations.parquet").write_bytes(content)
    before = tree(root)
    with pytest.raises(DeliveryRefused, match="annotations: cannot be read"):
        ingest(delivery, root)
    assert tree(root) == before


def test_a_bom_and_semicolons_are_read(root, tmp_path):
    delivery = write(tmp_path / "d", delimiter=";", encoding="utf-8-sig", annotations=[annotation(1)])
    assert ingest(delivery, root).table("annotations").accepted == 1


@pytest.mark.slow
def test_mixed_date_formats_need_a_map(root, tmp_path):
    mixed = ["1/31/2022 16:01:06", "02/01/2022 21:47", "2022-02-02T00:00:00Z", "31/01/2022 10:00"]
    delivery = write(tmp_path / "d", annotations=[annotation(n, annotated_at=text) for n, text in enumerate(mixed, 1)])
    columns = {name: name for name in annotation(0)}
    source_map = {
        "source": "contract",
        "time_zone": "Asia/Kuala_Lumpur",
        "tables": {
            "annotations": {
                "files": "annotations.csv",
                "columns": columns,
                "date_formats": ["%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M"],
            }
        },
    }
    told = ingest(delivery, root).table("annotations")
    assert (told.accepted, told.rejected) == (1, 3)
    mapped = ingest(delivery, root, source_map)
    assert broken(mapped, "annotations") == {"annotated_at is not a time (write 2026-11-09T14:30:00Z)": 1}
    times = dict(rows(root, "annotations", "annotation_id, annotated_at::VARCHAR"))
    assert times["a1"] == "2022-01-31 08:01:06"
    assert times["a2"] == "2022-02-01 13:47:00"
    assert times["a3"] == "2022-02-02 00:00:00"


@pytest.mark.slow
def test_bad_rows_are_set_aside_and_good_ones_kept(root, tmp_path):
    bad = [
        annotation(2, label="outside"),
        annotation(3, annotated_at="2027-01-01T00:00:00Z"),
        annotation(4, handle_seconds="-5"),
        annotation(5),
        annotation(5, label="spam"),
        annotation(6, market="../../x"),
    ]
    delivery = write(tmp_path / "d", annotations=[annotation(1), *bad], audits=[audit(1), audit(2), audit(99)])
    outcome = ingest(delivery, root)
    assert rows(root, "annotations", "annotation_id") == [("a0",), ("a1",)]
    assert broken(outcome, "annotations") == {
        "label is not in labels": 1,
        "annotated_at lies in the future": 1,
        "handle_seconds is outside [0, 86400]": 1,
        "annotation_id is delivered more than once with different contents": 2,
        "market is not a market code": 1,
    }
    assert broken(outcome, "audits") == {"annotation_id is not in annotations": 2}
    assert rows(root, "rejects/annotations", "count(*)") == [(6,)]
    assert not (root.parent / "x").exists() and {path.name for path in (current(root) / "annotations").iterdir()} == {
        "market=MY"
    }


@pytest.mark.slow
def test_the_command_line_says_so_with_its_exit_codes(tiny, tmp_path):
    delivery = write(tmp_path / "d", annotations=[annotation(1, annotated_at="2020-11-10T08:00:00Z")])
    checked = tiny.labelqa("check", str(delivery), "--data", str(tmp_path / "s"))
    assert (checked.returncode, (tmp_path / "s").exists()) == (0, False)
    assert tiny.labelqa("ingest", str(delivery), "--data", str(tmp_path / "s")).returncode == 0
    (delivery / "annotations.csv").write_bytes(b"")
    refused = tiny.labelqa("ingest", str(delivery), "--data", str(tmp_path / "s"))
    assert refused.returncode == 3 and "annotations.csv: is empty" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert tiny.labelqa("ingest", str(tmp_path / "nowhere"), "--data", str(tmp_path / "s")).returncode == 2
