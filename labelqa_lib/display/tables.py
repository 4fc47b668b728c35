"""Frames as tables: an estimate and its interval in one cell, the same numbers as bars, reasons where there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import compress

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.display import cells, safe
from labelqa_lib.display.headings import heading
from labelqa_lib.display.show import bundle, carried, identifier
from labelqa_lib.display.values import columns as columns_of
from labelqa_lib.display.values import is_missing
from labelqa_lib.display.values import rows as rows_of
from labelqa_lib.translation import say

_NEVER_SHOWN = {"ci_low", "ci_high", "n_effective", "method", "reason", "unit"}
LONG, MOST_ROWS = 15, 300
"""A table of more rows than this is sorted and filtered; of so many it is cut, for a page's weight."""


def table(
    frame: pd.DataFrame,
    id: str,
    caption: str,
    *,
    units: Mapping[str, str] | None = None,
    titles: Mapping[str, str] | None = None,
    target: float = math.nan,
    rows: int = 20,
    note: str = "",
    empty: str = "",
    data: Mapping[str, object] | None = None,
) -> None:
    """Show a frame; metric frames get estimates with intervals, a bar on a shared scale, and reasons for gaps.

    Parameters
    ----------
    frame : DataFrame
        A metric frame of one metric (a row per segment, with bars), one of several metrics (a row per segment, a
        column per metric), or any other frame, shown as it stands.
    id : str
        Fixed identifier on the page, which findings link to.
    caption : str
        What the rows are.
    units : mapping, optional
        Unit by metric or by column, of those that `wording` knows; a metric not named is a ``rate``.
    titles : mapping, optional
        Heading by metric or by column.
    target : float, optional
        Drawn as a tick through the bars of a frame of one metric.
    rows : int
        So many are shown at first. A table of more than 15 rows is sorted by a click and filtered by a word, and holds up
        to 300; the rest are counted below it.
    note : str
        How to read it, below the table.
    empty : str
        What it means that there is no row, said in the place of the table. Left out, a frame without rows answers
        nothing: the report leaves its section out where that shows nothing else.
    data : mapping, optional
        Further formats by MIME type, carried beside it.

    Raises
    ------
    UsageError
        When `id` cannot be linked to.
    """
    units, titles, whole = units or {}, titles or {}, columns_of(frame)
    nothing = all(map(is_missing, whole["estimate"])) if len(frame) and "estimate" in whole else not (len(frame) or empty)
    shown, gaps = _measured(whole)
    said, empty = say(caption), say(empty)
    caption = safe.text(said, 200)
    notes = [safe.text(say(note), safe.SENTENCE_LENGTH)] if note else []
    notes += [say("{metric} is not measured: {why}", metric=_heading(metric, titles), why=safe.text(wording.said(why), 200))
              for metric, why in gaps.items()]  # fmt: skip
    by_metric = _is_metric_frame(shown) and _kinds(shown["metric"]) > 1 and bool(_dimensions(shown))
    total = len(_segments(shown)) if by_metric else _rows(shown)
    kept = max(rows, MOST_ROWS) if total > LONG else rows
    if total > kept:
        notes.insert(0, say("… and {n} more", n=wording.whole(total - kept)))
    if total:
        columns = _by_metric(shown, kept, units) if by_metric else _as_it_stands(_head(shown, kept), units, titles, target)
        body = _html(columns, identifier(id), titles)
    else:
        body = "" if gaps else f'<p class="lq-quiet">{safe.text(empty or say("No rows."), 200)}</p>'
    below = "".join(f'<p class="lq-note">{said}</p>' for said in notes)
    bundle(
        f'<figure class="lq-table" id="{identifier(id)}"><figcaption>{caption}</figcaption>'
        f"{_controls(id, rows, total) if total > LONG else ''}"
        f'<div class="lq-scroll" tabindex="0" role="region" aria-label="{caption}">{body}</div>'
        f"{below}</figure>",
        f"{safe.plain(said, 200)}\n{_text(_head(shown, rows))}",
        unanswered=nothing,
        **carried(frame, id, said),
        **(data or {}),
    )


def _controls(id: str, rows: int, total: int) -> str:
    """What a reader of a long table works with; the page's script shows it, on paper and without a script it is not there."""
    more = say("Show all {n} rows", n=wording.whole(min(total, max(rows, MOST_ROWS))))
    part = safe.text(say("{shown} of {total} rows"))  # the script puts the numbers in
    return (
        f'<div class="lq-controls" data-first="{rows}" data-said="{part}" hidden>'
        f'<label>{safe.text(say("Filter"))} <input type="search" aria-controls="{id}-table"></label> '
        f'<output>{safe.text(wording.count(total, "{n} row", "{n} rows"))}</output> <button type="button">{safe.text(more)}</button></div>'
    )


Columns = dict[str, list]


def _rows(columns: Columns) -> int:
    return len(next(iter(columns.values()), ()))


def _head(columns: Columns, rows: int) -> Columns:
    return {name: values[:rows] for name, values in columns.items()}


def _kinds(values: list) -> int:
    return len({value for value in values if not is_missing(value)})


def _by(columns: Columns, names: list[str]) -> list[tuple]:
    """What stands in some columns, row by row; of what is missing there is one kind."""
    return list(zip(*([math.nan if is_missing(value) else value for value in columns[name]] for name in names), strict=True))


def _measured(columns: Columns) -> tuple[Columns, dict[str, str]]:
    """The columns without metrics that have no value at all, and the reason of each of those."""
    if not _is_metric_frame(columns):
        return columns, {}
    found = {metric for metric, value in zip(columns["metric"], columns["estimate"], strict=True) if not is_missing(value)}
    if all(metric in found or is_missing(metric) for metric in columns["metric"]):
        return columns, {}
    reasons = dict(zip(columns["metric"], columns["reason"], strict=True))
    gaps = {metric: why for metric, why in reasons.items() if metric not in found and not is_missing(metric)}
    here = [metric not in gaps for metric in columns["metric"]]
    return {name: list(compress(values, here)) for name, values in columns.items()}, gaps


def _text(columns: Columns) -> str:
    """Columns as lines of text, for readers of the notebook that show no HTML."""
    written = [[safe.plain(name, 40), *map(_plain, values)] for name, values in columns.items()]
    widths = [max(map(len, column)) for column in written]
    return "\n".join(" ".join(map(str.rjust, line, widths)) for line in zip(*written, strict=True))


def _plain(value: object) -> str:
    if is_missing(value):
        return wording.UNDEFINED
    return f"{value:.6g}" if isinstance(value, float) else safe.plain(value, 40)


def _is_metric_frame(columns: Columns) -> bool:
    return {"metric", "period", "estimate", "ci_low", "ci_high", "n"} <= columns.keys()


def _html(columns: dict[str, list[str]], id: str, titles: Mapping[str, str]) -> str:
    """Columns of ready HTML as a table: the first heads the rows, and columns of numbers are flush right."""
    right = [' class="lq-right"' if cells.are_numbers(column) else "" for column in columns.values()]
    heads = "".join(f'<th scope="col"{side}>{_heading(name, titles)}</th>' for name, side in zip(columns, right, strict=True))
    lines = []
    for first, *others in zip(*columns.values(), strict=True):
        rest = "".join(f"<td{side}>{cell}</td>" for cell, side in zip(others, right[1:], strict=True))
        lines.append(f'<tr><th scope="row"{right[0]}>{first}</th>{rest}</tr>')
    body = "\n".join(lines)
    return f'<table id="{id}-table"><thead><tr class="lq-heads">{heads}</tr></thead><tbody>\n{body}\n</tbody></table>'


def _heading(name: str, titles: Mapping[str, str]) -> str:
    return safe.text(say(titles.get(name) or heading(name)))


def _as_it_stands(columns: Columns, units: Mapping[str, str], titles: Mapping[str, str], target: float) -> Columns:
    """Columns in their order; bars follow a metric frame's estimate. The column before `ci_low` carries that interval,
    a column `x` that of `x_low` and `x_high`."""
    names, measured = list(columns), _is_metric_frame(columns)
    intervals = {name: (f"{name}_low", f"{name}_high") for name in names if {f"{name}_low", f"{name}_high"} <= set(names)}
    if "ci_low" in names:
        intervals[names[names.index("ci_low") - 1]] = ("ci_low", "ci_high")
    hidden = _NEVER_SHOWN.union(*intervals.values())
    hidden |= {name for name in ("metric", "period") if measured and _kinds(columns[name]) <= 1}
    written, lines = {}, rows_of(columns)
    for name in names:
        if name in hidden:
            continue
        written[name] = [cells.cell(row, name, intervals.get(name), units) for row in lines]
        if name == "metric":
            written[name] = [_heading(metric, titles) for metric in columns["metric"]]
        if name == "estimate" and measured and "metric" not in written:
            scale = cells.scale_of(columns, target)
            ends = wording.interval(*scale, units.get(columns["metric"][0], "rate"))
            written[ends] = [cells.bar(row, scale, target) for row in lines]
    return written


def _dimensions(columns: Columns) -> list[str]:
    """A metric frame's segment columns, with `period` where it varies."""
    names = list(columns)
    return names[1 : names.index("period")] + (["period"] if _kinds(columns["period"]) > 1 else [])


def _segments(columns: Columns) -> list[tuple]:
    """Each segment once, the first seen first."""
    return list(dict.fromkeys(_by(columns, _dimensions(columns))))


def _by_metric(columns: Columns, rows: int, units: Mapping[str, str]) -> Columns:
    """One row per segment, one column per metric; every cell says its own n."""
    dimensions, segments = _dimensions(columns), _segments(columns)[:rows]
    written = {name: [cells.name(value) for value in values] for name, values in zip(dimensions, zip(*segments, strict=True), strict=True)}
    metrics: dict[str, dict[tuple, dict]] = {}
    for metric, segment, row in zip(columns["metric"], _by(columns, dimensions), rows_of(columns), strict=True):
        metrics.setdefault(metric, {})[segment] = row
    for metric, found in metrics.items():
        ends = {name: [row[name] for row in found.values()] for name in ("estimate", "ci_low", "ci_high")}
        scale, unit = cells.scale_of(ends), units.get(metric, "rate")
        said = {segment: cells.estimate(row, "estimate", unit) + _below(row, scale) for segment, row in found.items()}
        written[metric] = [said.get(segment, cells.undefined()) for segment in segments]
    return written


def _below(row: Mapping[str, object], scale: tuple[float, float]) -> str:
    """The bar of a cell's interval and its n; neither where it was counted in full."""
    if not row["ci_low"] < row["ci_high"] and row["n"] <= 1:
        return ""
    drawn = cells.bar(row, scale, width=72) if row["ci_low"] < row["ci_high"] else ""
    return f' <small class="lq-n">{drawn} {say("n {n}", n=wording.whole(row["n"]))}</small>'
