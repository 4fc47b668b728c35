"""Markets that share QA hours: how near each goal comes to what is asked for, alone and together."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from labelqa_lib.figures.canvas import BLUE, FAINT, INK, MUTED, canvas, heading, measure_axis, name, nothing, sentence, styled
from labelqa_lib.figures.scales import name_ticks
from labelqa_lib.translation import N_, say

_MOST = 30
"""Goals shown: those farthest from what is asked for, alone or together."""


@styled
def margins(frame: pd.DataFrame, *, title: str = N_("How near each interval comes to what is asked for")) -> Figure:
    """Which goals are out of reach of a market's own hours, and where do they come to with shared hours?

    Parameters
    ----------
    frame : DataFrame
        From `sampling.across.goals_of`: ``market, goal, wanted, alone, together``.
    """
    if frame.empty:
        return nothing(title, frame, say("no goal can be planned for"))
    frame = frame.assign(before=frame["alone"] / frame["wanted"], after=frame["together"] / frame["wanted"])
    worst = frame[["before", "after"]].max(axis=1).nlargest(_MOST).index
    frame = frame.loc[sorted(worst)]
    places = np.arange(len(frame))[::-1]
    fig = canvas(0.9 + 0.22 * len(frame))
    ax = fig.subplots()
    ax.axvline(1, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    ax.hlines(places, frame["before"], frame["after"], color=FAINT, linewidth=2)
    ax.scatter(frame["before"], places, s=34, facecolor="white", edgecolor=MUTED, zorder=3)
    ax.scatter(frame["after"], places, s=34, color=BLUE, zorder=4)
    name_ticks(ax.yaxis, places, [f"{name(row.market, 6)}  {name(row.goal, 36)}" for row in frame.itertuples()])
    ax.set_xlim(left=0)
    ax.set_ylim(-0.7, len(frame) - 0.3)
    measure_axis(ax.xaxis, "coefficient", say("half-width promised, in terms of the one asked for"))
    missed = [int((frame[column] > 1.01).sum()) for column in ("before", "after")]
    said = say("{alone} of the {n} goals shown are missed with own hours, {together} with shared ones", alone=missed[0],
               n=len(frame), together=missed[1])  # fmt: skip
    heading(fig, title, sentence(said), say("dashed: as asked for; circle: own hours; dot: shared"))
    return fig
