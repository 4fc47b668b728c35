"""Plans: goals reached at least cost, minimums kept, hours never exceeded, and what cannot be said in a sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.sampling import Rules, frontier, plan, promises, savings
from labelqa_lib.sampling.planning import plan_from
from labelqa_lib.sampling.precision import goals
from labelqa_lib.sampling.strata import KEYS
from labelqa_lib.stats.sizing import effective_size
from tests.sampling.worlds import A_WEEK, WEEKS, market, planned

RULES = Rules(margins={"accuracy": 0.03}, hours=100, minimum_agent=4, minimum_new_joiner=9)


@pytest.fixture(scope="module")
def made():
    return planned(RULES)


def test_it_is_for_the_week_after(made):
    assert made.week == "2026-W47"
    assert made.strata["population"].sum() == pytest.approx(A_WEEK)
    assert list(made.strata.columns[:4]) == KEYS


def test_every_goal_is_reached_and_not_by_much(made):
    assert made.stretch == 1
    told = made.promises
    assert (told["promised"] <= told["wanted"] * 1.01).all()
    bare = planned(replace(RULES, minimum_agent=0, minimum_new_joiner=0, minimum_stratum=0))
    assert bare.promises["promised"].iloc[0] == pytest.approx(0.03, rel=0.03)


def test_doubted_labels_are_audited_more_densely(made):
    share = made.strata.groupby("doubt")["share"].mean()
    assert share["high"] > 1.5 * share["low"]


def test_minimums_are_kept_and_new_joiners_have_more(made):
    assert made.joiners == {"a00"}
    agents = made.agents.set_index("agent_id")
    assert (agents["audits"] >= agents["minimum"] - 1e-9).all()
    assert agents.loc["a00", "minimum"] == 9
    assert agents.loc["a01", "minimum"] == 4
    least = np.minimum(made.rules.minimum_stratum, made.strata["population"])
    assert (made.strata["audits"] >= least - 1e-9).all()


def test_it_costs_no_more_than_proportional_audits_with_the_same_promise(made):
    bare = planned(replace(RULES, minimum_agent=0, minimum_new_joiner=0, minimum_stratum=0))
    goal = bare.goals[0]
    population = bare.cells["population"].to_numpy()
    effect = bare.promises["design_effect"].iloc[0]
    moment = (goal.moments[bare.cells["stratum"]] * population).sum() / population.sum()
    proportional = moment * effect * effective_size(goal.rate, goal.margin) / (goal.rate * (1 - goal.rate))
    assert bare.audits < proportional


@pytest.mark.parametrize("hours", [2.0, pytest.param(1.0, marks=pytest.mark.slow)])
def test_hours_are_never_exceeded_and_margins_say_so(hours):
    made = planned(replace(RULES, hours=hours, margins={"accuracy": 0.01}))
    assert made.hours <= hours * 1.001
    assert made.hours > 0.93 * hours
    assert made.stretch > 1
    assert made.promises["promised"].iloc[0] > 0.01


@pytest.mark.slow
def test_more_hours_never_promise_less():
    told = [planned(replace(RULES, hours=hours, margins={"accuracy": 0.005})) for hours in (1, 3, 8)]
    widths = [made.promises["promised"].iloc[0] for made in told]
    assert widths == sorted(widths, reverse=True)


def test_hours_below_the_minimums_keep_part_of_them_and_serve_the_goals():
    made = planned(replace(RULES, hours=0.6, minimum_agent=20))
    assert made.floor < 1
    assert made.hours <= 0.6 * 1.001
    assert (made.cells["audits"] > 0).all()


def test_hours_that_buy_no_audit_are_refused_with_the_hours_that_would():
    with pytest.raises(UsageError, match=r"0.005 QA hours buy not one audit .* set sampling.hours to"):
        planned(replace(RULES, hours=0.005))


def test_a_goal_that_audits_cannot_tell_is_refused():
    with pytest.raises(UsageError, match="there is no audit goal 'utilization'; there are accuracy"):
        Rules(margins={"utilization": 0.02})


@pytest.mark.slow
def test_without_audits_the_plan_is_for_the_worst_rate():
    made = plan(market(audited=0.0), RULES)
    assert made.promises["rate"].iloc[0] == 0.5
    assert made.goals[0].likeness.rho == 0
    assert made.past.strata["audited"].sum() == 0


@pytest.mark.slow
def test_without_agents_scores_and_people_it_still_plans():
    made = plan(market(agents=False, scores=False, people=False), RULES)
    assert set(made.strata["doubt"]) == {"no score"}
    assert made.agents.empty
    assert made.promises["promised"].iloc[0] <= 0.0305


@pytest.mark.slow
def test_minutes_come_from_params_then_handle_time():
    made = plan(market(), replace(RULES, minutes={"q": 7.0}))
    minutes = made.strata.groupby("queue")["minutes"].first()
    assert minutes["q"] == 7.0
    assert minutes["r"] == pytest.approx(1.2)


@pytest.mark.slow
def test_the_frontier_falls_and_a_dropped_goal_never_costs(made):
    line = frontier(made)
    assert line["hours"].is_monotonic_decreasing
    assert line["promised"].is_monotonic_increasing
    saved = savings(made)
    assert (saved["saved"] >= 0).all()
    assert {"Accuracy of the market", "Audits of every agent", "Re-audits"} <= set(saved["goal"])


def test_every_site_is_a_goal_of_its_own():
    told = promises(planned(replace(RULES, site_margins={"accuracy": 0.06}, hours=50)))
    assert told["goal"].tolist() == ["Accuracy", "Accuracy at K", "Accuracy at L"]
    assert (told["promised"] <= told["wanted"] * 1.01).all()


def test_the_same_past_gives_the_same_plan(made):
    again = plan_from(made.past, made.joiners, RULES, goals(made.past, RULES))
    assert (again.base == made.base).all()
    assert made.past.last == WEEKS[-1]


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"hours": 0}, "sampling.hours is 0; QA hours a week are above 0"),
        ({"margins": {"accuracy": 0.5}}, r"accuracy to ±0.5 cannot be planned; a margin is above 0 and below 0.5"),
        ({"site_margins": {"fpr": -1}}, r"sampling.site_margins: fpr to ±-1 cannot be planned"),
        ({"confidence": 95}, "confidence is 95; it lies between 0 and 1"),
    ],
)
def test_rules_that_no_plan_can_follow_are_refused(rules, sentence):
    with pytest.raises(UsageError, match=sentence):
        Rules(**rules)
