"""Draws by hand: so many rows of each stratum, chances that sum to the draw, certain rows, repeatable by seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.drawing import chances_by_size, pps_systematic, stratified_systematic


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(0, 1)), min_size=1, max_size=8), st.integers(0, 2**32))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_every_stratum_gives_the_rows_it_is_asked_for(strata, seed):
    held = np.array([size for size, _ in strata])
    take = np.array([int(size * part) for size, part in strata])
    stratum = np.random.default_rng(0).permutation(np.repeat(np.arange(len(held)), held))
    rows, chance = stratified_systematic(stratum, take, seed)
    assert (np.diff(rows) > 0).all()
    assert np.bincount(stratum[rows], minlength=len(held)).tolist() == take.tolist()
    assert chance.tolist() == [take[code] / held[code] for code in stratum]


def test_systematic_spreads_over_the_order_of_the_rows():
    """5 of 20 rows: one of every four, whatever the seed."""
    for seed in range(50):
        rows, _ = stratified_systematic(np.zeros(20, dtype=int), [5], seed)
        assert (rows // 4).tolist() == [0, 1, 2, 3, 4]


def test_chances_by_size_by_hand():
    """3 of 1, 2, 4, 100: the last for certain; of the other two rows 4/7 of 2 is more than 1, so certain, too."""
    np.testing.assert_allclose(chances_by_size([1, 2, 3, 4, 100], 2), [0.1, 0.2, 0.3, 0.4, 1])
    np.testing.assert_allclose(chances_by_size([1, 2, 4, 100], 3), [1 / 3, 2 / 3, 1, 1])
    np.testing.assert_allclose(chances_by_size([1, 1, 6], 2), [0.5, 0.5, 1])
    assert chances_by_size([0, 2, 0, 5], 2).tolist() == [0, 1, 0, 1]


SIZES = st.just(0.0) | st.floats(1e-3, 1e6)


@given(st.lists(SIZES, min_size=1, max_size=60), st.floats(0, 1), st.integers(0, 2**32))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_rows_by_size_are_as_many_as_asked_for(size, part, seed):
    size = np.array(size)
    take = int(part * np.count_nonzero(size))
    rows, chance = pps_systematic(size, take, seed)
    assert len(rows) == take == len(set(rows.tolist()))
    assert chance.sum() == pytest.approx(take, abs=1e-9)
    assert ((chance >= 0) & (chance <= 1)).all() and (chance[rows] > 0).all()
    assert set(np.flatnonzero(chance == 1)) <= set(rows.tolist())
    open_rows = (chance > 0) & (chance < 1)
    if open_rows.any():
        scale = chance[open_rows] / size[open_rows]
        np.testing.assert_allclose(scale, scale[0], rtol=1e-9)


def test_a_seed_repeats_a_draw_and_another_does_not():
    size = np.arange(1, 200)
    assert pps_systematic(size, 20, 7)[0].tolist() == pps_systematic(size, 20, 7)[0].tolist()
    assert pps_systematic(size, 20, 7)[0].tolist() != pps_systematic(size, 20, 8)[0].tolist()
    stratum = np.repeat([0, 1], 100)
    first, again, other = (stratified_systematic(stratum, [9, 7], seed)[0].tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_strata_start_apart():
    """Strata of equal size and draw do not all give the rows of the same rank."""
    rows, _ = stratified_systematic(np.repeat(np.arange(20), 50), np.full(20, 1), 3)
    assert len(set((rows % 50).tolist())) > 5


def test_nothing_to_draw_draws_nothing():
    rows, chance = pps_systematic([1.0, 2.0], 0, 1)
    assert rows.tolist() == [] and chance.tolist() == [0, 0]
    rows, chance = stratified_systematic([0, 0, 1], [0, 0], 1)
    assert rows.tolist() == [] and chance.tolist() == [0, 0, 0]


def test_bad_input_is_said_in_a_sentence():
    with pytest.raises(UsageError, match="stratum 1 is to give 4 rows and holds 2; take at most 2"):
        stratified_systematic([0, 0, 1, 1], [1, 4], 1)
    with pytest.raises(UsageError, match="stratum 2 is to give 1 rows and holds 0"):
        stratified_systematic([0, 1], [1, 1, 1], 1)
    with pytest.raises(UsageError, match="3 rows are to be drawn by size and 2 have one; take at most 2"):
        pps_systematic([1, 0, 2], 3, 1)
    with pytest.raises(UsageError, match="a size is -1"):
        pps_systematic([1, -1], 1, 1)
    with pytest.raises(UsageError, match="whole numbers of at least 0"):
        stratified_systematic([0], [-1], 1)
    with pytest.raises(UsageError, match="stratum code 1 has no entry in take"):
        stratified_systematic([0, 1], [1], 1)
