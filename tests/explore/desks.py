"""Answers over the small market of the sampling tests, as a desk has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

from labelqa_lib.errors import UsageError
from labelqa_lib.explore import Answers, View
from labelqa_lib.store import Tables
from tests.sampling.worlds import WEEKS, market

ROOT = None
"""Folder of the workspace, for tests that write."""


@dataclass(frozen=True)
class Page:
    """What `open_page` gives, as far as a desk asks."""

    week: str
    root: Path | None
    reports: Path | None
    tables: Tables
    restatement: None = None
    restated: None = None
    options: dict = field(default_factory=lambda: {"confidence": 0.95, "denominators": {}})
    confidence: float = 0.95
    market: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(costs={}))
    workspace: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(minimum_named_items=5, history_weeks=12))
    smallest_cell: int = 0

    def target(self, metric: str) -> dict:
        return {"target": 0.95, "better": "higher"} if metric == "accuracy" else {}


def opened(name: str, week: str = "", *_where: str) -> Page:
    """Markets MY and SG have the same rows."""
    if name not in ("MY", "SG"):
        raise UsageError(f"market {name!r} is not in snapshot s1; it holds MY, SG")
    return Page(week or WEEKS[-1], ROOT, ROOT and ROOT / "reports", market())


def answers(markets: tuple[str, ...] = ("MY",), **view) -> Answers:
    return Answers(View(markets, **view), opened)
