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
    styled,
)

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
    goal: str = "accuracy",
    title: str = "What precision costs",
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
        return nothing(title, frame, "no goal can be planned for")
    fig = canvas(3.3, _NARROW)
    ax = fig.subplots()
    known = [value for value in (plan[0], today[0], hours) if math.isfinite(value)]
    ax.set_xlim(0, _ROOM * max(known))
    shown = frame.loc[frame["hours"] <= ax.get_xlim()[1], "promised"].tolist() + [plan[1], today[1]]
    ax.set_ylim(0, 1.2 * np.nanmax(shown))
    ax.axvspan(hours, ax.get_xlim()[1], color=FAINT, alpha=0.35, linewidth=0)
    ax.text(hours, 0, f" beyond the {hours:g} hours there are", color=MUTED, va="bottom", clip_on=True)
    ax.plot(frame["hours"], frame["promised"], color=BLUE, marker="o", markersize=3)
    # a convex line that falls leaves the corner below it to the left, and the one above it to the right
    at_left = plan[0] < 0.35 * ax.get_xlim()[1]
    _point(ax, plan, "plan", BLUE, (7, 6) if at_left else (-7, -15), "left" if at_left else "right")
    on_line = np.interp(today[0], *frame.sort_values("hours")[["hours", "promised"]].to_numpy().T)
    above = not today[1] < on_line and not at_left
    _point(ax, today, "last week", VERMILION, (7, 6) if above else (-7, -15), "left" if above else "right")
    measure_axis(ax.xaxis, "count", "QA hours a week")
    measure_axis(ax.yaxis, "rate", f"{name(goal, 24)}: ± points")
    heading(fig, title, _message(plan, today, goal))
    return fig


def _point(ax: Axes, at: tuple[float, float], said: str, colour: str, shift: tuple[int, int], side: str) -> None:
    if all(math.isfinite(value) for value in at):
        ax.scatter(*at, s=60, color=colour, edgecolor=INK, zorder=4)
        words = f"{said} ±{wording.number(at[1], 'rate', 1)} pt"
        ax.annotate(words, at, shift, textcoords="offset points", ha=side, color=colour)


def _message(plan, today, goal: str) -> str:
    said = f"the plan tells {goal} to ±{wording.number(plan[1], 'rate', 1)} points in {plan[0]:.0f} hours"
    if all(math.isfinite(value) for value in today):
        said += f", last week's audits to ±{wording.number(today[1], 'rate', 1)} in {today[0]:.0f}"
    return said + "."


@styled
def replayed(frame: pd.DataFrame, *, title: str = "The past drawn from by the plan") -> Figure:
    """Do intervals drawn from the past by the plan hold the truth?

    Parameters
    ----------
    frame : DataFrame
        From `sampling.replay`: ``run, estimate, ci_low, ci_high, truth`` of a few draws, and the ``coverage`` of
        all.
    """
    if frame.empty:
        return nothing(title, frame, "nothing was audited yet, so nothing can be replayed")
    truth = frame["truth"].iloc[0]
    missed = (frame["ci_low"] > truth) | (frame["ci_high"] < truth)
    fig = canvas(2.4)
    ax = fig.subplots()
    colours = np.where(missed, VERMILION, BLUE)
    ax.vlines(frame["run"], frame["ci_low"], frame["ci_high"], color=colours, linewidth=2.2, alpha=0.5)
    ax.scatter(frame["run"], frame["estimate"], color=colours, s=16, zorder=3)
    ax.axhline(truth, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    measure_axis(ax.yaxis, "rate")
    measure_axis(ax.xaxis, "count", f"the first {len(frame)} draws")
    coverage = wording.amount(frame["coverage"].iloc[0], "rate")
    said = f"in {coverage} of all draws the interval holds the truth, {wording.amount(truth, 'rate')}"
    heading(fig, title, said + ".", "dashed: the truth")
    return fig


@styled
def sizes(frame: pd.DataFrame, *, margin: float, audits: float, title: str = "Audits by margin") -> Figure:
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
    measure_axis(ax.xaxis, "rate", "± points")
    measure_axis(ax.yaxis, "count", "audits a week")
    said = f"±{wording.number(margin, 'rate', 1)} points take {wording.count(audits, '{n} audit', '{n} audits')}"
    heading(fig, title, said + ".", said)
    return fig
