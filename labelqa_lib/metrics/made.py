"""How much was made, where and by whom: small tables of sums, asked of the engine once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import pandas as pd
from ibis import _

from labelqa_lib import derived
from labelqa_lib.metrics.annotated import annotated
from labelqa_lib.metrics.cells import chosen_weeks, held
from labelqa_lib.metrics.metric import WEEK, Asked
from labelqa_lib.metrics.summed import Summed
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
    return made_sums(tables, keys, weeks).frame()


def made_by_agent(tables: Tables, asked: Asked) -> Summed | None:
    """`made` by what is asked for and by agent, as ``_cluster``; None where the cells of a figure are not agents, or sums of single
    rows would be needed."""
    if "agent_id" in asked.by or tables.market is not None and not set(asked.by) <= set(KEPT_BY):
        return None
    told = made_sums(tables, [*asked.keys, "agent_id"], asked.weeks)
    agent, agents = told.coded("agent_id")
    return None if ((agent < 0) | (agent == len(agents))).any() else told.under("agent_id", "_cluster")


def made_sums(tables: Tables, keys: Sequence[str], weeks: Sequence[str]) -> Summed:
    """`made`, as codes and arrays."""
    keys = list(dict.fromkeys(keys))
    if tables.market is None and set(keys) <= set(derived.MADE_BY):
        sums = made_in_all(tables).filter(_[WEEK].isin(list(weeks)))
        return _in_order(sums, keys, {name: _[name].sum() for name in _SUMS})
    if tables.market is None or not set(keys) <= set(KEPT_BY):
        return _summed(tables, keys, weeks)
    return chosen_weeks(tables, "made", lambda tables: held(tables, "made", _kept), tuple(weeks)).added(keys, list(_SUMS))


def made_in_all(tables: Tables) -> ibis.Table:
    """What every agent of all markets made where in a week, as `derived.made` says. Kept in the engine: what the snapshot holds
    of it, else whatever asks how much was made reads all annotations once."""
    if tables.made is not None:
        return tables.keep("made in all", lambda: tables.made)
    return tables.gather("made in all", lambda part: derived.made(part.annotations))


def all_agents_told(tables: Tables) -> bool:
    """Whether every annotation of all markets tells its agent."""
    untold = made_in_all(tables).aggregate(some=_.agent_id.isnull().any())
    return not tables.keep("untold agents", lambda: fetch(untold)["some"].fillna(False).iloc[0])


def _kept(tables: Tables) -> ibis.Table:
    rows = annotated(tables, by=[*KEPT_BY, "handle_seconds"]).filter(_[WEEK].isin(list(tables.weeks)))
    return rows.group_by(list(KEPT_BY)).aggregate(**_SUMS)


def _summed(tables: Tables, keys: list[str], weeks: Sequence[str]) -> Summed:
    rows = annotated(tables, by=[*keys, WEEK, "handle_seconds"]).filter(_[WEEK].isin(list(weeks)))
    return _in_order(rows, keys, _SUMS)


def _in_order(rows: ibis.Table, keys: list[str], sums: Mapping[str, ibis.Deferred]) -> Summed:
    summed = rows.aggregate(by=keys, **sums)
    return Summed.of(fetch(summed.order_by(keys) if keys else summed), keys)
