"""What the report of the week before found, which a page stands beside."""

from __future__ import annotations

import json
from pathlib import Path

from labelqa_lib.periods import Week

_told: list[Path] = []


def reports_in(folder: str) -> None:
    """Look for reports in this folder from now on, wherever the workspace says that its own lie.

    A run says it to each of its pages: it may keep its reports elsewhere.
    """
    _told[:] = [Path(folder)]


def reports_of(root: Path, setting: str) -> Path:
    """The folder of all reports: where a run said that they lie, or else the workspace's own.

    Parameters
    ----------
    root : Path
    setting : str
        `reports` of the workspace at `root`.
    """
    return _told[0] if _told else root / setting


def findings(reports: Path, audience: str, week: str, market: str, notebook: str, simulated: bool) -> list[dict] | None:
    """What a notebook's page of the week before found; None where there is none that can be read, or that is of another world.

    Parameters
    ----------
    reports : Path
        Folder of all reports.
    week : str
        Of the page that asks.
    simulated : bool
        Whether that page's snapshot is: real data is not set beside the demo's findings, nor the demo beside those of real
        data. Findings written before files said which are taken for the asking page's kind.
    """
    path = reports / audience / str(Week.parse(week) - 1) / market / f"{notebook}.findings.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        found, was_simulated = told["findings"], told.get("simulated", simulated)
    except (OSError, ValueError, KeyError, TypeError):  # never rendered, or by another program
        return None
    if was_simulated != simulated:
        return None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else None
