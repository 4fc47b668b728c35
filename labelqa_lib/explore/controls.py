"""The desk's controls: a view in, what the reader chose out. They hold no number of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import ipywidgets as widgets

from labelqa_lib.explore.view import View, dimensions
from labelqa_lib.metrics import REGISTRY

NONE = "—"


class Controls:
    """Which markets, weeks, metric, dimensions and filters.

    Parameters
    ----------
    markets, weeks : sequence of str
        What can be chosen.
    values : callable
        Called with a dimension when it is chosen, and with what takes the values that a filter on it can have.
    chosen : callable
        Called with a view as `View` takes it apart (``dict``), whenever the reader changed anything.
    """

    def __init__(self, markets: Sequence[str], weeks: Sequence[str], values: Callable[[str, Callable[[Sequence[str]], None]], None],
                 chosen: Callable[[Callable[[View], View]], None]):  # fmt: skip
        self._values, self._chosen, self._quiet = values, chosen, False
        text = {"style": {"description_width": "5.5em"}, "layout": widgets.Layout(width="19em")}
        count = {"style": {"description_width": "5.5em"}, "layout": widgets.Layout(width="10em")}
        titles = [(f"{one.title}  ({name})", name) for name, one in REGISTRY.items()]
        self.markets = widgets.SelectMultiple(options=markets, rows=min(4, len(markets)), description="Markets",
                                              style=text["style"], layout=widgets.Layout(width="11em"))  # fmt: skip
        self.week = widgets.Dropdown(options=list(reversed(weeks)), description="Week", **text)
        self.recent = widgets.BoundedIntText(1, min=1, max=53, description="Weeks", **count)
        self.baseline = widgets.BoundedIntText(12, min=0, max=104, description="Baseline", **count)
        self.metric = widgets.Dropdown(options=titles, description="Metric", style=text["style"], layout=widgets.Layout(width="30em"))
        self.first, self.second = (widgets.Dropdown(options=[NONE], description=said, **text) for said in ("Cut by", "and by"))
        self.dimension = widgets.Dropdown(options=[NONE], description="Filter", **text)
        self.value = widgets.Dropdown(options=[NONE], description="is", **text)
        for name, control in self._all().items():
            control.observe(partial(self._changed, name), names="value")
        self.dimension.observe(self._offer, names="value")
        self.box = widgets.HBox([
            self.markets,
            widgets.VBox([widgets.HBox([self.metric, self.week]),
                          widgets.HBox([self.first, self.second, self.recent, self.baseline]),
                          widgets.HBox([self.dimension, self.value])]),
        ])  # fmt: skip

    def _all(self) -> dict[str, widgets.Widget]:
        return {"markets": self.markets, "week": self.week, "recent": self.recent, "baseline": self.baseline,
                "metric": self.metric, "by": self.first, "and": self.second, "where": self.value}  # fmt: skip

    def show(self, view: View, week: str) -> None:
        """Set the controls to a view, without calling anybody."""
        self._quiet = True
        known = dimensions(view.metric)
        options = [NONE, *known]
        self.markets.value = tuple(one for one in view.markets if one in self.markets.options)
        self.week.value = view.week or week
        self.recent.value, self.baseline.value, self.metric.value = view.recent, view.baseline, view.metric
        for control, name in zip((self.first, self.second), (*view.by, NONE, NONE), strict=False):
            control.options, control.value = options, name
        if tuple(self.dimension.options) != tuple(options):
            self.dimension.options = options
        self.dimension.value, self.value.options = NONE, [NONE]
        self._quiet = False

    def _offer(self, _change) -> None:
        """The values of the dimension chosen, as soon as they are known."""
        if self._quiet:
            return
        self._fill([])
        if self.dimension.value != NONE:
            self._values(self.dimension.value, partial(self._take, self.dimension.value))

    def _take(self, name: str, values: Sequence[str]) -> None:
        if self.dimension.value == name:
            self._fill(values)

    def _fill(self, values: Sequence[str]) -> None:
        self._quiet = True
        self.value.options = [NONE, *values]
        self.value.value = NONE
        self._quiet = False

    def _changed(self, name: str, change) -> None:
        if self._quiet or (name == "where" and change["new"] == NONE):
            return
        self._chosen(partial(self._as_chosen, name))

    def _as_chosen(self, name: str, view: View) -> View:
        """The view with what the controls say now."""
        if name == "metric":
            known = dimensions(self.metric.value)
            by = tuple(one for one in view.by if one in known)
            where = [pair for pair in view.where if pair[0] in known]
            return replace(view, metric=self.metric.value, by=by, where=where, page=0)
        if name == "where":
            return replace(view, where=view.segment | {self.dimension.value: self.value.value}, page=0)
        by = dict.fromkeys(one for one in (self.first.value, self.second.value) if one != NONE)
        return replace(view, markets=self.markets.value or view.markets, week=self.week.value, recent=self.recent.value,
                       baseline=self.baseline.value, by=tuple(by), page=0)  # fmt: skip
