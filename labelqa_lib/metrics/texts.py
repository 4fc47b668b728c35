"""A column of texts as numbers: which of its sorted values each row has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labelqa_lib.metrics.summed import text_column


class Text:
    """Texts of rows, of which many are alike. An empty one is equal to nothing, and unequal to nothing, as in SQL.

    Parameters
    ----------
    code : array of int
        Which of the values each row has; below 0 where it is empty.
    values : array of str
        Each once, ascending.
    """

    __hash__ = None

    def __init__(self, code: np.ndarray, values: np.ndarray):
        self.code, self.values = code, values

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Text:
        """The texts of an Arrow column."""
        coded = column.combine_chunks().dictionary_encode()
        order = pc.sort_indices(coded.dictionary).to_numpy()
        place = np.empty(len(order) + 1, dtype=np.int32)
        place[order], place[-1] = np.arange(len(order)), -1
        code = coded.indices.fill_null(len(order)).to_numpy()
        return cls(place[code], coded.dictionary.take(pa.array(order)).to_numpy(zero_copy_only=False))

    @classmethod
    def coded(cls, code: np.ndarray, values: np.ndarray) -> Text:
        """The texts of codes of which also the one after the last is none."""
        return cls(np.where(code == len(values), -1, code).astype(np.int32), values)

    def __len__(self) -> int:
        return len(self.code)

    def take(self, rows: np.ndarray) -> Text:
        """The texts of some rows."""
        return Text(self.code[rows], self.values)

    def __eq__(self, other: Text | str) -> pd.arrays.BooleanArray:
        if isinstance(other, str):
            return self.isin([other])
        empty = (self.code < 0) | (other.code < 0)
        return pd.arrays.BooleanArray((self.code == other.among(self.values)) & ~empty, empty)

    def __ne__(self, other: Text | str) -> pd.arrays.BooleanArray:
        return ~(self == other)

    def isin(self, wanted: Sequence[str]) -> pd.arrays.BooleanArray:
        """Which texts are among those wanted."""
        known = np.append(np.isin(self.values, np.array([*wanted], dtype=object)), False)
        return pd.arrays.BooleanArray(known[self.code], self.code < 0)

    def isnull(self) -> np.ndarray:
        """Which texts are empty."""
        return self.code < 0

    def notnull(self) -> np.ndarray:
        """Which texts are not empty."""
        return self.code >= 0

    def fill_null(self, text: str) -> Text:
        """These texts, and one for all that are empty."""
        return self.coalesce(Text(np.zeros(len(self), dtype=np.int32), np.array([text], dtype=object)))

    def coalesce(self, other: Text | Callable[[], Text], *more: Text | Callable[[], Text]) -> Text:
        """These texts, and where these are empty the first of the other ones that is not."""
        empty = self.code < 0
        if not empty.any():
            return self
        other = other if isinstance(other, Text) else other()
        other = other.coalesce(*more) if more else other
        values = np.union1d(self.values, other.values)
        return Text(np.where(empty, other.among(values), self.among(values)), values)

    def above(self, below: Text) -> Text:
        """These texts and, below them, the other ones."""
        same = self.values is below.values
        values = self.values if same else np.union1d(self.values, below.values)
        return Text(np.concatenate([self.among(values), below.among(values)]), values)

    def among(self, values: np.ndarray) -> np.ndarray:
        """The codes that the texts have among other values that ascend: below 0 for an empty one, −2 for an unknown."""
        if values is self.values:
            return self.code
        place = np.searchsorted(values, self.values)
        known = np.append(values, None)[place] == self.values
        return np.append(np.where(known, place, -2), -1).astype(np.int32)[self.code]

    def in_pandas(self) -> pd.api.extensions.ExtensionArray:
        """The texts themselves, NaN for an empty one."""
        return text_column(np.append(self.values, np.nan)[self.code])
