"""Where the market stands against its targets, and which of them need a reader."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.errors import UsageError
from labelqa_lib.findings import settling
from labelqa_lib.findings.finding import EVIDENCE, Finding, gap
from labelqa_lib.metrics import REGISTRY, change
from labelqa_lib.metrics.judged import on_gold
from labelqa_lib.periods import Week, calendar
from labelqa_lib.stats import targets
from labelqa_lib.translation import N_, say


def headline(weekly: pd.DataFrame, wanted: Mapping, confidence: float = 0.95) -> pd.DataFrame:
    """Where does the market stand this week? One row per metric: estimate, target, status, change and history.

    Parameters
    ----------
    weekly : metric frame
        Of several metrics by week; the last week is the report's.
    wanted : mapping of metric name to Target
    confidence : float
        Of the frame's intervals.

    Returns
    -------
    DataFrame
        ``metric, title, unit, estimate, ci_low, ci_high, n, n_effective, target, better, status, status_text, audits, change,
        change_low, change_high, more_than_noise, change_reason, stands_on, history, history_low, history_high, reason,
        period``. `change_reason` says why there is no change, `stands_on` is ``gold`` where no audit was drawn this week,
        `audits` are those that would settle it (second ones where the metric is of them), 0 where audits do not tell it,
        `history` holds the estimate of every calendar week from the first on with its interval's ends, NaN where there
        is none.

    Raises
    ------
    UsageError
        When a target is set for a metric that does not exist.
    """
    unknown = sorted(set(wanted) - set(REGISTRY))
    if unknown:
        raise UsageError(f"params: targets: {', '.join(unknown)}: no such metric; `labelqa list metrics` shows them")
    weeks = calendar(weekly["period"])
    moved = {row.metric: row for row in change(weekly).itertuples() if row.period == weeks[-1]}
    parts = {}
    for row in weekly.itertuples():
        parts.setdefault(row.metric, {})[row.period] = row
    counts = {name: part[weeks[-1]].n for name, part in parts.items() if weeks[-1] in part}
    return pd.DataFrame(
        [_headline_row(name, part, wanted, weeks, moved.get(name), confidence, counts) for name, part in parts.items()]
    )


def _headline_row(
    name: str, by_week: Mapping[str, tuple], wanted: Mapping, weeks: list[str], last: tuple | None, confidence: float,
    counts: Mapping[str, float],
) -> dict:
    metric, target = REGISTRY[name], wanted.get(name)
    row = by_week.get(weeks[-1]) or [*by_week.values()][-1]
    bound, better = (target.value, target.better) if target else (np.nan, metric.better or "higher")
    precision = target.precision if target and target.precision else np.nan
    status = str(np.atleast_1d(targets.status(row.estimate, row.ci_low, row.ci_high, bound, better, precision))[0])
    more = settling.more_needed(name, row, bound, precision, confidence) if status in _OPEN else 0
    gold = bool(on_gold([row.method])[0])  # it grows with gold, and not with audits
    audits = 0 if gold else settling.audits_for(name, more, row.n, counts)
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
        "status_text": settling.would_settle(name, more, audits),
        "audits": audits,
        "change": np.nan if last is None else last.difference,
        "change_low": np.nan if last is None else last.ci_low,
        "change_high": np.nan if last is None else last.ci_high,
        "more_than_noise": False if last is None else bool(last.more_than_noise),
        "change_reason": "" if last is None else last.reason,
        "stands_on": "gold" if gold else "",
        **{f"history{end}": [getattr(by_week[week], name) if week in by_week else np.nan for week in weeks] for end, name in _HISTORY.items()},
        "reason": row.reason,
        "period": weeks[-1],
    }


_HISTORY = {"": "estimate", "_low": "ci_low", "_high": "ci_high"}


_OPEN = ("likely meets", "likely misses", "not enough data")
"""Statuses that more data would settle."""


def against_targets(standing: pd.DataFrame, volume: float) -> list[Finding]:
    """Targets that are missed, likely missed, or not to be judged yet; `volume` turns a shortfall into items."""
    found = []
    for row in standing.itertuples():
        if row.status not in ("misses", "likely misses", "not enough data"):
            continue
        short = abs(row.target - row.estimate)
        side = "below" if row.better == "higher" else "above"
        bound = wording.amount(row.target, row.unit)
        title = say("{metric} on gold", metric=say(row.title)) if row.stands_on else say(row.title)
        now = wording.estimate(row.estimate, row.ci_low, row.ci_high, row.unit)
        said = say(_AGAINST[row.status, side], metric=title, now=now, target=bound)
        sentence = wording.parts(said, row.status_text)
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
                audits=row.audits if row.status == "not enough data" else 0,
                since="" if row.status == "not enough data" else _since(row),
                **gap(row.estimate - row.target, row.ci_low - row.target, row.ci_high - row.target, row.better),
            )
        )
    return found


_AGAINST = {
    ("misses", "below"): N_("{metric} is {now}: below the target of {target} for sure"),
    ("misses", "above"): N_("{metric} is {now}: above the target of {target} for sure"),
    ("likely misses", "below"): N_("{metric} is {now}: likely below the target of {target}"),
    ("likely misses", "above"): N_("{metric} is {now}: likely above the target of {target}"),
    ("not enough data", "below"): N_("{metric} is {now}: too wide an interval to judge against the target of {target}"),
    ("not enough data", "above"): N_("{metric} is {now}: too wide an interval to judge against the target of {target}"),
}


def _since(row) -> str:
    """The first of the weeks in a row, up to this one, in which the figure lay on the wrong side of its target."""
    first = None
    for back, value in enumerate(reversed(row.history)):
        if not (value < row.target if row.better == "higher" else value > row.target):
            break
        first = str(Week.parse(row.period) - back)
    return first or ""
