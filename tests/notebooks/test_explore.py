"""The desks in a real JupyterLab: gone into by rows and pictures, asked why, kept, and found again by the command line."""

from __future__ import annotations

import csv
import json
import shutil

import pytest
from house import REPOSITORY, House

import labelqa_lib as lq
from labelqa_lib import calibration
from labelqa_lib.translation import speaking
from tests.browser.lab import lab, run_cells, tracebacks
from tests.browser.look import chromium

pytestmark = [pytest.mark.slow, pytest.mark.browser]

LIST = """week,part,tier,auditor_id,annotation_id,item_id,content_ref,queue,stratum,inclusion_probability,sampling_reason,blind,label
2026-W46,random,1,MY-Q01,a1,i1,<img src=x onerror="document.title='run'">,video_new,s,0.25,random,False,spam
2026-W46,random,1,MY-Q01,a2,i2,https://example.org/2,video_new,s,0.25,random,True,
2026-W46,random,1,MY-Q01,a3,i3,demo/3,video_new,s,0.25,random,False,spam
"""


@pytest.fixture(scope="module")
def own_house(demo_house) -> House:
    """With notebooks of its own, to save one among them."""
    (demo_house.root / "notebooks").unlink()
    shutil.copytree(REPOSITORY / "notebooks", demo_house.root / "notebooks")
    return demo_house


@pytest.fixture(scope="module")
def browser_and_lab(own_house):
    """One browser and one JupyterLab for all that is looked at."""
    with lab(own_house.root) as server, chromium() as browser:
        yield browser, server


def test_a_view_of_the_desk_is_kept_and_says_the_same_on_the_command_line(own_house, browser_and_lab):
    browser, server = browser_and_lab
    page = server.open(browser, "explore")
    run_cells(page, 3)
    page.wait_for_selector("button:has-text('KUL')")
    page.focus("button:has-text('KUL')")
    page.keyboard.press("Enter")
    page.wait_for_selector(".lq-desk-said:has-text('of site KUL')")
    page.wait_for_selector("button:has-text('listing_new')")

    # a cell of the matrix leads into its confusion, and the filters' × lead out of it
    page.click("button:has-text('Labels')")
    page.wait_for_selector("button.lq-place[title='reference label counterfeit, label spam']")
    page.focus("button.lq-place[title='reference label counterfeit, label spam']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".lq-desk-said:has-text('label spam')")
    page.click("button:has-text('label spam ×')")
    page.click("button:has-text('reference_label counterfeit ×')")
    page.wait_for_selector(".lq-desk-said:has-text('of site KUL in MY')")
    page.wait_for_function("document.activeElement.closest('.lq-desk-rows')")  # its × is gone: the keyboard goes on there

    page.click("button:has-text('Ask why')")
    page.wait_for_selector(".jp-OutputArea :text('the surest first') >> nth=0")
    page.click("button:has-text('Items')")
    page.wait_for_selector(":text('annotations behind the figure') >> nth=0")
    page.fill("input[placeholder*='kul_queues']", "kul_queues")
    page.keyboard.press("Tab")
    page.click("button:has-text('Save as notebook')")
    page.wait_for_selector(":text('labelqa run --notebook kul_queues')")
    said = page.locator(".lq-desk-said").inner_text()
    wide = page.evaluate("document.querySelector('.jp-Notebook .jp-OutputArea-output .widget-vbox').getBoundingClientRect().right")
    assert wide <= 1280

    # the lines that reproduce the view stand in a cell of their own below, and do
    page.click("button:has-text('Copy as code')")
    page.wait_for_selector(":text('stands in a new cell below')")
    page.click(".jp-CodeCell:has(.jp-InputArea-editor:has-text('lq.explore.View(')) .jp-InputArea-editor")
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-OutputArea-output", has_text=said).nth(1).wait_for()
    page.close()
    assert not tracebacks(server.log.read_text(encoding="utf-8"))

    own_house.labelqa("run", "--notebook", "kul_queues", "--market", "MY")
    folder = next((own_house.root / "reports" / "internal").glob("*/MY"))
    html = (folder / "kul_queues.html").read_text(encoding="utf-8")
    assert said.startswith("Accuracy of site KUL in MY") and said in html.replace("&#x27;", "'")
    assert json.loads((folder / "kul_queues.json").read_text(encoding="utf-8"))


def test_an_audit_list_is_worked_through_by_keyboard_alone(own_house, browser_and_lab):
    browser, server = browser_and_lab
    folder = own_house.root / "audit_lists" / "2026-W46" / "MY"
    folder.mkdir(parents=True)
    (folder / "audit_list.csv").write_text(LIST, encoding="utf-8")
    page = server.open(browser, "audit_desk")
    run_cells(page, 3)
    page.wait_for_selector("input[placeholder*='such as Q1']")
    page.focus("input[placeholder*='such as Q1']")
    page.keyboard.type("MY-Q01")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # on Begin
    page.wait_for_selector(":text('0 of 3 answered')")
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    page.keyboard.press("4")
    page.wait_for_selector(":text('An error: it was labelled Spam')")
    page.keyboard.press("Enter")
    page.wait_for_selector(":text('1 of 3 answered')")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_selector(":text('2 of 3 answered')")
    page.keyboard.press("0")
    page.wait_for_selector(":text('No error.')")
    page.keyboard.press("Enter")
    page.wait_for_selector(":text('All 3 are answered')")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells and page.locator(".jp-MarkdownCell h4").count() == 0
    assert page.title() != "run", "text of a list is text"
    notebook = own_house.root / "notebooks" / "audit_desk.ipynb"
    page.keyboard.press("Control+s")
    page.wait_for_function("!document.querySelector('.jp-mod-dirty')")
    page.close()
    saved = notebook.read_text(encoding="utf-8")
    assert "widget-view" in saved and "demo/3" not in saved, "no task is in the notebook's bytes"
    with open(folder / "answers" / "audits.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["annotation_id"], row["audit_label"], row["blind"]) for row in rows] == [
        ("a1", "counterfeit", "false"), ("a2", "no_violation", "true"), ("a3", "spam", "false")]  # fmt: skip
    assert not tracebacks(server.log.read_text(encoding="utf-8"))


def test_a_calibration_session_is_judged_blind_by_keyboard_and_scored_while_it_goes_on(own_house, browser_and_lab, monkeypatch):
    browser, server = browser_and_lab
    page = server.open(browser, "calibration_desk")
    begin_session(page, "MY-Q01", "0 of ")
    page.wait_for_selector(".lq-judging .lq-task dt:has-text('Item')")
    assert page.locator(".lq-task dt:has-text('Label given')").count() == 0
    assert not (own_house.root / "calibration_sessions").exists(), "nothing is written unasked"
    for place, label in enumerate("1423", 1):
        page.keyboard.press(label)
        page.wait_for_selector("button.mod-primary")
        page.keyboard.press("Enter")
        page.wait_for_selector(f":text('{place} of ')")
    page.wait_for_selector(".lq-task:has(dt:has-text('MY-Q01')):has-text('; 4 of ')")
    scored = page.locator(".lq-task:has(dt:has-text('MY-Q01'))").inner_text()

    # who leaves comes back to where they were; another person's answers are no part of what they see
    server.go(page, "calibration_desk")
    begin_session(page, "MY-Q01", "4 of ")
    begin_session(page, "MY-Q02", "0 of ", runs=0)
    assert "MY-Q01" not in page.locator(".lq-keys").inner_text()
    page.keyboard.press("1")
    page.wait_for_selector("button.mod-primary")
    page.keyboard.press("Enter")
    page.wait_for_selector(".lq-task dt:has-text('MY-Q02')")
    assert "MY-Q01" not in page.locator(".lq-keys").inner_text()
    page.close()
    assert not tracebacks(server.log.read_text(encoding="utf-8"))

    answers = next((own_house.root / "calibration_sessions").glob("*/MY/answers/annotations.csv"))
    with open(answers, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["agent_id"] for row in rows] == [*4 * ["MY-Q01"], "MY-Q02"]
    assert {(row["blind"], row["queue"]) for row in rows} == {("true", "calibration")}
    monkeypatch.chdir(own_house.root)
    with speaking("en"):
        key = calibration.item_key(lq.open_page("MY").tables, [row["item_id"] for row in rows])
    right = [key[row["item_id"]] == row["label"] for row in rows[:4] if row["item_id"] in key]
    assert f"{100 * sum(right) / len(right):.1f} % (" in scored and f"n {len(right)}; 4 of " in scored


def begin_session(page, person: str, then: str, runs: int = 3) -> None:
    """Open the desk, say who it is, and begin, by keyboard."""
    if runs:
        run_cells(page, runs)
    page.wait_for_selector("input[placeholder*='such as Q1']")
    page.fill("input[placeholder*='such as Q1']", person)
    page.focus("input[placeholder*='such as Q1']")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # on Begin
    page.wait_for_selector(f".widget-html:has-text('{then}') >> nth=0")
