"""Kaplan–Meier against the leukaemia trial that everybody uses, and against the plain quantile without censoring."""

import numpy as np
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.stats import survival

# Gehan 1965, weeks of remission under 6-MP and placebo (Freireich et al. 1963); + marks the censored.
# Expected values: R survival 3.5-3, survfit(conf.type = "log-log"). (R's default "log" gives 16 for the lower limit of
# the treated median and 12 for the upper of the control's; textbooks often mix the two.)
TREATED = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35], float)
TREATED_SEEN = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], bool)
CONTROL = np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], float)


def test_gehan_curve():
    curve = survival.kaplan_meier(TREATED, TREATED_SEEN)
    np.testing.assert_array_equal(curve.times, [6, 7, 10, 13, 16, 22, 23])
    np.testing.assert_array_equal(curve.at_risk, [21, 17, 15, 12, 11, 7, 6])
    np.testing.assert_allclose(curve.share, [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482], atol=5e-5)
    np.testing.assert_allclose(curve.low[:2], [0.620, 0.563], atol=5e-4)
    np.testing.assert_allclose(curve.high[:2], [0.952, 0.923], atol=5e-4)


@pytest.mark.parametrize(
    ("days", "observed", "q", "expected"),
    [
        (TREATED, TREATED_SEEN, 0.5, (23, 13, np.nan)),
        (TREATED, TREATED_SEEN, 0.25, (13, 6, 22)),
        (CONTROL, np.ones(21, bool), 0.5, (8, 4, 11)),
        (CONTROL, np.ones(21, bool), 0.75, (12, 8, 22)),
    ],
)
def test_gehan_quantiles(days, observed, q, expected):
    np.testing.assert_array_equal(survival.kaplan_meier_quantile(days, observed, q), expected)


def test_without_censoring_it_is_the_ordinary_quantile():
    days = np.random.default_rng(1).permutation(np.arange(1.0, 101))
    for q, expected in ((0.5, 50), (0.9, 90)):
        estimate, low, high = survival.kaplan_meier_quantile(days, np.ones(100, bool), q)
        assert estimate == expected == np.quantile(days, q, method="inverted_cdf")
        assert low < estimate < high


def test_dropping_the_pending_would_flatter():
    days, observed = np.array([1.0, 2, 3, 9, 9, 9]), np.array([1, 1, 1, 0, 0, 0], bool)
    assert survival.kaplan_meier_quantile(days, observed)[0] == 3
    assert survival.kaplan_meier_quantile(days[observed], observed[observed])[0] == 2


def test_order_does_not_matter_and_input_stays():
    order = np.random.default_rng(2).permutation(21)
    days, observed = TREATED[order], TREATED_SEEN[order]
    before = days.copy()
    np.testing.assert_array_equal(
        survival.kaplan_meier_quantile(days, observed, 0.25),
        survival.kaplan_meier_quantile(TREATED, TREATED_SEEN, 0.25),
    )
    np.testing.assert_array_equal(days, before)


@pytest.mark.parametrize(("days", "observed"), [([], []), ([3.0, 4.0], [False, False])])
def test_nothing_ended_yet_is_undefined(days, observed):
    assert np.isnan(survival.kaplan_meier_quantile(days, observed)).all()


def test_one_case():
    estimate, low, high = survival.kaplan_meier_quantile([5.0], [True])
    assert (estimate, low) == (5, 5) and np.isnan(high)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([1.0, 2.0], [True]), "one value per case"),
        (([-1.0], [True]), "0 or more"),
        (([np.nan], [True]), "0 or more"),
        (([1.0], [True], 1.0), "quantile 1.0"),
        (([1.0], [True], 0.5, 95), "confidence 95"),
    ],
)
def test_bad_input_is_a_sentence(arguments, sentence):
    with pytest.raises(UsageError, match=sentence):
        survival.kaplan_meier_quantile(*arguments)
