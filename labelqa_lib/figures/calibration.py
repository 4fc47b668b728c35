"""Who reads which policy area differently? Participants against the key."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from labelqa_lib import wording
from labelqa_lib.figures.canvas import INK, canvas, heading, name, nothing, sentence, styled
from labelqa_lib.figures.scales import name_ticks
from labelqa_lib.translation import N_, say

MOST_PARTICIPANTS = 20
FEWEST_ITEMS = 5
"""A cell with fewer items stays empty."""

MOST_INTERVALS = 6
"""With more columns there is no room for an interval in a cell; its shade carries it alone."""

DARKEST = 0.15
"""Share that surely differs from the key at which a cell is at its darkest, unless one is beyond it."""


@styled
def participants(
    frame: pd.DataFrame,
    who: str,
    area: str = "policy_area",
    *,
    title: str = N_("Participants against the key"),
    minimum: int = 30,
) -> Figure:
    """Who differs from the key, and in which policy area?

    Parameters
    ----------
    frame : DataFrame
        A metric frame of a rate by `who` and `area`.
    who, area : str
        Its dimensions.
    minimum : int
        Nobody with fewer items in all is shown.

    Returns
    -------
    Figure
        A heat map: rows are participants, those furthest from the key first. Cells say the share, its interval and the
        items; their shade is the share that surely differs (the near end of the interval), so that chance stays pale.
    """
    known = frame[frame["estimate"].notna()] if len(frame) else frame
    total = known.groupby(who)["n"].transform("sum") if len(known) else known
    known = known[total >= minimum] if len(known) else known
    if known.empty:
        return nothing(title, frame, say("nobody has {n} items with a key", n=minimum))
    right = (known["estimate"] * known["n"]).groupby(known[who]).sum() / known.groupby(who)["n"].sum()
    shown = right.sort_values(kind="stable").head(MOST_PARTICIPANTS).index
    enough = known[known["n"] >= FEWEST_ITEMS]
    share, low, high, items = (
        enough.pivot_table(index=who, columns=area, values=value).reindex(shown)
        for value in ("estimate", "ci_low", "ci_high", "n")
    )
    fig = canvas(1.1 + 0.26 * len(shown))
    ax = fig.subplots()
    surely = np.where(share.notna(), 1 - high.fillna(1).to_numpy(), np.nan)
    most = max(DARKEST, float(np.nanmax(surely, initial=0)))
    ax.pcolormesh(np.ma.masked_invalid(surely), vmin=0, vmax=most, cmap="Oranges", edgecolor="white", linewidth=1.5)
    for cell in zip(*np.nonzero(share.notna().to_numpy()), strict=True):
        ends = f" ({100 * low.iat[cell]:.0f}–{100 * high.iat[cell]:.0f})" if share.shape[1] <= MOST_INTERVALS else ""
        said = f"{100 * share.iat[cell]:.0f} %{ends}  {say('n {n}', n=f'{items.iat[cell]:.0f}')}"
        ink = "white" if surely[cell] > 0.6 * most else INK
        ax.text(cell[1] + 0.5, cell[0] + 0.5, said, size=7.5, ha="center", va="center", color=ink)
    ax.grid(False)
    ax.invert_yaxis()
    name_ticks(ax.yaxis, np.arange(len(shown)) + 0.5, [name(value) for value in shown])
    name_ticks(ax.xaxis, np.arange(share.shape[1]) + 0.5, [name(value, 20) for value in share.columns])
    ax.tick_params(length=0, labelcolor=INK)
    ax.set_xlabel(say("share that agrees with the key (interval), items; the darker, the surer it differs; empty: fewer than {n}",
                      n=FEWEST_ITEMS))  # fmt: skip
    worst = enough[enough[who].isin(shown)].sort_values(["estimate", who], kind="stable").head(3)
    said = [
        say("{who} {share} in {area}", who=name(row[who]), share=wording.amount(row["estimate"], "rate"), area=name(row[area]))
        for _, row in worst.iterrows()
    ]
    note = say("the {n} furthest from it", n=len(shown)) if len(right) > len(shown) else ""
    message = say("furthest from the key: {said}", said=sentence(*said)) if said else say("too few items in every cell.")
    heading(fig, title, message, note)
    return fig
