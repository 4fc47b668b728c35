"""Jumps of a rate at a known moment, against statsmodels' weighted least squares and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.interrupted import jump

EVENTS = np.array([4, 6, 3, 5, 7, 4, 6, 5, 3, 6, 14, 17])
N = np.array([80, 95, 70, 88, 102, 90, 97, 85, 76, 91, 84, 90])


@pytest.mark.parametrize(("first", "trend"), [(10, True), (5, False)])
def test_it_is_statsmodels_weighted_least_squares(first, trend):
    time = np.arange(12)
    after = time >= first
    smoothed = [(EVENTS[side].sum() + 1) / (N[side].sum() + 2) for side in (~after, after)]
    weights = N / np.where(after, smoothed[1] * (1 - smoothed[1]), smoothed[0] * (1 - smoothed[0]))
    design = np.column_stack([np.ones(12), after, *([time] if trend else [])]).astype(float)
    fitted = sm.WLS(EVENTS / N, design, weights=weights)
    oracle = fitted.fit()
    if oracle.scale < 1:
        oracle = fitted.fit(cov_type="fixed scale", use_t=False)
    found = jump(EVENTS, N, first)
    assert found.change == pytest.approx(oracle.params[1])
    assert (found.low, found.high) == pytest.approx(tuple(oracle.conf_int()[1]))
    assert found.p_value == pytest.approx(oracle.pvalues[1])
    assert ("trend" in found.method) == trend


def test_a_jump_is_found_and_a_trend_is_not_taken_for_one():
    assert jump(EVENTS, N, 10).low > 0.04
    rising = np.arange(2, 14) * 4
    steady = jump(rising, np.full(12, 400), 9)
    assert steady.change == pytest.approx(0, abs=1e-9)
    assert steady.low < 0 < steady.high


def test_the_interval_covers():
    random = np.random.default_rng(7)
    n = random.integers(40, 120, (1000, 12))
    events = random.binomial(n, np.where(np.arange(12) >= 9, 0.2, 0.08))
    found = [jump(y, size, 9) for y, size in zip(events, n, strict=True)]
    covered = np.mean([one.low <= 0.12 <= one.high for one in found])
    assert 0.945 <= covered <= 0.985


@pytest.mark.parametrize("first", [0, 12])
def test_one_side_alone_says_why_there_is_no_jump(first):
    found = jump(EVENTS, N, first)
    assert np.isnan(found.change)
    assert "one side" in found.reason


def test_two_points_are_too_few():
    assert "too few weeks" in jump([1, 5], [50, 50], 1).reason


def test_impossible_counts_are_refused():
    with pytest.raises(UsageError):
        jump([5], [3], 0)
