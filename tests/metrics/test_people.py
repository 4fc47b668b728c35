"""Who stands out: names, flags, limits and ranks of agents and sites."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from labelqa_lib.errors import UsageError
from labelqa_lib.metrics import measure
from labelqa_lib.metrics.people import spread
from labelqa_lib.stats import funnel

from .snapshots import joined, labelled, make

ORDINARY, ITEMS = 30, 60


def answers(wrong: int, of: int = ITEMS) -> str:
    return " ".join(["ok>spam"] * wrong + ["ok>ok"] * (of - wrong))


@pytest.fixture(scope="module")
def tables():
    """30 agents with 2 to 4 errors in 60 items, two with 20, and one with 10 errors in 10 items."""
    agents = [labelled(answers(2 + place % 3), agent_id=f"a{place:02d}", site="K") for place in range(ORDINARY)]
    agents += [labelled(answers(20), agent_id=name, site="L") for name in ("bad1", "bad2")]
    return make(**joined(*agents, labelled(answers(10, 10), agent_id="few", site="L")))


@pytest.fixture(scope="module")
def agents(tables):
    return spread(tables, "agent_id").set_index("agent_id")


def test_those_who_stand_out_are_flagged_and_nobody_else(agents):
    assert agents.index[agents["flagged"]].tolist() == ["bad1", "bad2"]
    assert agents["flagged"].dtype == bool and agents["named"].dtype == bool


def test_nobody_is_named_on_few_items(agents):
    few = agents.loc["few"]
    assert (few["estimate"], few["n"], few["named"], few["flagged"]) == (1, 10, False, False)
    assert np.isnan(few["p_value"]) and np.isnan(few["worst_tenth"])
    assert few["high_998"] > agents["high_998"].drop("few").max()
    assert agents["named"].drop("few").all()


def test_the_minimum_counts_items_not_effective_ones(tables):
    assert spread(tables, "agent_id", minimum=60)["named"].sum() == ORDINARY + 2
    assert not spread(tables, "agent_id", minimum=61)["named"].any()


def test_it_is_the_metric_frame_and_more(tables):
    frame, measured = spread(tables, "agent_id"), measure(tables, "error_rate", ["agent_id"])
    assert list(frame.columns[: len(measured.columns)]) == list(measured.columns)
    assert (frame[measured.columns] == measured).all(axis=None)


def test_rates_are_drawn_towards_all_by_their_doubt(agents):
    bad, typical = agents.loc["bad1"], agents.loc["a00"]
    assert agents["expected"].iloc[0] < bad["shrunken"] < bad["estimate"] == pytest.approx(1 / 3)
    assert bad["shrunken_low"] < bad["shrunken"] < bad["shrunken_high"]
    assert abs(typical["shrunken"] - typical["estimate"]) < abs(bad["shrunken"] - bad["estimate"])


def test_limits_and_chances_are_those_of_effective_counts(agents):
    row = agents.loc["bad1"]
    assert row["between_sd"] == 0  # 2 to 4 errors in 60 differ by less than chance
    low, high = funnel.limits(row["expected"], row["n_effective"], 0.95)
    assert (row["low_95"], row["high_95"]) == (low, high)
    n, events = row["n_effective"], row["estimate"] * row["n_effective"]
    assert row["p_value"] == pytest.approx(stats.beta.cdf(row["expected"], events, n - events + 1))


def test_the_centre_is_the_designs_rate_of_the_whole(tables, agents):
    assert set(agents["expected"]) == {measure(tables, "error_rate")["estimate"].iloc[0]}


def test_chances_of_the_worst_tenth_add_up_to_a_tenth(agents):
    assert agents["worst_tenth"].sum() == pytest.approx(0.1 * (ORDINARY + 2), rel=1e-4)
    assert agents.loc["bad1", "worst_tenth"] > 0.95


def test_of_two_sites_it_is_the_chance_of_being_the_worse(tables):
    sites = spread(tables, "site").set_index("site")
    assert sites["worst_tenth"].sum() == pytest.approx(1, rel=1e-4)
    assert sites.loc["L", "worst_tenth"] > 0.9
    assert (sites["between_sd"] == 0).all()


def test_the_usual_spread_between_many_widens_the_limits():
    errors = np.random.default_rng(8).binomial(ITEMS, np.tile([0.05, 0.25], 20))
    parts = [labelled(answers(wrong), agent_id=f"a{place:02d}") for place, wrong in enumerate(errors)]
    frame = spread(make(**joined(*parts)), "agent_id")
    assert frame["between_sd"].iloc[0] > 0.05
    assert frame["high_95"].iloc[0] > funnel.limits(frame["expected"].iloc[0], frame["n_effective"].iloc[0], 0.95)[1]
    assert not frame["flagged"].any()  # half of all are like that: it is usual here


def test_one_alone_is_not_ranked():
    row = spread(make(**labelled(answers(3), agent_id="a")), "agent_id").iloc[0]
    assert row["named"] and not row["flagged"] and np.isnan(row["worst_tenth"])


def test_what_was_not_delivered_is_the_reason():
    frame = spread(make(**{"annotations": labelled("ok>ok")["annotations"]}), "agent_id")
    assert frame["reason"].tolist() == ["needs audits or gold; neither was delivered"]
    assert not frame[["named", "flagged"]].any(axis=None)
    assert frame[["shrunken", "expected", "low_95", "high_998", "worst_tenth"]].isna().all(axis=None)


def test_only_rates_of_bad_events_are_compared(tables):
    with pytest.raises(UsageError, match="accuracy is none, these are: error_rate"):
        spread(tables, "agent_id", metric="accuracy")
    with pytest.raises(UsageError, match="there is no metric 'mood'"):
        spread(tables, "agent_id", metric="mood")
