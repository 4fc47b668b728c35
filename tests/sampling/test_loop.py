"""Whether the last plan kept its promise, who was left out, which lots pass, and what a replay says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labelqa_lib import sampling
from labelqa_lib.findings.audits_advice import plan_advice
from labelqa_lib.findings.sampling import plan_findings, plan_sentence
from labelqa_lib.findings.sizing import audit_sizes
from labelqa_lib.metrics import measure
from labelqa_lib.sampling import Rules
from labelqa_lib.stats import acceptance
from labelqa_lib.store import fetch
from tests.sampling.worlds import WEEKS, market, planned

RULES = Rules(margins={"accuracy": 0.03}, site_margins={"accuracy": 0.06}, hours=20, minimum_agent=3, level="I")


@pytest.fixture(scope="module")
def made():
    return planned(RULES)


@pytest.fixture(scope="module")
def kept(made):
    return sampling.kept(sampling.earlier_plan(market(), RULES), made)


def test_what_was_achieved_is_what_the_report_prints(kept):
    report = measure(market(), "accuracy")
    row = kept.set_index("goal").loc["Accuracy"]
    assert row["achieved"] == pytest.approx((report["ci_high"] - report["ci_low"]).iloc[0] / 2)
    assert row["made"] == report["n"].iloc[0]
    assert row["rate"] == pytest.approx(report["estimate"].iloc[0])


def test_without_a_week_before_nothing_was_promised(made):
    assert sampling.kept(None, made).empty


def test_agents_below_their_minimum_are_named_with_the_reason(made):
    short = sampling.uncovered(market(), planned(replace(RULES, minimum_agent=6)))
    agents = short[short["kind"] == "agent"]
    week = fetch(market().annotations.filter(market().annotations.week == WEEKS[-1]))
    audited = fetch(market().audits)["annotation_id"]
    counted = week[week["annotation_id"].isin(audited)]["agent_id"].value_counts()
    everyone = week["agent_id"].unique()
    expected = {agent for agent in everyone if counted.get(agent, 0) < 6}
    assert set(agents["name"]) == expected
    assert (agents["audits"] < agents["minimum"]).all()
    assert set(agents["why"]) <= {"not drawn often enough", "too few annotations to audit more", "first week"}


def test_lots_are_judged_by_the_schemes_own_plans(made):
    history = sampling.lots(market(), made)
    assert history.groupby("site").size().to_dict() == {"K": 4, "L": 4}
    first = history.iloc[0]
    chosen = acceptance.plan(int(first["size"]), RULES.aql, "I")
    assert (first["n"], first["accept"]) == (chosen.n, chosen.accept)
    judged = history[history["accepted"].notna()]
    assert (judged["accepted"].astype(bool) == (judged["found"] <= judged["accept"])).all()
    following = sampling.next_lots(made, history)
    assert following["inspection"].tolist() == history.groupby("site")["following"].last().tolist()
    assert (following["safe"] < following["ltpd"]).all()
    row = following.iloc[0]
    assert row["zero"] == acceptance.zero_plan(row["size"], RULES.aql).n
    found = acceptance.find_plan(RULES.aql / 100, 0.05, row["ltpd"], 0.10)
    assert row["risks"] == ("" if found.n >= row["size"] else f"{found.n}, accept {found.accept}")


def test_curves_fall_and_the_sequence_decides_between_its_lines(made):
    history = sampling.lots(market(), made)
    following = sampling.next_lots(made, history)
    curve = sampling.curves(made, following)
    for _site, part in curve.groupby("site"):
        assert part["accepted"].is_monotonic_decreasing
    steps = sampling.sequential(made, following)
    for _site, part in steps.groupby("site"):
        before = part[part["number"] < part["decided"].iloc[0]]
        assert (before["found"] > np.floor(before["accept_at"])).all()
        assert (before["found"] < np.ceil(before["reject_at"])).all()


@pytest.mark.slow
def test_a_replay_covers_and_comes_out_as_promised():
    """Of a past with fourteen times the plan's audits: fewer would be drawn several times, which makes agents alike."""
    asked = {"accuracy": 0.03, "critical_accuracy": 0.03, "fpr": 0.05, "fnr": 0.09}
    rich = sampling.plan(market(audited=1.0), Rules(margins=asked, site_margins={"accuracy": 0.1}, hours=100))
    assert rich.audits < len(rich.past.audits) / 14
    told, sights = sampling.replay(rich, runs=400, seed=1)
    assert (told["coverage_high"] >= RULES.confidence).all(), "coverage is nominal but for chance"
    np.testing.assert_allclose(told["came_out"], told["promised"], rtol=0.1)
    assert len(sights) == 20


@pytest.mark.slow
def test_the_model_s_opinion_saves_audits_and_its_interval_still_holds_the_truth():
    """Errors lie where the model doubts, in 3 of 10: the plan draws there already, and yet fewer audits would do."""
    rich = sampling.plan(market(audited=1.0), Rules(margins={"accuracy": 0.03}, hours=100))
    helped = sampling.assisted(rich, runs=400, seed=1)
    plain, same, fewer = helped.itertuples()
    assert plain.came_out == pytest.approx(sampling.replay(rich, 400, 1)[0]["came_out"].iloc[0])
    assert same.audits == plain.audits
    assert same.came_out < 0.98 * plain.came_out
    assert fewer.audits < plain.audits
    assert fewer.came_out <= plain.came_out
    assert fewer.saved == pytest.approx(1 - fewer.audits / plain.audits)
    assert (helped["coverage_high"] >= RULES.confidence).all()


@pytest.mark.slow
def test_a_model_that_knows_nothing_saves_nothing():
    """Its opinion shuffled over the audits: what it seems to save is chance."""
    rich = sampling.plan(market(audited=1.0), Rules(margins={"accuracy": 0.03}, hours=100))
    shuffled = rich.past.audits.assign(kind=np.random.default_rng(2).permutation(rich.past.audits["kind"]))
    blind = replace(rich, past=replace(rich.past, audits=shuffled))
    helped = sampling.assisted(blind, runs=400, seed=1)
    assert helped["saved"].iloc[-1] < 0.05
    assert helped["came_out"].iloc[1] == pytest.approx(helped["came_out"].iloc[0], rel=0.03)


def test_the_same_seed_replays_the_same(made):
    assert sampling.replay(made, 50, 2)[0].equals(sampling.replay(made, 50, 2)[0])


@pytest.mark.slow
def test_without_audits_there_is_nothing_to_replay():
    bare = sampling.plan(market(audited=0.0), RULES)
    told, sights = sampling.replay(bare, 50)
    assert told.empty and sights.empty
    assert sampling.today(bare.past, bare.goals, RULES).empty
    assert sampling.lots(market(audited=0.0), bare).empty
    assert "Nothing was audited yet" in plan_sentence(bare)


@pytest.mark.slow
def test_the_plan_in_a_sentence(made):
    today = sampling.today(made.past, made.goals, RULES)
    said = plan_sentence(made, today, sampling.frontier(made))
    assert said.startswith("For 2026-W47: ")
    assert f"{made.audits:.0f} random audits" in said
    assert "last week's" in said
    assert said.endswith("Every goal is reached.")


@pytest.mark.slow
def test_too_few_hours_are_said_with_what_all_goals_would_take():
    poor = planned(replace(RULES, hours=3))
    line = sampling.frontier(poor)
    said = plan_sentence(poor, None, line)
    assert f"margins are {poor.stretch:.2f} times as wide as asked for" in said
    full = planned(replace(RULES, hours=1000)).hours
    assert f"would take {full:.1f} hours" in said or f"would take {full:,.0f} hours" in said


def test_a_stop_is_told_of_the_weeks_that_could_be_decided(made, kept):
    history = sampling.lots(market(), made)
    history["accepted"], history["following"] = 2 * [False, False, False, None], "stopped"
    chosen = sampling.next_lots(made, history)
    told, _sights = sampling.replay(made, 20)
    found = plan_findings(made, kept, sampling.uncovered(market(), made), told, sampling.assisted(made, 20), history, chosen)
    said = [one for one in found if one.code.startswith("sampling:lots:")]
    assert len(said) == 2 and all("3 of 3 weeks would have been rejected" in one.sentence and one.severity == "act" for one in said)


@pytest.mark.slow
def test_findings_tell_hours_promises_and_lots(made, kept):
    history = sampling.lots(market(), made)
    following = sampling.next_lots(made, history).assign(inspection="tightened")
    poor = planned(replace(RULES, hours=3))
    broken = kept.assign(achieved=2 * kept["promised"], made=10.0)
    told, _sights = sampling.replay(made, 50)
    helped = sampling.assisted(made, 100)
    found = plan_findings(poor, broken, sampling.uncovered(market(), made), told, helped, history, following)
    codes = {one.code for one in found}
    assert {"sampling:hours", "sampling:kept:Accuracy", "sampling:lots:K", "sampling:assisted"} <= codes
    sentence = next(one.sentence for one in found if one.code == "sampling:kept:Accuracy")
    assert "10 audits were made of" in sentence
    advised = plan_advice(found, poor, broken, sampling.frontier(poor), following)
    advice = {one.code: one.recommendation for one in advised if one.recommendation}
    assert {"sampling:hours", "sampling:kept:Accuracy", "sampling:lots:K"} <= set(advice) and "sampling:assisted" not in advice
    full = sampling.frontier(poor).set_index("stretch")["hours"][1.0]
    assert advice["sampling:hours"].hours == pytest.approx(full - 3)
    assert "every goal is then reached" in advice["sampling:hours"].sentence
    lot, each = following[following["site"] == "K"].iloc[0], poor.hours / poor.audits
    assert advice["sampling:lots:K"].hours == pytest.approx(lot["n"] * each)
    row = broken[broken["goal"] == "Accuracy"].iloc[0]
    assert advice["sampling:kept:Accuracy"].hours == pytest.approx((row["planned"] - 10) * each)
    assert all(one.gain != one.gain for one in advice.values()), "narrower intervals make no label better"


def short_of(*rows):
    columns = ["goal", "expected_rate", "rate", "wanted", "promised", "achieved", "planned", "made", "planned_effect",
               "achieved_effect"]  # fmt: skip
    return pd.DataFrame([(goal, 0.9, 0.9, 0.03, 0.03, 0.05, *audits, 1.0, 1.0) for goal, *audits in rows], columns=columns)


def advice_of(plan, kept):
    line, lots = pd.DataFrame({"stretch": [1.0], "hours": [0.0]}), pd.DataFrame({"inspection": [], "site": []})
    nothing = pd.DataFrame({"coverage_high": [], "saved": []})
    found = plan_findings(plan, kept, pd.DataFrame(), nothing, pd.DataFrame(), lots, lots)
    advised = plan_advice(found, plan, kept, line, lots)
    return {one.code.removeprefix("sampling:kept:"): one for one in advised if one.code.startswith("sampling:kept:")}


@pytest.fixture(scope="module")
def some_count():
    return planned(replace(RULES, margins={"accuracy": 0.03, "fnr": 0.09}, site_margins={}))


def test_one_shortfall_is_the_same_audits_whatever_part_of_them_a_goal_counts(some_count):
    told = advice_of(some_count, short_of(("Accuracy", 200.0, 100.0), ("Leakage (FNR)", 60.0, 30.0)))
    every, some = told["Accuracy"], told["Leakage (FNR)"]
    assert every.recommendation.action == some.recommendation.action == "Make all audits planned: 100 more than last week"
    assert every.recommendation.hours == some.recommendation.hours
    assert "100 audits were made of 200 planned" in every.sentence
    assert "30 audits that count for it were made of 60 planned" in some.sentence
    chance = advice_of(some_count, short_of(("Accuracy", 200.0, 200.0), ("Leakage (FNR)", 60.0, 30.0)))
    assert chance["Leakage (FNR)"].recommendation is None, "all planned audits were made"


def test_without_a_goal_that_counts_every_audit_the_plan_says_how_many_hold_those_that_count():
    alone = planned(replace(RULES, margins={"fnr": 0.09}, site_margins={}))
    (told,) = advice_of(alone, short_of(("Leakage (FNR)", 60.0, 30.0))).values()
    audits = 30 * alone.audits / alone.promises["audits"].iloc[0]
    assert audits > 60, "three in ten items violate"
    assert f": {audits:.0f} more than last week" in told.recommendation.action
    assert told.recommendation.hours == pytest.approx(audits * alone.hours / alone.audits)


@pytest.mark.slow
def test_single_questions_are_sized_or_say_why_not(made):
    sizes = audit_sizes(made, {})
    precise = sizes[sizes["question"].str.startswith("Accuracy to")]["audits"]
    assert precise.is_monotonic_increasing
    assert (sizes["audits"].notna() | (sizes["how"].str.len() > 20)).all()
