"""Where a page looks for the report of the week before, and what it takes from it."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize("simulated", [False, True])
def test_simulated_and_real_findings_are_never_set_side_by_side(tmp_path, simulated):
    asked = (tmp_path, "internal", "2026-W46", "MY", "page", simulated)
    path = tmp_path / "internal" / "2026-W45" / "MY" / "page.findings.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"simulated": simulated, "findings": [{"code": "a"}]}))
    assert earlier.findings(*asked) == [{"code": "a"}]
    path.write_text(json.dumps({"simulated": not simulated, "findings": [{"code": "a"}]}))
    assert earlier.findings(*asked) is None
    path.write_text(json.dumps({"findings": [{"code": "a"}]}))
    assert earlier.findings(*asked) == [{"code": "a"}], "written before files said which"
    path.write_text("[]")
    assert earlier.findings(*asked) is None
