"""Who differs from whom? Segments side by side with their intervals, and how people spread."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from labelqa_lib import wording
from labelqa_lib.figures.canvas import (
    BLUE,
    INK,
    MUTED,
    PALE_BLUE,
    VERMILION,
    canvas,
    heading,
    held_to,
    measure_axis,
    name,
    nothing,
    sentence,
    styled,
    target_text,
    title_of,
)
from labelqa_lib.figures.places import leads_to
from labelqa_lib.figures.scales import name_ticks
from labelqa_lib.translation import say

MOST_SEGMENTS = 25


@styled
def compare(
    frame: pd.DataFrame,
    dim: str,
    *,
    title: str = "",
    target: float | None = None,
    better: str | None = None,
    unit: str = "rate",
    ordered: bool = False,
) -> Figure:
    """Which segments are worst, and is that more than noise? A dot with its interval each, the worst first.

    Parameters
    ----------
    frame : DataFrame
        A metric frame by `dim`, one row per segment.
    dim : str
        The segment column.
    title : str, optional
        The metric's name where left out.
    target : float, optional
        Drawn as a dashed line; a segment whose whole interval is on its wrong side is a vermilion diamond.
    better : {"higher", "lower"}, optional
        Which end is bad; ``higher`` where left out.
    unit : str
    ordered : bool
        Keep the frame's order, as for bands of time, instead of putting the worst first.
    """
    title = title or (title_of(frame["metric"].iloc[0]) if len(frame) else say("By {dimension}", dimension=title_of(dim).lower()))
    known = frame[frame["estimate"].notna()]
    if known.empty:
        return nothing(title, frame)
    worst_first = known.sort_values(["estimate", dim], ascending=[better != "lower", True], key=_by_text)
    shown = (known if ordered else worst_first).head(MOST_SEGMENTS).iloc[::-1]
    fig = canvas(1.05 + 0.235 * len(shown))
    ax = fig.subplots()
    places = np.arange(len(shown))
    missing = _missed(shown, target, better).to_numpy()
    colours = np.where(missing, VERMILION, BLUE)
    ax.hlines(places, shown["ci_low"], shown["ci_high"], color=colours, linewidth=2.2, alpha=0.45)
    for which, colour, mark, size in ((~missing, BLUE, "o", 26), (missing, VERMILION, "D", 30)):
        if which.any():
            ax.scatter(shown["estimate"][which], places[which], color=colour, marker=mark, s=size, zorder=3)
    name_ticks(ax.yaxis, places, [name(wording.of(dim, value)) for value in shown[dim]])
    ax.tick_params(axis="y", labelcolor=INK)
    ax.set_ylim(-0.7, len(shown) - 0.3)
    for place, (segment, value, n) in enumerate(zip(shown[dim], shown["estimate"], shown["n"], strict=True)):
        leads_to(ax, {dim: segment}, None, place - 0.5, None, place + 0.5)
        said = f"{wording.amount(value, unit)}   {say('n {n}', n=wording.whole(n))}"
        ax.annotate(said, (1.01, place), xycoords=("axes fraction", "data"), va="center_baseline", color=MUTED)
    if target is not None and math.isfinite(target):
        ax.axvline(target, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        ax.annotate(
            target_text(target, better, unit),
            (target, 1),
            (0, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
        )
    ends = [
        f"{name(wording.of(dim, row[dim]))} {wording.amount(row['estimate'], unit)}" for _, row in worst_first.iloc[[0, -1]].iterrows()
    ]
    missed = int(_missed(known, target, better).sum())
    certain = say("{missed} of {n} miss it for sure", missed=missed, n=len(known)) if target is not None else ""
    note = say("◆ misses the target for sure") if missing.any() else ""
    between = say("from {low} to {high}", low=ends[0], high=ends[-1])
    heading(fig, title, sentence(between + held_to(target, better, unit), certain), note)
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x", visible=True)
    measure_axis(ax.xaxis, unit)
    left_out = _left_out(len(known) - len(shown), len(frame) - len(known), ordered)
    ax.set_xlabel("   ·   ".join([ax.get_xlabel(), *left_out]))
    return fig


def _by_text(column: pd.Series) -> pd.Series:
    return column if column.name == "estimate" else column.astype(str)


def _missed(frame: pd.DataFrame, target: float | None, better: str | None) -> pd.Series:
    if target is None or not math.isfinite(target):
        return pd.Series(False, index=frame.index)
    return frame["ci_low"] > target if better == "lower" else frame["ci_high"] < target


def _left_out(more: int, undefined: int, ordered: bool) -> list[str]:
    said = [say("… {n} not shown", n=more) if ordered else say("… {n} better ones not shown", n=more)] if more else []
    return said + ([say("{n} without enough to measure", n=undefined)] if undefined else [])


@styled
def distribution(
    frame: pd.DataFrame, *, title: str, target: float | None = None, better: str | None = None, unit: str = "rate"
) -> Figure:
    """How do people or segments spread? A histogram of a metric frame's estimates with their median.

    Parameters
    ----------
    frame : DataFrame
        A metric frame with one row per person or segment.
    title, target, better, unit
        As in `compare`.
    """
    values = frame["estimate"].dropna().astype(float)
    if values.empty:
        return nothing(title, frame)
    import seaborn  # a second to import: only who draws a histogram pays for it

    fig = canvas(2.2)
    ax = fig.subplots()
    bins = min(30, max(5, len(values) // 4))
    seaborn.histplot(x=values.to_numpy(), bins=bins, color=PALE_BLUE, edgecolor="white", ax=ax)
    middle = values.median()
    ax.axvline(middle, color=BLUE)
    median = say("median {value}", value=wording.amount(middle, unit))
    lines = [(middle, median, BLUE)]
    if target is not None and math.isfinite(target):
        ax.axvline(target, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        lines.append((target, target_text(target, better, unit), INK))
    for (place, said, colour), side in zip(sorted(lines), ("right", "left")[-len(lines) :], strict=True):
        ax.annotate(
            said,
            (place, 1),
            (-3 if side == "right" else 3, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha=side,
            color=colour,
        )
    between = wording.interval(values.min(), values.max(), unit)
    message = say("{median} of {n}, {interval}", median=median, n=wording.whole(len(values)), interval=between)
    heading(fig, title, sentence(message + held_to(target, better, unit)))
    measure_axis(ax.xaxis, unit)
    measure_axis(ax.yaxis, "count", say("how many"))
    return fig
