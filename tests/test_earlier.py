"""Where a page looks for the report of the week before, and what it takes from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelqa_lib import earlier


@pytest.fixture(autouse=True)
def untold(monkeypatch):
    monkeypatch.setattr(earlier, "_told", [])


def test_reports_lie_where_a_run_said_and_else_where_the_workspace_says():
    assert earlier.reports_of(Path("/srv/here"), "reports") == Path("/srv/here/reports")
    assert earlier.reports_of(Path("/srv/here"), "/mnt/reports") == Path("/mnt/reports")
    earlier.reports_in("/tmp/copy")
    assert earlier.reports_of(Path("/srv/here"), "reports") == Path("/tmp/copy")
    assert earlier.reports_of(Path("/srv/here"), "/mnt/reports") == Path("/tmp/copy")
