"""One market's rows in memory, column by column, from which a page makes all its sums without asking the engine again.

`Held` answers the verbs of an Ibis table that metrics use (`filter`, `mutate`, `select`, `union`, `distinct`) with the same
Ibis expressions, so that a metric is written once: the engine sums every market's rows, this sums one market's. Flags and
texts know what is not told: NULL is neither true nor false, equal to nothing, as in SQL. Numbers that are not told are NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from ibis import Deferred, Table

from labelqa_lib.metrics.summed import Coded, Summed
from labelqa_lib.metrics.texts import Text
from labelqa_lib.store import arrow

Column = Text | pd.arrays.BooleanArray | np.ndarray
"""Of texts, of flags, of numbers or times."""

_FEW = 1 << 16
"""So many places are counted rather than sorted."""


class Columns:
    """All columns of the rows that were fetched, each decoded when it is first asked for, and what is known of each."""

    def __init__(self, given: Mapping[str, Column | pa.ChunkedArray]):
        self._given, self._codes = dict(given), {}
        self.names = tuple(given)

    def __getitem__(self, name: str) -> Column:
        column = self._given[name]
        if isinstance(column, pa.ChunkedArray):
            column = self._given[name] = _decoded(column)
        return column

    def at(self, name: str, place: np.ndarray | None) -> Column | pa.ChunkedArray:
        """A column at some places, decoded if it is."""
        return self._given[name] if place is None else self._given[name].take(place)

    def coded(self, name: str) -> tuple[np.ndarray, pd.Index]:
        """Which of the sorted values of a column of numbers or times each row has, −1 for none, and those values."""
        if name not in self._codes:
            self._codes[name] = pd.factorize(pd.Series(self[name]), sort=True)
        return self._codes[name]


class Held:
    """Rows in memory; never modified.

    Parameters
    ----------
    base : Columns
        All rows.
    place : array of int, optional
        Those that are left after filters; all of them by default.
    own : dict of str to column, optional
        Columns of these rows in the place of the base's, or besides.
    names : sequence of str, optional
        The columns that the rows have; the base's and their own by default.
    """

    def __init__(
        self,
        base: Columns,
        place: np.ndarray | None = None,
        own: Mapping[str, Column] | None = None,
        names: Sequence[str] | None = None,
    ):
        self._base, self._place, self._own = base, place, dict(own or {})
        self.columns = tuple(dict.fromkeys([*base.names, *self._own])) if names is None else tuple(names)
        self._taken, self._groups = {}, {}

    @classmethod
    def fetched(cls, rows: Table) -> Held:
        """All rows and columns of an Ibis table of one market."""
        told = arrow(rows)
        return cls(Columns(dict(zip(told.column_names, told.columns, strict=True))))

    def __getitem__(self, name: str) -> Column:
        if name in self._own:
            return self._own[name]
        if name not in self.columns:
            raise KeyError(name)
        if self._place is None:
            return self._base[name]
        if name not in self._taken:
            self._taken[name] = self._base[name].take(self._place)
        return self._taken[name]

    def __len__(self) -> int:
        return len(self[self.columns[0]]) if self._place is None else len(self._place)

    @property
    def place(self) -> np.ndarray:
        """Where in the base each row lies."""
        return np.arange(len(self)) if self._place is None else self._place

    def at(self, rows: np.ndarray) -> Held:
        """Some of the rows, by place."""
        place = rows if self._place is None else self._place[rows]
        return Held(self._base, place, {name: column.take(rows) for name, column in self._own.items()}, self.columns)

    def filter(self, *conditions: Deferred) -> Held:
        """The rows for which every condition is true."""
        return self.at(np.flatnonzero(np.logical_and.reduce([self.true(condition) for condition in conditions])))

    def mutate(self, **columns: object) -> Held:
        """The rows with further columns, or others in place of their own."""
        new = {name: _stored(self._resolved(column), len(self)) for name, column in columns.items()}
        return Held(self._base, self._place, self._own | new, tuple(dict.fromkeys([*self.columns, *new])))

    def select(self, *names: str, **columns: Deferred) -> Held:
        """The rows with these columns alone, of which some are made or get another name."""
        if columns:
            return self.mutate(**columns).select(*names, *columns)
        return Held(self._base, self._place, {name: self._own[name] for name in names if name in self._own}, names)

    def settled(self) -> Held:
        """The same rows, as if they had been fetched so: for whoever cuts them again and again."""
        return Held(Columns({name: self._own[name] if name in self._own else self._base.at(name, self._place) for name in self.columns}))

    def union(self, other: Held) -> Held:
        """These rows and, below them, the other ones."""
        return Held(Columns({name: _joined(self[name], other[name]) for name in self.columns}))

    def distinct(self) -> Held:
        """Each row once."""
        codes = pd.DataFrame({name: self._coded((name,))[0] for name in self.columns})
        return self.at(np.flatnonzero(~codes.duplicated().to_numpy()))

    def frame(self, names: Sequence[str]) -> pd.DataFrame:
        """Some columns in pandas."""
        columns = {name: self[name] for name in names}
        return pd.DataFrame({name: one.in_pandas() if isinstance(one, Text) else one for name, one in columns.items()})

    def ordered(self, name: str) -> Held:
        """The rows in the order of a text."""
        return self.at(np.argsort(self[name].code, kind="stable"))

    def cells(self, keys: Sequence[str], hit: object, counted: object, cluster: tuple[str, ...]) -> Summed:
        """Sums over `keys` x the clusters, as `cells.cells` describes them, in the same order."""
        counted = self.true(counted)
        weight = np.where(counted, self["weight"], 0.0)
        named, group, size = self._grouped({**{key: (key,) for key in keys}, "_cluster": cluster})
        outcome = np.where(self.true(hit), weight, 0.0)
        sums = {"weight": weight, "weight_squared": weight * weight, "outcome": outcome}
        sums = {name: np.bincount(group, values, size) for name, values in sums.items()}
        return Summed(named, sums | {"n": np.bincount(group, counted, size).astype("int64")})

    def sums(self, keys: Sequence[str], names: Sequence[str], cluster: str) -> Summed:
        """Sums of columns over `keys` x the clusters, as `cells.sums` describes them, in the same order."""
        named, group, size = self._grouped({**{key: (key,) for key in keys}, "_cluster": (cluster,)})
        sums = {}
        for name in names:
            values = np.asarray(self[name], dtype=float)
            told = np.bincount(group, ~np.isnan(values), size) > 0
            sums[name] = np.where(told, np.bincount(group, np.nan_to_num(values), size), np.nan)
        return Summed(named, sums | {"n": np.bincount(group, minlength=size).astype("int64")})

    def added(self, keys: Sequence[str], names: Sequence[str]) -> Summed:
        """Sums of columns over `keys`, in order; what is not told adds nothing."""
        named, group, size = self.grouped(keys)
        sums = {name: np.bincount(group, np.nan_to_num(self[name]), size).astype(self[name].dtype) for name in names}
        return Summed(named, sums)

    def grouped(self, keys: Sequence[str]) -> tuple[dict[str, Coded], np.ndarray, int]:
        """Every combination of keys that occurs, in order; which of them each row has; how many there are."""
        return self._grouped({key: (key,) for key in keys})

    def true(self, condition: object) -> np.ndarray:
        """Where a condition is true: shape (rows,)."""
        told = self._resolved(condition)
        if isinstance(told, pd.Series | pd.arrays.BooleanArray):
            return told.to_numpy(dtype=bool, na_value=False)
        return np.broadcast_to(np.asarray(told, dtype=bool), len(self))

    def _resolved(self, column: object) -> object:
        return column.resolve(_Names(self)) if isinstance(column, Deferred) else column

    def _grouped(self, by: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, Coded], np.ndarray, int]:
        if not by:
            return {}, np.zeros(len(self), dtype=np.intp), 1
        asked = tuple(by.items())
        if asked not in self._groups:
            coded = [self._coded(names) for names in by.values()]
            shape = [len(values) + 1 for _code, values in coded]
            seen, group = _numbered(np.ravel_multi_index([code for code, _values in coded], shape), math.prod(shape))
            places = zip(by, np.unravel_index(seen, shape), coded, strict=True)
            named = {name: (code, values) for name, code, (_code, values) in places}
            self._groups[asked] = named, group, len(seen)
        return self._groups[asked]

    def _coded(self, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray | pd.Index]:
        """Which of a column's sorted values each row has, and those values; empty is the one after the last. Of several
        columns the first that is not empty tells."""
        column = self[names[0]]
        for name in names[1:]:
            column = column.coalesce(lambda name=name: self[name])
        if isinstance(column, Text):
            code, values = column.code, column.values
        elif names[0] in self._own:
            code, values = pd.factorize(pd.Series(column), sort=True)
        else:
            code, values = self._base.coded(names[0])
            code = code if self._place is None else code[self._place]
        return np.where(code < 0, len(values), code), values


class _Names:
    """What an expression sees of the rows: each column under its name, as something to compare and reckon with."""

    def __init__(self, rows: Held):
        self._rows = rows

    def __getattr__(self, name: str) -> Text | pd.arrays.BooleanArray | pd.Series:
        column = self._rows[name]
        return pd.Series(column, copy=False) if isinstance(column, np.ndarray) else column

    __getitem__ = __getattr__


def _decoded(column: pa.ChunkedArray) -> Column:
    if pa.types.is_string(column.type):
        return Text.of(column)
    if pa.types.is_boolean(column.type):
        return pd.array(column.to_numpy(), dtype="boolean")
    return column.to_pandas(date_as_object=False).to_numpy()


def _stored(value: object, rows: int) -> Column:
    """A column made of what an expression gave, or of one value for all rows."""
    if isinstance(value, pd.Series):
        return value.array if value.dtype == "boolean" else _stored(value.to_numpy(), rows)
    if isinstance(value, str):
        return Text(np.zeros(rows, dtype=np.int32), np.array([value], dtype=object))
    if isinstance(value, bool | int | float):
        value = np.full(rows, value)
    told = isinstance(value, np.ndarray) and value.dtype == bool
    return pd.arrays.BooleanArray(value, np.zeros(rows, dtype=bool)) if told else value


def _joined(above: Column, below: Column) -> Column:
    if isinstance(above, Text):
        return above.above(below)
    if isinstance(above, np.ndarray):
        return np.concatenate([above, below])
    return pd.arrays.BooleanArray(*(np.concatenate(both) for both in zip(_parts(above), _parts(below), strict=True)))


def _parts(flags: pd.arrays.BooleanArray) -> tuple[np.ndarray, np.ndarray]:
    return flags.to_numpy(dtype=bool, na_value=False), flags.isna()


def _numbered(place: np.ndarray, places: int) -> tuple[np.ndarray, np.ndarray]:
    """The places that occur, ascending, and which of them each row has."""
    if places > _FEW:
        return np.unique(place, return_inverse=True)
    seen = np.flatnonzero(np.bincount(place, minlength=places))
    number = np.zeros(places, dtype=np.intp)
    number[seen] = np.arange(len(seen))
    return seen, number[place]
