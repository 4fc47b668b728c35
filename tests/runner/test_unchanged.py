"""When a page is due, and when it need not run: without running any."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from labelqa_lib.params import Market, Partners, Workspace
from labelqa_lib.runner import keyed, reads_own_market, unchanged, why
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import PageError, PageRecord, publish

DATA = {"2026-W45": "a", "2026-W46": "b", "items": "c"}


@pytest.fixture
def page(tiny):
    def page(snapshot="S1", data=DATA, workspace=Workspace(), market=Market(market="MY"), others=None, audience="internal", **own):
        bare = PlannedPage(tiny.root / "notebooks" / "page.ipynb", tiny.root, tiny.reports, market.market, "2026-W46", audience,
                           "CURRENT", {"market": market.market, **own})  # fmt: skip
        return keyed(bare, snapshot, data, workspace, market, others)

    tiny.notebook("page", "1")
    return page


@pytest.fixture
def rendered(page):
    made = page()
    publish(made, PageRecord.of(made, 1.0), html="<p>good</p>")
    return made


def test_a_page_of_which_nothing_changed_need_not_run(page, rendered):
    assert why(page()) == ""
    assert page().parameters["snapshot"] == page().snapshot == "S1"
    assert why(page(workspace=Workspace(page_seconds=5, notebooks=("page", "other"), reports="elsewhere"))) == ""


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"data": {**DATA, "2026-W45": "x"}}, "data of 2026-W45 changed"),
        ({"data": {**DATA, "gold": "x"}}, "data of gold changed"),
        ({"data": {"2026-W46": "b", "items": "c"}}, "data of 2026-W45 changed"),
        ({"data": dict.fromkeys(DATA, "x") | {"gold": "x"}}, "data of 2026-W45, 2026-W46, items and 1 more changed"),
        ({"snapshot": "S2"}, "the snapshot that it names changed"),
        ({"snapshot": "S2", "data": {**DATA, "items": "x"}}, "data of items changed"),
        ({"market": Market(market="MY", time_zone="Asia/Kuala_Lumpur")}, "the market's time_zone changed"),
        ({"workspace": Workspace(confidence=0.9, history_weeks=8)}, "the workspace's history_weeks, confidence changed"),
        ({"others": {"SG": unchanged.hash_of(Market(market="SG"))}}, "another market's params changed"),
        ({"top": 5}, "parameter top changed"),
    ],
)
def test_what_changed_is_named(page, rendered, changed, reason):
    assert why(page(**changed)) == reason


def test_a_page_about_all_markets_is_due_when_the_workspace_speaks_otherwise(page, rendered):
    every = page(market=Market(market="all"))
    publish(every, PageRecord.of(every, 1.0), html="<p>good</p>")
    spanish = {"workspace": Workspace(locale="es")}
    assert why(page(market=Market(market="all"))) == ""
    assert why(page(market=Market(market="all"), **spanish)) == "the workspace's locale changed"
    assert why(page(**spanish)) == "", "a market's page speaks as the market does"


def test_what_partners_get_is_of_no_account_for_an_internal_page(page, rendered):
    other = {"workspace": Workspace(partners=Partners(smallest_cell=30))}
    assert why(page(**other)) == ""
    shared = page(audience="aurora")
    publish(shared, PageRecord.of(shared, 1.0), html="<p>good</p>")
    assert why(page(audience="aurora")) == ""
    assert why(page(audience="aurora", **other)) == "something it is made from changed"


def test_an_edited_notebook_or_library_is_named(page, rendered, tiny, monkeypatch):
    tiny.notebook("page", "2")
    assert why(page()) == "the notebook changed"
    monkeypatch.setattr(unchanged, "_packages", lambda: "other")
    monkeypatch.setattr(unchanged, "_folder", lambda folder, besides=None: "other")
    assert why(page()) == "the notebook, labelqa, the template, installed packages changed"


def test_the_librarys_hash_is_of_names_and_contents_and_not_of_what_python_compiles(tmp_path):
    def now():
        unchanged._folder.cache_clear()
        return unchanged._folder(tmp_path)

    (tmp_path / "a.py").write_text("1")
    first = now()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("1")
    assert now() == first
    (tmp_path / "style.css").write_text("")
    assert now() != first


def test_a_file_that_is_not_as_it_was_written_is_made_again(page, rendered):
    for content in ("<p>bad</p>", "<p>good</", ""):
        rendered.html.write_text(content)
        assert why(page()) == "its .html is not as it was written"
    publish(rendered, PageRecord.of(rendered, 1.0), html="<p>good</p>", beside={".xlsx": b"rows", ".csv": None})
    assert why(page()) == ""
    (rendered.folder / "page.xlsx").write_bytes(b"row")
    assert why(page()) == "its .xlsx is not as it was written"
    rendered.html.unlink()
    assert why(page()) == "its .html is gone"


def test_what_failed_or_was_never_there_or_cannot_be_judged_runs(page, rendered):
    assert why(replace(page(), week="2026-W45")) == "it was never rendered"
    assert why(replace(page(), key={})) == "nothing tells what it was made from"
    publish(page(), PageRecord.of(page(), 1.0, PageError("KeyError", "'labels'")))
    assert why(page()) == "it failed (KeyError)"


def test_no_notebook_breaks_its_promise_to_read_its_own_market_alone():
    package = unchanged.PACKAGE
    doors = [package / "store" / "tables.py", package / "page.py"]
    above = ("cli", "audience")  # no notebook gets at these
    files = [path for path in package.rglob("*.py") if path.parent.name not in above and path not in doors]
    others = [path for path in files if "open_tables(" in path.read_text()]
    # the desk's own (`explore/opened.py`) opens more weeks of the market that is looked at
    assert sorted(path.name for path in others) == ["opened.py", "overview.py", "traps.py"], "who opens tables beside the page may see other markets"
    wide = {node.name for path in others for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
    notebooks = sorted(Path(package.parent / "notebooks").glob("*.ipynb"))
    promised = [notebook for notebook in notebooks if reads_own_market(notebook)]
    assert {notebook.stem for notebook in promised} >= {"market_report", "error_rca", "sampling_plan"}
    for notebook in promised:
        used = {name for name in ("open_tables", "describe(", *(f".{name}(" for name in wide)) if name in notebook.read_text()}
        assert not used, f"{notebook.name} is tagged own-market and uses {used}"


def test_a_page_is_due_when_the_findings_of_the_week_before_changed(page, rendered):
    before = replace(page(), week="2026-W45")
    assert page().earlier == before.findings
    publish(before, PageRecord.of(before, 1.0, findings=[{"code": "a"}]), html="<p>last week</p>")
    assert why(page()) == "last week's findings changed"
    made = page()
    publish(made, PageRecord.of(made, 1.0), html="<p>good</p>")
    assert why(page()) == ""
    demo = replace(before, simulated=True)
    publish(demo, PageRecord.of(demo, 1.0, findings=[{"code": "a"}]), html="<p>last week</p>")
    assert why(page()) == "last week's findings changed", "they are the demo's now"


def test_a_page_is_due_when_its_markets_actions_changed(page, rendered, tiny):
    header = "action_id,market,partner,site,finding_code,action,owner,opened_on,due_on,closed_on,status,expected_gain\n"
    row = "{0}-A001,{0},,,target:accuracy,Train,Ana,2026-11-02,2026-11-30,,open,\n"
    (tiny.root / "actions.csv").write_text(header + row.format("ES"))
    assert why(page()) == ""
    (tiny.root / "actions.csv").write_text(header + row.format("ES") + row.format("MY"))
    assert why(page()) == "the register of actions changed"
    (tiny.root / "actions.csv").write_text("nonsense")
    assert why(page()) == "the register of actions changed"
