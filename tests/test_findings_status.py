"""The answer in one sentence, and what moved since last week with both figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa_lib import findings
from labelqa_lib.causes import Cause
from labelqa_lib.params import Target

WEEKS = ("2026-W44", "2026-W45", "2026-W46")
TARGETS = {"accuracy": Target(at_least=0.95), "fpr": Target(at_most=0.04), "fnr": Target(at_most=0.08)}


def weekly(metric="accuracy", estimates=(0.96, 0.96, 0.96), half=0.01, reason=""):
    estimates = np.asarray(estimates, float)
    return pd.DataFrame(
        {
            "metric": metric, "period": WEEKS, "estimate": estimates, "ci_low": estimates - half,
            "ci_high": estimates + half, "n": 800, "n_effective": 800.0, "method": "", "reason": reason,
        }
    )  # fmt: skip


FALLEN = weekly(estimates=(0.96, 0.96, 0.92))
OTHERS = [weekly("fpr", (0.02,) * 3), weekly("fnr", (0.07,) * 3, 0.04)]


def said(*frames):
    return findings.status(findings.headline(pd.concat(frames), TARGETS))


def test_a_miss_and_a_fall_are_said_with_their_sizes_and_the_other_targets_counted():
    assert said(FALLEN, *OTHERS) == (
        "Accuracy misses its target of 95.0 %: it is 92.0 % (91.0 to 93.0), −4.0 pt on last week and more than noise; of 3 "
        "targets 2 are met or likely met, 1 missed."
    )


def test_a_quiet_good_week_says_so():
    assert said(weekly(estimates=(0.97,) * 3), OTHERS[0]) == (
        "Accuracy meets its target of 95.0 %: it is 97.0 % (96.0 to 98.0), no different from last week beyond noise; all 2 "
        "targets are met or likely met."
    )


def test_what_was_not_measured_is_said_with_its_reason():
    gone = weekly(estimates=(np.nan,) * 3, reason="needs audits; none came")
    assert said(gone, *OTHERS).startswith("Accuracy was not measured: needs audits; none came; all 2 targets")
    assert said(gone) == "None of the headline metrics could be measured this week."
    assert findings.status(findings.headline(FALLEN, {})).startswith("Accuracy has no target: it is 92.0 %")


def test_both_weeks_stand_side_by_side_and_what_moved_comes_first():
    table = findings.since_last_week(pd.concat([OTHERS[0], FALLEN, OTHERS[1]]))
    assert table["title"].tolist()[0] == "Accuracy"
    row = table.iloc[0]
    assert (row["last_week"], row["this_week"]) == (0.96, 0.92)
    assert row["difference"] == pytest.approx(-0.04)
    # Newcombe: the root of the sum of squares of the two half-widths
    assert row["difference_low"] == pytest.approx(-0.04 - np.hypot(0.01, 0.01))
    assert table["verdict"].tolist() == ["more than noise, worse", "within noise", "within noise"]


def test_a_week_without_a_figure_is_a_gap_and_never_a_change():
    table = findings.since_last_week(weekly(estimates=(0.9, np.nan, 0.9), reason="no audits"))
    assert np.isnan(table["last_week"].iloc[0]) and np.isnan(table["difference"].iloc[0])
    assert table["verdict"].tolist() == ["not compared: no audits"]
    assert findings.since_last_week(weekly(estimates=(np.nan,) * 3)).empty
    assert findings.since_last_week(weekly().head(0)).empty


def moved(difference, more_than_noise=True):
    return pd.DataFrame([{"difference": difference, "difference_low": difference - 0.02, "reason": "no earlier week",
                          "difference_high": difference + 0.02, "more_than_noise": more_than_noise}])  # fmt: skip


def test_the_causes_page_says_whether_it_fell_and_where_it_comes_from():
    cause = Cause({"site": ["KUL"], "reference_label": ["counterfeit"]}, 0.001, 300.0, 200.0, 400.0, 0.8, 250, 28)
    assert findings.cause_status(moved(-0.03), [cause, cause]) == (
        "Accuracy fell by 3.0 pt (−5.0 to −1.0) against the weeks before, more than noise; the errors beyond chance come "
        "from site KUL, reference label counterfeit, and 1 more cause."
    )
    quiet = findings.cause_status(moved(0.001, more_than_noise=False), [])
    assert "rose by 0.1 pt" in quiet and quiet.endswith("within noise; no segment has more errors than chance explains.")
    assert findings.cause_status(moved(np.nan), []) == "Whether quality dropped cannot be said: no earlier week."
