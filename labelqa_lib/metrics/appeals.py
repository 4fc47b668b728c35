"""Appeals: how often labels are disputed, how often rightly, and how long that takes.

Segments are those of the annotation concerned; of one made before the weeks opened they are not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib.metrics.annotated import chosen, looked_at, looked_at_here
from labelqa_lib.metrics.cells import cells, fetch_cells, fetched, told
from labelqa_lib.metrics.frame import exact_frame, finish, groups_of
from labelqa_lib.metrics.held import Held
from labelqa_lib.metrics.joining import Rows
from labelqa_lib.metrics.judged import annotated, cluster, clusters_of, rate
from labelqa_lib.metrics.made import made_by_agent
from labelqa_lib.metrics.metric import SEGMENTS, WEEK, Asked, Metric
from labelqa_lib.metrics.references import beside
from labelqa_lib.metrics.summed import Summed
from labelqa_lib.stats import survey
from labelqa_lib.stats.intervals import wilson
from labelqa_lib.stats.survival import kaplan_meier_quantile
from labelqa_lib.store import Tables, fetch
from labelqa_lib.telling import told_by
from labelqa_lib.translation import N_, say

_LABELS = (*SEGMENTS, "label")


def _appeals(tables: Tables, week: str, by: Iterable[str]) -> ibis.Table | Held:
    """Appeals with the segments of their annotation; `week` is which of their weeks counts, `by` the segments asked for."""
    if tables.market is None:
        rows = _with_segments(tables.appeals, chosen(tables, "appealed", _appealed_rows, (), by, looked_at))
    else:
        rows = tables.keep("held appeals", lambda: _held_appeals(tables))
    return rows.mutate(**{WEEK: _[week]})


def _held_appeals(tables: Tables) -> Held:
    made = looked_at_here(tables)
    return _with_segments(beside(made, tables, "appeals"), made)


def _with_segments(appeals: Rows, made: Rows) -> Rows:
    dimensions = [name for name in _LABELS if name not in (WEEK, "market") and name in made.columns]
    made = made.select("annotation_id", "item_id", *dimensions)
    rows = told_by(appeals, made, ["annotation_id"])
    return rows.mutate(ended_week=_.resolved_week.coalesce(_.raised_week), weight=1.0)


def _appealed_rows(rows: ibis.Table, tables: Tables) -> ibis.Table:
    return rows.filter(_.annotation_id.isin(tables.appeals.annotation_id))


def _resolved(tables: Tables, by: Iterable[str]) -> ibis.Table | Held:
    """Appeals with an outcome; one whose time is not told counts in the week in which the appeal was raised."""
    return _appeals(tables, "ended_week", by).filter(_.outcome.isin(["overturned", "upheld"]))


def _appeal_rate(tables: Tables, asked: Asked) -> pd.DataFrame:
    """A ratio of two counts, not a share: what is appealed this week was in part made before. The Wilson interval
    takes as many effective rows as give the linearised variance of the ratio."""
    appealed = _appealed(tables, asked)
    grid, code = groups_of(appealed, asked)
    ratio = survey.clustered_mean(code, appealed["total"], appealed["size"], groups=len(grid))
    made = np.bincount(code, appealed["size"], minlength=len(grid)).astype("int64")
    share = np.where((ratio.estimate >= 0) & (ratio.estimate <= 1), ratio.estimate, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(ratio.std_error > 0, share * (1 - share) / ratio.std_error**2, made)
    effective = np.nan_to_num(np.minimum(effective, made))
    low, high = wilson(np.nan_to_num(share) * effective, effective, asked.confidence)
    undefined = np.isnan(share)
    reason = np.where(made == 0, "no rows", np.where(undefined, N_("more appeals than annotations"), ""))
    numbers = replace(
        ratio,
        estimate=share,
        ci_low=np.where(undefined, np.nan, low),
        ci_high=np.where(undefined, np.nan, high),
        n=made,
        n_effective=effective,
        method=np.where(undefined, "", "Wilson, clustered"),
        reason=reason,
        degrees=np.inf,
    )
    return finish(grid, numbers, appealed, asked, "annotations", clusters_of(asked))


def _appealed(tables: Tables, asked: Asked) -> Summed:
    """How many annotations were appealed (``total``) and made (``size``, ``n``), by what is asked for and cluster.

    Appeals of annotations made before the weeks opened, whose agent and item are not known, are one cluster.
    """
    raised = _appeals(tables, "raised_week", asked.by).filter(_[WEEK].isin(asked.weeks), _.target == "annotation")
    columns = dict.fromkeys([*asked.keys, "agent_id", "item_id", "annotation_id", "weight"])
    raised = cells(raised.select(*columns).distinct(), asked.keys, True, cluster=cluster(asked))
    made, keys = made_by_agent(tables, asked), [*asked.keys, "_cluster"]
    if made is None:
        rows = annotated(tables, by=[*asked.keys, *cluster(asked), WEEK]).filter(_[WEEK].isin(asked.weeks))
        made = Summed.of(fetch_cells(rows.mutate(_cluster=told(cluster(asked))), asked.keys, rows=_.count()), keys)
    both = raised.instead(total=raised["n"], size=0).above(made.instead(total=0, size=made["rows"])).by(*keys)
    return both.having(n=both["size"])


def _overturn_rate(tables: Tables, asked: Asked) -> pd.DataFrame:
    one = tables.market is not None
    rows = tables.keep("resolved appeals", lambda: _resolved(tables, asked.by)) if one else _resolved(tables, asked.by)
    rows = rows.filter(_[WEEK].isin(asked.weeks))
    note = clusters_of(asked, otherwise="appeal")
    return rate(rows, asked, _.outcome == "overturned", of=N_("resolved appeals"), note=note, apart="appeal_id")


def _days_to_resolve(q: float):
    def function(tables: Tables, asked: Asked) -> pd.DataFrame:
        every = _appeals(tables, "raised_week", asked.by)
        rows = fetched(every.filter(_[WEEK].isin(asked.weeks)), [*asked.keys, "raised_at", "resolved_at", "outcome"], "appeal_id")
        waited = rows["resolved_at"].fillna(_end(tables, every)) - rows["raised_at"]
        rows["days"] = (waited / pd.Timedelta(days=1)).clip(lower=0)
        # an outcome without its time was seen to end, but not when: censored like one that waits
        rows["resolved"] = rows["outcome"].isin(["upheld", "overturned"]) & rows["resolved_at"].notna()
        groups = rows.groupby(asked.keys, dropna=False) if asked.keys else [((), rows)]
        values = [
            (*key, *kaplan_meier_quantile(part["days"], part["resolved"], q, asked.confidence), len(part))
            for key, part in groups
        ]
        frame = pd.DataFrame(values, columns=[*asked.keys, "estimate", "ci_low", "ci_high", "n"])
        told = exact_frame(frame, asked, N_("appeals raised"), "Kaplan–Meier")
        pending = told["estimate"].isna() & (told["n"] > 0)
        told.loc[pending, ["ci_low", "ci_high"]] = np.nan
        told.loc[pending, "reason"] = say("fewer than {share} % of the appeals raised can be said to be resolved yet", share=f"{100 * q:.0f}")
        return told

    return function


def _end(tables: Tables, appeals: ibis.Table | Held) -> pd.Timestamp:
    """The last moment that the data knows of: until then a pending appeal has waited."""

    def latest() -> pd.Timestamp:
        if isinstance(appeals, Held):
            known = appeals.frame(["raised_at", "resolved_at"]).max()
        else:
            known = fetch(tables.appeals.aggregate(raised=_.raised_at.max(), resolved=_.resolved_at.max())).iloc[0]
        return max(pd.to_datetime([*known, tables.last_made()]).dropna(), default=pd.NaT)

    return tables.keep("end", latest)


def _metric(name, title, question, unit, formula, function, dimensions) -> Metric:
    return Metric(name, "appeals", title, question, unit, "lower", ("appeals",), dimensions, formula, function)


_DISPUTES = (*_LABELS, "target", "raised_by")

METRICS = (
    _metric(
        "appeal_rate", N_("Appeal rate"), N_("How often is a label appealed?"), "rate",
        "annotations appealed in the period / annotations made in it", _appeal_rate, _LABELS,
    ),
    _metric(
        "overturn_rate", N_("Overturn rate"), N_("Of resolved appeals, how many were right?"), "rate",
        "overturned / (overturned + upheld), by the week of resolution (of raising, where that is not told)",
        _overturn_rate, _DISPUTES,
    ),
    _metric(
        "days_to_resolve", N_("Days to resolve an appeal"), N_("How long does an appeal wait?"), "days",
        "Kaplan–Meier median by the week raised; pending and withdrawn appeals are censored",
        _days_to_resolve(0.5), _DISPUTES,
    ),
    _metric(
        "days_to_resolve_p90", N_("Days to resolve, 90th percentile"), N_("How long do the slowest appeals wait?"), "days",
        "Kaplan–Meier 90th percentile by the week raised; pending and withdrawn appeals are censored",
        _days_to_resolve(0.9), _DISPUTES,
    ),
)  # fmt: skip
