"""What bunched errors add to Wilson's interval: nothing for plain rows, a gamma's long tail in the limit."""

import numpy as np
import pytest
from scipy import stats

from labelqa_lib.stats.clusters import Cells
from labelqa_lib.stats.intervals import wilson
from labelqa_lib.stats.rate_bounds import bunching_noise, skewed_wilson, trust_in_measured
from labelqa_lib.stats.survey import clustered_rate


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.5, 0.9, 1.0])
def test_a_binomial_count_leans_as_wilson_s_interval_has_it(rate):
    np.testing.assert_allclose(skewed_wilson(rate, 80, 1 - 2 * rate), wilson(80 * rate, 80), atol=1e-12)
    np.testing.assert_allclose(skewed_wilson(rate, 80, 0.0), wilson(80 * rate, 80), atol=1e-12)


def test_sums_that_lean_like_a_gamma_have_its_long_side():
    """Nine effective events of bunched errors: a gamma sum of shape 9 allows up to 9 / quantile(0.025) = 2.19 times."""
    low, high = skewed_wilson(0.001, 9000, 2.0)
    exact = 9 / stats.gamma.ppf(0.025, 9)
    assert exact == pytest.approx(2.187, abs=1e-3)
    assert high / 0.001 == pytest.approx(exact, rel=0.01)
    assert wilson(9, 9000)[1] / 0.001 == pytest.approx(1.90, abs=0.01), "too short by a quarter of its reach"
    assert low == wilson(9, 9000)[0]


def test_errors_and_successes_mirror_each_other():
    low, high = skewed_wilson([0.03, 0.97], 300, [1.6, -1.6])
    np.testing.assert_allclose(low, 1 - high[::-1], rtol=1e-12)
    assert low[1] < wilson(291, 300)[0] and high[1] == wilson(291, 300)[1]


def test_the_third_cumulant_of_a_sum_is_that_of_its_clusters():
    """m times Fisher's k₃ of the m scores, per stratum; clusters of the stratum without rows in the group count as 0."""
    scores = np.array([0.1, -0.3, 0.9, 0.2, -0.4, 0.5, 0.1])
    cells = Cells(np.zeros(7, dtype=int), np.ones(7), np.array([0, 0, 0, 0, 1, 1, 1]))
    expected = 4 * stats.kstat(scores[:4], 3) + 3 * stats.kstat(scores[4:], 3)
    assert cells.third(scores)[0] == pytest.approx(expected)
    cut = Cells(np.array([0, 0, 0, 1]), np.ones(4), np.zeros(4, dtype=int), np.arange(4))
    expected = [4 * stats.kstat([*scores[:3], 0], 3), 4 * stats.kstat([0, 0, 0, scores[3]], 3)]
    np.testing.assert_allclose(cut.third(scores[:4]), expected)
    two = Cells(np.zeros(2, dtype=int), np.ones(2))
    assert two.third(np.array([0.3, -0.3]))[0] == pytest.approx(0, abs=1e-15)


def test_the_noise_of_bunched_counts_is_that_of_a_negative_binomial():
    """5,000 samples of 300 clusters with 2 events each in bunches of D = 4: variance of the part of log V not told by p.

    Relative tolerance 0.1: one tenth of it is the second order of the logarithm, Monte Carlo adds 0.02 (one standard error).
    """
    bunching, mean, clusters = 4.0, 2.0, 300
    rng = np.random.default_rng(1)
    counts = rng.negative_binomial(mean / (bunching - 1), 1 / bunching, (5_000, clusters))
    total = np.log(counts.mean(axis=1))
    measured = np.log(counts.var(axis=1, ddof=1))
    unexplained = np.var(measured) * (1 - np.corrcoef(total, measured)[0, 1] ** 2)
    events = mean * clusters / bunching
    expected = 2 * bunching_noise(1e-9, bunching, events) + 2 / (clusters - 1)
    assert unexplained == pytest.approx(float(expected), rel=0.1)
    assert bunching_noise([0.5, 0.1, 0.1], [9, 1, 0.5], 3).tolist() == [0, 0, 0]


def test_few_events_leave_the_design_effect_assumed_and_many_leave_it_measured():
    assert trust_in_measured([0, 4.75, 1e9]).tolist() == pytest.approx([0, 0.5, 1])
    n = np.full(40, 50.0)
    # 60 errors spread evenly over 40 clusters of 50 rows: no likeness is measured, and that is believed
    even = clustered_rate(np.zeros(40, dtype=int), n, np.tile([1.0, 2.0], 20), n)
    assert even.design_effect[0] < 1
    # two errors only: likeness 0.1 is assumed, nearly
    rare = clustered_rate(np.zeros(40, dtype=int), n, np.r_[np.ones(2), np.zeros(38)], n)
    assert 4.5 < rare.design_effect[0] < 1 + 49 * 0.1


def test_bunched_errors_reach_further_than_as_many_apart():
    n = np.full(40, 50.0)
    group = np.zeros(40, dtype=int)
    bunched = clustered_rate(group, n, np.r_[np.full(8, 12.0), np.zeros(32)], n)
    low, high = wilson(bunched.estimate * bunched.n_effective, bunched.n_effective)
    assert bunched.ci_high[0] > high[0] * 1.05 and bunched.method[0] == "Wilson, clustered"
    assert bunched.ci_low[0] <= low[0]
