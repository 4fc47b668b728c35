"""Service: does the work get done in time? Counts are exact; what varies, and gives the intervals, are local days."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa_lib.metrics.frame import exact_frame, mean_frame, rate_frame
from labelqa_lib.metrics.metric import WEEK, Asked, Metric
from labelqa_lib.store import Tables, fetch
from labelqa_lib.translation import N_


def _hours(tables: Tables, asked: Asked) -> pd.DataFrame:
    """Queue hours of the weeks asked for, with their local ``day``; pooled weeks are one."""
    hours = _every_hour(tables)
    hours = hours[hours[WEEK].isin(asked.weeks)]
    return hours if asked.weekly else hours.assign(**{WEEK: asked.periods[0]})


def _every_hour(tables: Tables) -> pd.DataFrame:
    return tables.keep(N_("queue hours"), lambda: _local(fetch(tables.queue_hours), tables))


def _local(hours: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    utc = pd.to_datetime(hours["hour"], utc=True)
    day = pd.Series("", index=hours.index, dtype="str")
    for market, times in utc.groupby(hours["market"]):
        zone = tables.snapshot.markets.get(market, {}).get("time_zone", "UTC")
        place, seen = pd.factorize(times)  # every queue has the same hours
        day[times.index] = seen.tz_convert(zone).strftime("%Y-%m-%d").to_numpy()[place]
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
    return rate_frame(cells, asked, N_("completed items"), "by day")


def _per_day(column: str):
    def function(tables: Tables, asked: Asked) -> pd.DataFrame:
        cells = _by_day(_hours(tables, asked), asked, [column]).rename(columns={column: "total"})
        return mean_frame(cells.assign(size=1.0, n=1), asked, N_("queue hours"), "by day")

    return function


def _backlog(tables: Tables, asked: Asked) -> pd.DataFrame:
    left = _left_over(_hours(tables, asked), asked)
    return exact_frame(_exact(left, left["backlog"]), asked, N_("queue hours"), "count")


def _backlog_days(tables: Tables, asked: Asked) -> pd.DataFrame:
    hours = _hours(tables, asked)
    groups = [*asked.by, WEEK]
    pace = _by_day(hours, asked, ["completed"]).groupby(groups, as_index=False, dropna=False)["completed"].mean()
    both = _left_over(hours, asked).merge(pace, on=groups)
    days = both["backlog"] / both["completed"].replace(0, np.nan)
    return exact_frame(_exact(both, days), asked, N_("completed items"), "count")


def _backlog_age(tables: Tables, asked: Asked) -> pd.DataFrame:
    """How long the oldest item of the backlog has waited after the last hour of each period; of several queues the
    longest.

    No queue tells which items wait. Taken is that it works first in, first out, that an hour's items arrive evenly over
    it, and that every hour with arrivals is delivered: of N items that have arrived and B that wait, the oldest is then
    number N − B + 1. An item older than the weeks opened has no known age.
    """
    last = _last_hours(_hours(tables, asked))
    every = _every_hour(tables).sort_values("hour")
    queues = dict(list(every.groupby(["market", "queue"])))
    ages = [_oldest(queues[row.market, row.queue], row.hour, row.backlog) for row in last.itertuples()]
    groups = last.assign(age=ages).groupby([*asked.by, WEEK], as_index=False, dropna=False)
    left = groups.agg(age=("age", lambda ages: ages.max(skipna=False)), n=("n", "sum"))
    told = exact_frame(_exact(left, left["age"]), asked, N_("queue hours"), "count, first in first out")
    older = told["estimate"].isna() & (told["n"] > 0)
    return told.assign(reason=told["reason"].mask(older, N_("the oldest item arrived before the weeks opened")))


def _oldest(queue: pd.DataFrame, end: pd.Timestamp, backlog: int) -> float:
    """Age in hours of the oldest of `backlog` items after the hour `end` of a queue; NaN where it came before the
    queue's first hour."""
    known = queue[queue["hour"] <= end]
    arrived = known["arrived"].cumsum().to_numpy()
    gone = arrived[-1] - backlog
    if backlog == 0 or gone < 0:
        return 0.0 if backlog == 0 else np.nan
    place = int(np.searchsorted(arrived, gone, side="right"))
    first = known.iloc[place]
    part = 1 - (arrived[place] - gone) / first["arrived"]
    return (end - first["hour"]) / pd.Timedelta(hours=1) + 1 - part


def _last_hours(hours: pd.DataFrame) -> pd.DataFrame:
    """The last hour of each queue and period, counted by ``n``."""
    return hours.sort_values("hour").drop_duplicates(["market", "queue", WEEK], keep="last").assign(n=1)


def _left_over(hours: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Backlog after the last hour of each period, over its queues, and how many queues ``n`` that is."""
    return _last_hours(hours).groupby([*asked.by, WEEK], as_index=False, dropna=False)[["backlog", "n"]].sum()


def _exact(values: pd.DataFrame, estimate: pd.Series) -> pd.DataFrame:
    """A count of everything there is: no sample, so the interval is the number itself."""
    estimate = estimate.astype("float64")
    return values.assign(estimate=estimate, ci_low=estimate, ci_high=estimate)


def _metric(name, title, question, unit, better, formula, function) -> Metric:
    dimensions = ("market", "queue", WEEK)
    return Metric(name, "service", title, question, unit, better, ("queue_hours",), dimensions, formula, function)


METRICS = (
    _metric(
        "sla_attainment", N_("SLA attainment"), N_("How much is completed within the agreed time?"), "rate", "higher",
        "completed within SLA / completed", _sla_attainment,
    ),
    _metric(
        "backlog", N_("Backlog"), N_("How many items wait at the end of the period?"), "count", "lower",
        "Σ over queues of the backlog after the period's last hour", _backlog,
    ),
    _metric(
        "backlog_days", N_("Backlog in days of work"), N_("How long would the backlog take?"), "days", "lower",
        "backlog / completions per day", _backlog_days,
    ),
    _metric(
        "backlog_age", N_("Age of the backlog"), N_("How long has the oldest waiting item waited?"), "hours", "lower",
        "time since the oldest waiting item arrived, first in, first out, at the period's end", _backlog_age,
    ),
    _metric(
        "arrivals_per_day", N_("Arrivals per day"), N_("How much work comes in?"), "per_day", None,
        "mean over local days of items arrived", _per_day("arrived"),
    ),
    _metric(
        "completions_per_day", N_("Completions per day"), N_("How much work gets done?"), "per_day", "higher",
        "mean over local days of items completed", _per_day("completed"),
    ),
)  # fmt: skip
