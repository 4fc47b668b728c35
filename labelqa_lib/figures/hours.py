"""When do errors happen? Rates over the hours of a day."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from labelqa_lib import wording
from labelqa_lib.figures.bars import bars
from labelqa_lib.figures.canvas import FAINT, canvas, clamp, heading, measure_axis, nothing, sentence, styled
from labelqa_lib.figures.scales import name_ticks
from labelqa_lib.figures.weeks import line
from labelqa_lib.translation import N_, say


@styled
def by_hour(frame: pd.DataFrame, *, title: str = N_("Error rate by local hour")) -> Figure:
    """At which hours of the day do errors happen, and how much work is done then?

    Parameters
    ----------
    frame : DataFrame
        A metric frame of a rate by ``local_hour``; volumes are its column ``volume``, or else ``n``.
    """
    if frame.empty or frame["estimate"].notna().sum() == 0:
        return nothing(title, frame)
    hours = frame.assign(local_hour=frame["local_hour"].astype(int)).set_index("local_hour").reindex(range(24))
    fig = canvas(3.0)
    ax, below = fig.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    places = np.arange(24)
    line(ax, hours)
    worst = hours["estimate"].idxmax()
    ax.annotate(
        f"{worst:02d}:00  {wording.amount(hours['estimate'][worst], 'rate')}",
        (worst, hours["estimate"][worst]),
        (0, 7),
        textcoords="offset points",
        ha="center" if 2 < worst < 21 else "left" if worst <= 2 else "right",
    )
    ax.margins(y=0.18)
    clamp(ax, "rate")
    measure_axis(ax.yaxis, "rate")
    best = hours["estimate"].idxmin()
    ends = [wording.amount(hours["estimate"][hour], "rate") for hour in (worst, best)]
    said = say("highest {high} at {then}, lowest {low} at {time} local time", high=ends[0], then=f"{worst:02d}:00", low=ends[1],
               time=f"{best:02d}:00")  # fmt: skip
    heading(fig, title, sentence(said))
    volume = hours["volume" if "volume" in hours else "n"].fillna(0)
    bars(below, places, volume, 0.8, FAINT)
    measure_axis(below.yaxis, "count", say("annotations") if "volume" in hours else say("items judged"))
    name_ticks(below.xaxis, range(0, 24, 3), [f"{hour:02d}:00" for hour in range(0, 24, 3)])
    below.set_xlabel(say("local hour"))
    return fig
