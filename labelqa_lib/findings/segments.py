"""A segment in words."""

from __future__ import annotations

from collections.abc import Sequence

from labelqa_lib.causes import Segment

MOST_VALUES = 4
"""So many values of a dimension are named; the rest are counted."""

_WORDS = {
    "agent_id": "agent", "auditor_id": "QA", "score_band": "model score", "label": "label given", "sop_version": "SOP",
}  # fmt: skip


def where(segment: Segment) -> str:
    """``site KUL, reference label counterfeit``; ``everywhere`` for the empty segment."""
    parts = [f"{_WORDS.get(column, column.replace('_', ' '))} {_any(values)}" for column, values in segment.items()]
    return ", ".join(parts) or "everywhere"


def several(others: Sequence[Segment]) -> str:
    """Segments in words, after each other; nothing where there are none."""
    return "; ".join(map(where, others))


def _any(values: Sequence[object]) -> str:
    named = ["(not given)" if value is None else str(value) for value in values[:MOST_VALUES]]
    rest = len(values) - MOST_VALUES
    return " or ".join(named) + (f" or {rest} more" if rest > 0 else "")
