"""What precision costs, and whether plans keep their promises."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labelqa_lib import wording
from labelqa_lib.figures.canvas import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    VERMILION,
    canvas,
    heading,
    measure_axis,
    name,
    nothing,
    sentence,
    styled,
)
from labelqa_lib.translation import N_, say

_NARROW = 6.0
"""Inches: one panel that a phone shows whole but for its right edge."""

_ROOM = 1.6
"""The hours' axis ends at so many times the dearest of plan, today and cap."""


@styled
def frontier(
    frame: pd.DataFrame,
    *,
    plan: tuple[float, float],
    today: tuple[float, float],
    hours: float,
    goal: str = N_("accuracy"),
    title: str = N_("What precision costs"),
) -> Figure:
    """Where do today's audits and the recommended ones lie between cheap and precise?

    Parameters
    ----------
    frame : DataFrame
        From `sampling.frontier`: ``hours, promised``.
    plan, today : pair of float
        Hours and half-width; NaN where there is none.
    hours : float
        Hours there are.
    goal : str
        What the half-width is of.
    """
    if frame.empty or frame["promised"].isna().all():
        return nothing(title, frame, say("no goal can be planned for"))
    fig = canvas(3.3, _NARROW)
    ax = fig.subplots()
    known = [value for value in (plan[0], today[0], hours) if math.isfinite(value)]
    ax.set_xlim(0, _ROOM * max(known))
    shown = frame.loc[frame["hours"] <= ax.get_xlim()[1], "promised"].tolist() + [plan[1], today[1]]
    ax.set_ylim(0, 1.2 * np.nanmax(shown))
    ax.axvspan(hours, ax.get_xlim()[1], color=FAINT, alpha=0.35, linewidth=0)
    ax.text(hours, 0, " " + say("beyond the {hours} hours there are", hours=f"{hours:g}"), color=MUTED, va="bottom", clip_on=True)
    ax.plot(frame["hours"], frame["promised"], color=BLUE, marker="o", markersize=3)
    # a convex line that falls leaves the corner below it to the left, and the one above it to the right
    at_left = plan[0] < 0.35 * ax.get_xlim()[1]
    _point(ax, plan, say("plan"), BLUE, (7, 6) if at_left else (-7, -15), "left" if at_left else "right")
    on_line = np.interp(today[0], *frame.sort_values("hours")[["hours", "promised"]].to_numpy().T)
    above = not today[1] < on_line and not at_left
    _point(ax, today, say("last week"), VERMILION, (7, 6) if above else (-7, -15), "left" if above else "right")
    measure_axis(ax.xaxis, "count", say("QA hours a week"))
    measure_axis(ax.yaxis, "rate", say("{goal}: ± points", goal=name(say(goal), 24)))
    heading(fig, title, _message(plan, today, say(goal)))
    return fig


def _point(ax: Axes, at: tuple[float, float], said: str, colour: str, shift: tuple[int, int], side: str) -> None:
    if all(math.isfinite(value) for value in at):
        ax.scatter(*at, s=60, color=colour, edgecolor=INK, zorder=4)
        words = f"{said} ±{say('{value} pt', value=wording.number(at[1], 'rate', 1))}"
        ax.annotate(words, at, shift, textcoords="offset points", ha=side, color=colour)


def _message(plan, today, goal: str) -> str:
    said = [say("the plan tells {goal} to ±{margin} points in {hours} hours", goal=goal, hours=f"{plan[0]:.0f}",
                margin=wording.number(plan[1], "rate", 1))]  # fmt: skip
    if all(math.isfinite(value) for value in today):
        said.append(say("last week's audits to ±{margin} in {hours}", margin=wording.number(today[1], "rate", 1),
                        hours=f"{today[0]:.0f}"))  # fmt: skip
    return sentence(wording.clauses(*said))


@styled
def replayed(frame: pd.DataFrame, *, title: str = N_("The past drawn from by the plan")) -> Figure:
    """Do intervals drawn from the past by the plan hold the truth?

    Parameters
    ----------
    frame : DataFrame
        From `sampling.replay`: ``run, estimate, ci_low, ci_high, truth`` of a few draws, and the ``coverage`` of
        all.
    """
    if frame.empty:
        return nothing(title, frame, say("nothing was audited yet, so nothing can be replayed"))
    truth = frame["truth"].iloc[0]
    missed = (frame["ci_low"] > truth) | (frame["ci_high"] < truth)
    fig = canvas(2.4)
    ax = fig.subplots()
    colours = np.where(missed, VERMILION, BLUE)
    ax.vlines(frame["run"], frame["ci_low"], frame["ci_high"], color=colours, linewidth=2.2, alpha=0.5)
    ax.scatter(frame["run"], frame["estimate"], color=colours, s=16, zorder=3)
    ax.axhline(truth, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    measure_axis(ax.yaxis, "rate")
    measure_axis(ax.xaxis, "count", say("the first {n} draws", n=len(frame)))
    coverage = wording.amount(frame["coverage"].iloc[0], "rate")
    said = say("in {share} of all draws the interval holds the truth, {truth}", share=coverage,
               truth=wording.amount(truth, "rate"))  # fmt: skip
    heading(fig, title, sentence(said), say("dashed: the truth"))
    return fig


@styled
def sizes(frame: pd.DataFrame, *, margin: float, audits: float, title: str = N_("Audits by margin")) -> Figure:
    """How many audits does each margin take?

    Parameters
    ----------
    frame : DataFrame
        ``margin, audits``.
    margin, audits : float
        The point chosen.
    """
    fig = canvas(2.2)
    ax = fig.subplots()
    ax.plot(frame["margin"], frame["audits"], color=BLUE)
    ax.scatter(margin, audits, s=60, color=VERMILION, edgecolor=INK, zorder=4)
    ax.axhline(audits, color=FAINT, linewidth=1)
    ax.set_ylim(0, 3 * audits)
    measure_axis(ax.xaxis, "rate", say("± points"))
    measure_axis(ax.yaxis, "count", say("audits a week"))
    margin = wording.number(margin, "rate", 1)
    said = wording.count(audits, "±{margin} points take {n} audit", "±{margin} points take {n} audits", margin=margin)
    heading(fig, title, sentence(said), said)
    return fig
