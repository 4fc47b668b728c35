"""The audit list: chances exact, minimums kept, parts apart, nobody audits themselves, the same seed the same list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labelqa_lib.errors import UsageError
from labelqa_lib.sampling import Rules, draw
from labelqa_lib.sampling.drawing import COLUMNS, _assigned, _ranks
from labelqa_lib.stats.rounding import controlled_rounding
from labelqa_lib.store import fetch
from tests.sampling.worlds import WEEKS, market

RULES = Rules(
    margins={"accuracy": 0.035}, hours=20, minimum_agent=3, minimum_new_joiner=6, risk_share=0.1, reaudit_share=0.2
)


@pytest.fixture(scope="module")
def drawn():
    return draw(market(), RULES)


def part(drawn, name):
    return drawn.rows[drawn.rows["part"] == name]


def test_the_parts_are_kept_apart_in_the_contracts_words(drawn):
    assert list(drawn.rows.columns) == COLUMNS
    random, risk, again = (part(drawn, name) for name in ("random", "risk", "re-audit"))
    assert set(random["sampling_reason"]) == set(again["sampling_reason"]) == {"random"}
    assert set(risk["sampling_reason"]) == {"risk"}
    assert risk["inclusion_probability"].isna().all(), "a risk check never enters a rate"
    assert random["inclusion_probability"].between(0, 1, inclusive="right").all()
    assert (random["tier"].tolist(), set(again["tier"])) == ([1] * len(random), {2})
    assert not set(random["annotation_id"]) & set(risk["annotation_id"])
    assert len(risk) == round(0.1 * len(random))
    assert len(again) == round(0.2 * len(random))


def test_weights_add_up_to_the_candidates(drawn):
    assert drawn.chances["inclusion_probability"].sum() == pytest.approx(drawn.count("random"), abs=1)
    weights = (1 / part(drawn, "random")["inclusion_probability"]).sum()
    assert weights == pytest.approx(len(drawn.chances), rel=0.05)


def test_every_agent_and_stratum_has_its_minimum(drawn):
    annotations = fetch(market().annotations)
    agents = part(drawn, "random").merge(annotations[["annotation_id", "agent_id"]])["agent_id"].value_counts()
    offered = drawn.chances.merge(annotations)["agent_id"].value_counts()
    assert (agents.reindex(offered.index, fill_value=0) >= np.minimum(3, offered)).all()
    assert agents["a00"] >= 6, "a new joiner"
    strata = part(drawn, "random")["stratum"].value_counts()
    held = drawn.chances["stratum"].value_counts()
    assert (strata.reindex(held.index, fill_value=0) >= np.minimum(RULES.minimum_stratum, held)).all()


@pytest.mark.slow
def test_what_was_drawn_already_is_left_out(drawn):
    audited = set(fetch(market().audits)["annotation_id"])
    fresh = drawn.rows[drawn.rows["part"] != "re-audit"]
    assert not audited & set(fresh["annotation_id"])
    more = draw(market(), RULES, taken=drawn.rows["annotation_id"].tolist())
    assert not set(drawn.rows["annotation_id"]) & set(more.rows["annotation_id"])


@pytest.mark.slow
def test_it_is_drawn_from_the_week_and_planned_from_those_before(drawn):
    weeks = fetch(market().annotations).set_index("annotation_id")["week"]
    assert set(weeks[part(drawn, "random")["annotation_id"]]) == {WEEKS[-1]}
    assert drawn.plan.past.last == WEEKS[-2]
    assert drawn.plan.week == WEEKS[-1]
    earlier = draw(market(), RULES, week=WEEKS[1])
    assert set(weeks[part(earlier, "random")["annotation_id"]]) == {WEEKS[1]}


@pytest.mark.slow
def test_the_first_week_is_planned_from_itself():
    assert draw(market(), RULES, week=WEEKS[0]).plan.past.last == WEEKS[0]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_list(drawn):
    pd.testing.assert_frame_equal(draw(market(), RULES).rows, drawn.rows)
    other = draw(market(), replace(RULES, seed=47)).rows
    assert set(other["annotation_id"]) != set(drawn.rows["annotation_id"])


def test_blind_rows_hide_the_label(drawn):
    rows = part(drawn, "random")
    assert rows.loc[rows["blind"].astype(bool), "label"].isna().all()
    assert rows.loc[~rows["blind"].astype(bool), "label"].notna().all()
    assert rows["blind"].astype(bool).mean() == pytest.approx(RULES.blind_share, abs=0.02)


def test_nobody_audits_their_own_annotation_or_audit(drawn):
    annotations = fetch(market().annotations)[["annotation_id", "agent_id"]]
    rows = drawn.rows.merge(annotations)
    assert (rows["agent_id"] != rows["auditor_id"]).all()
    assert set(part(drawn, "re-audit")["auditor_id"]) == {"T1"}
    people = pd.DataFrame({"auditor_id": ["x", "y"], "tier": 1, "site": None})
    rows = pd.DataFrame({"tier": 1, "site": "K", "agent_id": ["x", "y", "x", "z"], "auditor_id": None})
    assigned = _assigned(rows, people, [0] * 6)
    assert assigned[:3].tolist() == ["y", "x", "y"]
    alone = _assigned(rows.head(1), people.head(1), [0] * 6)
    assert alone.tolist() == [None], "nobody else may"


def test_qas_of_the_site_share_the_work_evenly(drawn):
    counts = drawn.rows[drawn.rows["tier"] == 1].groupby(["site", "auditor_id"]).size()
    assert set(counts["L"].index) == {"Q2"}
    assert set(counts["K"].index) == {"Q0", "Q1"}
    assert counts["K"].max() - counts["K"].min() <= 1


@pytest.mark.slow
def test_inclusion_frequencies_match_the_chances_over_ten_thousand_seeds():
    """Agent × stratum cells rounded and drawn from, as the random part does: chi-square over all annotations."""
    cell = np.repeat(np.arange(6), [4, 7, 3, 9, 5, 2])
    agent, stratum = np.divmod(np.arange(6), 2)
    chance = np.array([0.31, 0.12, 0.55, 0.27, 0.4, 0.9])
    expected = chance * np.bincount(cell)
    runs, drawn = 10_000, np.zeros(len(cell))
    for seed in range(runs):
        take = controlled_rounding(expected, agent, stratum, seed)
        drawn += _ranks(cell, seed + runs) < take[cell]
    pi = chance[cell]
    deviation = (drawn - runs * pi) ** 2 / (runs * pi * (1 - pi))
    assert deviation.sum() < stats.chi2.ppf(0.9999, len(cell))


@pytest.mark.slow
def test_nothing_left_to_draw_is_said():
    everything = fetch(market().annotations)["annotation_id"].tolist()
    with pytest.raises(UsageError, match="every annotation was drawn already"):
        draw(market(), RULES, taken=everything)


def test_a_week_without_annotations_is_refused():
    with pytest.raises(UsageError, match="week 2026-W50: no annotations; there are 2026-W43"):
        draw(market(), RULES, week="2026-W50")


@pytest.mark.slow
def test_without_audits_scores_people_or_agents_there_is_still_a_list():
    bare = draw(market(audited=0.0, agents=False, scores=False, people=False), RULES)
    assert bare.count("random") > 10
    assert bare.count("risk") == bare.count("re-audit") == 0
    assert bare.rows["auditor_id"].isna().all()
