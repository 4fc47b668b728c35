"""Funnel limits, over-dispersion and flags against published numbers."""

import time

import numpy as np
import pytest
from scipy import stats

from labelqa_lib.errors import UsageError
from labelqa_lib.stats import funnel


def test_exact_binomial_limits():
    # Spiegelhalter 2005 with a target of .05; computed by the formula of its appendix in R
    n = [100, 200, 500, 1000]
    low, high = funnel.limits(0.05, n, 0.95)
    np.testing.assert_allclose(low, [0.00612, 0.01958, 0.03071, 0.03640], atol=5.1e-6)
    np.testing.assert_allclose(high, [0.09191, 0.07971, 0.06899, 0.06345], atol=5.1e-6)
    low, high = funnel.limits(0.05, n, 0.998)
    np.testing.assert_allclose(low, [0, 0.00654, 0.02158, 0.02950], atol=5.1e-6)
    np.testing.assert_allclose(high, [0.12464, 0.10118, 0.08160, 0.07202], atol=5.1e-6)


def test_limits_at_the_edges():
    assert [float(bound) for bound in funnel.limits(0.05, 0)] == [0, 1]
    assert [float(bound) for bound in funnel.limits(0.0, 50)] == [0, 0]
    assert [float(bound) for bound in funnel.limits(1.0, 50)] == [1, 1]
    low, high = funnel.limits(0.05, np.arange(1, 3000))
    assert np.all((low >= 0) & (high <= 1) & (low <= 0.05) & (high >= 0.05))
    wide_low, wide_high = funnel.limits(0.05, np.arange(30, 3000), between_variance=0.02**2)
    assert np.all((wide_low <= low[29:] + 0.01) & (wide_high > high[29:] - 0.01)) and wide_high[-1] > 0.05 + 3 * 0.02


def test_over_dispersion_by_hand():
    # 12 groups of 100 rows about 10 %: z = (x − 10)/3, pulled in to the 10 % and 90 % points, −1.9/3·… by numpy
    events, n = np.array([4, 4, 7, 8, 9, 10, 10, 11, 12, 13, 16, 40.0]), np.full(12, 100.0)
    z = np.clip((events - 10) / 3, -1.9, 1.9)  # 10 % points: 4.3 and 15.7 events
    phi, tau2 = funnel.over_dispersion(events, n, 0.1)
    assert phi == pytest.approx((z**2).mean() / 0.6786546)  # ∫ of z² pulled in at ±1.2816, by scipy.integrate.quad
    assert tau2 == pytest.approx(max((12 * phi - 11) / (11 * 100 / 0.09), 0)) and tau2 > 0


def test_over_dispersion_is_found_where_it_is_and_only_there():
    rng = np.random.default_rng(6)
    n = rng.integers(100, 800, 3000)
    assert funnel.over_dispersion(rng.binomial(n, 0.05), n, 0.05)[1] == 0
    spread = rng.binomial(n, rng.beta(0.05 * 150, 0.95 * 150, 3000))
    phi, tau2 = funnel.over_dispersion(spread, n, 0.05)
    assert phi > 1.5 and tau2 == pytest.approx(0.05 * 0.95 / 151, rel=0.15)
    assert funnel.over_dispersion([3], [100], 0.05)[1] == 0  # one group says nothing about differences


def test_flags_are_benjamini_hochberg_of_exact_tails():
    events, n = np.array([2, 5, 9, 14, 20, 1]), np.array([100, 100, 100, 100, 100, 10])
    got = funnel.flags(events, n, 0.05)
    tail = stats.binom.sf(events[:5] - 1, 100, 0.05)
    np.testing.assert_allclose(got.p_value[:5], tail, rtol=1e-9)
    np.testing.assert_allclose(got.adjusted[:5], stats.false_discovery_control(tail))
    assert got.flagged.tolist() == [False, False, False, True, True, False]
    assert np.isnan([got.p_value[5], got.adjusted[5]]).all()  # 10 rows: nobody is named


def test_benjamini_hochberg_1995_example():
    p = np.array([0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
                  0.6528, 0.7590, 1.0])  # fmt: skip
    adjusted = stats.false_discovery_control(p)  # the very function that `flags` rests on
    np.testing.assert_allclose(
        adjusted,
        [0.0015, 0.0030, 0.0095, 0.035625, 0.0603, 0.063857, 0.063857, 0.0645, 0.0765, 0.486, 0.58118, 0.714875,
         0.75323, 0.813214, 1],
        atol=5e-7, rtol=1e-5,
    )  # fmt: skip
    assert (adjusted <= 0.05).sum() == 4


def test_over_dispersed_tail_is_that_of_the_beta_binomial():
    n, x, sd = np.tile([50, 100, 90_000], 5), np.repeat([4, 8, 12, 20, 49], 3), 0.02
    x = np.where(n == 90_000, x * 300, x)
    size = 0.05 * 0.95 / sd**2 - 1
    exact = stats.betabinom.sf(x - 1, n, 0.05 * size, 0.95 * size)
    got = funnel.excess_p(x, n, 0.05, sd**2)
    np.testing.assert_allclose(got, exact, rtol=1e-6, atol=1e-9)
    plain = funnel.excess_p(x, n, 0.05, 1e-9)  # next to none, and no underflow
    np.testing.assert_allclose(plain, stats.binom.sf(x - 1, n, 0.05), rtol=0.05, atol=1e-6)


def test_flags_at_the_edges():
    got = funnel.flags([0, 100, 1, 0], [100, 100, 100, 100], [0.05, 1.0, 0.0, 0.0])
    assert got.p_value.tolist() == [1, 1, 0, 1]
    assert got.flagged.tolist() == [False, False, True, False]
    assert funnel.flags([], [], 0.05).flagged.shape == (0,)
    assert not funnel.flags([5, 9], [20, 29], 0.05).flagged.any()


def test_ten_thousand_groups_in_a_second():
    rng = np.random.default_rng(0)
    n = rng.integers(30, 80, 10_000)
    events = rng.binomial(n, rng.beta(5, 95, 10_000))
    before = time.process_time()
    funnel.flags(events, n, 0.05)
    funnel.limits(0.05, n)
    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: funnel.limits(5, 100), "expected rate must lie"),
        (lambda: funnel.limits(0.05, -1), "n must be 0 or more"),
        (lambda: funnel.limits(0.05, 10, coverage=95), "coverage 95"),
        (lambda: funnel.flags([11], [10], 0.05), "more events than rows"),
        (lambda: funnel.flags([1], [10], 0.05, false_discovery_rate=5), "false discovery rate 5"),
        (lambda: funnel.flags([1], [10], 0.05, between_variance=-1), "0 or more"),
        (lambda: funnel.over_dispersion([1, -1], [10, 10], 0.05), "fewer than 0 events"),
    ],
)
def test_bad_input_is_a_sentence(make, sentence):
    with pytest.raises(UsageError, match=sentence):
        make()
