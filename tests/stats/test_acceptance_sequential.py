"""Wald's test with Montgomery's numbers, by hand, and against lots simulated row by row."""

import numpy as np
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.acceptance import sprt, sprt_curves

MONTGOMERY = sprt(0.01, 0.05, 0.06, 0.10)


def test_montgomery_s_lines():
    """Introduction to Statistical Quality Control, 15.5."""
    lines = MONTGOMERY.accept_intercept, MONTGOMERY.reject_intercept, MONTGOMERY.slope
    assert lines == pytest.approx((1.2211, 1.5678, 0.0281), abs=5e-5)
    assert MONTGOMERY.accept_at([43, 44, 45]).tolist() == [-1, 0, 0]
    assert MONTGOMERY.reject_at([1, 2, 45]).tolist() == [2, 2, 3], "the first row alone cannot reject: 2 of 1"
    other = sprt(0.02, 0.05, 0.08, 0.10)
    lines = other.accept_intercept, other.reject_intercept, other.slope
    assert lines == pytest.approx((1.5532, 1.9941, 0.0436), abs=6e-5)
    assert other.accept_at(35) == -1 and other.accept_at(36) == 0


def test_a_path_is_followed_to_its_end():
    assert MONTGOMERY.follow(np.zeros(100, dtype=int)) == ("accept", 44)
    assert MONTGOMERY.follow([1, 1, 0, 0]) == ("reject", 2)
    assert MONTGOMERY.follow([0] * 30 + [1]) == ("continue", 31)
    assert MONTGOMERY.follow([]) == ("continue", 0)
    # one bad row early puts acceptance off until the line has risen by one
    first = int(np.ceil((1 + MONTGOMERY.accept_intercept) / MONTGOMERY.slope))
    assert MONTGOMERY.follow([1] + [0] * 200) == ("accept", first)


def test_exact_curves_next_to_wald_s_published_approximations():
    """Wald's 59.7, 40.4 and 70.1 rows neglect what is overshot; the risks come out at most as asked."""
    accepted, rows = sprt_curves(MONTGOMERY, [0.01, 0.06, MONTGOMERY.slope])
    assert 0.95 <= accepted[0] < 0.98 and accepted[1] <= 0.10
    assert ((rows >= [59.7, 40.4, 70.1]) & (rows < np.array([59.7, 40.4, 70.1]) * 1.3)).all()
    fine = sprt(0.3, 0.05, 0.5, 0.05)
    accepted, _ = sprt_curves(fine, [0.3, 0.5])
    np.testing.assert_allclose(accepted, [0.95, 0.05], atol=0.015)


def test_ends_by_hand():
    accepted, rows = sprt_curves(MONTGOMERY, np.array([[0.0, 1.0]]))
    assert accepted.tolist() == [[1, 0]] and rows.tolist() == [[44, 2]]
    whole, _ = sprt_curves(MONTGOMERY, np.linspace(0, 1, 60))
    assert (np.diff(whole) <= 1e-12).all()


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.01, 0.03, 0.06])
def test_curves_against_lots_checked_row_by_row(share):
    """2,000 lots, within four standard errors."""
    rng = np.random.default_rng(6)
    ended = [MONTGOMERY.follow(rng.random(1200) < share) for _ in range(2000)]
    assert {decision for decision, _ in ended} == {"accept", "reject"}
    accepted, rows = (float(curve) for curve in sprt_curves(MONTGOMERY, share))
    seen = np.array([n for _, n in ended])
    error = 4 * np.sqrt(accepted * (1 - accepted) / 2000)
    assert np.mean([decision == "accept" for decision, _ in ended]) == pytest.approx(accepted, abs=error)
    assert seen.mean() == pytest.approx(rows, abs=4 * seen.std() / np.sqrt(2000))


def test_impossible_tests_are_said_in_a_sentence():
    with pytest.raises(UsageError, match="p1 0.06 must lie below p2 0.01"):
        sprt(0.06, 0.05, 0.01, 0.1)
    with pytest.raises(UsageError, match="add up to less than 1"):
        sprt(0.01, 0.5, 0.06, 0.5)
    with pytest.raises(UsageError, match="alpha is 0; it is a share"):
        sprt(0.01, 0, 0.06, 0.5)
    with pytest.raises(UsageError, match="lies from 0 to 1"):
        sprt_curves(MONTGOMERY, [1.5, 0.5])
