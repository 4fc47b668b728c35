"""`labelqa draw` as a user runs it, on a small demo: exit codes, files, the same list again, spreadsheets kept safe."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent / "notebooks"))
from house import House

from labelqa_lib.cli import audit_list, main
from labelqa_lib.errors import UsageError

LAST = "2026-W46"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    made = House(tmp_path_factory.mktemp("draw"))
    made.labelqa("demo", "--scale", "0.03")
    made.labelqa("ingest", "data/demo")
    return made


@pytest.fixture
def labelqa(house, monkeypatch, capfd):
    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        return (left.value.code, *capfd.readouterr())

    monkeypatch.chdir(house.root)
    before = signal.getsignal(signal.SIGTERM)
    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.mark.slow
def test_a_list_is_written_told_and_not_replaced(labelqa, house):
    code, out, err = labelqa("draw", "--market", "MY", "--week", LAST, "--label-studio")
    assert (code, err) == (0, "")
    folder = house.root / "audit_lists" / LAST / "MY"
    assert sorted(path.name for path in folder.iterdir()) == [
        "audit_list.csv", "audit_list.label_studio.json", "audit_list.label_studio.xml", "audit_list.parquet",
    ]  # fmt: skip
    rows = pd.read_parquet(folder / "audit_list.parquet")
    assert len(rows) == len(pd.read_csv(folder / "audit_list.csv"))
    tasks = json.loads((folder / "audit_list.label_studio.json").read_text())
    assert [task["data"]["annotation_id"] for task in tasks] == rows["annotation_id"].tolist()
    assert all(("predictions" in task) != task["data"]["blind"] for task in tasks)
    assert "random audits in" in out

    code, out, _err = labelqa("draw", "--market", "MY", "--week", LAST)
    assert code == 0
    assert "holds this very list already" in out
    code, _out, err = labelqa("draw", "--market", "MY", "--week", LAST, "--seed", "7")
    assert code == 2
    assert "holds another audit list" in err
    assert pd.read_parquet(folder / "audit_list.parquet").equals(rows)

    listed = folder / "audit_list.csv"
    drawn = listed.read_bytes()
    listed.write_bytes(drawn.replace(b"blind", b"Blind", 1))
    code, out, err = labelqa("draw", "--market", "MY", "--week", LAST)
    assert (code, out) == (2, "") and "audit_list.csv there is not as drawn" in err and "--force" in err
    assert listed.read_bytes() != drawn
    assert labelqa("draw", "--market", "MY", "--week", LAST, "--force")[0] == 0
    assert listed.read_bytes() == drawn

    taken = str(folder / "audit_list.csv")
    code, _out, _err = labelqa("draw", "--market", "MY", "--week", LAST, "--taken", taken, "--out", "second")
    assert code == 0
    second = pd.read_parquet(house.root / "second" / "audit_list.parquet")
    assert not set(second["annotation_id"]) & set(rows["annotation_id"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--market", "ZZ"), "has no market 'ZZ'"),
        (("--market", "MY", "--week", "2020-W01"), "has no data for MY in week 2020-W01"),
        (("--market", "MY", "--week", "46"), "week '46' is not an ISO week"),
        (("--market", "MY", "--taken", "params/workspace.yaml"), "is no audit list"),
    ],
)
def test_what_cannot_be_drawn_is_said(labelqa, arguments, sentence):
    code, _out, err = labelqa("draw", *arguments)
    assert code == 2
    assert sentence in err


def test_no_cell_starts_a_formula(tmp_path):
    rows = pd.DataFrame([dict.fromkeys(["annotation_id", "item_id", "content_ref", "label"], "=1+1")])
    rows = rows.assign(tier=1, inclusion_probability=0.5, blind=False, auditor_id="@x", stratum="ok")
    files = audit_list.forms(rows, ["=1+1"], label_studio=True)
    text = files["audit_list.csv"].decode()
    assert "'=1+1" in text and "'@x" in text
    assert ",=" not in text and "\n=" not in text
    audit_list.write(files, tmp_path, force=False)
    assert pd.read_parquet(tmp_path / "audit_list.parquet")["annotation_id"].tolist() == ["=1+1"]
    for name in ("audit_list.csv", "audit_list.parquet"):
        assert audit_list.annotations_of(tmp_path / name) == ["=1+1"], "either form can be given as --taken"


def drawn(**changes) -> dict[str, bytes]:
    row = {"annotation_id": "a1", "item_id": "i1", "content_ref": None, "label": "ok", "tier": 1, "inclusion_probability": 0.5,
           "blind": False, "auditor_id": "q1"} | changes  # fmt: skip
    return audit_list.forms(pd.DataFrame([row, row | {"annotation_id": "a2"}]), ["ok"], label_studio=True)


@pytest.mark.parametrize("name", ["audit_list.csv", "audit_list.label_studio.json", "audit_list.label_studio.xml"])
@pytest.mark.parametrize("without", [None, "audit_list.parquet"])
def test_a_list_that_somebody_changed_is_not_written_over(tmp_path, name, without):
    """The desk reads the CSV: who audits what may have been given out anew in it."""
    audit_list.write(drawn(), tmp_path, force=False)
    edited = (tmp_path / name).read_bytes().replace(b"a2", b"a3") + b" "
    (tmp_path / name).write_bytes(edited)
    if without:
        (tmp_path / without).unlink()
    with pytest.raises(UsageError, match=f"{name} there is not as drawn: somebody changed it.*replace it with --force"):
        audit_list.write(drawn(), tmp_path, force=False)
    assert (tmp_path / name).read_bytes() == edited
    assert audit_list.write(drawn(), tmp_path, force=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == drawn()


def test_forms_that_are_missing_are_written_and_those_not_asked_for_stay(tmp_path):
    files = drawn()
    plain = {name: held for name, held in files.items() if "label_studio" not in name}
    assert audit_list.write(plain, tmp_path, force=False)
    assert audit_list.write(files, tmp_path, force=False), "tasks were not written before"
    (tmp_path / "audit_list.label_studio.json").write_bytes(b"[]")
    assert not audit_list.write(plain, tmp_path, force=False)
    (tmp_path / "audit_list.csv").unlink()
    assert audit_list.write(plain, tmp_path, force=False)
    with pytest.raises(UsageError, match=f"holds another audit list; give it as --taken {tmp_path / 'audit_list.parquet'}"):
        audit_list.write({name: held for name, held in drawn(item_id="i9").items() if name in plain}, tmp_path, force=False)


def test_a_taken_list_may_end_in_rows_of_nothing_and_holds_ids_as_they_are(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("\ufeffannotation_id,auditor_id\nNA,q1\n'=1,q1\n0123,q1,\n,\n\n,,,,\n", encoding="utf-8")
    assert audit_list.annotations_of(path) == ["NA", "=1", "0123"]
    path.write_text("annotation_id,auditor_id\na1,q1\n,q1\n")
    with pytest.raises(UsageError, match="list.csv, line 3: annotation_id is empty"):
        audit_list.annotations_of(path)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"annotation_id\n\xff\n"])
def test_what_is_no_list_is_said(tmp_path, content):
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(UsageError, match="is no audit list with a column annotation_id"):
        audit_list.annotations_of(tmp_path / "list.csv")
