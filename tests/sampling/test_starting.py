"""What a plan starts from: the same as the plan itself says, and enough to tell whether the last plan kept its promise."""

from __future__ import annotations

import pandas as pd
import pytest

from labelqa_lib import sampling
from labelqa_lib.sampling import Rules
from tests.sampling.worlds import WEEKS, market

RULES = Rules(margins={"accuracy": 0.03}, site_margins={"accuracy": 0.06}, hours=20, minimum_agent=6)


@pytest.fixture(scope="module")
def start():
    return sampling.outlook(market(), RULES)


@pytest.fixture(scope="module")
def plan():
    return sampling.plan(market(), RULES)


def test_a_plan_starts_from_it(start, plan):
    assert start.past.last == WEEKS[-1] == plan.past.last
    assert start.joiners == plan.joiners == {"a00"}
    assert [goal.key for goal in start.goals] == [goal.key for goal in plan.goals]
    pd.testing.assert_frame_equal(start.past.strata, plan.past.strata)


def test_weeks_may_be_chosen(start):
    assert sampling.outlook(market(), RULES, WEEKS[:-1]).past.last == WEEKS[-2]
    assert start.rules is RULES
    assert sampling.outlook(market()).rules == Rules()


def test_what_became_of_the_last_plan_needs_no_next_one(start, plan):
    earlier = sampling.earlier_plan(market(), RULES)
    pd.testing.assert_frame_equal(sampling.kept(earlier, start), sampling.kept(earlier, plan))
    short = sampling.uncovered(market(), start)
    assert set(short["kind"]) == {"agent"}
    pd.testing.assert_frame_equal(short, sampling.uncovered(market(), plan))
