"""Codes, seconds and days become the contract's columns, as Arrow arrays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelqa_lib.sources.demo.world import World


def coded(codes: np.ndarray, names: Sequence[str]) -> pa.Array:
    """Names by position; null where the code is negative.

    Names that repeat (the content type of each queue) share one entry: Parquet files of a dictionary with equal
    entries are not the same bytes twice.
    """
    codes = np.asarray(codes)
    distinct, entry = np.unique(np.asarray(names, object), return_inverse=True)
    positions = pa.array(entry[codes].astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(positions, pa.array(distinct, pa.string()))


def numbered(prefix: str, positions: np.ndarray) -> pa.Array:
    """Identifiers such as ``i0000001``, counted from one."""
    digits = pc.utf8_lpad(pc.cast(pa.array(np.asarray(positions) + 1), pa.string()), 7, "0")
    return pc.binary_join_element_wise(pa.scalar(prefix), digits, pa.scalar(""))


def moments(values: np.ndarray) -> pa.Array:
    """Seconds since 1970 as UTC timestamps; null where negative."""
    values = np.asarray(values)
    return pa.array(values * 1_000_000, mask=values < 0).cast(pa.timestamp("us"))


def dates(world: World, days, absent=None) -> pa.Array:
    """Days since the first Monday as dates; null where `absent`."""
    first = (world.first.monday - date(1970, 1, 1)).days
    return pa.array(np.asarray(days, np.int32) + np.int32(first), mask=absent).cast(pa.date32())


def plain(rows: list[dict], world: World) -> dict[str, pa.Array]:
    """Columns of a small table kept as rows; the names that end in ``_on`` hold days."""
    columns = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        if name.endswith("_on"):
            absent = np.array([value is None for value in values])
            columns[name] = dates(world, [value or 0 for value in values], absent)
        else:
            columns[name] = pa.array(values)
    return columns
