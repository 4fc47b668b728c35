"""A segment in words."""

from __future__ import annotations

from collections.abc import Sequence

from labelqa_lib import wording
from labelqa_lib.causes import Segment
from labelqa_lib.translation import say

MOST_VALUES = 4
"""So many values of a dimension are named; the rest are counted."""


def where(segment: Segment) -> str:
    """``site KUL, reference label counterfeit``; ``everywhere`` for the empty segment."""
    return wording.segment({column: _any(column, values) for column, values in segment.items()}) or say("everywhere")


def several(others: Sequence[Segment]) -> str:
    """Segments in words, after each other; nothing where there are none."""
    return say("; ").join(map(where, others))


def _any(column: str, values: Sequence[object]) -> str:
    named = [say("(not given)") if value is None else str(wording.of(column, value)) for value in values[:MOST_VALUES]]
    rest = len(values) - MOST_VALUES
    return any_of([*named, say("{n} more", n=wording.whole(rest))] if rest > 0 else named)


def any_of(values: Sequence[str]) -> str:
    """``a or b or c``."""
    return say(" or ").join(values)
