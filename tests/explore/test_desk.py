"""The desk without a browser: every control leads to a view, every view to the rooms' numbers, every mistake to a sentence."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import contextmanager
from types import SimpleNamespace

import nbformat
import openpyxl
import pandas as pd
import pytest

import labelqa_lib as lq
from labelqa_lib import display
from labelqa_lib.explore import keep, shell
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

    monkeypatch.setattr(shell, "capture_output", captured)


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


@pytest.mark.slow
def test_every_part_is_drawn_and_leads_further(desk):
    for part in shell.PARTS:
        desk.part.value = part
        assert desk.out.outputs, part
        assert not [kind for one in desk.out.outputs for kind in one["data"] if "labelqa" in kind]
    desk.part.value = "Items"
    desk.later.click()
    assert desk.view.page == 1 and not desk.earlier.disabled
    desk.wrong.value = True
    assert desk.view.wrong and desk.view.page == 0
    desk.part.value = "Labels"
    pair = desk.into.children[0]
    pair.click()
    assert set(desk.view.segment) == {"reference_label", "label"} and desk.answers.whole["estimate"] == 0
    desk.look(View(("MY",)))
    desk.part.value = "Agents"
    desk.into.children[0].click()
    assert set(desk.view.segment) == {"agent_id"}


def test_a_mistake_is_a_sentence_and_the_view_stays(desk):
    desk.text.value = "nonsense"
    before = desk.view
    desk._restore()
    assert "is no permalink" in desk.message.value and desk.view == before
    desk.text.value = '{"markets": ["XX"]}'
    desk._restore()
    assert "is not in snapshot" in desk.message.value and desk.view == before
    desk.name.value = "Not a name!"
    desk._save()
    assert "small letters" in desk.message.value


def test_a_permalink_restores_the_view(desk):
    desk.rows.children[1].children[0].click()
    desk._permalink()
    kept = desk.text.value
    assert json.loads(kept)["where"] == {"site": "L"}
    desk.look(View(("MY",), metric="aht"))
    desk.text.value = kept
    desk._restore()
    assert desk.view.segment == {"site": "L"} and desk.view.metric == "accuracy"


def test_nothing_is_written_until_it_is_asked_for(desk, workspace):
    desk.rows.children[0].children[0].click()
    desk._code()
    assert [path.name for path in workspace.rglob("*")] == ["notebooks"]
    assert "lq.explore.View(markets=('MY',), by=('queue',), where={'site': 'K'})" in desk.text.value
    desk.name.value = "kul_queues"
    desk._save()
    assert "labelqa run --notebook kul_queues --market MY" in desk.kept.value
    desk._save()
    assert "are there already" in desk.message.value
    desk._export()
    written = sorted(path.name for path in workspace.rglob("kul_queues.*"))
    assert written == ["kul_queues.csv", "kul_queues.ipynb", "kul_queues.png", "kul_queues.py", "kul_queues.xlsx"]


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
        desk.part.value = "Time"
        await desk._task
        assert (desk.view.metric, desk.view.week) == ("fnr", "2026-W45") and "handle" in str(desk.out.outputs).lower()
        desk.back.click()
        desk.part.value = "Weeks"
        await desk._task
        assert desk.view.metric == "recall" and len(desk._before) == 1

    asyncio.run(quick())
    assert asked == ["recall", "accuracy", "fnr", "recall"]
