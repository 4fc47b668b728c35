"""Are rows really drawn as often as their inclusion probabilities say? 10,000 draws by 10,000 seeds, counted.

Rows of one draw exclude each other, so their counts are not independent: the chi-square is Wald's, with the covariance
that the draws show and as many degrees of freedom as it has.
"""

import numpy as np
import pytest
from scipy import stats

from labelqa_lib.stats.drawing import pps_systematic, stratified_systematic

pytestmark = pytest.mark.slow

DRAWS = 10_000


def drawn(draw, rows):
    """Which rows each seed draws, and the probabilities that the draw claims."""
    taken = np.zeros((DRAWS, rows))
    for seed in range(DRAWS):
        places, chance = draw(seed)
        taken[seed, places] = 1
    return taken, chance


def chi_square_p(taken, chance):
    """How surprising the frequencies are if the claimed probabilities hold."""
    gap = taken.mean(axis=0) - chance
    values, vectors = np.linalg.eigh(np.cov(taken, rowvar=False) / DRAWS)
    free = values > 1e-9 * values.max()
    return stats.chi2.sf(np.sum((vectors[:, free].T @ gap) ** 2 / values[free]), free.sum())


def test_stratified_draws_hit_every_row_as_often_as_said():
    held, take = np.array([7, 13, 20, 4]), np.array([3, 5, 4, 4])
    stratum = np.random.default_rng(1).permutation(np.repeat(np.arange(4), held))
    taken, chance = drawn(lambda seed: stratified_systematic(stratum, take, seed), len(stratum))
    assert set(np.round(chance, 12)) == set(np.round(take / held, 12))
    assert (taken[:, chance == 1] == 1).all()
    assert chi_square_p(taken, chance) > 1e-3


def test_draws_by_size_hit_every_row_as_often_as_said():
    size = np.concatenate([np.random.default_rng(2).gamma(0.7, size=38), [0.0, 60.0]])
    taken, chance = drawn(lambda seed: pps_systematic(size, 9, seed), len(size))
    assert (taken[:, -1] == 1).all() and not taken[:, -2].any()
    assert chi_square_p(taken, chance) > 1e-3


def test_the_chi_square_notices_probabilities_that_are_a_little_off():
    """Draws of the same rows by sizes 15 % off for half of them: so much it has to see."""
    wrong = np.where(np.arange(40) < 20, 1.15, 1.0)
    taken, _ = drawn(lambda seed: pps_systematic(np.ones(40), 9, seed), 40)
    _, claimed = pps_systematic(wrong, 9, 1)
    assert chi_square_p(taken, claimed) < 1e-6
