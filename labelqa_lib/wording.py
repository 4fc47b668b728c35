"""How a number is said: one way for findings, cards, tables, figures and the index.

Units are those of the metric registry: `rate` (a fraction in [0, 1]), `seconds`, `hours`, `days`, `per_day`, `per_hour`,
`count`, `coefficient` (1 is perfect, 0 is chance), and `points` for a difference of rates. An undefined number is said
as an en dash.
"""

from __future__ import annotations

import math

UNDEFINED = "–"
_SUFFIX = {
    "rate": " %", "seconds": " s", "hours": " h", "days": " days", "per_day": " a day", "per_hour": " an hour",
    "count": "", "coefficient": "",
}  # fmt: skip
_POINTS = {**_SUFFIX, "rate": " pt"}


def number(value: float, unit: str, decimals: int | None = None) -> str:
    """The bare number in the unit's scale: ``0.9523`` as a rate is ``95.2``."""
    if value is None or math.isnan(value):
        return UNDEFINED
    scaled = 100 * value if unit == "rate" else value
    digits = _decimals(scaled, unit) if decimals is None else decimals
    said = f"{scaled:,.{digits}f}"
    return said.removeprefix("-") if float(said.replace(",", "")) == 0 else said.replace("-", "−")


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
    return min(_decimals(scale * low, unit), _decimals(scale * high, unit))


def difference(value: float, unit: str) -> str:
    """A change with its sign: ``−1.2 pt`` for a rate (percentage points), ``+3.4 s``."""
    said = number(value, unit, 1 if unit == "rate" else None)
    if said == UNDEFINED:
        return said
    return ("" if said.startswith("−") else "+") + said + _POINTS[unit]


def count(value: float, noun: str, plural: str | None = None) -> str:
    """``1 audit``, ``1,240 audits``."""
    whole = round(value)
    return f"{whole:,} {noun if whole == 1 else plural or noun + 's'}"
