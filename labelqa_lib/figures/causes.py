"""What the causes of a change add up to, and since when each has been there."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labelqa_lib import wording
from labelqa_lib.figures.canvas import INK, VERMILION, beside, canvas, clamp, heading, measure_axis, nothing, sentence, styled
from labelqa_lib.figures.scales import name_ticks
from labelqa_lib.figures.weeks import line, week_ticks
from labelqa_lib.periods import Week, calendar
from labelqa_lib.translation import N_, say

_LONGEST_NAME = 60
_PANELS_ACROSS = 3


@styled
def causes(frame: pd.DataFrame, *, title: str = N_("Errors more than expected")) -> Figure:
    """How many errors does each cause add, and how sure is that?

    Parameters
    ----------
    frame : DataFrame
        From `findings.ranked`: ``cause, where, excess_errors, ci_low, ci_high``, a dot with its interval each.
    """
    if frame.empty:
        return nothing(title, frame, say("no segment has more errors than chance explains"))
    shown = frame.iloc[::-1].reset_index(drop=True)
    fig = canvas(0.9 + 0.32 * len(shown))
    ax = fig.subplots()
    places = np.arange(len(shown))
    ax.hlines(places, shown["ci_low"], shown["ci_high"], color=VERMILION, linewidth=2.2, alpha=0.45)
    ax.scatter(shown["excess_errors"], places, s=34, color=VERMILION, zorder=3)
    ax.axvline(0, color=INK, linewidth=1)
    name_ticks(ax.yaxis, places, [beside(f"{row.cause}: {row.where}", _LONGEST_NAME) for row in shown.itertuples()])
    ax.tick_params(axis="y", labelcolor=INK)
    ax.set_ylim(-0.6, len(shown) - 0.4)
    ax.grid(axis="y", visible=False)
    measure_axis(ax.xaxis, "count", say("errors in the week beyond those expected"))
    said = [
        f"{row.where} {wording.count(row.excess_errors, '{n} error', '{n} errors')} ({wording.ends(row.ci_low, row.ci_high, 'count')})"
        for row in frame.head(3).itertuples()
    ]
    heading(fig, title, sentence(*said))
    return fig


@styled
def since(weekly: pd.DataFrame, days: pd.DataFrame, *, title: str = N_("Error rate inside each cause, by week")) -> Figure:
    """Since when has each cause been there?

    Parameters
    ----------
    weekly : DataFrame
        ``cause, period, estimate, ci_low, ci_high``: one small panel per cause.
    days : DataFrame
        ``cause, day, day_low, day_high``: the most likely first day as a line, its span shaded.
    """
    names = list(dict.fromkeys(weekly["cause"]))
    if not names or weekly["estimate"].isna().all():
        return nothing(title, weekly)
    across = min(_PANELS_ACROSS, len(names))
    down = math.ceil(len(names) / across)
    fig = canvas(0.5 + 1.7 * down)
    axes = fig.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    weeks = calendar(weekly["period"])
    said = []
    for ax, name in zip(axes, names, strict=False):
        line(ax, weekly[weekly["cause"] == name].set_index("period").reindex(pd.Index(weeks, name="period")).reset_index(), width=1.4)
        week_ticks(ax, weeks, most=9 if across == 1 else 4)
        mark = days[days["cause"] == name]
        if len(mark):
            said.append(say("{cause} since {day}", cause=name, day=_shade(ax, mark.iloc[0], weeks)))
        ax.set_title(say("cause {name}", name=name), size=8.5, pad=4)
    for ax in axes[len(names) :]:
        ax.set_axis_off()
    for ax in axes[::across]:
        measure_axis(ax.yaxis, "rate")
    clamp(axes[0], "rate")
    message = sentence(*(said or [say("no first day could be told")]))
    heading(fig, title, message, say("line: most likely first day, shaded: its span"))
    return fig


def _shade(ax: Axes, row: pd.Series, weeks: Sequence[str]) -> str:
    first = pd.Timestamp(Week.parse(weeks[0]).monday)
    # a week's dot stands in its middle: its Monday lies half a week to the left
    at, low, high = ((row[name] - first).days / 7 - 0.5 for name in ("day", "day_low", "day_high"))
    ax.axvspan(low, high + 1 / 7, color=VERMILION, alpha=0.15, linewidth=0, zorder=0)
    ax.axvline(at, color=VERMILION, linewidth=1.2)
    return wording.short_day(row["day"].date())
