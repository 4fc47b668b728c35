"""What stands in one cell of a table: a number with its interval, a bar, a dash with its reason, a name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from labelqa_lib import symbols, wording
from labelqa_lib.display import marks, safe
from labelqa_lib.display.headings import heading
from labelqa_lib.translation import N_, say

_IN_THE_METRICS_UNIT = {"estimate", "baseline", "difference", "share", "before", "after", "target"}
_WITHHELD = N_("withheld")
"""How the reason of a figure begins that a reader may not see: of its `n` nothing is told either."""
_DELIVERED = frozenset((
    "market", "partner", "site", "queue", "policy_area", "content_type", "language", "agent_id", "auditor_id", "other_agent",
    "label", "reference_label", "pair", "item_id", "annotation_id", "stratum", "sop_version", "owner",
))  # fmt: skip
"""Columns of names that a delivery gives: never translated. Other texts in a frame are the house's own words."""

_SENTENCES, _SENTENCE = frozenset(("action", "how", "why", "question")), 200
"""Columns of the house's own sentences, which are longer than a name."""

TOTAL = N_("all")
"""What a last row over all others is called: it stays last however a reader sorts."""


def number(said: str, value: float) -> str:
    """A number in words, with the value by which a column is sorted."""
    return f'<data class="lq-number" value="{value:.6g}">{said}</data>'


def undefined(reason: str = "") -> str:
    """A dash, with its reason where there is one."""
    why = f" <small>{safe.text(wording.said(reason), 160)}</small>" if reason else ""
    return f'<span class="lq-undefined">{wording.UNDEFINED}</span>{why}'


def are_numbers(cells: list[str]) -> bool:
    """Whether a column holds only numbers and dashes, and is flush right."""
    return all(cell.startswith(('<data class="lq-number"', '<span class="lq-undefined"')) for cell in cells)


def name(value: object) -> str:
    """A segment's name; that of a last row over all others is marked as such."""
    return f'<b class="lq-total">{safe.text(say(TOTAL))}</b>' if value == TOTAL else safe.isolated(value)


def estimate(row: Mapping[str, object], column: str, unit: str, interval: tuple[str, str] = ("ci_low", "ci_high")) -> str:
    """``95.2 %`` with its interval smaller beside it, and what it leaves out; a dash with the reason where it is
    undefined."""
    if not math.isfinite(row[column]):
        return undefined(row.get("reason") or "")
    low, high = (row[end] for end in interval)
    said = (wording.difference if column == "difference" else wording.amount)(row[column], unit)
    if math.isfinite(low) and math.isfinite(high) and low != high:  # else counted in full: nothing to be unsure of
        said += f" <small>({wording.ends(low, high, unit)})</small>"
    but = row.get("reason") if column == "estimate" else ""
    return number(said, row[column]) + (f" <small>{safe.text(wording.said(but), 160)}</small>" if but else "")


def cell(row: Mapping[str, object], column: str, interval: tuple[str, str] | None, units: Mapping[str, str]) -> str:
    """Any value of a frame, in the unit of its column, of its row or of its metric."""
    value = row[column]
    unit = units.get(column)
    if column == "n" and str(row.get("reason") or "").startswith(say(_WITHHELD)):
        return undefined()
    if unit is None and (interval or column in _IN_THE_METRICS_UNIT):
        unit = row.get("unit") or units.get(row.get("metric"), "rate")
    if interval:
        return estimate(row, column, unit, interval)
    if isinstance(value, bool | np.bool_):
        return say("yes") if value else say("no")
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return undefined()
    if isinstance(value, int | np.integer):
        return number(wording.whole(value), value)
    if isinstance(value, float):
        if unit is None:
            return number(wording.written(_three_digits(value)), value)
        return number((wording.difference if column == "difference" else wording.amount)(value, unit), value)
    if isinstance(value, pd.Timestamp) and value == value.normalize():  # a day
        return f'<time datetime="{value:%Y-%m-%d}">{safe.text(wording.day(value.date()))}</time>'
    if column == "status" and value in symbols.STATUS:
        mark = symbols.STATUS[value]
        return f'<span class="lq-{symbols.tone(mark)} lq-word">{symbols.symbol(mark)}{safe.text(say(value))}</span>'
    if column in _DELIVERED or value == TOTAL or not isinstance(value, str):
        return name(wording.of(column, value))
    if column in _SENTENCES:
        return safe.isolated(say(value), _SENTENCE)
    return name(say(heading(value) if column == "dimension" else value))


def _three_digits(value: float) -> str:
    """A bare number with three digits that count, never as a power of ten while it is short enough to read."""
    return f"{value:.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.3g}"


def scale_of(columns: Mapping[str, Sequence[float]], target: float = math.nan) -> tuple[float, float]:
    """The scale that all bars of a metric frame's columns share: from the lowest end of an interval to the highest."""
    ends = [*columns["estimate"], *columns["ci_low"], *columns["ci_high"], target]
    known = [end for end in ends if math.isfinite(end)]
    return (min(known), max(known)) if known else (math.nan, math.nan)


def bar(row: Mapping[str, object], scale: tuple[float, float], target: float = math.nan, width: int = 110) -> str:
    """An estimate with its interval, drawn on `scale`."""
    return marks.interval_bar(row["estimate"], row["ci_low"], row["ci_high"], scale, target, width)
