"""What to do about a finding: every kind has its remedy, its gain can be checked by hand, and three come first."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.findings.actions import kind_of
from labelqa_lib.findings.catalogue import KINDS, auditing, cost
from labelqa_lib.findings.finding import Finding, gap
from labelqa_lib.findings.recommend import recommend
from labelqa_lib.findings.worth import best

STAFF = pd.DataFrame({"site": ["", "KUL"], "agents": [20, 8], "auditors": [4, 2], "minutes": [3.0, 3.0]})
PAIRS = pd.DataFrame(
    [
        ("spam", "ok", 8, 40, 0.2, 0.1, 0.4, True, True, False, 100.0, 200.0, 1),
        ("ok", "spam", 6, 90, 0.1, 0.05, 0.2, False, True, False, 60.0, 120.0, 2),
        ("hate", "spam", 2, 10, 0.2, 0.1, 0.4, True, False, True, 20.0, 20.0, 3),
        ("ok", "ok", 84, 90, 0.9, 0.8, 0.95, False, False, False, 0.0, 0.0, 0),
    ],
    columns=["reference_label", "label", "n", "n_reference", "share", "ci_low", "ci_high", "violating", "flips",
             "critical", "errors", "cost", "rank"],
)  # fmt: skip


def finding(code, metric, **more):
    about = {"severity": "act", "sentence": "S.", "size": 50.0, "evidence": "", "period": "2026-W46", "estimate": 0.9,
             "ci_low": 0.88, "ci_high": 0.92, "gap": 0.05, "gap_low": 0.02, "gap_high": 0.08}  # fmt: skip
    return Finding(code=code, metric=metric, **(about | more))


def advised(*found, **more):
    return [one.recommendation for one in recommend(found, 10_000.0, PAIRS, STAFF, **more)]


@pytest.mark.parametrize(
    ("found", "kind", "says"),
    [
        (finding("target:accuracy", "accuracy"), "retrain", "Retrain on spam taken for ok and ok taken for spam: "),
        (finding("target:fpr", "fpr"), "retrain", "Retrain on ok taken for spam: up to +0.6 pt of Accuracy (0.3 to 1.2)"),
        (finding("target:fnr", "fnr"), "retrain", "Retrain on spam taken for ok: up to +1.0 pt of Accuracy (0.5 to 2.0)"),
        (finding("target:critical_accuracy", "critical_accuracy"), "retrain", "Retrain on hate taken for spam: "),
        (finding("move:accuracy:site=KUL", "accuracy", segment={"site": "KUL"}), "retrain", "site KUL: up to +0.5 pt"),
        (finding("move:accuracy:l", "accuracy", segment={"reference_label": "hate"}), "clarify", "SOP on reference label hate"),
        (
            finding("move:accuracy:l", "accuracy", segment={"reference_label": "hate"}, also=({"site": "KUL"},)),
            "retrain", "Retrain site KUL on hate taken for spam: up to +0.5 pt of Accuracy (0.2 to 0.8). Costs about 10.0 h "
            "(8 agents × 60 min, and 2.0 h to prepare).",
        ),
        (finding("control:accuracy", "accuracy"), "tool", "Check the tool and what else changed"),
        (finding("target:ata_accuracy", "ata_accuracy"), "recalibrate", "up to +5.0 pt of ATA accuracy (2.0 to 8.0)"),
        (finding("target:inconsistency_rate", "inconsistency_rate"), "clarify", "−5.0 pt of Inconsistency rate (−8.0 to −2.0)"),
        (finding("target:overturn_rate", "overturn_rate"), "gold", "correct the gold"),
        (finding("move:sla_attainment:q", "sla_attainment", segment={"queue": "ads"}), "move", "Move capacity to queue ads"),
        (finding("move:aht:", "aht", gap=3.0, gap_low=1.0, gap_high=5.0), "tool", "Check the tool and the queue"),
    ],
)  # fmt: skip
def test_every_kind_of_finding_has_its_remedy_with_gain_and_cost(found, kind, says):
    (one,) = advised(found)
    assert one.kind == kind and kind in KINDS
    assert says in one.sentence
    assert "Costs about" in one.sentence


def test_a_wide_interval_asks_for_audits_and_not_for_training():
    (one,) = advised(finding("target:fnr", "fnr", severity="know", audits=200))
    assert (one.kind, one.hours) == ("audit", pytest.approx(200 * 3 / 60))
    assert one.sentence.startswith("Audit 200 more items: Leakage") and "now is by ±2.0 pt." in one.sentence


def test_a_wide_interval_of_second_audits_asks_tier_2_and_costs_as_many_audits():
    (one,) = advised(finding("target:ata_accuracy", "ata_accuracy", severity="know", audits=20))
    assert (one.kind, one.action, one.hours) == ("audit", "Have tier 2 audit 20 more audits again", pytest.approx(1.0))
    assert kind_of(one.action) == KINDS["audit"].title


@pytest.mark.parametrize(
    "metric", ["accuracy", "fnr", "ata_accuracy", "inconsistency_rate", "overturn_rate", "sla_attainment", "utilization"]
)
def test_what_cannot_be_judged_yet_is_not_remedied(metric):
    assert advised(finding(f"target:{metric}", metric, severity="know")) == [None]


def test_good_news_and_a_shifted_mix_need_nothing():
    assert advised(finding("move:accuracy:", "accuracy", severity="good")) == [None]
    assert advised(finding("mix:accuracy:queue", "accuracy", severity="know")) == [None]


def test_what_a_segment_explains_is_not_put_down_to_the_tool():
    segment = finding("move:accuracy:site=KUL", "accuracy", segment={"site": "KUL"})
    assert advised(segment, finding("control:accuracy", "accuracy"))[1] is None


def test_flagged_agents_are_coached_for_what_their_shrunken_rates_are_above_the_market():
    people = pd.DataFrame({"metric": "error_rate", "agent_id": ["a", "b", "c"], "n": [100, 100, 800],
                           "flagged": [True, False, False], "expected": 0.05, "shrunken": [0.15, 0.05, 0.04],
                           "shrunken_low": [0.10, 0.03, 0.03], "shrunken_high": [0.25, 0.07, 0.05]})  # fmt: skip
    (one,) = advised(finding("stands-out:error_rate:agent_id", "error_rate", segment={"agent_id": "a"}), people=[people])
    assert one.action == "Coach agent a on the errors found"
    assert (one.gain, one.gain_low, one.gain_high) == pytest.approx((0.01, 0.005, 0.02))  # (.15 - .05) × 100 / 1000
    assert one.hours == 3.0, "one agent, and the preparation"


def test_flagged_qas_are_named_and_recalibrated_for_what_they_miss_above_the_others():
    def spread(metric, flagged):
        return pd.DataFrame({"metric": metric, "auditor_id": [f"Q{place}" for place in range(8)], "n": 50, "flagged": flagged,
                             "expected": 0.04, "shrunken": 0.12, "shrunken_low": 0.06, "shrunken_high": 0.20})  # fmt: skip

    others = spread("false_error_rate", [False] * 8)
    missed = spread("missed_error_rate", [True, True] + [False] * 6)
    found = finding("stands-out:missed_error_rate:auditor_id", "missed_error_rate", segment={"auditor_id": "Q0"})
    (one,) = advised(found, people=[others, missed])
    assert (one.kind, one.action) == ("recalibrate", "Recalibrate QA Q0 and Q1 on what tier 2 found")
    assert (one.gain, one.gain_low, one.gain_high) == pytest.approx((0.02, 0.005, 0.04))  # .08 × 100 / 400
    assert one.hours == 1.0 + 1.5 * 2
    (many,) = advised(found, people=[spread("missed_error_rate", [True] * 7 + [False])])
    assert many.action == "Recalibrate QA Q0, Q1, Q2, Q3 and 3 more on what tier 2 found"


def test_a_confusion_gains_what_of_it_is_one_sites_or_all_of_it():
    splits = pd.DataFrame({"reference_label": ["spam"], "label": ["ok"], "n": [160], "errors": [40], "rest_share": [0.05]})
    training = finding("split:training:spam:ok", "training", segment={"site": "KUL"})
    unclear = finding("split:unclear_SOP:spam:ok", "unclear_SOP", segment={"policy_area": "ads"})
    site, everywhere = advised(training, unclear, splits=splits)
    # 100 errors a week of 10,000 labels; at the others' rate 8 of the 40 would have been there anyhow
    assert (site.gain, site.gain_low, site.gain_high) == pytest.approx((0.008, 0.004, 0.016))
    assert (everywhere.gain, everywhere.gain_low, everywhere.gain_high) == pytest.approx((0.01, 0.005, 0.02))
    assert "up to +0.8 pt of Accuracy (0.4 to 1.6)" in site.sentence and site.items == pytest.approx(80)
    assert np.isnan(advised(finding("split:training:ok:hate", "training", segment={"site": "KUL"}), splits=splits)[0].gain)


def test_sites_that_need_the_same_training_are_counted_together():
    staff = pd.DataFrame({"site": ["", "KUL", "PEN", "MNL"], "agents": [30, 8, 7, 15], "auditors": 2, "minutes": 1.0})
    both = finding("split:training:spam:ok", "training", segment={"site": "KUL"}, also=({"site": "PEN"},))
    (one,) = (found.recommendation for found in recommend([both], 10_000.0, PAIRS, staff))
    assert one.sentence == "Retrain site KUL and PEN on spam taken for ok. Costs about 17.0 h (15 agents × 60 min, and 2.0 h to prepare)."
    unknown = recommend([both], 10_000.0, PAIRS, staff[staff["site"] != "PEN"])[0].recommendation
    assert unknown.hours == 32.0, "everywhere where a site is not known"


def test_without_confusions_or_people_it_says_so_and_does_not_fail():
    found = recommend([finding("target:accuracy", "accuracy"), finding("target:fnr", "fnr", audits=20)], 10_000.0)
    assert found[0].recommendation.kind == "look"
    assert found[1].recommendation.sentence.endswith("Costs 20 audits.")
    assert np.isnan(auditing(20, pd.DataFrame())[0])


def test_the_best_three_gain_most_and_stand_once():
    found = recommend(
        [
            finding("target:ata_accuracy", "ata_accuracy"),
            finding("move:accuracy:site=KUL", "accuracy", segment={"site": "KUL"}),
            finding("move:critical_accuracy:site=KUL", "critical_accuracy", segment={"site": "KUL"}),
            finding("target:accuracy", "accuracy"),
        ],
        10_000.0, PAIRS, STAFF,
    )  # fmt: skip
    table = best(found)
    assert table["gain"].tolist() == pytest.approx([0.016, 0.005, 0.05])  # labels first, then the QAs' figure
    assert table["title"].tolist() == ["Accuracy", "Accuracy", "ATA accuracy"]
    assert best([]).empty


def test_a_gap_is_the_worse_side_of_a_figure_and_nothing_on_the_better():
    assert gap(-0.02, -0.03, -0.01, "higher") == {"gap": 0.02, "gap_low": 0.01, "gap_high": 0.03}
    assert gap(0.02, 0.01, 0.03, "higher") == {}
    assert gap(0.02, 0.01, 0.03, None) == {}


def test_cost_is_counted_where_people_are_known():
    assert cost("retrain", STAFF, "KUL") == (10.0, "8 agents × 60 min, and 2.0 h to prepare")
    assert cost("recalibrate", STAFF, "nowhere")[0] == 1.0 + 1.5 * 4
    assert cost("retrain", pd.DataFrame())[0] == 2.0


@pytest.mark.parametrize(
    ("code", "segment", "kind", "says"),
    [
        ("split:training:spam:ok", {"site": "KUL"}, "retrain", "Retrain site KUL on spam taken for ok. Costs about 10.0 h (8 agents"),
        ("split:unclear_SOP:spam:ok", {"policy_area": "ads"}, "clarify", "Clarify the SOP of ads on spam taken for ok. Costs"),
        ("gold:suspect", {}, "gold", "correct the gold. Costs about 3.0 h"),
        ("audits:missed_error_rate", {}, "recalibrate", "Recalibrate all QAs with tier 2. Costs about 7.0 h (4 QAs"),
    ],
)  # fmt: skip
def test_what_the_calibration_page_finds_has_its_remedy_and_no_invented_gain(code, segment, kind, says):
    nothing = dict.fromkeys(("gap", "gap_low", "gap_high"), float("nan"))
    (one,) = advised(finding(code, code.split(":")[1], segment=segment, **nothing))
    assert one.kind == kind and says in one.sentence
    assert np.isnan(one.gain) and one.items == 0


def test_where_the_cause_cannot_be_told_nothing_is_recommended():
    assert advised(finding("split:undecided:spam:ok", "undecided", segment={"policy_area": "ads"})) == [None]
