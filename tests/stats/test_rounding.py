"""Controlled rounding keeps every margin and every mean (Cox 1987)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.rounding import controlled_rounding


def table(rows: int, columns: int, seed: int, filled: float = 0.7):
    random = np.random.default_rng(seed)
    row, column = np.nonzero(random.random((rows, columns)) < filled)
    return random.gamma(0.8, 1.0, len(row)), row, column


def next_to(sums, expected):
    return np.abs(sums - expected) < 1 - 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 10_000))
def test_every_cell_row_and_column_is_rounded_to_a_neighbour(rows, columns, seed):
    expected, row, column = table(rows, columns, seed)
    taken = controlled_rounding(expected, row, column, seed)
    assert next_to(taken, expected).all()
    for code in (row, column, np.zeros_like(row)):
        assert next_to(np.bincount(code, taken), np.bincount(code, expected)).all()


@pytest.mark.slow
def test_means_over_seeds_are_what_is_expected():
    expected, row, column = table(4, 5, 3)
    runs = 2_000
    mean = sum(controlled_rounding(expected, row, column, seed) for seed in range(runs)) / runs
    part = expected % 1
    deviation = np.abs(mean - expected) / np.sqrt(part * (1 - part) / runs)
    assert deviation.max() < 4.2, "20 cells, a chance of 5e-4"


def test_whole_numbers_stay():
    assert controlled_rounding([2, 0, 1], [0, 0, 1], [0, 1, 1], 7).tolist() == [2, 0, 1]
    assert controlled_rounding([], [], [], 7).tolist() == []


def test_the_same_seed_gives_the_same_answer():
    cells = table(30, 20, 1)
    assert (controlled_rounding(*cells, 5) == controlled_rounding(*cells, 5)).all()
    assert (controlled_rounding(*cells, 5) != controlled_rounding(*cells, 6)).any()


def test_a_negative_expectation_is_refused():
    with pytest.raises(UsageError, match="at least 0"):
        controlled_rounding([-0.5], [0], [0], 1)
