"""Texts as codes say what the texts themselves say, NULL included: beside pandas' texts that know NULL."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from labelqa_lib.metrics.texts import Text

ABOVE = ["b", None, "a", "b", "é", "Z", None, "a", ""]
BELOW = ["b", "b", None, "c", "é", None, None, "A", ""]


def text(values):
    return Text.of(pa.chunked_array([values[:4], values[4:]], pa.string()))


def plain(values):
    return pd.array(values, dtype="string")


def test_values_ascend_and_come_back():
    assert list(text(ABOVE).values) == ["", "Z", "a", "b", "é"]
    assert list(text(ABOVE).in_pandas()) == list(pd.array(ABOVE, dtype="str"))
    assert text(ABOVE).in_pandas().dtype == "str"
    assert list(text(ABOVE).take(np.array([8, 1, 0])).in_pandas().fillna("none")) == ["", "none", "b"]


@pytest.mark.parametrize("compared", [lambda one, other: one == other, lambda one, other: one != other], ids=["equal", "unequal"])
@pytest.mark.parametrize("other", [BELOW, "b", "nowhere"], ids=str)
def test_comparisons_do_not_know_what_is_empty(compared, other):
    there = compared(plain(ABOVE), other if isinstance(other, str) else plain(other))
    here = compared(text(ABOVE), other if isinstance(other, str) else text(other))
    pd.testing.assert_extension_array_equal(here, there)


def test_membership():
    told = text(ABOVE).isin(["a", "Z", "nowhere"])
    assert list(told.to_numpy(dtype=bool, na_value=False)) == [value in ("a", "Z") for value in ABOVE]
    assert list(told.isna()) == list(text(ABOVE).isnull()) == list(~text(ABOVE).notnull()) == [value is None for value in ABOVE]


def test_the_first_that_is_not_empty():
    told = text(ABOVE).coalesce(lambda: text(BELOW))
    assert list(told.in_pandas().fillna("none")) == ["b", "b", "a", "b", "é", "Z", "none", "a", ""]
    assert text(BELOW[:2]).coalesce(lambda: pytest.fail("none is empty")).code.tolist() == [0, 0]


def test_one_below_the_other():
    both = text(ABOVE).above(text(BELOW))
    assert list(both.in_pandas()) == list(pd.array(ABOVE + BELOW, dtype="str"))
    assert list(both.values) == sorted({value for value in ABOVE + BELOW if value is not None})


def test_nothing_at_all():
    nothing = text([])
    assert len(nothing.in_pandas()) == len(nothing == text([])) == len(nothing.isin(["a"])) == 0
    assert list(text([None, None]).above(nothing).code) == [-1, -1]
