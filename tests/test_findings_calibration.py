"""What the calibration page says, and that it says nothing where there is nothing."""

from __future__ import annotations

import pandas as pd
import pytest

from labelqa_lib.calibration import agreement
from labelqa_lib.findings.agreement import read_agreement
from labelqa_lib.findings.calibration import calibration_findings, read_checks

LABELS = ["ok", "spam"]
NOTHING = pd.DataFrame({"flagged": []})
NO_TRAP = pd.DataFrame(columns=["trap", "n", "of", "detail"])


def pairs(**counts: int) -> pd.DataFrame:
    """So many items of two agents each: ``ok_spam=3``."""
    rows = [(f"{both}{place}", agent, label, "2026-W46", False)
            for both, count in counts.items() for place in range(count)
            for agent, label in zip("ab", both.split("_"), strict=True)]  # fmt: skip
    return pd.DataFrame(rows, columns=["item_id", "agent_id", "label", "week", "repeated"])


def told(
    rows: pd.DataFrame, met=NO_TRAP, splits=NOTHING.head(0), suspects=NOTHING, **more
) -> dict[str, tuple[str, str]]:
    shares = rows["label"].value_counts(normalize=True)
    found = calibration_findings(
        agreement(rows, LABELS), agreement(rows, LABELS, "label"), shares, met, splits, suspects, **more
    )
    return {one.code: (one.severity, one.sentence) for one in found}


def test_people_who_agree_are_no_finding():
    rows = pairs(ok_ok=300, spam_spam=200, ok_spam=10)
    assert told(rows) == {}
    said = read_agreement(agreement(rows, LABELS), rows["label"].value_counts(normalize=True))
    assert said.startswith("Agents mean the same thing.") and "reliable" in said


def test_the_paradox_is_recognised_and_explained():
    rows = pairs(ok_ok=800, ok_spam=100, spam_ok=80, spam_spam=20)
    found = told(rows)
    assert found["agreement:paradox"][0] == "watch"
    said = read_agreement(agreement(rows, LABELS), rows["label"].value_counts(normalize=True))
    assert "paradox of kappa: ok takes 89.0 % of all labels" in said
    assert "would agree 80.4 % of the time" in said


def test_little_agreement_without_a_common_label_is_no_paradox():
    found = told(pairs(ok_ok=200, spam_spam=200, ok_spam=150, spam_ok=150))
    assert found["agreement:krippendorff_alpha"][0] == "act"
    assert "agreement:paradox" not in found
    assert "surely below 0.667: ok 0.14" in found["agreement:label"][1]


def test_every_trap_is_named():
    met = pd.DataFrame(
        [
            ("aggregated", 40, 40, ""),
            ("two_markets", 1275, 11205, "IN"),
            ("dominant", 8581, 92721, "A214"),
            ("repeated", 149, 2918, ""),
        ],
        columns=NO_TRAP.columns,
    )
    found = told(pairs(ok_ok=300, spam_spam=200), met)
    assert "merged before delivery" in found["trap:aggregated"][1]
    assert "1,275 of 11,205 annotations were also delivered under IN" in found["trap:two_markets"][1]
    assert "Agent A214 gave 9.3 % of all labels" in found["trap:dominant"][1]
    assert "2,918 items more than once, and gave 149" in found["trap:repeated"][1]
    assert list(found)[:2] == ["trap:aggregated", "trap:two_markets"], "what must be acted on comes first"


def split(verdict: str) -> pd.DataFrame:
    row = {"policy_area": "commerce", "reference_label": "counterfeit", "label": "spam", "verdict": verdict, "share": 0.19,
           "ci_low": 0.14, "ci_high": 0.26, "n": 163, "errors": 31, "site": "KUL", "also": (), "site_share": 0.263, "rest_share": 0.02,
           "p_value": 0.001, "sites": "KUL 26 % of 114, MNL 2 % of 49"}  # fmt: skip
    return pd.DataFrame([row])


@pytest.mark.parametrize(
    ("verdict", "severity", "said"),
    [
        ("training", "act", "Training at KUL: there counterfeit is labelled spam 26.3 % of the time, elsewhere 2.0 %"),
        (
            "unclear SOP",
            "act",
            "Unclear SOP in commerce: counterfeit is labelled spam 19.0 % (14.0 to 26.0) of the time",
        ),
        ("not enough data", "know", "cannot be told"),
    ],
)
def test_which_it_is_and_why(verdict, severity, said):
    found = told(pairs(ok_ok=300, spam_spam=200), splits=split(verdict))
    ((found_severity, sentence),) = found.values()
    assert found_severity == severity and said in sentence
    assert "KUL 26 % of 114, MNL 2 % of 49" in sentence


def test_every_site_that_needs_training_is_named():
    both = split("training").assign(also=[("PEN",)])
    rows = pairs(ok_ok=300, spam_spam=200)
    shares = rows["label"].value_counts(normalize=True)
    (one,) = calibration_findings(agreement(rows, LABELS), agreement(rows, LABELS, "label"), shares, NO_TRAP, both, NOTHING)
    assert one.sentence.startswith("Training at KUL and PEN: there counterfeit is labelled spam 26.3 %")
    assert (one.segment, one.also) == ({"site": "KUL"}, ({"site": "PEN"},))


def test_people_are_named_once_and_doubt_is_said():
    flagged = {"flagged": True, "p_value": 0.0, "adjusted": 0.0}
    suspicions = {
        "unrelated": pd.DataFrame([{"agent_id": "A1", "estimate": 0.02, "n": 275} | flagged]),
        "constant": pd.DataFrame([{"agent_id": f"A{number}", "label": "G", "n": 50} | flagged for number in range(2, 8)]),
        "copied": pd.DataFrame([
            {"agent_id": "A1", "other_agent": "A2", "estimate": 1.0, "expected": 0.9, "n": 80} | flagged,
            {"agent_id": "B1", "other_agent": "B2", "estimate": 0.95, "expected": 0.7, "n": 90} | flagged,
        ]),
        "too_fast": pd.DataFrame([{"agent_id": "A9", "estimate": 0.07, "n": 600} | flagged | {"flagged": False}]),
    }  # fmt: skip
    found = told(pairs(ok_ok=300, spam_spam=200), suspicions=suspicions)
    assert set(found) == {"people:unrelated", "people:constant", "people:copied"}
    assert found["people:unrelated"][1].startswith("1 agent gives labels that have next to nothing to do")
    assert "always G, 50 labels); and 2 more" in found["people:constant"][1]
    assert "B1 and B2 (95.0 % of 90 items alike, 70.0 % expected)" in found["people:copied"][1]
    assert "A1 and A2" not in found["people:copied"][1], "both are named for what explains it"
    assert all("ask before concluding" in sentence for _, sentence in found.values())


def moved(*rows: tuple) -> pd.DataFrame:
    """Rows of site, metric, difference and its ends, own."""
    names = ["site", "metric", "difference", "difference_low", "difference_high", "own"]
    return pd.DataFrame(rows, columns=names).assign(session="K, closed 2026-W40")


def test_what_a_session_changed():
    """By the key where there is one, and beside the sites that had no session."""
    by_key = moved(("K", "accuracy", 0.05, 0.02, 0.08, True), ("L", "accuracy", 0.01, -0.02, 0.03, False),
                   ("K", "gwet_ac1", 0.0, -0.1, 0.1, True))  # fmt: skip
    rows = pairs(ok_ok=300, spam_spam=200)
    severity, sentence = told(rows, session=by_key)["session:accuracy"]
    assert severity == "good"
    assert "(K, closed 2026-W40) agreement with the key moved by +5.0 pt (2.0 to 8.0)" in sentence
    assert "sites without one: L +1.0 pt" in sentence and "agree more than before" in sentence
    severity, sentence = told(rows, session=moved(("all", "gwet_ac1", -0.2, -0.3, -0.1, True)))["session:gwet_ac1"]
    assert severity == "watch" and "AC1 moved by −0.20" in sentence
    assert told(rows, session=by_key.head(0)) == {}


def test_what_the_next_session_is_about():
    items = pd.DataFrame({
        "labels": ["ok 3, tier 2 1", "ok 1, spam 1", "ok 1, spam 1"], "queue": ["q", None, None], "value": [1.0, 0.9, 0.4],
    })  # fmt: skip
    severity, sentence = told(pairs(ok_ok=300, spam_spam=200), items=items)["session:next"]
    assert severity == "know"
    assert sentence.endswith("most to settle on: ok or spam (2 items); ok or tier 2 in q (1 item).")


def test_qas_who_moved_together():
    lately = pd.DataFrame([{"metric": "missed_error_rate", "before": 0.004, "before_low": 0.0, "before_high": 0.015,
                            "after": 0.026, "after_low": 0.012, "after_high": 0.053, "difference": 0.022, "difference_low": 0.004,
                            "difference_high": 0.05}])  # fmt: skip
    rows = pairs(ok_ok=300, spam_spam=200)
    severity, sentence = told(rows, lately=lately)["audits:missed_error_rate"]
    assert severity == "watch" and "2.6 % (1.2 to 5.3) in the last four weeks" in sentence
    assert told(rows, lately=lately.assign(difference_low=-0.001)) == {}


def test_checks_in_words():
    figures = pd.DataFrame([{"estimate": 0.95, "ci_low": 0.9, "ci_high": 0.98, "n": 1200}])
    unknown = figures.assign(estimate=float("nan"))
    assert read_checks(figures, unknown) == "Of 1,200 audits by QAs that tier 2 repeated, it confirms 95.0 % (90.0 to 98.0)."
    assert read_checks(unknown, figures).startswith("Of 1,200 answers to gold, 95.0 %")
    assert "not known" in read_checks(unknown, unknown)


def test_nothing_labelled_twice():
    rows = pairs(ok_ok=1).head(0)
    assert "not known" in read_agreement(agreement(rows, LABELS), rows["label"].value_counts(normalize=True))
    assert told(rows) == {}
