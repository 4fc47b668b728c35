"""How long does a label take? A distribution of handle times."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from labelqa_lib import wording
from labelqa_lib.figures.canvas import BLUE, PALE_BLUE, canvas, heading, measure_axis, nothing, sentence, styled
from labelqa_lib.translation import N_, say


@styled
def handle_times(frame: pd.DataFrame, *, title: str = N_("Handle times"), marks: Mapping[str, float] | None = None) -> Figure:
    """How are handle times spread?

    Parameters
    ----------
    frame : DataFrame
        From `metrics.handle_times`: ``low, high`` (seconds) and ``annotations``; the last cell has no upper end.
    title : str
    marks : mapping of str to float, optional
        Lines to draw, in seconds, by what they are called; NaN is left out.
    """
    if frame.empty:
        return nothing(title, frame, say("no handle times were delivered"))
    fig = canvas(2.4)
    ax = fig.subplots()
    low, width = frame["low"].to_numpy(), frame["low"].iloc[1] - frame["low"].iloc[0]
    ax.bar(low, frame["annotations"], width=width, align="edge", color=PALE_BLUE, edgecolor="white", linewidth=0.6)
    known = {name: value for name, value in (marks or {}).items() if value == value}
    for name, value in known.items():
        ax.axvline(value, color=BLUE, linewidth=1.2)
        ax.annotate(f"{name} {wording.amount(value, 'seconds')}", (value, 1), (3, 2), color=BLUE,
                    xycoords=("data", "axes fraction"), textcoords="offset points")  # fmt: skip
    total = frame["annotations"].sum()
    last = wording.amount(low[-1], "seconds")
    share = wording.amount(frame["annotations"].iloc[-1] / total, "rate")
    said = say(", ").join(f"{name} {wording.amount(value, 'seconds')}" for name, value in known.items())
    longest = say("{share} take {time} or longer", share=share, time=last)
    counted = wording.count(total, "{n} annotation", "{n} annotations")
    heading(fig, title, sentence(said, wording.clauses(counted, longest)))
    measure_axis(ax.xaxis, "seconds", say("seconds; the last bar is all of {time} or longer", time=last))
    measure_axis(ax.yaxis, "count", say("annotations"))
    ax.set_xlim(0, low[-1] + width)
    ax.set_ylim(0, 1.05 * np.max(frame["annotations"]))
    return fig
