"""Why quality dropped, in sentences: every kind of evidence leads to its own action, and nothing to none."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from labelqa_lib.causes import Cause
from labelqa_lib.causes.evidence import Evidence
from labelqa_lib.causes.evidence import evidence as gathered
from labelqa_lib.causes.questions import week_causes
from labelqa_lib.findings.actions import worked
from labelqa_lib.findings.answers import told
from labelqa_lib.findings.causes import also_moved, levels, ranked, why
from labelqa_lib.findings.remedies import actions, remedy
from labelqa_lib.findings.segments import where
from labelqa_lib.metrics import effects
from labelqa_lib.metrics.audited import audited_rows
from labelqa_lib.store import fetch
from tests.metrics.snapshots import WEEKS, joined, labelled, make

CAUSE = Cause({"site": ["KUL"], "reference_label": ["counterfeit"]}, 0.001, 300.0, 200.0, 400.0, 0.8, 250, 28,
              0.08, 0.91, 0.1, ({"queue": ["goods"]},))  # fmt: skip
DAY = pd.Timestamp("2026-11-09")


def evidence(**frames: list[dict]) -> Evidence:
    """Evidence of cause A with the frames given as rows; every other frame is empty."""
    columns = {
        "confusions": ["reference_label", "label", "more", "more_low", "more_high", "before", "now", "n", "part"],
        "coded": ["error_cause", "difference", "before", "now", "n"],
        "circumstances": ["circumstance", "rows_before", "rows_now", "errors_now", "p_value"],
        "pace": ["before", "now", "ratio", "ratio_low", "ratio_high", "n"],
        "since": ["day", "day_low", "day_high", "before", "after", "days"],
        "weekly": ["period", "estimate"],
        "instructions": ["sop_version", "effective_from", "summary", "jump", "jump_low", "jump_high", "fits", "method"],
        "second_audits": ["period", "marked", "rechecked", "confirmed", "confirmed_low", "confirmed_high"],
        "auditors": ["auditor_id", "audits", "errors", "share_of_audits", "share_of_errors", "p_value"],
        "gold": ["errors", "on_gold", "on_changed_gold"],
        "examples": ["item_id"],
    }
    made = {
        name: pd.DataFrame([{"cause": "A"} | row for row in frames.get(name, [])], columns=["cause", *names])
        for name, names in columns.items()
    }
    return Evidence(**made, volume=10_000.0)


PAIR = {"reference_label": "counterfeit", "label": "spam", "more": 280.0, "more_low": 200.0, "more_high": 350.0,
        "before": 0.03, "now": 0.9, "n": 26, "part": 0.9}  # fmt: skip
SOP = {"sop_version": "adult-8", "effective_from": DAY, "summary": "Swimwear", "jump": 0.2, "jump_low": 0.1,
       "jump_high": 0.3, "fits": True, "method": "its"}  # fmt: skip
CLEARED = {"period": "now", "marked": 26, "rechecked": 9, "confirmed": 0.1, "confirmed_low": 0.0, "confirmed_high": 0.48}
ONE_QA = {"auditor_id": "q3", "audits": 5, "errors": 20, "share_of_audits": 0.2, "share_of_errors": 0.8, "p_value": 1e-5}
NIGHT = {"circumstance": "labelled at night (22-06 local time)", "rows_before": 0.2, "rows_now": 0.2, "errors_now": 0.9,
         "p_value": 1e-6}  # fmt: skip
SAME_PACE = {"before": 40.0, "now": 41.0, "ratio": 1.025, "ratio_low": 0.96, "ratio_high": 1.09, "n": 800}
HURRY = {"before": 40.0, "now": 25.0, "ratio": 0.62, "ratio_low": 0.5, "ratio_high": 0.75, "n": 80}


@pytest.mark.parametrize(
    ("frames", "because", "action"),
    [
        ({"second_audits": [CLEARED], "confusions": [PAIR]}, "Second audits clear most", "Settle what is right with the QAs"),
        ({"auditors": [ONE_QA], "instructions": [SOP]}, "QA q3 marks 80.0 %", "Have the audits of q3 audited"),
        ({"instructions": [SOP], "confusions": [PAIR]}, "when SOP adult-8 (Swimwear)", "Clarify SOP adult-8 on counterfeit"),
        ({"instructions": [SOP | {"fits": False}], "confusions": [PAIR]}, "counterfeit taken for spam", "Calibrate site KUL"),
        ({"confusions": [PAIR | {"part": 0.2}], "circumstances": [NIGHT]}, "were labelled at night", "is led"),
        ({"pace": [HURRY]}, "Handle time fell from 40.0 s to 25.0 s", "pace of work"),
        ({}, "No single confusion", "Review the examples"),
    ],
)
def test_each_kind_of_evidence_leads_to_its_action_with_its_gain(frames, because, action):
    row = remedy([CAUSE], evidence(**frames)).iloc[0]
    assert because in row["because"]
    assert action in row["action"]
    assert row["gain"].endswith("avoids up to 300 errors a week, +3.0 pt of accuracy.")
    assert row[["points", "points_low", "points_high"]].tolist() == pytest.approx([0.03, 0.02, 0.04])


def test_agents_are_coached_and_their_site_is_not():
    agents = replace(CAUSE, segment={"agent_id": ["a1", "a2"]}, level="agents")
    row = remedy([agents], evidence(confusions=[PAIR])).iloc[0]
    assert "few agents, not with their site" in row["because"]
    assert row["action"].startswith("Coach agent a1 or a2 on counterfeit taken for spam")


def test_the_largest_gain_comes_first():
    table = actions([replace(CAUSE, excess_errors=10.0), CAUSE], evidence())
    assert table["cause"].tolist() == ["B", "A"]
    assert list(table.columns[:3]) == ["cause", "action", "avoids"]


def test_confusions_both_ways_are_told_as_one():
    back = PAIR | {"reference_label": "spam", "label": "counterfeit", "part": 0.1, "more": 30.0, "more_low": 5.0}
    assert "counterfeit taken for spam (both ways)" in remedy([CAUSE], evidence(confusions=[PAIR, back]))["because"].iloc[0]


def test_the_answers_name_numbers_and_close_with_the_action():
    since = {"day": DAY, "day_low": DAY, "day_high": DAY, "before": 0.08, "after": 0.9, "days": 1}
    coded = {"error_cause": "sop_changed", "difference": 0.5, "before": 0.1, "now": 0.9, "n": 23}
    found = evidence(confusions=[PAIR], since=[since], coded=[coded], instructions=[SOP], second_audits=[CLEARED],
                     auditors=[ONE_QA | {"p_value": 0.6}], circumstances=[NIGHT], pace=[SAME_PACE],
                     gold=[{"errors": 26, "on_gold": 3, "on_changed_gold": 2}])  # fmt: skip
    answers = told([CAUSE], found)
    assert answers["group"].unique().tolist() == ["A: site KUL, reference label counterfeit"]
    said = answers.set_index("question")["answer"].to_dict()
    assert said["Which confusion grew?"] == "counterfeit taken for spam: 280 more errors (200 to 350), 90.0 % instead of 3.0 %."
    assert said["Since when?"] == "Since Monday 9 November: 8.0 % wrong before, 90.0 % since."
    assert said["What do auditors call it?"] == "23 of 23 coded errors are put down to sop changed (10.0 % before)."
    assert "jumped by +20.0 pt (10.0 to 30.0): it fits" in said["Did instructions change?"]
    assert said["Who, and at what hours?"].startswith("90.0 % of the errors, and 20.0 % of the work, were labelled at night")
    assert said["Is the work done faster?"] == "Handle time is as it was."
    assert said["Did the auditors change instead?"] == (
        "A second audit confirms 1 of 9 errors looked at again; no QA marks more of them than the others."
    )
    assert said["What else could it be?"] == "The very same rows are queue goods."
    assert said["Did gold change?"].startswith("2 of 26 errors")
    assert list(said)[-1] == "What to do?"


def test_what_too_little_was_seen_of_is_not_told_as_unchanged():
    def answer(question, **given):
        return told([CAUSE], evidence(**given)).set_index("question").loc[question, "answer"]

    pace = HURRY | {"now": 80.0, "ratio": 2.0, "ratio_low": 0.9, "ratio_high": 4.4}
    assert answer("Is the work done faster?", pace=[pace]) == (
        "Whether handle time moved by 10.0 % or more cannot be told (−10.0 to 340.0 %)."
    )
    weekend = NIGHT | {"circumstance": "labelled on Saturday or Sunday", "p_value": 0.04}
    assert answer("Who, and at what hours?", circumstances=[weekend]) == "Weekends are not shown to be worse than the rest."
    both = [weekend, NIGHT | {"p_value": 0.4}]
    assert answer("Who, and at what hours?", circumstances=both) == "Weekends and nights are not shown to be worse than the rest."


def test_questions_without_evidence_are_not_asked():
    assert told([CAUSE], evidence())["question"].tolist() == [
        "Which confusion grew?", "What else could it be?", "What to do?",
    ]  # fmt: skip


CHANGE = pd.DataFrame(
    [{"metric": "accuracy", "period": "2026-W46", "estimate": 0.91, "ci_low": 0.88, "ci_high": 0.94, "n": 500, "reason": "",
      "baseline": 0.95, "difference": -0.04, "difference_low": -0.07, "difference_high": -0.01, "more_than_noise": True}]
)  # fmt: skip
QUIET = CHANGE.assign(estimate=0.945, difference=-0.005, difference_high=0.02, more_than_noise=False)
MIX = pd.DataFrame(
    [{"dimension": "queue", "rate": -0.001, "rate_low": -0.02, "rate_high": 0.02, "mix": -0.008, "mix_low": -0.013,
      "mix_high": -0.003, "moved_most": "video", "share_before": 0.09, "share": 0.2}]
)  # fmt: skip
NO_AUDITS = pd.DataFrame({"metric": ["accuracy_corrected"], "moved": [float("nan")]})
NO_MIX, NO_LEVEL = MIX.iloc[:0], pd.DataFrame()


def verdict(change, mix, causes=()):
    return why(change, mix, list(causes), evidence(), NO_AUDITS, NO_LEVEL)[0]


def test_a_quiet_week_says_so():
    said = verdict(QUIET, NO_MIX)
    assert said.sentence.endswith("within noise. No rate cause: the change is within noise.")
    assert said.severity == "know"


def test_a_pure_mix_shift_blames_nobody():
    sentence = verdict(QUIET, MIX).sentence
    assert "No rate cause: the mix of work changed and moved accuracy by −0.8 pt (−1.3 to −0.3)" in sentence
    assert "queue video went from 9.0 % to 20.0 % of the work" in sentence
    assert sentence.endswith("within noise: nobody got worse.")
    assert verdict(QUIET, MIX.assign(rate=-0.03, rate_low=-0.065, rate_high=0.005)).sentence.endswith("is −3.0 pt, within noise.")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (CHANGE, "No segment stands out"),
        (CHANGE.assign(difference=0.04, difference_low=0.01), "Quality did not drop"),
        (CHANGE.assign(difference=float("nan"), reason="there is no earlier week"), "cannot be compared with earlier weeks"),
    ],
)
def test_without_a_cause_the_verdict_says_what_that_means(change, said):
    assert said in verdict(change, NO_MIX).sentence


def test_each_cause_is_a_finding_with_its_size_interval_and_action():
    found = why(CHANGE, NO_MIX, [CAUSE, replace(CAUSE, segment={}, excess_errors=9.0)],
                evidence(confusions=[PAIR], second_audits=[]), NO_AUDITS, NO_LEVEL)  # fmt: skip
    assert [one.severity for one in found] == ["act", "act", "watch"]
    assert found[0].sentence.endswith("2 segments have more errors than chance explains.")
    sentence = found[1].sentence
    assert sentence.startswith("A: site KUL, reference label counterfeit. About 300 more errors in the week than expected (200 to")
    assert "80.0 % of the change: 91.0 % instead of 10.0 % wrong. One confusion makes most of it" in sentence
    assert found[1].segment == {"site": "KUL", "reference_label": "counterfeit"}
    assert len({one.code for one in found}) == 3
    assert found[2].sentence.startswith("B: everywhere.")


def test_a_causes_gap_is_its_segments_own_and_its_gain_the_markets():
    wide = replace(CAUSE, ci_high=1e6)
    found = why(CHANGE, NO_MIX, [CAUSE, wide], evidence(confusions=[PAIR]), NO_AUDITS, NO_LEVEL)
    one, other = found[1], found[2]
    assert (one.gap, one.gap_low, one.gap_high) == pytest.approx((0.81, 0.81 * 200 / 300, 1)), "91 % wrong instead of 10 %"
    assert (one.metric, other.gap_high) == ("error_rate", 1), "a rate"
    gain = one.recommendation
    assert gain.metric == "accuracy" and (gain.gain, gain.gain_low, gain.gain_high) == pytest.approx((0.03, 0.02, 0.04))
    assert gain.items == pytest.approx(300)


def site(name: str, week: str, right: int, wrong: int, agents: int) -> dict:
    """Agents of a site with twice so many right and wrong annotations each, every one audited."""
    answers = "ok>ok spam>spam " * right + "ok>spam spam>ok " * wrong
    return joined(*(labelled(answers, agent_id=f"{name}{one}", week=week, site=name) for one in range(agents)))


@pytest.mark.slow
def test_what_is_expected_of_a_cause_is_what_its_undoing_achieves_where_it_was():
    """KUL, a fifth of the work, goes from no error to half wrong; then nothing of that is left, or half of it."""

    def week(name: str, wrong: int) -> dict:
        return joined(site("KUL", name, 10 - wrong, wrong, 10), site("PEN", name, 10, 0, 40))

    tables = make(**joined(week(WEEKS[0], 0), week(WEEKS[1], 5)))
    audited = fetch(audited_rows(tables))
    causes = week_causes(audited, WEEKS[1])
    found = why(CHANGE, NO_MIX, causes, gathered(tables, audited, causes), NO_AUDITS, NO_LEVEL)
    assert [one.code for one in found] == ["cause:verdict", "cause:site=KUL"]
    assert found[1].gap == pytest.approx(0.5, abs=0.01) and found[1].recommendation.gain == pytest.approx(0.1, abs=0.002)
    done = {"action_id": "A", "action": "Calibrate", "finding_code": found[1].code, "status": "done",
            "opened_on": pd.Timestamp("2026-11-09"), "closed_on": pd.Timestamp("2026-11-06"), "expected_gain": found[1].gap}  # fmt: skip
    for left, achieved, verdict in ((0, 0.5, "as expected"), (3, 0.2, "less than expected")):
        told = effects(make(**joined(week(WEEKS[0], 5), week(WEEKS[1], left))), pd.DataFrame([done]))
        assert told["achieved"].tolist() == pytest.approx([achieved]) and worked(told)["verdict"].tolist() == [verdict]


def test_what_lasts_is_told_and_asks_for_a_reader_where_nothing_can_be_compared():
    level = levels([CAUSE], pd.DataFrame({"cause": ["A"], "weeks_above": [7], "weeks": [8]}))
    assert level["weeks_above"].tolist() == ["7 of 8"]
    incomparable = CHANGE.assign(difference=float("nan"), reason="there is no earlier week")
    for change, severity in ((CHANGE, "know"), (incomparable, "watch")):
        last = why(change, NO_MIX, [], evidence(), NO_AUDITS, level)[-1]
        assert last.severity == severity
        assert "reference label counterfeit (91.0 % wrong instead of 10.0 %; above the rest in 7 of 8 weeks)" in last.sentence


def test_tables_carry_words_and_numbers():
    row = ranked([CAUSE]).iloc[0]
    assert row["where"] == "site KUL, reference label counterfeit"
    assert row["same_as"] == "queue goods"
    assert row[["excess_errors", "ci_low", "ci_high", "n"]].tolist() == [300.0, 200.0, 400.0, 28]
    assert ranked([]).empty
    assert also_moved([]).empty


@pytest.mark.parametrize(
    ("segment", "said"),
    [
        ({}, "everywhere"),
        ({"agent_id": ["a", "b"]}, "agent a or b"),
        ({"site": [None]}, "site (not given)"),
        ({"queue": list("abcdef")}, "queue a or b or c or d or 2 more"),
    ],
)
def test_segments_in_words(segment, said):
    assert where(segment) == said
