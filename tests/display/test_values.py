"""Frames are read as pandas hands their rows out."""

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.display import values


@pytest.fixture
def mixed() -> pd.DataFrame:
    """Every kind of column that a frame of ours has."""
    return pd.DataFrame({
        "site": pd.array(["KUL", None, "MNL"], dtype="str"),
        "other": pd.array(["a", "b", None], dtype="string"),
        "kind": pd.Categorical(["x", "y", "x"]),
        "n": [1, 2, 3],
        "few": pd.array([1, None, 3], dtype="Int64"),
        "estimate": [0.5, np.nan, np.inf],
        "flagged": [True, False, True],
        "day": pd.to_datetime(["2026-11-09", None, "2026-11-15"]),
        "any": [np.float32(0.25), np.int64(7), [1, 2]],
    })  # fmt: skip


def test_rows_are_those_of_pandas(mixed):
    read = values.rows(values.columns(mixed))
    for row, expected in zip(read, mixed.to_dict("records"), strict=True):
        assert list(row) == list(expected)
        for name, value in expected.items():
            if values.is_missing(value):
                assert values.is_missing(row[name]), name
            else:
                assert (type(row[name]), row[name]) == (type(value), value), name


def test_a_frame_without_rows_has_its_columns(mixed):
    assert values.columns(mixed.head(0)) == {name: [] for name in mixed}
    assert values.rows(values.columns(mixed.head(0))) == []


def test_missing_is_what_pandas_calls_so():
    assert all(map(values.is_missing, [None, np.nan, pd.NA, pd.NaT]))
    assert not any(map(values.is_missing, ["", 0, np.inf, False, [np.nan]]))
