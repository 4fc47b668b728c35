"""Do rare errors come closer together? A g chart: the good items between one and the next."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from labelqa_lib import wording
from labelqa_lib.figures.canvas import BLUE, FAINT, INK, MUTED, VERMILION, canvas, heading, nothing, sentence, styled
from labelqa_lib.figures.scales import name_ticks
from labelqa_lib.translation import say

_TICKS = (0, 5, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_PALE_GREY = "#f1f3f5"


@styled
def gaps(frame: pd.DataFrame, *, title: str) -> Figure:
    """Which errors came sooner after the one before than chance explains?

    Parameters
    ----------
    frame : DataFrame
        From `metrics.critical_gaps`: ``period, gap, centre, lower, upper, signal, reason``, a row per error in time.
    title : str

    Returns
    -------
    Figure
        A dot per error at the good items before it, on a square-root scale so that short gaps can be told apart; the
        limits as a grey field about the median, errors at which a rule is complete as diamonds. High is good.
    """
    if frame.empty:
        return nothing(title, frame, say("fewer than two of these errors in all weeks"))
    fig = canvas(2.6)
    ax = fig.subplots()
    ax.set_yscale("function", functions=(lambda y: np.sqrt(np.maximum(y, 0)), np.square))
    if frame["upper"].notna().any():
        ax.fill_between(frame.index, frame["lower"], frame["upper"], color=_PALE_GREY, linewidth=0, zorder=0)
        for bound, colour in (("lower", FAINT), ("upper", FAINT), ("centre", MUTED)):
            ax.plot(frame.index, frame[bound], color=colour, linewidth=1, zorder=1)
    ax.plot(frame.index, frame["gap"], color=BLUE, marker="o", markersize=2.5, linewidth=0.7)
    signalled = frame[frame["signal"] != ""]
    ax.scatter(signalled.index, signalled["gap"], marker="D", s=36, color=VERMILION, edgecolor=INK, zorder=4)
    top = np.nanmax([frame["gap"].max(), frame["upper"].max(), 5])
    ax.set_ylim(0, 1.1 * top)
    ax.yaxis.set_major_locator(FixedLocator([tick for tick in _TICKS if tick <= 1.1 * top]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.whole(value)))
    ax.set_ylabel(say("good items before it"))
    first = ~frame["period"].duplicated()
    name_ticks(ax.xaxis, frame.index[first], [week.split("-")[1] for week in frame.loc[first, "period"]])
    heading(fig, title, _message(frame), say("grey: limits from the weeks before the last; ◆ signal; high is good"))
    return fig


def _message(frame: pd.DataFrame) -> str:
    last = frame[frame["period"] == frame["period"].iloc[-1]]
    seen = wording.count(len(last), "{n} error in {week}", "{n} errors in {week}", week=last["period"].iloc[0])
    said = say("{seen}, with a median of {n} good items before each", seen=seen, n=wording.whole(last["gap"].median()))
    if frame["upper"].isna().all():
        return sentence(said, say("no limits: {why}", why=say(frame["reason"].iloc[-1])))
    said = say("{said}, usual {n}", said=said, n=wording.whole(last["centre"].iloc[-1]))
    signals = [wording.said(words) for words in dict.fromkeys(words for words in last["signal"] if words)]
    return sentence(said, say("signal: {rule}", rule=say(", ").join(signals)) if signals else say("no signal"))
