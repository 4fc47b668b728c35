"""Answers over the small market of the sampling tests, as a desk has them."""

from __future__ import annotations

from types import SimpleNamespace

from labelqa_lib.errors import UsageError
from labelqa_lib.explore import Answers, View
from tests.sampling.worlds import WEEKS, market

ROOT = None
"""Folder of the workspace, for tests that write."""


def opened(name: str, week: str = "", *_where: str) -> SimpleNamespace:
    """What `open_page` gives, as far as a desk asks: markets MY and SG have the same rows."""
    if name not in ("MY", "SG"):
        raise UsageError(f"market {name!r} is not in snapshot s1; it holds MY, SG")
    return SimpleNamespace(
        tables=market(), options={"confidence": 0.95, "denominators": {}}, confidence=0.95, week=week or WEEKS[-1],
        market=SimpleNamespace(costs={}), workspace=SimpleNamespace(minimum_named_items=5), smallest_cell=0, root=ROOT, reports=ROOT and ROOT / "reports",
        target=lambda metric: {"target": 0.95, "better": "higher"} if metric == "accuracy" else {},
    )  # fmt: skip


def answers(markets: tuple[str, ...] = ("MY",), **view) -> Answers:
    return Answers(View(markets, **view), opened)
