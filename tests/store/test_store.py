"""Snapshots on disk: opened lazily, cut to market and weeks, and never with a traceback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import ibis
import pandas as pd
import pytest

from labelqa_lib import store
from labelqa_lib.errors import DataError, UsageError

WEEKS = ("2026-W44", "2026-W45", "2026-W46")


def write(root: Path, snapshot: str = "s1", parent: str | None = None, restated: dict | None = None, **tables) -> Path:
    """Lay out a snapshot of two markets and three weeks, two annotations in each."""
    folder = root / snapshot
    for market in ("MY", "SG"):
        for week in WEEKS:
            part = folder / "annotations" / f"market={market}" / f"week={week}"
            part.mkdir(parents=True)
            names = [f"{market}{week}-{place}" for place in range(2)]
            pd.DataFrame({"annotation_id": names, "agent_id": [f"{market}1", f"{market}2"]}).to_parquet(
                part / "part-0.parquet"
            )
    pd.DataFrame({"label": ["ok"], "violating": [False]}).to_parquet(folder / "labels.parquet")
    for name, frame in tables.items():
        frame.to_parquet(folder / f"{name}.parquet")
    markets = {market: {"weeks": list(WEEKS), "time_zone": "UTC"} for market in ("MY", "SG")}
    told = {"id": snapshot, "source": "test", "made_at": "2026-11-20T00:00:00Z", "parent": parent, "tables": {}}
    told |= {"markets": markets, "partitions": {}, "restated": restated or {}, "missing": ["gold"], "notes": ["a note"]}
    (folder / "snapshot.json").write_text(json.dumps(told))
    (root / "CURRENT").write_text(snapshot + "\n")
    return folder


def sentence(call, *args, error=DataError, **kwargs) -> str:
    with pytest.raises(error) as caught:
        call(*args, **kwargs)
    return str(caught.value)


def test_describe_reads_only_the_description(tmp_path):
    folder = write(tmp_path)
    shutil.rmtree(folder / "annotations")
    about = store.describe(tmp_path)
    assert (about.id, about.source, about.missing, about.notes) == ("s1", "test", ("gold",), ("a note",))
    assert about.weeks("MY") == WEEKS
    assert about.weeks() == WEEKS
    assert not about.simulated
    path = folder / "snapshot.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"source": "demo"}))
    assert store.describe(tmp_path).simulated


def test_tables_are_cut_to_market_and_weeks(tmp_path):
    write(tmp_path)
    tables = store.open_tables(tmp_path, "MY", ["2026-W46", "2026-W45"])
    rows = store.fetch(tables.annotations)
    assert tables.weeks == ("2026-W45", "2026-W46")
    assert set(rows["market"]) == {"MY"}
    assert sorted(set(rows["week"])) == ["2026-W45", "2026-W46"]
    assert len(rows) == 4


def test_without_a_market_every_market_and_week_is_open(tmp_path):
    write(tmp_path)
    assert store.fetch(store.open_tables(tmp_path).annotations).shape[0] == 12


def test_only_the_partitions_asked_for_are_read(tmp_path):
    folder = write(tmp_path)
    for part in folder.glob("annotations/*/*"):
        if part.parts[-2:] != ("market=MY", "week=2026-W46"):
            (part / "part-0.parquet").write_bytes(b"not parquet: reading it would fail")
    assert len(store.fetch(store.open_tables(tmp_path, "MY", ["2026-W46"]).annotations)) == 2


def test_history_before_the_data_is_left_out_but_the_last_week_must_exist(tmp_path):
    write(tmp_path)
    assert store.open_tables(tmp_path, "MY", ["2026-W01", "2026-W46"]).weeks == ("2026-W46",)
    said = sentence(store.open_tables, tmp_path, "MY", ["2026-W46", "2026-W47"])
    assert "2026-W47" in said and "2026-W44, 2026-W45, 2026-W46" in said


def test_tables_not_delivered_are_none_and_empty_weeks_are_empty(tmp_path):
    folder = write(tmp_path)
    part = folder / "audits" / "market=SG" / "week=2026-W44"
    part.mkdir(parents=True)
    pd.DataFrame({"audit_id": ["x"]}).to_parquet(part / "part-0.parquet")
    tables = store.open_tables(tmp_path, "MY", ["2026-W46"])
    assert tables.gold is None
    assert store.fetch(tables.audits).empty
    assert not tables.delivered("gold") and not tables.delivered("gold.item_id")
    assert tables.delivered("audits") and not tables.delivered("audits.audit_id")


def test_people_tables_are_cut_by_people_or_by_agents_seen(tmp_path):
    shifts = pd.DataFrame({"person_id": ["MY1", "MY9", "SG1"], "week": "2026-W46"})
    people = pd.DataFrame({"person_id": ["MY1", "MY9", "SG1"], "market": ["MY", "MY", "SG"]})
    write(tmp_path, "with", shifts=shifts, people=people)
    write(tmp_path, "without", shifts=shifts)
    with_people = store.open_tables(tmp_path, "MY", snapshot="with")
    without = store.open_tables(tmp_path, "MY", snapshot="without")
    assert sorted(store.fetch(with_people.shifts)["person_id"]) == ["MY1", "MY9"]
    assert list(store.fetch(without.shifts)["person_id"]) == ["MY1"]


def test_a_parent_can_be_opened_by_its_id(tmp_path):
    write(tmp_path, "s1")
    write(tmp_path, "s2", parent="s1")
    assert store.open_tables(tmp_path, "MY").snapshot.id == "s2"
    assert store.open_tables(tmp_path, "MY", snapshot="s1").snapshot.id == "s1"


def test_an_earlier_reading_is_the_one_that_intake_noted(tmp_path):
    write(tmp_path, "s1")
    write(tmp_path, "s3", restated={"MY/2026-W46": {"since": "s1", "tables": ["appeals", "gold"]}})
    told = store.earlier_reading(tmp_path, store.describe(tmp_path), "MY", "2026-W46")
    assert (told.since.id, told.tables) == ("s1", ("appeals", "gold"))
    assert store.earlier_reading(tmp_path, store.describe(tmp_path), "SG", "2026-W46") is None
    assert store.earlier_reading(tmp_path, store.describe(tmp_path, "s1"), "MY", "2026-W46") is None


def test_an_earlier_reading_that_was_thrown_away_is_none(tmp_path):
    write(tmp_path, "s2", restated={"MY/2026-W46": {"since": "s1", "tables": ["audits"]}})
    assert store.earlier_reading(tmp_path, store.describe(tmp_path), "MY", "2026-W46") is None


def test_no_snapshot_names_the_command(tmp_path):
    assert "labelqa ingest" in sentence(store.describe, tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["s9", "../s1", "", "/"])
def test_an_unknown_snapshot_lists_those_there_are(tmp_path, name):
    write(tmp_path)
    assert "there are s1" in sentence(store.describe, tmp_path, name)


@pytest.mark.parametrize("market", ["XX", "../../x", ""])
def test_an_unknown_market_lists_those_there_are(tmp_path, market):
    write(tmp_path)
    assert "it has MY, SG" in sentence(store.open_tables, tmp_path, market)


@pytest.mark.parametrize("weeks", [["46"], [], "2026-W46"])
def test_weeks_that_are_not_weeks_are_refused(tmp_path, weeks):
    write(tmp_path)
    assert "2026-W46" in sentence(store.open_tables, tmp_path, "MY", weeks, error=UsageError)


@pytest.mark.parametrize("text", ["{", "[]", '{"id": "s1"}', "\ufffe"])
def test_a_damaged_description_is_a_sentence(tmp_path, text):
    folder = write(tmp_path)
    (folder / "snapshot.json").write_text(text)
    assert str(tmp_path) in sentence(store.describe, tmp_path)


@pytest.mark.parametrize("file", ["labels.parquet", "annotations/market=MY/week=2026-W46/part-0.parquet"])
def test_a_truncated_file_is_named(tmp_path, file):
    path = write(tmp_path) / file
    path.write_bytes(path.read_bytes()[:-20])
    assert str(path) in sentence(store.open_tables, tmp_path, "MY", ["2026-W46"])


def test_a_file_damaged_after_opening_is_a_sentence(tmp_path):
    path = write(tmp_path) / "annotations/market=MY/week=2026-W46/part-0.parquet"
    tables = store.open_tables(tmp_path, "MY", ["2026-W46"])
    path.unlink()
    assert "could not read the snapshot" in sentence(store.fetch, tables.annotations)


@pytest.mark.parametrize("gone", ["labels.parquet", "annotations"])
def test_missing_files_of_a_required_table_are_a_sentence(tmp_path, gone):
    path = write(tmp_path) / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert f"table {gone.split('.')[0]}" in sentence(store.open_tables, tmp_path, "MY")


def test_one_thread_by_default(tmp_path):
    write(tmp_path)
    for threads, asked in ((1, {}), (2, {"threads": 2})):
        engine = store.open_tables(tmp_path, "MY", **asked).annotations.get_backend()
        assert engine.raw_sql("SELECT current_setting('threads')").fetchone() == (threads,)


@pytest.mark.parametrize("said, kept", [("auto", "python"), ("pyarrow", "pyarrow"), ("python", "python")])
def test_texts_are_pythons_own_unless_somebody_chose(said, kept, tmp_path):
    write(tmp_path)
    with pd.option_context("mode.string_storage", said):
        rows = store.fetch(store.open_tables(tmp_path, "MY").annotations)
        assert pd.options.mode.string_storage == rows["agent_id"].dtype.storage == kept


def test_kept_tables_are_made_once(tmp_path):
    write(tmp_path)
    tables = store.open_tables(tmp_path, "MY")
    made = []

    def make():
        made.append(1)
        return tables.annotations.filter(tables.annotations.week < "2026-W46")

    for _round in range(2):
        rows = tables.keep("half", make)
    assert made == [1]
    assert len(store.fetch(rows)) == 4


def test_rejected_counts_every_rule_a_row_broke(tmp_path):
    folder = write(tmp_path)
    snapshot = store.describe(tmp_path)
    assert store.rejected(snapshot).empty
    (folder / "rejects").mkdir()
    rules = [["label is known", "key is unique"], ["label is known"]]
    pd.DataFrame({"key": ["a", "b"], "rules": rules}).to_parquet(folder / "rejects" / "audits.parquet")
    assert store.rejected(snapshot).to_dict("records") == [
        {"table": "audits", "rule": "label is known", "rows": 2},
        {"table": "audits", "rule": "key is unique", "rows": 1},
    ]
    (folder / "rejects" / "items.parquet").write_bytes(b"PAR1")
    assert "cannot be read as Parquet" in sentence(store.rejected, snapshot)


def test_what_an_engine_cannot_hold_it_puts_aside_apart_from_other_engines(tmp_path, monkeypatch):
    write(tmp_path)
    (aside := tmp_path / "aside").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(aside))
    monkeypatch.setattr("labelqa_lib.store.duck.MEMORY", "16MiB")
    first, second = store.open_tables(tmp_path, "MY"), store.open_tables(tmp_path, "SG")
    told = [one.annotations.get_backend().con.execute("SELECT current_setting('temp_directory')").fetchall() for one in (first, second)]
    assert told[0] != told[1], "two engines in one folder overwrite each other's files"
    rows = first.annotations.cross_join(ibis.range(60_000).unnest().name("n").as_table())
    kept = first.keep("many", lambda: rows.mutate(text=rows.n.cast("string").lpad(60, "x")))
    assert len(list(aside.iterdir())) == 1 and list(aside.rglob("*.tmp")), "nothing was put aside"
    assert store.fetch(kept.aggregate(n=kept.n.sum()))["n"].item() == 6 * sum(range(60_000))
