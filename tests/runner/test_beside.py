"""The files beside a page: inert whatever a delivery says, and the same bytes every time."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl

from labelqa_lib.runner.beside import COLUMNS, spreadsheet, statement
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.translation import say, speaking

PAGE = PlannedPage(Path("notebooks/market_report.ipynb"), Path("."), Path("reports"), "MY", "2026-W46", "nord", "s1")
HOSTILE = ["=HYPERLINK(\"http://x\")", "+1", "-1", "@x", "\t=1", " =2", "http://example.org", "<b>", "12", "\u202ertl", "名"]
FRAMES = [
    {"id": "sites", "title": "Accuracy by site", "columns": ["site", "estimate", "n", "flag", "segment"], "values": [
        [*HOSTILE, "none"], [0.25] * len(HOSTILE) + [None], [40] * len(HOSTILE) + [0], [True] * len(HOSTILE) + [False],
        [{"site": "KUL", "label": "spam"}] * len(HOSTILE) + [{}],
    ]},
    {"id": "a" * 40, "title": "long", "columns": ["x"], "values": [[1]]},
    {"id": "A" * 40, "title": "long, too", "columns": ["x"], "values": [[[1, 2]]]},
]  # fmt: skip


def test_every_frame_is_a_sheet_and_numbers_are_numbers():
    book = openpyxl.load_workbook(io.BytesIO(spreadsheet(FRAMES, PAGE, "Market report")))
    assert book.sheetnames == ["about", "sites", "a" * 31, "A" * 28 + "-2"]
    rows = list(book["sites"].iter_rows(values_only=True))
    assert rows[0] == ("site", "estimate", "n", "flag", "segment")
    assert rows[1][1:] == (0.25, 40, True, "site=KUL, label=spam")
    assert rows[-1] == ("none", None, 0, False, None)
    about = dict(book["about"].iter_rows(min_row=2, values_only=True))
    assert (about["audience"], about["snapshot"], about["sites"]) == ("nord", "s1", "Accuracy by site")
    assert book["A" * 28 + "-2"]["A2"].value == "1, 2"
    with speaking("es"):
        about = openpyxl.load_workbook(io.BytesIO(spreadsheet(FRAMES, replace(PAGE, audience="internal"), "Market report")))["about"]
        assert dict(about.iter_rows(min_row=2, values_only=True))[say("audience")] == say("internal") == "interno"


def test_a_frame_with_more_rows_than_were_carried_says_so_in_its_sheet_and_on_the_first():
    cut = {**FRAMES[1], "total": 12_000}
    book = openpyxl.load_workbook(io.BytesIO(spreadsheet([cut], PAGE, "Market report")))
    said = "the first 1 of 12,000 rows; the others are not in this file"
    assert [row[0] for row in book["a" * 31].iter_rows(values_only=True)] == ["x", 1, said]
    assert dict(book["about"].iter_rows(min_row=2, values_only=True))["a" * 31] == f"long ({said})"


def test_no_text_is_a_formula_or_a_link_or_becomes_one_when_edited():
    packed = spreadsheet(FRAMES, PAGE, "Market report")
    book = openpyxl.load_workbook(io.BytesIO(packed))
    cells = [row[0] for row in book["sites"].iter_rows(min_row=2, max_row=1 + len(HOSTILE))]
    assert [cell.value for cell in cells] == HOSTILE
    assert {cell.data_type for cell in cells} == {"s"} and not [cell for cell in cells if cell.hyperlink]
    assert [bool(cell.quotePrefix) for cell in cells] == [True] * 6 + [False] * 5
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert not [name for name in archive.namelist() if b"<f>" in archive.read(name) or b"hyperlink" in archive.read(name)]


def test_equal_frames_give_equal_bytes_with_no_time_of_making():
    one, other = (spreadsheet(FRAMES, PAGE, "Market report") for _ in range(2))
    assert one == other
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2026-11-09T00:00:00Z" in archive.read("docProps/core.xml")


def test_the_statement_is_rfc_4180():
    rows = [
        dict.fromkeys(COLUMNS, None) | {"metric": "accuracy", "market": "MY", "official_language": 'ms, "Latn"', "numerator": 9.5,
                                        "denominator": 10, "estimate": 0.95, "period": "2026-W46", "more": "x"},
        dict.fromkeys(COLUMNS, None) | {"metric": "fpr"},
    ]  # fmt: skip
    content = statement(rows)
    lines = content.decode("utf-8").split("\r\n")
    assert lines[0] == ",".join(COLUMNS) and lines[-1] == "" and "\n" not in lines[1]
    assert lines[1] == 'accuracy,MY,"ms, ""Latn""",9.5,10,0.95,,,2026-W46'
    assert list(csv.DictReader(io.StringIO(content.decode(), newline="")))[0]["official_language"] == 'ms, "Latn"'
