"""Where a figure's axes lie, so that all labels have room: found in one pass, from texts that are measured once.

matplotlib's constrained layout measures every label twice, in case ticks change with the size of their axes. Here ticks
are set by what is drawn, not by size, and all figures are plain grids.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure


def fit(fig: Figure) -> None:
    """Place the axes of a figure, a plain grid of them, so that their labels and the figure's title fit into it.

    Pads are those of the style's constrained layout. Columns are as wide as their ratios say, rows as high; each has the
    room that the widest label beside it needs.
    """
    if not fig.axes:
        return
    renderer, grid = fig.canvas.get_renderer(), fig.axes[0].get_gridspec()
    rows, columns = grid.get_geometry()
    width, height = fig.bbox.size
    w_pad, h_pad = (fig.dpi * matplotlib.rcParams[f"figure.constrained_layout.{side}_pad"] for side in "wh")
    left, right, above, below = np.zeros(columns), np.zeros(columns), np.zeros(rows), np.zeros(rows)
    for ax in fig.axes:
        place, inner = ax.get_subplotspec(), ax.get_position(original=True).transformed(fig.transFigure)
        outside = [*ax.texts, *ax.artists]  # of all else, nothing reaches beyond the axes
        outer = ax.get_tightbbox(renderer, for_layout_only=True, bbox_extra_artists=outside) or inner
        for room, at, needed in (
            (left, place.colspan.start, inner.x0 - outer.x0),
            (right, place.colspan.stop - 1, outer.x1 - inner.x1),
            (above, place.rowspan.start, outer.y1 - inner.y1),
            (below, place.rowspan.stop - 1, inner.y0 - outer.y0),
        ):
            room[at] = max(room[at], needed)
    across = _placed(width, left + w_pad, right + w_pad, grid.get_width_ratios())
    top = height - _title(fig, renderer, h_pad)
    down = _placed(top, above + h_pad, below + h_pad, grid.get_height_ratios())
    for ax in fig.axes:
        place = ax.get_subplotspec()
        (x0, _), (_, x1) = across[place.colspan.start], across[place.colspan.stop - 1]
        (y1, _), (_, y0) = down[place.rowspan.start], down[place.rowspan.stop - 1]
        ax.set_position([x0 / width, (top - y0) / height, (x1 - x0) / width, (y0 - y1) / height])


def _placed(length: float, before: np.ndarray, after: np.ndarray, ratios: Sequence[float] | None) -> np.ndarray:
    """Where the parts of a length begin and end, when each has some room before and after it: shape (parts, 2)."""
    share = np.ones(len(before)) if ratios is None else np.asarray(ratios, dtype=float)
    inside = max(length - (before + after).sum(), 0) * share / share.sum()
    end = np.cumsum(before + inside + after) - after
    return np.column_stack([end - inside, end])


def _title(fig: Figure, renderer: RendererBase, pad: float) -> float:
    """Height that the figure's title takes at its top edge, with pads above and below."""
    if fig.get_suptitle() == "":
        return 0.0
    title = fig._suptitle  # matplotlib gives no other way to it
    title.set_y(1 - pad / fig.bbox.height)
    return title.get_window_extent(renderer).height + 2 * pad
