"""Workforce: how paid time is used, and how long a label takes. Clusters are agents; by agent, their days."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
from ibis import _
from scipy import stats

from labelqa_lib.errors import UsageError
from labelqa_lib.metrics.cells import chosen_weeks, held, sums
from labelqa_lib.metrics.frame import exact_frame, mean_frame
from labelqa_lib.metrics.held import Held
from labelqa_lib.metrics.joining import Rows
from labelqa_lib.metrics.judged import annotated, clusters_of
from labelqa_lib.metrics.made import made_by_agent
from labelqa_lib.metrics.metric import SEGMENTS, WEEK, Asked, Metric
from labelqa_lib.metrics.summed import Summed
from labelqa_lib.store import OF_ONE_MARKET, Tables, fetch
from labelqa_lib.telling import either, sums_by, told_by, with_start
from labelqa_lib.translation import N_

_DENOMINATORS = ("paid_minutes", "scheduled_minutes")
_PRESENT = _.handling_minutes + _.available_minutes + _.auxiliary

REST_HOURS = 4
"""A break in an agent's annotations of more hours is the rest between two shifts, a shorter one lies within a shift."""


def shifts_with_place(tables: Tables) -> ibis.Table:
    """Shifts with the person's role, market, partner and site: from people, else from what the person annotated."""
    if tables.people is not None:
        who = tables.people.select("person_id", "role", "market", "partner", "site")
    else:
        rows = tables.annotations.filter(_.agent_id.notnull()).group_by(person_id="agent_id")
        who = rows.aggregate(market=_.market.max(), partner=_.partner.max(), site=_.site.max())
        who = who.mutate(role=ibis.literal("agent"))
    shifts = tables.shifts.inner_join(who, "person_id")
    auxiliary = shifts.auxiliary_minutes.fill_null(0)
    return shifts.mutate(agent_id=shifts.person_id, local_date=shifts.date, auxiliary=auxiliary)


def _utilization(tables: Tables, asked: Asked) -> pd.DataFrame:
    return _share_of_time(tables, asked, _.handling_minutes + _.available_minutes, _denominator(asked, "paid_minutes"))


def _occupancy(tables: Tables, asked: Asked) -> pd.DataFrame:
    return _share_of_time(tables, asked, _.handling_minutes, _.handling_minutes + _.available_minutes)


def _shrinkage(tables: Tables, asked: Asked) -> pd.DataFrame:
    planned = _denominator(asked, "scheduled_minutes")
    return _share_of_time(tables, asked, _[planned] - _PRESENT, planned)


def _denominator(asked: Asked, default: str) -> str:
    chosen = asked.denominators.get(asked.metric, default)
    if chosen not in _DENOMINATORS:
        raise UsageError(
            f"{asked.metric} cannot be divided by {chosen!r}; denominators are {', '.join(_DENOMINATORS)}"
        )
    return chosen


def _share_of_time(tables: Tables, asked: Asked, used, available) -> pd.DataFrame:
    rows = chosen_weeks(tables, "shifts", lambda tables: held(tables, "shifts", shifts_with_place), asked.weeks)
    over = f" over {available.replace('_', ' ')}" if isinstance(available, str) else ""
    available = _[available] if isinstance(available, str) else available
    note = clusters_of(asked, otherwise="day") + over
    return _ratio(rows.mutate(total=used, size=available), asked, "shifts", note)


def _ratio(rows: ibis.Table | Held, asked: Asked, of: str, note: str) -> pd.DataFrame:
    """Σ total / Σ size over rows with ``total, size, agent_id, local_date``; clusters are agents, by agent their days."""
    cluster = "local_date" if "agent_id" in asked.by else "agent_id"
    return mean_frame(sums(rows, asked.keys, ("total", "size"), cluster=cluster), asked, of, note)


def _timed(tables: Tables, asked: Asked) -> ibis.Table:
    columns = [*asked.by, WEEK, "local_date", "agent_id", "item_id", "handle_seconds"]
    return annotated(tables, by=columns).filter(_[WEEK].isin(asked.weeks) & _.handle_seconds.notnull())


def _aht(tables: Tables, asked: Asked) -> pd.DataFrame:
    note = clusters_of(asked, otherwise="day")
    by_agent = made_by_agent(tables, asked)
    if by_agent is not None:
        timed = by_agent.at(by_agent["timed"] > 0)
        cells = timed.having(total=timed["seconds"], size=timed["timed"], n=timed["timed"])
        return mean_frame(cells, asked, N_("timed annotations"), note)
    rows = _timed(tables, asked)
    rows = rows.mutate(total=rows.handle_seconds, size=1.0, agent_id=rows.agent_id.coalesce(rows.item_id))
    return _ratio(rows, asked, N_("timed annotations"), note)


def _throughput(tables: Tables, asked: Asked) -> pd.DataFrame:
    """Annotations made in agents' shifts, per hour that those shifts give as handling time. QAs' hours are left out:
    they label nothing."""
    rows = chosen_weeks(tables, "agents' days", _agents_days, asked.weeks)
    return _ratio(rows, asked, N_("shifts of agents"), clusters_of(asked, otherwise="day"))


def _agents_days(tables: Tables) -> ibis.Table | Held:
    made = tables.annotations.filter(_.agent_id.notnull()).select("agent_id", "annotated_at", "local_date")
    if tables.market is None or sum(tables.rows.values()) > OF_ONE_MARKET:
        return held(tables, "agents' days", lambda tables: _days(shifts_with_place(tables), made))
    return tables.keep("held agents' days", lambda: _days(held(tables, "shifts", shifts_with_place), Held.fetched(made)))


def _days(shifts: Rows, made: Rows) -> Rows:
    """Agents' days with a shift: annotations made in it (``total``), hours of handling time (``size``).

    Shifts tell their date and not their hours, so a shift is a run of annotations without a break of `REST_HOURS`; its
    date is that of its first annotation, so that work after midnight stays with its shift."""
    keys = ["agent_id", "market", "partner", "site", WEEK, "local_date"]
    days = sums_by(shifts.filter(_.role == "agent"), keys, minutes=_.handling_minutes)
    made = with_start(made, "shift_date", "local_date", "agent_id", "annotated_at", 3600 * REST_HOURS)
    made = made.select("agent_id", local_date=_.shift_date).mutate(one=1.0)
    made = sums_by(made, ["agent_id", "local_date"], total=_.one)
    days = told_by(days, made, ["agent_id", "local_date"])
    return days.select(*keys, size=_.minutes / 60, total=either(_.total.isnull(), 0, _.total))


def _times(tables: Tables, asked: Asked) -> pd.DataFrame:
    return fetch(_timed(tables, asked).group_by([*asked.keys, "handle_seconds"]).aggregate(n=_.count()))


def _quantile(q: float):
    def function(tables: Tables, asked: Asked) -> pd.DataFrame:
        counts = tables.keep(f"handle times by {asked.keys} of {asked.weeks}", lambda: _times(tables, asked))
        values = quantiles(counts, asked.keys, "handle_seconds", q, asked.confidence)
        return exact_frame(values, asked, N_("timed annotations"), "order statistics")

    return function


def quantiles(counts: pd.DataFrame, keys: list[str], value: str, q: float, confidence: float) -> Summed:
    """A quantile per group from a table of how often each value occurs.

    Parameters
    ----------
    counts : DataFrame
        `keys`, `value` and ``n``, how often the value occurs in the group.
    q : float
        Between 0 and 1.

    Returns
    -------
    Summed
        `keys`, ``estimate`` (linear between order statistics), ``ci_low, ci_high`` (NaN on the side where the group is
        too small for a bound), ``n``.

    Notes
    -----
    The interval reaches from order statistic l to u, the binomial(n, q) quantiles of (1 − confidence)/2 and of
    (1 + confidence)/2, plus one. It takes rows as independent.
    Source: Conover (1999), Practical Nonparametric Statistics, 3rd ed., section 3.2.
    """
    each = Summed.of(counts, [*keys, value]).by(*keys, value)
    whole = each.by(*keys)
    whole = whole.at(whole["n"] > 0)
    n, running, (code, seen) = whole["n"], np.cumsum(each["n"]), each.coded(value)
    last, values = np.cumsum(n), np.asarray(seen, dtype=float)[code]

    def order_statistic(rank):
        place = np.searchsorted(running, last - n + np.clip(rank, 1, n), side="left")
        return np.where((rank >= 1) & (rank <= n), values[place], np.nan) if len(n) else np.empty(0)

    position = (n - 1) * q
    below, above = order_statistic(np.floor(position) + 1), order_statistic(np.ceil(position) + 1)
    tail = (1 - confidence) / 2
    return whole.having(
        estimate=below + (position - np.floor(position)) * (above - below),
        ci_low=order_statistic(stats.binom.ppf(tail, n, q)),
        ci_high=order_statistic(stats.binom.ppf(1 - tail, n, q) + 1),
    )


_PLACES = ("market", "partner", "site", "agent_id", WEEK)


def _metric(name, title, question, unit, better, needs, formula, function, dimensions=_PLACES) -> Metric:
    return Metric(name, "workforce", title, question, unit, better, needs, dimensions, formula, function)


_TIMED = ("annotations.handle_seconds",)
_LABELS = (*SEGMENTS, "label")

METRICS = (
    _metric(
        "utilization", N_("Utilization"), N_("How much of paid time goes into the work?"), "rate", "higher", ("shifts",),
        "(handling + available minutes) / paid minutes", _utilization,
    ),
    _metric(
        "occupancy", N_("Occupancy"), N_("How much of the time ready for work is spent on it?"), "rate", None, ("shifts",),
        "handling / (handling + available minutes)", _occupancy,
    ),
    _metric(
        "shrinkage", N_("Shrinkage"), N_("How much of scheduled time is lost?"), "rate", "lower", ("shifts",),
        "1 − (handling + available + auxiliary minutes) / scheduled minutes", _shrinkage,
    ),
    _metric(
        "aht", N_("Average handle time (AHT)"), N_("How long does a label take?"), "seconds", None, _TIMED,
        "mean of handle_seconds", _aht, _LABELS,
    ),
    _metric(
        "aht_median", N_("Median handle time"), N_("How long does a typical label take?"), "seconds", None, _TIMED,
        "median of handle_seconds", _quantile(0.5), _LABELS,
    ),
    _metric(
        "aht_p90", N_("Handle time, 90th percentile"), N_("How long do the slow labels take?"), "seconds", None, _TIMED,
        "90th percentile of handle_seconds", _quantile(0.9), _LABELS,
    ),
    _metric(
        "throughput", N_("Throughput"), N_("How many labels does an hour of handling give?"), "per_hour", "higher",
        ("shifts", "annotations.agent_id"), "annotations / handling hours, in shifts of agents", _throughput,
    ),
)  # fmt: skip
