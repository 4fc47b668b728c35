"""What needs attention: metric frames and targets in, ranked sentences out.

Thresholds and the wording of findings live here and nowhere else. A finding is made when an interval lies wholly on
the wrong side of a target, or when a segment moved more than a search over all segments finds by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from labelqa_lib import wording
from labelqa_lib.metrics import REGISTRY, change, measure
from labelqa_lib.stats import targets
from labelqa_lib.store import Tables

FALSE_DISCOVERY_RATE = 0.05
"""Share of reported moves that may be noise (Benjamini–Hochberg over everything compared on the page)."""

FEWEST = 15
"""A segment with fewer items in the week or in its baseline is not compared: one error would move it too far."""

RELEVANT = {"rate": 0.005, "seconds": 0.05, "days": 0.10, "per_day": 0.10, "per_hour": 0.05, "count": 0.10}
"""A move smaller than this is not worth a reader: absolute for rates, relative to the baseline for the rest."""

SEVERITIES = ("act", "watch", "good", "know")
MOST = 12
"""A page lists at most this many findings; the rest are counted."""

ITEMS = {
    "accuracy": ("wrong label", "wrong labels"),
    "sla_attainment": ("late item", "late items"),
}
"""What a rate's move means in items of the week, where its volume is known."""

EVIDENCE = {
    "accuracy": "accuracy-trend", "critical_accuracy": "accuracy-trend", "fpr": "fpr-trend", "fnr": "fnr-trend",
    "ata_accuracy": "auditors", "missed_error_rate": "auditors", "false_error_rate": "auditors",
    "inconsistency_rate": "agreement-trend", "overturn_rate": "appeals-table", "sla_attainment": "service-table",
    "backlog_days": "backlog-chart", "utilization": "people-table", "aht": "hours-table",
}  # fmt: skip
"""Id of the figure or table of `market_report` in which a reader sees the metric."""


@dataclass(frozen=True)
class Finding:
    """One sentence that needs a reader, with its evidence, size and severity.

    Attributes
    ----------
    code : str
        Stable from week to week: kind, metric and segment.
    severity : {"act", "watch", "good", "know"}
    sentence : str
        Plain text; never HTML.
    size : float
        Items concerned in the week, for ranking within a severity; 0 where items do not apply.
    evidence : str
        Id of the figure or table on the page.
    """

    code: str
    severity: str
    sentence: str
    size: float
    evidence: str
    metric: str
    period: str
    segment: Mapping[str, str] = field(default_factory=dict)
    estimate: float = np.nan
    ci_low: float = np.nan
    ci_high: float = np.nan
    n: int = 0


def headline(weekly: pd.DataFrame, wanted: Mapping) -> pd.DataFrame:
    """Where does the market stand this week? One row per metric: estimate, target, status, change and history.

    Parameters
    ----------
    weekly : metric frame
        Of several metrics by week; the last week is the report's.
    wanted : mapping of metric name to Target

    Returns
    -------
    DataFrame
        ``metric, title, unit, estimate, ci_low, ci_high, n, n_effective, target, better, status, status_text, change,
        change_low, change_high, more_than_noise, history, reason, period``; `history` holds the estimate of every week.
    """
    weeks = sorted(weekly["period"].unique())
    parts = weekly.groupby("metric", sort=False)
    return pd.DataFrame([_headline_row(part, wanted, weeks) for _, part in parts])


def _headline_row(frame: pd.DataFrame, wanted: Mapping, weeks: list[str]) -> dict:
    name = frame["metric"].iloc[0]
    metric, target = REGISTRY[name], wanted.get(name)
    by_week = frame.set_index("period")
    row = by_week.loc[weeks[-1]] if weeks[-1] in by_week.index else by_week.iloc[-1]
    bound, better = (target.value, target.better) if target else (np.nan, metric.better)
    precision = target.precision if target and target.precision else np.nan
    status = str(np.atleast_1d(targets.status(row.estimate, row.ci_low, row.ci_high, bound, better, precision))[0])
    moved = change(frame)
    last = moved[moved["period"] == weeks[-1]]
    last = last.iloc[0] if len(last) else None
    return {
        "metric": name,
        "title": metric.title,
        "unit": metric.unit,
        "estimate": row.estimate,
        "ci_low": row.ci_low,
        "ci_high": row.ci_high,
        "n": int(row.n),
        "n_effective": row.n_effective,
        "target": bound,
        "better": better,
        "status": status,
        "status_text": _status_text(status, row, bound, precision, metric.unit),
        "change": np.nan if last is None else last.difference,
        "change_low": np.nan if last is None else last.ci_low,
        "change_high": np.nan if last is None else last.ci_high,
        "more_than_noise": False if last is None else bool(last.more_than_noise),
        "history": by_week["estimate"].reindex(weeks).tolist(),
        "reason": row.reason,
        "period": weeks[-1],
    }


def _status_text(status: str, row: pd.Series, bound: float, precision: float, unit: str) -> str:
    if status not in ("likely meets", "likely misses", "not enough data") or unit != "rate":
        return ""
    more = np.atleast_1d(targets.more_needed(row.estimate, row.n, row.n_effective, bound, precision))[0]
    if not np.isfinite(more) or more <= 0:
        return ""
    return f"about {wording.count(more, 'more item')} would settle it"


def find(standing: pd.DataFrame, moves: Sequence[pd.DataFrame], volume: float = 0.0) -> list[Finding]:
    """What needs a reader this week, most severe and largest first.

    Parameters
    ----------
    standing : DataFrame
        From `headline`.
    moves : sequence of DataFrame
        From `metrics.compare_segments`: segments against their baseline.
    volume : float
        Annotations of the week, to turn a rate's shortfall into items.
    """
    found = _against_targets(standing, volume) + _moves(moves)
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), -one.size, one.code))


def _against_targets(standing: pd.DataFrame, volume: float) -> list[Finding]:
    found = []
    for row in standing.itertuples():
        if row.status not in ("misses", "likely misses", "not enough data"):
            continue
        short = abs(row.target - row.estimate)
        side = "below" if row.better == "higher" else "above"
        bound = wording.amount(row.target, row.unit)
        said = f"{row.title} is {wording.estimate(row.estimate, row.ci_low, row.ci_high, row.unit)}"
        tail = f"; {row.status_text}" if row.status_text else ""
        sentence = {
            "misses": f"{said}: {side} the target of {bound} for sure.",
            "likely misses": f"{said}: likely {side} the target of {bound}{tail}.",
            "not enough data": f"{said}: too wide an interval to judge against the target of {bound}{tail}.",
        }[row.status]
        found.append(
            Finding(
                code=f"target:{row.metric}",
                severity={"misses": "act", "likely misses": "watch", "not enough data": "know"}[row.status],
                sentence=sentence,
                size=short * volume if row.metric in ("accuracy", "critical_accuracy") else 0.0,
                evidence=EVIDENCE.get(row.metric, ""),
                metric=row.metric,
                period=row.period,
                estimate=row.estimate,
                ci_low=row.ci_low,
                ci_high=row.ci_high,
                n=row.n,
            )
        )
    return found


def _moves(moves: Sequence[pd.DataFrame]) -> list[Finding]:
    frames = [frame for frame in moves if len(frame)]
    if not frames:
        return []
    every = pd.concat(frames, ignore_index=True)
    every = every[every["p_value"].notna() & (every["n"] >= FEWEST) & (every["n_baseline"] >= FEWEST)]
    if every.empty:
        return []
    every = every[stats.false_discovery_control(every["p_value"].to_numpy()) <= FALSE_DISCOVERY_RATE]
    found, told = [], []
    for row in every.sort_values(["p_value", "depth"]).itertuples():
        if not _relevant(row) or any(_same_story(row, other) for other in told):
            continue
        told.append(row)
        found.append(_move(row))
    return found


def _relevant(row) -> bool:
    unit = REGISTRY[row.metric].unit
    scale = 1.0 if unit == "rate" else abs(row.baseline)
    return abs(row.difference) >= RELEVANT[unit] * scale


def _same_story(row, other) -> bool:
    """One segment inside the other, same metric: the stronger of the two has told it already."""
    if row.metric != other.metric:
        return False
    ours, theirs = set(row.segment.items()), set(other.segment.items())
    return ours <= theirs or theirs <= ours


def _move(row) -> Finding:
    metric = REGISTRY[row.metric]
    worse = metric.better is not None and (row.difference < 0) == (metric.better == "higher")
    verb = "fell" if row.difference < 0 else "rose"
    place = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in row.segment.items())
    place = f" ({place})" if place else ""
    items = abs(row.difference) * row.volume if row.metric in ITEMS else 0.0
    more = "more" if worse else "fewer"
    size = f": about {wording.count(items, *ITEMS[row.metric]).replace(' ', f' {more} ', 1)} in the week" if items >= 1 else ""
    sentence = (
        f"{metric.title}{place} {verb} from {wording.amount(row.baseline, metric.unit)} "
        f"to {wording.estimate(row.estimate, row.ci_low, row.ci_high, metric.unit)}{size}."
    )
    severity = "good" if not worse else "act" if items == 0 or items >= 20 else "watch"
    return Finding(
        code=":".join(["move", row.metric, *(f"{name}={value}" for name, value in row.segment.items())]),
        severity=severity if metric.better else "know",
        sentence=sentence,
        size=items,
        evidence=EVIDENCE.get(row.metric, ""),
        metric=row.metric,
        period=row.period,
        segment=row.segment,
        estimate=row.estimate,
        ci_low=row.ci_low,
        ci_high=row.ci_high,
        n=int(row.n),
    )


def named(people: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """The rows of a metric frame by person that rest on enough items to put a name to: `n` of at least `minimum`."""
    return people[people["n"] >= minimum].reset_index(drop=True)


def worst(people: pd.DataFrame, most: int = 15) -> pd.DataFrame:
    """The `most` rows that are worst for sure: ordered by the better end of their interval, not by the estimate."""
    if not len(people):
        return people
    higher = REGISTRY[people["metric"].iloc[0]].better == "higher"
    order = people["ci_high"] if higher else -people["ci_low"]
    return people.loc[order.sort_values(kind="stable").index].head(most).reset_index(drop=True)


def unanswered(*frames: pd.DataFrame) -> list[tuple[str, str]]:
    """Which of the page's questions had no data, and why: pairs of question and reason, each once."""
    pairs = {}
    for frame in frames:
        for metric, part in frame.groupby("metric", sort=False):
            if part["estimate"].isna().all():
                pairs[REGISTRY[metric].question] = part["reason"].iloc[-1]
    return list(pairs.items())


def restated(earlier: Tables | None, weekly: pd.DataFrame, **options) -> pd.DataFrame:
    """What did late data change? The week's figures of an earlier snapshot beside those of this one.

    Parameters
    ----------
    earlier : Tables or None
        The same market and weeks in the latest snapshot in which they read differently; None where there is none.
    weekly : metric frame
        As in `headline`. Options as they were given to `measure`.

    Returns
    -------
    DataFrame
        ``title, unit, before, after, difference``: one row per metric that moved, empty where nothing was restated.
    """
    rows = []
    for metric, part in weekly.groupby("metric", sort=False) if earlier else ():
        known = REGISTRY[metric]
        was = measure(earlier, metric, by=["week"], **options)["estimate"].iloc[-1]
        now = part["estimate"].iloc[-1]
        if not (was == now or (np.isnan(was) and np.isnan(now))):
            rows.append((known.title, known.unit, was, now, now - was))
    return pd.DataFrame(rows, columns=["title", "unit", "before", "after", "difference"])
