"""Who reads which policy area differently? Participants against the key."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from labelqa_lib import wording
from labelqa_lib.figures.canvas import INK, canvas, heading, name, nothing, styled

MOST_PARTICIPANTS = 20
FEWEST_ITEMS = 5
"""A cell with fewer items stays empty."""


@styled
def participants(
    frame: pd.DataFrame,
    who: str,
    area: str = "policy_area",
    *,
    title: str = "Participants against the key",
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
        A heat map: rows are participants, those furthest from the key first; cells say the share and the items.
    """
    known = frame[frame["estimate"].notna()] if len(frame) else frame
    total = known.groupby(who)["n"].transform("sum") if len(known) else known
    known = known[total >= minimum] if len(known) else known
    if known.empty:
        return nothing(title, frame, f"nobody has {minimum} items with a key")
    right = (known["estimate"] * known["n"]).groupby(known[who]).sum() / known.groupby(who)["n"].sum()
    shown = right.sort_values(kind="stable").head(MOST_PARTICIPANTS).index
    enough = known[known["n"] >= FEWEST_ITEMS]
    share = enough.pivot_table(index=who, columns=area, values="estimate").reindex(shown)
    items = enough.pivot_table(index=who, columns=area, values="n").reindex(shown)
    fig = canvas(1.1 + 0.26 * len(shown))
    ax = fig.subplots()
    wrong = 1 - share.to_numpy()
    most = max(0.2, float(np.nanmax(wrong, initial=0)))
    ax.pcolormesh(np.ma.masked_invalid(wrong), vmin=0, vmax=most, cmap="Oranges", edgecolor="white", linewidth=1.5)
    for (row, column), value in np.ndenumerate(wrong):
        if not np.isnan(value):
            said = f"{100 - 100 * value:.0f} %  {items.iat[row, column]:.0f}"
            ink = "white" if value > 0.6 * most else INK
            ax.text(column + 0.5, row + 0.5, said, size=8, ha="center", va="center", color=ink)
    ax.grid(False)
    ax.invert_yaxis()
    ax.set_yticks(np.arange(len(shown)) + 0.5, [name(value) for value in shown])
    ax.set_xticks(np.arange(share.shape[1]) + 0.5, [name(value, 20) for value in share.columns])
    ax.tick_params(length=0, labelcolor=INK)
    ax.set_xlabel(f"share that agrees with the key, and items; cells with fewer than {FEWEST_ITEMS} items are empty")
    worst = enough.sort_values(["estimate", who], kind="stable").head(3)
    said = "; ".join(
        f"{name(row[who])} {wording.amount(row['estimate'], 'rate')} in {name(row[area])}"
        for _, row in worst.iterrows()
    )
    note = f"the {len(shown)} furthest from it" if len(right) > len(shown) else ""
    heading(fig, title, f"furthest from the key: {said}." if said else "too few items in every cell.", note)
    return fig
