"""Agreement: whether two agents who do not see each other's label give the same one. Clusters are items."""

from __future__ import annotations

from collections.abc import Iterable

import ibis
import pandas as pd
from ibis import _

from labelqa_lib.metrics.annotated import chosen
from labelqa_lib.metrics.cells import held
from labelqa_lib.metrics.judged import rate
from labelqa_lib.metrics.metric import SEGMENTS, WEEK, Asked, Metric
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_

DIMENSIONS = (*SEGMENTS, "label")


def blind_pairs(tables: Tables, by: Iterable[str] | None = None) -> ibis.Table:
    """Two rows per pair, one for each side with its segment: ``left_id, right_id, item_id, week, differ`` and the
    dimensions. Kept in the engine. `by` as in `annotated`.

    A pair is two blind annotations of one item by different agents, in either order; its week is that of the later.
    """
    rows = chosen(tables, "blind pairs", _blind_pairs, ("left_id", "right_id", "differ"), by)
    return rows.select("left_id", "right_id", "item_id", "differ", *(name for name in DIMENSIONS if name in rows.columns))


def _blind_pairs(rows: ibis.Table, tables: Tables) -> ibis.Table:
    blind = rows.filter(_.blind & _.agent_id.notnull())
    if tables.market is None:
        # kept: of many markets' annotations these are few, and pairs are looked for among them more than once
        twice = blind.group_by("item_id").aggregate(n=_.count()).filter(_.n > 1)
        few = blind.filter(_.item_id.isin(twice.item_id))
        blind = tables.keep("blind more than once", lambda: few)
    left, right = blind.view(), blind.view()
    alike = [left.item_id == right.item_id, left.market == right.market, left.agent_id < right.agent_id]
    pairs = left.join(right, alike).select(
        left_id=left.annotation_id,
        right_id=right.annotation_id,
        pair_week=ibis.greatest(left.week, right.week),
        differ=left.label != right.label,
    )
    sides = ibis.union(*(pairs.mutate(annotation_id=pairs[side]) for side in ("left_id", "right_id")))
    own = [name for name in blind.columns if name != WEEK]
    return blind.inner_join(sides, "annotation_id").select(*own, "left_id", "right_id", "differ", week=_.pair_week)


def _inconsistency_rate(tables: Tables, asked: Asked) -> pd.DataFrame:
    """A pair counts once in every segment that one of its two annotations lies in."""
    rows = held(tables, "blind pairs", lambda tables: blind_pairs(tables, asked.by)).filter(_[WEEK].isin(asked.weeks))
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
