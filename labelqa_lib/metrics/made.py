"""How much was made, where and by whom: of one market a small table of sums, asked of the engine once."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from ibis import _

from labelqa_lib.metrics.annotated import annotated
from labelqa_lib.metrics.metric import WEEK, Asked
from labelqa_lib.store import Tables, fetch

KEPT_BY = ("market", "partner", "site", "queue", WEEK, "agent_id")
_SUMS = {"rows": _.count(), "timed": _.handle_seconds.count(), "seconds": _.handle_seconds.sum()}


def made(tables: Tables, keys: Sequence[str], weeks: Sequence[str]) -> pd.DataFrame:
    """How many annotations were made in some weeks, and how long did they take?

    Parameters
    ----------
    keys : sequence of str
        Columns of `annotated`. By those of `KEPT_BY`, one market's figures are added up in memory.
    weeks : sequence of str
        ISO weeks, pooled unless ``week`` is a key.

    Returns
    -------
    DataFrame
        One row per key, in order: ``<keys>, rows, timed`` (annotations with a handle time), ``seconds`` (of those
        together; 0 or NaN where there are none).
    """
    keys = list(dict.fromkeys(keys))
    if tables.market is None or not set(keys) <= set(KEPT_BY):
        return _summed(tables, keys, weeks)
    kept = tables.keep("made", lambda: _summed(tables, list(KEPT_BY), tables.weeks))
    kept = kept[kept[WEEK].isin(list(weeks))]
    if not keys:
        return kept[list(_SUMS)].sum().to_frame().T.astype({"rows": "int64", "timed": "int64"})
    return kept.groupby(keys, as_index=False, dropna=False)[list(_SUMS)].sum()


def made_by_agent(tables: Tables, asked: Asked) -> pd.DataFrame | None:
    """`made` by what is asked for and by agent; None where the cells of a figure are not agents, or sums of single
    rows would be needed."""
    if tables.market is None or "agent_id" in asked.by or not set(asked.by) <= set(KEPT_BY):
        return None
    told = made(tables, [*asked.keys, "agent_id"], asked.weeks)
    return None if told["agent_id"].isna().any() else told


def _summed(tables: Tables, keys: list[str], weeks: Sequence[str]) -> pd.DataFrame:
    sums = annotated(tables).filter(_[WEEK].isin(list(weeks))).aggregate(by=keys, **_SUMS)
    return fetch(sums.order_by(keys) if keys else sums)
