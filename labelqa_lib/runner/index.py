"""The browsable index: one page per week (markets × notebooks with their headlines) and one over all weeks.

Built from the page records on disk, so that two runs, one after the other or at once, end with the same index.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from filelock import FileLock
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from labelqa_lib import symbols, wording
from labelqa_lib.files import write_whole
from labelqa_lib.periods import Week
from labelqa_lib.runner.beside import ACCURACY, PDF, SPREADSHEET
from labelqa_lib.runner.compiled import TEMPLATES, bytecode
from labelqa_lib.runner.digest import beside_last_week, league, most_important, moves
from labelqa_lib.runner.gantt import gantt
from labelqa_lib.runner.plan import ALL, INTERNAL, PlannedPage
from labelqa_lib.runner.record import PageRecord, read_records
from labelqa_lib.runner.sealing import sealed
from labelqa_lib.translation import ENGLISH, N_, say, speaking, tag

MARKS = {**symbols.STATUS, **symbols.SEVERITY, **symbols.MOVE, "failed": symbols.FAILED}
"""Symbol of a status, severity or move; the word itself is always written."""

BESIDE = {SPREADSHEET: N_("spreadsheet"), ACCURACY: N_("accuracy CSV"), PDF: "PDF"}
"""What the index calls the files beside a page."""


def write_index(reports: Path, audience: str, week: str, first: Sequence[str] = (), locale: str = ENGLISH) -> Path:
    """Write a week's index and the index of all weeks, from every record there is.

    Parameters
    ----------
    reports : Path
        Folder of all reports.
    audience, week : str
    first : sequence of str
        Notebooks that come first, in this order; others follow by name.
    locale : str
        How the index speaks. What it quotes of a page stays in the page's language, and is marked as such.

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
    with FileLock(folder / ".index.lock"), speaking(locale):
        place = {name: number for number, name in enumerate(first)}
        records = sorted(
            read_records(folder),
            key=lambda one: (one.week, one.market, place.get(one.notebook, len(place)), one.notebook),
        )
        of_week = [record for record in records if record.week == week]
        path = folder / week / "index.html"
        write_whole(path, week_html(of_week, folder, audience, week))
        write_whole(folder / "index.html", weeks_html(records, audience))
    return path


def index_is_fresh(pages: Sequence[PlannedPage], locale: str = ENGLISH) -> bool:
    """Whether the index was written after every record of these pages, all of one week, speaks so, and links to no folder that is gone."""
    folder = pages[0].folder.parent
    indexes = [place / "index.html" for place in (folder, folder.parent)]
    with speaking(locale):
        begins = f'<!DOCTYPE html>\n<html lang="{tag()}">'.encode()
    try:
        written = min(path.stat().st_mtime_ns for path in indexes)
        spoken = all(path.open("rb").read(len(begins)) == begins for path in indexes)
        return spoken and all(page.record.stat().st_mtime_ns <= written for page in pages) and not any(map(_links_into_nothing, indexes))
    except OSError:
        return False


def _links_into_nothing(index: Path) -> bool:
    """Whether a folder with pages that an index links to was removed since, as old weeks are. Each folder is listed once."""
    linked: dict[str, set[str]] = {}
    for folder in set(_LINKED.findall(index.read_text(encoding="utf-8"))):
        above, _, name = folder.rpartition("/")
        linked.setdefault(above, set()).add(name)
    return any(not names <= {*os.listdir(index.parent / above)} for above, names in linked.items())


_LINKED = re.compile(r'href="([\w-]+(?:/[\w-]+)?)/[\w.-]+"')
"""The folder of a page, in an index's links."""


def week_html(records: Sequence[PageRecord], folder: Path, audience: str, week: str) -> str:
    """One week: which pages there are, every market's headline figures, and what needs attention."""
    every = titles_of(records)
    pages = [_page(record, every, folder) for record in records]
    failures = [page for page in pages if page["record"].failed]
    across, pages = [page for page in pages if page["record"].market == ALL], [page for page in pages if page["record"].market != ALL]
    made, records = records, [page["record"] for page in pages]
    titles = titles_of(records)
    notebooks = [
        {
            "title": title,
            "metrics": {one["metric"]: say(one["title"]) for page in of_it for one in page["record"].headlines},
            "pages": of_it,
        }
        for name, title in titles.items()
        if (of_it := [page for page in pages if page["record"].notebook == name])
    ]
    return _rendered(
        "week.html.j2",
        audience=_said(audience),
        week=week,
        dates=_days(week),
        titles=titles,
        across=[page for page in across if not page["record"].failed],
        markets=_by_market(pages),
        notebooks=notebooks,
        failures=failures,
        league=league(records),
        findings=most_important(records, titles),
        moves=moves(records),
        beside=beside_last_week(records),
        snapshots=sorted({record.snapshot for record in made}),
        pages=len(made),
        run=gantt(made, every),
    )  # fmt: skip


def weeks_html(records: Sequence[PageRecord], audience: str) -> str:
    """Every week × market with its pages and their first headline figure, the latest week first."""
    markets = sorted({record.market for record in records if record.market != ALL})
    titles = titles_of(records)
    weeks = []
    for week, group in groupby(records, lambda record: record.week):
        of_week = list(group)
        cells = [_glance([one for one in of_week if one.market == market], titles) for market in markets]
        across = _glance([one for one in of_week if one.market == ALL], titles)["pages"]
        weeks.append({"week": week, "across": across, "cells": cells})
    return _rendered("weeks.html.j2", audience=_said(audience), markets=markets, weeks=weeks[::-1])


def _glance(records: Sequence[PageRecord], titles: Mapping[str, str]) -> dict[str, Any]:
    """One market's week: the first headline figure of its first page, and its pages."""
    first = records[0].headlines[0] if records and records[0].headlines else None
    pages = [
        {
            "failed": record.failed,
            "title": titles[record.notebook],
            "link": f"{record.week}/{record.market}/{record.notebook}.html",
        }
        for record in records
    ]
    return {"first": {"title": say(first["title"]), **_figure(first)} if first else None, "pages": pages}


def _by_market(pages: Sequence[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Market -> notebook -> page."""
    markets: dict[str, dict] = {}
    for page in pages:
        markets.setdefault(page["record"].market, {})[page["record"].notebook] = page
    return markets


def titles_of(records: Sequence[PageRecord]) -> dict[str, str]:
    """Notebook -> its title, in the records' order; of one that never got as far as its title, its name as words."""
    titles: dict[str, str] = {}
    for record in records:
        known = titles.get(record.notebook)
        titles[record.notebook] = known or record.title
    return {name: say(title) or name.replace("_", " ").capitalize() for name, title in titles.items()}


def _page(record: PageRecord, titles: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """What the index says of one page; `earlier` when a failed page still has the HTML of a success before it."""
    files = folder / record.week / record.market
    return {
        "record": record,
        "title": titles[record.notebook],
        "link": f"{record.market}/{record.notebook}.html",
        "failed_link": f"{record.market}/{record.notebook}.failed.ipynb",
        "earlier": record.failed and (files / f"{record.notebook}.html").exists(),
        "beside": [
            (say(said), f"{record.market}/{record.notebook}{ending}")
            for ending, said in BESIDE.items()
            if not record.failed and (files / f"{record.notebook}{ending}").exists()
        ],
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
        "reason": say(headline.get("reason") or ""),
    }


def _rendered(template: str, **values: Any) -> str:
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES / "index", TEMPLATES / "labelqa"]), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, bytecode_cache=bytecode(),
    )  # fmt: skip
    environment.globals |= {"mark": _mark, "tone": _tone, "say": say, "count": wording.count, "language": tag()}
    return sealed(environment.get_template(template).render(**values))


def _said(audience: str) -> str:
    return say("internal") if audience == INTERNAL else audience  # a partner's name is no word


def _days(week: str) -> str:
    asked = Week.parse(week)
    return wording.days(asked.monday, asked.sunday)


def _mark(word: str) -> Markup:
    """The symbol of a status or severity word; nothing for a word of another version's record."""
    return Markup(symbols.symbol(MARKS[word]) if word in MARKS else "")


def _tone(word: str) -> str:
    return f"lq-{symbols.tone(MARKS[word]) if word in MARKS else 'none'}"
