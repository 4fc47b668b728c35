"""How a number and a day are said: one way for findings, cards, tables, figures and the index, in a market's own format.

Units are those of the metric registry: `rate` (a fraction in [0, 1]), `seconds`, `hours`, `days`, `per_day`, `per_hour`,
`count`, `coefficient` (1 is perfect, 0 is chance), and `points` for a difference of rates. An undefined number is said
as an en dash.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from babel.dates import format_date, format_interval
from babel.numbers import NumberPattern, format_decimal, parse_pattern

from labelqa_lib.translation import N_, known, language_of, plural, say, say_as, spoken

UNDEFINED = "–"
_SAID = {
    "rate": N_("{value} %"), "seconds": N_("{value} s"), "hours": N_("{value} h"), "days": N_("{value} days"),
    "per_day": N_("{value} a day"), "per_hour": N_("{value} an hour"), "count": "{value}", "coefficient": "{value}",
}  # fmt: skip
_POINTS = {**_SAID, "rate": N_("{value} pt")}


def written(text: str) -> str:
    """A number written as Python writes it, with the market's own decimal sign, grouping and a true minus."""
    sign, digits = ("−", text[1:]) if text.startswith("-") else ("", text)
    if not digits.replace(".", "", 1).isdecimal():
        return sign + digits
    return sign + _written(digits, spoken())


@functools.lru_cache(maxsize=4096)
def _written(digits: str, locale: str) -> str:
    _, point, decimals = digits.partition(".")
    return format_decimal(Decimal(digits), _pattern(locale, point + "0" * len(decimals)), known(locale))


@functools.cache
def _pattern(locale: str, decimals: str) -> NumberPattern:
    """How a locale writes a number with so many decimals; Babel reads a pattern in as much time as it takes to follow it."""
    return parse_pattern(known(locale).decimal_formats[None].pattern.partition(".")[0] + decimals)


def whole(value: float) -> str:
    """A count: ``1,240``."""
    return written(f"{value:.0f}")


def day(when: date) -> str:
    """``9 Nov 2026``."""
    return format_date(when, "medium", known(spoken()))


def weekday(when: date) -> str:
    """``Monday 9 November``."""
    return format_date(when, say_as("a pattern of Unicode's CLDR", "EEEE d MMMM"), known(spoken()))


def short_day(when: date) -> str:
    """``Mon 9 Nov``."""
    return format_date(when, say_as("a pattern of Unicode's CLDR", "EEE d MMM"), known(spoken()))


def days(first: date, last: date) -> str:
    """``9–15 Nov 2026``."""
    return format_interval(first, last, "yMMMd", locale=known(spoken()))


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
    return said if said == UNDEFINED else say(_SAID[unit], value=said)


def ends(low: float, high: float, unit: str) -> str:
    """An interval's ends without their unit, as many decimals on both: ``94.1 to 96.1``."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return UNDEFINED
    if unit == "points":
        return say("{low} to {high}", low=number(low, "rate", 1), high=number(high, "rate", 1))
    decimals = _interval_decimals(low, high, unit)
    return say("{low} to {high}", low=number(low, unit, decimals), high=number(high, unit, decimals))


def interval(low: float, high: float, unit: str) -> str:
    """An interval's ends with the unit once: ``94.1 to 96.1 %``."""
    said = ends(low, high, unit)
    return said if said == UNDEFINED else say(_SAID[unit], value=said)


def estimate(value: float, low: float, high: float, unit: str) -> str:
    """An estimate with its interval: ``95.2 % (94.1 to 96.1)``."""
    said = ends(low, high, unit)
    return amount(value, unit) if said == UNDEFINED else say("{value} ({interval})", value=amount(value, unit), interval=said)


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
    return say(_POINTS[unit], value=("" if said.startswith("−") else "+") + said)


def count(value: float, one: str, many: str, /, **values: object) -> str:
    """So many of something: ``count(n, "{n} audit", "{n} audits")`` is ``1 audit``, ``1,240 audits``; with further values
    by name."""
    return plural(one, many, value, n=whole(round(value)), **values)


def listed(items: Sequence[str], last: str = N_("{some} and {last}")) -> str:
    """``a, b and c``; `last` joins the last one: `OR` for ``a, b or c``."""
    if len(items) < 2:
        return "".join(items)
    return say(last, some=say(", ").join(items[:-1]), last=items[-1])


OR = N_("{some} or {last}")


DIMENSIONS = {
    "market": N_("market"), "partner": N_("partner"), "site": N_("site"), "queue": N_("queue"), "label": N_("label given"),
    "reference_label": N_("reference label"), "policy_area": N_("policy area"), "sop_version": N_("SOP"),
    "tenure": N_("tenure"), "shift": N_("shift"), "weekday": N_("weekday"), "content_type": N_("content type"),
    "language": N_("language"), "score_band": N_("model score"), "agent_id": N_("agent"), "auditor_id": N_("QA"),
    "week": N_("week"),
}  # fmt: skip
"""What a column by which figures are cut is called inside of a sentence."""


def dimension(column: str) -> str:
    """``reference label`` for ``reference_label``; its own words where it is no dimension that we know."""
    return say(DIMENSIONS[column]) if column in DIMENSIONS else column.replace("_", " ")


def segment(values: Mapping[str, object]) -> str:
    """``site KUL, reference label counterfeit``: a segment of one value a dimension; nothing for the empty one."""
    parts = (say("{dimension} {value}", dimension=dimension(name), value=of(name, value)) for name, value in values.items())
    return say(", ").join(parts)


OWN = {"tenure", "shift", "weekday", "score_band"}
"""Dimensions whose values are our own words; a delivery gives those of the others, and they stay as they are."""


STAND_INS = {
    N_("not given"), N_("with few items"), N_("with few audits"), N_("all sites"), N_("all of them"), N_("any other label"),
}  # fmt: skip
"""What stands in the place of a delivered name where there is none."""


def of(column: str, value: object) -> object:
    """A dimension's value as it is said: ``Saturday``."""
    return say(value) if isinstance(value, str) and (column in OWN or value in STAND_INS) else value


def sentences(*said: str) -> str:
    """Sentences after each other, those that are not empty; Chinese needs no blank between them."""
    return ("" if language_of(spoken()).startswith("zh") else " ").join(filter(None, said))


def parts(*said: str) -> str:
    """Independent parts of one sentence: ``A; b; c.``; nothing where there are none."""
    text = say("; ").join(filter(None, said))
    return say("{said}.", said=text[:1].upper() + text[1:]) if text else ""


def clauses(*said: str) -> str:
    """Parts of one sentence that say more of the same: ``A, b``; those that are empty are left out."""
    return say_as("between parts of a sentence", ", ").join(filter(None, said))


def said(words: str) -> str:
    """What a frame keeps in English (`reason`, `method`, `signal`): its parts, which ``; `` joins, one by one."""
    return say("; ").join(map(say, words.split("; "))) if words else ""
