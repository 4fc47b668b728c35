"""The rows of a found segment, before and now, and how a share among them moved: what all evidence is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labelqa_lib.causes.cause import Cause, Segment
from labelqa_lib.stats.intervals import newcombe, wilson


def names(causes: Sequence[Cause]) -> list[str]:
    """What a page calls its causes, in their order: A, B, …, Z, AA."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return [letters[place // 26 - 1] * (place >= 26) + letters[place % 26] for place in range(len(causes))]


def inside(rows: pd.DataFrame, segment: Segment) -> pd.Series:
    """Which rows belong to a segment; None among its values stands for a value that is missing."""
    belongs = pd.Series(True, index=rows.index)
    for column, values in segment.items():
        belongs &= rows[column].isin([value for value in values if value is not None]) | (
            rows[column].isna() & (None in values)
        )
    return belongs


def each(
    audited: pd.DataFrame, causes: Sequence[Cause], recent: Sequence[str]
) -> Iterator[tuple[str, Cause, pd.DataFrame]]:
    """Every cause's name, the cause, and its rows with ``now``: True in the weeks explained."""
    for name, cause in zip(names(causes), causes, strict=True):
        rows = audited[inside(audited, cause.segment)]
        yield name, cause, rows.assign(now=rows["week"].isin(list(recent)))


@dataclass(frozen=True)
class Moved:
    """A weighted share in two periods: both shares, now − before with its interval, and the rows behind them."""

    before: float
    now: float
    difference: float
    low: float
    high: float
    n_before: int
    n_now: int


def moved(rows: pd.DataFrame, hit: pd.Series, confidence: float = 0.95) -> Moved:
    """How did the share of `hit` among `rows` move from before to ``now``?

    Notes
    -----
    Weighted shares, Wilson's interval at Kish's effective count (Σw)² / Σw², Newcombe's for the difference.
    """
    sides = []
    for when in (False, True):
        side = rows["now"] == when
        weight = rows.loc[side, "weight"]
        size = weight.sum() ** 2 / (weight**2).sum() if len(weight) else 0.0
        share = float(np.average(hit[side], weights=weight)) if len(weight) else np.nan
        sides.append((share, *wilson(min(np.nan_to_num(share), 1.0) * size, size, confidence), int(side.sum())))
    (before, before_low, before_high, n_before), (now, low, high, n_now) = sides
    difference, difference_low, difference_high = newcombe(now, low, high, before, before_low, before_high)
    return Moved(before, now, float(difference), float(difference_low), float(difference_high), n_before, n_now)
