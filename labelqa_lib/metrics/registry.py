"""Every metric by name, and the one function that measures them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from labelqa_lib.errors import UsageError
from labelqa_lib.metrics import agreement, appeals, auditor, label_means, quality, service, workforce
from labelqa_lib.metrics.frame import undefined
from labelqa_lib.metrics.metric import WEEK, Asked, Metric
from labelqa_lib.metrics.withheld import withhold
from labelqa_lib.periods import Week
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_, say

FAMILIES = (quality, label_means, auditor, agreement, appeals, workforce, service)

REGISTRY: dict[str, Metric] = {metric.name: metric for family in FAMILIES for metric in family.METRICS}

UNITS = {name: metric.unit for name, metric in REGISTRY.items()}
"""Unit of each metric, for whoever writes its numbers."""

TITLES = {name: metric.title for name, metric in REGISTRY.items()}
"""Heading of each metric."""


def measure(
    tables: Tables,
    metric: str,
    by: Sequence[str] = (),
    weeks: Sequence[str] | None = None,
    confidence: float = 0.95,
    denominators: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """What is the value of a metric, in which segments and weeks, and how sure is that?

    Parameters
    ----------
    tables : Tables
        From `store.open_tables`.
    metric : str
        A name in `REGISTRY`.
    by : sequence of str
        Dimensions of the metric. With ``week`` there is a row per week; `period` carries it.
    weeks : sequence of str, optional
        ISO weeks among those opened. None: the last one, or with ``week`` in `by` all of them. Several weeks without
        ``week`` in `by` are pooled.
    confidence : float
        Of the intervals, in (0, 1).
    denominators : mapping of str to str, optional
        What ``utilization`` and ``shrinkage`` divide by: a column of shifts by metric name.

    Returns
    -------
    DataFrame
        ``metric, <by>, period, estimate, ci_low, ci_high, n, n_effective, method, reason``, sorted by dimensions and
        period. Undefined is NaN with its `n` and a reason. Where a dimension is empty it says ``not given``. Of a cut
        snapshot, figures on too few rows are withheld (`metrics.withheld`).

    Raises
    ------
    UsageError
        When the metric, a dimension or a week does not exist; the sentence lists what does.
    """
    return answer(tables, ask(tables, named(metric), by, weeks, confidence, denominators))


def named(metric: str) -> Metric:
    """The metric of this name."""
    if metric not in REGISTRY:
        raise UsageError(f"there is no metric {metric!r}; there are {', '.join(sorted(REGISTRY))}")
    return REGISTRY[metric]


def answer(tables: Tables, asked: Asked) -> pd.DataFrame:
    """The metric frame of a question that makes sense, as `measure` gives it."""
    known = REGISTRY[asked.metric]
    for need in known.needs:
        alternatives = need.split(" or ")
        if not any(tables.delivered(name) for name in alternatives):
            inside = tables.snapshot.audience == "internal"
            return undefined(asked, say(_MISSING[len(alternatives) > 1, inside], tables=say(" or ").join(alternatives)))
    return withhold(known.function(tables, asked), tables)


_MISSING = {
    (True, True): N_("needs {tables}; neither was delivered"), (True, False): N_("needs {tables}; neither was shared"),
    (False, True): N_("needs {tables}; not delivered"), (False, False): N_("needs {tables}; not shared"),
}  # fmt: skip


def measure_each(tables: Tables, metrics: Sequence[str], by: Sequence[str] = (), **options) -> pd.DataFrame:
    """Several metrics by the same dimensions: their metric frames below each other. Options as in `measure`."""
    return pd.concat([measure(tables, metric, by, **options) for metric in metrics], ignore_index=True)


def ask(tables: Tables, metric: Metric, by, weeks, confidence, denominators=None) -> Asked:
    """A question that makes sense, with its defaults filled in."""
    by = (by,) if isinstance(by, str) else tuple(dict.fromkeys(by))
    wrong = [name for name in by if name not in metric.dimensions]
    if wrong:
        raise UsageError(
            f"{metric.name} cannot be measured by {', '.join(map(repr, wrong))}; "
            f"it can by {', '.join(metric.dimensions)}"
        )
    if weeks is None:
        weeks = tables.weeks if WEEK in by else tables.weeks[-1:]
    weeks = (weeks,) if isinstance(weeks, str) else tuple(weeks)
    unknown = [week for week in weeks if str(Week.parse(week)) not in tables.weeks]
    if unknown or not weeks:
        raise UsageError(
            f"these tables hold no week {', '.join(unknown) or '(none was named)'}; they hold {', '.join(tables.weeks)}"
        )
    if not 0 < confidence < 1:
        raise UsageError(f"confidence is {confidence!r}; it must lie between 0 and 1, for example 0.95")
    return Asked(
        metric=metric.name,
        by=tuple(name for name in by if name != WEEK),
        weekly=WEEK in by,
        weeks=tuple(sorted(set(weeks))),
        confidence=confidence,
        denominators=dict(denominators or {}),
    )
