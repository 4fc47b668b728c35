"""The desk without a browser: every control leads to a view, every view to the rooms' numbers, every mistake to a sentence."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import nbformat
import openpyxl
import pandas as pd
import pytest
from ibis import _
from ipywidgets.embed import dependency_state

import labelqa_lib as lq
from labelqa_lib import display, metrics, store
from labelqa_lib.explore import answers as answers_module
from labelqa_lib.explore import below, keep, shell
from labelqa_lib.explore.view import View
from tests.explore import desks


@pytest.fixture(autouse=True)
def notebook(monkeypatch):
    """What is drawn is captured as in a kernel, which these tests do without."""

    @contextmanager
    def captured(**_what):
        outputs = []
        with monkeypatch.context() as patched:
            patched.setattr(display.show, "display", lambda data, metadata=None, raw=False: outputs.append(
                SimpleNamespace(data=data, metadata=metadata)))  # fmt: skip
            yield SimpleNamespace(outputs=outputs)

    monkeypatch.setattr(below, "capture_output", captured)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A workspace to write to."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr(desks, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def desk(workspace):
    return shell.Desk(desks.answers())


def buttons(box):
    return {one.description: one for one in box.children if hasattr(one, "click")}


def rows(desk):
    return [box.children[0].description for box in desk.rows.children if hasattr(box, "children")]


def test_into_a_row_and_back_by_crumbs_and_by_back(desk):
    assert rows(desk) == ["K", "L"] and desk.back.disabled
    assert desk.said.value.startswith("Accuracy in MY, 2026-W46: ")
    figure = desk.rows.children[0].children[1].value
    assert "n " in figure and "lq-bar" in figure
    desk.rows.children[0].children[0].click()
    assert desk.view.segment == {"site": "K"} and rows(desk) == ["q", "r"]
    assert "of site K" in desk.said.value
    buttons(desk.crumbs)["MY"].click()
    assert desk.view == View(("MY",)) and rows(desk) == ["K", "L"]
    desk.back.click()
    assert desk.view.segment == {"site": "K"}
    desk.back.click()
    assert desk.view == View(("MY",)) and desk.back.disabled


def test_controls_choose_and_follow(desk):
    desk.controls.metric.value = "fnr"
    assert desk.view.metric == "fnr" and desk.answers.segments["metric"].eq("fnr").all()
    desk.controls.first.value = "queue"
    desk.controls.second.value = "site"
    assert rows(desk) == ["q · K", "q · L", "r · K", "r · L"]
    desk.controls.dimension.value = "site"
    assert desk.controls.value.options == ("—", "K", "L")
    desk.controls.value.value = "L"
    assert desk.view.segment == {"site": "L"} and rows(desk) == ["q", "r"]
    desk.controls.recent.value, desk.controls.baseline.value = 2, 1
    assert (desk.view.recent, desk.view.baseline) == (2, 1)
    desk.controls.week.value = "2026-W45"
    assert desk.view.week == "2026-W45"
    desk.back.click()
    assert desk.controls.week.value == "2026-W46"


def press(picture, **where):
    """Press the place of a picture that stands for this."""
    said = metrics.said(where)
    place = [one["said"] for one in picture.places].index(said)
    picture._heard(None, {"place": place, "version": picture.version}, [])


@pytest.mark.slow
def test_places_of_pictures_lead_into_what_they_show(desk):
    picture = desk.below.picture
    assert picture.png and picture.alt.startswith("Accuracy within its usual range: ")
    press(picture, week="2026-W44")
    assert desk.view.week == "2026-W44"
    desk.look(View(("MY",), by=("site", "queue")))
    desk.below.choice.value = "Segments"
    press(picture, segment="L · q")
    assert desk.view.segment == {"site": "L", "queue": "q"}
    desk.look(View(("MY",)))
    press(picture, site="K")
    assert desk.view.segment == {"site": "K"} and desk.view.by == ("queue",)
    desk.below.choice.value = "Labels"
    press(picture, reference_label="spam", label="ok")
    assert desk.view.segment == {"site": "K", "reference_label": "spam", "label": "ok"}
    desk.look(View(("MY",)))
    desk.below.choice.value = "Agents"
    press(picture, agent_id="a03")
    assert desk.view.segment == {"agent_id": "a03"}
    assert not picture.png and "one agent is chosen" in str(desk.below.out.outputs)


@pytest.mark.slow
def test_a_place_that_leads_nowhere_says_so_and_one_of_a_picture_gone_is_dropped(desk):
    desk.look(View(("MY",), metric="aht"))
    desk.below.choice.value = "Labels"
    picture = desk.below.picture
    press(picture, reference_label="spam", label="ok")
    assert "label" in desk.view.segment or "cannot be cut by" in desk.message.value
    before = desk.view
    for strange in ({"place": 0, "version": picture.version - 1}, {"place": 10**6, "version": picture.version}, {"place": "0"}, None):
        picture._heard(None, strange, [])
    assert desk.view == before


def test_a_single_filter_is_taken_out(desk):
    desk.look(View(("MY",), by=("label",), where={"site": "K", "queue": "q"}))
    assert [one.description for one in desk.chips.children] == ["site K ×", "queue q ×"]
    desk.chips.children[0].click()
    assert desk.view.segment == {"queue": "q"} and desk.view.by == ("label",)
    desk.look(View(("MY",), by=("site",), where={"site": "K"}))
    desk.chips.children[0].click()
    assert desk.view == View(("MY",)) and not desk.chips.children


def test_code_goes_into_a_new_cell_and_stays_in_the_box(desk, monkeypatch):
    sent = []
    monkeypatch.setattr(desk.keeping.cell, "send", sent.append)
    desk.keeping.code()
    assert sent == [{"code": desk.keeping.text.value}] and "lq.explore.View(" in desk.keeping.text.value
    desk.keeping._put(True)
    assert "new cell below" in desk.keeping.said.value
    desk.keeping._put(False)
    assert "takes no new cell" in desk.keeping.said.value


def test_a_long_question_tells_how_long_and_can_be_stopped(workspace, monkeypatch):
    monkeypatch.setattr(shell, "DEBOUNCE", 0.01)
    monkeypatch.setattr(shell, "TELLING", 0.05)

    async def stopped():
        desk = shell.Desk(desks.answers())
        before, usual, rows = desk.view, desk._worked_out, desk.answers.page().tables.annotations
        one, two, three = (rows.select(**{name: "annotation_id"}) for name in ("one", "two", "three"))
        endless = one.cross_join(two).cross_join(three).aggregate(n=(_.one + _.two + _.three).length().sum())

        def long(view):
            with desk._at_work(view):
                return store.fetch(endless)

        monkeypatch.setattr(desk, "_worked_out", long)
        desk.look(View(("MY",), metric="fnr"))
        until = asyncio.get_running_loop().time() + 20
        while "Stop ends it" not in desk.message.value and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.01)  # the kernel answers meanwhile
        assert not desk.stop.disabled
        desk.stop.click()
        await asyncio.wait_for(desk._task, 20)
        assert desk.message.value == "Stopped; this is the view before." and desk.view == before and desk.stop.disabled
        monkeypatch.setattr(desk, "_worked_out", usual)
        desk.look(View(("MY",), metric="fnr"))
        await desk._task
        assert desk.view.metric == "fnr" and desk.message.value == "", "the engine goes on answering"

    asyncio.run(stopped())


def counted_searches(monkeypatch) -> list[str]:
    """Filters of every search for causes from now on."""
    asked, search = [], answers_module.week_causes

    def counted(rows, week, **options):
        asked.append(f"{week} {len(rows)}")
        return search(rows, week, **options)

    monkeypatch.setattr(answers_module, "week_causes", counted)
    return asked


@pytest.mark.slow
def test_why_is_asked_by_its_button_and_what_was_found_says_of_what(desk, monkeypatch):
    asked = counted_searches(monkeypatch)
    desk.below.choice.value = "Ask why"
    assert len(asked) == 1 and desk.below.older.layout.display == "none" and desk.below.out.outputs
    first = desk.below.out.outputs
    desk.controls.metric.value = "fnr"
    desk.controls.first.value = "queue"
    assert len(asked) == 1 and desk.below.older.layout.display == "none", "it is about the same rows"
    desk.rows.children[0].children[0].click()
    assert len(asked) == 1 and desk.below.out.outputs == first, "a change does not search"
    assert desk.below.stale.value == "Below stands what was asked before, of everything in MY, 2026-W46."
    assert desk.below.older.layout.display == ""
    desk.below.choice.value = "Weeks"
    assert desk.below.picture.png and desk.below.older.layout.display == "none"
    desk.look(View(("MY",)))
    desk.below.choice.value = "Ask why"
    assert len(asked) == 1 and desk.below.older.layout.display == "none", "what was found of these rows is there already"
    desk.look(View(("MY",), where={"site": "K"}))
    desk.below.again.click()
    assert len(asked) == 2 and asked[0] != asked[1] and desk.below.older.layout.display == "none"
    desk.look(View(("MY", "SG")))
    assert len(asked) == 2 and "of site K in MY, 2026-W46" in desk.below.stale.value
    desk.below.again.click()
    assert "choose one of MY, SG" in str(desk.below.out.outputs) and desk.below.older.layout.display == ""


@pytest.mark.slow
def test_sizes_are_asked_for_by_button_too(desk):
    desk.below.choice.value = "Audits needed"
    first = desk.below.shown
    desk.controls.first.value = "queue"
    assert desk.below.older.layout.display == "none" and desk.below.shown is first, "sizes do not depend on the cut"
    desk.controls.recent.value = 2
    assert "of accuracy of everything in MY, 2026-W46" in desk.below.stale.value and desk.below.shown is first
    desk.below.again.click()
    assert desk.below.shown is desk.answers and desk.below.older.layout.display == "none"


def test_what_is_exported_is_what_is_shown(desk, workspace, monkeypatch):
    asked = counted_searches(monkeypatch)
    desk.below.choice.value = "Ask why"
    desk.look(View(("MY",), where={"site": "K"}))
    desk.keeping.name.value = "why"
    desk.keeping.export()
    assert len(asked) == 1 and (workspace / "reports" / "explore" / "why.causes.csv").exists()


def test_a_search_that_is_stopped_lets_go_at_once(workspace, monkeypatch):
    monkeypatch.setattr(shell, "DEBOUNCE", 0.01)
    begun, go_on = threading.Event(), threading.Event()

    async def stopped():
        desk = shell.Desk(desks.answers())
        monkeypatch.setattr(answers_module, "week_causes", lambda *_rows, **_options: begun.set() or go_on.wait(20) and [])
        desk.below.choice.value = "Ask why"
        await asyncio.to_thread(begun.wait, 20)
        desk.stop.click()
        await asyncio.wait_for(desk._task, 5)  # what computes without an engine cannot be ended: nobody waits for it
        assert desk.message.value == "" and desk.stop.disabled and "Stopped before it was found" in str(desk.below.out.outputs)
        assert desk.below.older.layout.display == ""
        go_on.set()
        desk.look(View(("MY",), metric="fnr"))
        await asyncio.wait_for(desk._task, 20)
        assert desk.view.metric == "fnr" and desk.message.value == ""

    asyncio.run(stopped())


def test_what_is_on_its_way_is_asked_once_more_and_not_exported(workspace, monkeypatch):
    monkeypatch.setattr(shell, "DEBOUNCE", 0.2)

    async def changed():
        desk = shell.Desk(desks.answers())
        desk.below.choice.value = "Items"
        await asyncio.wait_for(desk._task, 20)
        desk.below.choice.value = "Ask why"
        assert [*desk.below.exported()] == ["items"], "the part on the screen, before the next one is found"
        await asyncio.wait_for(desk._task, 20)
        assert [*desk.below.exported()] == ["causes"]

        desk.below.choice.value = "Items"
        await asyncio.wait_for(desk._task, 20)
        desk.below.wrong.value = True
        desk.below.wrong.value = False  # before the first change has come to rest
        await asyncio.wait_for(desk._task, 20)
        assert not desk.view.wrong and not desk.below.wrong.value
        desk.below.wrong.value = True
        await asyncio.wait_for(desk._task, 20)
        assert desk.view.wrong and desk.below.wrong.value

    asyncio.run(changed())


HOSTILE = ('<script>alert("x")</script>', "=1+1", "\u202eKUL\u202c", "a\x00b", "x" * 10_000, "🙂<img src=x onerror=alert(1)>")


@pytest.mark.slow
def test_names_of_a_delivery_are_inert_in_every_widget(workspace, monkeypatch):
    named = hostile(desks.market(), HOSTILE)
    monkeypatch.setattr(desks, "market", lambda: named)
    desk = shell.Desk(desks.answers(by=("queue", "site")))
    seen = ""
    for part in below.PARTS:
        desk.below.choice.value = part
        seen += told(desk)
    desk.rows.children[0].children[0].click()
    seen += told(desk)
    desk.keeping.code()
    desk.keeping.name.value = "hostile"
    desk.keeping.export()
    for path in (workspace / "reports" / "explore").glob("*.csv"):
        assert not [line for line in path.read_text().splitlines() if line.startswith("=") or ",=" in line], path
    assert "<script" not in seen and "<img" not in seen and "&lt;script" in seen
    assert "\\u202e" not in seen and "\\u0000" not in seen and "x" * 700 not in seen


def hostile(tables, names):
    """The same market, its queues named so, in turn."""
    rows = store.fetch(tables.annotations)
    rows["queue"] = [names[place % len(names)] for place in range(len(rows))]
    made = tables.annotations.get_backend().create_table("hostile", rows, schema=tables.annotations.schema(), overwrite=True)
    return dataclasses.replace(tables, annotations=made, _kept={})


def told(desk) -> str:
    """All that is written into widgets which draw HTML, and what outputs hold of it."""
    states = [one["state"] for one in dependency_state([desk.box], drop_defaults=False).values()]
    html = [one.get("value", "") for one in states if one.get("_view_name") == "HTMLView"]
    outputs = [one["data"].get("text/html", "") for state in states for one in state.get("outputs", ())]
    texts = [one.get("description", "") for one in states] + [place["said"] for one in states for place in one.get("places", ())]
    return json.dumps([*html, *outputs]) + json.dumps([text for text in texts if isinstance(text, str)]).replace("<", "‹")


@pytest.mark.slow
def test_every_part_is_drawn_and_leads_further(desk):
    for part in below.PARTS:
        desk.below.choice.value = part
        assert desk.below.out.outputs or desk.below.picture.png, part
        assert not [kind for one in desk.below.out.outputs for kind in one["data"] if "labelqa" in kind]
    desk.below.choice.value = "Items"
    desk.below.later.click()
    assert desk.view.page == 1 and not desk.below.earlier.disabled
    desk.below.wrong.value = True
    assert desk.view.wrong and desk.view.page == 0
    desk.below.choice.value = "Labels"
    pair = desk.below.ways.children[0]
    pair.click()
    assert set(desk.view.segment) == {"reference_label", "label"} and desk.answers.whole["estimate"] == 0
    desk.look(View(("MY",)))
    desk.below.choice.value = "Agents"
    desk.below.ways.children[0].click()
    assert set(desk.view.segment) == {"agent_id"}


def test_a_mistake_is_a_sentence_and_the_view_stays(desk):
    desk.keeping.text.value = "nonsense"
    before = desk.view
    desk.keeping.restore()
    assert "is no permalink" in desk.message.value and desk.view == before
    desk.keeping.text.value = '{"markets": ["XX"]}'
    desk.keeping.restore()
    assert "is not in snapshot" in desk.message.value and desk.view == before
    desk.keeping.name.value = "Not a name!"
    desk.keeping.save()
    assert "small letters" in desk.message.value


def test_a_permalink_restores_the_view(desk):
    desk.rows.children[1].children[0].click()
    desk.keeping.permalink()
    kept = desk.keeping.text.value
    assert json.loads(kept)["where"] == {"site": "L"}
    desk.look(View(("MY",), metric="aht"))
    desk.keeping.text.value = kept
    desk.keeping.restore()
    assert desk.view.segment == {"site": "L"} and desk.view.metric == "accuracy"


def test_nothing_is_written_until_it_is_asked_for(desk, workspace):
    desk.rows.children[0].children[0].click()
    desk.keeping.code()
    assert [path.name for path in workspace.rglob("*")] == ["notebooks"]
    assert "lq.explore.View(markets=('MY',), by=('queue',), where={'site': 'K'})" in desk.keeping.text.value
    desk.keeping.name.value = "kul_queues"
    desk.keeping.save()
    assert "labelqa run --notebook kul_queues --market MY" in desk.keeping.said.value
    desk.keeping.save()
    assert "are there already" in desk.message.value
    desk.keeping.export()
    written = sorted(path.name for path in workspace.rglob("kul_queues.*"))
    assert written == ["kul_queues.csv", "kul_queues.ipynb", "kul_queues.png", "kul_queues.py", "kul_queues.trend.csv",
                       "kul_queues.trend.png", "kul_queues.trend.xlsx", "kul_queues.xlsx"]  # fmt: skip
    desk.below.choice.value = "Items"
    desk.keeping.export()
    items = pd.read_csv(workspace / "reports" / "explore" / "kul_queues.items.csv")
    assert items["annotation_id"].tolist() == desk.answers.items[0]["annotation_id"].tolist() and len(items)


def test_what_is_kept_says_the_same(desk, workspace):
    inside = View(("MY",), "2026-W45", by=("queue",), where={"site": "K"}, page=2)
    answers = desk.answers.about(inside)
    notebook = nbformat.read(keep.as_notebook(answers, "kept")[1], as_version=4)
    nbformat.validate(notebook)
    source = next(cell.source for cell in notebook.cells if "View(" in cell.source)
    assert eval(source.split("view = ")[1].split("\n")[0], {"lq": lq}) == View(("MY",), by=("queue",), where={"site": "K"})
    frame = answers.segments
    assert pd.read_csv(io.BytesIO(keep.as_csv(frame)))["estimate"].tolist() == pytest.approx(frame["estimate"].tolist())
    sheet = openpyxl.load_workbook(io.BytesIO(keep.as_workbook(frame, "2026-W46"))).active
    assert [cell.value for cell in sheet["B"]] == ["queue", "q", "r"]
    assert keep.as_workbook(frame, "2026-W46") == keep.as_workbook(frame, "2026-W46")
    assert keep.as_picture(answers).startswith(b"\x89PNG")


def test_text_of_a_delivery_is_never_a_formula_nor_html(desk):
    nasty = pd.DataFrame({"queue": ["=1+1", "<b>", "＝1+1"], "n": [1, 2, 3]})
    assert keep.as_csv(nasty).decode().splitlines()[1] == "'=1+1,1"
    assert keep.as_csv(nasty).decode().splitlines()[3] == "'＝1+1,3"
    assert openpyxl.load_workbook(io.BytesIO(keep.as_workbook(nasty, "2026-W46"))).active["A2"].data_type == "s"
    desk.look(View(("MY",), where={"queue": "<script>alert(1)</script>"}))
    assert "<script>" not in desk.said.value and "&lt;script&gt;" in desk.said.value


def test_in_a_running_kernel_only_the_last_of_quick_changes_is_answered(workspace, monkeypatch):
    monkeypatch.setattr(shell, "DEBOUNCE", 0.01)
    asked = []

    async def quick():
        desk = shell.Desk(desks.answers())
        told = desk._worked_out
        monkeypatch.setattr(desk, "_worked_out", lambda view: (asked.append(view.metric), told(view))[1])
        for metric in ("fpr", "fnr", "recall"):
            desk.look(View(("MY",), metric=metric))
        await desk._task
        assert desk.view.metric == "recall" and desk.message.value == "" and desk.stop.disabled
        desk.look(View(("XX",)))
        await desk._task
        assert "is not in snapshot" in desk.message.value and desk.view.metric == "recall"

        # what changed a moment ago is not forgotten by the next change, nor by another tab
        desk.controls.metric.value = "fnr"
        desk.controls.week.value = "2026-W45"
        desk.below.choice.value = "Time"
        await desk._task
        assert (desk.view.metric, desk.view.week) == ("fnr", "2026-W45") and "handle" in desk.below.picture.alt.lower()
        desk.back.click()
        desk.below.choice.value = "Weeks"
        await desk._task
        assert desk.view.metric == "recall" and len(desk._before) == 1


        # two quick turns of the page are two pages
        desk.below.later.disabled = False
        desk.below.later.click()
        desk.below.later.click()
        await desk._task
        assert desk.view.page == 2

    asyncio.run(quick())
    assert asked == ["recall", "accuracy", "fnr", "recall", "recall"]
