"""Differences with intervals, and the exact split of a change into rate and mix."""

import time

import numpy as np
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.stats import change, intervals

# UC Berkeley admissions 1973 by department A to F (R datasets::UCBAdmissions): men as the baseline, women after.
MEN, MEN_IN = np.array([825, 560, 325, 417, 191, 373]), np.array([512, 353, 120, 138, 53, 22])
WOMEN, WOMEN_IN = np.array([108, 25, 593, 375, 393, 341]), np.array([89, 17, 202, 131, 94, 24])


def split(*, shares_sampled=True):
    return change.decompose(MEN, MEN_IN / MEN, MEN, WOMEN, WOMEN_IN / WOMEN, WOMEN, shares_sampled)


def test_newcombe_1998_first_row():
    # Newcombe 1998, Stat. Med. 17:873, Table II (a): 56/70 − 48/80, method 10
    got = change.difference(56 / 70, *intervals.wilson(56, 70, 0.95), 48 / 80, *intervals.wilson(48, 80, 0.95))
    np.testing.assert_allclose([got.difference, got.low, got.high], [0.2, 0.0524, 0.3339], atol=5e-5)
    assert got.more_than_noise


def test_noise_and_undefined_are_not_a_change():
    got = change.difference([0.95, np.nan], [0.93, np.nan], [0.97, np.nan], 0.94, 0.92, 0.96)
    assert got.more_than_noise.tolist() == [False, False]
    assert np.isnan(got.difference[1]) and got.low[0] < 0 < got.high[0]


def test_berkeley_split():
    got = split()
    assert got.difference == pytest.approx(-0.141645, abs=5e-7)
    assert (got.rate_total, got.mix_total) == (pytest.approx(0.036028, abs=5e-7), pytest.approx(-0.177674, abs=5e-7))
    np.testing.assert_allclose(got.rate, [0.03718, 0.00550, -0.00635, 0.00331, -0.00546, 0.00185], atol=5e-6)
    np.testing.assert_allclose(got.mix, [-0.08620, -0.05461, -0.00393, -0.00169, -0.01661, -0.01462], atol=6e-6)


@pytest.mark.parametrize("shares_sampled", [False, True])
def test_standard_errors_are_those_of_repeated_sampling(shares_sampled):
    rng, replications = np.random.default_rng(11), 20_000

    def draw(volume, admitted):
        rate = admitted / volume
        counts = rng.multinomial(volume.sum(), volume / volume.sum(), replications)
        counts = counts if shares_sampled else np.broadcast_to(volume, counts.shape)
        return counts, rng.binomial(counts, rate) / counts, counts

    drawn, got = change.decompose(*draw(MEN, MEN_IN), *draw(WOMEN, WOMEN_IN)), split(shares_sampled=shares_sampled)
    # 20,000 replications know a standard deviation to ±1.5 % (3 standard errors); 2.5 % more for the delta method
    for part in ("rate", "mix", "rate_total", "mix_total", "difference"):
        np.testing.assert_allclose(getattr(got, part + "_se"), getattr(drawn, part).std(0), rtol=0.04, err_msg=part)


def test_parts_add_up_exactly_for_many_segments_in_under_a_second():
    rng = np.random.default_rng(5)
    weights, rates = rng.gamma(0.5, size=(2, 4, 10_000)), rng.random((2, 4, 10_000))
    before = time.process_time()
    n = np.full((4, 10_000), 50)
    got = change.decompose(weights[0], rates[0], n, weights[1], rates[1], n)
    assert time.process_time() - before < 1
    overall = (weights * rates).sum(-1) / weights.sum(-1)
    np.testing.assert_allclose(got.rate.sum(-1) + got.mix.sum(-1), overall[1] - overall[0], atol=1e-12)
    np.testing.assert_allclose(got.difference, overall[1] - overall[0], atol=1e-12)


def test_laws():
    order = np.array([3, 1, 5, 0, 2, 4])
    shuffled = change.decompose(*(a[order] for a in (MEN, MEN_IN / MEN, MEN, WOMEN, WOMEN_IN / WOMEN, WOMEN)), True)
    np.testing.assert_allclose(shuffled.mix_se, split().mix_se[order])
    scaled = change.decompose(MEN * 7, MEN_IN / MEN, MEN, WOMEN / 3, WOMEN_IN / WOMEN, WOMEN, True)
    np.testing.assert_allclose(scaled.rate_se, split().rate_se)
    backwards = change.decompose(WOMEN, WOMEN_IN / WOMEN, WOMEN, MEN, MEN_IN / MEN, MEN, True)
    np.testing.assert_allclose(backwards.mix, -split().mix, atol=1e-15)
    np.testing.assert_allclose(backwards.mix_se, split().mix_se)


def test_a_segment_that_comes_or_goes_is_mix_alone():
    got = change.decompose([1, 0], [0.9, np.nan], [100, 0], [1, 1], [0.9, 0.5], [100, 100])
    assert got.rate.tolist() == [0, 0]
    assert got.rate_se[1] == 0
    assert got.mix_total == pytest.approx(-0.2) == got.difference
    assert np.all(got.mix_se > 0)


def test_no_errors_seen_is_not_taken_for_certain():
    assert change.decompose([1], [1.0], [20], [1], [1.0], [20]).difference_se > 0.02


def test_a_period_without_volume_is_undefined():
    got = change.decompose([0, 0], [np.nan, np.nan], [0, 0], [1, 1], [0.9, 0.5], [10, 10])
    for part in (got.rate, got.mix, got.rate_se, got.mix_se, got.difference, got.difference_se, got.mix_total_se):
        assert np.isnan(part).all()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([1, 1], [0.5], [9], [1], [0.5], [9]), "one value per segment"),
        (([1, 1], [0.5, 0.5], [9, 9], [1], [0.5], [9]), "align the segments"),
        (([-1], [0.5], [9], [1], [0.5], [9]), "0 or more"),
        (([np.inf], [0.5], [9], [1], [0.5], [9]), "weights finite"),
        (([1], [50], [9], [1], [0.5], [9]), "outside 0 to 1; give shares"),
        (([1], [np.nan], [9], [1], [0.5], [9]), "volume and no measured rate"),
        (([1], [0.5], [0], [1], [0.5], [9]), "volume and no measured rate"),
    ],
)
def test_bad_input_is_a_sentence(arguments, sentence):
    with pytest.raises(UsageError, match=sentence):
        change.decompose(*arguments)


def test_p_value_is_below_alpha_exactly_where_the_interval_leaves_out_zero():
    rng = np.random.default_rng(7)
    now, before = rng.uniform(0.5, 1, 500), rng.uniform(0.5, 1, 500)
    low, high = intervals.wilson(now * 80, np.full(500, 80))
    low_before, high_before = intervals.wilson(before * 80, np.full(500, 80))
    moved = change.difference(now, low, high, before, low_before, high_before)
    p = change.p_value(moved.difference, moved.low, moved.high)
    assert np.array_equal(p < 0.05, moved.more_than_noise)
    assert 0 < moved.more_than_noise.sum() < 500


def test_p_value_of_a_normal_interval_is_the_z_tests():
    # Altman & Bland 2011: estimate −0.19, interval −0.33 to −0.05 gives z = 2.66, P = .008
    assert change.p_value(-0.19, -0.33, -0.05) == pytest.approx(0.0078, abs=2e-4)
    assert change.p_value(0.0, -0.1, 0.1) == 1
    assert np.isnan(change.p_value(np.nan, np.nan, np.nan))


def test_p_value_of_a_t_interval_is_the_t_tests():
    # Student 1908, Biometrika 6:1, hours of sleep gained by ten patients: mean 1.58 (.700 to 2.460), t = 4.0621 on 9 degrees
    # of freedom, P = .00283 (R, t.test(extra ~ group, sleep, paired = TRUE))
    sleep = 1.58, 0.7001142, 2.4598858
    assert change.p_value(*sleep, degrees=9) == pytest.approx(0.002833, abs=1e-6)
    assert change.p_value(*sleep) < 0.0005, "the normal distribution's, which knows the width for sure"
    assert change.p_value(*(-value for value in (sleep[0], sleep[2], sleep[1])), degrees=9) == pytest.approx(0.002833, abs=1e-6)
    assert change.p_value([0.0, 1.0], -2.0, 2.0, degrees=[1, np.inf]) == pytest.approx([1, change.p_value(1.0, -2.0, 2.0)])


@pytest.mark.parametrize("degrees", [1, 2.5, 6, 1000])
def test_whatever_the_degrees_a_p_value_is_below_alpha_exactly_where_the_interval_leaves_out_zero(degrees):
    ends = np.linspace(-1.5, 0.39, 100)
    p = change.p_value(0.4, ends, 1.2, confidence=0.9, degrees=degrees)
    assert np.array_equal(p < 0.1, ends > 0) and 0 < (p < 0.1).sum() < 100
