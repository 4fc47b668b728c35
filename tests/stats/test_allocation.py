"""Shares by hand and as published, whole rows against every other allocation, several goals against another solver."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.allocation import neyman, proportional
from labelqa_lib.stats.allocation_goals import meet_goals

# R survey's apipop: elementary, high and middle schools, spread of api00
SCHOOLS, SPREAD = [4421, 755, 1018], [131.346, 107.656, 124.717]


def variance(population, spread, n):
    population, spread, n = (np.asarray(values, dtype=float) for values in (population, spread, n))
    return np.sum((population / population.sum() * spread) ** 2 * (1 / n - 1 / population))


def all_allocations(population, total):
    for n in itertools.product(*(range(1, held + 1) for held in population[:-1])):
        last = total - sum(n)
        if 1 <= last <= population[-1]:
            yield (*n, last)


def test_neyman_as_published():
    """147.21, 20.61, 32.19 of 200; for costs 1, 4, 2 and the same 200 rows' worth 163.32, 11.43, 25.25."""
    assert neyman(SCHOOLS, SPREAD, 200).tolist() == [147, 21, 32]
    costs = np.array([1, 4, 2])
    n = neyman(SCHOOLS, SPREAD, 163.32 + 4 * 11.43 + 2 * 25.25, cost=costs)
    assert np.abs(n - [163.32, 11.43, 25.25]).max() < 2
    assert costs @ n <= 259.54 < costs @ n + 1


def test_proportional_by_hand():
    assert proportional(SCHOOLS, 200).tolist() == [143, 24, 33]
    assert proportional([10, 10, 980], 100, minimum=5).tolist() == [5, 5, 90]
    assert proportional([3, 10, 980], 100, minimum=5).tolist() == [3, 5, 92], "all that a small stratum holds"
    assert proportional([4, 6], 10).tolist() == [4, 6]


@pytest.mark.parametrize("population", [(4, 7, 9), (3, 12, 5, 2)])
def test_no_allocation_of_whole_rows_beats_neyman(population):
    rng = np.random.default_rng(5)
    for _ in range(10):
        spread = rng.uniform(0.05, 1, len(population))
        for total in range(len(population), sum(population), 3):
            best = min(variance(population, spread, n) for n in all_allocations(population, total))
            n = neyman(population, spread, total)
            assert n.sum() == total
            assert variance(population, spread, n) == pytest.approx(best, rel=1e-9)


@given(
    st.lists(
        st.tuples(st.integers(30, 5000), st.floats(0.0, 0.5), st.floats(0.2, 4.0)), min_size=1, max_size=12
    ),
    st.floats(0.05, 0.9),
)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_never_worse_than_proportional_for_the_same_cost(strata, part):
    population, spread, cost = (np.array(column) for column in zip(*strata, strict=True))
    total = max(int(part * population.sum()), len(population))
    even = proportional(population, total, minimum=1)
    n = neyman(population, spread, cost @ even, minimum=1, cost=cost)
    assert cost @ n <= cost @ even * (1 + 1e-9)
    assert (n >= 1).all() and (n <= population).all()
    # whole rows may leave a little of the budget unspent: at most one row of the dearest stratum
    slack = variance(population, spread, np.maximum(even - 1, 1)) - variance(population, spread, even)
    assert variance(population, spread, n) <= variance(population, spread, even) + slack + 1e-12


def test_strata_in_another_order_get_the_same_rows():
    order = np.array([2, 0, 1])
    for share in (lambda held, spread: neyman(held, spread, 200), lambda held, spread: proportional(held, 200)):
        assert share(np.array(SCHOOLS), np.array(SPREAD))[order].tolist() == (
            share(np.array(SCHOOLS)[order], np.array(SPREAD)[order]).tolist()
        )


def goals_of(strata, goals, seed):
    rng = np.random.default_rng(seed)
    population = rng.integers(40, 3000, strata)
    rates = rng.uniform(0.02, 0.2, strata)
    inside = rng.random((goals, strata)) < 0.5
    inside[0], inside[:, 0] = True, True
    weight = inside * population / (inside * population).sum(axis=1, keepdims=True)
    limit = (rng.uniform(0.01, 0.03, goals) / 1.96) ** 2
    return weight**2 * rates * (1 - rates), limit, population, rng.uniform(0.5, 3, strata)


@pytest.mark.parametrize("seed", range(4))
def test_goals_are_met_at_the_cost_another_solver_finds(seed):
    share, limit, population, cost = goals_of(12, 4, seed)
    found = meet_goals(share, limit, population, cost, minimum=3)
    assert (found.met <= 1 + 1e-9).all() and found.stretch == 1 and found.reason == ""
    reached = share @ (1 / found.n - 1 / population)
    np.testing.assert_allclose(found.met, reached / limit)
    assert (found.n >= 3).all() and (found.n <= population).all()
    relaxed = optimize.minimize(
        lambda n: cost @ n, found.n * 1.2, bounds=[(3, held) for held in population], method="SLSQP",
        constraints={"type": "ineq", "fun": lambda n: 1 - share @ (1 / n - 1 / population) / limit},
        options={"maxiter": 500, "ftol": 1e-10},
    )  # fmt: skip
    assert relaxed.success
    # fractional rows are a lower bound; whole ones cost at most a row of each stratum more, and far less in practice
    assert relaxed.fun * (1 - 1e-6) <= found.cost <= relaxed.fun + 0.25 * cost.sum()


@pytest.mark.slow
def test_goals_against_every_allocation_of_whole_rows():
    population, cost = np.array([9, 8, 7]), np.array([1.0, 2.0, 1.5])
    everything = np.array(list(itertools.product(*(range(1, held + 1) for held in population))))
    rng = np.random.default_rng(2)
    for _ in range(30):
        share = rng.uniform(0, 1, (2, 3)) * (rng.random((2, 3)) < 0.8) + [[1e-3], [1e-3]]
        limit = rng.uniform(0.05, 0.5, 2)
        feasible = (share @ (1 / everything - 1 / population).T <= limit[:, None]).all(axis=0)
        best = (everything @ cost)[feasible].min()
        found = meet_goals(share, limit, population, cost)
        assert (found.met <= 1 + 1e-9).all()
        assert best <= found.cost + 1e-9 and found.cost <= best + cost.max()
        # nothing can be taken away
        for place in np.flatnonzero(found.n > 1):
            less = found.n - np.eye(3, dtype=int)[place]
            assert (share @ (1 / less - 1 / population) > limit).any()


def test_one_goal_costs_what_neyman_says():
    population, spread = np.array(SCHOOLS), np.array(SPREAD)
    share = (population / population.sum() * spread) ** 2
    limit = variance(population, spread, neyman(population, spread, 200))
    found = meet_goals([share], [limit], population)
    assert found.cost == pytest.approx(200, abs=1)
    assert np.abs(found.n - [147, 21, 32]).max() <= 1


def test_dropping_a_goal_never_costs_more_and_an_idle_one_saves_nothing():
    share, limit, population, cost = goals_of(20, 3, 9)
    limit[2] = 1.0  # met by a row of each
    whole = meet_goals(share, limit, population, cost)
    without = [meet_goals(np.delete(share, g, 0), np.delete(limit, g), population, cost).cost for g in range(3)]
    assert all(saved <= whole.cost + 1e-9 for saved in without)
    assert without[2] == pytest.approx(whole.cost, rel=2e-3)


def test_a_goal_next_to_certainty_takes_everything():
    share, _, population, cost = goals_of(12, 2, 5)
    found = meet_goals(share, [1e-30, 1e-30], population, cost)
    assert (found.n[share.any(axis=0)] == population[share.any(axis=0)]).all()


def test_a_budget_too_small_gives_the_nearest_plan_and_says_so():
    share, limit, population, cost = goals_of(15, 3, 3)
    asked = meet_goals(share, limit, population, cost, minimum=2)
    budget = 0.4 * asked.cost
    near = meet_goals(share, limit, population, cost, minimum=2, budget=budget)
    assert near.cost <= budget and near.stretch > 1
    assert near.met.max() <= near.stretch**2 * (1 + 1e-9)
    assert near.reason == (
        f"the goals need {asked.cost:.4g} and the budget is {budget:.4g}; within it all margins can be had "
        f"{near.stretch:.2f} times as wide"
    )
    # a little less stretch no longer fits
    assert meet_goals(share, limit * (near.stretch * 0.99) ** 2, population, cost, minimum=2).cost > budget
    enough = meet_goals(share, limit, population, cost, minimum=2, budget=asked.cost)
    assert enough.stretch == 1 and enough.reason == ""


def test_bad_input_is_said_in_a_sentence():
    with pytest.raises(UsageError, match=r"strata \[1\] hold no row.*leave them out"):
        neyman([10, 0], [1, 1], 5)
    with pytest.raises(UsageError, match="9 rows cannot be shared over strata that need 10 at least and hold 50"):
        proportional([25, 25], 9, minimum=5)
    with pytest.raises(UsageError, match="costs 12 together and the budget is 10; raise it to 12"):
        neyman([25, 25], [1, 1], 10, minimum=3, cost=2)
    with pytest.raises(UsageError, match="costs 6 together and the budget is 5"):
        meet_goals([[1, 1]], [0.1], [10, 10], cost=3, budget=5)
    with pytest.raises(UsageError, match="variance holds 0; it must be above 0"):
        meet_goals([[1, 1]], [0.0], [10, 10])
    with pytest.raises(UsageError, match=r"share has shape \(1, 2\); give 1 goals × 3 strata"):
        meet_goals([[1, 1]], [0.1], [10, 10, 10])
    with pytest.raises(UsageError, match="spread holds -1"):
        neyman([10, 10], [-1, 1], 5)


def test_inputs_are_left_alone():
    population, minimum = np.array(SCHOOLS), np.array([2, 2, 2])
    neyman(population, SPREAD, 200, minimum)
    assert population.tolist() == SCHOOLS and minimum.tolist() == [2, 2, 2]
