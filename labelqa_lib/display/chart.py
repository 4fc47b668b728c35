"""A figure and its message in one call: what a reader sees, and what a reader who does not see it hears."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from labelqa_lib import wording
from labelqa_lib.display.safe import plain
from labelqa_lib.display.show import figure


def chart(draw: Callable[..., Figure], frame: pd.DataFrame, *args, id: str, **options) -> None:
    """Draw a frame and show the figure, with alt text made from the same frame.

    Parameters
    ----------
    draw : callable
        A function of `figures`, called as ``draw(frame, *args, **options)``.
    frame : DataFrame
    id : str
        Fixed identifier on the page, which findings link to.
    """
    drawn = draw(frame, *args, **options)
    title = drawn.get_suptitle() or options.get("title", "") or drawn.texts[0].get_text()
    figure(drawn, id, f"{title}. {message(frame, options.get('unit', 'rate'))}")


def message(frame: pd.DataFrame, unit: str = "rate") -> str:
    """What a figure of `frame` says, in a sentence or two of plain text."""
    if {"reference_label", "label", "share"} <= set(frame.columns):
        return _confusions(frame)
    if not len(frame) or "estimate" not in frame:
        return "Nothing to show."
    known = frame[frame["estimate"].notna()]
    if known.empty:
        reasons = [reason for reason in frame.get("reason", []) if reason]
        return f"Nothing to show: {reasons[0]}." if reasons else "Nothing to show."
    if frame["metric"].nunique() > 1:
        return " ".join(
            f"{name.replace('_', ' ')}: {wording.number(part['estimate'].iloc[-1], 'count')} in {part['period'].iloc[-1]}."
            for name, part in known.groupby("metric", sort=False)
        )
    by_week = known["period"].nunique() > 1
    if by_week:
        known = known.sort_values("period", kind="stable")
        latest = known[known["period"] == known["period"].iloc[-1]]
        if len(latest) == 1:
            return _week(known, latest.iloc[0], unit)
        known = latest
    return _range(known, unit)


def _week(known: pd.DataFrame, last: pd.Series, unit: str) -> str:
    low, high = known.loc[known["estimate"].idxmin()], known.loc[known["estimate"].idxmax()]
    return (
        f"{last.period}: {wording.estimate(last.estimate, last.ci_low, last.ci_high, unit)}; lowest "
        f"{wording.amount(low.estimate, unit)} in {low.period}, highest {wording.amount(high.estimate, unit)} in {high.period}."
    )


def _range(known: pd.DataFrame, unit: str) -> str:
    low, high = known.loc[known["estimate"].idxmin()], known.loc[known["estimate"].idxmax()]
    names = [column for column in known.columns if column not in _NUMBERS]
    if len(known) == 1 or not names:
        return f"{wording.estimate(low.estimate, low.ci_low, low.ci_high, unit)}."
    return (
        f"{len(known)} shown, from {_segment(low, names)} {wording.estimate(low.estimate, low.ci_low, low.ci_high, unit)} "
        f"to {_segment(high, names)} {wording.estimate(high.estimate, high.ci_low, high.ci_high, unit)}."
    )


_NUMBERS = {
    "metric", "period", "estimate", "ci_low", "ci_high", "n", "n_effective", "method", "reason", "volume",
}  # fmt: skip


def _segment(row: pd.Series, names: list[str]) -> str:
    return " ".join(plain(row[name], 40) for name in names)


def _confusions(frame: pd.DataFrame) -> str:
    wrong = frame[(frame["reference_label"] != frame["label"]) & (frame["n"] > 0)]
    if wrong.empty:
        return "No label was taken for another."
    order = "cost" if "cost" in wrong and wrong["cost"].notna().any() else "n"
    said = [
        f"{plain(row.reference_label, 40)} taken for {plain(row.label, 40)} ({wording.amount(row.share, 'rate')})"
        for row in wrong.sort_values([order, "n"], ascending=False, kind="stable").head(3).itertuples()
    ]
    return f"Most costly: {'; '.join(said)}."
