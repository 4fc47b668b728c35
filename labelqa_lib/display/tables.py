"""Frames as tables: an estimate and its interval in one cell, the same numbers as bars, reasons where there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.display import cells, safe
from labelqa_lib.display.headings import heading
from labelqa_lib.display.show import bundle, carried, identifier
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
    units, titles, whole = units or {}, titles or {}, frame
    nothing = bool(frame["estimate"].isna().all()) if len(frame) and "estimate" in frame else not (len(frame) or empty)
    frame, gaps = _measured(frame)
    said, empty = say(caption), say(empty)
    caption = safe.text(said, 200)
    notes = [safe.text(say(note), safe.SENTENCE_LENGTH)] if note else []
    notes += [say("{metric} is not measured: {why}", metric=_heading(metric, titles), why=safe.text(wording.said(why), 200))
              for metric, why in gaps.items()]  # fmt: skip
    by_metric = _is_metric_frame(frame) and frame["metric"].nunique() > 1 and bool(_dimensions(frame))
    total = len(_segments(frame)) if by_metric else len(frame)
    kept = max(rows, MOST_ROWS) if total > LONG else rows
    if total > kept:
        notes.insert(0, say("… and {n} more", n=wording.whole(total - kept)))
    if total:
        columns = _by_metric(frame, kept, units) if by_metric else _as_it_stands(frame.head(kept), units, titles, target)
        body = _html(columns, identifier(id), titles)
    else:
        body = "" if gaps else f'<p class="lq-quiet">{safe.text(empty or say("No rows."), 200)}</p>'
    below = "".join(f'<p class="lq-note">{said}</p>' for said in notes)
    bundle(
        f'<figure class="lq-table" id="{identifier(id)}"><figcaption>{caption}</figcaption>'
        f"{_controls(id, rows, total) if total > LONG else ''}"
        f'<div class="lq-scroll" tabindex="0" role="region" aria-label="{caption}">{body}</div>'
        f"{below}</figure>",
        f"{safe.plain(said, 200)}\n{_text(frame.head(rows))}",
        unanswered=nothing,
        **carried(whole, id, said),
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


def _measured(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """The frame without metrics that have no value at all, and the reason of each of those."""
    if not _is_metric_frame(frame):
        return frame, {}
    parts = frame.groupby("metric", sort=False)
    gaps = {metric: part["reason"].iloc[-1] for metric, part in parts if part["estimate"].isna().all()}
    return frame[~frame["metric"].isin(gaps)], gaps


def _text(frame: pd.DataFrame) -> str:
    """The frame as lines of text, for readers of the notebook that show no HTML."""
    lines = [[safe.plain(name, 40) for name in frame.columns]]
    lines += ([_plain(value) for value in row] for row in frame.itertuples(index=False, name=None))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(" ".join(map(str.rjust, line, widths)) for line in lines)


def _plain(value: object) -> str:
    if isinstance(value, float):
        return wording.UNDEFINED if math.isnan(value) else f"{value:.6g}"
    return wording.UNDEFINED if value is None or value is pd.NA or value is pd.NaT else safe.plain(value, 40)


def _is_metric_frame(frame: pd.DataFrame) -> bool:
    return {"metric", "period", "estimate", "ci_low", "ci_high", "n"} <= set(frame.columns)


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


def _as_it_stands(
    frame: pd.DataFrame, units: Mapping[str, str], titles: Mapping[str, str], target: float
) -> dict[str, list[str]]:
    """Columns in their order; bars follow a metric frame's estimate. The column before `ci_low` carries that interval,
    a column `x` that of `x_low` and `x_high`."""
    names = list(frame.columns)
    intervals = {name: (f"{name}_low", f"{name}_high") for name in names if {f"{name}_low", f"{name}_high"} <= set(names)}
    if "ci_low" in names:
        intervals[names[names.index("ci_low") - 1]] = ("ci_low", "ci_high")
    hidden = _NEVER_SHOWN.union(*intervals.values())
    hidden |= {name for name in ("metric", "period") if _is_metric_frame(frame) and frame[name].nunique() <= 1}
    columns, lines = {}, frame.to_dict("records")
    for name in names:
        if name in hidden:
            continue
        columns[name] = [cells.cell(row, name, intervals.get(name), units) for row in lines]
        if name == "metric":
            columns[name] = [_heading(metric, titles) for metric in frame["metric"]]
        if name == "estimate" and _is_metric_frame(frame) and "metric" not in columns:
            scale = cells.scale_of(frame, target)
            ends = wording.interval(*scale, units.get(frame["metric"].iloc[0], "rate"))
            columns[ends] = [cells.bar(row, scale, target) for row in lines]
    return columns


def _dimensions(frame: pd.DataFrame) -> list[str]:
    """A metric frame's segment columns, with `period` where it varies."""
    place = list(frame.columns).index("period")
    return list(frame.columns[1:place]) + (["period"] if frame["period"].nunique() > 1 else [])


def _segments(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[_dimensions(frame)].drop_duplicates()


def _by_metric(frame: pd.DataFrame, rows: int, units: Mapping[str, str]) -> dict[str, list[str]]:
    """One row per segment, one column per metric; every cell says its own n."""
    dimensions = _dimensions(frame)
    segments = _segments(frame).head(rows)
    keys = list(segments.itertuples(index=False, name=None))
    columns = {name: [cells.name(value) for value in segments[name]] for name in dimensions}
    for metric, part in frame.groupby("metric", sort=False):
        scale, unit = cells.scale_of(part), units.get(metric, "rate")
        found = {
            tuple(row[name] for name in dimensions): cells.estimate(row, "estimate", unit) + _below(row, scale)
            for row in part.to_dict("records")
        }
        columns[metric] = [found.get(key, cells.undefined()) for key in keys]
    return columns


def _below(row: Mapping[str, object], scale: tuple[float, float]) -> str:
    """The bar of a cell's interval and its n; neither where it was counted in full."""
    if not row["ci_low"] < row["ci_high"] and row["n"] <= 1:
        return ""
    drawn = cells.bar(row, scale, width=72) if row["ci_low"] < row["ci_high"] else ""
    return f' <small class="lq-n">{drawn} {say("n {n}", n=wording.whole(row["n"]))}</small>'
