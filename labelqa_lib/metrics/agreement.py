"""Agreement: whether two agents who do not see each other's label give the same one. Clusters are items."""

from __future__ import annotations

import ibis
import pandas as pd
from ibis import _

from labelqa_lib.metrics.cells import held
from labelqa_lib.metrics.judged import annotated, rate
from labelqa_lib.metrics.metric import SEGMENTS, WEEK, Asked, Metric
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_

DIMENSIONS = (*SEGMENTS, "label")


def blind_pairs(tables: Tables) -> ibis.Table:
    """Two rows per pair, one for each side with its segment: ``left_id, right_id, item_id, week, differ`` and the
    dimensions. Kept in the engine.

    A pair is two blind annotations of one item by different agents, in either order; its week is that of the later.
    """
    return tables.keep("blind pairs", lambda: _blind_pairs(tables))


def _blind_pairs(tables: Tables) -> ibis.Table:
    dimensions = [name for name in DIMENSIONS if name != WEEK]
    blind = annotated(tables, _.blind & _.agent_id.notnull())
    left, right = blind.view(), blind.view()
    pairs = left.join(right, [left.item_id == right.item_id, left.agent_id < right.agent_id])
    pairs = pairs.select(
        left_id=left.annotation_id,
        right_id=right.annotation_id,
        week=ibis.greatest(left.week, right.week),
        differ=left.label != right.label,
    )
    sides = [
        pairs.join(blind, pairs[side] == blind.annotation_id).select(
            "left_id", "right_id", "item_id", "differ", *dimensions, week=pairs.week
        )
        for side in ("left_id", "right_id")
    ]
    return ibis.union(*sides)


def _inconsistency_rate(tables: Tables, asked: Asked) -> pd.DataFrame:
    """A pair counts once in every segment that one of its two annotations lies in."""
    rows = held(tables, "blind pairs", blind_pairs).filter(_[WEEK].isin(asked.weeks))
    rows = rows.select(*dict.fromkeys([*asked.by, WEEK, "item_id", "left_id", "right_id", "differ"])).distinct()
    rows = rows.mutate(weight=1.0)
    return rate(rows, asked, _.differ, of=N_("double-blind pairs"), note="by item", alike="item_id", apart="item_id")


METRICS = (
    Metric(
        name="inconsistency_rate",
        family="agreement",
        title=N_("Inconsistency rate"),
        question=N_("How often do two agents label one item differently?"),
        unit="rate",
        better="lower",
        needs=("annotations.agent_id", "annotations.blind"),
        dimensions=DIMENSIONS,
        formula="disagreeing pairs / blind pairs of different agents on the same item",
        function=_inconsistency_rate,
    ),
)
