"""Is the last week within the usual range? A control chart: weeks, limits, and the rule that fired in words."""

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
    PALE_BLUE,
    VERMILION,
    canvas,
    clamp,
    heading,
    held_to,
    measure_axis,
    name,
    nothing,
    sentence,
    styled,
    target_text,
)
from labelqa_lib.figures.places import leads_to
from labelqa_lib.figures.weeks import draw_target, gaps, name_ends, on_calendar, two_bases, week_ticks
from labelqa_lib.translation import N_, say

_PALE_GREY = "#f1f3f5"


@styled
def control(
    frame: pd.DataFrame, *, title: str, unit: str = "rate", target: float | None = None, better: str | None = None
) -> Figure:
    """Which weeks are unlike the weeks that the limits come from?

    Parameters
    ----------
    frame : DataFrame
        A metric frame by week with ``centre, lower, upper, signal, level, drift, phase``.
    title : str
    unit : str
    target : float, optional
        Drawn as a dashed line, in the metric's unit.
    better : {"higher", "lower"}, optional

    Returns
    -------
    Figure
        The limits as a grey field about the centre, estimates with their intervals, weeks with a signal as diamonds,
        the weighted mean of the weeks up to each as a dotted line, vermilion where it says that there is a drift;
        the rule stands at the last week of every run of signals, and a new phase's reason where it starts.
    """
    frame = on_calendar(frame).fillna({"signal": "", "drift": "", "reason": N_("no data")})
    frame["phase"] = frame["phase"].ffill()
    known = frame[frame["estimate"].notna()]
    if known.empty:
        return nothing(title, frame)
    fig = canvas(3.0)
    ax = fig.subplots()
    _limits(ax, frame)
    ax.vlines(frame.index, frame["ci_low"], frame["ci_high"], color=PALE_BLUE, linewidth=2.2)
    ax.plot(frame.index, frame["estimate"], color=BLUE, marker="o", markersize=3.5)
    drifts = bool(known["drift"].iloc[-1])
    ax.plot(frame.index, frame["level"], color=VERMILION if drifts else MUTED, linewidth=1.4, linestyle=(0, (1, 1.2)))
    signalled = known[known["signal"] != ""]
    if len(signalled):
        ax.scatter(signalled.index, signalled["estimate"], marker="D", s=52, color=VERMILION, edgecolor=INK, zorder=4)
    for week in known.itertuples():
        leads_to(ax, {"week": week.period}, *2 * (week.Index, week.estimate))
    week_ticks(ax, frame["period"].tolist())
    measure_axis(ax.yaxis, unit)
    now = known.iloc[-1]
    ends = [(wording.amount(now["estimate"], unit), now["estimate"], VERMILION if now["signal"] else BLUE)]
    if draw_target(ax, target):
        ends.append((target_text(target, better, unit), target, INK))
    ax.margins(y=0.16)
    clamp(ax, unit)
    name_ends(ax, ends)
    _name_signals(ax, frame)
    limited = frame["upper"].notna().any()
    note = say(_LEGEND) if limited else _why_no_limits(known)
    but = [words for words in (gaps(frame), two_bases(known)) if words]
    if limited and but:  # below the rest of the note, for which one line is just long enough
        note = f"{note}{say('; ').rstrip()}\n{say('; ').join(but)}"
    heading(fig, title, sentence(_message(known, now, unit) + held_to(target, better, unit), *but), note)
    return fig


def _limits(ax: Axes, frame: pd.DataFrame) -> None:
    """Field and centre line, broken where a phase starts."""
    for words, part in frame.groupby("phase", sort=False):
        edges = np.repeat(part.index.to_numpy(dtype=float), 2) + np.tile([-0.5, 0.5], len(part))
        lower, upper, centre = (np.repeat(part[column].to_numpy(dtype=float), 2) for column in _LINES)
        ax.fill_between(edges, lower, upper, color=_PALE_GREY, linewidth=0, zorder=0)
        for line in (lower, upper):
            ax.plot(edges, line, color=FAINT, linewidth=1, zorder=1)
        ax.plot(edges, centre, color=MUTED, linewidth=1, zorder=1)
        if words:
            ax.axvline(edges[0], color=MUTED, linewidth=1, linestyle=(0, (1, 2)))
            ax.annotate(name(say(words)), (edges[0], 1), (3, -9), xycoords=("data", "axes fraction"),
                        textcoords="offset points", color=MUTED)  # fmt: skip


_LINES = ("lower", "upper", "centre")
_LEGEND = N_("grey: limits from the weeks before the last; ◆ signal; dotted: mean of late")


def _name_signals(ax: Axes, frame: pd.DataFrame) -> None:
    """The rule's words beside the last of neighbouring weeks with one and the same signal, away from the centre."""
    last_of_run = frame["signal"] != frame["signal"].shift(-1)
    for place, row in frame[last_of_run & (frame["signal"] != "")].iterrows():
        up = row["estimate"] >= row["centre"]
        side = "right" if place > len(frame) / 2 else "left"
        ax.annotate(
            wording.said(row["signal"]),
            (place, row["estimate"]),
            (5 if side == "right" else -5, 9 if up else -9),
            textcoords="offset points",
            ha=side,
            va="bottom" if up else "top",
            color=VERMILION,
        )


def _message(known: pd.DataFrame, now: pd.Series, unit: str) -> str:
    figure = wording.estimate(now["estimate"], now["ci_low"], now["ci_high"], unit)
    said = say("{figure} in {period}", figure=figure, period=now["period"])
    if math.isnan(now["upper"]):
        return say("; ").join([said, _why_no_limits(known)])
    signal = say("signal: {rule}", rule=wording.said(now["signal"])) if now["signal"] else say("no signal")
    parts = [
        wording.clauses(said, signal),
        say("usual range {interval}", interval=wording.interval(now["lower"], now["upper"], unit)),
    ]
    earlier = (known["signal"].iloc[:-1] != "").sum()
    parts += [wording.count(earlier, "{n} earlier week with a signal", "{n} earlier weeks with a signal")] if earlier else []
    parts += [say("drift: {rule}", rule=wording.said(now["drift"]))] if now["drift"] else []
    return say("; ").join(parts)


def _why_no_limits(known: pd.DataFrame) -> str:
    return say("no limits: {why}", why=say(known["reason"].iloc[-1]))
