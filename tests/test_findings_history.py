"""New, still there, better, worse, gone: told beside what last week's report wrote down."""

from __future__ import annotations

import json
from dataclasses import asdict
from types import SimpleNamespace

import pytest

from labelqa_lib.display.show import records
from labelqa_lib.findings.finding import Finding, Recommendation
from labelqa_lib.findings.history import beside, beside_sentence
from labelqa_lib.page import Page
from labelqa_lib.params import Market, Workspace


def finding(code="move:accuracy:site=KUL", segment=None, metric="accuracy", period="2026-W46", gaps=(0.05, 0.03, 0.07), **more):
    about = {"severity": "act", "sentence": "Accuracy fell.", "size": 1.0, "evidence": "sites"} | more
    segment = {"site": "KUL"} if segment is None else segment
    names = ("gap", "gap_low", "gap_high")
    return Finding(code=code, metric=metric, period=period, segment=segment, **dict(zip(names, gaps, strict=True)), **about)


def written(*found):
    """As `findings.json` holds them."""
    return json.loads(json.dumps(records([asdict(one) for one in found])))


LAST = finding(period="2026-W45")


def test_without_a_report_of_last_week_nothing_is_called_new():
    assert beside([LAST], None) == [LAST]
    assert "is not known" in beside_sentence([LAST], None)


@pytest.mark.parametrize(
    ("gaps", "state"),
    [((0.05, 0.03, 0.07), "still there"), ((0.03, 0.01, 0.05), "still there"), ((0.01, 0.0, 0.02), "better"),
     ((0.12, 0.10, 0.14), "worse"), ((float("nan"),) * 3, "still there")],
)  # fmt: skip
def test_better_and_worse_are_more_than_noise(gaps, state):
    (one,) = beside([finding(gaps=gaps)], written(LAST))
    assert (one.state, one.weeks, one.since) == (state, 2, "2026-W45")


def test_weeks_count_on_from_report_to_report():
    weeks, since, earlier = [], [], []
    for week in ("2026-W44", "2026-W45", "2026-W46"):
        found = beside([finding(period=week)], earlier)
        weeks.append((found[0].state, found[0].weeks))
        since.append(found[0].since)
        earlier = written(*found)
    assert weeks == [("new", 1), ("still there", 2), ("still there", 3)]
    assert since == ["", "2026-W44", "2026-W44"]


def test_what_is_gone_is_told_once():
    first = beside([], written(LAST))
    assert [(one.code, one.state, one.severity) for one in first] == [(LAST.code, "gone", "know")]
    assert first[0].sentence == "Gone after 1 week: Accuracy fell."
    assert beside([], written(*first)) == [], "a week later nobody speaks of it"
    assert beside([], written(finding(severity="good"))) == [], "good news is not missed"


def test_one_story_told_of_a_part_of_the_segment_is_the_same_story():
    narrower = finding("move:accuracy:site=KUL:reference_label=spam", {"site": "KUL", "reference_label": "spam"})
    assert [one.state for one in beside([narrower], written(LAST))] == ["still there"]
    elsewhere = finding("move:accuracy:site=MNL", {"site": "MNL"})
    assert [one.state for one in beside([elsewhere], written(LAST))] == ["new", "gone"]
    good_news = finding(severity="good")
    assert [one.state for one in beside([good_news], written(finding("move:accuracy:site=KUL:queue=ads", {"site": "KUL", "queue": "ads"})))] == ["new", "gone"]


@pytest.mark.parametrize(("gain", "state"), [(0.05, "still there"), (0.01, "better"), (0.12, "worse")])
def test_a_cause_is_better_or_worse_by_what_the_market_would_gain(gain, state):
    """Told of a small part of its segment, its own error rate is higher while it costs the market no more."""
    told = {"kind": "retrain", "action": "Calibrate", "metric": "accuracy", "unit": "points", "items": 0.0, "hours": 1.0,
            "cost": "", "sentence": "Calibrate."}  # fmt: skip
    last = finding("cause:site=KUL", gaps=(0.25, 0.2, 0.3), recommendation=Recommendation(gain=0.05, gain_low=0.04, gain_high=0.06, **told))
    part = {"site": "KUL", "queue": "ads"}
    worth = Recommendation(gain=gain, gain_low=gain - 0.01, gain_high=gain + 0.01, **told)
    (one,) = beside([finding("cause:site=KUL:queue=ads", part, gaps=(0.8, 0.7, 0.9), recommendation=worth)], written(last))
    assert one.state == state
    for now, was in ((finding("cause:verdict"), last), (last, finding("cause:site=KUL"))):
        assert beside([now], written(was))[0].state in ("still there", "new"), "without a gain nothing is compared"


def test_the_same_code_comes_before_the_same_story():
    part = finding("move:accuracy:site=KUL:queue=ads", {"site": "KUL", "queue": "ads"})
    told = beside([part, finding()], written(LAST))
    assert [one.state for one in told] == ["new", "still there"]


def test_the_sentence_counts_states():
    told = beside([finding(), finding("target:fpr", {}, "fpr")], written(LAST, finding("target:fnr", {}, "fnr")))
    assert beside_sentence(told, []) == "Beside last week's report: 1 new, 1 still there, 1 gone."
    assert beside_sentence([], []) == "Nothing was found last week, nor this week."


def test_a_page_reads_what_its_report_found_the_week_before(tmp_path):
    page = Page(
        tables=SimpleNamespace(snapshot=SimpleNamespace(simulated=False)), restatement=None, restated=None, workspace=Workspace(),
        market=Market(market="MY"), week="2026-W01",
        audience="aurora", root=tmp_path, reports=tmp_path, register=tmp_path / "actions.csv",
    )  # fmt: skip
    assert page.earlier("market_report") is None
    file = tmp_path / "aurora" / "2025-W52" / "MY" / "market_report.findings.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"findings": written(LAST)}))
    assert page.earlier("market_report")[0]["code"] == LAST.code
    for content in ("{", "[]", '{"findings": 3}', ""):
        file.write_text(content)
        assert page.earlier("market_report") is None
    file.write_text(json.dumps({"simulated": True, "findings": written(LAST)}))
    assert page.earlier("market_report") is None, "the demo's"
