"""How a number is said."""

from __future__ import annotations

import math
from datetime import date

import pytest

from labelqa_lib import translation, wording
from labelqa_lib.errors import UsageError


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
    assert wording.interval(0.00123, 0.9987, "rate") == "0.1 to 99.9 %"
    assert wording.estimate(0.9967, 0.9921, 0.9987, "rate") == "99.67 % (99.21 to 99.87)"


@pytest.fixture
def spoken():
    yield translation.speak
    translation.speak()


def test_numbers_and_days_are_written_as_the_market_writes_them(spoken):
    """Source: Unicode CLDR, which Babel carries; India groups by lakh, Spain swaps comma and point."""
    week = date(2026, 11, 9), date(2026, 11, 15)
    written = {
        "en": ("95.2 % (94.1 to 96.1)", "1,234,567", "Nov 9 – 15, 2026"),
        "en-GB": ("95.2 % (94.1 to 96.1)", "1,234,567", "9–15 Nov 2026"),
        "ms-MY": ("95.2 % (94.1 hingga 96.1)", "1,234,567", "9–15 Nov 2026"),
        "es-ES": ("95,2 % (94,1 a 96,1)", "1.234.567", "9–15 nov 2026"),
        "zh-TW": ("95.2 %（94.1 至 96.1）", "1,234,567", "2026年11月9日至15日"),
        "hi-IN": ("95.2 % (94.1 to 96.1)", "12,34,567", "9–15 नव॰ 2026"),
    }
    for locale, (rate, count, days) in written.items():
        spoken(locale)
        assert wording.estimate(0.952, 0.941, 0.961, "rate") == rate
        assert wording.whole(1234567) == count
        assert " ".join(wording.days(*week).replace("\u2009", " ").split()) == days, locale
    spoken("es-ES")
    assert wording.difference(-0.012, "rate") == "−1,2 pp"
    assert wording.number(-0.0001, "rate") == "0,0"
    assert wording.day(week[0]) == "9 nov 2026"
    assert wording.weekday(week[0]) == "lunes 9 de noviembre"
    assert wording.listed(["a", "b", "c"]) == "a, b y c"
    assert wording.written("-1e+16") == "−1e+16"


def test_an_unknown_locale_is_refused(spoken):
    with pytest.raises(UsageError, match="locale 'xx-QQ' is not known"):
        spoken("xx-QQ")
    assert wording.whole(1234) == "1,234"


def test_what_is_listed_ends_in_a_word():
    assert wording.listed([]) == ""
    assert wording.listed(["a"]) == "a"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"
    assert wording.listed(["a", "b"], wording.OR) == "a or b"
    assert wording.weekday(date(2026, 11, 9)) == "Monday 9 November"


def test_counts_agree_with_their_noun():
    assert wording.count(1, "{n} audit", "{n} audits") == "1 audit"
    assert wording.count(1239.6, "{n} audit", "{n} audits") == "1,240 audits"
    assert wording.count(2, "{n} entry", "{n} entries") == "2 entries"
