"""What a metric is, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from labelqa_lib import periods
from labelqa_lib.store import Tables

WEEK = "week"

SEGMENTS = ("market", "partner", "site", "queue", "policy_area", "content_type", "language", "agent_id", WEEK)
"""Dimensions of an annotation, whatever label it got."""


@dataclass(frozen=True)
class Metric:
    """A named quantity.

    Attributes
    ----------
    question : str
        What it answers, in a reader's words.
    unit : {"rate", "seconds", "hours", "days", "per_day", "per_hour", "count"}
    better : {"higher", "lower"} or None
        Which way is good; None where neither is.
    needs : tuple of str
        Tables (``audits``), columns (``annotations.blind``) or alternatives (``audits or gold``) without which it
        cannot be answered.
    dimensions : tuple of str
        What it may be measured by.
    function : callable
        ``(Tables, Asked) -> metric frame``.
    """

    name: str
    family: str
    title: str
    question: str
    unit: str
    better: str | None
    needs: tuple[str, ...]
    dimensions: tuple[str, ...]
    formula: str
    function: Callable[[Tables, Asked], pd.DataFrame] = field(repr=False)


@dataclass(frozen=True)
class Asked:
    """One question to one metric: by which dimensions, over which weeks, how sure.

    With `degrees` the frame that answers has a further column of that name at its end: the degrees of freedom of the t that
    each interval was made with, infinite where it was made without.
    """

    metric: str
    by: tuple[str, ...]
    weekly: bool
    weeks: tuple[str, ...]
    confidence: float = 0.95
    denominators: Mapping[str, str] = field(default_factory=dict)
    degrees: bool = False

    @property
    def keys(self) -> list[str]:
        """Columns that rows are grouped by in the engine."""
        return [*self.by, *([WEEK] if self.weekly else [])]

    @property
    def periods(self) -> list[str]:
        """The periods of the answer: each week, or all of them pooled."""
        return list(self.weeks) if self.weekly else [periods.span(self.weeks)]
