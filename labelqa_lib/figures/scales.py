"""An axis' gridlines, ticks, labels and name as one artist: matplotlib's own makes five artists for every tick.

Axes keep their locators, formatters and settings; what is drawn is read from them once a figure is ready.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.ticker import FixedFormatter, FixedLocator
from matplotlib.transforms import Bbox, IdentityTransform

from labelqa_lib.figures.texts import line_of

_NEARLY = 1e-9
"""Of what an axis shows: a tick that is so little outside is at its end."""


def name_ticks(axis: Axis, places: Sequence[float], names: Iterable[str]) -> None:
    """Put a name at each of these places, as ``set_ticks`` does, which makes the ticks at once."""
    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FixedFormatter(list(names)))


def take_over(fig: Figure) -> None:
    """Draw the scales of a figure's axes as an artist each. Those whose labels are turned stay matplotlib's."""
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            if ax.axison and axis.get_visible() and not axis.get_tick_params().get("rotation"):
                ax.add_artist(_Scale(axis))
                axis.set_visible(False)


class _Scale(Artist):
    """Made while the figure's style is in force; where its parts lie is asked when it is measured and drawn."""

    def __init__(self, axis: Axis):
        super().__init__()
        self.set_clip_on(False)
        settings, told = matplotlib.rcParams, axis.get_tick_params()
        self.kind, side = axis.axis_name, {"x": "bottom", "y": "left"}[axis.axis_name]
        self.set_zorder(axis.get_zorder())
        self.axis, self.name = axis, axis.label
        self.grid = (settings["grid.color"], settings["grid.linewidth"]) if told["gridOn"] else None
        self.stroke = settings[f"{self.kind}tick.color"], settings[f"{self.kind}tick.major.width"]
        self.length = told.get("length", settings[f"{self.kind}tick.major.size"]) if told[side] else 0
        self.pad = settings[f"{self.kind}tick.major.pad"] + self.length
        colour = told.get("labelcolor", settings[f"{self.kind}tick.labelcolor"])
        self.colour = self.stroke[0] if colour == "inherit" else colour
        self.font = FontProperties(size=settings[f"{self.kind}tick.labelsize"])
        low, high = sorted(axis.get_view_interval())
        places = np.asarray(axis.get_majorticklocs(), dtype=float)
        said = axis.get_major_formatter().format_ticks(places) if told[f"label{side}"] else [""] * len(places)
        beyond = _NEARLY * (high - low)
        shown = (low - beyond <= places) & (places <= high + beyond)
        self.places = places[shown]
        self.labels = [words.split("\n") for words, here in zip(said, shown, strict=True) if here]

    def draw(self, renderer: RendererBase) -> None:
        """Gridlines, ticks, labels and the axis' name."""
        if not self.get_visible() or not self.axes.axison:
            return
        at, box = self._pixels(), self.axes.bbox
        if self.grid:
            self._lines(renderer, at, (box.y0, box.y1) if self.kind == "x" else (box.x0, box.x1), *self.grid)
        if self.length:
            edge = box.y0 if self.kind == "x" else box.x0
            self._lines(renderer, at, (edge, edge - renderer.points_to_pixels(self.length)), *self.stroke)
        ink, (_, height) = renderer.new_gc(), renderer.get_canvas_width_height()
        ink.set_foreground(self.colour)
        for left, baseline, words, _ in self._texts(renderer, at):
            renderer.draw_text(ink, left, height - baseline if renderer.flipy() else baseline, words, self.font, 0)
        ink.restore()
        self._place_name(renderer)
        self.name.draw(renderer)

    def get_tightbbox(self, renderer: RendererBase | None = None) -> Bbox:
        """Where the labels and the name are; a name longer than its axis counts as short, since a layout cannot help it."""
        renderer = renderer or self.get_figure(root=True).canvas.get_renderer()
        box = self._place_name(renderer)
        if self.name.get_text():
            around, middle = self.name.get_window_extent(renderer), self.axes.bbox
            if self.kind == "x":
                around = Bbox.from_extents(middle.x0, around.y0, middle.x1, around.y1)
            else:
                around = Bbox.from_extents(around.x0, middle.y0, around.x1, middle.y1)
            box = Bbox.union([box, around])
        return box

    def _pixels(self) -> np.ndarray:
        """Where the ticks are along the axis."""
        zeros = np.zeros_like(self.places)
        if self.kind == "x":
            return self.axes.get_xaxis_transform().transform(np.column_stack([self.places, zeros]))[:, 0]
        return self.axes.get_yaxis_transform().transform(np.column_stack([zeros, self.places]))[:, 1]

    def _lines(self, renderer: RendererBase, at: np.ndarray, ends: tuple[float, float], colour: str, width: float) -> None:
        """Lines across the axis, all at once."""
        across = np.tile(ends, len(at))
        along = np.repeat(at, 2)
        path = Path(np.column_stack([along, across] if self.kind == "x" else [across, along]), len(at) * [Path.MOVETO, Path.LINETO])
        pen = renderer.new_gc()
        pen.set_foreground(colour)
        pen.set_linewidth(width)
        renderer.draw_path(pen, path, IdentityTransform())
        pen.restore()

    def _texts(self, renderer: RendererBase, at: np.ndarray) -> Iterable[tuple[float, float, str, float]]:
        """Left end, baseline, words and width of every line: centred below the axis, or flush right beside it."""
        rise, drop, gap = line_of(self.font, self.get_figure(root=True).dpi)
        box, pad = self.axes.bbox, renderer.points_to_pixels(self.pad)
        for place, lines in zip(at, self.labels, strict=True):
            baseline = box.y0 - pad - rise if self.kind == "x" else place - rise / 2
            for number, words in enumerate(lines):
                if words:
                    width, _, _ = renderer.get_text_width_height_descent(words, self.font, ismath=False)
                    left = place - width / 2 if self.kind == "x" else box.x0 - pad - width
                    yield left, baseline - number * (rise + drop + gap), words, width

    def _place_name(self, renderer: RendererBase) -> Bbox:
        """Put the axis' name beyond its labels, and give the box of these."""
        rise, drop, _ = line_of(self.font, self.get_figure(root=True).dpi)
        box, length = self.axes.bbox, renderer.points_to_pixels(self.length)
        outer = [box.x0, box.y0 - length, box.x1, box.y0] if self.kind == "x" else [box.x0 - length, box.y0, box.x0, box.y1]
        for left, baseline, _, width in self._texts(renderer, self._pixels()):
            outer = [min(outer[0], left), min(outer[1], baseline - drop), max(outer[2], left + width), max(outer[3], baseline + rise)]
        pad = renderer.points_to_pixels(self.axis.labelpad)
        along_x, along_y = self.name.get_position()
        self.name.set_position((along_x, outer[1] - pad) if self.kind == "x" else (outer[0] - pad, along_y))
        return Bbox.from_extents(*outer)
