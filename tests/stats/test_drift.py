"""EWMA and CUSUM against the piston rings that R's qcc and Montgomery share."""

import numpy as np
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.stats import control, drift

# Montgomery Table 6.3 and 6E.7 (= qcc::pistonrings): 40 samples of 5 diameters, here (mm − 74)·1000
RINGS = np.array("""
30 2 19 -8 8 -5 -8 1 11 4 -12 24 21 5 2 2 -4 -7 15 9 -8 7 15 -11 14 9 -6 -3 -15 -7 -5 6 -6 0 5 -15 3 -7 15 -12
8 -5 9 5 4 -2 0 -10 7 -5 -6 -2 -6 -5 -10 4 0 7 0 -4 -17 2 -2 -3 12 6 -33 -6 0 -16 12 14 -2 -1 7 0 -16 5 -2 -4
-6 12 -14 5 7 6 10 18 3 0 -16 2 3 5 -3 0 10 13 20 3 -12 1 9 5 -4 4 -1 -10 6 9 10 -11 -10 9 14 15 8 -7 0 10
-18 -16 -5 17 13 12 15 30 -14 0 -5 10 -10 15 1 -13 -1 -15 0 -10 8 10 3 -9 6 3 0 1 -14 -3 -6 3 15 20 4
8 2 18 -5 5 1 4 -10 -4 -2 15 0 16 25 0 30 5 0 16 12 1 -10 -5 10 24 15 20 24 5 19 35 10 12 15 26
17 13 36 25 26 10 5 29 0 20
""".split(), float).reshape(40, 5).mean(1) / 1000 + 74  # fmt: skip
CENTRE, SIGMA = RINGS[:25].mean(), 0.009785039 / np.sqrt(5)  # qcc's pooled standard deviation of one ring


def rings(phases=()):
    return control.shewhart(RINGS, CENTRE, SIGMA, phases)


def test_ewma_of_the_piston_rings():
    assert pytest.approx(74.00118, abs=5e-6) == CENTRE
    chart = drift.ewma(rings(), smoothing=0.2, width=2.7)
    np.testing.assert_allclose(
        chart.values[:6], [74.00298, 74.00250, 74.00360, 74.00348, 74.00347, 74.00189], atol=1e-5
    )
    for point, lower, upper in ((1, 73.99881, 74.00354), (5, 73.99746, 74.00490), (12, 73.99725, 74.00511)):
        np.testing.assert_allclose([chart.lower[point - 1], chart.upper[point - 1]], [lower, upper], atol=1e-5)
    assert chart.signals[36] == "drifted above the upper limit" and not any(chart.signals[:25])


def test_cusum_of_the_piston_rings():
    sums = drift.cusum(rings(), slack=0.5, limit=4)
    np.testing.assert_allclose(
        sums.above[:10], [1.5622, 0.9305, 1.9899, 1.9068, 1.9150, 0.1408, 0, 0, 0.1910, 0], atol=1e-4
    )
    np.testing.assert_allclose(sums.above[34:38], [4.0174, 4.1627, 7.1874, 10.8976], atol=2e-4)
    assert [i + 1 for i, words in enumerate(sums.signals) if words][:4] == [35, 36, 37, 38]
    mirrored = drift.cusum(control.shewhart(-RINGS, -CENTRE, SIGMA), limit=4)
    np.testing.assert_allclose(mirrored.below, sums.above, atol=1e-9)


def test_a_phase_starts_afresh_and_a_missing_point_changes_nothing():
    afresh = control.shewhart(RINGS[20:], CENTRE, SIGMA)
    np.testing.assert_array_equal(drift.ewma(rings([20])).values[20:], drift.ewma(afresh).values)
    np.testing.assert_array_equal(drift.cusum(rings([20])).above[20:], drift.cusum(afresh).above)
    gap = control.shewhart(np.insert(RINGS, 5, np.nan), CENTRE, SIGMA)
    np.testing.assert_array_equal(np.delete(drift.ewma(gap).upper, 5), drift.ewma(rings()).upper)
    np.testing.assert_array_equal(np.delete(drift.cusum(gap).below, 5), drift.cusum(rings()).below)
    assert np.isnan(drift.ewma(gap).values[5]) and drift.ewma(gap).reason[5] == "nothing was counted"


def test_a_small_lasting_shift_of_a_rate_is_found_that_single_points_do_not_show():
    n = np.full(40, 400)
    errors = np.r_[np.tile([18, 22], 10), np.full(20, 26)]  # 5 % of the baseline, then 6.5 %, a shift of 1.4 sigma
    chart = control.p_chart(errors, n, np.arange(40) < 20)
    assert not any("limit" in words for words in chart.signals)
    smoothed = drift.ewma(chart, bounds=(0, 1))
    assert any(smoothed.signals[20:30]) and not any(smoothed.signals[:20])
    assert any(drift.cusum(chart).signals[20:30]) and np.all(smoothed.lower >= 0)


@pytest.mark.parametrize("make", [
    lambda chart: drift.ewma(chart, smoothing=0), lambda chart: drift.ewma(chart, width=-1),
    lambda chart: drift.cusum(chart, slack=-1), lambda chart: drift.cusum(chart, limit=0),
])  # fmt: skip
def test_bad_settings_are_a_sentence(make):
    with pytest.raises(UsageError, match="must"):
        make(rings())
