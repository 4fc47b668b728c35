"""Sums of rows over segments and clusters, from which rates are made: the engine's, or those of one market's rows that
were fetched once (`held`). What a page asks of the same few thousand rows fifty times is then one query, not fifty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis import Deferred, Table, _

from labelqa_lib.metrics.held import Held
from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.metrics.summed import Summed
from labelqa_lib.store import Tables, arrow, fetch

def held(tables: Tables, name: str, rows: Callable[[Tables], Table]) -> Table | Held:
    """Rows for whoever only sums them: held in memory where the tables are one market's, else left in the engine."""
    return rows(tables) if tables.market is None else tables.keep(f"held {name}", lambda: Held.fetched(rows(tables)))


def in_pandas(rows: Table | Held) -> pd.DataFrame:
    """All rows and columns."""
    return rows.frame(rows.columns) if isinstance(rows, Held) else fetch(rows)


def chosen_weeks(tables: Tables, name: str, rows: Callable[[Tables], Table | Held], weeks: Sequence[str]) -> Table | Held:
    """Rows of some weeks. Those that are held in memory are chosen once, and what is found of their groups is kept."""
    if tables.market is None:
        return rows(tables).filter(_[WEEK].isin(weeks))
    return tables.keep(f"{name} of {weeks}", lambda: rows(tables).filter(_[WEEK].isin(weeks)))


def fetched(rows: Table | Held, columns: Sequence[str], in_order_of: str) -> pd.DataFrame:
    """Some columns of the rows, as the engine gives them, in the order of a text that is another in each row."""
    columns = list(dict.fromkeys([*columns, in_order_of]))
    if isinstance(rows, Held):
        return rows.ordered(in_order_of).frame(columns)
    return fetch(rows.select(columns)).sort_values(in_order_of, ignore_index=True)


def first_told(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    """`told` of rows that were fetched."""
    values = frame[columns[0]]
    for name in columns[1:]:
        values = values.fillna(frame[name])
    return values


def told(columns: tuple[str, ...]) -> Deferred:
    """The first of the columns that is not empty."""
    first, *others = columns
    return _[first].coalesce(*(_[name] for name in others)) if others else _[first]


def cells(
    rows: Table | Held,
    keys: list[str],
    hit: Deferred | bool,
    counted: Deferred | bool = True,
    *,
    cluster: tuple[str, ...],
    named: bool = True,
) -> Summed:
    """Sums over `keys` x `cluster` of the rows that count: ``weight`` Σw, ``weight_squared`` Σw², ``outcome`` Σw·hit,
    ``n``. Groups without such rows are there with 0. Which cluster it is, ``_cluster``, is left out of the engine's where
    it need not be `named`: all markets' items have a million names."""
    if isinstance(rows, Held):
        return rows.cells(keys, hit, counted, cluster)
    rows = rows.mutate(_cluster=told(cluster), _counted=counted)
    rows = rows.mutate(_weight=ibis.ifelse(rows._counted, rows.weight, 0.0), _hit=hit)
    sums = {
        "weight": rows._weight.sum(),
        "weight_squared": (rows._weight * rows._weight).sum(),
        "outcome": ibis.ifelse(rows._hit, rows._weight, 0.0).sum(),
        "n": ibis.ifelse(rows._counted, 1, 0).sum(),
    }
    if named:
        return Summed.of(fetch_cells(rows, keys, **sums), [*keys, "_cluster"])
    return Summed.of(_shared(arrow(_cells(rows, keys, sums)).drop_columns("_cluster")), keys)


def sums(rows: Table | Held, keys: list[str], names: Sequence[str], *, cluster: str) -> Summed:
    """Sums of columns over `keys` x one column's clusters, NaN where a column is not told in a group, and ``n`` rows."""
    if isinstance(rows, Held):
        return rows.sums(keys, names, cluster)
    added = {name: _[name].sum() for name in names}
    return Summed.of(fetch_cells(rows.mutate(_cluster=rows[cluster]), keys, **added, n=_.count()), [*keys, "_cluster"])


def fetch_cells(rows: Table, keys: list[str], /, **sums: ibis.Value | Deferred) -> pd.DataFrame:
    """Sums over `keys` x ``_cluster``, in a fixed order: engines return groups in any, floats add up differently."""
    return fetch(_cells(rows, keys, sums))


def _cells(rows: Table, keys: list[str], sums: Mapping[str, ibis.Value | Deferred]) -> Table:
    columns = [*keys, "_cluster"]
    return rows.group_by(columns).aggregate(**sums).order_by(columns)


def _shared(table: pa.Table) -> pd.DataFrame:
    """The table as a frame that holds each text once, however many rows say it."""
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_string(column.type):
            coded = column.combine_chunks().dictionary_encode()
            texts = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
            columns[name] = pd.array(texts[coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)], dtype="str")
        else:
            columns[name] = column.to_numpy()
    return pd.DataFrame(columns)
