"""Every format gives the same text, and every row the line it came from."""

from __future__ import annotations

import csv
import datetime
import gzip
import json
import zipfile

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet_file
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa_lib.errors import UsageError
from labelqa_lib.sources import quoting, read_delivery
from labelqa_lib.sources.delimited import read_delimited
from labelqa_lib.sources.jsonl import read_json_lines
from labelqa_lib.sources.records import SourceFile, store

ROWS = [
    {"annotation_id": "0123", "item_id": "i 1", "label": "ok"},
    {"annotation_id": "a2", "item_id": "ü 漢", "label": None},
]


def csv_text(rows, delimiter=",") -> str:
    lines = [delimiter.join(rows[0])] + [delimiter.join(value or "" for value in row.values()) for row in rows]
    return "\n".join(lines) + "\n"


def read(folder, name, content: bytes) -> tuple[list[dict], tuple[str, ...]]:
    """Rows of `annotations` of a delivery of this one file, and the delivery's problems."""
    folder.mkdir(exist_ok=True)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    with duckdb.connect() as connection:
        delivery = read_delivery(folder, None, connection)
        if "annotations" not in delivery.tables:
            return [], delivery.problems
        relation = connection.sql(f"FROM {delivery.tables['annotations']} ORDER BY _file, _line")
        return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()], delivery.problems


def workbook(path) -> bytes:
    book = openpyxl.Workbook()
    for row in (list(ROWS[0]), *(list(row.values()) for row in ROWS)):
        book.active.append(row)
    book.save(path)
    return path.read_bytes()


def parquet(path) -> bytes:
    values = ", ".join(
        f"({', '.join('NULL' if value is None else quoting.literal(value) for value in row.values())})" for row in ROWS
    )
    query = f"SELECT * FROM (VALUES {values}) t(annotation_id, item_id, label)"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO {quoting.file(path)} (FORMAT parquet)").fetchall()
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("annotations.csv", (2, 3)),
        ("annotations.tsv", (2, 3)),
        ("annotations.csv.gz", (2, 3)),
        ("annotations.jsonl", (1, 2)),
        ("annotations.jsonl.gz", (1, 2)),
        ("annotations.xlsx", (2, 3)),
        ("annotations.parquet", (1, 2)),
        ("annotations/part [1].csv", (2, 3)),
    ],
)
def test_every_format_says_the_same(tmp_path, name, lines):
    content = {
        "csv": csv_text(ROWS).encode(),
        "tsv": csv_text(ROWS, "\t").encode(),
        "jsonl": "".join(json.dumps(row) + "\n" for row in ROWS).encode(),
        "xlsx": workbook(tmp_path / "book.xlsx"),
        "parquet": parquet(tmp_path / "rows.parquet"),
    }[name.removesuffix(".gz").split(".")[-1]]
    found, problems = read(tmp_path / "d", name, gzip.compress(content) if name.endswith(".gz") else content)
    assert problems == ()
    own = [{"_file": name, "_line": line, "_problem": None} for line in lines]
    assert found == [row | marks for row, marks in zip(ROWS, own, strict=True)]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + csv_text(ROWS).encode(),
        csv_text(ROWS, ";").encode(),
        b"\xef\xbb\xbf" + csv_text(ROWS, ";").encode(),
        csv_text(ROWS, "|").encode(),
        csv_text(ROWS).replace("\n", "\r\n").encode(),
        csv_text(ROWS).replace("\n", "\r").encode(),
        csv_text(ROWS).rstrip("\n").encode(),
        csv_text(ROWS).replace("label", '"label"').replace("0123", '"0123"').encode(),
    ],
    ids=["BOM", "semicolons", "BOM and semicolons", "pipes", "CRLF", "CR", "no last line end", "quotes"],
)
def test_dialects_of_csv(tmp_path, content):
    found, problems = read(tmp_path / "d", "annotations.csv", content)
    assert problems == ()
    assert [{name: row[name] for name in ROWS[0]} for row in found] == ROWS
    assert [row["_line"] for row in found] == [2, 3]


def test_lines_are_those_of_the_file(tmp_path):
    text = 'annotation_id,item_id,label\na1,i1,ok\n\na2,"two\nlines",ok\na3,i3\na4,i4,ok,more\na5,"i"5,ok\na6,i6,ok\n'
    found, problems = read(tmp_path / "d", "annotations.csv", text.encode())
    assert problems == ()
    assert [(row["annotation_id"], row["_line"], row["_problem"]) for row in found] == [
        ("a1", 2, None),
        ("a2", 4, None),
        ("a3", 6, "malformed line (2 fields where the header has 3)"),
        ("a4", 7, "malformed line (4 fields where the header has 3)"),
        (None, 8, "malformed line (',' expected after '\"')"),
        ("a6", 9, None),
    ]


def test_long_texts_lose_no_row(tmp_path):
    """A comment of 200 lines of 1,000 letters, and one of a single line, which the line breaks elsewhere send to the slow reader."""
    lines, letters = "\n".join(['He said ""no"". ' + "x" * 1000] * 200), "y" * 200_000
    text = f'annotation_id,comment\na1,ok\na2,"{lines}"\na3,ok\na4,{letters}\na5,ok\n'
    found, problems = read(tmp_path / "d", "annotations.csv", text.encode())
    assert problems == ()
    assert [(row["annotation_id"], row["_line"], row["_problem"]) for row in found] == [
        ("a1", 2, None), ("a2", 3, None), ("a3", 203, None), ("a4", 204, None), ("a5", 205, None)
    ]  # fmt: skip
    assert (found[1]["comment"], found[3]["comment"]) == (lines.replace('""', '"'), letters)


def test_a_quote_that_nobody_closes_brings_no_whole_file_into_memory(tmp_path):
    limit = csv.field_size_limit(1000)
    try:
        text = 'annotation_id,comment\na1,ok\n\na2,"open\n' + "a3,ok\n" * 300
        assert read(tmp_path / "d", "annotations.csv", text.encode()) == (
            [],
            ("annotations.csv: line 4 opens a quote that is not closed within 1,000 characters, or holds a text as long",),
        )
    finally:
        csv.field_size_limit(limit)


def test_json_lines_that_are_none(tmp_path):
    text = '{"annotation_id": 0.10, "blind": true, "languages": ["en"]}\n\n{bad\n[1]\n'
    found, _ = read(tmp_path / "d", "annotations.jsonl", text.encode())
    assert (found[0]["annotation_id"], found[0]["blind"], found[0]["languages"]) == ("0.10", "true", '["en"]')
    assert [row["_line"] for row in found] == [1, 3, 4]
    assert "not JSON" in found[1]["_problem"] and "not a JSON object" in found[2]["_problem"]


def test_half_a_character_makes_a_line_of_json_malformed_and_is_shown(tmp_path):
    lines = [{"annotation_id": "a1"}, {"annotation_id": "a2", "tags": ["x\ud83d"]}, {"annotation_id": "a3", "half \ud83d": "x"}, {"label": "ok"}]
    found, problems = read(tmp_path / "d", "annotations.jsonl", "\n".join(map(json.dumps, lines)).encode())
    assert problems == ()
    assert [row["_problem"] for row in found] == [
        None,
        "malformed line (half a character in tags, as where a text was cut off)",
        "malformed line (half a character in half \\ud83d, as where a text was cut off)",
        None,
    ]
    assert found[1] | {"_problem": None} == {
        "annotation_id": "a2", "tags": '["x\\ud83d"]', "half \\ud83d": None, "label": None, "_file": "annotations.jsonl", "_line": 2, "_problem": None
    }  # fmt: skip


@pytest.mark.parametrize("text", ["[" * 100_000, '{"annotation_id": ' + "[" * 100_000, '{"a": ' * 100_000])
def test_json_that_is_nested_without_end_is_a_malformed_line(tmp_path, text):
    found, problems = read(tmp_path / "d", "annotations.jsonl", f'{text}\n{{"annotation_id": "a2"}}\n'.encode())
    assert problems == ()
    assert [(row["annotation_id"], row["_problem"]) for row in found] == [
        (None, "malformed line (its values are nested too deeply)"), ("a2", None)
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["annotations.csv", "slow/annotations.csv", "annotations.jsonl", "annotations.xlsx", "annotations.parquet"])
def test_delivered_columns_called_like_ours_take_nothing_from_ours(tmp_path, name):
    """Fivetran adds `_file` and `_line` to every table; the engine tells _LINE from _line no better than we do."""
    rows = [{"annotation_id": "a1", "_file": "s3.csv", "_LINE": "7", "_problem": "none"}, {"annotation_id": "a2", "_file": "", "_LINE": "", "_problem": ""}]
    book = openpyxl.Workbook()
    for row in (list(rows[0]), *(list(row.values()) for row in rows)):
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    parquet_file.write_table(pa.Table.from_pylist([{key: text or None for key, text in row.items()} for row in rows]), tmp_path / "rows.parquet")
    content = {
        "csv": csv_text(rows).encode() + (b"\n" if "slow" in name else b""),
        "jsonl": "\n".join(map(json.dumps, rows)).encode(),
        "xlsx": (tmp_path / "book.xlsx").read_bytes(),
        "parquet": (tmp_path / "rows.parquet").read_bytes(),
    }[name.split(".")[-1]]
    file, first = name.split("/")[-1], 1 if name.endswith((".jsonl", ".parquet")) else 2
    found, problems = read(tmp_path / "d", file, content)
    assert problems == ()
    assert [(row["annotation_id"], row["_file"], row["_line"], row["_problem"]) for row in found if row["annotation_id"]] == [
        ("a1", file, first, None), ("a2", file, first + 1, None)
    ]  # fmt: skip
    assert (found[0]["_file_"], found[0]["_LINE_"], found[0]["_problem_"]) == ("s3.csv", "7", "none")


@pytest.mark.parametrize("one", [True, False], ids=["the workbook alone", "a folder"])
def test_a_workbook_with_a_cut_sheet_is_unreadable(tmp_path, one):
    workbook(tmp_path / "sound.xlsx")
    path = tmp_path / "d" / "annotations.xlsx"
    path.parent.mkdir()
    with zipfile.ZipFile(tmp_path / "sound.xlsx") as sound, zipfile.ZipFile(path, "w") as cut:
        for part in sound.namelist():
            content = sound.read(part)
            cut.writestr(part, content[: len(content) // 2] if part.endswith("sheet1.xml") else content)
    with duckdb.connect() as connection:
        problems = read_delivery(path if one else path.parent, None, connection).problems
    assert len(problems) == 1 and problems[0].startswith("annotations.xlsx: is not a sound Excel workbook (")


def test_a_workbook_alone_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    def forbidden(_source):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("labelqa_lib.sources.excel.open_bytes", forbidden)
    workbook(tmp_path / "week.xlsx")
    with duckdb.connect() as connection:
        assert read_delivery(tmp_path / "week.xlsx", None, connection).problems == ("week.xlsx: may not be read (permission denied)",)


def test_a_nul_character_makes_a_line_malformed(tmp_path):
    found, _ = read(tmp_path / "d", "annotations.csv", b"annotation_id,label\na1,o\0k\na2,ok\n")
    assert [row["_problem"] for row in found] == ["malformed line (it holds a NUL character)", None]


def test_cells_of_a_workbook_become_text(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["annotation_id", "at", "day", "blind", "share", "formula"])
    moment, day = datetime.datetime(2026, 11, 9, 14, 30, 5), datetime.date(2026, 11, 9)
    book.active.append([17, moment, day, True, 0.25, "=1+1"])
    book.active.append([])
    book.active.append(["a3"])
    book.save(tmp_path / "book.xlsx")
    found, _ = read(tmp_path / "d", "annotations.xlsx", (tmp_path / "book.xlsx").read_bytes())
    cells = {name: found[0][name] for name in ("annotation_id", "at", "day", "blind", "share")}
    assert cells == {
        "annotation_id": "17", "at": "2026-11-09T14:30:05", "day": "2026-11-09", "blind": "true", "share": "0.25"
    }  # fmt: skip
    assert [row["_line"] for row in found] == [2, 4]


def test_one_workbook_with_a_sheet_per_table(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "labels"
    book.active.append(["label"])
    book.active.append(["ok"])
    book.create_sheet("annotations").append(["annotation_id"])
    book.create_sheet("pivot")
    book.save(tmp_path / "week.xlsx")
    with duckdb.connect() as connection:
        delivery = read_delivery(tmp_path / "week.xlsx", None, connection)
        assert set(delivery.tables) == {"labels", "annotations"} and delivery.problems == ()
        assert connection.sql(f"SELECT label, _file FROM {delivery.tables['labels']}").fetchall() == [
            ("ok", "week.xlsx[labels]")
        ]
        assert delivery.notes == ("week.xlsx: sheets that are no table were not read: pivot",)


@pytest.mark.parametrize(
    ("sheets", "tables", "notes"),
    [
        (("labels", "annotations"), {"labels": "labels", "annotations": "annotations"}, ()),
        (("annotations",), {"annotations": "annotations"}, ()),
        (("labels", "people"), {"labels": "labels", "people": "people"}, ()),
        (("W46", "labels"), {"annotations": "W46", "labels": "labels"}, ()),
        (("read me", "annotations"), {"annotations": "annotations"}, ("annotations.xlsx: sheets that are no table were not read: read me",)),
    ],
)
def test_a_workbook_called_after_a_table_keeps_its_sheets_apart(tmp_path, sheets, tables, notes):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for sheet in sheets:
        book.create_sheet(sheet).append([f"column of {sheet}"])
    book.save(tmp_path / "annotations.xlsx")
    with duckdb.connect() as connection:
        delivery = read_delivery(tmp_path / "annotations.xlsx", None, connection)
        assert (delivery.problems, delivery.notes) == ((), notes)
        columns = {table: connection.sql(f"FROM {view}").columns[0] for table, view in delivery.tables.items()}
        assert columns == {table: f"column of {sheet}" for table, sheet in tables.items()}


def test_files_of_one_table_are_read_together(tmp_path):
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "one.csv").write_text("annotation_id,site\na1,KUL\n")
    (tmp_path / "annotations" / "two.csv").write_text("annotation_id,label\na2,ok\n")
    with duckdb.connect() as connection:
        delivery = read_delivery(tmp_path, None, connection)
        rows = connection.sql(f"SELECT annotation_id, site, label, _file FROM {delivery.tables['annotations']}")
        assert sorted(rows.fetchall(), key=str) == [
            ("a1", "KUL", None, "annotations/one.csv"),
            ("a2", None, "ok", "annotations/two.csv"),
        ]


def test_files_that_nobody_read_are_told_with_what_was_meant(tmp_path):
    (tmp_path / "labels.csv").write_text("label\nok\n")
    (tmp_path / "appeal").mkdir()
    for name in ("Annotations_W46.csv", "orders.tsv", "audits.zip", "appeal/1.csv", "letter.pdf", ".hidden.csv"):
        (tmp_path / name).write_text("annotation_id\na1\n")
    with duckdb.connect() as connection:
        delivery = read_delivery(tmp_path, None, connection)
    assert set(delivery.tables) == {"labels"} and delivery.problems == ()
    assert delivery.notes == (
        "Annotations_W46.csv: is no table of the delivery and was not read; did you mean annotations?",
        "appeal/1.csv: is no table of the delivery and was not read; did you mean appeals?",
        "audits.zip: was not read; its ending tells no format (csv, tsv, jsonl, xlsx, parquet)",
        "orders.tsv: is no table of the delivery and was not read; rename it if it holds one",
    )


def test_a_folder_of_other_things_is_not_told_file_by_file(tmp_path):
    for number in range(30):
        (tmp_path / f"x{number}.csv").write_text("a\n1\n")
    with duckdb.connect() as connection:
        notes = read_delivery(tmp_path, None, connection).notes
    assert len(notes) == 21 and notes[-1] == "… and 10 more files that belong to no table"


def test_what_lies_beside_the_demos_tables_is_exempt_there_only(tmp_path):
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "truth.csv").write_text("annotation_id\na1\n")
    with duckdb.connect() as connection:
        assert len(read_delivery(tmp_path, None, connection).notes) == 1
        (tmp_path / "incidents.yaml").write_text("[]\n")
        assert read_delivery(tmp_path, None, connection).notes == ()


def test_nothing_at_the_path_is_a_sentence(tmp_path):
    with duckdb.connect() as connection, pytest.raises(UsageError, match="no such file or folder"):
        read_delivery(tmp_path / "nowhere", None, connection)


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=("Cs",)), max_size=6)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=6))
def test_quick_and_careful_reading_agree(tmp_path_factory, rows):
    """Law: what DuckDB reads of a file is what Python's csv reads of it, to the line."""
    path = tmp_path_factory.mktemp("law") / "annotations.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows([("one", "two"), *rows])
    with duckdb.connect() as connection:
        read_delimited(SourceFile(path, "f", "csv", ","), "quick", connection)
        found = connection.sql("SELECT one, two, _line FROM quick ORDER BY _line").fetchall()
    expected, line = [], 2
    for one, two in rows:
        expected.append((one or None, two or None, line))
        line += 1 + one.count("\n") + two.count("\n")
    assert found == expected


def test_a_batch_of_careful_rows_keeps_its_columns(tmp_path):
    with duckdb.connect() as connection:
        store(SourceFile(tmp_path, "f", "csv"), ["one"], iter(()), "nothing", connection)
        assert connection.sql("FROM nothing").columns == ["one", "_file", "_line", "_problem"]


def test_a_careful_readers_rows_are_handed_over_in_batches_of_any_columns(tmp_path, monkeypatch):
    monkeypatch.setattr("labelqa_lib.sources.records._BATCH", 2)
    (tmp_path / "rows.jsonl").write_text('{"a": 1}\n{"a": 2}\n{"b": "x"}\nno\n{"b": "y", "c d": true, "a": 3}\n{"B": "z", "b": "w"}\n')
    connection = duckdb.connect()
    read_json_lines(SourceFile(tmp_path / "rows.jsonl", "rows.jsonl", "jsonl"), "t", connection)
    assert connection.execute('SELECT a, b, "c d", _line, _problem IS NULL FROM t ORDER BY _line').fetchall() == [
        ("1", None, None, 1, True), ("2", None, None, 2, True), (None, "x", None, 3, True), (None, None, None, 4, False),
        ("3", "y", "true", 5, True), (None, "w", None, 6, True),
    ]  # fmt: skip


@pytest.mark.parametrize(("threads", "groups", "parts"), [(1, 1, 1), (2, 1, 2), (8, 1, 4), (3, 2, 3), (2, 2, 1)])
def test_threads_share_a_parquet_file_of_one_group(tmp_path, monkeypatch, threads, groups, parts):
    monkeypatch.setattr("labelqa_lib.sources.files._PART", 50)
    count = 241
    with duckdb.connect(config={"threads": threads}) as connection:
        rows = pa.table({"annotation_id": [f"a{n}" for n in range(count)]})
        parquet_file.write_table(rows, tmp_path / "annotations.parquet", row_group_size=-(-count // groups))
        view = read_delivery(tmp_path, None, connection).tables["annotations"]
        scans = connection.execute(f"EXPLAIN FROM {view}").fetchall()[0][1].count("READ_PARQUET")
        found = connection.execute(f"SELECT annotation_id, _line FROM {view} ORDER BY _line").fetchall()
    assert scans == parts
    assert found == [(f"a{n}", n + 1) for n in range(count)]
