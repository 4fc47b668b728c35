"""Published tables, a second implementation, and the laws that intervals obey."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.intervals import (
    clopper_pearson,
    hypergeometric,
    jeffreys,
    mid_p,
    miettinen_nurminen,
    newcombe,
    wilson,
)

ONE_RATE = [wilson, clopper_pearson, jeffreys, mid_p]


@pytest.mark.parametrize(
    ("method", "published"),
    [
        (wilson, [[0.2553, 0.3662], [0.0624, 0.1605], [0, 0.1611], [0.0061, 0.1718]]),
        (clopper_pearson, [[0.2527, 0.3676], [0.0578, 0.1617], [0, 0.1684], [0.0009, 0.1776]]),
        (mid_p, [[0.2544, 0.3658], [0.0601, 0.1581], [0, 0.1391], [0.0017, 0.1585]]),
        (jeffreys, [[0.2545, 0.3656], [0.0604, 0.1576], [0, 0.1166], [0.0037, 0.1501]]),
    ],
)
def test_one_rate_equals_the_published_table(method, published):
    """Newcombe (1998), Stat Med 17:857, table I: 81/263, 15/148, 0/20, 1/29 (Jeffreys: Brown, Cai & DasGupta 2001)."""
    bounds = np.transpose(method([81, 15, 0, 1], [263, 148, 20, 29]))
    np.testing.assert_allclose(bounds, published, atol=5e-5)


@pytest.mark.parametrize(
    ("method", "theirs"), [(wilson, "wilson"), (clopper_pearson, "beta"), (jeffreys, "jeffreys")]
)
def test_one_rate_equals_statsmodels(method, theirs):
    successes, n = np.array([1, 7, 49, 93, 199]), np.array([4, 90, 50, 200, 200])
    np.testing.assert_allclose(
        method(successes, n, 0.9), proportion_confint(successes, n, 0.1, method=theirs), atol=1e-9
    )


def test_differences_equal_the_published_tables():
    """Newcombe (1998), Stat Med 17:873, table II: 56/70 − 48/80 and five more, methods 10 and Miettinen–Nurminen."""
    a, m = np.array([56, 9, 6, 5, 0, 10]), np.array([70, 10, 7, 56, 10, 10])
    b, n = np.array([48, 3, 2, 0, 0, 0]), np.array([80, 10, 7, 29, 20, 20])
    hybrid = newcombe(a / m, *wilson(a, m), b / n, *wilson(b, n))
    np.testing.assert_allclose(hybrid[0], a / m - b / n)
    np.testing.assert_allclose(hybrid[1], [0.0524, 0.1705, 0.0582, -0.0381, -0.1611, 0.6791], atol=5e-5)
    np.testing.assert_allclose(hybrid[2], [0.3339, 0.8090, 0.8062, 0.1926, 0.2775, 1], atol=5e-5)
    theirs = [confint_proportions_2indep(*counts, method="newcomb") for counts in zip(a, m, b, n, strict=True)]
    np.testing.assert_allclose(np.transpose(hybrid[1:]), theirs, atol=1e-9)
    score = miettinen_nurminen(a, m, b, n)
    np.testing.assert_allclose(score[1], [0.0528, 0.1700, 0.0342, -0.0326, -0.1658, 0.7156], atol=5e-5)
    np.testing.assert_allclose(score[2], [0.3382, 0.8406, 0.8534, 0.1933, 0.2844, 1], atol=5e-5)


def test_small_lots_equal_the_exact_tail_inversion():
    """statistics reference 2.4: (x, n, N) = (3, 50, 500) gives 8 to 80 rows, and three more."""
    low, high = hypergeometric([3, 0, 5, 10], [50, 50, 200, 300], [500, 500, 1000, 1000])
    np.testing.assert_allclose(low * [500, 500, 1000, 1000], [8, 0, 10, 19])
    np.testing.assert_allclose(high * [500, 500, 1000, 1000], [80, 33, 54, 56])


@pytest.mark.parametrize(
    ("method", "n", "rate", "published"),
    [
        (wilson, 30, 0.2, 0.964),
        (wilson, 98, 0.2, 0.958),
        (clopper_pearson, 30, 0.2, 0.980),
        (jeffreys, 98, 0.2, 0.942),
        (wilson, 50, 0.01, 0.911),
    ],
)
def test_exact_coverage_equals_the_published_one(method, n, rate, published):
    """Brown, Cai & DasGupta (2001), Stat. Sci. 16:101 (statistics reference 2.3): summed over all counts."""
    counts = np.arange(n + 1)
    low, high = method(counts, n)
    assert binom.pmf(counts, n, rate)[(low <= rate) & (rate <= high)].sum() == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize("method", ONE_RATE)
def test_every_count_has_an_answer(method):
    low, high = method([0, 0, 1, 5], [0, 1, 1, 5])
    assert low[0] == 0 and high[0] == 1
    assert (low[:2] == 0).all() and (high[[0, 2, 3]] == 1).all()
    assert 0 < low[2] < low[3] < 1 and 0.5 < high[1] < 1


def test_differences_of_the_smallest_samples_have_an_answer():
    difference, low, high = miettinen_nurminen([0, 0, 1, 0], [0, 1, 1, 3], [0, 1, 0, 0], [5, 1, 1, 3])
    assert np.isnan(difference[0]) and low[0] == -1 and high[0] == 1
    assert (low[1:] <= difference[1:]).all() and (difference[1:] <= high[1:]).all()
    assert low[3] == pytest.approx(-high[3])


def test_seeing_the_whole_lot_leaves_no_doubt():
    np.testing.assert_allclose(wilson([3, 0, 8], 8, population=8), [[3 / 8, 0, 1], [3 / 8, 0, 1]])
    np.testing.assert_allclose(hypergeometric([3, 0, 8], 8, 8), [[3 / 8, 0, 1], [3 / 8, 0, 1]])
    assert hypergeometric(0, 0, 0) == (0, 1)
    wide, narrow = np.diff(wilson(20, 100), axis=0), np.diff(wilson(20, 100, population=150), axis=0)
    assert narrow < wide


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from(ONE_RATE), st.sampled_from([0.8, 0.95, 0.99]))
def test_failures_mirror_successes_and_more_confidence_is_wider(successes, failures, method, confidence):
    n = successes + failures
    low, high = method(successes, n, confidence)
    mirrored = method(failures, n, confidence)
    assert low == pytest.approx(1 - mirrored[1], abs=1e-9) and high == pytest.approx(1 - mirrored[0], abs=1e-9)
    wider = method(successes, n, 0.999)
    assert wider[0] <= low <= high <= wider[1]
    if n:
        assert low <= successes / n <= high


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 30), st.integers(1, 30))
def test_swapping_the_samples_turns_the_difference_around(x, more_x, y, more_y):
    m, n = x + more_x, y + more_y
    for forward, backward in (
        (miettinen_nurminen(x, m, y, n), miettinen_nurminen(y, n, x, m)),
        (newcombe(x / m, *wilson(x, m), y / n, *wilson(y, n)), newcombe(y / n, *wilson(y, n), x / m, *wilson(x, m))),
    ):
        np.testing.assert_allclose(forward, [-backward[0], -backward[2], -backward[1]], atol=1e-9)
        assert -1 <= forward[1] <= forward[0] <= forward[2] <= 1


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: wilson(3, 2), "3 successes of 2"),
        (lambda: wilson(-1, 2), "-1 successes"),
        (lambda: wilson(np.nan, 2), "nan successes"),
        (lambda: wilson(1, np.inf), "of inf"),
        (lambda: wilson(1, 2, 95), "confidence is 95"),
        (lambda: wilson(1, 20, population=10), "larger than the population"),
        (lambda: hypergeometric(1, 20, 10), "larger than the population"),
        (lambda: hypergeometric(1.5, 20, 100), "whole numbers"),
    ],
)
def test_impossible_counts_are_refused_in_a_sentence(call, says):
    with pytest.raises(UsageError, match=says):
        call()


@pytest.mark.parametrize("bounds", [wilson, clopper_pearson, jeffreys, mid_p])
def test_a_finite_lot_narrows_every_interval_down_to_the_rate(bounds):
    """50 of a lot of 99 tell as much as 100 of an endless one: 50 · 98 / 49."""
    np.testing.assert_allclose(bounds(5, 50, population=99), bounds(10, 100), atol=1e-9)
    np.testing.assert_allclose(bounds([0, 3, 7], 7, population=7), [[0, 3 / 7, 1]] * 2)
    np.testing.assert_allclose(bounds(5, 50, population=10**12), bounds(5, 50), atol=1e-9)
    np.testing.assert_array_equal(bounds(5, 50, population=np.inf), bounds(5, 50))
    assert [float(bound) for bound in bounds(0, 0, population=0)] == [0, 1]
    with pytest.raises(UsageError, match="larger than the population"):
        bounds(5, 50, population=49)
