"""A view's answers on the page: the same tables and figures as in the reports, in a notebook and in what is exported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from labelqa_lib import display, figures, metrics, wording
from labelqa_lib.display.show import carried
from labelqa_lib.errors import LabelqaError, UsageError
from labelqa_lib.explore.answers import PAGE_SIZE, Answers
from labelqa_lib.explore.view import View, dimensions
from labelqa_lib.findings import furthest
from labelqa_lib.findings.answers import told
from labelqa_lib.findings.causes import ranked
from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.periods import span

SAID = {"n_baseline": "n before", "baseline": "Before", "change": "Change"}
"""Headings of the segments' table."""

ITEM_TITLES = {
    "annotation_id": "Annotation", "item_id": "Item", "local_date": "Day", "label": "Label given",
    "reference_label": "Reference", "audit_label": "Audit", "second_label": "Second audit", "error_cause": "Cause",
    "handle_seconds": "Handled", "content_ref": "Content",
}  # fmt: skip

CAUSE_UNITS = {"excess_errors": "count", "share_of_change": "rate", "expected": "rate", "now": "rate"}
CAUSE_TITLES = {"excess_errors": "Errors more than expected", "share_of_change": "Of the change", "n": "Judged now",
                "p_value": "p, whole search", "same_as": "The same rows"}  # fmt: skip


def _or_why_not(show: Callable[[Answers], None]) -> Callable[[Answers], None]:
    """Show it; where the view does not allow it, say why in its place."""

    @wraps(show)
    def shown(answers: Answers) -> None:
        try:
            show(answers)
        except LabelqaError as error:
            display.sentence(" ".join(error.problems))

    return shown


def sentence(answers: Answers) -> str:
    """The view and its figure in one sentence: what, where, when, how sure, and since the baseline."""
    view, whole, unit = answers.view, answers.whole, answers.unit
    page = answers.page()
    late, earlier = answers.weeks(page.tables)
    inside = f" of {metrics.said(view.segment)}" if view.where else ""
    head = f"{answers.title}{inside} in {view.markets[0]}, {span(late)}: "
    if pd.isna(whole["estimate"]):
        return f"{head}not known, {whole['reason']}."
    said = f"{head}{wording.estimate(whole['estimate'], whole['ci_low'], whole['ci_high'], unit)}, n {wording.whole(whole['n'])}"
    if pd.isna(whole["difference"]) or not earlier:
        return f"{said}."
    return f"{said}; {change(whole, unit)} against {span(earlier)}."


def selected(answers: Answers) -> str:
    """Which rows a view is about, in words: ``site KUL in MY, 2026-W46``."""
    rows = metrics.said(answers.view.segment) or "everything"
    return f"{rows} in {wording.listed(answers.view.markets)}, {answers.week}"


def change(row: pd.Series, unit: str) -> str:
    """``−3.1 pt (−5.0 to −1.2)``; a dash where it is not known."""
    said = wording.difference(row["difference"], unit)
    if pd.isna(row["difference_low"]):
        return said
    return f"{said} ({wording.ends(row['difference_low'], row['difference_high'], unit)})"


def why_not(drawing: Callable[[Answers], Drawing], answers: Answers) -> None:
    """Say why there is no such picture."""
    _or_why_not(lambda asked: drawing(asked) and None)(answers)


@_or_why_not
def summary(answers: Answers) -> None:
    """The view in a sentence, as the page's answer."""
    display.status(sentence(answers))


@dataclass(frozen=True)
class Drawing:
    """A figure that is not drawn yet: a function of `figures`, its frame, and what else it takes."""

    draw: Callable[..., Figure]
    frame: pd.DataFrame
    options: dict[str, Any]
    args: tuple = ()

    def figure(self) -> Figure:
        """Draw it."""
        return self.draw(self.frame, *self.args, **self.options)

    def put(self, id: str) -> None:
        """Show it on the page."""
        display.chart(self.draw, self.frame, *self.args, id=id, **self.options)


def segments(answers: Answers) -> None:
    """Every segment with its figure and its change: a figure where it is cut by anything, and a table."""
    frame, target = answers.segments, answers.page().target(answers.view.metric)
    if answers.cut and frame["estimate"].notna().any():
        display.figure(segments_drawing(answers).figure(), "segments-figure", **carried(frame, "segments-figure", answers.title))
    changes = pd.Series([change(row, answers.unit) for _, row in frame.iterrows()], dtype="str")
    shown = frame.drop(columns=["difference", "difference_low", "difference_high"]).assign(change=changes)
    display.table(shown, "segments", f"{answers.title} by segment", units=metrics.UNITS, titles=metrics.TITLES | SAID,
                  target=target.get("target", float("nan")), empty="Nobody has enough items to be named.")  # fmt: skip


def segments_drawing(answers: Answers) -> Drawing:
    """The segments side by side, the worst first; of two dimensions, both in one name."""
    frame, cut = answers.segments, answers.cut
    if not cut:
        raise UsageError("this is one segment; cut it by something, such as the site")
    if len(cut) > 1:
        frame = frame.assign(segment=[in_one(row) for row in frame[cut].to_dict("records")])
    options = {"title": answers.title, "unit": answers.unit, **answers.page().target(answers.view.metric)}
    return Drawing(figures.compare, frame, options, ("segment" if len(cut) > 1 else cut[0],))


def in_one(row: Mapping[str, str]) -> str:
    """The values of several dimensions as one name."""
    return " · ".join(row.values())


def trend_drawing(answers: Answers) -> Drawing:
    """The weeks within their limits; of several markets, side by side."""
    options = {"unit": answers.unit, **answers.page().target(answers.view.metric)}
    if len(answers.view.markets) > 1:
        return Drawing(figures.trends, answers.trend, {"title": f"{answers.title} by market and week", **options}, ("market",))
    return Drawing(figures.control, answers.trend, {"title": f"{answers.title} within its usual range", **options})


@_or_why_not
def trend(answers: Answers) -> None:
    """The weeks within their limits."""
    trend_drawing(answers).put("trend")


def confusion_drawing(answers: Answers) -> Drawing:
    """What each label was taken for."""
    return Drawing(figures.confusion, answers.confusion, {"title": "What each label was taken for"})


@_or_why_not
def confusion(answers: Answers) -> None:
    """What each label was taken for."""
    confusion_drawing(answers).put("confusion")


def handle_times_drawing(answers: Answers) -> Drawing:
    """The spread of handle times, with the median and the longest tenth."""
    frame, marks = answers.handle_times
    return Drawing(figures.handle_times, frame, {"title": "Handle times", "marks": marks})


@_or_why_not
def handle_times(answers: Answers) -> None:
    """The spread of handle times."""
    handle_times_drawing(answers).put("handle-times")


def agents_drawing(answers: Answers) -> Drawing:
    """Agents by volume and rate."""
    title = metrics.TITLES[answers.bad]
    return Drawing(figures.funnel, answers.agents, {"title": f"Agents: {title.lower()} by items, all weeks"})


@_or_why_not
def agents_table(answers: Answers) -> None:
    """Agents furthest off once few items are allowed for."""
    title = metrics.TITLES[answers.bad]
    display.table(furthest(answers.agents), "agents-table", f"Agents with the highest {title.lower()}, few items allowed for",
                  units={"shrunken": "rate", "worst_tenth": "rate"}, empty="Nobody has enough items to be named.")  # fmt: skip


@_or_why_not
def agents(answers: Answers) -> None:
    """Agents by volume and rate, and those furthest off once few items are allowed for."""
    agents_drawing(answers).put("agents")
    agents_table(answers)


@_or_why_not
def why(answers: Answers) -> None:
    """Where the error rate rose in the last week, and what speaks for it."""
    found, told_of = answers.causes
    week = answers.page().week
    if not found:
        display.sentence(f"No segment inside has more errors in {week} than the weeks before and chance let expect.")
        return
    listed = ranked(found)
    display.chart(figures.causes, listed, id="causes")
    display.table(listed, "ranked", f"Causes in {week}, the surest first", titles=CAUSE_TITLES, units=CAUSE_UNITS)
    display.answers(told(found, told_of), "told")


@_or_why_not
def sizes(answers: Answers) -> None:
    """How many audits would settle it."""
    display.table(answers.sizes, "sizes", "Audits of this segment in a week", units={"audits": "count"},
                  empty="Nothing is judged here: there is no rate to plan for.")  # fmt: skip


@_or_why_not
def items(answers: Answers) -> None:
    """The annotations behind the figure, a page of them."""
    rows, total = answers.items
    first = answers.view.page * PAGE_SIZE
    at = f"{wording.whole(first + 1)} to {wording.whole(first + len(rows))} of " if len(rows) else ""
    which = "wrong annotations" if answers.view.wrong else "annotations"
    display.table(rows, "items", f"{at}{wording.whole(total)} {which} behind the figure", units={"handle_seconds": "seconds"},
                  titles=ITEM_TITLES, rows=PAGE_SIZE, empty="There are none on this page.")  # fmt: skip


def row(figure: pd.Series, unit: str) -> tuple[str, ...]:
    """A segment's figure, its number of rows and its change, in words."""
    if pd.isna(figure["estimate"]):
        return (figure["reason"] or wording.UNDEFINED, f"n {wording.whole(figure['n'])}")
    said = wording.estimate(figure["estimate"], figure["ci_low"], figure["ci_high"], unit)
    return said, f"n {wording.whole(figure['n'])}", "" if pd.isna(figure["difference"]) else change(figure, unit)


def confusions_to(answers: Answers, most: int = 6) -> list[tuple[str, View]]:
    """The costliest confusions, in words, and the view inside each: as far as the metric can be cut by labels."""
    known = [name for name in ("reference_label", "label") if name in dimensions(answers.view.metric)]
    pairs = answers.confusion[answers.confusion["rank"] > 0].sort_values("rank").head(most)
    return [
        (f"{pair.reference_label} taken for {pair.label}, {wording.whole(pair.n)}",
         replace(answers.view, where=answers.view.segment | {name: getattr(pair, name) for name in known}, page=0))
        for pair in pairs.itertuples() if known
    ]  # fmt: skip


def agents_to(answers: Answers, most: int = 8) -> list[tuple[str, View]]:
    """Agents with the highest rates once few items are allowed for, and the view inside each, where there is one."""
    if "agent_id" not in dimensions(answers.view.metric):
        return []
    return [
        (one.agent_id, replace(answers.view, where=answers.view.segment | {"agent_id": one.agent_id}, page=0))
        for one in furthest(answers.agents, most).itertuples()
    ]


def into(answers: Answers, where: Mapping[str, str]) -> View:
    """The view inside what a place of a picture stands for: a week, a segment, a confusion, an agent.

    Raises
    ------
    UsageError
        When the view's metric cannot be cut by it.
    """
    view = answers.view
    if WEEK in where:
        return replace(view, week=where[WEEK], page=0)
    if set(where) == {"segment"}:
        rows = answers.segments[answers.cut].to_dict("records")
        return view.into(next(row for row in rows if in_one(row) == where["segment"]))
    if set(where) <= {*answers.cut}:
        return view.into(where)
    known = {name: value for name, value in where.items() if name in dimensions(view.metric)}
    if not known:
        raise UsageError(f"{answers.title.lower()} cannot be cut by {' or '.join(where)}; choose another metric")
    return replace(view, where=view.segment | known, page=0)
