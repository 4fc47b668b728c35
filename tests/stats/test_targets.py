"""Status against a target, and how many more audits would settle it."""

import numpy as np
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.stats import intervals, targets


@pytest.mark.parametrize(
    ("low", "estimate", "high", "expected"),
    [
        (0.95, 0.96, 0.97, "meets"),  # at the target counts as met
        (0.93, 0.94, 0.9499, "misses"),
        (0.93, 0.955, 0.97, "likely meets"),
        (0.93, 0.95, 0.97, "likely meets"),
        (0.93, 0.945, 0.969, "likely misses"),
        (0.80, 0.96, 0.99, "not enough data"),
        (0.10, 0.40, 0.80, "misses"),  # wide, and yet wholly on one side
        (np.nan, 0.4, np.nan, "not measured"),
        (np.nan, np.nan, np.nan, "not measured"),
    ],
)
def test_status_of_a_rate_that_should_be_high_and_of_its_mirror_image(low, estimate, high, expected):
    assert targets.status(estimate, low, high, 0.95, "higher", 0.02) == expected
    # "lower is better" is the same question about the negative; only a bound on the target itself has a side
    assert targets.status(-estimate, -high, -low, -0.95, "lower", 0.02) == expected


def test_status_is_an_array_over_figures_and_needs_neither_target_nor_precision():
    estimate = np.array([0.97, 0.90, np.nan])
    got = targets.status(estimate, estimate - 0.01, estimate + 0.01, 0.95, "higher")
    assert got.tolist() == ["meets", "misses", "not measured"]
    assert targets.status(estimate, estimate - 0.01, estimate + 0.01, None, "lower").tolist() == [
        "no target", "no target", "not measured",
    ]
    assert targets.status(0.9, 0.0, 1.0, 0.95, "higher", None) == "likely misses"
    assert targets.status([], [], [], 0.95, "higher").shape == (0,)


def test_status_refuses_an_unknown_direction():
    with pytest.raises(UsageError, match="use 'higher' or 'lower'"):
        targets.status(0.9, 0.8, 1.0, 0.95, "up")


@pytest.mark.parametrize("design_effect", [1.0, 2.5])
@pytest.mark.parametrize("target", [0.95, 0.90, 0.99])
@pytest.mark.parametrize("estimate", [0.97, 0.93, 1.0, 0.5])
def test_more_needed_is_the_first_number_of_audits_with_a_verdict(estimate, target, design_effect):
    n, goal = 30, 0.02

    def settled(audits):
        low, high = intervals.wilson(estimate * audits / design_effect, audits / design_effect, 0.95)
        return targets.status(estimate, low, high, target, "higher", goal) != "not enough data"

    more = int(targets.more_needed(estimate, n, n / design_effect, target, goal))
    assert settled(n + more)
    assert more == 0 or not settled(n + more - 1)


def test_more_needed_where_the_answer_is_plain():
    assert targets.more_needed(0.95, 100, 100, 0.95, None) == targets.MOST_AUDITS_ASKED  # on the target: never
    assert targets.more_needed(0.97, 100, 100, None, None) == 0  # nothing to settle
    assert targets.more_needed(0.5, 100, 100, 0.95, 0.02) == 0  # settled
    # not measured: a plain sample for ±2 points at 95 %; Wilson's half-width needs a few more than 1.96²·.0475/.02²
    assert 456 <= targets.more_needed(np.nan, 0, 0, 0.95, 0.02) <= 470
    got = targets.more_needed([0.97, np.nan], [100, 0], [50, 0], 0.95, [0.02, np.nan])
    assert got.dtype == np.int64 and got[0] > 0 and got[1] == targets.MOST_AUDITS_ASKED


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((1.2, 10, 10, 0.9, 0.1), "estimate must be a rate"),
        ((0.9, 10, 10, 95, 0.1), "target must be a rate"),
        ((0.9, 10, 10, 0.9, 0.0), "must be more than 0"),
        ((0.9, 10, 10, 0.9, 0.1, 95), "confidence 95"),
    ],
)
def test_more_needed_refuses_what_is_not_a_rate(arguments, sentence):
    with pytest.raises(UsageError, match=sentence):
        targets.more_needed(*arguments)
