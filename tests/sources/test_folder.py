"""Which files a delivery's folder holds."""

from __future__ import annotations

import os

import duckdb

from labelqa_lib import intake
from labelqa_lib.sources import read_delivery
from labelqa_lib.sources.folder import listed


def put(path, text: str = "annotation_id\na1\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_whatever_lies_below_a_hidden_folder_is_hidden(tmp_path):
    folder = tmp_path / ".kept" / "week"  # where the delivery itself lies is no part of it
    for name in ("annotations/w.csv", "annotations/.ipynb_checkpoints/w-checkpoint.csv", ".git/annotations.csv", "annotations/.w.csv", "labels.csv"):
        put(folder / name)
    assert listed(folder) == (["annotations/w.csv", "labels.csv"], {})
    with duckdb.connect() as connection:
        delivery = read_delivery(folder, None, connection)
        assert connection.sql(f"SELECT _file FROM {delivery.tables['annotations']}").fetchall() == [("annotations/w.csv",)]


def test_linked_folders_are_looked_into_and_loops_are_not(tmp_path):
    folder = tmp_path / "week"
    put(folder / "annotations.csv")
    put(tmp_path / "elsewhere" / "audits" / "one.csv")
    put(tmp_path / "elsewhere" / "two.csv")
    (folder / "audits").symlink_to(tmp_path / "elsewhere" / "audits")
    (folder / "labels.csv").symlink_to(tmp_path / "elsewhere" / "two.csv")
    (folder / "again").symlink_to(folder)
    (tmp_path / "elsewhere" / "audits" / "up").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(folder)
    assert listed(folder) == (["annotations.csv", "audits/one.csv", "audits/up/two.csv", "labels.csv"], {})
    assert set(read_delivery(folder, None, duckdb.connect()).tables) == {"annotations", "audits", "labels"}


def test_a_link_to_nothing_is_a_problem_unless_a_map_ignores_it(tmp_path):
    put(tmp_path / "annotations.csv")
    (tmp_path / "audits.csv").symlink_to(tmp_path / "gone.csv")
    (tmp_path / "people").symlink_to("people")
    (tmp_path / ".#annotations.csv").symlink_to("somebody@somewhere.1")  # an editor's lock
    sentence = "is a link to {}, where nothing can be read; deliver what it stands for, or take the link away"
    told = (f"audits.csv: {sentence.format(tmp_path / 'gone.csv')}", f"people: {sentence.format('people')}")
    with duckdb.connect() as connection:
        assert read_delivery(tmp_path, None, connection).problems == told
        tables = {"annotations": {"files": "annotations.csv", "columns": {"annotation_id": "annotation_id"}}}
        assert read_delivery(tmp_path, {"source": "p", "tables": tables}, connection).problems == told
        ignoring = {"source": "p", "tables": tables, "ignore": ["audits.*"]}
        assert read_delivery(tmp_path, ignoring, connection).problems == told[1:]


def test_a_folder_that_may_not_be_looked_into_is_a_problem(tmp_path, monkeypatch):
    put(tmp_path / "annotations.csv")
    put(tmp_path / "audits" / "one.csv")
    seen = os.scandir

    def forbidding(path):
        if str(path).endswith("audits"):
            raise PermissionError(13, "Permission denied", path)
        return seen(path)

    monkeypatch.setattr("os.scandir", forbidding)
    assert listed(tmp_path) == (["annotations.csv"], {"audits": "audits: may not be looked into (Permission denied)"})


def test_a_large_linked_folder_counts_as_large(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "HELD", 10)
    put(tmp_path / "elsewhere" / "one.csv")
    (tmp_path / "week").mkdir()
    (tmp_path / "week" / "annotations").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "week", tmp_path / "elsewhere" / "one.csv"):
        with intake.workbench(path) as connection:
            assert connection.execute("SELECT count(path) FROM duckdb_databases() WHERE NOT internal").fetchall() == [(1,)]
