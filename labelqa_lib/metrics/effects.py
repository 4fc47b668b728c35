"""Did the metric move once an action was closed?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labelqa_lib.metrics.judged import only_one_on_gold, unlike
from labelqa_lib.metrics.registry import REGISTRY, measure
from labelqa_lib.periods import Week
from labelqa_lib.stats.change import difference
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_

SPAN = 4
"""So many weeks before it was opened are compared with as many after it was closed, where there are as many."""

_ENDS = ["estimate", "ci_low", "ci_high"]


def effects(
    tables: Tables, actions: pd.DataFrame, confidence: float = 0.95, denominators: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """By how much did the metric of each finished action's finding get better, where the finding was?

    Parameters
    ----------
    tables : Tables
    actions : DataFrame
        Of the register, as of the tables' last week; those that are done are looked at.
    confidence, denominators
        As in `measure`.

    Returns
    -------
    DataFrame
        ``action_id, action, metric, unit, closed_on, expected, before, after, achieved`` (the last three with ``_low`` and
        ``_high``) and ``reason`` where there is no figure. `expected` and `achieved` are positive where the metric gets
        better, in its unit; `achieved` is not known where one side alone stands on gold.

    Notes
    -----
    Up to `SPAN` weeks before the one in which it was opened, against up to `SPAN` after the one in which it was closed;
    Newcombe's interval. A finding is made when a figure is bad, and the next is better by chance: several weeks on either
    side, and no single bad one, are compared for that. Whatever else changed in between counts as well.
    """
    rows = [_effect(tables, one, confidence, denominators) for one in actions[actions["status"] == "done"].itertuples()]
    columns = ["action_id", "action", "metric", "unit", "closed_on", "expected"]
    columns += [f"{name}{end}" for name in ("before", "after", "achieved") for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=[*columns, "reason"])


def _effect(tables: Tables, one, confidence: float, denominators) -> tuple:
    metric, segment = measured(one.finding_code)
    opened, closed = (str(Week.of(day.date())) for day in (one.opened_on, one.closed_on))
    before = [week for week in tables.weeks if week < opened][-SPAN:]
    after = [week for week in tables.weeks if week > closed][:SPAN]
    known = REGISTRY.get(metric)
    about = (one.action_id, one.action, metric, known.unit if known else "", one.closed_on, one.expected_gain)
    why = _unknown(known, segment) or _no_week(before, after)
    if why:
        return (*about, *[np.nan] * 9, why)
    sides = [_figure(tables, metric, segment, weeks, confidence, denominators) for weeks in (before, after)]
    values = [side[_ENDS].tolist() for side in sides]
    moved = difference(*(np.array([value]) for value in (*values[1], *values[0])))
    achieved = np.array([moved.difference[0], moved.low[0], moved.high[0]])
    if not np.isfinite(achieved[0]):
        why = N_("not measured on both sides")
    elif unlike(*([side["method"]] for side in sides))[0]:
        achieved, why = achieved * np.nan, only_one_on_gold(sides[1]["period"], sides[0]["period"])
    achieved = achieved if known.better == "higher" else -achieved[[0, 2, 1]]
    return (*about, *values[0], *values[1], *achieved, why)


def _no_week(before: list[str], after: list[str]) -> str:
    if before and after:
        return ""
    return N_("no week on its other side") if before or after else N_("no week on either side")


def measured(code: str) -> tuple[str, dict[str, str]]:
    """Metric and segment of a finding's code: ``move:accuracy:site=KUL`` is accuracy at site KUL; a cause is accuracy's."""
    kind, *parts = code.split(":")
    metric = "accuracy" if kind == "cause" else parts.pop(0) if parts else ""
    return metric, dict(part.split("=", 1) for part in parts if "=" in part)


def _unknown(known, segment: Mapping[str, str]) -> str:
    if known is None:
        return N_("its finding names no metric")
    if known.better is None:
        return N_("no direction of its metric is better")
    return "" if set(segment) <= set(known.dimensions) else N_("its metric cannot be measured there")


def _figure(tables: Tables, metric: str, segment: Mapping[str, str], weeks, confidence, denominators) -> pd.Series:
    """The row of the metric frame where the finding was; without a figure where there is none."""
    frame = measure(tables, metric, tuple(segment), weeks, confidence, denominators)
    for name, value in segment.items():
        frame = frame[frame[name] == value]
    return frame.iloc[0] if len(frame) else pd.Series(dict.fromkeys(_ENDS, np.nan) | {"period": "", "method": ""})
