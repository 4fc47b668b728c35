"""What the rooms answer to a view: frames and findings, without a widget. Every number is a report's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import pandas as pd

from labelqa_lib import metrics, store
from labelqa_lib.causes.cause import Cause
from labelqa_lib.causes.evidence import Evidence, evidence
from labelqa_lib.causes.questions import week_causes
from labelqa_lib.errors import UsageError
from labelqa_lib.explore.opened import Opened
from labelqa_lib.explore.view import MARKET, View
from labelqa_lib.findings import named
from labelqa_lib.findings.sizing import settle
from labelqa_lib.metrics.audited import audited_rows, pooled
from labelqa_lib.metrics.inside import rows_inside
from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.periods import latest_weeks
from labelqa_lib.store import Tables

PAGE_SIZE = 20
"""Annotations on a page of them."""

PEOPLE = ("agent_id", "auditor_id")

_BAD = {"accuracy": "error_rate", "ata_accuracy": "missed_error_rate", "recall": "fnr", "precision": "fdr"}
"""The rate of bad events on which people are compared, where the metric itself counts good ones."""


class Answers:
    """A view's answers, each worked out when it is first asked for.

    Parameters
    ----------
    view : View
    open_page : callable
        `labelqa_lib.open_page`: market, week, audience, data, snapshot → the page with tables, targets and options.
    audience, data, snapshot : str
        As `open_page` takes them.
    """

    def __init__(self, view: View, open_page: Callable[..., Any], audience: str = "internal", data: str = "", snapshot: str = ""):
        self.view, self._opened = view, Opened(open_page, audience, data, snapshot)

    def about(self, view: View) -> Answers:
        """The same desk's answers to another view: pages that are open stay so."""
        answers = Answers(view, self._opened.open_page, *self._opened.where)
        answers._opened = self._opened
        return answers

    def page(self, market: str = ""):
        """The page of a market of the view; of the first one where none is named."""
        return self._opened.page(market or self.view.markets[0], self.view.week, len(self.view.markets))

    @cached_property
    def week(self) -> str:
        """The week looked at last; known for good once asked, also where its page is no longer open."""
        return self.page().week

    def about_what(self, *settings: str) -> tuple:
        """What an answer is about that depends on markets, week and these settings of the view alone."""
        told = {name: getattr(self.view, name) for name in settings} | {"where": frozenset(self.view.where)}
        return self.view.markets, self.week, tuple(told[name] for name in settings)

    @property
    def unit(self) -> str:
        """Unit of the metric."""
        return metrics.UNITS[self.view.metric]

    @property
    def title(self) -> str:
        """Heading of the metric."""
        return metrics.TITLES[self.view.metric]

    def weeks(self, tables: Tables) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The weeks looked at and the baseline, of those that have data."""
        late = latest_weeks(tables.weeks, self.view.recent)
        reach = latest_weeks(tables.weeks, self.view.recent + self.view.baseline)
        return late, tuple(week for week in reach if week not in late)

    @cached_property
    def segments(self) -> pd.DataFrame:
        """How does each segment stand, and by how much has it moved?

        The metric frame over the weeks looked at by ``market`` (where there are several) and the view's dimensions, with
        ``baseline, n_baseline, difference, difference_low, difference_high``. People with too few items are left out.
        """
        return pd.concat([self._segments(market) for market in self.view.markets], ignore_index=True)

    def _segments(self, market: str) -> pd.DataFrame:
        page, view = self.page(market), self.view
        late, earlier = self.weeks(page.tables)
        now = self._measured(page, late)
        frame = metrics.against(now, self._measured(page, earlier) if earlier else now.iloc[:0])
        if any(name in PEOPLE for name in view.cut):
            frame = named(frame, page.workspace.minimum_named_items)
        return self._of_market(frame, market)

    def _measured(self, page, weeks: tuple[str, ...]) -> pd.DataFrame:
        view = self.view
        return metrics.measure_inside(page.tables, view.metric, view.segment, view.cut, weeks, **page.options)

    def _of_market(self, frame: pd.DataFrame, market: str) -> pd.DataFrame:
        """With the market as a dimension, where there are several."""
        if len(self.view.markets) > 1:
            frame = frame.copy()
            frame.insert(1, MARKET, market)
        return frame

    @property
    def cut(self) -> list[str]:
        """Dimensions of `segments`."""
        return [*([MARKET] if len(self.view.markets) > 1 else []), *self.view.cut]

    @cached_property
    def whole(self) -> pd.Series:
        """The figure of the segment itself, not cut any further, of the first market: a row of `segments`."""
        page, view = self.page(), self.view
        late, earlier = self.weeks(page.tables)
        ask = (page.tables, view.metric, view.segment, ())
        now = metrics.measure_inside(*ask, late, **page.options)
        then = metrics.measure_inside(*ask, earlier, **page.options) if earlier else now.iloc[:0]
        return metrics.against(now, then).iloc[0]

    @cached_property
    def trend(self) -> pd.DataFrame:
        """The control chart of the segment; of several markets their metric frames by week."""
        if len(self.view.markets) == 1:
            page = self.page()
            return metrics.control_chart(page.tables, self.view.metric, segment=self.view.segment, **page.options)
        parts = []
        for market in self.view.markets:
            page = self.page(market)
            weekly = metrics.measure_inside(page.tables, self.view.metric, self.view.segment, [WEEK], **page.options)
            parts.append(self._of_market(weekly, market))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def confusion(self) -> pd.DataFrame:
        """What each label was taken for inside the segment, over the weeks looked at."""
        page = self._one("labels taken for others")
        late, _earlier = self.weeks(page.tables)
        return metrics.confusion(page.tables, late, page.confidence, page.market.costs, segment=self.view.segment)

    @cached_property
    def handle_times(self) -> tuple[pd.DataFrame, dict[str, float]]:
        """How the handle times of the segment are spread, and the seconds to mark in it."""
        page, segment = self._one("handle times"), self.view.segment
        late, _earlier = self.weeks(page.tables)
        spread = metrics.handle_times(page.tables, late, segment)
        times = {
            said: metrics.measure_inside(page.tables, metric, segment, (), late, **page.options)["estimate"].iloc[0]
            for metric, said in (("aht_median", "median"), ("aht_p90", "90 % within"))
        }
        return spread, times

    @cached_property
    def agents(self) -> pd.DataFrame:
        """Volume and rate of bad events of every agent of the segment, in all weeks of the report, with shrunken rates."""
        page = self._one("agents")
        if "agent_id" in self.view.segment:
            raise UsageError("one agent is chosen; take that filter out to see all of them")
        metric = self.bad
        return metrics.spread(page.tables, "agent_id", page.tables.weeks, page.workspace.minimum_named_items, metric,
                              confidence=page.confidence, segment=self.view.segment)  # fmt: skip

    @property
    def bad(self) -> str:
        """The rate of bad events on which agents are compared: the metric, its opposite, or the error rate."""
        known = metrics.REGISTRY[self.view.metric]
        itself = (known.unit, known.better) == ("rate", "lower") and "agent_id" in known.dimensions
        other = self.view.metric if itself else _BAD.get(self.view.metric, "error_rate")
        return other if "agent_id" in metrics.REGISTRY[other].dimensions else "error_rate"

    @cached_property
    def items(self) -> tuple[pd.DataFrame, int]:
        """One page of the annotations behind the figure, and how many there are."""
        page, view = self._one("annotations"), self.view
        late, _earlier = self.weeks(page.tables)
        return metrics.behind(page.tables, view.metric, late, view.segment, view.page, PAGE_SIZE, view.wrong)

    @cached_property
    def causes(self) -> tuple[list[Cause], Evidence]:
        """Where the week's error rate rose inside the segment, by the engine of the root-cause page, and what speaks for it."""
        page = self._one("causes")
        tables, fewest = page.tables, page.workspace.minimum_named_items
        rows = pooled(store.fetch(rows_inside(audited_rows(tables), self.view.segment, "judged annotations")), fewest)
        found = week_causes(rows, page.week, fewest=page.smallest_cell)
        return found, evidence(tables, rows, found, page.confidence)

    @cached_property
    def sizes(self) -> pd.DataFrame:
        """How many audits of the segment would settle what its figure leaves open: ``question, audits, how``."""
        if self.unit != "rate":
            raise UsageError(f"{self.title.lower()} is no rate of audited labels; choose one, such as accuracy")
        page = self._one("sizes")
        target = page.target(self.view.metric).get("target", float("nan"))
        return settle(self.title, self.whole, target, page.confidence)

    def interrupt(self) -> None:
        """Stop what the engine is doing for these answers; whoever waits for it gets a `DataError`."""
        for tables in self._opened.tables():
            tables.interrupt()

    def progress(self) -> float:
        """How far the engine is with what it is doing for these answers, in percent; -1 where it cannot say."""
        return max((tables.progress() for tables in self._opened.tables()), default=-1.0)

    def values(self, dimension: str) -> list[str]:
        """What a filter on a dimension can be set to: its values in the weeks of the first market, inside the other filters."""
        page = self.page()
        others = {name: value for name, value in self.view.where if name != dimension}
        frame = metrics.measure_inside(page.tables, self.view.metric, others, [dimension], page.tables.weeks, **page.options)
        frame = named(frame, page.workspace.minimum_named_items) if dimension in PEOPLE else frame
        return frame[dimension].tolist()

    def _one(self, what: str):
        """The page of the only market."""
        if len(self.view.markets) > 1:
            raise UsageError(f"{what} are shown of one market; choose one of {', '.join(self.view.markets)}")
        return self.page()

    def facts(self) -> dict[str, str]:
        """How this view is found again, for the page's provenance."""
        return {"View": self.view.permalink()}


def there(snapshot: store.Snapshot) -> pd.DataFrame:
    """What can be looked at: ``market, weeks`` (how many) ``, first, last`` of a snapshot."""
    rows = [(market, len(weeks), weeks[0], weeks[-1]) for market in sorted(snapshot.markets) for weeks in [snapshot.weeks(market)]]
    return pd.DataFrame(rows, columns=["market", "weeks", "first", "last"])
