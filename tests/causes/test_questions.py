"""What a page asks of the engine: a planted rise is found, a quiet week and an empty one are not explained."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.causes.persistence import persistence
from labelqa_lib.causes.questions import above_market, above_peers, above_target, week_causes
from labelqa_lib.metrics.audited import DIMENSIONS, pooled

WEEKS = [f"2026-W{week}" for week in range(39, 47)]
NOW = WEEKS[-1]


def audited(seed: int = 1, rows: int = 4000, **raised: float) -> pd.DataFrame:
    """Eight weeks of judged rows at 5 % errors; `raised` gives the error rate of site B in the last week, or in all."""
    random = np.random.default_rng(seed)
    made = pd.DataFrame({name: pd.Series([None] * rows, dtype="object") for name in DIMENSIONS})
    made["week"] = np.repeat(WEEKS, rows // len(WEEKS))
    made["site"] = random.choice(["A", "B", "C"], rows)
    made["queue"] = random.choice(["easy", "hard"], rows)
    made["label"] = made["reference_label"] = random.choice(["ok", "spam"], rows)
    made["agent_id"] = made["site"] + random.choice(list("123456"), rows)
    rate = np.full(rows, 0.05)
    rate[(made["site"] == "B") & (made["week"] == NOW)] = raised.get("now", 0.05)
    rate[made["site"] == "B"] = np.maximum(rate[made["site"] == "B"], raised.get("always", 0.0))
    rate[made["queue"] == "hard"] *= raised.get("hard", 1.0)
    return made.assign(is_error=(random.random(rows) < rate).astype(int), weight=1.0)


def test_a_rise_is_found_where_it_was_planted():
    (cause,) = week_causes(audited(now=0.3), NOW)
    assert cause.segment == {"site": ["B"]}
    assert cause.ci_low > 0


def test_a_quiet_week_has_no_cause():
    assert week_causes(audited(), NOW) == []


def test_one_period_alone_cannot_be_explained():
    rows = audited(now=0.3)
    assert week_causes(rows[rows["week"] == NOW], NOW) == []
    assert week_causes(rows[rows["week"] != NOW], NOW) == []
    assert week_causes(rows.iloc[:0], NOW) == []


def test_rows_without_any_dimension_are_not_searched():
    rows = audited(now=0.3)
    rows[[*DIMENSIONS]] = None
    assert week_causes(rows, NOW) == above_market(rows) == above_peers(rows) == []


@pytest.mark.slow
def test_hard_work_is_the_markets_and_nobodys_fault():
    rows = audited(hard=4.0)
    assert [cause.segment for cause in above_market(rows)] == [{"queue": ["hard"]}]
    assert above_peers(rows) == []


def test_a_target_is_missed_where_it_is_and_only_if_there_is_one():
    rows = audited(always=0.15)
    assert [cause.segment for cause in above_target(rows, 0.93)] == [{"site": ["B"]}]
    assert above_target(rows, 0.80) == [], "everybody is better than that"
    assert above_target(rows, None) == []


def test_a_weak_site_stands_above_its_peers_week_after_week():
    rows = audited(always=0.15, hard=2.0)
    first = above_peers(rows)[0]
    assert first.segment == {"site": ["B"]}
    lasting = persistence(rows, [first])
    assert lasting[["cause", "weeks"]].to_numpy().tolist() == [["A", 8]]
    assert lasting["weeks_above"].iloc[0] >= 7


@pytest.mark.parametrize("fewest", [0, 30, 10_000])
def test_people_with_few_items_share_one_name(fewest):
    rows = audited()
    named = pooled(rows, fewest)["agent_id"]
    counts = rows["agent_id"].value_counts()
    assert (named == "with few items").sum() == counts[counts < fewest].sum()
    assert rows["agent_id"].nunique() == 18, "the rows given stay as they are"
