"""Sums by group say what pandas says of the same rows, keys that are not told included."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.metrics.summed import Summed

SITES = np.array(["A", "B", "C"], dtype=object)
HERE = Summed({"site": (np.array([0, 1, 3]), SITES[:3]), "hour": (np.array([1, 0, -1]), pd.Index([7, 9]))},
              {"weight": np.array([1.0, 2.0, 4.0]), "n": np.array([1, 2, 3])})  # fmt: skip
THERE = Summed({"site": (np.array([1, 0]), np.array(["A", "D"], dtype=object)), "hour": (np.array([0, 1]), pd.Index([8, 9]))},
               {"weight": np.array([8.0, 16.0]), "n": np.array([4, 5])})  # fmt: skip
BOTH = pd.DataFrame({
    "site": pd.array(["A", "B", None, "D", "A"], dtype="str"), "hour": [9, 7, None, 8, 9],
    "weight": [1.0, 2.0, 4.0, 8.0, 16.0], "n": [1, 2, 3, 4, 5],
})  # fmt: skip


def test_groups_below_each_other_keep_their_keys():
    pd.testing.assert_frame_equal(HERE.above(THERE).frame(), BOTH)


@pytest.mark.parametrize("keys", [["site"], ["hour"], ["hour", "site"]], ids=str)
@pytest.mark.parametrize("summed", [HERE.above(THERE), Summed.of(BOTH, ["site", "hour"])], ids=["codes", "frame"])
def test_sums_over_fewer_keys_are_those_of_pandas(keys, summed):
    expected = BOTH.groupby(keys, as_index=False, dropna=False)[["weight", "n"]].sum()
    pd.testing.assert_frame_equal(summed.by(*keys).frame(), expected)


def test_sums_over_no_key_are_one_row():
    assert HERE.by().frame().to_dict("records") == [{"weight": 7.0, "n": 6}]


def test_some_groups_and_other_sums_leave_what_they_were_made_of():
    few = HERE.at(HERE["n"] > 1).instead(total=0).under("site", "place")
    assert few.frame()["place"].fillna("none").tolist() == ["B", "none"]
    assert few.frame()["total"].tolist() == [0, 0]
    assert HERE.having(n=0)["n"].tolist() == [0, 0, 0]
    assert HERE["n"].tolist() == [1, 2, 3]
