"""Where a figure's axes lie, so that all labels have room: found in one pass, from texts that are measured once.

matplotlib's constrained layout measures every label twice, in case ticks change with the size of their axes. Here ticks
are set by what is drawn, not by size, and all figures are plain grids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg, get_hinting_flag
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

_MOST_SET = 5000
_SUBPIXELS = 64
"""To a pixel, in which FreeType measures."""



class Canvas(FigureCanvasAgg):
    """Sets a text once, whatever figure it stands in: figures of a page share weeks, percentages and names."""

    def get_renderer(self) -> RendererAgg:
        """As that of the class above, kept while the figure's size stays."""
        size = *self.figure.bbox.size, self.figure.dpi
        if getattr(self, "_made_for", None) != size:
            self._made_for, self.renderer = size, _Renderer(*size)
        return self.renderer


class _Set(NamedTuple):
    """A text as it is set: its measures in pixels, its picture, and where that lies from where the text begins."""

    measures: tuple[float, float, float]
    picture: np.ndarray
    right: float
    below: float


class _Renderer(RendererAgg):
    """Draws a text from the picture of it that was made when it was measured; the class above shapes it twice, and
    renders it letter by letter wherever it stands."""

    _known: dict[tuple, _Set] = {}

    def _set(self, s: str, prop: FontProperties) -> _Set:
        text = s, hash(prop), self.dpi
        if text not in self._known:
            if len(self._known) > _MOST_SET:
                self._known.clear()
            font = self._prepare_font(prop)
            font.set_text(s, 0, flags=get_hinting_flag())
            measures = tuple(length / _SUBPIXELS for length in (*font.get_width_height(), font.get_descent()))
            font.draw_glyphs_to_bitmap(antialiased=True)
            right, below = font.get_bitmap_offset()
            picture = np.array(font.get_image())
            self._known[text] = _Set(measures, picture, right / _SUBPIXELS, below / _SUBPIXELS + measures[2])
        return self._known[text]

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: bool) -> tuple[float, float, float]:
        return super().get_text_width_height_descent(s, prop, ismath) if ismath else self._set(s, prop).measures

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:
        if ismath or angle:
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        text = self._set(s, prop)
        self._renderer.draw_text_image(text.picture, round(x + text.right), round(y + text.below) + 1, 0, gc)


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
        outer = ax.get_tightbbox(renderer, for_layout_only=True) or inner
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


def _title(fig: Figure, renderer: RendererAgg, pad: float) -> float:
    """Height that the figure's title takes at its top edge, with pads above and below."""
    if fig.get_suptitle() == "":
        return 0.0
    title = fig._suptitle  # matplotlib gives no other way to it
    title.set_y(1 - pad / fig.bbox.height)
    return title.get_window_extent(renderer).height + 2 * pad
