"""Desks of audits and of calibration sessions: by keyboard, blind, whole on the disk, and taken in by the next ingest."""

from __future__ import annotations

import json
import os
import re
import signal
from datetime import UTC, datetime, timedelta

import ipywidgets as widgets
import pandas as pd
import pytest
from ipywidgets.embed import dependency_state

import labelqa_lib as lq
from labelqa_lib import metrics, store
from labelqa_lib.errors import UsageError
from labelqa_lib.explore import Answers, AuditWork, SessionWork, View, progress
from labelqa_lib.explore.answering import AnswerDesk
from labelqa_lib.explore.sheet import ANNOTATIONS, AUDITS, Sheet
from labelqa_lib.translation import speaking
from tests.explore import rooms

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
LIST = ("week,part,tier,auditor_id,annotation_id,item_id,content_ref,site,queue,policy_area,stratum,inclusion_probability,"
        "sampling_reason,blind,label")  # fmt: skip
DRAWN = ["2026-W46,random,1,Q1,'-a1,i01,'=1+1,KUL,q,spam,KUL / q,0.25,random,False,ok",
         "2026-W46,random,1,Q1,b3,i03,x,KUL,q,spam,KUL / q,0.25,random,True,",
         "2026-W46,risk,1,,b5,i05,y,KUL,q,spam,,,risk,False,ok",
         "2026-W46,random,1,Q2,b7,i07,z,KUL,q,spam,KUL / q,0.25,random,False,ok"]  # fmt: skip


class Clock:
    """An hour that moves on with every look at it."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        self.now += timedelta(seconds=10)
        return self.now


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory):
    root = rooms.workspace(tmp_path_factory.mktemp("desks"))
    with pytest.MonkeyPatch.context() as moved:
        moved.chdir(root)
        assert rooms.call("ingest", "weekly") == 0
    return root


@pytest.fixture
def page(taken_in, monkeypatch):
    monkeypatch.chdir(taken_in)
    with speaking("en"):  # a page speaks its market's language
        yield lq.open_page("MY")


@pytest.fixture
def drawn(page):
    """A list of four, and nobody's answers."""
    folder = page.root / "audit_lists" / "2026-W46" / "MY"
    folder.mkdir(parents=True, exist_ok=True)
    rooms.write(folder / "audit_list.csv", LIST, DRAWN)
    (folder / "answers" / "audits.csv").unlink(missing_ok=True)
    return folder


def at_desk(work, who) -> AnswerDesk:
    desk = AnswerDesk(work, Clock())
    desk.who.value = who
    desk.begin.click()
    return desk


def press(desk, keys):
    for key in keys.split():
        desk.keys._heard(None, {"key": key, "task": desk.keys.task}, [])


def state_of(desk) -> str:
    """All that the widgets hold, as text."""
    return json.dumps([one["state"] for one in dependency_state([desk.box]).values()], default=str)


def test_a_view_reaches_weeks_that_its_first_page_did_not_open(page):
    first = Answers(View(("MY",), "2026-W45", by=("queue",)), lq.open_page)
    assert first.page().tables.weeks == ("2026-W45",) and first.whole["n"] > 0
    later = first.about(View(("MY",), "2026-W46", by=("queue",)))
    alone = lq.open_page("MY", "2026-W46")
    assert later.page().tables.weeks == alone.tables.weeks == ("2026-W45", "2026-W46")
    assert later.segments["estimate"].tolist() == metrics.measure(alone.tables, "accuracy", ["queue"])["estimate"].tolist()


def test_audits_by_keyboard_are_taken_in_by_the_next_ingest(page, drawn):
    desk = at_desk(AuditWork(page), "Q1")
    assert desk.said.value == "0 of 3 answered" and not desk.work.sheet.path.exists(), "nothing is written unasked"
    press(desk, "Enter")
    assert not desk.work.sheet.path.exists(), "there is no answer without a label"
    press(desk, "2")
    assert "An error: it was labelled Fine" in desk.message.value and desk.cause.layout.display == ""
    desk.cause.value, desk.comment.value = "sop_unclear", "=HYPERLINK(\n1) \u202e<b>"
    press(desk, "Enter")
    assert "Label given" not in desk.task.value, "the second one is judged blind"
    press(desk, "1 Enter 0 Enter")
    assert "All 3 are answered" in desk.message.value and "labelqa ingest audit_lists/2026-W46/MY/answers" in desk.message.value
    assert desk.judging.layout.display == "none"
    assert progress(desk.work).to_dict("records") == [{"who": "Q1", "answered": 3, "of": 3}, {"who": "Q2", "answered": 1, "of": 2}]
    rows = desk.work.sheet.rows()
    assert [row["annotation_id"] for row in rows] == ["-a1", "b3", "b5"]
    assert rows[0]["comment"] == "=HYPERLINK( 1) <b>" and rows[0]["error_cause"] == "sop_unclear"
    text = desk.work.sheet.path.read_text()
    assert "\n=" not in text and ",=" not in text and "'=HYPERLINK" in text

    before = page.tables.snapshot.id
    assert rooms.call("ingest", "audit_lists/2026-W46/MY/answers") == 0
    after = lq.open_page("MY")
    audits = store.fetch(after.tables.audits.order_by("audit_id")).set_index("annotation_id")
    assert after.tables.snapshot.id != before and set(audits.index) == {"-a1", "b3", "b5"}
    assert audits.loc["-a1", "comment"] == "=HYPERLINK( 1) <b>"
    assert audits.loc[["-a1", "b3"], "inclusion_probability"].tolist() == [0.25, 0.25] and pd.isna(audits.loc["b5", "inclusion_probability"])
    assert audits["blind"].tolist().count(True) == 1 and audits["audit_label"].to_dict() == {"-a1": "spam", "b3": "ok", "b5": "ok"}


def test_a_desk_that_is_opened_again_begins_where_it_was_left(page, drawn):
    press(at_desk(AuditWork(page), "Q1"), "ArrowRight 1 Enter")
    again = at_desk(AuditWork(page), "Q1")
    assert again.said.value == "1 of 3 answered" and again.current.id == "-a1-t1"
    press(again, "ArrowRight")
    assert again.current.id == "b5-t1"


def test_two_desks_on_one_list_do_not_answer_one_thing_twice(page, drawn):
    one, other = at_desk(AuditWork(page), "Q1"), at_desk(AuditWork(page), "Q2")
    press(one, "ArrowRight ArrowRight 1 Enter")
    assert other.current.id == "b5-t1"
    press(other, "2 Enter")
    assert "was answered already" in other.message.value and other.current.id == "b7-t1"
    press(other, "2 Enter")
    assert [(row["annotation_id"], row["auditor_id"]) for row in one.work.sheet.rows()] == [("b5", "Q1"), ("b7", "Q2")]


def test_who_types_ahead_answers_only_what_was_on_the_screen(page, drawn):
    desk = at_desk(AuditWork(page), "Q1")
    seen = desk.keys.task
    for key in ("1", "Enter", "2", "Enter"):
        desk.keys._heard(None, {"key": key, "task": seen}, [])
    assert len(desk.work.sheet.rows()) == 1
    for strange in ({"key": 3, "task": desk.keys.task}, "Enter", None, {"task": desk.keys.task}):
        desk.keys._heard(None, strange, [])
    assert desk.chosen == ""


def test_a_full_disk_is_told_and_the_answer_can_be_given_again(page, drawn, monkeypatch):
    desk = at_desk(AuditWork(page), "Q1")
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", lambda _file: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        press(desk, "1 Enter")
    assert "No space left" in desk.message.value and desk.current.id == "-a1-t1" and not desk.work.sheet.rows()
    press(desk, "Enter")
    assert len(desk.work.sheet.rows()) == 1 and desk.message.value == "", "it is written now"


def test_keys_count_for_a_task_once_it_is_on_the_screen(page, drawn):
    desk, seen = at_desk(AuditWork(page), "Q1"), []
    desk.keys.observe(lambda _change: seen.append((desk.task.value, desk.message.value)), names="task")
    press(desk, "2")
    assert "An error" in desk.message.value
    press(desk, "Enter")
    second = desk.task.value
    press(desk, "ArrowRight")
    assert seen == [(second, ""), (desk.task.value, "")] and second != desk.task.value


def test_what_cannot_be_worked_on_is_said(page, drawn):
    desk = at_desk(AuditWork(page), "Q9\u202e")
    assert "is no id" in desk.message.value
    desk.work.sheet.path.parent.mkdir(exist_ok=True)
    desk.work.sheet.path.write_text("a;b\n1;2\n")
    assert "no column audit_id" in at_desk(AuditWork(page), "Q1").message.value
    assert "no audit list lies there; draw one with `labelqa draw --market MY" in AuditWork(page, "nowhere").missing
    rooms.write(drawn / "audit_list.csv", "a,b", ["1,2"])
    with pytest.raises(UsageError, match="is no list of `labelqa draw`"):
        AuditWork(page)


def test_a_killed_desk_loses_nothing_that_it_has_said_is_saved(tmp_path):
    sheet, (told, tell) = Sheet(tmp_path / "audits.csv", AUDITS), os.pipe()
    child = os.fork()
    if not child:
        place = 0
        while True:
            sheet.add(dict.fromkeys(AUDITS, "x" * 200) | {"audit_id": f"t{place}"})
            os.write(tell, b".")
            place += 1
    said = sum(len(os.read(told, 1)) for _each in range(25))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(tell)
    said += len(os.read(told, 10_000))
    kept = [row["audit_id"] for row in sheet.rows()]
    assert kept == [f"t{place}" for place in range(len(kept))] and said <= len(kept) <= said + 1
    sheet.add(dict.fromkeys(AUDITS, "") | {"audit_id": "later"})


@pytest.mark.slow
def test_a_session_is_blind_and_scored_while_it_goes_on(page):
    work = SessionWork(page, minutes=30)
    assert len(work.tasks("A1")) == 10 and work.tasks("A1")[0].id in ("i00", "i03", "i06", "i09"), "items with a key come first"
    first = at_desk(work, "A3")
    assert not work.folder.exists(), "nothing is written unasked"
    press(first, " ".join(["2 Enter"] * 10))
    assert "100.0 %" in first.scores.value and "10 of 10 answered" in first.scores.value

    keyed = work._key.copy()
    states = []
    for key, said in (("spam", "2"), ("hate", "1")):  # another key, and other answers of somebody else
        work._key[:] = key
        work.sheet.path.unlink(missing_ok=True)
        press(at_desk(work, "A3"), " ".join([f"{said} Enter"] * 10))
        states.append(state_of(at_desk(work, "A2")))
    assert strip(states[0]) == strip(states[1]), "what others said and the key are nowhere in the widgets"

    work._key[:] = keyed
    desk = at_desk(work, "A2")
    press(desk, "2 Enter")
    assert "A3" not in desk.scores.value and "100.0 % (" in desk.scores.value
    press(desk, " ".join(["1 Enter"] * 9))
    assert "A3" in desk.scores.value and "Gwet" in desk.scores.value and "the key is spam" in desk.scores.value
    assert work.participants().to_dict("records") == [{"who": "A2", "answered": 10, "of": 10}, {"who": "A3", "answered": 10, "of": 10}]
    assert rooms.call("ingest", str(work.sheet.path.parent)) == 0
    after = lq.open_page("MY", page.week)
    assert SessionWork(after).items == work.items, "the session's items stay as they were"
    rows = store.fetch(store.open_tables(page.root / "data" / "snapshots", "MY").annotations.filter(lambda rows: rows.queue == "calibration"))
    assert len(rows) == 20 and rows["blind"].all() and set(rows["site"]) == {"KUL"}


def test_who_begins_after_another_does_not_see_what_that_one_was_told(page, tmp_path, monkeypatch):
    work = SessionWork(page, minutes=30)
    monkeypatch.setattr(work, "folder", tmp_path)
    monkeypatch.setattr(work, "sheet", Sheet(tmp_path / "annotations.csv", ANNOTATIONS))
    desk, shown = at_desk(work, "A3"), []
    press(desk, " ".join(["2 Enter"] * 10))
    assert "A3" in desk.scores.value and "All 10 are answered" in desk.message.value

    def seen_meanwhile(*asked, scores=work.scores):
        shown.append(state_of(desk))
        return scores(*asked)

    monkeypatch.setattr(work, "scores", seen_meanwhile)
    desk.who.value = " "
    desk.begin.click()
    assert "is no id" in desk.message.value and "as the key" not in state_of(desk), "nor who could not begin"
    desk.who.value = "A2"
    desk.begin.click()
    assert len(shown) == 1 and "0 of 10 answered" in shown[0], "the next one's first item is there before scoring has ended"
    assert "as the key" not in shown[0] and "All 10" not in shown[0]
    assert desk.scores.value == "", "nobody has a score before an answer"


def strip(state: str) -> str:
    """A state without the ids of models, which count up."""
    return re.sub(r"IPY_MODEL_\w+", "", state)


def test_text_of_a_delivery_is_inert_at_a_desk(page):
    work = SessionWork(page, minutes=3 * 48)
    desk, seen = at_desk(work, "A1"), ""
    for _each in work.items:
        seen += state_of(desk)
        assert len(desk.task.value) < 70_000
        press(desk, "ArrowRight")
    assert "<script" not in seen and "&lt;script&gt;" in seen
    assert "\\u202e" not in seen and "<b>Spam" not in desk.task.value
    for button in desk.labels.children:
        assert isinstance(button, widgets.Button)  # its text is text


def test_a_sheet_says_what_is_wrong_with_it(tmp_path):
    sheet = Sheet(tmp_path / "annotations.csv", ANNOTATIONS)
    row = dict.fromkeys(ANNOTATIONS, "x")
    sheet.add(row)
    with pytest.raises(UsageError, match="was answered already"):
        sheet.add(row)
    line = sheet.path.read_text().splitlines()[1]
    sheet.path.write_text(sheet.path.read_text() + line + "\n")
    with pytest.raises(UsageError, match="annotation_id 'x' stands there twice"):
        sheet.rows()
    sheet.path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="save it as CSV in UTF-8"):
        sheet.rows()
