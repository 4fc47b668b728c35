"""ISO weeks: the periods a report is about. Never asks the clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from labelqa_lib.errors import UsageError

_WEEK = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, order=True)
class Week:
    """One ISO week, Monday to Sunday.

    Source: ISO 8601-1:2019, 4.3.5 (week calendar).
    """

    monday: date

    @classmethod
    def parse(cls, text: str) -> Week:
        """Read ``2026-W46``.

        Raises
        ------
        UsageError
            When `text` is not an ISO week, or that year has no such week.
        """
        match = _WEEK.fullmatch(text) if isinstance(text, str) else None
        try:
            if match is None:
                raise ValueError
            return cls(date.fromisocalendar(int(match[1]), int(match[2]), 1))
        except ValueError:
            raise UsageError(f"week {text!r} is not an ISO week; write it like 2026-W46") from None

    @classmethod
    def of(cls, day: date) -> Week:
        """The week that `day` lies in."""
        return cls(day - timedelta(days=day.weekday()))

    def __str__(self) -> str:
        year, week, _ = self.monday.isocalendar()
        return f"{year:04d}-W{week:02d}"

    def __add__(self, weeks: int) -> Week:
        return Week(self.monday + timedelta(weeks=weeks))

    def __sub__(self, weeks: int) -> Week:
        return self + -weeks

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def days(self) -> str:
        """The week in days: ``9 to 15 November 2026``, ``28 December 2026 to 3 January 2027``."""
        monday, sunday = self.monday, self.sunday
        start = f"{monday.day}" if monday.month == sunday.month else f"{monday.day} {monday:%B}"
        start += f" {monday.year}" if monday.year != sunday.year else ""
        return f"{start} to {sunday.day} {sunday:%B %Y}"

    def bounds(self, time_zone: str) -> tuple[datetime, datetime]:
        """First instant of the week and of the next, in UTC, for a market in `time_zone`."""
        zone = ZoneInfo(time_zone)
        return tuple(
            datetime.combine(day, time(), zone).astimezone(UTC)
            for day in (self.monday, self.monday + timedelta(days=7))
        )


def weeks_up_to(last: str | Week, count: int) -> tuple[str, ...]:
    """The `count` weeks that end with `last`, oldest first, as text."""
    week = last if isinstance(last, Week) else Week.parse(last)
    return tuple(str(week - back) for back in range(count - 1, -1, -1))


def calendar(weeks: Iterable[str]) -> tuple[str, ...]:
    """Every week from the first to the last of `weeks`, oldest first: those that are missing in between, too."""
    ordered = sorted(weeks)
    if not ordered:
        return ()
    first, last = Week.parse(ordered[0]), Week.parse(ordered[-1])
    return weeks_up_to(last, (last.monday - first.monday).days // 7 + 1)


def latest_weeks(weeks: Iterable[str], count: int) -> tuple[str, ...]:
    """Those of `weeks` that lie among the `count` calendar weeks up to the last of them, oldest first."""
    ordered = sorted(weeks)
    among = weeks_up_to(ordered[-1], count)
    return tuple(week for week in ordered if week in among)


def span(weeks: list[str] | tuple[str, ...]) -> str:
    """What a row over several weeks calls its period: ``2026-W34..2026-W45``."""
    ordered = sorted(weeks)
    return ordered[0] if len(ordered) == 1 else f"{ordered[0]}..{ordered[-1]}"
