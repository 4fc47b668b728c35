"""The same figures inside one segment: what a reader asks who has chosen site=KUL and wants to know more.

A metric inside a segment is the metric by the segment's own dimensions, of which the segment's row is read: the very
number that a page by those dimensions shows, with its weights and interval. No row is weighed anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib.errors import UsageError
from labelqa_lib.metrics.frame import NOT_GIVEN, undefined
from labelqa_lib.metrics.held import Held
from labelqa_lib.metrics.registry import REGISTRY, ask, measure
from labelqa_lib.store import Tables
from labelqa_lib.translation import say

Segment = Mapping[str, str]
"""Dimension → value; empty: every row. An empty value of the delivery is called ``not given``."""


def measure_inside(
    tables: Tables,
    metric: str,
    segment: Segment,
    by: Sequence[str] = (),
    weeks: Sequence[str] | None = None,
    confidence: float = 0.95,
    denominators: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """What is the value of a metric inside a segment, by further dimensions?

    Parameters
    ----------
    segment : mapping of str to str
        Dimensions of the metric and the value of each.
    tables, metric, by, weeks, confidence, denominators
        As in `measure`; dimensions of the segment are left out of `by`.

    Returns
    -------
    DataFrame
        The metric frame by `by`: those rows of the frame by segment and `by` that lie in the segment. Where there are
        none, one undefined row with the reason.

    Raises
    ------
    UsageError
        As `measure`.
    """
    further = [name for name in ((by,) if isinstance(by, str) else by) if name not in segment]
    frame = measure(tables, metric, [*segment, *further], weeks, confidence, denominators)
    if not segment:
        return frame
    rows = frame[_is(frame, segment)].drop(columns=list(segment)).reset_index(drop=True)
    if len(rows):
        return rows
    asked = ask(tables, REGISTRY[metric], further, weeks, confidence, denominators)
    unanswered = len(frame) == 1 and bool((frame[list(segment)] == NOT_GIVEN).all(axis=None)) and frame["reason"].iloc[0]
    return undefined(asked, unanswered or say("nothing of {segment} in {period}", segment=said(segment), period=asked.periods[-1]))


def said(segment: Segment) -> str:
    """A segment in words: ``site KUL, queue ads``."""
    return ", ".join(f"{name.removesuffix('_id').replace('_', ' ')} {value}" for name, value in segment.items())


def rows_inside(rows: ibis.Table | Held, segment: Segment, of: str = "these rows") -> ibis.Table | Held:
    """Those of the rows that lie in the segment.

    Raises
    ------
    UsageError
        When the rows do not tell a dimension of the segment.
    """
    unknown = [name for name in segment if name not in rows.columns]
    if unknown:
        raise UsageError(f"{of} do not tell {', '.join(unknown)}; take that filter out to see them")
    inside = [_[name].isnull() if value == NOT_GIVEN else _[name] == value for name, value in segment.items()]
    return rows.filter(*inside) if inside else rows


def _is(frame: pd.DataFrame, segment: Segment) -> np.ndarray:
    return np.logical_and.reduce([(frame[name] == value).to_numpy() for name, value in segment.items()])
