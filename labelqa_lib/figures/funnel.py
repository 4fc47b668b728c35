"""Who stands out beyond chance? A funnel: rates against how much stands behind them, within limits."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labelqa_lib import wording
from labelqa_lib.figures.canvas import (
    BLUE,
    INK,
    MUTED,
    VERMILION,
    beside,
    canvas,
    clamp,
    heading,
    held_to,
    measure_axis,
    name,
    nothing,
    sentence,
    stack_ends,
    styled,
    target_text,
)
from labelqa_lib.figures.places import leads_to
from labelqa_lib.stats.funnel import limits
from labelqa_lib.translation import say

_MOST_NAMES = 8
_CURVES = ((0.95, "95 %", (0, (4, 2))), (0.998, "99.8 %", "-"))


@styled
def funnel(
    frame: pd.DataFrame, *, title: str, unit: str = "rate", target: float | None = None, better: str | None = None
) -> Figure:
    """Which people or sites are worse than the rest by more than chance and the usual spread?

    Parameters
    ----------
    frame : DataFrame
        From `metrics.spread`: a metric frame of a rate by one dimension with ``expected, between_sd, named, flagged``.
    title : str
    unit : str
    target : float, optional
        Drawn as a dotted line, in the metric's unit.
    better : {"higher", "lower"}, optional

    Returns
    -------
    Figure
        A dot each over its effective number of items, limits as curves about the rate of all. Who is flagged is a
        triangle with interval and name, and few are all named; who has too few items to be named is a ring without one.
    """
    dim = frame.columns[1]
    known = frame[frame["estimate"].notna()]
    if known.empty:
        return nothing(title, frame)
    flagged = known[known["flagged"]].sort_values(["estimate", dim], ascending=[False, True])
    ordinary, unnamed = known[known["named"] & ~known["flagged"]], known[~known["named"]]
    fig = canvas(3.6)
    ax = fig.subplots()
    if len(unnamed):
        ax.scatter(unnamed["n_effective"], unnamed["estimate"], s=18, facecolor="none", edgecolor=MUTED, zorder=2)
    if len(ordinary):
        ax.scatter(ordinary["n_effective"], ordinary["estimate"], s=20, color=BLUE, zorder=3)
    if len(flagged):
        ax.vlines(flagged["n_effective"], flagged["ci_low"], flagged["ci_high"], color=VERMILION, linewidth=2.2, alpha=0.45)
        ax.scatter(flagged["n_effective"], flagged["estimate"], s=60, marker="^", color=VERMILION, edgecolor=INK, zorder=4)
    ends = _curves(ax, known)
    tops = [known["estimate"].max(), flagged["ci_high"].max(), ends[-1][1]]
    ax.set_ylim(0, 1.08 * np.nanmax(tops) or 1)
    if target is not None and math.isfinite(target):
        ax.axhline(target, color=INK, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
        ends.append((target_text(target, better, unit), target, INK))
    clamp(ax, unit)
    named = known[known["named"]]
    for person, *at in zip(named[dim], named["n_effective"], named["estimate"], strict=True):
        leads_to(ax, {dim: person}, *2 * at)
    _name_dots(ax, named if len(named) <= _MOST_NAMES else flagged.head(_MOST_NAMES), dim, unit)
    stack_ends(ax, ends)
    measure_axis(ax.yaxis, unit)
    measure_axis(ax.xaxis, "count", _axis(len(flagged) - _MOST_NAMES, len(frame) - len(known)))
    legend = [say("▲ flagged")] if len(flagged) else []
    legend += [say("○ too few items to name")] if len(unnamed) else []
    message = sentence(_message(flagged, known, dim, unit) + held_to(target, better, unit))
    heading(fig, title, message, say(", ").join(legend))
    return fig


def _curves(ax: Axes, known: pd.DataFrame) -> list[tuple[str, float, str]]:
    """Limits over all sizes shown, about the rate of all; words, value and colour where each ends, upwards."""
    expected, variance = known["expected"].iloc[0], known["between_sd"].iloc[0] ** 2
    most = 1.06 * known["n_effective"].max()
    sizes = np.unique(np.rint(np.geomspace(min(5, most), most, 200)))
    ax.axhline(expected, color=MUTED, linewidth=1, zorder=1)
    ends = [(say("all {rate}", rate=wording.amount(expected, "rate")), expected, MUTED)]
    for coverage, said, dashes in _CURVES:
        low, high = limits(np.full(sizes.shape, expected), sizes, coverage, variance)
        for bound in (low, high):
            ax.plot(sizes, bound, color=MUTED, linewidth=0.9, linestyle=dashes, zorder=1)
        ends.append((said, high[-1], MUTED))
    ax.set_xlim(0, most)
    return ends


def _name_dots(ax: Axes, rows: pd.DataFrame, dim: str, unit: str) -> None:
    """Names beside the dots, on the side where fewer others are."""
    middle, edge = rows["n_effective"].median(), 0.8 * ax.get_xlim()[1]
    for _, row in rows.iterrows():
        left = row["n_effective"] < middle or row["n_effective"] > edge
        said = f"{beside(row[dim])}  {wording.amount(row['estimate'], unit)}"
        ax.annotate(said, (row["n_effective"], row["estimate"]), (-7 if left else 7, 0),
                    textcoords="offset points", ha="right" if left else "left", va="center")  # fmt: skip


def _axis(more: int, undefined: int) -> str:
    said = [say("items judged (effective)")]
    said += [say("{n} more flagged without a name here", n=more)] if more > 0 else []
    said += [say("{n} without enough to measure", n=undefined)] if undefined else []
    return "   ·   ".join(said)


def _message(flagged: pd.DataFrame, known: pd.DataFrame, dim: str, unit: str) -> str:
    judged = wording.whole(known["named"].sum())
    centre = say("the rate of all is {rate}", rate=wording.amount(known["expected"].iloc[0], unit))
    if flagged.empty:
        none = say("none of {n} with enough items is worse than chance and the usual spread explain", n=judged)
        return say("; ").join([none, centre])
    names = say(", ").join(
        f"{name(row[dim])} {wording.amount(row['estimate'], unit)}" for _, row in flagged.head(3).iterrows()
    )
    if len(flagged) > 3:
        names = say("{some} and {n} more", some=names, n=len(flagged) - 3)
    said = say("{flagged} of {n} with enough items flagged: {names}", flagged=len(flagged), n=judged, names=names)
    return say("; ").join([said, centre])
