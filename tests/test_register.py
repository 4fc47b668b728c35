"""The register of actions: read line by line, written whole, merged with a delivery's, seen as of a week."""

from __future__ import annotations

import threading

import pandas as pd
import pytest

from labelqa_lib import register
from labelqa_lib.errors import UsageError

ROW = {"action_id": "MY-A001", "market": "MY", "finding_code": "target:accuracy", "action": "Train", "owner": "Ana",
       "opened_on": "2026-10-05", "due_on": "2026-11-02", "status": "open", "expected_gain": "0.012"}  # fmt: skip


def row(**changes):
    return dict.fromkeys(register.COLUMNS, "") | ROW | changes


@pytest.fixture
def path(tmp_path):
    return tmp_path / "actions.csv"


def put(path, *rows):
    register.change(path, lambda _: list(rows))


def test_what_is_written_comes_back_and_no_cell_starts_a_formula(path):
    put(path, row(action='=HYPERLINK("http://x")', owner="-1+1"), row(action_id="MY-A002", action="two\nlines, “quoted”"))
    assert "'=HYPERLINK" in path.read_text() and ",'-1+1," in path.read_text()
    frame = register.read(path)
    assert frame["action"].tolist() == ['=HYPERLINK("http://x")', "two lines, “quoted”"]
    assert frame["owner"].iloc[0] == "-1+1"
    assert frame["expected_gain"].tolist() == [0.012, 0.012]
    assert frame["opened_on"].iloc[0] == pd.Timestamp("2026-10-05") and pd.isna(frame["closed_on"].iloc[0])
    assert [one.name for one in path.parent.iterdir() if one.name.endswith(".tmp")] == []


@pytest.mark.parametrize("text", ["=1+1", "＝1+1", "-5 %", "@Ana", "'tis", "''", "\u202eevil", "a,b\"c"])
def test_text_is_the_same_after_any_number_of_writings(path, text):
    put(path, row(action=text))
    for _ in range(3):
        register.change(path, lambda rows: rows)
    assert register.read(path)["action"].tolist() == [text]


def test_no_file_is_an_empty_register(path):
    assert register.read(path).empty
    assert list(register.read(path).columns) == list(register.COLUMNS)


def test_every_mistake_is_a_sentence_with_its_line(path):
    bad = [
        row(due_on="2026-13-01"), row(action_id="MY-A002", status="finished"), row(action_id="MY-A003", owner=""),
        row(action_id="MY-A004", closed_on="2026-10-01", status="done"), row(action_id="MY-A005", expected_gain="much"),
        row(action_id="MY-A006", status="done"), row(), row(action_id="MY-A007", due_on="2026-W49-1", opened_on="20261005"),
        row(action_id="MY-A008", opened_on="0001-01-01"), row(action_id="MY-A009", expected_gain="1_000"),
        row(action_id="MY-A010", expected_gain="nan"), row(action_id="MY-A011", expected_gain="-inf"),
        row(action_id="MY-A012", expected_gain="０.１"),
    ]  # fmt: skip
    path.write_text(register.as_csv(bad))
    with pytest.raises(UsageError) as error:
        register.read(path)
    told = [problem.removeprefix(f"{path}, ") for problem in error.value.problems]
    assert told == [
        "line 2: due_on '2026-13-01' is no day; write it as 2026-11-30",
        "line 3: status 'finished' is none of open, doing, done, dropped",
        "line 4: owner is empty",
        "line 5: closed_on 2026-10-01 lies before opened_on 2026-10-05",
        "line 6: expected_gain 'much' is no number; write a fraction such as 0.012",
        "line 7: status done and closed_on '' do not agree; a closed action has its day",
        "line 8: action_id 'MY-A001' stands there twice; give it another",
        "line 9: opened_on '20261005' is no day; write it as 2026-11-30",
        "line 9: due_on '2026-W49-1' is no day; write it as 2026-11-30",
        "line 10: opened_on '0001-01-01' is no day; write it as 2026-11-30",
        "line 11: expected_gain '1_000' is no number; write a fraction such as 0.012",
        "line 12: expected_gain 'nan' is no number; write a fraction such as 0.012",
        "line 13: expected_gain '-inf' is no number; write a fraction such as 0.012",
        "line 14: expected_gain '０.１' is no number; write a fraction such as 0.012",
    ]
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match="no column action_id, market"):
        register.read(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="save it as CSV in UTF-8"):
        register.read(path)


def test_a_register_with_a_mistake_is_not_written_over(path):
    path.write_text(register.as_csv([row(owner="")]))
    before = path.read_bytes()
    with pytest.raises(UsageError, match="owner is empty"):
        put(path, row())
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"owner": ""}, "action MY-A002: owner is empty"),
        ({"owner": " \n"}, "action MY-A002: owner is empty"),
        ({"owner": "Andr\udce9"}, r"action MY-A002: owner 'Andr\\udce9' is no text in UTF-8"),
        ({"expected_gain": "nan"}, "action MY-A002: expected_gain 'nan' is no number"),
        ({"closed_on": "2026-11-10"}, "action MY-A002: status open and closed_on '2026-11-10' do not agree"),
        ({"action_id": "MY-A001"}, "action MY-A001: action_id 'MY-A001' stands there twice"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(path, changes, says):
    put(path, row())
    before = path.read_bytes()
    with pytest.raises(UsageError, match=says):
        put(path, row(), row(action_id="MY-A002", **changes) if "action_id" not in changes else row())
    assert path.read_bytes() == before


def test_days_and_gains_of_every_size_are_read_again(path):
    put(path, row(opened_on="1000-01-01", due_on="9999-12-31", expected_gain="-1e-300"))
    assert register.as_text(register.read(path))[0]["due_on"] == "9999-12-31"


def test_a_register_that_is_a_link_stays_one_and_what_it_names_is_written(path, tmp_path):
    """Two workspaces, one register: each sees the other's actions, and their writers wait for each other."""
    shared = tmp_path / "shared" / "register.csv"
    shared.parent.mkdir()
    other = tmp_path / "other.csv"
    for link in (path, other):
        link.symlink_to(shared)

    def meanwhile(rows):
        assert (shared.parent / ".register.csv.lock").exists()
        return [*rows, row()]

    register.change(path, meanwhile)
    register.change(other, lambda rows: [*rows, row(action_id="MY-A002")])
    assert path.is_symlink() and other.is_symlink()
    assert register.read(path)["action_id"].tolist() == register.read(shared)["action_id"].tolist() == ["MY-A001", "MY-A002"]


def test_a_link_in_a_circle_is_a_sentence(path):
    path.symlink_to(path)
    with pytest.raises(UsageError, match="the register cannot be read"):
        put(path, row())


def test_ten_writers_at_once_lose_nothing(path):
    def add(number):
        register.change(path, lambda rows: [*rows, row(action_id=f"MY-A{number:03d}")])

    threads = [threading.Thread(target=add, args=(number,)) for number in range(10)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(register.read(path)["action_id"]) == [f"MY-A{number:03d}" for number in range(10)]


def test_the_workspaces_own_row_holds_over_the_deliverys(path):
    put(path, row(owner="Bo"), row(action_id="ES-A001", market="ES"))
    delivered = pd.DataFrame([ROW | {"opened_on": pd.Timestamp("2026-10-05").date()}, ROW | {"action_id": "MY-ACT9"}])
    frame = register.merged(delivered, register.read(path), "MY")
    assert frame.set_index("action_id")["owner"].to_dict() == {"MY-A001": "Bo", "MY-ACT9": "Ana"}
    assert register.merged(None, register.read(path))["market"].tolist() == ["ES", "MY"]


@pytest.mark.parametrize(
    ("week", "status", "overdue"),
    [("2026-W40", None, None), ("2026-W41", "open", 0), ("2026-W45", "open", 6), ("2026-W46", "done", 0)],
)
def test_a_page_shows_the_register_as_it_was_at_the_end_of_its_week(path, week, status, overdue):
    put(path, row(status="done", closed_on="2026-11-10"))
    seen = register.as_of(register.read(path), week)
    assert seen[["status", "overdue"]].to_numpy().tolist() == ([[status, overdue]] if status else [])
