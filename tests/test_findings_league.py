"""Markets side by side, by hand: places that intervals leave open, what is met, and one incident told once."""

from __future__ import annotations

import pandas as pd
import pytest

from labelqa_lib.findings.league import league, league_sentence, market_findings, standings
from labelqa_lib.params import Target

WEEKS = ("2026-W45", "2026-W46")
TARGETS = {market: {"accuracy": Target(at_least=0.95)} for market in ("ES", "MX", "MY", "SG")}


def weekly(**markets):
    """A metric frame: market -> estimate of either week, half-width .01; None is undefined."""
    rows = [
        {"metric": "accuracy", "market": market, "period": week, "estimate": value, "ci_low": None if value is None else value - 0.01,
         "ci_high": None if value is None else value + 0.01, "n": 500, "n_effective": 400.0, "method": "Wilson; audits", "reason": ""}
        for market, values in markets.items() for week, value in zip(WEEKS, values, strict=True)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.astype(dict.fromkeys(["estimate", "ci_low", "ci_high"], float))


@pytest.fixture
def standing():
    return standings(weekly(ES=(0.97, 0.98), MX=(0.97, 0.975), MY=(0.96, 0.90), SG=(0.96, None)), TARGETS)


def test_places_are_those_that_the_intervals_leave_open(standing):
    ranked = league(standing, "accuracy")
    assert ranked[["market", "place", "status"]].to_numpy().tolist() == [
        ["ES", "1 to 2", "meets"], ["MX", "1 to 2", "meets"], ["MY", "3", "misses"], ["SG", "", "not measured"],
    ]  # fmt: skip
    assert ranked["change"].round(3).tolist()[:3] == [0.01, 0.005, -0.06]
    assert league_sentence(ranked, "Accuracy") == (
        "Accuracy: 2 of 3 markets meet their target or likely do; missed for sure in MY."
    )
    assert league_sentence(ranked.head(1), "Accuracy").endswith("1 of 1 market meets its target or likely does; missed for sure in none.")
    assert league_sentence(ranked.tail(1), "Accuracy") == "No market can be held to a target of Accuracy this week."


def test_where_less_is_better_the_lowest_is_first():
    targets = {market: {"fpr": Target(at_most=0.04)} for market in ("ES", "MY")}
    ranked = league(standings(weekly(ES=(0.05, 0.05), MY=(0.02, 0.02)).assign(metric="fpr"), targets), "fpr")
    assert ranked[["market", "place"]].to_numpy().tolist() == [["MY", "1"], ["ES", "2"]]


def test_a_market_without_the_week_or_without_params_is_not_in_it():
    frame = weekly(ES=(0.97, 0.98), MX=(0.97, 0.97), XX=(0.9, 0.9))
    frame = frame[(frame["market"] != "MX") | (frame["period"] == WEEKS[0])]
    assert standings(frame, TARGETS)["market"].unique().tolist() == ["ES"]


def moves(segment, p_value, difference=-0.06):
    return {"metric": "accuracy", "segment": segment, "depth": len(segment), "period": WEEKS[1], "estimate": 0.9, "ci_low": 0.89,
            "ci_high": 0.91, "n": 500, "baseline": 0.96, "n_baseline": 5000, "difference": difference, "difference_low": -0.08,
            "difference_high": -0.04, "p_value": p_value, "volume": 1000.0}  # fmt: skip


def test_a_missed_target_is_told_with_its_market_and_once_where_the_market_moved(standing):
    found = market_findings(standing, [], {"MY": 10_000.0})
    assert [(one.code, one.segment, one.evidence, round(one.size)) for one in found] == [
        ("target:accuracy:market=MY", {"market": "MY"}, "league", 500)
    ]
    assert found[0].sentence.startswith("MY: Accuracy is 90.0 % (89.0 to 91.0): below the target of 95.0 % for sure")
    moved = pd.DataFrame([moves({"market": "MY"}, 1e-6), moves({"market": "ES"}, 0.6)])
    assert [one.code for one in market_findings(standing, [moved], {"MY": 10_000.0})] == ["move:accuracy:market=MY"]
    better = moves({"market": "MY"}, 1e-6, 0.04) | {"baseline": 0.86, "difference_low": 0.02, "difference_high": 0.06}
    assert [(one.code, one.severity) for one in market_findings(standing, [pd.DataFrame([better])], {"MY": 10_000.0})] == [
        ("target:accuracy:market=MY", "act"), ("move:accuracy:market=MY", "good"),
    ], "still below its target, for sure"  # fmt: skip
    inside = pd.DataFrame([moves({"market": "MY", "site": "KUL"}, 1e-6), moves({"market": "MY"}, 0.2, -0.001)])
    assert {one.code for one in market_findings(standing, [inside], {"MY": 10_000.0})} == {
        "move:accuracy:market=MY:site=KUL", "target:accuracy:market=MY",
    }  # fmt: skip
