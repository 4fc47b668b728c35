"""How a number is said: one way for findings, cards, tables, figures and the index.

Units are those of the metric registry: `rate` (a fraction in [0, 1]), `seconds`, `days`, `per_day`, `per_hour`,
`count`. An undefined number is said as an en dash.
"""

from __future__ import annotations

import math

UNDEFINED = "–"
_SUFFIX = {"rate": " %", "seconds": " s", "days": " days", "per_day": " a day", "per_hour": " an hour", "count": ""}
_POINTS = {**_SUFFIX, "rate": " pt"}


def number(value: float, unit: str) -> str:
    """The bare number in the unit's scale: ``0.9523`` as a rate is ``95.2``."""
    if value is None or math.isnan(value):
        return UNDEFINED
    if unit == "rate":
        percent = 100 * value
        near_the_end = 0 < percent < 1 or 99 < percent < 100
        return f"{percent:.{2 if near_the_end else 1}f}".replace("-", "−")
    decimals = 1 if unit in ("days", "seconds", "per_hour") and abs(value) < 100 else 0
    return f"{value:,.{decimals}f}".replace("-", "−")


def amount(value: float, unit: str) -> str:
    """A value with its unit: ``95.2 %``, ``41.3 s``, ``1,240 a day``."""
    said = number(value, unit)
    return said if said == UNDEFINED else said + _SUFFIX[unit]


def interval(low: float, high: float, unit: str) -> str:
    """An interval's ends with the unit once: ``94.1 to 96.1 %``."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return UNDEFINED
    return f"{number(low, unit)} to {number(high, unit)}{_SUFFIX[unit]}"


def estimate(value: float, low: float, high: float, unit: str) -> str:
    """An estimate with its interval: ``95.2 % (94.1 to 96.1)``."""
    if interval(low, high, unit) == UNDEFINED:
        return amount(value, unit)
    return f"{amount(value, unit)} ({number(low, unit)} to {number(high, unit)})"


def difference(value: float, unit: str) -> str:
    """A change with its sign: ``−1.2 pt`` for a rate (percentage points), ``+3.4 s``."""
    said = number(value, unit)
    if said == UNDEFINED:
        return said
    return ("" if said.startswith("−") else "+") + said + _POINTS[unit]


def count(value: float, noun: str, plural: str | None = None) -> str:
    """``1 audit``, ``1,240 audits``."""
    whole = round(value)
    return f"{whole:,} {noun if whole == 1 else plural or noun + 's'}"
