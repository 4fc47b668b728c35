"""What lies beside a page: every frame behind it as a spreadsheet, and its accuracy statement as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from labelqa_lib import files
from labelqa_lib import wording
from labelqa_lib.periods import Week
from labelqa_lib.runner.plan import INTERNAL, PlannedPage
from labelqa_lib.translation import say

SPREADSHEET, ACCURACY, PDF = ".xlsx", ".accuracy.csv", ".pdf"
"""How the files end; they begin with the notebook's name."""

COLUMNS = (
    "metric", "market", "official_language", "numerator", "denominator", "estimate", "interval_low", "interval_high", "period",
)  # fmt: skip
"""Columns of the statement."""

_LONGEST_NAME, _WIDEST = 31, 60


def spreadsheet(frames: Sequence[Mapping[str, Any]], page: PlannedPage, title: str) -> bytes:
    """Frames as a workbook, a sheet each; the first sheet says what the others are.

    Numbers are as in the frame: a rate is a fraction. Text is text whatever it begins with: no cell is a formula or a
    link, and none becomes a formula when it is edited. The same frames give the same bytes.

    Parameters
    ----------
    frames : sequence of mappings
        ``id, title, columns, values`` (of each column), as `display` carries them; ``total`` where it had more rows: then its
        last row and the first sheet say so.
    page : PlannedPage
    title : str
        The page's own.
    """
    import xlsxwriter  # only who renders a page pays for it

    packed = io.BytesIO()
    never = dict.fromkeys(["strings_to_formulas", "strings_to_urls", "strings_to_numbers"], False)
    with xlsxwriter.Workbook(packed, {"in_memory": True, **never}) as book:
        monday = datetime.combine(Week.parse(page.week).monday, time())  # a workbook has a date; the clock's would differ
        book.set_properties({"title": f"{title} {page.market} {page.week}", "created": monday})
        head, quoted = book.add_format({"bold": True, "bottom": 1}), book.add_format({"quote_prefix": True})
        names = list(_names([frame["id"] for frame in frames]))
        sheet, holds = say("sheet"), say("what it holds")
        audience = say(INTERNAL) if page.audience == INTERNAL else page.audience
        about = {say("page"): title, say("market"): page.market, say("week"): page.week, say("audience"): audience,
                 say("snapshot"): page.snapshot}  # fmt: skip
        titles = [frame["title"] + (f" ({_cut(frame)})" if _cut(frame) else "") for frame in frames]
        _sheet(book.add_worksheet("about"), [sheet, holds], [[*about, *names], [*about.values(), *titles]], head, quoted)
        for name, frame in zip(names, frames, strict=True):
            first, *others = frame["values"]
            note = [_cut(frame)] if _cut(frame) else []
            _sheet(book.add_worksheet(name), frame["columns"], [[*first, *note], *others], head, quoted)
    return packed.getvalue()


def _cut(frame: Mapping[str, Any]) -> str:
    """That a frame had more rows than the notebook carried; nothing where all are here."""
    here, total = len(frame["values"][0]), frame.get("total", 0)
    if total <= here:
        return ""
    return say("the first {here} of {total} rows; the others are not in this file", here=wording.whole(here),
               total=wording.whole(total))  # fmt: skip


def _names(ids: Sequence[str]) -> Iterator[str]:
    """Names of sheets: short enough, and each once, whatever its case."""
    taken = {"about"}
    for id in ids:
        name, number = id[:_LONGEST_NAME], 1
        while name.lower() in taken:
            number += 1
            name = f"{id[: _LONGEST_NAME - 3]}-{number}"
        taken.add(name.lower())
        yield name


def _sheet(sheet, columns: Sequence[str], given: Sequence[Sequence[Any]], head, quoted) -> None:
    sheet.freeze_panes(1, 0)
    for place, (column, values) in enumerate(zip(columns, given, strict=True)):
        values = list(map(_value, values))
        sheet.write_string(0, place, column, head)
        for number, value in enumerate(values, start=1):
            if isinstance(value, bool):
                sheet.write_boolean(number, place, value)
            elif isinstance(value, int | float):
                sheet.write_number(number, place, value)
            elif value:
                sheet.write_string(number, place, value, quoted if files.starts_formula(value) else None)
        widest = max([len(column), *(len(value) for value in values if isinstance(value, str))])
        sheet.set_column(place, place, min(widest + 2, _WIDEST))


def _value(value: object) -> bool | float | str:
    """What a cell holds: a segment as ``site=KUL, label=spam``, a list as its values, nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_value(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(_value(inner)) for inner in value)
    return str(value)


def statement(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The accuracy statement as CSV: UTF-8, a header, fields quoted where needed, lines ended by CR LF (RFC 4180)."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: "" if row[name] is None else row[name] for name in COLUMNS} for row in rows)
    return text.getvalue().encode()
