from __future__ import annotations

import json

import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import (
    PageError,
    PageRecord,
    check_writable,
    publish,
    read_records,
    sweep,
)


@pytest.fixture
def page(tmp_path):
    return PlannedPage(
        tmp_path / "page.ipynb", tmp_path, tmp_path / "reports", "MY", "2026-W46", "internal", "S1", {"top": 3}
    )


def files(page):
    return sorted(path.name for path in page.folder.iterdir())


def test_a_success_replaces_a_failure_and_a_failure_keeps_the_page_before_it(page):
    error = PageError("ZeroDivisionError", "division by zero", 3, "1 / 0")
    assert str(error) == "cell [3] `1 / 0`: ZeroDivisionError: division by zero"
    failure = PageRecord.of(page, 1.0, error)
    publish(page, failure, failed="{}")
    assert files(page) == ["page.failed.ipynb", "page.json"]
    publish(page, PageRecord.of(page, 1.234, headlines=[{"metric": "accuracy"}]), html="<p>good</p>")
    assert files(page) == ["page.findings.json", "page.html", "page.json"]
    publish(page, failure, failed="{}")
    assert files(page) == ["page.failed.ipynb", "page.findings.json", "page.html", "page.json"]
    assert page.html.read_text() == "<p>good</p>"
    assert list(read_records(page.reports / "internal")) == [failure]


def test_records_come_back_as_they_were_and_other_files_are_passed_over(page):
    record = publish(page, PageRecord.of(page, 1.234, findings=[{"code": "a"}], warnings=["careful"]), html="x")
    (page.folder / "notes.json").write_text('{"by": "somebody"}')
    (page.folder / "list.json").write_text("[1]")
    (page.folder / "torn.json").write_text("{")
    [found] = read_records(page.reports / "internal")
    assert found == record
    told = json.loads(page.findings.read_text())
    assert told == {"schema": 1, "market": "MY", "week": "2026-W46", "audience": "internal", "notebook": "page",
                    "simulated": False, "findings": [{"code": "a"}]}  # fmt: skip
    assert (found.seconds, found.parameters, found.status) == (1.23, {"top": 3}, "rendered")


def test_a_page_that_cannot_be_written_is_a_failure_with_a_sentence(page):
    page.folder.mkdir(parents=True)
    page.html.mkdir()
    record = publish(page, PageRecord.of(page, 1.0), html="<p>new</p>")
    assert record.failed
    assert "cannot be written (Is a directory)" in record.error.message
    assert [path.name for path in page.folder.glob(".*")] == []


def test_sweep_removes_only_what_that_process_left(tmp_path):
    for name in (".page.html.41.tmp", ".page.html.42.tmp", "page.html"):
        (tmp_path / name).touch()
    sweep(tmp_path, 42)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".page.html.41.tmp", "page.html"]


def test_reports_that_cannot_be_written_are_told_before_anything_runs(tmp_path):
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(UsageError, match="reports cannot be written there"):
        check_writable(tmp_path / "reports" / "internal")
