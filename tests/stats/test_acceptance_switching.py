"""Switching by the standard's words, lots judged by hand, whole histories, and the scheme's published curve."""

import numpy as np
import pytest

import labelqa_lib as lq
from labelqa_lib.errors import UsageError
from labelqa_lib.stats.acceptance import LotResult, Plan, Stage, inspect_lots, judge, plan, scheme_oc, switch

GOOD, BAD = True, False
SHORT = {"normal": "n", "tightened": "t", "reduced": "r", "stopped": "x"}


def severities(history, **more):
    """The severity of each lot, and of the one to come."""
    steps = switch(history, **more)
    return "".join(SHORT[step.inspection] for step in steps) + SHORT[steps[-1].following]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([GOOD], "nn"),
        ([BAD, BAD], "nnt"),
        ([BAD, GOOD, GOOD, GOOD, BAD], "nnnnnt"),
        ([BAD, GOOD, GOOD, GOOD, GOOD, BAD], "nnnnnnn"),
        ([BAD, BAD] + [GOOD] * 5, "nntttttn"),
        ([BAD, BAD] + [GOOD] * 4 + [BAD] + [GOOD] * 5, "nn" + "t" * 10 + "n"),
        # back on normal inspection, old rejections are forgotten
        ([BAD, BAD] + [GOOD] * 5 + [BAD], "nntttttnn"),
        ([BAD, BAD] + [BAD] * 5, "nntttttx"),
        # rejections on tightened inspection add up, successive or not, and the next start is tightened
        ([BAD, BAD] + [BAD, GOOD] * 4 + [BAD] + [GOOD] * 5, "nn" + "t" * 9 + "tttttn"),
        ([GOOD] * 10, "n" * 10 + "r"),
        ([GOOD] * 9 + [BAD] + [GOOD] * 10, "n" * 20 + "r"),
        ([GOOD] * 10 + [BAD, GOOD], "n" * 10 + "rnn"),
        ([GOOD] * 12 + [BAD, BAD], "n" * 10 + "rrrnn"),
    ],
)
def test_switching_as_the_standard_says(history, expected):
    assert severities(history) == expected


def test_a_step_says_why():
    assert switch([BAD, GOOD, BAD])[-1].why == "2 of 3 successive lots rejected"
    assert switch([BAD, BAD] + [GOOD] * 5)[-1].why == "5 successive lots accepted"
    assert switch([BAD] * 7)[-1].why == "5 lots rejected on tightened inspection"
    assert switch([GOOD] * 10)[-1].why == "switching score 30 reached 30"
    assert switch([GOOD] * 11 + [BAD])[-1].why == "a lot rejected"
    assert [step.why for step in switch([GOOD] * 9)] == [""] * 9


def test_the_switching_score():
    """ISO 2859-1, 9.3.3: 2 a lot where one bad row or none is accepted, 0 after a lot that passed only just."""
    small = LotResult(accepted=True, clear=True, gain=2)
    assert severities([small] * 15) == "n" * 15 + "r"
    just = LotResult(accepted=True, clear=False)
    assert [step.score for step in switch([GOOD, GOOD, just, GOOD, BAD, small])] == [3, 6, 0, 3, 0, 2]


def test_reduced_inspection_ends_between_the_numbers_and_when_production_is_unsteady():
    between = LotResult(accepted=True, clear=True, between=True)
    steps = switch([GOOD] * 10 + [between, GOOD])
    assert (steps[10].inspection, steps[10].following) == ("reduced", "normal")
    assert severities([GOOD] * 15, reducible=False) == "n" * 16
    assert severities([GOOD] * 13, reducible=[True] * 11 + [False, True]) == "n" * 10 + "rrnn"
    with pytest.raises(UsageError, match="reducible has 2 entries for 3 lots"):
        switch([GOOD] * 3, reducible=[True, False])


def verdicts(bad, n):
    return np.repeat([1, 0], [bad, n - bad])


def test_a_lot_judged_by_hand():
    chosen = plan(800, 1.5)
    assert chosen.stages == (Stage(80, 3, 4),) and plan(800, 1.0).stages == (Stage(80, 2, 3),)
    assert judge(verdicts(2, 80), chosen) == LotResult(True, True, 3)
    assert judge(verdicts(3, 80), chosen) == LotResult(True, False, 3), "would not have passed one step tighter"
    assert judge(verdicts(4, 80), chosen) == LotResult(False, False, 3)
    assert judge(verdicts(4, 79), chosen) is None, "too few rows to decide"
    # rows beyond the sample are not read
    assert judge(np.concatenate([verdicts(0, 80), np.ones(50, dtype=int)]), chosen).accepted
    assert judge(verdicts(1, 80), plan(800, 0.65)) == LotResult(True, True, 2)
    assert judge(verdicts(1, 32), plan(800, 0.65, inspection="reduced")) == LotResult(True, True, 2, between=True)
    with pytest.raises(UsageError, match="a verdict is neither 0 nor 1"):
        judge([0, 2], chosen)
    with pytest.raises(UsageError, match="a plan without AQL and lot size has no plan one step tighter"):
        judge([0, 1], Plan((Stage(2, 0, 1),)))


def test_a_lot_judged_in_two_samples():
    chosen = plan(5000, 1.5, kind="double")
    first = [verdicts(bad, 125) for bad in (3, 4, 7)]
    assert judge(first[0], chosen) == LotResult(True, True, 3)
    assert judge(first[1], chosen) is None, "a second sample decides"
    assert judge(first[2], chosen) == LotResult(False, False, 3)
    assert judge(np.concatenate([first[1], verdicts(4, 125)]), chosen) == LotResult(True, False, 3)
    assert judge(np.concatenate([first[1], verdicts(5, 125)]), chosen) == LotResult(False, False, 3)


def test_a_history_is_inspected_as_severely_as_it_deserves():
    lots = [(800, verdicts(0, 120))] * 11 + [(800, verdicts(6, 120))] * 4 + [(800, verdicts(0, 40))]
    told = inspect_lots(lots, 1.0)
    assert [lot.plan.inspection for lot in told] == ["normal"] * 10 + ["reduced"] * 2 + ["normal"] * 2 + ["tightened"] * 2
    assert [lot.plan.n for lot in told][9:12] == [80, 32, 32]
    assert told[-1].step is None, "40 rows do not decide on a sample of 80"
    assert told[-2].step.following == told[-1].following == "tightened"


def test_a_stop_holds_after_a_lot_of_which_too_little_was_checked():
    told = inspect_lots([(800, verdicts(80, 80))] * 7 + [(800, verdicts(0, 3))], 1.0)
    assert [lot.following for lot in told[-2:]] == ["stopped", "stopped"] and told[-1].plan.inspection == "tightened"


def test_the_scheme_s_curve_as_published():
    """Stephens & Larson's chain for n 200, c 7 and 5; the qualities accepted with 0.95 and 0.10 as in AQLSchemes."""
    shares = [0.01, 0.015, 0.019296, 0.02, 0.03, 0.04, 0.045884, 0.05]
    expected = [0.9990, 0.9885, 0.9505, 0.9381, 0.4691, 0.1858, 0.0999, 0.0623]
    normal, tightened = (plan(5000, 1.5, inspection=severity) for severity in ("normal", "tightened"))
    np.testing.assert_allclose(scheme_oc(normal, tightened, shares), expected, atol=6e-5)
    ends = scheme_oc(Plan((Stage(200, 7, 8),)), Plan((Stage(200, 5, 6),)), [0.0, 0.5])
    assert ends[0] == pytest.approx(1) and ends[1] == pytest.approx(0, abs=1e-9)


@pytest.mark.slow
def test_the_scheme_s_curve_is_what_switching_gives_in_the_long_run():
    """6,000 lots of one quality inspected, reduced inspection left out; four standard errors of lots that hang together."""
    severe = plan(800, 1.5, inspection="tightened")
    bad = np.random.default_rng(3).random((6000, 80)) < 0.03
    told = inspect_lots(((800, lot.astype(int)) for lot in bad), 1.5, reducible=False)
    accepted = np.mean([lot.step.accepted for lot in told])
    assert accepted == pytest.approx(float(scheme_oc(plan(800, 1.5), severe, 0.03)), abs=0.04)
    assert {lot.plan.inspection for lot in told} == {"normal", "tightened"}


def test_the_front_door_leads_here():
    assert lq.acceptance.switch is switch


def test_what_is_no_lot_is_said_in_a_sentence():
    with pytest.raises(UsageError, match="a lot of the history is 1; give True"):
        switch([True, 1])
