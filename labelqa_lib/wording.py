"""How a number and a day are said: one way for findings, cards, tables, figures and the index, in a market's own format.

Units are those of the metric registry: `rate` (a fraction in [0, 1]), `seconds`, `hours`, `days`, `per_day`, `per_hour`,
`count`, `coefficient` (1 is perfect, 0 is chance), and `points` for a difference of rates. An undefined number is said
as an en dash.
"""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval
from babel.numbers import format_decimal

from labelqa_lib.errors import UsageError

UNDEFINED = "–"
_SUFFIX = {
    "rate": " %", "seconds": " s", "hours": " h", "days": " days", "per_day": " a day", "per_hour": " an hour",
    "count": "", "coefficient": "",
}  # fmt: skip
_POINTS = {**_SUFFIX, "rate": " pt"}


_DEFAULT = "en"
_spoken = [_DEFAULT]
"""A page is about one market and has a process of its own: its first line says once how the page speaks."""


def speak(locale: str = _DEFAULT) -> None:
    """From here on, say numbers and days as is usual in `locale`: ``1.234,5`` and ``9 nov 2026`` for ``es-ES``.

    Raises
    ------
    UsageError
        When there is no such locale.
    """
    known(locale)
    _spoken[0] = locale


@lru_cache
def known(locale: str) -> Locale:
    """A locale such as ``ms-MY``.

    Raises
    ------
    UsageError
        When Unicode's locale data (CLDR) does not know it.
    """
    try:
        return Locale.parse(locale, sep="-")
    except (ValueError, UnknownLocaleError):
        raise UsageError(f"locale {locale!r} is not known; write a language and a country such as ms-MY") from None


def written(text: str) -> str:
    """A number written as Python writes it, with the market's own decimal sign, grouping and a true minus."""
    sign, digits = ("−", text[1:]) if text.startswith("-") else ("", text)
    if not digits.replace(".", "", 1).isdecimal():
        return sign + digits
    whole, point, decimals = digits.partition(".")
    locale = known(_spoken[0])
    pattern = locale.decimal_formats[None].pattern.partition(".")[0] + point + "0" * len(decimals)
    return sign + format_decimal(Decimal(digits), pattern, locale)


def whole(value: float) -> str:
    """A count: ``1,240``."""
    return written(f"{value:.0f}")


def day(when: date) -> str:
    """``9 Nov 2026``."""
    return format_date(when, "medium", known(_spoken[0]))


def days(first: date, last: date) -> str:
    """``9–15 Nov 2026``."""
    return format_interval(first, last, "yMMMd", locale=known(_spoken[0]))


def number(value: float, unit: str, decimals: int | None = None) -> str:
    """The bare number in the unit's scale: ``0.9523`` as a rate is ``95.2``."""
    if value is None or math.isnan(value):
        return UNDEFINED
    scaled = 100 * value if unit == "rate" else value
    digits = _decimals(scaled, unit) if decimals is None else decimals
    said = f"{scaled:.{digits}f}"
    return written(said.removeprefix("-") if float(said) == 0 else said)


def _decimals(scaled: float, unit: str) -> int:
    if unit == "coefficient":
        return 2
    if unit == "rate":
        return 2 if 0 < scaled < 1 or 99 < scaled < 100 else 1
    return 1 if unit in ("days", "hours", "seconds", "per_hour") and abs(scaled) < 100 else 0


def amount(value: float, unit: str) -> str:
    """A value with its unit: ``95.2 %``, ``41.3 s``, ``1,240 a day``."""
    if unit == "points":
        return difference(value, "rate")
    said = number(value, unit)
    return said if said == UNDEFINED else said + _SUFFIX[unit]


def ends(low: float, high: float, unit: str) -> str:
    """An interval's ends without their unit, as many decimals on both: ``94.1 to 96.1``."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return UNDEFINED
    if unit == "points":
        return f"{number(low, 'rate', 1)} to {number(high, 'rate', 1)}"
    decimals = _interval_decimals(low, high, unit)
    return f"{number(low, unit, decimals)} to {number(high, unit, decimals)}"


def interval(low: float, high: float, unit: str) -> str:
    """An interval's ends with the unit once: ``94.1 to 96.1 %``."""
    said = ends(low, high, unit)
    return said if said == UNDEFINED else said + _SUFFIX[unit]


def estimate(value: float, low: float, high: float, unit: str) -> str:
    """An estimate with its interval: ``95.2 % (94.1 to 96.1)``."""
    said = ends(low, high, unit)
    return amount(value, unit) if said == UNDEFINED else f"{amount(value, unit)} ({said})"


def _interval_decimals(low: float, high: float, unit: str) -> int:
    """Two decimals only where the whole interval lies so near to 0 or 100 % that one would hide its width."""
    scale = 100 if unit == "rate" else 1
    ends = _decimals(scale * low, unit), _decimals(scale * high, unit)
    return 1 if unit == "rate" and low < 0.5 < high else min(ends)


def difference(value: float, unit: str) -> str:
    """A change with its sign: ``−1.2 pt`` for a rate (percentage points), ``+3.4 s``."""
    said = number(value, unit, 1 if unit == "rate" else None)
    if said == UNDEFINED:
        return said
    return ("" if said.startswith("−") else "+") + said + _POINTS[unit]


def count(value: float, noun: str, plural: str | None = None) -> str:
    """``1 audit``, ``1,240 audits``."""
    items = round(value)
    return f"{whole(items)} {noun if items == 1 else plural or noun + 's'}"
