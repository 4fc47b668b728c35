"""How a number is said."""

from __future__ import annotations

import math

import pytest

from labelqa_lib import wording


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.9523, "rate", "95.2 %"),
        (0.0, "rate", "0.0 %"),
        (1.0, "rate", "100.0 %"),
        (0.9967, "rate", "99.67 %"),
        (0.0042, "rate", "0.42 %"),
        (41.26, "seconds", "41.3 s"),
        (1240.4, "per_day", "1,240 a day"),
        (2.25, "days", "2.2 days"),
        (0.8, "hours", "0.8 h"),
        (18250, "count", "18,250"),
        (math.nan, "rate", "–"),
        (None, "seconds", "–"),
    ],
)
def test_an_amount_carries_its_unit(value, unit, said):
    assert wording.amount(value, unit) == said


def test_an_undefined_number_is_never_said_as_zero():
    for unit in ("rate", "seconds", "hours", "days", "per_day", "per_hour", "count"):
        assert wording.number(math.nan, unit) == wording.UNDEFINED
        assert wording.difference(math.nan, unit) == wording.UNDEFINED
        assert wording.estimate(math.nan, math.nan, math.nan, unit) == wording.UNDEFINED


def test_intervals_and_changes():
    assert wording.interval(0.941, 0.961, "rate") == "94.1 to 96.1 %"
    assert wording.estimate(0.952, 0.941, 0.961, "rate") == "95.2 % (94.1 to 96.1)"
    assert wording.estimate(12.0, math.nan, math.nan, "days") == "12.0 days"
    assert wording.difference(-0.012, "rate") == "−1.2 pt"
    assert wording.difference(3.4, "seconds") == "+3.4 s"
    assert wording.difference(-0.0002, "rate") == "+0.0 pt"
    assert wording.interval(0.980, 0.9902, "rate") == "98.0 to 99.0 %"
    assert wording.estimate(0.9967, 0.9921, 0.9987, "rate") == "99.67 % (99.21 to 99.87)"


def test_counts_agree_with_their_noun():
    assert wording.count(1, "audit") == "1 audit"
    assert wording.count(1239.6, "audit") == "1,240 audits"
    assert wording.count(2, "entry", "entries") == "2 entries"
