"""Empirical-Bayes rates against the published examples, and the laws they keep."""

import time

import numpy as np
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.stats import intervals, shrinkage

# Efron & Morris 1975, J. Am. Stat. Assoc. 70:311, Table 1: hits in the first 45 times at bat of 1970, and the average
# over the rest of the season, Clemente to Alvis
HITS = np.array([18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7], float)
AT_BAT = np.full(18, 45.0)
REST_OF_SEASON = np.array(
    [346, 298, 276, 222, 273, 270, 263, 210, 269, 230, 264, 256, 303, 264, 226, 285, 316, 200]
) / 1000  # fmt: skip
# Moore & Tsiatis 1991 (VGAM::lirat): dead foetuses R of N in 58 litters
LITTERS = np.array("""
10 11 12 4 10 11 9 11 10 10 12 10 8 11 6 9 14 12 11 13 14 10 12 13 10 14 13 4 8 13 12 10 3 13 12 14 9 13 16 11 4 1 12
8 11 14 14 11 3 13 9 17 15 2 14 8 6 17""".split(), float)
DEAD = np.array("""
1 4 9 4 10 9 9 11 10 7 12 9 8 9 4 7 14 7 9 8 5 10 10 8 10 3 13 3 8 5 12 1 1 1 0 4 2 2 1 0 0 0 0
0 1 0 1 0 0 0 2 2 0 0 1 0 0 0""".split(), float)


def test_beta_binomial_of_the_litters():
    got = shrinkage.beta_binomial(DEAD, LITTERS)  # expected: R VGAM, betabinomial
    assert (got.mean, got.rho) == (pytest.approx(0.4653632, abs=5e-7), pytest.approx(0.5999756, abs=5e-7))
    assert got.log_likelihood == pytest.approx(-123.3261, abs=5e-5)


def test_beta_binomial_of_the_batters():
    got = shrinkage.beta_binomial(HITS, AT_BAT)
    assert (got.mean, got.rho) == (pytest.approx(0.2654325, abs=1e-6), pytest.approx(0.001259, abs=1e-6))
    assert got.log_likelihood == pytest.approx(-45.3439, abs=5e-5)


def test_batters_are_foretold_three_times_as_well():
    got = shrinkage.shrink(HITS, AT_BAT)
    raw, shrunken = ((guess - REST_OF_SEASON) ** 2 for guess in (HITS / AT_BAT, got.estimate))
    # Efron & Morris 1975: total squared error .077 raw, .022 James-Stein, on rounded averages
    assert raw.sum() == pytest.approx(0.0755, abs=5e-4)
    assert shrunken.sum() < raw.sum() / 3
    assert np.all((got.low < REST_OF_SEASON) & (REST_OF_SEASON < got.high))


def test_boundary_trap_groups_that_look_alike_are_not_taken_for_the_same():
    events, n = np.full(30, 2.0), np.full(30, 40.0)
    assert shrinkage.beta_binomial(events, n).rho < 1e-4  # the likeliest prior leaves no difference at all
    got = shrinkage.shrink(events, n)
    whole_low, whole_high = intervals.wilson(events.sum(), n.sum(), 0.95)
    assert np.all(got.high - got.low > 1.2 * (whole_high - whole_low)) and got.between_sd > 0


def test_no_event_at_all_leaves_room_above_zero():
    assert np.isnan(shrinkage.beta_binomial(np.zeros(30), np.full(30, 40.0)).rho)
    got = shrinkage.shrink(np.zeros(30), np.full(30, 40.0))
    assert np.all((0 < got.estimate) & (got.estimate < 1 / 1200) & (got.high > 1 / 1200))


def test_more_rows_move_a_group_less():
    got = shrinkage.shrink([4, 40, 400, 0, 30, 60], [10, 100, 1000, 0, 200, 400])
    off = np.abs(got.estimate[:3] - 0.4)
    assert off[0] > off[1] > off[2]
    width = got.high - got.low
    assert width[0] > width[1] > width[2]
    assert got.estimate[3] == pytest.approx(got.prior_mean[3]) and width[3] > width[0]  # nothing of its own


def test_laws():
    rng = np.random.default_rng(8)
    n = rng.integers(5, 90, 50)
    events = rng.binomial(n, rng.beta(3, 40, 50))
    got, order = shrinkage.shrink(events, n), rng.permutation(50)
    np.testing.assert_allclose(shrinkage.shrink(events[order], n[order]).low, got.low[order])
    assert np.all((got.low < got.estimate) & (got.estimate < got.high))
    wide = shrinkage.shrink(events, n, confidence=0.99)
    assert np.all((wide.low < got.low) & (wide.high > got.high))


def test_a_prior_of_its_own_for_each_group():
    """Twenty who do hard work and twenty who do easy work, all as good as their work lets them be."""
    n, expected = np.full(40, 50.0), np.repeat([0.2, 0.04], 20)
    events = np.tile([9.0, 11, 10, 10], 10) * np.where(expected == 0.2, 1, 0.2)
    adjusted, plain = shrinkage.shrink(events, n, expected), shrinkage.shrink(events, n)
    assert np.abs(adjusted.estimate - expected).max() < 0.01 < np.abs(plain.estimate - expected).max()
    assert adjusted.between_sd < plain.between_sd


def test_probability_of_worst_is_that_of_drawn_rankings():
    rng = np.random.default_rng(4)
    n = rng.integers(30, 300, 200)
    got = shrinkage.shrink(rng.binomial(n, rng.beta(5, 80, 200)), n)
    probability = shrinkage.probability_of_worst(got.alpha, got.beta)
    assert probability.sum() == pytest.approx(20, abs=1e-3)
    ranks = rng.beta(got.alpha, got.beta, (4000, 200)).argsort(1).argsort(1)
    # 4,000 drawings know a probability to ±.016 (2 standard errors); .02 more for a threshold that is not drawn
    np.testing.assert_allclose(probability, (ranks >= 180).mean(0), atol=0.036)


def test_undefined_has_a_defined_answer():
    nothing = shrinkage.shrink([0, 0], [0, 0])
    assert np.isnan(nothing.estimate).all() and np.isnan(nothing.between_sd)
    assert shrinkage.shrink([], []).estimate.shape == (0,)
    alone = shrinkage.shrink([3], [40])
    assert alone.low[0] < 3 / 40 < alone.high[0]
    got = shrinkage.probability_of_worst([np.nan, 2.0, 3.0], [np.nan, 9.0, 9.0])
    assert np.isnan(got[0]) and got[1] < got[2]
    assert np.isnan(shrinkage.probability_of_worst([np.nan], [np.nan])).all()


def test_ten_thousand_groups_in_under_a_second():
    rng = np.random.default_rng(0)
    n = rng.integers(20, 80, 10_000)
    events = rng.binomial(n, rng.beta(5, 95, 10_000))
    before = time.process_time()
    shrinkage.shrink(events, n)
    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: shrinkage.shrink([1, 2], [3]), "one value per group"),
        (lambda: shrinkage.shrink([4], [3]), "more events than rows"),
        (lambda: shrinkage.shrink([np.nan], [3]), "fewer than 0 events"),
        (lambda: shrinkage.shrink([1], [3], [0.0]), "prior_mean needs one rate"),
        (lambda: shrinkage.shrink([1], [3], confidence=95), "confidence 95"),
        (lambda: shrinkage.beta_binomial([0], [0]), "nothing was counted"),
        (lambda: shrinkage.probability_of_worst([1], [1], 10), "worst share 10"),
    ],
)
def test_bad_input_is_a_sentence(make, sentence):
    with pytest.raises(UsageError, match=sentence):
        make()
