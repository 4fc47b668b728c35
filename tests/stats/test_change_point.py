"""When a rate changed: against integration by hand, against its own coverage, and by its laws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.change_point import change_point


def test_each_position_has_the_probability_that_integration_gives():
    events, n = np.array([1, 0, 2, 4, 3]), np.array([10, 8, 9, 9, 6])

    def likelihood(y, size):
        return integrate.quad(lambda p: np.prod(stats.binom.pmf(y, size, p)) * stats.beta.pdf(p, 0.5, 0.5), 0, 1)[0]

    by_hand = np.array([likelihood(events[:k], n[:k]) * likelihood(events[k:], n[k:]) for k in range(1, 5)])
    found = change_point(events, n)
    assert found.probability[0] == 0
    assert found.probability[1:] == pytest.approx(by_hand / by_hand.sum(), rel=1e-6)
    assert found.at == 1 + np.argmax(by_hand)
    assert (found.before, found.after) == pytest.approx((3 / 27, 7 / 15))


def test_the_run_holds_the_true_day_as_often_as_it_says():
    random = np.random.default_rng(4)
    held, said = [], []
    for _case in range(800):
        rates = random.beta(0.5, 0.5, 2)
        day = random.integers(1, 30)
        n = random.integers(3, 9, 30)
        found = change_point(random.binomial(n, np.where(np.arange(30) < day, *rates)), n, confidence=0.9)
        held.append(found.low <= day <= found.high)
        said.append(found.probability[found.low : found.high + 1].sum())
    assert min(said) >= 0.9
    assert np.mean(held) == pytest.approx(np.mean(said), abs=0.02)


def test_days_without_trials_move_nothing():
    events, n = np.array([0, 0, 0, 5, 5]), np.array([5, 5, 5, 5, 5])
    sparse = change_point([0, 0, 0, 0, 0, 5, 0, 5], [5, 5, 0, 5, 0, 5, 0, 5])
    assert change_point(events, n).at == 3
    assert sparse.at == 5, "the first day on which the new rate was seen"
    assert sparse.low <= 4 <= sparse.high, "it may have begun on the silent day before"


@pytest.mark.parametrize(("events", "n"), [([], []), ([1], [2]), ([0, 0], [0, 0]), ([1, 0], [3, 0])])
def test_nothing_to_compare_gives_no_day(events, n):
    found = change_point(events, n)
    assert (found.at, found.low, found.high) == (-1, -1, -1)
    assert np.isnan([found.before, found.after]).all()


def test_no_change_leaves_the_whole_time_open():
    found = change_point(np.full(40, 2), np.full(40, 20))
    assert found.high - found.low > 25


@pytest.mark.parametrize(("events", "n"), [([1, 2], [3]), ([4, 0], [3, 3]), ([-1, 0], [3, 3])])
def test_impossible_counts_are_refused(events, n):
    with pytest.raises(UsageError):
        change_point(events, n)
