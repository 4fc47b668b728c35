"""The average interval: exactly the binomial average where that can be summed, and wider than at the errors expected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labelqa_lib.sampling import Rules
from labelqa_lib.sampling.expected import average_width
from labelqa_lib.sampling.precision import Goal, Likeness
from labelqa_lib.stats.survey import clustered_rate
from tests.sampling.worlds import planned


def goal(rate: float, strata: int = 1, agents: int = 0, rho: float = 0.0, error: float = 0.0) -> Goal:
    hit, ones = np.full(strata, rate), np.ones(strata)
    moments = np.full(strata, rate * (1 - rate))
    likeness = Likeness(rho, 1.0, per_agent=40.0, degrees=60)
    return Goal("accuracy", "", 0.02, rate, moments, hit, ones, ones.astype(bool), agents, likeness, error)


def cells(audits: float, strata: int = 1, agents: int = 1) -> pd.DataFrame:
    names = [f"a{one}" for one in range(agents)]
    rows = pd.MultiIndex.from_product([names, range(strata)], names=["agent_id", "stratum"]).to_frame(index=False)
    return rows.assign(population=100.0, audits=audits)


def binomial_average(rate: float, n: int) -> float:
    """Every number of errors, its chance and the report's interval of so many among n plain rows."""
    seen = np.arange(n + 1)
    verdicts = (np.arange(n)[None, :] < seen[:, None]).astype(float).ravel()
    group = np.repeat(seen, n)
    told = clustered_rate(group, np.ones(len(group)), verdicts, np.ones(len(group)))
    return float(stats.binom.pmf(seen, n, rate) @ (told.ci_high - told.ci_low) / 2)


@pytest.mark.parametrize(("rate", "n"), [(0.02, 100), (0.96, 60), (0.5, 40), (0.1, 25)])
def test_it_is_the_binomial_average_for_plain_rows(rate, n):
    assert average_width(goal(rate), cells(n), 0.95, runs=4000) == pytest.approx(binomial_average(rate, n), rel=0.02)


def test_unequal_weights_and_alike_agents_are_as_a_row_by_row_simulation_says():
    """Two strata, one drawn four times as densely; agents whose odds of an error differ (beta, likeness 0.05)."""
    rate, agents, rho, runs = 0.06, 30, 0.05, 400
    drawn = cells(2.0, strata=2, agents=agents)
    drawn["audits"] = np.where(drawn["stratum"] == 0, 8.0, 2.0)
    told = replace(goal(rate, strata=2, agents=agents, rho=rho), likeness=Likeness(rho, 1.0, 40.0, 100_000))
    random = np.random.default_rng(1)
    chance = random.beta(rate * (1 - rho) / rho, (1 - rate) * (1 - rho) / rho, (runs, agents))
    rows = random.random((runs, agents, 10)) < chance[:, :, None]
    weight = np.where(np.arange(10) < 8, 100 / 8, 100 / 2)
    weights, hits, squares = np.full(rows.shape[:2], weight.sum()), rows @ weight, np.full(rows.shape[:2], weight @ weight)
    run = np.repeat(np.arange(runs), agents)
    by_hand = clustered_rate(run, weights.ravel(), hits.ravel(), np.full(len(run), 10), weight_squared=squares.ravel())
    half_width = (by_hand.ci_high - by_hand.ci_low).mean() / 2
    assert average_width(told, drawn, 0.95, runs=runs) == pytest.approx(half_width, rel=0.04)


def test_alike_agents_and_an_unsure_likeness_widen_it():
    plain = average_width(goal(0.1, agents=20), cells(20.0, agents=20), 0.95)
    alike = average_width(goal(0.1, agents=20, rho=0.1), cells(20.0, agents=20), 0.95)
    assert alike > 1.15 * plain


def test_an_unsure_rate_widens_a_rare_one():
    """The average over rates 0.1 to 3 times as high, of an interval that grows with the rate."""
    sure, unsure = (average_width(goal(0.02, error=error), cells(400), 0.95, runs=2000) for error in (0.0, 0.01))
    told = [binomial_average(rate, 400) for rate in (0.01, 0.02, 0.03)]
    assert sure == pytest.approx(told[1], rel=0.02)
    assert told[0] < unsure < told[2]
    assert unsure != sure


def test_plans_promise_the_average_of_their_own_audits():
    made = planned(Rules(margins={"accuracy": 0.03, "fpr": 0.05}, hours=100))
    for one, told in zip(made.goals, made.promises.itertuples(), strict=True):
        assert told.promised == pytest.approx(average_width(one, made.cells, 0.95), rel=1e-9)
        assert told.promised <= 1.006 * told.wanted


def test_a_goal_without_audits_is_known_to_nothing():
    assert average_width(replace(goal(0.1), inside=np.array([False])), cells(10), 0.95) == 0.5
