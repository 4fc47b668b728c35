"""`telling` for rows in memory: the same words say the same of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from ibis import Deferred, Table

from labelqa_lib import telling
from labelqa_lib.metrics.held import Column, Held
from labelqa_lib.metrics.texts import Text

Rows = Table | Held

Flags = pd.arrays.BooleanArray | pd.Series | np.ndarray


@telling.first_of_each.register
def _first_of_each(rows: Held, key: str, order: Sequence[str]) -> Held:
    code = _numbered(rows[key])
    ranks = [_rank(rows[name.removeprefix("-")], name.startswith("-")) for name in order]
    place = np.lexsort([*reversed(ranks), code])
    return rows.at(place[np.flatnonzero(np.diff(code[place], prepend=-2))])


@telling.told_by.register
def _told_by(rows: Held, part: Held, keys: Sequence[str], always: bool = False, alike: Sequence[str] = ()) -> Held:
    here, there = _pairs(rows, part, keys, alike)
    if always:
        here, there = here[there >= 0], there[there >= 0]
    told = {name: _found(part[name], there) for name in part.columns if name not in (*keys, *alike)}
    return (rows.at(here) if always or len(here) > len(rows) else rows).mutate(**told)


@telling.among.register
def _among(rows: Held, name: str, part: Held) -> pd.arrays.BooleanArray:
    text, wanted = rows[name], part[name]
    there = pd.Index(wanted.values[np.unique(wanted.code[wanted.code >= 0])])
    known = np.append(there.get_indexer(text.values) >= 0, False)
    return pd.arrays.BooleanArray(known[text.code], text.code < 0)


@telling.with_counts.register
def _with_counts(rows: Held, by: Sequence[str], **conditions: Deferred) -> Held:
    _names, group, size = rows.grouped(by)
    counts = {name: np.bincount(group, rows.true(one), size) for name, one in conditions.items()}
    return rows.mutate(**{name: np.where(count > 0, count, np.nan)[group] for name, count in counts.items()})


@telling.sums_by.register
def _sums_by(rows: Held, keys: Sequence[str], **values: Deferred) -> Held:
    named, group, size = rows.grouped(keys)
    first = np.full(size, len(rows), dtype=np.intp)
    np.minimum.at(first, group, np.arange(len(rows)))
    told = rows.mutate(**values)
    sums = {}
    for name in values:
        value = np.asarray(told[name], dtype=float)
        known = np.bincount(group, ~np.isnan(value), size) > 0
        sums[name] = np.where(known, np.bincount(group, np.nan_to_num(value), size), np.nan)
    return rows.at(first).select(*named).mutate(**sums)


@telling.with_start.register
def _with_start(rows: Held, name: str, day: str, key: str, at: str, seconds: int) -> Held:
    code, second = _numbered(rows[key]), rows[at].astype("datetime64[s]").astype(np.int64)
    order = np.lexsort([second, code])
    code, second, own = code[order], second[order], rows[day].astype("datetime64[D]").astype(np.int64)[order]
    begins = (np.diff(code, prepend=-2) != 0) | (np.diff(second, prepend=0) > seconds)
    low = own.min(initial=0)
    span = own.max(initial=0) - low + 1
    latest = np.maximum.accumulate(np.where(begins, own - low, 0) + (code + 1) * span)
    start = np.empty(len(order), dtype="datetime64[D]")
    start[order] = (latest - (code + 1) * span + low).astype("datetime64[D]")
    return rows.mutate(**{name: start.astype(rows[day].dtype)})


@telling.untold.register
def _untold(rows: Held, texts: Sequence[str] = (), numbers: Sequence[str] = ()) -> Held:
    text = Text(np.full(len(rows), -1, dtype=np.int32), np.empty(0, dtype=object))
    return rows.mutate(**dict.fromkeys(texts, text), **dict.fromkeys(numbers, np.full(len(rows), np.nan)))


@telling.either_of.register
def _either_of(condition: Flags, one: object, other: object) -> np.ndarray:
    return np.where(_true(condition), one, other)


@telling.text_where.register
def _text_where(condition: Flags, text: Text) -> Text:
    return Text(np.where(_true(condition), text.code, -1), text.values)


@telling.name_of_true.register
def _name_of_true(first: Flags, *others: Flags, names: Sequence[str]) -> Text:
    values = np.array(sorted(names), dtype=object)
    code = np.full(len(first), -1, dtype=np.int32)
    for condition, name in reversed(list(zip((first, *others), names, strict=True))):
        code[_true(condition)] = np.searchsorted(values, name)
    return Text(code, values)


def _true(condition: object) -> np.ndarray:
    known = isinstance(condition, pd.Series | pd.arrays.BooleanArray)
    return condition.to_numpy(dtype=bool, na_value=False) if known else np.asarray(condition, dtype=bool)


def _coded(column: Column) -> tuple[np.ndarray, np.ndarray | pd.Index]:
    """Which of a column's sorted values each row has, −1 where it is not told, and those values."""
    return (column.code, column.values) if isinstance(column, Text) else pd.factorize(pd.Series(column), sort=True)


def _numbered(column: Column) -> np.ndarray:
    return _coded(column)[0]


def _rank(column: Column, descending: bool) -> np.ndarray:
    code = _numbered(column)
    return np.where(code < 0, np.iinfo(np.int64).max, -code if descending else code)


def _pairs(rows: Held, part: Held, keys: Sequence[str], alike: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Every row beside those of `part` with its keys, in order, beside −1 where there is none."""
    here, there = np.zeros(len(rows), dtype=np.int64), np.zeros(len(part), dtype=np.int64)
    for name in (*keys, *alike):
        (code, texts), (own, values) = _coded(rows[name]), _coded(part[name])
        none = -1 if name in keys else len(values)
        found = np.append(pd.Index(values).get_indexer(texts), none)[code]
        here = _further(here, found, len(values) + 1)
        there = _further(there, np.append(np.arange(len(values)), none)[own], len(values) + 1)
    order = np.argsort(there, kind="stable")
    first, last = (np.searchsorted(there[order], here, side) for side in ("left", "right"))
    times = np.where(here < 0, 0, last - first)
    each = np.maximum(times, 1)
    start = np.repeat(first - np.cumsum(each) + each, each)
    found = np.repeat(times, each) > 0
    place = np.where(found, start + np.arange(each.sum()), 0)
    return np.repeat(np.arange(len(rows)), each), np.where(found, np.append(order, -1)[place], -1)


def _further(code: np.ndarray, of_key: np.ndarray, size: int) -> np.ndarray:
    return np.where((code < 0) | (of_key < 0), -1, code * size + of_key)


def _found(column: Column, place: np.ndarray) -> Column:
    """A column at some places, not told at those below 0."""
    none = place < 0
    if isinstance(column, Text):
        return Text(np.append(column.code, -1)[place].astype(np.int32), column.values)
    if isinstance(column, pd.arrays.BooleanArray):
        return column.take(place, allow_fill=True)
    if not none.any():
        return column[place]
    empty = np.datetime64("NaT") if column.dtype.kind == "M" else np.nan
    return np.append(column, np.array([empty], dtype=column.dtype if column.dtype.kind in "Mf" else float))[place]
