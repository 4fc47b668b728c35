"""Sums by group, column by column: what rates and means are made of, before anything of it is a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

Coded = tuple[np.ndarray, np.ndarray | pd.Index]
"""Which of a key's values each group has, and those values, ascending; below 0, or the one after the last, is none.
Values of texts are an array of them."""


class Summed:
    """One row per group: the keys that tell it from the others, as codes, and sums of what lies in it; never modified.

    Parameters
    ----------
    keys : dict of str to Coded or to Series
        A series is coded when it is first asked for.
    sums : dict of str to array
        All of one length, that of the keys.
    """

    def __init__(self, keys: Mapping[str, Coded | pd.Series], sums: Mapping[str, np.ndarray]):
        self._keys, self._sums = dict(keys), dict(sums)

    @classmethod
    def of(cls, frame: pd.DataFrame, keys: Sequence[str]) -> Summed:
        """A frame's columns."""
        return cls({name: frame[name] for name in keys}, {name: frame[name].to_numpy() for name in frame.columns if name not in keys})

    def __len__(self) -> int:
        return len(next(iter(self._sums.values())))

    def __getitem__(self, name: str) -> np.ndarray:
        """A column of sums."""
        return self._sums[name]

    def coded(self, name: str) -> Coded:
        """A key."""
        if isinstance(self._keys[name], pd.Series):
            code, values = pd.factorize(self._keys[name], sort=True)
            texts = isinstance(values.dtype, pd.StringDtype) or values.dtype == object
            self._keys[name] = code, np.asarray(values, dtype=object) if texts else values
        return self._keys[name]

    def numbered(self, name: str) -> np.ndarray:
        """A key as 0, 1, 2, …, none being the last of them."""
        return _numbered(self.coded(name))

    def having(self, **sums: np.ndarray | float) -> Summed:
        """The same groups with further sums, or others in place of their own."""
        return Summed(self._keys, self._sums | {name: np.broadcast_to(one, len(self)) for name, one in sums.items()})

    def instead(self, **sums: np.ndarray | float) -> Summed:
        """The same groups with these sums in place of all their own."""
        return Summed(self._keys, {name: np.broadcast_to(one, len(self)) for name, one in sums.items()})

    def under(self, name: str, other: str) -> Summed:
        """The same with a key under another name."""
        return Summed({other if key == name else key: coded for key, coded in self._keys.items()}, self._sums)

    def at(self, rows: np.ndarray) -> Summed:
        """Some of the groups, by place or by which of them to keep."""
        coded = {name: self.coded(name) for name in self._keys}
        keys = {name: (code[rows], values) for name, (code, values) in coded.items()}
        return Summed(keys, {name: values[rows] for name, values in self._sums.items()})

    def above(self, below: Summed) -> Summed:
        """These groups and, below them, the other ones, which have the same columns."""
        keys = {name: _joined(self.coded(name), below.coded(name)) for name in self._keys}
        return Summed(keys, {name: np.concatenate([values, below[name]]) for name, values in self._sums.items()})

    def by(self, *keys: str) -> Summed:
        """Sums over fewer keys: those groups that there are, in order."""
        if not keys:
            return Summed({}, {name: values.sum(keepdims=True) for name, values in self._sums.items()})
        coded = [(self.numbered(name), self.coded(name)[1]) for name in keys]
        shape = [len(values) + 1 for _code, values in coded]
        seen, group = np.unique(np.ravel_multi_index([code for code, _values in coded], shape), return_inverse=True)
        places = zip(keys, np.unravel_index(seen, shape), coded, strict=True)
        sums = {name: np.bincount(group, values, len(seen)).astype(values.dtype) for name, values in self._sums.items()}
        return Summed({name: (code, values) for name, code, (_code, values) in places}, sums)

    def frame(self) -> pd.DataFrame:
        """In pandas; a key that is not told is NaN."""
        keys = {name: key if isinstance(key, pd.Series) else _in_pandas(*key) for name, key in self._keys.items()}
        return pd.DataFrame(keys | self._sums)


def text_column(values: object) -> pd.api.extensions.ExtensionArray:
    """A column of texts as frames have them. (To understand the type by its name takes pandas longer than all the rest.)"""
    return pd.array(values, dtype=pd.StringDtype(na_value=np.nan))


def _numbered(key: Coded) -> np.ndarray:
    code, values = key
    return np.where(code < 0, len(values), code)


def _joined(above: Coded, below: Coded) -> Coded:
    if above[1] is below[1]:
        return np.concatenate([_numbered(above), _numbered(below)]), above[1]
    values = pd.Index(above[1]).union(pd.Index(below[1]))
    code = [np.append(values.get_indexer(own), -1)[_numbered((code, own))] for code, own in (above, below)]
    return np.concatenate(code), np.asarray(values, dtype=object) if isinstance(above[1], np.ndarray) else values


def _in_pandas(code: np.ndarray, values: np.ndarray | pd.Index) -> object:
    code = np.where(code == len(values), -1, code)
    if isinstance(values, pd.Index):
        return values.take(code, allow_fill=True, fill_value=None)
    return text_column(np.append(values, np.nan)[code])
