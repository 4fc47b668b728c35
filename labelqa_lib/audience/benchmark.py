"""What a partner is told of its peers: one figure a metric over all of them, and only where they are many enough."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pyarrow as pa
from ibis import _

from labelqa_lib.audience.rules import Rules
from labelqa_lib.metrics import measure
from labelqa_lib.store import Tables, fetch

METRICS = ("accuracy", "critical_accuracy", "fpr", "fnr", "inconsistency_rate", "overturn_rate")
"""What peers are compared in: rates of how well work is done, not of how it is organised."""

LARGEST_SHARE = 0.7
"""No peer may make up more than this share of a figure's rows: else the figure is its own. Source: the dominance rule,
Hundepool et al., Statistical Disclosure Control (Wiley 2012), section 4.2.2."""


def benchmark(tables: Tables, rules: Rules) -> pa.Table | None:
    """How well do the other partners of a market do in its last week, all together?

    Parameters
    ----------
    tables : Tables
        One market's, whole.
    rules : Rules

    Returns
    -------
    pa.Table or None
        ``market, week, metric, estimate, ci_low, ci_high``: a row per metric behind which at least
        `rules.benchmark_partners` other partners stand with `rules.smallest_cell` rows or more each, none of them with
        more than `LARGEST_SHARE` of the rows; None where there is no such metric.
    """
    week, weeks = tables.weeks[-1], tables.weeks[-1:]
    peers = tables.annotations.filter(_.partner.notnull() & (_.partner != rules.partner))
    there = fetch(peers.filter(_.week == week).aggregate(partners=_.partner.nunique()))["partners"].iloc[0]
    if there < rules.benchmark_partners:
        return None
    # what is told of all annotations says nothing of theirs
    others = replace(tables, annotations=peers, appeals=_of(tables, peers), looked_at=None, made=None, footers=(), _kept={})
    rows = []
    for metric in METRICS:
        if metric != "overturn_rate" or tables.appeals is not None:
            each = measure(others, metric, ["partner"], weeks)
            n = each.loc[each["estimate"].notna() & (each["n"] >= rules.smallest_cell), "n"]
            if len(n) >= rules.benchmark_partners and n.max() <= LARGEST_SHARE * n.sum():
                rows.append(measure(others, metric, (), weeks)[["metric", "estimate", "ci_low", "ci_high"]])
    if not rows:
        return None
    frame = pd.concat(rows, ignore_index=True).assign(market=tables.market, week=week)
    types = dict.fromkeys(["market", "week", "metric"], pa.string())
    types |= dict.fromkeys(["estimate", "ci_low", "ci_high"], pa.float64())
    return pa.table({name: pa.array(frame[name], kind, from_pandas=True) for name, kind in types.items()})


def _of(tables: Tables, peers):
    """Appeals of peers' annotations, of the weeks opened."""
    return None if tables.appeals is None else tables.appeals.semi_join(peers, "annotation_id")
