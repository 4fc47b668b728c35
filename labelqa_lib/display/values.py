"""A frame's values as Python's own, read once: pandas takes longer to hand out rows than a table takes to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd


def columns(frame: pd.DataFrame) -> dict[str, list]:
    """Every column's values from top to bottom, numpy's numbers as Python's."""
    return {name: _listed(column) for name, column in frame.items()}


def _listed(column: pd.Series) -> list:
    if isinstance(column.dtype, pd.StringDtype):
        return np.asarray(column.array, dtype=object).tolist()
    if column.dtype == object:
        return [value.item() if isinstance(value, np.generic) else value for value in column.array]
    return column.tolist()


def rows(columns: Mapping[str, Sequence]) -> list[dict]:
    """The same by rows."""
    names = tuple(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def is_missing(value: object) -> bool:
    """Whether there is no value: None, NaN, or one of pandas' own for it."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)
