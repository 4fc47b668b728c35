"""How well is an average width known? Seeds against seeds: the same mean as independent weeks give, as sure from fewer."""

from __future__ import annotations

import numpy as np
import pytest

from labelqa_lib.sampling import Rules, expected
from tests.sampling.worlds import planned

pytestmark = pytest.mark.slow

SEEDS = 60
KEPT = (expected._starts, expected._chances, expected._block, expected._unlike)


@pytest.fixture(scope="module")
def made():
    return planned(Rules(margins={"accuracy": 0.03, "fpr": 0.05, "fnr": 0.09}, hours=100))


@pytest.fixture
def widths(monkeypatch):
    """Average widths of a plan's goals, by seeds × goals."""

    def of(goals, cells, runs, spread=expected._spread):
        monkeypatch.setattr(expected, "_spread", spread)
        told = []
        for seed in range(SEEDS):
            monkeypatch.setattr(expected, "_SEED", 1000 + seed)
            for kept in KEPT:
                kept.cache_clear()
            told.append([expected.average_width(goal, cells, 0.95, runs) for goal in goals])
        return np.array(told)

    yield of
    for kept in KEPT:
        kept.cache_clear()


def independent(random, rows, runs):
    return random.random((rows, runs))


def test_spread_weeks_have_the_mean_of_independent_ones_and_are_as_sure_as_more_of_those(made, widths):
    spread = widths(made.goals, made.cells, expected.RUNS)
    alone = widths(made.goals, made.cells, 200, independent)
    unsure = np.hypot(spread.std(axis=0), alone.std(axis=0)) / np.sqrt(SEEDS)
    assert (np.abs(spread.mean(axis=0) - alone.mean(axis=0)) < 3.5 * unsure).all()
    relative = spread.std(axis=0, ddof=1) / spread.mean(axis=0)
    assert relative.max() < 0.025
    # chance leaves a standard deviation of 60 seeds uncertain by 9 %
    assert np.sqrt((relative**2).mean()) < 1.1 * np.sqrt(((alone.std(axis=0, ddof=1) / alone.mean(axis=0)) ** 2).mean())


def test_plans_that_differ_little_are_told_apart_by_less_than_chance_moves_each(made, widths):
    """A tenth more audits in one stratum of many: both plans meet the same weeks in all others."""
    more = made.cells.copy()
    more.loc[more["stratum"] == more["stratum"].max(), "audits"] *= 1.1
    one, other = (widths(made.goals[:1], cells, 64)[:, 0] for cells in (made.cells, more))
    assert (other - one).std() < 0.5 * one.std()
    assert np.corrcoef(one, other)[0, 1] > 0.8
