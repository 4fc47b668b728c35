"""Service: does the work get done in time? Counts are exact; what varies, and gives the intervals, are local days."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from ibis import _

from labelqa_lib.metrics.frame import exact_frame, mean_frame, rate_frame
from labelqa_lib.metrics.held import Columns, Held
from labelqa_lib.metrics.metric import WEEK, Asked, Metric
from labelqa_lib.metrics.summed import Summed
from labelqa_lib.store import Tables, arrow
from labelqa_lib.translation import N_

_QUEUE = ("market", "queue")


def _hours(tables: Tables, asked: Asked) -> Held:
    """Queue hours of the weeks asked for, with their local ``day``; pooled weeks are one."""

    def chosen() -> Held:
        hours = _every_hour(tables).filter(_[WEEK].isin(asked.weeks))
        return hours if asked.weekly else hours.mutate(**{WEEK: asked.periods[0]})

    return tables.keep(f"queue hours of {asked.weeks}, {asked.weekly}", chosen)


def _every_hour(tables: Tables) -> Held:
    return tables.keep("queue hours", lambda: _local(arrow(tables.queue_hours), tables))


def _local(told: pa.Table, tables: Tables) -> Held:
    """Held in memory for all markets, too: a queue has no more than 168 rows a week. A ``day`` is a number."""
    columns = dict(zip(told.column_names, told.columns, strict=True))
    columns["hour"] = columns["hour"].cast(pa.timestamp("us")).to_numpy()
    hours = Held(Columns(columns))
    market, day = hours["market"], np.zeros(len(hours), dtype="int64")
    for place, name in enumerate(market.values):
        zone = tables.snapshot.time_zone(name)
        here = market.code == place
        local = pd.DatetimeIndex(hours["hour"][here], tz="UTC").tz_convert(zone).tz_localize(None)
        day[here] = local.to_numpy().astype("datetime64[D]").astype("int64")
    return hours.mutate(day=day)


def _by_day(hours: Held, asked: Asked, columns: list[str]) -> Summed:
    return hours.added([*asked.by, WEEK, "day"], columns)


def _sla_attainment(tables: Tables, asked: Asked) -> pd.DataFrame:
    hours = _hours(tables, asked).filter(_.completed_within_sla.notnull())
    days = _by_day(hours, asked, ["completed", "completed_within_sla"])
    completed = days["completed"].astype("int64")
    cells = days.having(weight=completed, weight_squared=completed, outcome=days["completed_within_sla"], n=completed)
    return rate_frame(cells, asked, N_("completed items"), "by day")


def _per_day(column: str):
    def function(tables: Tables, asked: Asked) -> pd.DataFrame:
        days = _by_day(_hours(tables, asked), asked, [column])
        return mean_frame(days.having(total=days[column], size=1.0, n=1), asked, N_("queue hours"), "by day")

    return function


def _backlog(tables: Tables, asked: Asked) -> pd.DataFrame:
    left = _left_over(_hours(tables, asked), asked)
    return exact_frame(_exact(left, left["backlog"]), asked, N_("queue hours"), "count")


def _backlog_days(tables: Tables, asked: Asked) -> pd.DataFrame:
    hours = _hours(tables, asked)
    pace = _by_day(hours, asked, ["completed"]).having(days=1).by(*asked.by, WEEK)
    left = _left_over(hours, asked)  # of the same groups, in the same order
    with np.errstate(divide="ignore", invalid="ignore"):
        days = left["backlog"] / (pace["completed"] / pace["days"])
    return exact_frame(_exact(left, np.where(pace["completed"] == 0, np.nan, days)), asked, N_("completed items"), "count")


def _backlog_age(tables: Tables, asked: Asked) -> pd.DataFrame:
    """How long the oldest item of the backlog has waited after the last hour of each period; of several queues the
    longest.

    No queue tells which items wait. Taken is that it works first in, first out, that an hour's items arrive evenly over
    it, and that every hour with arrivals is delivered: of N items that have arrived and B that wait, the oldest is then
    number N − B + 1. An item older than the weeks opened has no known age.
    """
    every, last = _every_hour(tables), _last_hours(_hours(tables, asked))
    _names, queue, _size = every.grouped(_QUEUE)
    in_time, hour, arrived = np.argsort(every["hour"], kind="stable"), every["hour"], every["arrived"]
    told, place, size = last.grouped([*asked.by, WEEK])
    oldest = np.zeros(size)
    for group, row, end, backlog in zip(place, last.place, last["hour"], last["backlog"], strict=True):
        own = in_time[queue[in_time] == queue[row]]
        age = _oldest(hour[own], arrived[own], end, backlog)
        oldest[group] = np.maximum(oldest[group], age)  # NaN where one of them is not known
    left = Summed(told, {"n": np.bincount(place, minlength=size)})
    told = exact_frame(_exact(left, oldest), asked, N_("queue hours"), "count, first in first out")
    older = told["estimate"].isna() & (told["n"] > 0)
    return told.assign(reason=told["reason"].mask(older, N_("the oldest item arrived before the weeks opened")))


def _oldest(hour: np.ndarray, arrived: np.ndarray, end: np.datetime64, backlog: int) -> float:
    """Age in hours of the oldest of `backlog` items after the hour `end` of a queue; NaN where it came before the
    queue's first hour."""
    so_far = np.cumsum(arrived[: np.searchsorted(hour, end, side="right")])
    gone = so_far[-1] - backlog
    if backlog == 0 or gone < 0:
        return 0.0 if backlog == 0 else np.nan
    place = int(np.searchsorted(so_far, gone, side="right"))
    part = 1 - (so_far[place] - gone) / arrived[place]
    return (end - hour[place]) / np.timedelta64(1, "h") + 1 - part


def _last_hours(hours: Held) -> Held:
    """The last hour of each queue and period."""
    _names, group, size = hours.grouped([*_QUEUE, WEEK])
    in_time, last = np.argsort(hours["hour"], kind="stable"), np.zeros(size, dtype=np.intp)
    last[group[in_time]] = in_time
    return hours.at(last)


def _left_over(hours: Held, asked: Asked) -> Summed:
    """Backlog after the last hour of each period, over its queues, and how many queues ``n`` that is."""
    return _last_hours(hours).mutate(n=1).added([*asked.by, WEEK], ["backlog", "n"])


def _exact(values: Summed, estimate: np.ndarray) -> Summed:
    """A count of everything there is: no sample, so the interval is the number itself."""
    return values.having(**dict.fromkeys(["estimate", "ci_low", "ci_high"], estimate.astype("float64")))


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
