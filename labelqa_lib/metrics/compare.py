"""Whether a number moved by more than chance: week against week, and every segment against its baseline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from labelqa_lib.metrics.cells import cells
from labelqa_lib.metrics.frame import NOT_GIVEN, NUMBERS
from labelqa_lib.metrics.judged import only_one_on_gold, sampled, unlike
from labelqa_lib.metrics.quality import SHARES
from labelqa_lib.metrics.registry import REGISTRY, answer, ask, named
from labelqa_lib.metrics.summed import text_column
from labelqa_lib.periods import Week, latest_weeks
from labelqa_lib.stats.change import difference, p_value
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_, say

_FRAME = {"metric", "period", *NUMBERS}
_SEARCHED = ("partner", "site", "queue", "policy_area", "label", "content_type", "language")
_COUNT = "count"
MINIMUM_ROWS = 30
"""A segment with fewer rows on either side is not compared."""

_INTERVAL = ["estimate", "ci_low", "ci_high", "n"]
_COMPARED = ("period", *_INTERVAL, "method", "degrees")


def change(frame: pd.DataFrame) -> pd.DataFrame:
    """Did the last week move against the week before it by more than noise?

    Parameters
    ----------
    frame : DataFrame
        A metric frame by week, of one metric or several below each other. Its last period is the current week.

    Returns
    -------
    DataFrame
        One row per metric and segment: ``metric, <dimensions>, period, baseline, difference, ci_low, ci_high, more_than_noise,
        method, reason``; `baseline` is the period compared against, `difference` current − baseline in the metric's
        unit. A count has no interval: whether it moved by more than noise is for its trend to say.

    Notes
    -----
    Newcombe's hybrid interval ("MOVER"): each side's own interval, for rates and means alike. A week on gold is not
    compared with one on audits: the difference would be that of their items.
    """
    dimensions = ["metric", *(name for name in frame.columns if name not in _FRAME)]
    current = frame["period"].max() if len(frame) else ""
    before = str(Week.parse(current) - 1) if len(frame) else ""
    now = frame[frame["period"] == current]
    then = frame.loc[frame["period"] == before, [*dimensions, *_INTERVAL, "method", "reason"]]
    both = _beside(now, then, dimensions)
    known_earlier = both["metric"].isin(frame.loc[frame["period"] < current, "metric"])
    moved, exact, apart = difference(*_sides(both)), _exact(both), _unlike(both)
    low, high = np.where(exact | apart, np.nan, moved.low), np.where(exact | apart, np.nan, moved.high)
    missing = np.where(known_earlier, say("no figure for {week}", week=before), N_("no earlier week"))
    reason = np.select(
        [both["estimate"].isna(), both["estimate_before"].isna(), apart, exact],
        [
            both["reason"],
            both["reason_before"].where(both["reason_before"].notna(), missing),
            only_one_on_gold(current, before),
            N_("a count has no interval"),
        ],
        "",
    )
    result = both[[*dimensions, "period"]].assign(
        baseline=before,
        difference=np.where(apart, np.nan, moved.difference),
        ci_low=low,
        ci_high=high,
        more_than_noise=moved.more_than_noise & ~exact & ~apart,
        method=np.where(np.isnan(low), "", "Newcombe"),
        reason=np.where((reason == "") & np.isnan(low), N_("no interval"), reason),
    )
    return result.astype({"baseline": "str", "method": "str", "reason": "str", "more_than_noise": "bool"})


def compare_segments(
    tables: Tables,
    metric: str,
    by: Iterable[str | Sequence[str]] | None = None,
    recent: int = 1,
    confidence: float = 0.95,
    denominators: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Which segments moved, in the last week (or few weeks) against all the weeks before?

    Parameters
    ----------
    tables : Tables
        Those of the last `recent` calendar weeks are compared with the others, each side pooled.
    metric : str
        A name in `REGISTRY`.
    by : iterable of dimensions or of tuples of them, optional
        The searches: ``()`` for the whole market, ``"site"``, ``("site", "label")``. By default the whole, each
        dimension of an annotation that the metric knows (agents are left out), and each together with site.
    recent : int
        More than 1 where one week holds too few rows to tell anything, as with tier-2 audits.
    confidence, denominators
        As in `measure`.

    Returns
    -------
    DataFrame
        ``metric, segment`` (dict), ``depth`` (its size), ``period, estimate, ci_low, ci_high, n`` (of the recent weeks),
        ``baseline`` (the estimate before), ``n_baseline, difference, difference_low, difference_high, p_value``
        (two-sided, with the degrees of freedom of the side that has fewer clusters; bounds and chance are NaN where there is
        no interval) and ``volume``: about how many items of the week the rate is about (0 where that is not known).
        Segments with fewer than `MINIMUM_ROWS` rows on either side are left out, and those of which one side stands on
        gold and the other on audits; empty where there is no earlier week.
    """
    rows = []
    for dimensions in _searches(metric) if by is None else by:
        dimensions = [dimensions] if isinstance(dimensions, str) else list(dimensions)
        if latest_weeks(tables.weeks, recent) != tables.weeks:
            rows.append(_moves(tables, metric, dimensions, recent, confidence, denominators))
    columns = ["metric", "segment", "depth", "period", "estimate", "ci_low", "ci_high", "n"]
    columns += ["baseline", "n_baseline", "difference", "difference_low", "difference_high", "p_value", "volume"]
    return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)


def against(now: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    """By how much does every segment differ from what it was?

    Parameters
    ----------
    now, then : metric frame
        Of one metric by the same dimensions, each with one period; `then` may be empty.

    Returns
    -------
    DataFrame
        `now` with ``baseline`` (the estimate then), ``n_baseline, difference, difference_low, difference_high`` (Newcombe's
        hybrid interval; NaN where a side has no figure, is a full count, or alone stands on gold).
    """
    if then.empty:
        nothing = dict.fromkeys(["difference", "difference_low", "difference_high"], np.nan)
        return now.assign(baseline=np.nan, n_baseline=0, **nothing)
    dimensions = [name for name in now.columns if name not in _FRAME]
    both = _beside(now, then[[*dimensions, *_INTERVAL, "method"]], dimensions)
    moved, exact, apart = difference(*_sides(both)), _exact(both), _unlike(both)
    return now.reset_index(drop=True).assign(
        baseline=both["estimate_before"].to_numpy(dtype=float),
        n_baseline=both["n_before"].fillna(0).to_numpy().astype("int64"),
        difference=np.where(apart, np.nan, moved.difference),
        difference_low=np.where(exact | apart, np.nan, moved.low),
        difference_high=np.where(exact | apart, np.nan, moved.high),
    )


def _searches(metric: str) -> list[tuple[str, ...]]:
    known = [name for name in _SEARCHED if name in REGISTRY[metric].dimensions]
    with_site = [("site", name) for name in known if name not in ("partner", "site")] if "site" in known else []
    return [(), *((name,) for name in known), *with_site]


def _moves(tables, metric, dimensions, recent, confidence, denominators) -> pd.DataFrame:
    late = latest_weeks(tables.weeks, recent)
    earlier = tables.weeks[: -len(late)]
    now, then = (
        answer(tables, replace(ask(tables, named(metric), dimensions, weeks, confidence, denominators), degrees=True))
        for weeks in (late, earlier)
    )
    segments = list(zip(*(now[name] for name in dimensions), strict=True)) if dimensions else [()] * len(now)
    place = _place(segments, then, dimensions)
    now, then = ({name: side[name].to_numpy() for name in _COMPARED} for side in (now, then))
    before = {name: values[place] for name, values in then.items()}
    alike = ~unlike(now["method"], before["method"])
    told = np.array([NOT_GIVEN not in segment for segment in segments], dtype=bool)
    enough = (place >= 0) & (now["n"] >= MINIMUM_ROWS) & (before["n"] >= MINIMUM_ROWS)
    kept = np.flatnonzero(told & enough & alike & ~np.isnan(now["estimate"]) & ~np.isnan(before["estimate"]))
    now, before = ({name: values[kept] for name, values in side.items()} for side in (now, before))
    segments = [segments[row] for row in kept]
    moved = difference(*(side[name] for side in (now, before) for name in _INTERVAL[:3]))
    fewer, exact = np.minimum(now["degrees"], before["degrees"]), _exact(now)
    chance = p_value(moved.difference, moved.low, moved.high, confidence, fewer)
    return pd.DataFrame({
        "metric": text_column([metric] * len(kept)),
        "segment": [dict(zip(dimensions, segment, strict=True)) for segment in segments],
        "depth": len(dimensions),
        "period": text_column(now["period"]),
        **{name: now[name] for name in _INTERVAL},
        "baseline": before["estimate"],
        "n_baseline": before["n"],
        "difference": moved.difference,
        "difference_low": np.where(exact, np.nan, moved.low),
        "difference_high": np.where(exact, np.nan, moved.high),
        "p_value": np.where(exact, np.nan, chance),
        "volume": _volume(tables, metric, segments, now["n"], dimensions),
    })  # fmt: skip


def _volume(tables: Tables, metric: str, segments: list[tuple], n: np.ndarray, dimensions: list[str]) -> np.ndarray:
    """Items of the week in the rate's denominator: estimated from the rate sample, Σ w."""
    if metric == "sla_attainment":
        return n.astype(float)
    if metric not in SHARES:
        return np.zeros(len(n))
    rows, _stands_on = sampled(tables, tables.weeks[-1:], by=dimensions)
    sums = cells(rows, dimensions, True, SHARES[metric].counted, cluster=("market",)).by(*dimensions)
    return np.append(sums["weight"], 0.0)[_place(segments, sums.frame(), dimensions)]


def _place(segments: list[tuple], then: pd.DataFrame, dimensions: list[str]) -> np.ndarray:
    """Which row of `then` is about each segment; −1 where none is."""
    there = zip(*(then[name] for name in dimensions), strict=True) if dimensions else [()] * len(then)
    place = {segment: row for row, segment in enumerate(there)}
    return np.array([place.get(segment, -1) for segment in segments], dtype=np.intp)


def _beside(now: pd.DataFrame, then: pd.DataFrame, dimensions: list[str]) -> pd.DataFrame:
    """Each segment's row with what it was before, as ``estimate_before`` and so on."""
    if dimensions:
        return now.merge(then, on=dimensions, how="left", suffixes=("", "_before"))
    return now.reset_index(drop=True).join(then.reset_index(drop=True), suffixes=("", "_before"))


def _sides(both: pd.DataFrame) -> list[np.ndarray]:
    """Estimate and bounds now, then before."""
    return [both[f"{name}{when}"].to_numpy(dtype=float) for when in ("", "_before") for name in _INTERVAL[:3]]


def _exact(both: Mapping[str, Sequence]) -> np.ndarray:
    """Where a row is a count of everything there is, with an interval of no width."""
    counts = np.array([method.startswith(_COUNT) for method in both["method"]], dtype=bool)
    return counts & (np.asarray(both["ci_low"]) == np.asarray(both["ci_high"]))


def _unlike(both: pd.DataFrame) -> np.ndarray:
    """Where one side stands on gold and the other on audits."""
    return unlike(both["method"], both["method_before"].fillna(""))
