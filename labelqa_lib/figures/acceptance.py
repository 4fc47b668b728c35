"""Sites' weeks as delivered lots: how they fared, what their plans do, and how soon a sequence decides."""

from __future__ import annotations

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
    heading,
    measure_axis,
    name,
    nothing,
    sentence,
    stack_ends,
    styled,
)
from labelqa_lib.figures.scales import name_ticks
from labelqa_lib.figures.weeks import week_ticks
from labelqa_lib.translation import N_, say

MOST_SITES = 6
_DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (8, 2)), (0, (3, 3)))


@styled
def lots(frame: pd.DataFrame, *, title: str = N_("Sites' weeks under the switching rules")) -> Figure:
    """Which weeks of which site would have been accepted, and under which severity?

    Parameters
    ----------
    frame : DataFrame
        From `sampling.lots`.

    Returns
    -------
    Figure
        A row per site, a mark per week: errors found and allowed; rejected is a triangle, tightened a grey field.
    """
    if frame.empty:
        return nothing(title, frame, say("no site's week has random audits"))
    every = sorted(frame["site"].unique())
    sites = every[:MOST_SITES]
    weeks = sorted(frame["week"].unique())
    fig = canvas(0.9 + 0.62 * len(sites))
    ax = fig.subplots()
    for place, site in enumerate(sites):
        _row(ax, frame[frame["site"] == site], weeks, len(sites) - 1 - place)
    name_ticks(ax.yaxis, range(len(sites)), [name(site) for site in reversed(sites)])
    ax.set_ylim(-0.6, len(sites) - 0.4)
    week_ticks(ax, weeks)
    shown = frame[frame["site"].isin(sites)]
    note = [say("errors found / allowed; ▲ rejected; grey: tightened")]
    note += [say("… and {n} more", n=len(every) - len(sites))] if len(every) > len(sites) else []
    heading(fig, title, _fared(shown, sites), say("; ").join(note))
    return fig


def _row(ax: Axes, part: pd.DataFrame, weeks: list[str], place: int) -> None:
    for row in part.itertuples():
        week = weeks.index(row.week)
        if row.inspection == "tightened":
            ax.fill_between([week - 0.5, week + 0.5], place - 0.4, place + 0.4, color="#e4e7eb", linewidth=0)
        if row.accepted is None:
            ax.annotate("–", (week, place), ha="center", va="center", color=MUTED)
            continue
        colour, mark = (BLUE, "o") if row.accepted else (VERMILION, "^")
        ax.scatter(week, place + 0.16, color=colour, marker=mark, s=34, zorder=3)
        ax.annotate(f"{row.found:.0f}/{row.accept}", (week, place - 0.2), ha="center", va="center", color=colour)


def _fared(frame: pd.DataFrame, sites: list[str]) -> str:
    said = []
    for site in sites:
        judged = frame[(frame["site"] == site) & frame["accepted"].notna()]
        now = frame.loc[frame["site"] == site, "following"].iloc[-1]
        rejected = judged["accepted"].eq(False).sum()
        said.append(say("{site}: {rejected} of {weeks} weeks rejected, next {inspection}", site=name(site), rejected=rejected,
                        weeks=len(judged), inspection=say(now)))  # fmt: skip
    return sentence(*said)


@styled
def operating(frame: pd.DataFrame, *, aql: float, title: str = N_("What the next weeks' plans do")) -> Figure:
    """How often does each site's plan accept, how good is what leaves, and how many audits do double and full checks take?

    Parameters
    ----------
    frame : DataFrame
        From `sampling.curves`.
    aql : float
        As a share.
    """
    if frame.empty:
        return nothing(title, frame, say("no site expects a week to inspect"))
    sites = list(dict.fromkeys(frame["site"]))[:MOST_SITES]
    fig = canvas(4.6)
    axes = fig.subplots(2, 2).ravel()
    wanted = (("accepted", say("probability of acceptance (OC)"), "rate"), ("outgoing", say("errors that leave (AOQ)"), "rate"),
              ("checked", say("audits, double plan (ASN)"), "count"),
              ("inspected", say("audits, rejected weeks in full (ATI)"), "count"))  # fmt: skip
    for ax, (column, label, unit) in zip(axes, wanted, strict=True):
        ends = []
        for place, site in enumerate(sites):
            part = frame[frame["site"] == site]
            colour = (BLUE, VERMILION)[place % 2]
            ax.plot(part["share"], part[column], color=colour, linestyle=_DASHES[place])
            ends.append((name(site, 12), part[column].iloc[-1], colour))
        ax.axvline(aql, color=FAINT, linewidth=1)
        ax.set_ylim(bottom=0)
        measure_axis(ax.xaxis, "rate", say("errors in the week, %"))
        measure_axis(ax.yaxis, unit)
        ax.set_title(label, loc="left", size=9, color=MUTED)
        stack_ends(ax, ends)
    said = [f"{name(site)}: {frame.loc[frame['site'] == site, 'plan'].iloc[0]}" for site in sites]
    heading(fig, title, sentence(*said), say("line: AQL {share}", share=wording.amount(aql, "rate")))
    return fig


@styled
def sequential(frame: pd.DataFrame, *, title: str = N_("One audit after the other (SPRT)")) -> Figure:
    """After how many audits could the week have been accepted or rejected?

    Parameters
    ----------
    frame : DataFrame
        From `sampling.sequential`.
    """
    if frame.empty:
        return nothing(title, frame, say("no site was audited at random in the week"))
    sites = list(dict.fromkeys(frame["site"]))[:MOST_SITES]
    fig = canvas(2.6 if len(sites) <= 3 else 4.8)
    columns = min(len(sites), 3)
    axes = fig.subplots(-(-len(sites) // columns), columns, squeeze=False).ravel()
    said = []
    for ax, site in zip(axes, sites, strict=False):
        part = frame[frame["site"] == site]
        decided, decision = int(part["decided"].iloc[0]), part["decision"].iloc[0]
        _lines(ax, part.head(max(2 * decided, 30)), decided)
        short, long = _DECIDED[decision]
        ax.set_title(say(short, site=name(site), n=decided), loc="left", size=9, color=MUTED)
        said.append(say(long, site=name(site), n=decided))
    for ax in axes[len(sites) :]:
        ax.set_visible(False)
    heading(fig, title, sentence(*said), say("above the field: reject; below: accept"))
    return fig


_INSPECTION = (N_("normal"), N_("tightened"), N_("reduced"), N_("stopped"))
"""What `sampling.lots` calls the severity that follows."""

_DECIDED = {
    "accept": (N_("{site}: accepted after {n}"), N_("{site} accepted after {n} audits")),
    "reject": (N_("{site}: rejected after {n}"), N_("{site} rejected after {n} audits")),
    "continue": (N_("{site}: undecided after {n}"), N_("{site} undecided after {n} audits")),
}


def _lines(ax: Axes, part: pd.DataFrame, decided: int) -> None:
    ax.fill_between(part["number"], part["accept_at"], part["reject_at"], color=PALE_BLUE, linewidth=0, alpha=0.6)
    ax.step(part["number"], part["found"], where="post", color=BLUE)
    at = part[part["number"] == decided]
    ax.scatter(at["number"], at["found"], s=50, color=VERMILION, edgecolor=INK, zorder=4)
    ax.set_ylim(min(-0.5, part["found"].min()), max(part["reject_at"].max(), part["found"].max()) + 1)
    ax.set_ylim(bottom=-0.5)
    measure_axis(ax.xaxis, "count", say("audits"))
    measure_axis(ax.yaxis, "count", say("errors found"))
