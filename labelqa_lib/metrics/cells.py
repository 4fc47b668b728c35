"""Sums of rows over segments and clusters, from which rates are made: the engine's, or those of one market's rows that
were fetched once. What a page asks of the same few thousand rows fifty times is then one query, not fifty.

`Held` answers the verbs of an Ibis table that metrics use (`filter`, `mutate`, `select`, `union`) with the same Ibis
expressions, so that a metric is written once: the engine sums every market's rows, this sums one market's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis import Deferred, Table, _

from labelqa_lib.store import Tables, arrow, fetch

_TYPES = {pa.string(): pd.StringDtype("pyarrow"), pa.bool_(): pd.BooleanDtype()}


class Held:
    """Rows in memory. NULL is neither true nor false, as in SQL.

    Parameters
    ----------
    whole : DataFrame
        All rows; never modified.
    place : array of int, optional
        Those that are left after filters; all of them by default.
    codes : dict, optional
        What is known already of the columns of `whole`, shared by everything filtered from it.
    """

    def __init__(self, whole: pd.DataFrame, place: np.ndarray | None = None, codes: dict | None = None):
        self._whole, self._place = whole, place
        self._codes = {} if codes is None else codes

    @classmethod
    def fetched(cls, rows: Table) -> Held:
        """All rows and columns of an Ibis table of one market. Texts stay as Arrow has them: a large market has a million."""
        return cls(arrow(rows).to_pandas(types_mapper=_TYPES.get, date_as_object=False))

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows as they are."""
        return self._whole if self._place is None else self._whole.iloc[self._place]

    def filter(self, *conditions: Deferred) -> Held:
        """The rows for which every condition is true."""
        place = np.arange(len(self._whole)) if self._place is None else self._place
        chosen = np.logical_and.reduce([self._true(condition) for condition in conditions])
        return Held(self._whole, place[chosen], self._codes)

    def mutate(self, **columns: object) -> Held:
        """The rows with further columns, or others in place of their own."""
        frame = self.frame
        return Held(frame.assign(**{name: self._resolved(column) for name, column in columns.items()}))

    def select(self, *names: str) -> Held:
        """The rows with these columns alone."""
        return Held(self.frame[list(names)])

    def union(self, other: Held) -> Held:
        """These rows and, below them, the other ones."""
        return Held(pd.concat([self.frame, other.frame], ignore_index=True))

    def distinct(self) -> Held:
        """Each row once."""
        return Held(self.frame.drop_duplicates(ignore_index=True))

    def cells(self, keys: Sequence[str], hit: object, counted: object, cluster: Sequence[str]) -> pd.DataFrame:
        """Sums over `keys` x the clusters, as `judged.cells` describes them, in the same order."""
        counted = self._true(counted)
        weight = np.where(counted, self._own(self._whole["weight"].to_numpy(dtype=float)), 0.0)
        named, group = self._grouped([*((key,) for key in keys), tuple(cluster)], [*keys, "_cluster"])
        sums = {"weight": weight, "weight_squared": weight * weight,
                "outcome": np.where(self._true(hit), weight, 0.0)}  # fmt: skip
        sums = {name: np.bincount(group, values, len(named)) for name, values in sums.items()}
        return named.assign(**sums, n=np.bincount(group, counted, len(named)).astype("int64"))

    def sums(self, keys: Sequence[str], names: Sequence[str], cluster: str) -> pd.DataFrame:
        """Sums of columns over `keys` x the clusters, as `sums` describes them, in the same order."""
        named, group = self._grouped([(key,) for key in keys] + [(cluster,)], [*keys, "_cluster"])
        for name in names:
            values = self._own(self._whole[name].to_numpy(dtype=float, na_value=np.nan))
            told = np.bincount(group, ~np.isnan(values), len(named)) > 0
            named[name] = np.where(told, np.bincount(group, np.nan_to_num(values), len(named)), np.nan)
        return named.assign(n=np.bincount(group, minlength=len(named)).astype("int64"))

    def _grouped(self, columns: Sequence[tuple[str, ...]], names: Sequence[str]) -> tuple[pd.DataFrame, np.ndarray]:
        """Every combination of values that occurs, in order, and which of them each row has."""
        coded = [self._coded(column) for column in columns]
        shape = [len(levels) + 1 for _code, levels in coded]
        place = np.ravel_multi_index([self._own(code) for code, _levels in coded], shape)
        seen, group = np.unique(place, return_inverse=True)
        told = zip(names, np.unravel_index(seen, shape), coded, strict=True)
        return pd.DataFrame({
            name: levels.take(np.where(code == len(levels), -1, code), allow_fill=True, fill_value=None)
            for name, code, (_code, levels) in told
        }), group  # fmt: skip

    def _resolved(self, column: object) -> object:
        return column.resolve(self.frame) if isinstance(column, Deferred) else column

    def _true(self, condition: object) -> np.ndarray:
        """Where a condition is true: shape (rows,)."""
        told = self._resolved(condition)
        if isinstance(told, pd.Series):
            return told.to_numpy(dtype=bool, na_value=False)
        return np.full(len(self._whole) if self._place is None else len(self._place), bool(told))

    def _own(self, values: np.ndarray) -> np.ndarray:
        return values if self._place is None else values[self._place]

    def _coded(self, names: tuple[str, ...]) -> tuple[np.ndarray, pd.Index]:
        """A column's values in order, and which of them each of all rows has; empty is the one after the last. Of
        several columns the first that is not empty tells."""
        if names not in self._codes:
            values = self._whole[names[0]]
            for name in names[1:]:
                values = values.fillna(self._whole[name])
            values = values.astype("str") if values.dtype == "string" else values
            code, levels = pd.factorize(values, sort=True)
            self._codes[names] = np.where(code < 0, len(levels), code), levels
        return self._codes[names]


def held(tables: Tables, name: str, rows: Callable[[Tables], Table]) -> Table | Held:
    """Rows for whoever only sums them: held in memory where the tables are one market's, else left in the engine."""
    return rows(tables) if tables.market is None else tables.keep(f"held {name}", lambda: Held.fetched(rows(tables)))


def fetched(rows: Table | Held, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns of the rows, as the engine gives them."""
    columns = list(dict.fromkeys(columns))
    if not isinstance(rows, Held):
        return fetch(rows.select(columns))
    frame = rows.frame[columns]
    return frame.astype({name: "str" for name in columns if frame[name].dtype == "string"}).reset_index(drop=True)


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
) -> pd.DataFrame:
    """Sums over `keys` x `cluster` of the rows that count: ``weight`` Σw, ``weight_squared`` Σw², ``outcome`` Σw·hit,
    ``n``. Groups without such rows are there with 0."""
    if isinstance(rows, Held):
        return rows.cells(keys, hit, counted, cluster)
    rows = rows.mutate(_cluster=told(cluster), _counted=counted)
    rows = rows.mutate(_weight=ibis.ifelse(rows._counted, rows.weight, 0.0), _hit=hit)
    return fetch_cells(
        rows,
        keys,
        weight=rows._weight.sum(),
        weight_squared=(rows._weight * rows._weight).sum(),
        outcome=ibis.ifelse(rows._hit, rows._weight, 0.0).sum(),
        n=ibis.ifelse(rows._counted, 1, 0).sum(),
    )


def sums(rows: Table | Held, keys: list[str], names: Sequence[str], *, cluster: str) -> pd.DataFrame:
    """Sums of columns over `keys` x one column's clusters, NaN where a column is not told in a group, and ``n`` rows."""
    if isinstance(rows, Held):
        return rows.sums(keys, names, cluster)
    added = {name: _[name].sum() for name in names}
    return fetch_cells(rows.mutate(_cluster=rows[cluster]), keys, **added, n=_.count())


def fetch_cells(rows: Table, keys: list[str], **sums: ibis.Value | Deferred) -> pd.DataFrame:
    """Sums over `keys` x ``_cluster``, in a fixed order: engines return groups in any, floats add up differently."""
    columns = [*keys, "_cluster"]
    return fetch(rows.group_by(columns).aggregate(**sums).order_by(columns))
