"""Reports that are kept elsewhere: what is fetched, what is written, and what stays."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from labelqa_lib.places import Place
from labelqa_lib.runner.carried import packed, unpacked
from labelqa_lib.runner.outputs import Outputs, put_page
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import PageError, PageRecord, publish

ADDRESS = "memory://outputs/reports"
WEEK = "2026-W46"


@pytest.fixture
def kept():
    place = Place.at(ADDRESS)
    yield place
    place.store.rm(place.root, recursive=True)


def page(reports: Path, market: str = "MY", audience: str = "internal") -> PlannedPage:
    root = reports.parent
    return PlannedPage(root / "notebooks" / "page.ipynb", root, reports, market, WEEK, audience, "S1")


def files(folder: Path) -> set[str]:
    names = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {str(name) for name in names if ".cache" not in name.parts}


def test_a_run_goes_on_where_another_machine_left_it(tmp_path, kept):
    here = Outputs.beside(tmp_path / "here", ADDRESS)
    here.fetch("internal")
    for market in ("MY", "ES"):
        one = page(here.reports, market)
        publish(one, PageRecord.of(one, 1.0), html=f"<p>{market}", beside={".xlsx": b"x"})
    (here.reports / "internal" / "index.html").write_text("index")
    here.keep("internal")
    assert here.name_of(here.reports / "internal" / "index.html") == f"{ADDRESS}/internal/index.html"
    names = {f"internal/{WEEK}/{market}/page{ending}" for market in ("MY", "ES") for ending in (".html", ".json", ".findings.json", ".xlsx")}
    assert set(kept.below("")) == {*names, "internal/index.html"}

    there = Outputs.beside(tmp_path / "there", ADDRESS)
    there.fetch("internal")
    assert files(there.reports) == {*names, "internal/index.html"}
    one = page(there.reports)
    publish(one, PageRecord.of(one, 1.0), html="<p>new", beside={".xlsx": None})
    there.keep("internal")
    assert set(kept.below("")) == {*names, "internal/index.html"} - {f"internal/{WEEK}/MY/page.xlsx"}

    here.fetch("internal")
    assert page(here.reports).html.read_text() == "<p>new" and not (page(here.reports).folder / "page.xlsx").exists()
    assert page(here.reports, "ES").html.read_text() == "<p>ES"


def test_what_has_not_changed_is_neither_fetched_nor_written_again(tmp_path, kept, monkeypatch):
    here = Outputs.beside(tmp_path / "here", ADDRESS)
    one = page(here.reports)
    publish(one, PageRecord.of(one, 1.0), html="<p>MY")
    here.keep("internal")
    calls = []
    monkeypatch.setattr(Place, "read", lambda place, name: calls.append(name))
    monkeypatch.setattr(Place, "write", lambda place, name, *_: calls.append(name))
    again = Outputs.beside(tmp_path / "here", ADDRESS)
    again.fetch("internal")
    again.keep("internal")
    assert calls == []


def test_a_look_or_a_run_in_the_same_copy_leaves_what_another_has_made_and_not_kept_yet(tmp_path, kept):
    before = Outputs.beside(tmp_path / "here", ADDRESS)
    before.fetch("internal")
    for market in ("SG", "TW"):
        one = page(before.reports, market)
        publish(one, PageRecord.of(one, 1.0), html=f"<p>{market}")
    before.keep("internal")

    first = Outputs.beside(tmp_path / "here", ADDRESS)
    first.fetch("internal")
    for market in ("SG", "MY"):
        one = page(first.reports, market)
        publish(one, PageRecord.of(one, 1.0), html=f"<p>{market} anew", beside={".xlsx": b"x"})
    begun = first.reports / "internal" / WEEK / "MY" / ".other.html.1.tmp"
    begun.write_text("half")
    made = files(first.reports)
    kept.remove(f"internal/{WEEK}/SG/page.html")  # by another machine, as it was
    kept.remove(f"internal/{WEEK}/TW/page.html")

    Outputs.beside(tmp_path / "here", ADDRESS).fetch("internal")  # of an --explain, or of a run that is killed
    assert files(first.reports) == made - {f"internal/{WEEK}/TW/page.html"}, "of TW nobody has made another"
    second = Outputs.beside(tmp_path / "here", ADDRESS)
    second.fetch("internal")
    second.keep("internal")
    assert page(first.reports).html.read_text() == "<p>MY anew" and begun.exists()
    first.keep("internal")
    assert set(kept.below("")) == made - {f"internal/{WEEK}/TW/page.html", str(begun.relative_to(first.reports))}
    assert kept.read(f"internal/{WEEK}/SG/page.html") == b"<p>SG anew"


def test_what_is_known_of_one_audience_outlives_a_run_for_another(tmp_path, kept):
    for audience in ("internal", "aurora"):
        here = Outputs.beside(tmp_path / "here", ADDRESS)
        here.fetch(audience)
        one = page(here.reports, audience=audience)
        publish(one, PageRecord.of(one, 1.0), html=f"<p>{audience}")
        here.keep(audience)
    kept.remove(f"internal/{WEEK}/MY/page.html")
    again = Outputs.beside(tmp_path / "here", ADDRESS)
    again.fetch("internal")
    again.keep("internal")
    assert f"internal/{WEEK}/MY/page.html" not in kept.below("") and f"aurora/{WEEK}/MY/page.html" in kept.below("")


def test_two_runs_do_not_bring_the_copy_up_to_date_at_once(tmp_path, kept, monkeypatch):
    before = Outputs.beside(tmp_path / "elsewhere", ADDRESS)
    one = page(before.reports)
    publish(one, PageRecord.of(one, 1.0), html="<p>before")
    before.keep("internal")
    first, second = (Outputs.beside(tmp_path / "here", ADDRESS) for _ in range(2))
    looked, began, below = [], threading.Event(), Place.below

    def slowly(place, folder=""):
        there = below(place, folder)
        looked.append(threading.current_thread())
        if len(looked) == 1:
            assert not began.wait(0.5), "the other looked as well"
        else:
            began.set()
        return there

    monkeypatch.setattr(Place, "below", slowly)
    runs = [threading.Thread(target=one.fetch, args=("internal",)) for one in (first, second)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(looked) == 2 and first.same == second.same != {}


def test_what_goes_from_the_copy_while_another_run_keeps_it_is_no_error(tmp_path, kept, monkeypatch):
    here = Outputs.beside(tmp_path / "here", ADDRESS)
    one = page(here.reports)
    publish(one, PageRecord.of(one, 1.0), html="<p>MY", beside={".xlsx": b"x"})
    write = Place.write

    def written(place, name, *more):
        write(place, name, *more)
        (one.folder / "page.xlsx").unlink(missing_ok=True)

    monkeypatch.setattr(Place, "write", written)
    here.keep("internal")
    assert f"internal/{WEEK}/MY/page.html" in kept.below("") and f"internal/{WEEK}/MY/page.xlsx" not in kept.below("")


@pytest.mark.parametrize("audience", ["internal", "aurora"])
def test_a_success_takes_away_what_a_failure_left_and_a_failure_leaves_the_page(tmp_path, kept, audience):
    made = page(tmp_path / "made", audience=audience)
    publish(made, record := PageRecord.of(made, 1.0), html="<p>one", beside={".xlsx": b"x"})
    put_page(ADDRESS, made, record)
    failed = page(tmp_path / "failed", audience=audience)
    publish(failed, record := PageRecord.of(failed, 1.0, PageError("ValueError", "no")), failed="{}")
    put_page(ADDRESS, failed, record)
    folder = f"{audience}/{WEEK}/MY"
    hidden = f".cache/failed/{folder}" if audience == "aurora" else folder
    assert {f"{folder}/page.html", f"{folder}/page.xlsx", f"{hidden}/page.failed.ipynb"} <= set(kept.below(""))
    assert json.loads(kept.read(f"{folder}/page.json"))["status"] == "failed"
    again = page(tmp_path / "again", audience=audience)
    publish(again, record := PageRecord.of(again, 1.0), html="<p>two")
    put_page(ADDRESS, again, record)
    assert set(kept.below("")) == {f"{folder}/page{ending}" for ending in (".html", ".json", ".findings.json")}
    assert kept.read(f"{folder}/page.html") == b"<p>two"

    copy = Outputs.beside(tmp_path / "driver", ADDRESS)
    mine = replace(made, reports=copy.reports, root=tmp_path)
    publish(mine, PageRecord.of(mine, 1.0), html="<p>old", beside={".xlsx": b"x"})
    copy.fetch_page(mine)
    assert files(copy.reports) == {f"{folder}/page{ending}" for ending in (".html", ".json", ".findings.json")}
    assert mine.html.read_text() == "<p>two"


def test_a_workspace_goes_along_and_nothing_is_written_into_the_one_that_is_shared(tmp_path):
    root = tmp_path / "workspace"
    for name in ("params/markets/MY.yaml", "notebooks/page.ipynb", "notebooks/other.ipynb", "data/rows", "out/reports/.cache/audience/rows",
                 "actions.csv"):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    one = replace(page(root / "out" / "reports"), root=root, notebook=root / "notebooks" / "page.ipynb")
    archive = packed(root, [root / "params", one.notebook, root / "actions.csv", root / "gone", Path("/etc/hostname")])
    assert archive == packed(root, [root / "actions.csv", one.notebook, root / "params"])
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    (root / "params" / "markets" / "MY.yaml").write_text("changed since")

    (into := tmp_path / "into").mkdir()
    made = unpacked(one, archive, b"earlier", "out/reports", into)
    assert (made.root, made.reports, made.notebook.read_text()) == (into, into / "out" / "reports", "notebooks/page.ipynb")
    assert (into / "params" / "markets" / "MY.yaml").read_text() == "params/markets/MY.yaml"
    assert not (into / "notebooks" / "other.ipynb").exists() and (into / "data" / "rows").read_text() == "data/rows"
    assert (into / "out" / "reports" / ".cache" / "audience" / "rows").exists()
    assert made.earlier.read_bytes() == b"earlier" and made.earlier.is_relative_to(into)
    publish(made, PageRecord.of(made, 1.0, PageError("ValueError", "no")), html="<p>", failed="{}")
    (root / "params" / "markets" / "MY.yaml").write_text("params/markets/MY.yaml")
    assert set(root.rglob("*")) == set(before)
