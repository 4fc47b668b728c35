"""Prices of goals: the conditions of the optimum hold, and where Newton's steps end the patient solver goes on."""

from __future__ import annotations

import numpy as np
import pytest

from labelqa_lib.stats import allocation_prices
from labelqa_lib.stats.allocation_prices import fewest_rows


def problem(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Goals that can be met, of strata from a few rows to tens of thousands, some at their bounds."""
    rng = np.random.default_rng(seed)
    goals, strata = rng.integers(1, 9), rng.integers(1, 60)
    population = rng.integers(2, 10 ** rng.integers(1, 5) + 2, strata)
    need = rng.random((goals, strata)) ** rng.integers(1, 6) * (rng.random((goals, strata)) < 0.7)
    need *= 10 ** rng.uniform(-2, 3, (goals, 1))
    need /= np.maximum(1, need @ (1 / population) / rng.uniform(0.01, 1))[:, None]
    minimum = np.minimum(np.maximum(rng.integers(0, 5, strata), need.any(axis=0)), population)
    return need, rng.uniform(0.1, 5, strata), minimum, population


@pytest.mark.parametrize("first", range(20, 60, 20))
def test_rows_meet_every_goal_and_cost_what_no_others_undercut(first):
    """The dual's value, whatever the prices, is below the cost of all rows that meet every goal (weak duality)."""
    for seed in range(first, first + 20):
        need, cost, minimum, population = problem(seed)
        found = allocation_prices._best(allocation_prices._Dual(need, cost, minimum, population))
        lagrangian = cost @ found.rows + found.price @ (need @ (1 / np.maximum(found.rows, 1)) - 1)
        assert found.value == pytest.approx(lagrangian) and (found.price >= 0).all()
        assert (need @ (1 / np.maximum(found.rows, 1)) <= 1 + 1e-6).all()
        assert ((found.rows >= minimum) & (found.rows <= population)).all()
        assert cost @ found.rows <= found.value * (1 + 1e-5)
        # between its bounds a stratum has the rows that minimise the Lagrangian at these prices
        for other in (found.rows * 0.99, found.rows * 1.01):
            other = np.clip(other, minimum, population)
            assert cost @ other + found.price @ (need @ (1 / np.maximum(other, 1)) - 1) >= lagrangian * (1 - 1e-9)


def test_what_newton_does_not_reach_the_patient_solver_does(monkeypatch):
    asked = problem(7)
    quick = fewest_rows(*asked)
    monkeypatch.setattr(allocation_prices._Dual, "better", lambda self, at: None)
    np.testing.assert_allclose(fewest_rows(*asked), quick, rtol=1e-4)


def test_newton_reaches_nearly_all_of_them(monkeypatch):
    """The patient solver costs ten times as much, and its BLAS threads spin where nobody holds them."""
    called = []
    patiently = allocation_prices._Dual.patiently
    monkeypatch.setattr(allocation_prices._Dual, "patiently", lambda self: called.append(1) or patiently(self))
    for seed in range(100, 160):
        fewest_rows(*problem(seed))
    assert len(called) <= 6
