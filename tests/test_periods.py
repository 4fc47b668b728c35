"""ISO weeks."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelqa_lib.errors import UsageError
from labelqa_lib.periods import Week, calendar, latest_weeks, span, weeks_up_to


@given(st.dates(min_value=date(2000, 1, 3), max_value=date(2100, 1, 1)))
def test_a_day_lies_in_its_week_and_the_text_reads_back(day):
    week = Week.of(day)
    assert week.monday <= day <= week.sunday
    assert Week.parse(str(week)) == week


def test_years_with_53_weeks():
    assert str(Week.parse("2020-W53") + 1) == "2021-W01"
    assert weeks_up_to("2021-W01", 3) == ("2020-W52", "2020-W53", "2021-W01")


@pytest.mark.parametrize("text", ["2021-W53", "2026-46", "2026-W00", "2026-W1", "", "../x", None, 202646])
def test_what_is_no_week_is_refused_with_the_value(text):
    with pytest.raises(UsageError, match="is not an ISO week; write it like 2026-W46"):
        Week.parse(text)


def test_bounds_follow_the_markets_clock_change():
    # Madrid leaves summer time on Sunday 2026-10-25: that week has 169 hours
    start, end = Week.parse("2026-W43").bounds("Europe/Madrid")
    assert start == datetime(2026, 10, 18, 22, tzinfo=UTC)
    assert (end - start).total_seconds() == 169 * 3600


def test_missing_weeks_keep_their_place_in_the_calendar():
    weeks = ("2026-W51", "2027-W01", "2026-W52")
    assert calendar(weeks) == ("2026-W51", "2026-W52", "2026-W53", "2027-W01")
    assert calendar(["2026-W46"]) == ("2026-W46",) and calendar([]) == ()
    assert latest_weeks(weeks, 2) == ("2027-W01",)
    assert latest_weeks(weeks, 4) == ("2026-W51", "2026-W52", "2027-W01")


def test_span_names_one_week_or_a_range():
    assert span(["2026-W46"]) == "2026-W46"
    assert span(["2026-W45", "2026-W34"]) == "2026-W34..2026-W45"


def test_a_week_in_days_names_month_and_year_once_where_they_are_one():
    assert Week.parse("2026-W46").days == "9 to 15 November 2026"
    assert Week.parse("2026-W49").days == "30 November to 6 December 2026"
    assert Week.parse("2026-W53").days == "28 December 2026 to 3 January 2027"
