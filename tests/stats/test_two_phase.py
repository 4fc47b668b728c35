"""Double samples by hand, the textbook variance, published Rogan–Gladen numbers, and poor samples defined."""

import numpy as np
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.intervals import wilson
from labelqa_lib.stats.two_phase import corrected_rate, rogan_gladen


def rows(flagged_kept, flagged_cleared, flagged_alone, passed_flagged, passed_kept, passed_alone):
    """First and second verdicts from counts; "alone" was not checked again."""
    counts = [flagged_kept, flagged_cleared, flagged_alone, passed_flagged, passed_kept, passed_alone]
    first = np.repeat([1, 1, 1, 0, 0, 0], counts)
    second = np.repeat([1, 0, np.nan, 1, 0, np.nan], counts)
    return {"group": np.zeros(len(first), dtype=int), "weight": np.ones(len(first)), "first": first, "second": second}


def test_a_double_sample_by_hand():
    """100 of 1,000 flagged; of 50 rechecked 40 stand; of 200 passed ones rechecked 4 were missed: 0.08 + 0.018."""
    got = corrected_rate(**rows(40, 10, 50, 4, 196, 700))
    assert got.raw.estimate[0] == pytest.approx(0.1)
    assert got.corrected.estimate[0] == pytest.approx(0.1 * 0.8 + 0.9 * 0.02)
    assert got.false_share[0] == pytest.approx(0.02) and got.missed_share[0] == pytest.approx(0.018)
    assert got.rechecked[0] == 250 and got.corrected.n[0] == 1000
    # Tenenbein (1970), the three independent parts
    parts = [0.78**2 * 0.1 * 0.9 / 1000, 0.1**2 * 0.8 * 0.2 / 50, 0.9**2 * 0.02 * 0.98 / 200]
    assert got.corrected.std_error[0] == pytest.approx(np.sqrt(sum(parts)), rel=0.01)
    assert got.corrected.method[0] == "two-phase difference, MOVER, clustered"


def test_the_correction_is_the_difference_estimator():
    """raw + Σw(second − first)/Σw over rows checked again, when both verdicts are rechecked with known chances."""
    drawn = rows(40, 10, 50, 4, 196, 700)
    first, second = drawn["first"], drawn["second"]
    chance = np.where(first == 1, 2.0, 4.5)
    again = ~np.isnan(second)
    change = np.sum((chance * (second - first))[again]) / np.sum(chance[again])
    got = corrected_rate(**drawn, second_weight=chance)
    assert got.corrected.estimate[0] == pytest.approx(first.mean() + change)
    assert got.corrected.estimate[0] == pytest.approx(
        got.raw.estimate[0] - got.false_share[0] + got.missed_share[0], abs=1e-15
    )


def test_checking_everything_twice_gives_the_second_check_s_rate():
    got = corrected_rate(**rows(40, 10, 0, 4, 196, 0))
    assert got.corrected.estimate[0] == pytest.approx(44 / 250)
    low, high = wilson(44, 250)
    assert got.corrected.ci_low[0] == pytest.approx(low, abs=0.02)
    assert got.corrected.ci_high[0] == pytest.approx(high, abs=0.02)
    assert got.corrected.n_effective[0] == pytest.approx(250, rel=0.35)


def test_rows_that_lend_their_second_check_alone_do_not_move_the_first_rate():
    """20 earlier rows, half of them flagged: they add 6 missed among 20 passed, and nothing to 1 flagged in 10."""
    own, lent = rows(40, 10, 50, 4, 196, 700), rows(0, 0, 20, 6, 14, 0)
    both = {name: np.concatenate([own[name], lent[name]]) for name in own}
    got = corrected_rate(**both, only_second=np.repeat([False, True], [1000, 40]))
    assert (got.raw.estimate[0], got.raw.n[0], got.rechecked[0]) == (0.1, 1000, 270)
    # the passed: 4 + 6 of 220 second checks, each standing for as many of the 920
    assert got.corrected.estimate[0] == pytest.approx(0.1 * 0.8 + 0.9 * 10 / 220)
    plain = corrected_rate(**own)
    assert (got.raw.ci_low[0], got.raw.ci_high[0]) == (plain.raw.ci_low[0], plain.raw.ci_high[0])
    nothing_own = corrected_rate(**lent, only_second=np.ones(40))
    assert nothing_own.corrected.reason[0] == "no rows" and np.isnan(nothing_own.corrected.estimate[0])


def test_no_disagreement_seen_still_doubts_the_first_check():
    got = corrected_rate(**rows(5, 0, 45, 0, 50, 900))
    assert got.corrected.estimate[0] == got.raw.estimate[0]
    # none missed among 50 leaves up to 7 % of the passed rows in doubt
    assert got.corrected.ci_high[0] > got.raw.ci_high[0] + 0.03
    assert got.corrected.ci_low[0] < got.raw.ci_low[0]


def test_groups_without_second_checks_say_so():
    first, second = np.array([1, 0, 0, 1, 0, 0]), np.array([np.nan, np.nan, np.nan, 1, 0, 0])
    got = corrected_rate([0, 0, 0, 1, 1, 1], np.ones(6), first, second, groups=3)
    assert got.corrected.reason.tolist() == ["no row was checked a second time", "", "no rows"]
    assert np.isnan(got.corrected.estimate[[0, 2]]).all() and np.isnan(got.false_share[[0, 2]]).all()
    assert got.raw.estimate[0] == pytest.approx(1 / 3) and got.corrected.estimate[1] == pytest.approx(1 / 3)
    assert 0 <= got.corrected.ci_low[1] < got.corrected.ci_high[1] <= 1


def test_a_verdict_never_checked_again_keeps_its_value_and_all_its_doubt():
    got = corrected_rate(**rows(0, 0, 30, 2, 98, 870))
    assert got.corrected.estimate[0] == pytest.approx(0.03 + 0.97 * 0.02)
    assert got.corrected.ci_low[0] < 0.02
    assert got.corrected.method[0].endswith("no flagged row checked twice")
    only_first = corrected_rate(**rows(10, 0, 0, 0, 0, 90))
    assert only_first.corrected.ci_high[0] > 0.9 and "no passed row" in only_first.corrected.method[0]


def test_weights_and_clusters_count():
    rng = np.random.default_rng(8)
    first = rng.binomial(1, 0.2, 900)
    second = np.where(rng.random(900) < 0.4, np.abs(first - rng.binomial(1, 0.1, 900)), np.nan)
    common = {"group": np.zeros(900, dtype=int), "first": first, "second": second}
    plain = corrected_rate(weight=np.ones(900), **common)
    scaled = corrected_rate(weight=np.full(900, 7.0), second_weight=np.full(900, 2.5), **common)
    np.testing.assert_allclose(plain.corrected.ci_high, scaled.corrected.ci_high)
    uneven = corrected_rate(weight=rng.choice([1.0, 20.0], 900), **common)
    assert np.diff([uneven.corrected.ci_low, uneven.corrected.ci_high], axis=0) > np.diff(
        [plain.corrected.ci_low, plain.corrected.ci_high], axis=0
    )
    alike = corrected_rate(weight=np.ones(900), cluster=np.argsort(np.argsort(first, kind="stable")) // 45, **common)
    assert alike.corrected.std_error[0] > 1.5 * plain.corrected.std_error[0]
    assert alike.corrected.clusters[0] == 20


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weight": [1.0, 0.0]}, "1 / probability"),
        ({"second_weight": [0.5, 1.0]}, "1 / probability"),
        ({"second_weight": [np.nan, 1.0]}, "1 / probability"),
        ({"second_weight": [1.0]}, "second_weight has shape"),
        ({"first": [2, 0]}, "first holds 2"),
        ({"first": [np.nan, 0]}, "first is missing"),
        ({"second": [0.5, 0]}, "second holds 0.5"),
        ({"group": [0, 0, 0]}, "group has shape"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(change, says):
    good = {"group": [0, 0], "weight": [1.0, 1.0], "first": [1, 0], "second": [1, np.nan]}
    with pytest.raises(UsageError, match=says):
        corrected_rate(**(good | change))


def test_rogan_gladen_equals_the_published_example():
    """epiR's epi.prev: 23 of 150 found, sensitivity 0.96, specificity 0.89 (statistics reference 2.6)."""
    got = rogan_gladen(23 / 150, 150, 0.96, 0.89)
    np.testing.assert_allclose(got.uncut, [0.05098, -0.0066, 0.1289], atol=5e-5)
    assert (float(got.ci_low), bool(got.truncated)) == (0.0, True)
    assert float(got.estimate) == pytest.approx(0.05098, abs=5e-5)


def test_rogan_gladen_with_a_perfect_check_changes_nothing():
    got = rogan_gladen([0.1, 0.5], 200, 1.0, 1.0)
    np.testing.assert_allclose([got.ci_low, got.ci_high], wilson([20, 100], 200))
    assert not got.truncated.any()


def test_sensitivity_measured_on_next_to_nothing_leaves_every_rate_possible():
    """With a row's worth of doubt on each side 1 of 1 is 2 of 3, which with a specificity of 20 % tells nothing."""
    for sensitivity_n, specificity_n in ((0, 0), (1, 100)):
        got = rogan_gladen(0.5, 100, 0.9, 0.2, sensitivity_n, specificity_n)
        assert (float(got.ci_low), float(got.ci_high), bool(got.truncated)) == (0.0, 1.0, True)


def test_sensitivity_that_was_measured_on_few_widens_the_interval():
    """Lang & Reiczigel (2014): with huge samples behind Se and Sp the interval comes back to the one that knows them."""
    known = rogan_gladen(0.2, 500, 0.9, 0.95)
    few, many = (rogan_gladen(0.2, 500, 0.9, 0.95, size, size) for size in (50, 10**7))
    assert few.ci_high - few.ci_low > 1.3 * (known.ci_high - known.ci_low)
    np.testing.assert_allclose([many.ci_low, many.ci_high], [known.ci_low, known.ci_high], atol=2e-3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((0.1, 100, 0.5, 0.5), "tells nothing"),
        ((1.2, 100, 0.9, 0.9), "outside 0 to 1"),
        ((0.1, -1, 0.9, 0.9), "of -1"),
        ((0.1, 100, 0.9, 0.9, -3, 50), "count the rows of a measurement"),
    ],
)
def test_rogan_gladen_refuses_checks_that_tell_nothing(arguments, says):
    with pytest.raises(UsageError, match=says):
        rogan_gladen(*arguments)
