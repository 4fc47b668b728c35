"""The language of source maps."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from labelqa_lib.errors import ParamsError
from labelqa_lib.params import load_yaml
from labelqa_lib.sources import TABLES, read_delivery
from labelqa_lib.sources.mapping import matching, parse_map

MAPS = sorted((Path(__file__).parents[2] / "params" / "sources").glob("*.yaml"))


def mapped(folder, tables: dict, query: str, **more):
    """What `query` gives on the delivery in `folder`, seen through a map; and the delivery."""
    with duckdb.connect() as connection:
        delivery = read_delivery(folder, {"source": "partner", "tables": tables, **more}, connection)
        found = connection.sql(query).fetchall() if delivery.tables else []
    return found, delivery


def test_columns_values_constants_and_made_keys(tmp_path):
    (tmp_path / "export.csv").write_text("task;verdict\nt1;1\nt2;9\n")
    tables = {
        "annotations": {
            "files": "export.csv",
            "columns": {"annotation_id": "#line", "item_id": "task", "label": "verdict"},
            "values": {"label": {1: "spam", "0": "ok"}},
            "constants": {"market": "MY", "blind": True},
        }
    }
    found, delivery = mapped(
        tmp_path, tables, "SELECT annotation_id, item_id, label, market, blind FROM delivery_annotations ORDER BY 1"
    )
    assert delivery.source == "partner" and delivery.problems == ()
    assert found == [("export.csv:2", "t1", "spam", "MY", "true"), ("export.csv:3", "t2", "9", "MY", "true")]


def test_braces_in_a_file_name_become_a_column(tmp_path):
    for language in ("dutch", "german"):
        (tmp_path / f"labels_{language}.csv").write_text("item\ni1\n")
    tables = {
        "annotations": {
            "files": "labels_{language}.csv",
            "columns": {"item_id": "item", "market": "language"},
            "values": {"market": {"dutch": "NL"}},
        }
    }
    found, _ = mapped(tmp_path, tables, "SELECT market, _file FROM delivery_annotations ORDER BY _file")
    assert found == [("NL", "labels_dutch.csv"), ("german", "labels_german.csv")]


def test_files_that_a_map_takes_for_no_table_are_told_unless_it_ignores_them(tmp_path):
    for name in ("export.csv", "exports.csv", "costs.csv"):
        (tmp_path / name).write_text("task\nt1\n")
    tables = {"annotations": {"files": "export.csv", "columns": {"item_id": "task"}}}
    _, delivery = mapped(tmp_path, tables, "FROM delivery_annotations", ignore=["cost*.csv"])
    assert delivery.notes == ("exports.csv: is no table of the delivery and was not read; did you mean export.csv?",)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("labels.csv", ["labels.csv"]),
        ("*.csv", ["labels.csv", "labels_a.csv"]),
        ("labels_{x}.csv", ["labels_a.csv"]),
        ("*/labels.csv", ["week/labels.csv"]),
        ("{x}.csv", ["labels.csv", "labels_a.csv"]),
        ("label[s].csv", []),
    ],
)
def test_patterns(pattern, names):
    assert names == [name for name, _ in matching(pattern, ["labels.csv", "labels_a.csv", "week/labels.csv"])]


def test_distinct_keeps_one_of_equal_rows(tmp_path):
    (tmp_path / "wide.csv").write_text("item,gold,agent\ni1,ok,a\ni1,ok,b\ni1,spam,c\n")
    tables = {"gold": {"files": "wide.csv", "columns": {"item_id": "item", "gold_label": "gold"}, "distinct": True}}
    found, _ = mapped(tmp_path, tables, "SELECT item_id, gold_label, _line FROM delivery_gold ORDER BY _line")
    assert found == [("i1", "ok", 2), ("i1", "spam", 4)]


def test_rows_written_in_the_map(tmp_path):
    tables = {"labels": {"rows": [{"label": "ok", "violating": False, "order": 0}, {"label": "it's", "title": "x"}]}}
    query = 'SELECT label, violating, "order", title, _line FROM delivery_labels ORDER BY _line'
    found, _ = mapped(tmp_path, tables, query)
    assert found == [("ok", "false", "0", None, 1), ("it's", None, None, "x", 2)]


def test_read_options(tmp_path):
    (tmp_path / "export.dat").write_bytes("item~word\ni1~é\n".encode("latin-1"))
    tables = {
        "annotations": {
            "files": "export.dat",
            "format": "csv",
            "read": {"delimiter": "~", "encoding": "latin-1"},
            "columns": {"item_id": "item", "label": "word"},
        }
    }
    found, _ = mapped(tmp_path, tables, "SELECT item_id, label, _line FROM delivery_annotations")
    assert found == [("i1", "é", 2)]


def test_text_without_the_mark_that_its_encoding_needs_is_told(tmp_path):
    (tmp_path / "export.csv").write_bytes("item\ni1\n".encode("utf-16-le"))
    _, delivery = mapped(tmp_path, {"gold": {"files": "export.csv", "read": {"encoding": "utf-16"}, "columns": {"item_id": "item"}}}, "")
    assert delivery.problems == ("export.csv: cannot be read (UTF-16 stream does not start with BOM); deliver it again",)


def test_a_delivered_column_called_like_ours_is_the_delivered_one(tmp_path):
    (tmp_path / "export_MY.csv").write_text("_file,_line,_line_\ns3.csv,7,x\n")
    columns = {"item_id": "_line", "label": "_file", "queue": "_line_", "annotation_id": "#line", "market": "_problem"}
    tables = {"annotations": {"files": "export_{_problem}.csv", "columns": columns, "values": {"label": {"s3.csv": "ok"}}}}
    query = "SELECT item_id, label, queue, annotation_id, market, _file, _line, _problem FROM delivery_annotations"
    found, delivery = mapped(tmp_path, tables, query)
    assert delivery.problems == () and found == [("7", "ok", "x", "export_MY.csv:2", "MY", "export_MY.csv", 2, None)]
    _, delivery = mapped(tmp_path, {"annotations": {"files": "export_*.csv", "columns": {"item_id": "_problem"}}}, "")
    assert delivery.problems == ("export_MY.csv: has no column '_problem' for annotations.item_id; it has _file, _line, _line_",)


def test_a_missing_foreign_column_names_file_column_and_what_is_there(tmp_path):
    (tmp_path / "export.csv").write_text("task,verdict\nt1,1\n")
    tables = {"annotations": {"files": "export.csv", "columns": {"item_id": "unit", "label": "verdict"}}}
    _, delivery = mapped(tmp_path, tables, "")
    assert delivery.problems == ("export.csv: has no column 'unit' for annotations.item_id; it has task, verdict",)


def test_files_that_are_not_there_are_told(tmp_path):
    tables = {"gold": {"files": "gold_*.csv", "columns": {"item_id": "item"}}}
    _, delivery = mapped(tmp_path, tables, "")
    assert delivery.notes == ("gold: no file of the delivery is called gold_*.csv",) and delivery.problems == ()


def test_an_unknown_ending_is_told(tmp_path):
    (tmp_path / "export.dat").write_text("item\ni1\n")
    _, delivery = mapped(tmp_path, {"gold": {"files": "export.dat", "columns": {"item_id": "item"}}}, "")
    assert "say `format: csv`" in delivery.problems[0]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"tables": {}}, "source: Field required"),
        ({"source": "../x", "tables": {}}, "source: String should match"),
        ({"source": "x", "time_zone": "Mars", "tables": {}}, "time zone 'Mars' is not known"),
        ({"source": "x", "tables": {"labels": {}}}, "either `files` or `rows`"),
        ({"source": "x", "tables": {"lables": {"rows": [{}]}}}, "'lables' is not a table of the data contract"),
        ({"source": "x", "tables": {"labels": {"files": "a.csv", "colums": {}}}}, "tables.labels.colums"),
        ({"source": "x", "tables": {"labels": {"files": "a.csv", "read": {"encoding": "klingon"}}}}, "'klingon'"),
        ({"source": "x", "tables": {"gold": {"files": "{a}_{a}", "columns": {"a": "b"}}}}, "more than once"),
        ({"source": "x", "tables": {"gold": {"files": "gold.csv"}}}, "says in `columns` what they hold"),
        (
            {"source": "x", "tables": {"gold": {"files": "a", "columns": {"a": "b"}, "constants": {"a": "c"}}}},
            "column 'a' stands in both",
        ),
        (
            {"source": "x", "tables": {"gold": {"files": "a", "columns": {"b": "c"}, "values": {"a": {"b": "c"}}}}},
            "`values` names 'a'",
        ),
    ],
)
def test_a_map_that_does_not_say_what_it_must(content, sentence):
    with pytest.raises(ParamsError, match=sentence.replace("|", r"\|")) as error:
        parse_map(content, TABLES)
    assert all(problem.startswith("source map ") for problem in error.value.problems)


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
def test_the_maps_we_ship_are_sound(path):
    assert parse_map(load_yaml(path), TABLES).source == path.stem
