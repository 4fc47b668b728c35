"""How does it move? Trends over weeks, and arrivals against completions."""

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
    beside,
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
from labelqa_lib.figures.scales import name_ticks
from labelqa_lib.periods import calendar
from labelqa_lib.translation import N_, say

_MOST_PANELS = 12
_MOST_GAPS = 3
"""So many weeks are named one by one."""

_PANELS_ACROSS = 4
_LINE_HEIGHT = 12
"""Points from one label to the next."""


@styled
def trend(
    frame: pd.DataFrame, *, title: str, target: float | None = None, better: str | None = None, unit: str = "rate"
) -> Figure:
    """How did a metric move, week by week, and is it where it should be?

    Parameters
    ----------
    frame : DataFrame
        A metric frame by week, without further dimensions.
    title : str
    target : float, optional
        Drawn as a dashed line, in the metric's unit.
    better : {"higher", "lower"}, optional
    unit : str

    Returns
    -------
    Figure
        Estimates as a line, intervals as a band, the last value named; a gap, named as well, where a week is missing.
    """
    if frame["estimate"].notna().sum() == 0:
        return nothing(title, frame)
    fig = canvas(2.5)
    ax = fig.subplots()
    frame = on_calendar(frame)
    line(ax, frame)
    week_ticks(ax, frame["period"].tolist())
    measure_axis(ax.yaxis, unit)
    last = frame["estimate"].reset_index(drop=True).dropna()
    ends = [(wording.amount(last.iloc[-1], unit), last.iloc[-1], BLUE)]
    if draw_target(ax, target):
        ends.append((target_text(target, better, unit), target, INK))
    clamp(ax, unit)
    name_ends(ax, ends)
    known = frame[frame["estimate"].notna()]
    now = known.iloc[-1]
    said = wording.estimate(now["estimate"], now["ci_low"], now["ci_high"], unit)
    between = wording.interval(known["estimate"].min(), known["estimate"].max(), unit)
    now_in = say("{figure} in {period}", figure=said, period=now["period"]) + held_to(target, better, unit)
    before = say("{interval} since {week}", interval=between, week=known["period"].iloc[0])
    but = say("; ").join(filter(None, [gaps(frame), two_bases(known)]))
    heading(fig, title, sentence(now_in, before, but), but)
    return fig


@styled
def trends(
    frame: pd.DataFrame,
    dim: str,
    *,
    title: str,
    target: float | None = None,
    better: str | None = None,
    unit: str = "rate",
) -> Figure:
    """Which segments move? One small panel per segment on a shared scale, the worst of the last week first, and those last that
    have no figure in it.

    Parameters
    ----------
    frame : DataFrame
        A metric frame by `dim` and week.
    dim : str
        The segment column.
    title, target, better, unit
        As in `trend`.
    """
    frame = frame.sort_values("period")
    segments = {key: part for key, part in frame.groupby(dim, sort=True) if part["estimate"].notna().any()}
    if not segments:
        return nothing(title, frame)
    sign = -1 if better == "lower" else 1
    latest = {key: part.dropna(subset="estimate").iloc[-1] for key, part in segments.items()}
    week = max(row["period"] for row in latest.values())
    said = {key: wording.amount(row["estimate"], unit) for key, row in latest.items()}
    said |= {key: say("{figure} in {period}", figure=said[key], period=row["period"])
             for key, row in latest.items() if row["period"] != week}  # fmt: skip
    ordered = sorted(segments, key=lambda key: (latest[key]["period"] != week, sign * latest[key]["estimate"], str(key)))
    chosen = ordered[:_MOST_PANELS]
    across = min(_PANELS_ACROSS, len(chosen))
    down = math.ceil(len(chosen) / across)
    fig = canvas(0.45 + 1.45 * down)
    axes = fig.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    weeks = calendar(frame["period"])
    for ax, key in zip(axes, chosen, strict=False):
        part = segments[key].set_index("period").reindex(weeks).rename_axis("period").reset_index()
        line(ax, part, width=1.4)
        week_ticks(ax, weeks, most=3)
        aimed = draw_target(ax, target)
        ax.set_title(f"{beside(key, 16)}  {said[key]}", size=8.5, pad=4)
    for ax in axes[len(chosen) :]:
        ax.set_axis_off()
    for ax in axes[max(0, len(chosen) - across) : len(chosen)]:
        ax.tick_params(labelbottom=True)
    for ax in axes[::across]:
        measure_axis(ax.yaxis, unit)
    clamp(axes[0], unit)
    more = len(segments) - len(chosen)
    notes = [say("dashed: {target}", target=target_text(target, better, unit))] if aimed else []
    notes += [say("… and {n} more", n=more)] if more else []
    notes += filter(None, [gaps(on_calendar(frame.groupby("period", as_index=False)["estimate"].max()))])
    there = [key for key in ordered if latest[key]["period"] == week]
    ends = [f"{name(key)} {said[key]}" for key in (there[0], there[-1])]
    between = say("in {period} from {low} to {high}", period=week, low=ends[0], high=ends[1]) + held_to(target, better, unit)
    panels = wording.count(len(ordered), "{n} panel", "{n} panels")
    heading(fig, title, sentence(panels, between), say("; ").join(notes))
    return fig


@styled
def backlog(frame: pd.DataFrame, *, title: str = N_("Arrivals, completions and backlog")) -> Figure:
    """Does the work keep up with what arrives?

    Parameters
    ----------
    frame : DataFrame
        Metric frames ``arrivals_per_day``, ``completions_per_day`` and ``backlog`` by week, one below the other.
    """
    series = {metric: part.sort_values("period") for metric, part in frame.groupby("metric") if len(part)}
    drawn = {metric: part for metric, part in series.items() if part["estimate"].notna().any()}
    flows = {"arrivals_per_day": (say("arrived"), VERMILION, (0, (4, 1.5))), "completions_per_day": (say("completed"), BLUE, "-")}
    if not set(drawn) & {*flows, "backlog"}:
        return nothing(title, frame)
    weeks = calendar(frame["period"])
    week = frame.loc[frame["estimate"].notna() & frame["metric"].isin([*flows, "backlog"]), "period"].max()
    fig = canvas(3.4)
    ax, below = fig.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    ends, told = [], []
    for metric, (said, colour, dash) in flows.items():
        if metric in drawn:
            values = drawn[metric].set_index("period")["estimate"].reindex(weeks)
            ax.plot(range(len(weeks)), values, color=colour, linestyle=dash, marker="o", markersize=2.4)
            ends.append((said, values.dropna().iloc[-1], colour))
            told.append((said, values[week]))
    ax.margins(y=0.12)
    name_ends(ax, ends)
    measure_axis(ax.yaxis, "count", say("items a day"))
    if "backlog" in drawn:
        values = drawn["backlog"].set_index("period")["estimate"].reindex(weeks)
        below.fill_between(range(len(weeks)), 0, values, color=FAINT, linewidth=0)
        below.plot(range(len(weeks)), values, color=MUTED, marker="o", markersize=2.4)
        waiting = values.dropna().iloc[-1]
        name_ends(below, [(wording.amount(waiting, "count"), waiting, INK)])
        below.set_ylim(bottom=0)
        told.append((say("waiting"), values[week]))
    measure_axis(below.yaxis, "count", say("backlog, items"))
    week_ticks(below, weeks)
    said = say(", ").join(f"{wording.number(value, 'count')} {what}" for what, value in told if np.isfinite(value))
    but = gaps(on_calendar(frame.groupby("period", as_index=False)["estimate"].max()))
    message = say("{figures} in {period} (arrived and completed are a day)", figures=said, period=week)
    heading(fig, title, sentence(message, but), but)
    return fig


def on_calendar(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame by week with a row for every calendar week from its first to its last: a missing one is a gap."""
    weeks = calendar(frame["period"])
    if tuple(frame["period"]) == weeks:
        return frame.reset_index(drop=True)
    return frame.set_index("period").reindex(pd.Index(weeks, name="period")).reset_index()


def gaps(frame: pd.DataFrame) -> str:
    """Which weeks of a frame `on_calendar` have no figure, in words; nothing where all have one."""
    weeks = frame.loc[frame["estimate"].isna(), "period"].tolist()
    if len(weeks) > _MOST_GAPS:
        return say("no figure in {n} of {all} weeks", n=len(weeks), all=len(frame))
    return say("no figure in {weeks}", weeks=say(", ").join(weeks)) if weeks else ""


def two_bases(known: pd.DataFrame) -> str:
    """Which weeks stand on gold, where others stand on audits."""
    gold = known["method"].str.contains("; gold")
    if gold.all() or not gold.any():
        return ""
    weeks = known.loc[gold, "period"].tolist()
    if len(weeks) > _MOST_GAPS:
        return say("on gold, not audits, in {n} weeks", n=len(weeks))
    return say("on gold, not audits, in {weeks}", weeks=say(", ").join(weeks))


def line(ax: Axes, frame: pd.DataFrame, width: float = 1.8) -> None:
    """Draw a metric frame's estimates as a line and their intervals as a band, one without neighbours as a bar."""
    places, known = np.arange(len(frame)), frame["estimate"].notna()
    alone = (known & ~known.shift(1, fill_value=False) & ~known.shift(-1, fill_value=False)).to_numpy()
    low, high, estimate = (frame[column].to_numpy(dtype=float) for column in ("ci_low", "ci_high", "estimate"))
    if alone.any():
        ax.vlines(places[alone], low[alone], high[alone], color=PALE_BLUE, linewidth=2.2)
    ax.fill_between(places, low, high, color=PALE_BLUE, linewidth=0)
    ax.plot(places, estimate, color=BLUE, linewidth=width, marker="o", markersize=width * 1.7)


def week_ticks(ax: Axes, weeks: list[str], most: int = 13) -> None:
    """``2026-W46`` as ``W46``, with the year below the first week and below the first of every further year."""
    step = math.ceil(len(weeks) / most)
    shown = list(range(len(weeks) - 1, -1, -step))[::-1]
    labels, year = [], ""
    for place in shown:
        this, _, week = weeks[place].partition("-")
        labels.append(f"{week}\n{this}" if this != year else week)
        year = this
    name_ticks(ax.xaxis, shown, labels)
    ax.set_xlim(-0.4, len(weeks) - 0.6)


def draw_target(ax: Axes, target: float | None) -> bool:
    """Draw the target where there is one."""
    if target is None or not math.isfinite(target):
        return False
    ax.axhline(target, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    return True


def name_ends(ax: Axes, ends: list[tuple[str, float, str]]) -> None:
    """Words, value and colour of what ends at the right edge; two that would touch are moved apart."""
    low, high = ax.get_ylim()
    points = 60 * ax.figure.get_figheight() * ax.get_position().height / (high - low)
    ends = sorted(ends, key=lambda end: end[1])
    gap = (ends[-1][1] - ends[0][1]) * points if len(ends) > 1 else _LINE_HEIGHT
    push = max(0.0, _LINE_HEIGHT - gap) / 2
    for (said, value, colour), shift in zip(ends, (-push, push), strict=False):
        ax.annotate(
            said,
            (1, value),
            (4, shift),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            color=colour,
            annotation_clip=False,
        )
