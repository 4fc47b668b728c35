"""What an analyst looks at, as a value: it can be kept, sent, put into a cell, and looked at again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from labelqa_lib.errors import UsageError
from labelqa_lib.metrics import REGISTRY
from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.periods import Week

MARKET = "market"

ORDER = ("partner", "site", "queue", "policy_area", "reference_label", "label", "content_type", "language", "agent_id", "auditor_id")
"""Dimensions as a reader goes into them: what is cut by next, once a segment is chosen."""

_COUNTS = {"recent": 1, "baseline": 0, "page": 0}
_MOST_BY = 2


@dataclass(frozen=True)
class View:
    """One question to the desk.

    Weeks are told backwards from the last one, so that a view kept this week is good for the next, too.

    Attributes
    ----------
    markets : tuple of str
        At least one.
    week : str
        ISO week, the last one looked at; empty for the latest of the first market.
    recent : int
        So many weeks up to `week` are looked at, pooled; at least 1.
    baseline : int
        So many weeks before those are what they are compared with, pooled; 0 for none.
    metric : str
        A name in `metrics.REGISTRY`.
    by : tuple of str
        At most two dimensions of the metric.
    where : mapping of str to str
        Filters: dimension → value, in the order in which they were chosen.
    page : int
        Of the annotations behind the figure, from 0.
    wrong : bool
        Of those, only the ones whose label is not the reference label.

    Raises
    ------
    UsageError
        With a sentence for every setting that makes no sense.
    """

    markets: tuple[str, ...]
    week: str = ""
    recent: int = 1
    baseline: int = 12
    metric: str = "accuracy"
    by: tuple[str, ...] = ("site",)
    where: Mapping[str, str] | tuple[tuple[str, str], ...] = ()
    page: int = 0
    wrong: bool = False

    def __post_init__(self):
        where = self.where.items() if isinstance(self.where, Mapping) else self.where
        for name, value in (("markets", self.markets), ("by", self.by)):
            object.__setattr__(self, name, (value,) if isinstance(value, str) else tuple(value))
        object.__setattr__(self, "where", tuple((name, value) for name, value in where))
        problems = [*_problems(self)]
        if problems:
            raise UsageError([f"view: {problem}" for problem in problems])

    @property
    def segment(self) -> dict[str, str]:
        """The filters."""
        return dict(self.where)

    @property
    def cut(self) -> tuple[str, ...]:
        """The dimensions of `by` that the filters leave open."""
        return tuple(name for name in self.by if name not in self.segment)

    def into(self, row: Mapping[str, str]) -> View:
        """The view inside one row of this one: its segment becomes a filter, and the next dimension is cut by."""
        chosen = {name: row[name] for name in self.cut if name in row}
        where = self.segment | chosen
        markets = (row[MARKET],) if MARKET in row else self.markets
        return replace(self, markets=markets, where=where, by=self._next(where) if chosen else self.by, page=0)

    def without(self, name: str) -> View:
        """The view with one filter less; cut by what it was filtered by, where nothing else is open."""
        where = {other: value for other, value in self.where if other != name}
        return replace(self, where=where, by=self.by if self.cut else (name,), page=0)

    def crumbs(self) -> list[tuple[str, View]]:
        """The way to here: what each step is called, and the view that it leads back to; the last is this one."""
        names = [", ".join(self.markets), *(value for _name, value in self.where)]
        before = [replace(self, where=self.where[:depth], by=(name,), page=0) for depth, (name, _value) in enumerate(self.where)]
        return list(zip(names, [*before, self], strict=True))

    def asked(self, market: str, week: str = "") -> View:
        """The view on the page of a market: with it alone where the view is about others, up to its week."""
        markets = self.markets if market in self.markets else (market,)
        return replace(self, markets=markets, week=week or self.week)

    def permalink(self) -> str:
        """The view as JSON, which `View.from_permalink` reads."""
        return json.dumps(asdict(self) | {"where": self.segment}, ensure_ascii=False)

    @classmethod
    def from_permalink(cls, text: str, market: str = "", week: str = "") -> View:
        """Read a permalink.

        Parameters
        ----------
        text : str
            JSON; settings left out have their defaults, and empty text has them all.
        market, week : str
            Of the page that shows it, as in `asked`.

        Raises
        ------
        UsageError
            When it is no JSON object, or a setting is unknown or makes no sense.
        """
        try:
            told = json.loads(text) if text else {}
        except ValueError as error:
            raise UsageError(f"view: {text[:60]!r} is no permalink ({error}); copy one from the desk") from None
        if not isinstance(told, dict):
            raise UsageError(f"view: {text[:60]!r} is no permalink; it is a JSON object such as " + '{"metric": "fnr"}')
        unknown = sorted(set(told) - set(cls.__dataclass_fields__))
        if unknown:
            known = ", ".join(cls.__dataclass_fields__)
            raise UsageError(f"view: there is no {', '.join(map(repr, unknown))}; there are {known}")
        told = {"markets": [market] if market else [], **told}
        view = cls(**told)
        return view.asked(market, week) if market else view

    def code(self) -> str:
        """The view as a call: what differs from the defaults."""
        shown: dict[str, Any] = asdict(self) | {"where": self.segment}
        usual = {name: one.default for name, one in self.__dataclass_fields__.items()} | {"where": {}}
        told = ", ".join(f"{name}={value!r}" for name, value in shown.items() if value != usual[name])
        return f"lq.explore.View({told})"

    def _next(self, where: Mapping[str, str]) -> tuple[str, ...]:
        """The first dimension behind all those chosen: inside a site nobody asks for its partner."""
        behind = ORDER[1 + max(ORDER.index(name) if name in ORDER else -1 for name in where) :]
        return tuple(name for name in behind if name in REGISTRY[self.metric].dimensions)[:1]


def dimensions(metric: str) -> list[str]:
    """What a metric may be cut or filtered by at the desk: market and weeks have controls of their own."""
    known = REGISTRY[metric].dimensions
    others = [name for name in known if name not in (*ORDER, MARKET, WEEK)]
    return [name for name in ORDER if name in known] + others


def _problems(view: View):
    """A sentence for every setting that makes no sense."""
    if not view.markets or not all(isinstance(one, str) and one for one in view.markets):
        yield f"markets are {view.markets!r}; name at least one, such as ['MY']"
    if view.metric not in REGISTRY:
        yield f"there is no metric {view.metric!r}; there are {', '.join(sorted(REGISTRY))}"
        return
    for name, least in _COUNTS.items():
        value = getattr(view, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            yield f"{name} is {value!r}; it is a whole number from {least} on"
    if not isinstance(view.wrong, bool):
        yield f"wrong is {view.wrong!r}; it is true or false"
    if view.week:
        try:
            Week.parse(view.week)
        except UsageError as error:
            yield error.problems[0]
    if len(view.by) > _MOST_BY:
        yield f"by is {', '.join(map(str, view.by))}; cut by at most {_MOST_BY} dimensions, and go into a row for more"
    known = dimensions(view.metric)
    for name in dict.fromkeys([*view.by, *(name for name, _value in view.where)]):
        if name not in known:
            yield f"{view.metric} cannot be cut by {name!r}; it can by {', '.join(known)}"
    yield from (f"{name} is {value!r}; a filter is one value, as text" for name, value in view.where
                if not isinstance(value, str))  # fmt: skip
