"""The pages that a desk looks at: every market opened once for many weeks, so that another week is no waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ibis import _

from labelqa_lib import metrics, store
from labelqa_lib.periods import weeks_up_to

MOST_WEEKS, MOST_MARKETS = 3, 3
"""Weeks of each market, and markets, that are held ready; those looked at longest ago are cut out, or opened, again."""

MOST_ROWS = 1_000_000
"""Annotations of a market that are held ready beyond those of the week looked at: more would take longer than they save."""


class Opened:
    """Pages by market and week.

    Parameters
    ----------
    open_page : callable
        `labelqa_lib.open_page`: market, week, audience, data, snapshot → the page with tables, targets and options.
    where : sequence of str
        Audience, data and snapshot, as `open_page` takes them.
    """

    def __init__(self, open_page: Callable[..., Any], *where: str):
        self.open_page, self.where = open_page, where
        self._markets: dict[str, dict[str, Any]] = {}
        self._wide: dict[str, store.Tables] = {}

    def page(self, market: str, week: str = "", beside: int = 1):
        """The page of a market's week, the latest where none is named, while so many markets are looked at together.

        Raises
        ------
        LabelqaError
            As `open_page`.
        """
        pages = self._markets.get(market, {})
        week = week or next((_known(page)[-1] for page in pages.values()), "")
        page = pages.get(week) or self._at(market, week) or self.open_page(market, week, *self.where)
        # what was looked at last stands last; made anew, since whoever interrupts reads meanwhile
        pages = _last({**_without(pages, page.week), page.week: page}, MOST_WEEKS)
        self._markets = _last({**_without(self._markets, market), market: pages}, max(MOST_MARKETS, beside))
        self._wide = {name: tables for name, tables in self._wide.items() if name in self._markets}
        return page

    def tables(self) -> list[store.Tables]:
        """All that are open."""
        return [*self._wide.values(), *(page.tables for pages in self._markets.values() for page in pages.values())]

    def _at(self, market: str, week: str):
        """The page of another week of a market that is open; None where none is, or the snapshot has no such week."""
        page = next(iter(self._markets.get(market, {}).values()), None)
        known = _known(page) if page else ()
        if week not in known:
            return None
        weeks = [one for one in weeks_up_to(week, page.workspace.history_weeks + 1) if one in known]
        if market not in self._wide or not {*weeks} <= {*self._wide[market].weeks}:
            self._wide = self._wide | {market: _reaching(page.tables, weeks, known)}
        return replace(page, week=week, tables=metrics.within(self._wide[market], weeks), restatement=None, restated=None)


def _last(some: dict, most: int) -> dict:
    return {name: some[name] for name in list(some)[-most:]}


def _without(some: dict, one: str) -> dict:
    return {name: kept for name, kept in some.items() if name != one}


def _known(page) -> tuple[str, ...]:
    """Weeks that there are of a page's market."""
    return page.tables.snapshot.weeks(page.tables.market)


def _reaching(tables: store.Tables, weeks: list[str], known: tuple[str, ...]) -> store.Tables:
    """A market's tables for these weeks and as many around them as are held ready."""
    rows = int(store.fetch(tables.annotations.aggregate(n=_.count()))["n"].iloc[0])
    most = max(len(weeks), MOST_ROWS * len(tables.weeks) // max(rows, 1))
    end = min(len(known), known.index(weeks[-1]) + 1 + (most - len(weeks)) // 2)
    begin = max(0, end - most)
    wide = known[begin : begin + most]
    if {*wide} <= {*tables.weeks}:
        return tables
    return store.open_tables(tables.snapshot.place, tables.market, wide, tables.snapshot.id)
