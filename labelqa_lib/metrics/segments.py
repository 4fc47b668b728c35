"""Where did a metric move? The report's week against its baseline, segment by segment."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from labelqa_lib.metrics.frame import NOT_GIVEN
from labelqa_lib.metrics.judged import annotated
from labelqa_lib.metrics.registry import measure
from labelqa_lib.stats.change import difference, p_value
from labelqa_lib.store import Tables, fetch

MINIMUM_ROWS = 30
"""A segment with fewer rows on either side is not compared."""

_COLUMNS = [
    "metric", "segment", "depth", "period", "estimate", "ci_low", "ci_high", "n", "baseline", "baseline_n",
    "difference", "difference_low", "difference_high", "p_value", "volume",
]  # fmt: skip


def measure_each(tables: Tables, metrics: Sequence[str], by: Sequence[str] = (), **options) -> pd.DataFrame:
    """Several metrics by the same dimensions: their metric frames below each other. Options as in `measure`."""
    return pd.concat([measure(tables, metric, by, **options) for metric in metrics], ignore_index=True)


def volume(tables: Tables) -> int:
    """How many annotations were made in the report's week?"""
    rows = annotated(tables)
    return int(fetch(rows.filter(rows.week == tables.weeks[-1]).aggregate(rows=rows.count()))["rows"].iloc[0])


def compare_segments(
    tables: Tables,
    metric: str,
    dimensions: Sequence[Sequence[str]],
    baseline: Sequence[str],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """In which segments does the report's week differ from the baseline weeks pooled, and could it be chance?

    Parameters
    ----------
    metric : str
        A name in the registry.
    dimensions : sequence of sequence of str
        Each a combination to cut by, such as ``["site"]`` or ``["site", "label"]``; ``[]`` is the market as a whole.
    baseline : sequence of str
        ISO weeks that the week is compared with; none gives an empty frame.

    Returns
    -------
    DataFrame
        One row per segment with at least `MINIMUM_ROWS` rows on both sides: ``metric, segment`` (dict), ``depth``
        (number of dimensions), ``period, estimate, ci_low, ci_high, n, baseline, baseline_n, difference,
        difference_low, difference_high``, ``p_value`` (two-sided, of this one comparison; whoever searches must
        correct for the number of rows), ``volume`` (annotations of the segment in the week; NaN where the segment is
        not one of annotations).
    """
    frames = [_compare(tables, metric, list(by), baseline, confidence) for by in dimensions if baseline]
    frames = [frame for frame in frames if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_COLUMNS)


def _compare(tables: Tables, metric: str, by: list[str], baseline: Sequence[str], confidence: float) -> pd.DataFrame:
    now = measure(tables, metric, by, confidence=confidence)
    before = measure(tables, metric, by, weeks=baseline, confidence=confidence)
    both = now.merge(before.drop(columns=["metric", "period"]), how="inner" if by else "cross", on=by or None,
                     suffixes=("", "_before"))  # fmt: skip
    enough = (both["n"] >= MINIMUM_ROWS) & (both["n_before"] >= MINIMUM_ROWS) & both["estimate"].notna()
    both = both[enough & both["estimate_before"].notna()].reset_index(drop=True)
    for name in by:
        both = both[both[name] != NOT_GIVEN].reset_index(drop=True)
    moved = difference(
        both["estimate"], both["ci_low"], both["ci_high"],
        both["estimate_before"], both["ci_low_before"], both["ci_high_before"],
    )  # fmt: skip
    return pd.DataFrame(
        {
            "metric": metric,
            "segment": [dict(zip(by, values, strict=True)) for values in both[by].itertuples(index=False, name=None)]
            if by
            else [{}] * len(both),
            "depth": len(by),
            "period": both["period"],
            "estimate": both["estimate"],
            "ci_low": both["ci_low"],
            "ci_high": both["ci_high"],
            "n": both["n"],
            "baseline": both["estimate_before"],
            "baseline_n": both["n_before"],
            "difference": moved.difference,
            "difference_low": moved.low,
            "difference_high": moved.high,
            "p_value": p_value(moved.difference, moved.low, moved.high, confidence),
            "volume": _volume(tables, both, by),
        },
        columns=_COLUMNS,
    )


def _volume(tables: Tables, segments: pd.DataFrame, by: list[str]) -> pd.Series:
    rows = annotated(tables)
    rows = rows.filter(rows.week == tables.weeks[-1])
    if not set(by) <= set(rows.columns):
        return pd.Series(float("nan"), index=segments.index)
    if not by:
        return pd.Series(float(volume(tables)), index=segments.index)
    counts = fetch(rows.group_by(by).aggregate(volume=rows.count()))
    return segments[by].merge(counts.astype(dict.fromkeys(by, "str")), on=by, how="left")["volume"].fillna(0.0)
