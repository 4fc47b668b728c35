"""What would settle a figure too wide to judge: a number that fits the interval shown, in what the figure counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.findings.recommend import recommend
from labelqa_lib.findings.settling import more_needed
from labelqa_lib.findings.standing import against_targets, headline
from labelqa_lib.params import Target
from labelqa_lib.stats import intervals, sizing

STAFF = pd.DataFrame({"site": [""], "agents": [10], "auditors": [2], "minutes": [3.0]})


def row(metric, estimate, low, high, n, method="Wilson, clustered by agent; audits", n_effective=np.nan):
    return {"metric": metric, "period": "2026-W46", "estimate": estimate, "ci_low": low, "ci_high": high, "n": n,
            "n_effective": n_effective, "method": method, "reason": ""}  # fmt: skip


def told(targets, *rows):
    """The finding about the first of the rows, with what is advised."""
    found = recommend(against_targets(headline(pd.DataFrame(rows), targets), 5000.0), 5000.0, staff=STAFF)
    return next(one for one in found if one.metric == rows[0]["metric"])


@pytest.mark.parametrize("confidence", [0.9, 0.95])
@pytest.mark.parametrize(("rate", "n", "goal"), [(0.9, 100, 0.03), (0.5, 40, 0.1), (0.96, 400, 0.01)])
def test_a_wilson_interval_is_as_narrow_as_wanted_after_so_many_more_and_not_before(rate, n, goal, confidence):
    low, high = intervals.wilson(rate * n, n, confidence)
    figure = pd.Series(row("accuracy", rate, float(low), float(high), n))
    more = more_needed("accuracy", figure, rate, goal, confidence)
    assert sizing.margin_of(rate, n + more, confidence) <= goal < sizing.margin_of(rate, n + more - 1, confidence)


def test_an_interval_of_another_method_is_taken_as_it_is_shown():
    """Three times as wide as Wilson's of its n: nine times as many rows, and nine times as many more."""
    low, high = (float(end) for end in intervals.wilson(360, 400))
    shown = pd.Series(row("accuracy", 0.9, 0.9 - 3 * (0.9 - low), 0.9 + 3 * (high - 0.9), 400, n_effective=400.0))
    assert more_needed("accuracy", shown, 0.9, 0.03, 0.95) == pytest.approx(400 * (3 * (high - low) / 2 / 0.03) ** 2 - 400, rel=0.1)


@pytest.mark.parametrize(
    ("estimate", "low", "high", "target"),
    [
        (0.9, 0.88, 0.92, 0.9),  # narrow enough
        (0.9, 0.8, 0.94, 0.95),  # wide, and yet on one side
        (0.0, 0.0, 1.0, 0.05),  # says nothing at all: what it is worth cannot be told
    ],
)
def test_what_is_settled_or_cannot_be_told_asks_for_nothing_more(estimate, low, high, target):
    assert more_needed("accuracy", pd.Series(row("accuracy", estimate, low, high, 800)), target, 0.03, 0.95) == 0


def test_without_a_precision_goal_it_takes_as_many_as_leave_the_target_out():
    low, high = (float(end) for end in intervals.wilson(360, 400))
    more = more_needed("accuracy", pd.Series(row("accuracy", 0.9, low, high, 400)), 0.92, np.nan, 0.95)
    ends = [float(intervals.wilson(0.9 * n, n)[1]) for n in (400 + more, 400 + more - 2)]
    assert ends[0] <= 0.92 < ends[1]


@pytest.mark.parametrize(
    ("metric", "estimate", "low", "high", "n", "target"),
    [
        ("accuracy", 0.966, 0.931, 0.982, 276, Target(at_least=0.95, precision=0.025)),
        ("ata_accuracy", 1.0, 0.918, 1.0, 43, Target(at_least=0.95, precision=0.04)),
        ("ata_accuracy", 0.9, 0.7, 1.0, 100, Target(at_least=0.98, precision=0.04)),
    ],
)
def test_where_an_interval_is_too_wide_at_least_one_more_audit_is_asked_for_and_nobody_is_trained(
    metric, estimate, low, high, n, target
):
    """Plain Wilson intervals of these n would be narrow enough, or leave the target out: the one shown is not."""
    one = told({metric: target}, row(metric, estimate, low, high, n, n_effective=1000.0))
    assert one.severity == "know" and one.audits >= 1
    assert one.recommendation.kind == "audit"
    assert f"about {one.audits:,} more" in one.sentence


def test_rates_of_some_audits_ask_for_all_the_audits_that_hold_them():
    wanted = {"fnr": Target(at_most=0.08, precision=0.05), "fpr": Target(at_most=0.04, precision=0.02)}
    every = row("accuracy", 0.97, 0.95, 0.98, 440)
    alone = told(wanted, row("fnr", 0.09, 0.02, 0.24, 44))
    assert alone.audits == 0 and alone.recommendation is None and "more items would settle it" in alone.sentence
    more = more_needed("fnr", pd.Series(row("fnr", 0.09, 0.02, 0.24, 44)), 0.08, 0.05, 0.95)
    some = told(wanted, row("fnr", 0.09, 0.02, 0.24, 44), every)
    assert some.audits == 10 * more
    assert f"about {10 * more:,} more audits would settle it" in some.sentence
    assert some.recommendation.action == f"Audit {10 * more:,} more items"
    assert some.recommendation.hours == pytest.approx(10 * more * 3 / 60)
    benign = told(wanted, row("fpr", 0.03, 0.01, 0.06, 396), every)
    assert benign.audits == pytest.approx(440 / 396 * more_needed("fpr", pd.Series(row("fpr", 0.03, 0.01, 0.06, 396)), 0.04, 0.02, 0.95), abs=1)


@pytest.mark.parametrize(
    ("given", "target", "says"),
    [
        (row("inconsistency_rate", 0.11, 0.062, 0.188, 100), Target(at_most=0.08, precision=0.03), "more blind pairs would settle it."),
        (row("overturn_rate", 0.212, 0.116, 0.371, 52), Target(at_most=0.2, precision=0.1), "more resolved appeals would settle it."),
        (row("accuracy", 0.96, 0.9, 0.98, 100, "Wilson, clustered by agent; gold"), Target(at_least=0.95, precision=0.02),
         "more items would settle it."),
        (row("sla_attainment", 0.94, 0.90, 0.965, 5000, "Wilson, clustered by day", 200.0), Target(at_least=0.95, precision=0.02),
         "against the target of 95.0 %."),
        (row("utilization", 0.79, 0.72, 0.86, 300, "ratio of sums, t by agent"), Target(at_least=0.8, precision=0.05),
         "against the target of 80.0 %."),
    ],
)  # fmt: skip
def test_what_audits_do_not_tell_asks_for_no_audits_and_for_no_remedy(given, target, says):
    one = told({given["metric"]: target}, given)
    assert one.severity == "know" and one.sentence.endswith(says)
    assert one.audits == 0 and one.recommendation is None


def test_second_audits_are_asked_for_where_they_are_what_counts():
    wanted = {"ata_accuracy": Target(at_least=0.95, precision=0.04), "missed_error_rate": Target(at_most=0.05, precision=0.02)}
    second = row("ata_accuracy", 0.967, 0.898, 0.995, 60)
    one = told(wanted, second)
    assert f"about {one.audits} more second audits would settle it" in one.sentence
    assert one.recommendation.action == f"Have tier 2 audit {one.audits} more audits again"
    missed = row("missed_error_rate", 0.06, 0.01, 0.15, 30)
    told_with = told(wanted, missed, second)
    assert told_with.audits == 2 * more_needed("missed_error_rate", pd.Series(missed), 0.05, 0.02, 0.95)
