"""The browsable index: one page per week (markets × notebooks with their headlines) and one over all weeks.

Built from the page records on disk, so that two runs, one after the other or at once, end with the same index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from filelock import FileLock
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from labelqa_lib import wording
from labelqa_lib.periods import Week
from labelqa_lib.runner.record import PageRecord, read_records, write_whole

TEMPLATES = Path(__file__).with_name("templates")
TONES = {
    "meets": "good", "likely meets": "good", "likely misses": "bad", "misses": "bad", "not enough data": "unsure",
    "act": "bad", "watch": "bad",
}  # fmt: skip
"""Colour of a status or severity word; the word itself is always written."""

SEVERITIES = ("act", "watch")
"""What the index lists; the rest stands on the pages."""

MOST_FINDINGS = 15


def write_index(reports: Path, audience: str, week: str) -> Path:
    """Write a week's index and the index of all weeks, from every record there is.

    Parameters
    ----------
    reports : Path
        Folder of all reports.
    audience, week : str

    Returns
    -------
    Path
        The week's ``index.html``.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    folder = reports / audience
    (folder / week).mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".index.lock"):
        records = list(read_records(folder))
        of_week = [record for record in records if record.week == week]
        path = folder / week / "index.html"
        write_whole(path, week_html(of_week, folder, audience, week))
        write_whole(folder / "index.html", weeks_html(records, audience))
    return path


def week_html(records: Sequence[PageRecord], folder: Path, audience: str, week: str) -> str:
    """One week: what needs attention, and every market's headline figures or why its page failed."""
    return _environment().get_template("week.html.j2").render(
        audience=audience,
        week=week,
        dates=Week.parse(week).days,
        notebooks=[_notebook(name, group, folder) for name, group in _by_notebook(records)],
        failures=[_page(record, folder) for record in records if record.failed],
        findings=_findings(records),
        snapshots=sorted({record.snapshot for record in records}),
        pages=len(records),
    )  # fmt: skip


def weeks_html(records: Sequence[PageRecord], audience: str) -> str:
    """Every week × market × notebook with its first headline figure, the latest week first."""
    markets = sorted({record.market for record in records})
    weeks = []
    for week, group in groupby(records, lambda record: record.week):
        of_week = list(group)
        cells = [[_glance(record) for record in of_week if record.market == market] for market in markets]
        weeks.append({"week": week, "cells": cells})
    return _environment().get_template("weeks.html.j2").render(audience=audience, markets=markets, weeks=weeks[::-1])


def _glance(record: PageRecord) -> dict[str, Any]:
    first = {"title": record.headlines[0]["title"], **_figure(record.headlines[0])} if record.headlines else None
    return {
        "failed": record.failed,
        "title": title_of(record.notebook),
        "link": f"{record.week}/{record.market}/{record.notebook}.html",
        "first": first,
    }


def _by_notebook(records: Sequence[PageRecord]):
    ordered = sorted(records, key=lambda record: (record.notebook, record.market))
    return ((name, list(group)) for name, group in groupby(ordered, lambda record: record.notebook))


def _notebook(name: str, records: Sequence[PageRecord], folder: Path) -> dict[str, Any]:
    titles = {one["metric"]: one["title"] for record in records for one in record.headlines}
    rows = [_page(record, folder) for record in records]
    return {"title": title_of(name), "metrics": titles, "rows": rows}


def title_of(name: str) -> str:
    """A notebook's name as a title: ``market_report`` is ``Market report``."""
    return name.replace("_", " ").capitalize()


def _page(record: PageRecord, folder: Path) -> dict[str, Any]:
    """What the index says of one page; `earlier` when a failed page still has the HTML of a success before it."""
    files = folder / record.week / record.market
    return {
        "record": record,
        "title": title_of(record.notebook),
        "link": f"{record.market}/{record.notebook}.html",
        "failed_link": f"{record.market}/{record.notebook}.failed.ipynb",
        "earlier": record.failed and (files / f"{record.notebook}.html").exists(),
        "kept": (files / f"{record.notebook}.failed.ipynb").exists(),
        "figures": {one["metric"]: _figure(one) for one in record.headlines},
    }


def _figure(headline: Mapping[str, Any]) -> dict[str, str]:
    unit, status = headline["unit"], headline["status"]
    low, high = headline["ci_low"], headline["ci_high"]
    return {
        "value": wording.amount(headline["estimate"], unit),
        "interval": wording.interval(low, high, unit) if low is not None else "",
        "status": status,
        "tone": TONES.get(status, "none"),
        "reason": headline.get("reason") or "",
    }


def _findings(records: Sequence[PageRecord]) -> list[dict[str, Any]]:
    """The most severe and largest findings of all markets."""
    found = [
        {
            **finding,
            "market": record.market,
            "link": f"{record.market}/{record.notebook}.html",
            "tone": TONES[finding["severity"]],
        }
        for record in records
        for finding in record.findings
        if finding["severity"] in SEVERITIES
    ]
    found.sort(key=lambda one: (SEVERITIES.index(one["severity"]), -one["size"], one["market"], one["code"]))
    return found[:MOST_FINDINGS]


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader([TEMPLATES / "index", TEMPLATES / "labelqa"]), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
