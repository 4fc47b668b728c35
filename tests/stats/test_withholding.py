"""Cells withheld: the published rule by hand, and an attacker who knows every total."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa_lib.stats.withholding import withheld


def hidden(n, *places, smallest=10):
    small, beside = withheld(np.array(n), [np.array(place) for place in places], smallest)
    assert not (small & beside).any()
    return small.tolist(), beside.tolist()


def test_a_small_cell_takes_the_smallest_other_cell_with_it():
    assert hidden([40, 7, 12, 0], list("abcd")) == ([False, True, False, False], [False, False, True, False])


def test_two_small_cells_need_a_third_until_they_are_ten_together():
    assert hidden([40, 3, 4, 25], list("abcd")) == ([False, True, True, False], [False, False, False, True])
    assert hidden([40, 5, 6, 25], list("abcd"))[1] == [False] * 4


def test_nothing_is_withheld_from_whoever_may_see_everything():
    assert hidden([1, 2, 300], list("abc"), smallest=0) == ([False] * 3, [False] * 3)
    assert hidden([10, 11, 0], list("abc")) == ([False] * 3, [False] * 3)


def test_a_cell_alone_in_its_table_is_withheld_and_nothing_is_beside_it():
    assert hidden([4], ["a"]) == ([True], [False])
    small, beside = withheld(np.array([], dtype=int), [np.array([])], 10)
    assert len(small) == len(beside) == 0


def test_a_table_of_two_dimensions_by_hand():
    """Site x week: the small cell hides one beside it in its week and one in its site, and those a fourth."""
    n = [5, 20, 30, 40, 15, 60]
    sites, weeks = list("aaabbb"), list("123123")
    small, beside = hidden(n, sites, weeks)
    assert small == [True, False, False, False, False, False]
    assert beside == [False, True, False, True, True, False]


def test_a_second_dimension_with_one_value_changes_nothing():
    """A metric frame of one week: a site's total over weeks is the cell itself, and is withheld with it."""
    assert hidden([20, 12, 4], list("abc"), ["w"] * 3) == hidden([20, 12, 4], list("abc"))


def test_a_cell_between_two_loops_follows_from_the_totals_and_is_loosened():
    """Two blocks of four withheld cells, and one cell that joins them: each line has two withheld, yet the totals give
    the joining cell away."""
    n = np.full((4, 4), 50)
    n[:2, :2] = n[2:, 2:] = 6
    n[1, 2] = 7
    rows, columns = (place.ravel() for place in np.indices(n.shape))
    small, beside = withheld(n.ravel(), [rows, columns], 10)
    assert small.sum() == 9
    assert not _fixed((small | beside), [rows, columns], n.ravel())[small].any()


def _cells_of(key: tuple, places: list[np.ndarray], along: int, n: np.ndarray) -> int:
    """How many cells have rows in a line; where it is one, its total is withheld with it."""
    others = [place for number, place in enumerate(places) if number != along]
    return int(np.logical_and.reduce([n > 0, *(place == value for place, value in zip(others, key, strict=True))]).sum())


def _fixed(mask: np.ndarray, places: list[np.ndarray], n: np.ndarray) -> np.ndarray:
    """Cells that an attacker knows from every line's total: the least squares solution is the only one there."""
    cells = np.flatnonzero(mask)
    lines = []
    for along in range(len(places)):
        others = [place[cells] for number, place in enumerate(places) if number != along]
        keys = list(zip(*others, strict=True)) if others else [()] * len(cells)
        lines += [[key == one for one in keys] for key in dict.fromkeys(keys) if _cells_of(key, places, along, n) > 1]
    matrix = np.array(lines, dtype=float).reshape(-1, len(cells))
    known = np.zeros(len(mask), dtype=bool)
    for number, cell in enumerate(cells):
        unit = np.eye(len(cells))[number]
        known[cell] = np.allclose(np.linalg.lstsq(matrix.T, unit, rcond=None)[0] @ matrix, unit, atol=1e-6)
    return known


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_whoever_knows_every_total_learns_no_small_cell(rows, columns, data):
    n = np.array(data.draw(st.lists(st.integers(0, 30), min_size=rows * columns, max_size=rows * columns)))
    places = [place.ravel() for place in np.indices((rows, columns))]
    small, beside = withheld(n, places, 10)
    mask = small | beside
    assert (small == ((n > 0) & (n < 10))).all()
    for along in (0, 1):
        for line in np.unique(places[1 - along]):
            cells = (places[1 - along] == line) & (n > 0)
            if (mask & cells).any() and (cells & ~mask).any():
                assert (mask & cells).sum() > 1 and n[mask & cells].sum() >= 10
    if small.any():
        known = _fixed(mask, places, n)
        for cell in np.flatnonzero(known & small):  # only where nothing else is left to withhold
            beside_it = (places[0] == places[0][cell]) | (places[1] == places[1][cell])
            assert not (beside_it & ~mask & (n > 0)).any()


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_cells_does_not_matter_where_no_two_are_alike(seed):
    chance = np.random.default_rng(seed)
    n, place = chance.permutation(30) + 3, np.arange(30)
    small, beside = withheld(n, [place], 10)
    order = chance.permutation(30)
    again = withheld(n[order], [place[order]], 10)
    assert (again[0] == small[order]).all() and (again[1] == beside[order]).all()
