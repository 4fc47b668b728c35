"""Texts of figures, set once: each is shaped, measured and rendered a single time, whatever figures it stands in."""

from __future__ import annotations

import math
import mmap
import threading
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg, get_hinting_flag
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.ft2font import FT2Font, RenderMode

_MOST_SET = 1000
"""Texts that are held, with their pictures of some five kilobytes each; a page has two hundred."""

_SUBPIXELS = 64
"""To a pixel, in which FreeType measures."""

_WHOLE = 0x10000
"""One, in which FreeType turns."""

_LINE_IN_FONT = (("OS/2", "sTypoAscender", "sTypoDescender", "sTypoLineGap"), ("hhea", "ascent", "descent", "lineGap"))
"""Where a font tells how high its lines are."""

_LAST_RESORT = matplotlib.get_data_path() + "/fonts/ttf/LastResortHE-Regular.ttf"
"""matplotlib's own: it has a box for every letter that no other font has."""

_lines: dict[tuple, tuple[float, float, float]] = {}


def line_of(prop: FontProperties, dpi: float) -> tuple[float, float, float]:
    """Pixels that a line of a font takes above its baseline and below it, and between one line and the next."""
    asked = hash(prop), dpi
    if asked not in _lines:
        font = _font_of(prop, dpi)
        name, *keys = next(keys for keys in _LINE_IN_FONT if font.get_sfnt_table(keys[0]))
        rise, drop, gap = (font.get_sfnt_table(name)[key] for key in keys)
        scale = prop.get_size_in_points() * dpi / 72 / font.get_sfnt_table("head")["unitsPerEm"]
        _lines[asked] = rise * scale, -drop * scale, gap * scale
    return _lines[asked]


_fonts: dict[tuple, FT2Font] = {}
_laid: dict[tuple, list] = {}


def _font_of(prop: FontProperties, dpi: float) -> FT2Font:
    """A font at one size. matplotlib's own is one for all sizes, and fits its letters to the grid anew whenever its size
    changes, and it does from each figure's labels to its title.

    Kernels inherit these from what they are forked from. An open file would be read by all of them from where any of them read
    last, and so matplotlib opens its fonts anew in each; what is mapped into memory each reads for itself.
    """
    asked = hash(prop), dpi, threading.get_ident()
    if asked not in _fonts:
        families = [(family.path, family.face_index) for family in fontManager._find_fonts_by_props(prop)]
        kerning = {"_kerning_factor": matplotlib.rcParams["text.kerning_factor"]}
        (path, index), *others = families
        behind = [FT2Font(_mapped(other), face_index=number, **kerning) for other, number in others]
        if matplotlib.rcParams["font.enable_last_resort"]:
            last = FT2Font(_mapped(_LAST_RESORT), _warn_if_used=True, **kerning)
            last.set_charmap(0)  # its Unicode one is empty
            behind.append(last)
        font = _fonts[asked] = FT2Font(_mapped(path), face_index=index, _fallback_list=behind, **kerning)
        font.set_size(prop.get_size_in_points(), dpi)
    return _fonts[asked]


def _mapped(path: str) -> mmap.mmap:
    """A file as memory: a font of its own has a place of its own in it."""
    with open(path, "rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


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
        known = self._known.get(text)
        if known is None:
            if len(self._known) > _MOST_SET:
                self._known.clear()
                _laid.clear()
            font = _font_of(prop, self.dpi)
            font.set_text(s, 0, flags=get_hinting_flag())
            measures = tuple(length / _SUBPIXELS for length in (*font.get_width_height(), font.get_descent()))
            font.draw_glyphs_to_bitmap(antialiased=True)
            right, below = font.get_bitmap_offset()
            picture = np.array(font.get_image())
            known = self._known[text] = _Set(measures, picture, right / _SUBPIXELS, below / _SUBPIXELS + measures[2])
        return known

    def _get_font_height_metrics(self, prop: FontProperties) -> tuple[float, float, float]:
        """`Text` asks a renderer for this first, and reads the font's tables for every text where it has no answer."""
        return line_of(prop, self.dpi)

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: bool) -> tuple[float, float, float]:
        return super().get_text_width_height_descent(s, prop, ismath) if ismath else self._set(s, prop).measures

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:
        if ismath:
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        if angle:
            self._draw_turned(gc, x, y, s, prop, angle)
            return
        text = self._set(s, prop)
        self._renderer.draw_text_image(text.picture, round(x + text.right), round(y + text.below) + 1, 0, gc)

    def _draw_turned(self, gc, x, y, s, prop, angle) -> None:
        """As the class above draws it, which sets the size of its letters anew for each of them."""
        asked, flags = (s, hash(prop), self.dpi), get_hinting_flag()
        if asked not in _laid:
            _laid[asked] = _font_of(prop, self.dpi)._layout(s, flags)
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        turn = (_WHOLE * np.array([[cos, -sin], [sin, cos]])).round().astype(int)
        for item in _laid[asked]:
            right, up = x + item.x * cos - item.y * sin, self.height - y + item.x * sin + item.y * cos
            item.ft_object._set_transform(turn, [round(_SUBPIXELS * right), round(_SUBPIXELS * up)])
            letter = item.ft_object._render_glyph(item.glyph_index, flags, RenderMode.NORMAL)
            picture = letter.buffer
            self._renderer.draw_text_image(picture, letter.left, int(self.height) - letter.top + picture.shape[0], 0, gc)
            item.ft_object._set_transform([[_WHOLE, 0], [0, _WHOLE]], [0, 0])
