"""What needs attention: said when intervals say so, silent about noise, ranked by what it costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labelqa_lib import findings
from labelqa_lib.findings.history import beside
from labelqa_lib.findings.recommend import recommend
from labelqa_lib.findings.standout import standing_out
from labelqa_lib.metrics import spread
from labelqa_lib.params import Target
from labelqa_lib.store import Restatement, Snapshot
from labelqa_lib.translation import speaking

from metrics.snapshots import joined, labelled, make

WEEKS = ("2026-W44", "2026-W45", "2026-W46")


def weekly(metric="accuracy", estimates=(0.96, 0.96, 0.96), half=0.01, n=800, reason=""):
    estimates = np.asarray(estimates, float)
    return pd.DataFrame(
        {
            "metric": metric, "period": WEEKS, "estimate": estimates, "ci_low": estimates - half,
            "ci_high": estimates + half, "n": n, "n_effective": float(n), "method": "", "reason": reason,
        }
    )  # fmt: skip


def moves(*rows):
    columns = ["segment", "estimate", "baseline", "p_value", "volume"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(
        metric="accuracy", depth=frame["segment"].map(len), period=WEEKS[-1], ci_low=frame["estimate"] - 0.01,
        ci_high=frame["estimate"] + 0.01, n=400, n_baseline=4000, difference=frame["estimate"] - frame["baseline"],
        difference_low=frame["estimate"] - frame["baseline"] - 0.01,
        difference_high=frame["estimate"] - frame["baseline"] + 0.01,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("estimate", "half", "status", "severity"),
    [
        (0.97, 0.01, "meets", None),
        (0.93, 0.01, "misses", "act"),
        (0.945, 0.01, "likely misses", "watch"),
        (0.955, 0.01, "likely meets", None),
        (0.945, 0.05, "not enough data", "know"),
        (0.90, 0.045, "misses", "act"),
    ],
)
def test_the_interval_decides_and_not_the_point(estimate, half, status, severity):
    standing = findings.headline(
        weekly(estimates=(estimate,) * 3, half=half), {"accuracy": Target(at_least=0.95, precision=0.02)}
    )
    assert standing["status"].tolist() == [status]
    found = findings.find(standing, [])
    assert [one.severity for one in found] == ([severity] if severity else [])


def test_a_metric_without_data_or_target_is_told_apart_and_makes_no_finding():
    empty = weekly("fpr", (np.nan,) * 3, n=0, reason="needs audits or gold; neither was delivered")
    standing = findings.headline(pd.concat([weekly(), empty]), {})
    assert standing["status"].tolist() == ["no target", "not measured"]
    assert standing["estimate"].isna().tolist() == [False, True]
    assert findings.find(standing, []) == []


def test_history_has_a_gap_where_a_week_is_undefined():
    standing = findings.headline(weekly(estimates=(0.9, np.nan, 0.95)), {})
    assert np.isnan(standing["history"][0][1])
    assert len(standing["history"][0]) == 3


def test_a_missing_week_keeps_its_place_and_is_named():
    frame = weekly(estimates=(0.9, 0.91, 0.95))
    row = findings.headline(frame[frame["period"] != WEEKS[1]], {}).iloc[0]
    assert row["history"] == pytest.approx([0.9, np.nan, 0.95], nan_ok=True)
    assert np.isnan(row["change"]) and row["change_reason"] == "no figure for 2026-W45"
    first = findings.headline(frame[frame["period"] == WEEKS[2]], {}).iloc[0]
    assert first["change_reason"] == "no earlier week"


def test_a_figure_on_gold_is_told_apart():
    methods = ["Wilson, clustered by agent; audits"] * 2 + ["Wilson, clustered by agent; gold"]
    row = findings.headline(weekly().assign(method=methods), {}).iloc[0]
    assert row["stands_on"] == "gold" and np.isnan(row["change"])
    assert row["change_reason"] == "only one of 2026-W46 and 2026-W45 stands on gold"


def test_the_more_costly_move_comes_first_and_says_its_size():
    found = findings.find(
        findings.headline(weekly(), {}),
        [moves(({"site": "KUL"}, 0.90, 0.96, 1e-6, 1000.0), ({"site": "MNL"}, 0.90, 0.96, 1e-5, 9000.0))],
    )
    assert [one.segment["site"] for one in found] == ["MNL", "KUL"]
    assert found[0].sentence == (
        "Accuracy (site MNL) fell from 96.0 % to 90.0 % (89.0 to 91.0): about 540 more wrong labels in the week."
    )
    assert found[0].code == "move:accuracy:site=MNL"


def test_one_story_is_told_once_by_the_segment_that_tells_it_best():
    found = findings.find(
        findings.headline(weekly(), {}),
        [
            moves(
                ({"site": "KUL"}, 0.93, 0.96, 1e-4, 4000.0),
                ({"site": "KUL", "label": "spam"}, 0.60, 0.95, 1e-9, 400.0),
                ({"label": "spam"}, 0.80, 0.95, 1e-5, 900.0),
                ({"label": "scam"}, 0.80, 0.95, 1e-5, 900.0),
            )
        ],
    )
    assert {tuple(one.segment.values()) for one in found} == {("KUL", "spam"), ("scam",)}


@pytest.mark.parametrize("locale", ["es-MX", "ms-MY", "zh-TW"])
def test_a_finding_is_the_same_in_every_language_but_for_its_sentence(locale):
    """Next week's report, and the register, know it by its code."""

    def found():
        standing = findings.headline(weekly(estimates=(0.9, 0.9, 0.9)), {"accuracy": Target(at_least=0.95, precision=0.02)})
        told = findings.find(standing, [moves(({"site": "KUL"}, 0.80, 0.95, 1e-9, 900.0))], 1000.0)
        return beside(recommend(told, 1000.0), [{"code": "target:accuracy", "severity": "act", "weeks": 2}])

    english = found()
    with speaking(locale):
        spoken = found()
    words = {"sentence": "", "recommendation": None}
    assert [replace(one, **words) for one in spoken] == [replace(one, **words) for one in english]
    assert [one.recommendation.kind for one in spoken] == [one.recommendation.kind for one in english]
    assert not {one.sentence for one in spoken} & {one.sentence for one in english}


@pytest.mark.slow
def test_noise_is_not_a_finding():
    """400 comparisons without any change: a search at 5 % each would list 20, at a false discovery rate it lists
    some in at most 5 % of weeks (300 weeks; 3 standard errors of a 5 % share are 3.8 %)."""
    rng = np.random.default_rng(20261122)
    standing = findings.headline(weekly(), {})
    listed = [
        bool(
            findings.find(standing, [moves(*(({"site": f"S{k}"}, 0.9, 0.96, p, 100.0) for k, p in enumerate(values)))])
        )
        for values in rng.uniform(size=(300, 400))
    ]
    assert np.mean(listed) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_an_irrelevant_move_is_left_out():
    tiny = moves(({"site": "KUL"}, 0.9599, 0.9601, 1e-9, 1e6))
    assert findings.find(findings.headline(weekly(), {}), [tiny]) == []


def test_what_may_be_another_view_of_a_stronger_move_is_named_beside_it():
    found = findings.find(
        findings.headline(weekly(), {}),
        [
            moves(
                ({"label": "spam"}, 0.60, 0.95, 1e-9, 1000.0),
                ({"queue": "live"}, 0.90, 0.96, 1e-5, 5000.0),
                ({"queue": "ads"}, 0.80, 0.96, 1e-5, 9000.0),
            )
        ],
    )
    assert [one.segment for one in found] == [{"queue": "ads"}, {"label": "spam"}]
    assert found[1].sentence.endswith("Perhaps the same: queue live (−6.0 pt).")


def test_a_gain_is_good_news_and_comes_after_what_needs_a_reader():
    found = findings.find(
        findings.headline(weekly(), {}),
        [moves(({"site": "KUL"}, 0.99, 0.95, 1e-9, 9000.0), ({"site": "MNL"}, 0.94, 0.96, 1e-9, 500.0))],
    )
    assert [one.severity for one in found] == ["watch", "good"]


def test_nobody_is_named_on_too_few_items_and_the_surely_worst_come_first():
    people = pd.DataFrame(
        {
            "metric": "accuracy", "agent_id": ["a", "b", "c"], "estimate": [0.5, 0.8, 0.9],
            "ci_low": [0.1, 0.7, 0.85], "ci_high": [0.9, 0.85, 0.95], "n": [4, 40, 400],
        }
    )  # fmt: skip
    named = findings.named(people, 30)
    assert named["agent_id"].tolist() == ["b", "c"]
    assert findings.worst(named, 1)["agent_id"].tolist() == ["b"]
    assert len(findings.worst(named.head(0))) == 0


def test_questions_without_an_answer_name_what_is_missing_once():
    reason = "needs audits or gold; neither was delivered"
    frame = weekly("fpr", (np.nan,) * 3, n=0, reason=reason)
    pairs = findings.unanswered(weekly(), frame, frame)
    assert len(pairs) == 1
    assert pairs[0][1] == reason


def test_a_restated_week_names_the_tables_and_the_snapshot_before():
    then = Snapshot("s1", "test", "2026-11-20T06:00:00Z", None, {}, {}, {})
    said = findings.restated_since(Restatement(then, ("appeals", "gold", "shifts")))
    assert said == "Rows of appeals, gold and shifts were added, changed or taken away since snapshot s1 of 2026-11-20."
    assert "Rows of audits were" in findings.restated_since(Restatement(then, ("audits",)))
    assert "No row" in findings.restated_since(None)


def accuracy(metric, estimate, half, **more):
    return pd.DataFrame([{"metric": metric, "period": WEEKS[-1], "estimate": estimate, "ci_low": estimate - half,
                          "ci_high": estimate + half, "n": 400, "n_effective": 350.0, "method": "", "reason": ""} | more])  # fmt: skip


def test_how_sure_tells_what_the_model_adds_only_where_it_adds_something():
    raw = accuracy("accuracy_tier1", 0.951, 0.02)
    corrected = pd.concat([raw, accuracy("accuracy_corrected", 0.948, 0.025, moved=-0.003, reaudits=120)])
    wanted = {"accuracy": Target(at_least=0.95, precision=0.01)}
    helped = pd.concat([raw, accuracy("accuracy_assisted", 0.953, 0.013, worth=2.37)])
    told = findings.how_sure(corrected, wanted, helped)
    assert "With the model's opinion of every item, audited or not, it is 95.3 % (94.0 to 96.6), as sure as 2.4 times" in told
    for worth in (1.0, np.nan):
        assert "model" not in findings.how_sure(corrected, wanted, helped.assign(worth=worth))


def test_how_many_more_audits_depends_on_how_sure_one_wants_to_be():
    wanted = {"accuracy": Target(at_least=0.95, precision=0.01)}
    counts = []
    for confidence, half in ((0.9, 0.0168), (0.95, 0.02)):  # of one and the same audits
        corrected = pd.concat([accuracy("accuracy_tier1", 0.951, half), accuracy("accuracy_corrected", np.nan, np.nan)])
        told = findings.how_sure(corrected, wanted, confidence=confidence)
        counts.append(int(told.split("About ")[1].split(" more")[0].replace(",", "")))
        text = findings.headline(weekly(estimates=(0.951,) * 3, half=half), wanted, confidence)["status_text"].iloc[0]
        counts.append(int(text.split("about ")[1].split(" more")[0].replace(",", "")))
    assert counts[0] < counts[2] and counts[1] < counts[3]


def test_a_drift_is_a_finding_where_no_rule_fired():
    chart = accuracy("accuracy", 0.94, 0.02, centre=0.952, lower=0.92, upper=0.98, signal="", level=0.9431, phase="",
                     drift="small deviations below the centre have added up")  # fmt: skip
    (found,) = findings.find(findings.headline(weekly(), {}), [], chart=chart)
    assert (found.code, found.severity) == ("drift:accuracy", "watch")
    assert "is 94.3 % where 95.2 % is usual (small deviations below the centre have added up)" in found.sentence
    (signal,) = findings.find(findings.headline(weekly(), {}), [], chart=chart.assign(signal="below the lower limit"))
    assert signal.code == "control:accuracy"
    assert findings.find(findings.headline(weekly(), {}), [], chart=chart.assign(drift="")) == []


@pytest.mark.parametrize(
    ("estimate", "signal", "severity"),
    [
        (0.955, "7 in a row falling", "watch"), (0.94, "7 in a row rising", "good"), (0.955, "7 in a row above the centre", "good"),
        (0.955, "7 in a row above the centre; 7 in a row falling", "watch"), (0.94, "below the lower limit", "watch"),
    ],
)  # fmt: skip
def test_a_figure_that_goes_down_is_watched_before_it_lies_below_its_centre(estimate, signal, severity):
    chart = accuracy("accuracy", estimate, 0.02, centre=0.95, lower=0.92, upper=0.98, signal=signal, level=0.95, phase="", drift="")
    (found,) = findings.find(findings.headline(weekly(), {}), [], chart=chart)
    assert found.severity == severity


def test_critical_errors_that_crowd_in_the_last_week_are_a_finding():
    gaps = pd.DataFrame({"period": [WEEKS[0], WEEKS[-1], WEEKS[-1]], "gap": [50.0, 4, 6], "centre": 49.0,
                         "signal": ["", "", "7 in a row below the centre"]})  # fmt: skip
    standing = findings.headline(weekly(), {})
    (found,) = findings.find(standing, [], gaps=gaps)
    assert "of late 5 good items lie before each, where 49 were usual (7 in a row below the centre)" in found.sentence
    for calm in (gaps.assign(signal=""), gaps.assign(signal="7 in a row above the centre"), gaps[:1], gaps[:0]):
        assert findings.find(standing, [], gaps=calm) == []


@pytest.mark.parametrize(("items", "chance"), [(20, ""), (40, " (100 % chance to be the worst)")])
def test_who_is_named_alone_is_given_no_chance_to_be_the_worst(items, chance):
    """With 20 items nobody else is named, and nobody knows how they compare."""
    bad = labelled("ok>ok " * 36 + "ok>spam " * 24, agent_id="BAD")
    rest = [labelled("ok>ok " * (items - 1) + "ok>spam", agent_id=f"x{place}") for place in range(8)]
    (one,) = standing_out(spread(make(**joined(bad, *rest)), "agent_id"))
    assert one.sentence.endswith(f": BAD with 40.0 % (28.3 to 53.0) on 60 items{chance}.")
