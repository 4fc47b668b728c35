"""Service: does the work get done in time? Counts are exact; what varies, and gives the intervals, are local days."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa_lib.metrics.frame import exact_frame, mean_frame, rate_frame
from labelqa_lib.metrics.metric import WEEK, Asked, Metric
from labelqa_lib.store import Tables, fetch


def _hours(tables: Tables, asked: Asked) -> pd.DataFrame:
    """Queue hours of the weeks asked for, with their local ``day``; pooled weeks are one."""
    hours = tables.keep("queue hours", lambda: _local(fetch(tables.queue_hours), tables))
    hours = hours[hours[WEEK].isin(asked.weeks)]
    return hours if asked.weekly else hours.assign(**{WEEK: asked.periods[0]})


def _local(hours: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    utc = pd.to_datetime(hours["hour"], utc=True)
    day = pd.Series("", index=hours.index, dtype="str")
    for market, times in utc.groupby(hours["market"]):
        zone = tables.snapshot.markets.get(market, {}).get("time_zone", "UTC")
        day[times.index] = times.dt.tz_convert(zone).dt.strftime("%Y-%m-%d")
    return hours.assign(day=day)


def _by_day(hours: pd.DataFrame, asked: Asked, columns: list[str]) -> pd.DataFrame:
    return hours.groupby([*asked.by, WEEK, "day"], as_index=False, dropna=False)[columns].sum()


def _sla_attainment(tables: Tables, asked: Asked) -> pd.DataFrame:
    hours = _hours(tables, asked)
    days = _by_day(hours[hours["completed_within_sla"].notna()], asked, ["completed", "completed_within_sla"])
    completed = days["completed"].astype("int64")
    cells = days.assign(
        weight=completed, weight_squared=completed, outcome=days["completed_within_sla"], n=completed
    )
    return rate_frame(cells, asked, "completed items", "by day")


def _per_day(column: str):
    def function(tables: Tables, asked: Asked) -> pd.DataFrame:
        cells = _by_day(_hours(tables, asked), asked, [column]).rename(columns={column: "total"})
        return mean_frame(cells.assign(size=1.0, n=1), asked, "queue hours", "by day")

    return function


def _backlog(tables: Tables, asked: Asked) -> pd.DataFrame:
    left = _left_over(_hours(tables, asked), asked)
    return exact_frame(_exact(left, left["backlog"]), asked, "queue hours", "count")


def _backlog_days(tables: Tables, asked: Asked) -> pd.DataFrame:
    hours = _hours(tables, asked)
    groups = [*asked.by, WEEK]
    pace = _by_day(hours, asked, ["completed"]).groupby(groups, as_index=False, dropna=False)["completed"].mean()
    both = _left_over(hours, asked).merge(pace, on=groups)
    days = both["backlog"] / both["completed"].replace(0, np.nan)
    return exact_frame(_exact(both, days), asked, "completed items", "count")


def _left_over(hours: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Backlog after the last hour of each period, over its queues, and how many queues ``n`` that is."""
    last = hours.sort_values("hour").drop_duplicates(["market", "queue", WEEK], keep="last").assign(n=1)
    return last.groupby([*asked.by, WEEK], as_index=False, dropna=False)[["backlog", "n"]].sum()


def _exact(values: pd.DataFrame, estimate: pd.Series) -> pd.DataFrame:
    """A count of everything there is: no sample, so the interval is the number itself."""
    estimate = estimate.astype("float64")
    return values.assign(estimate=estimate, ci_low=estimate, ci_high=estimate)


def _metric(name, title, question, unit, better, formula, function) -> Metric:
    dimensions = ("market", "queue", WEEK)
    return Metric(name, "service", title, question, unit, better, ("queue_hours",), dimensions, formula, function)


METRICS = (
    _metric(
        "sla_attainment", "SLA attainment", "How much is completed within the agreed time?", "rate", "higher",
        "completed within SLA / completed", _sla_attainment,
    ),
    _metric(
        "backlog", "Backlog", "How many items wait at the end of the period?", "count", "lower",
        "Σ over queues of the backlog after the period's last hour", _backlog,
    ),
    _metric(
        "backlog_days", "Backlog in days of work", "How long would the backlog take?", "days", "lower",
        "backlog / completions per day", _backlog_days,
    ),
    _metric(
        "arrivals_per_day", "Arrivals per day", "How much work comes in?", "per_day", None,
        "mean over local days of items arrived", _per_day("arrived"),
    ),
    _metric(
        "completions_per_day", "Completions per day", "How much work gets done?", "per_day", "higher",
        "mean over local days of items completed", _per_day("completed"),
    ),
)  # fmt: skip
