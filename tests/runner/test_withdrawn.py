"""Pages that partners do not get any more: gone with all their files, and from every index."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labelqa_lib.runner import withdraw, write_index
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import PageError, PageRecord, publish


@pytest.fixture
def reports(tmp_path):
    """Two weeks of a partner's reports and of our own, a notebook of which failed once."""
    for audience in ("aurora", "internal"):
        for week, market, name in (("2026-W45", "MY", "error_rca"), ("2026-W46", "MY", "market_report"), ("2026-W46", "TW", "error_rca")):
            page = PlannedPage(tmp_path / f"{name}.ipynb", tmp_path, tmp_path, market, week, audience, "S1")
            publish(page, PageRecord.of(page, 1.0, title=name), html="<p>", beside={".xlsx": b"x", ".accuracy.csv": b"x"})
        failed = replace(page, market="GB")
        publish(failed, PageRecord.of(failed, 1.0, PageError("KeyError", "'site'")))
        for week in ("2026-W45", "2026-W46"):
            write_index(tmp_path, audience, week)
    return tmp_path


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_they_go_from_all_weeks_with_what_lies_beside_and_no_index_links_to_them(reports):
    internal = tree(reports / "internal")
    (reports / "aurora" / "2026-W46" / "TW" / ".market_report.html.7.tmp").write_text("half")
    assert withdraw(reports, "aurora", ["market_report"]) == ["error_rca"]
    left = {name for name in tree(reports / "aurora") if not name.startswith(".")}
    assert left == {"index.html", "2026-W45/index.html", "2026-W46/index.html", "2026-W46/TW/.market_report.html.7.tmp"} | {
        f"2026-W46/MY/market_report{ending}" for ending in (".html", ".json", ".findings.json", ".xlsx", ".accuracy.csv")}  # fmt: skip
    indexes = "".join((reports / "aurora" / name).read_text() for name in ("index.html", "2026-W45/index.html", "2026-W46/index.html"))
    assert "error_rca" not in indexes and 'href="2026-W46/MY/market_report.html"' in indexes
    assert tree(reports / "internal") == internal and withdraw(reports, "internal", []) == []


def test_nothing_is_written_where_nothing_goes_and_all_may_go(reports):
    before = {path: path.stat().st_mtime_ns for path in reports.rglob("*")}
    assert withdraw(reports, "aurora", ["market_report", "error_rca"]) == withdraw(reports, "nord", []) == []
    assert {path: path.stat().st_mtime_ns for path in reports.rglob("*")} == before
    assert withdraw(reports, "aurora", []) == ["error_rca", "market_report"]
    assert {name.rpartition("/")[2] for name in tree(reports / "aurora")} <= {"index.html", ".index.lock"}
