"""What all figures share: the style sheet, the colours, the canvas, names of segments and the figure without data."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from unicodedata import east_asian_width

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FuncFormatter, MaxNLocator

from labelqa_lib import wording
from labelqa_lib.figures.axes import Sheet
from labelqa_lib.figures.fitting import fit
from labelqa_lib.figures.fonts import families, is_latin
from labelqa_lib.figures.scales import take_over
from labelqa_lib.figures.texts import Canvas
from labelqa_lib.translation import N_, say, say_as

WIDTH = 8.4
"""Inches; the page shows 96 pixels to the inch."""

DPI = 192
"""Dots per inch of a figure's image: twice the page's, so that it is sharp on dense screens. Layout measures texts at what
they are drawn at, once for both."""

# Blue and vermilion stay apart for every kind of colour vision (Okabe and Ito, 2008), and in grey by their lightness.
INK, MUTED, FAINT = "#1f2933", "#616e7c", "#cbd2d9"
BLUE, PALE_BLUE, VERMILION = "#0b5cad", "#c7ddf2", "#c2410c"

_STYLE = Path(__file__).with_name("labelqa.mplstyle")
_LONGEST_NAME, _LONGEST_TITLE = 32, 110
_LETTERS_TO_THE_INCH = 13.5
"""Of a title, about."""
_LINE_HEIGHT = 12
"""Points from one label to the next."""
_AXES_SHARE = 0.75
"""Of the figure's height, about what the axes take; the layout is not known yet when labels are placed."""
_JOINERS = "\u200c\u200d"
_AXIS = {"rate": "%", "seconds": N_("seconds"), "hours": N_("hours"), "days": N_("days"), "per_day": N_("a day"),
         "per_hour": N_("an hour"), "count": N_("count"), "coefficient": N_("1 is perfect, 0 is chance")}  # fmt: skip


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw in the house style whatever the kernel's own settings are, and leave those untouched."""

    @functools.wraps(draw)
    def inside(*args, **kwargs) -> Figure:
        fonts = families(is_latin(say("seconds"), *args, *kwargs.values()))
        with matplotlib.rc_context({**_style(), "font.family": list(fonts)}):
            fig = draw(*args, **kwargs)
            take_over(fig)  # reads the style's settings, which are those of this moment
            fit(fig)
            return fig

    return inside


def set_ahead(texts: Iterable[str], size: float | None = None) -> None:
    """Set Latin texts that many figures have, in the style's own size or another: processes forked from this one have them."""
    with matplotlib.rc_context({**_style(), "font.family": list(families(latin=True))}):
        renderer, font = canvas(1).canvas.get_renderer(), FontProperties(size=size or matplotlib.rcParams["font.size"])
        for text in texts:
            renderer.get_text_width_height_descent(text, font, ismath=False)


@functools.cache
def _style() -> matplotlib.RcParams:
    return matplotlib.rc_params_from_file(_STYLE, use_default_template=False)


def canvas(height: float, width: float = WIDTH) -> Figure:
    """An empty figure of `width` by `height` inches that pyplot does not know of."""
    fig = Sheet(figsize=(width, height), dpi=DPI)
    Canvas(fig)
    return fig


def nothing(title: str, frame: pd.DataFrame, otherwise: str = "") -> Figure:
    """A small figure that says why it is empty: the frame's own reason where it has one, else what is said otherwise."""
    reasons = [reason for reason in frame.get("reason", pd.Series(dtype=str)).dropna().unique() if reason]
    title = name(say(title), _LONGEST_TITLE)
    why = name(say(reasons[0]), 110) if reasons else otherwise or say("there is nothing to show")
    why = say("Not shown: {why}", why=why)
    fig = canvas(0.8)
    fig.text(0.008, 0.72, title, size=10.5, va="center")
    fig.text(0.008, 0.28, why, color=MUTED, va="center")
    fig.set_label(f"{title}. {why}")
    return fig


def name(value: object, longest: int = _LONGEST_NAME) -> str:
    """A segment's name on one line, without invisible characters, cut where it is too long for an axis."""
    visible = str(value)[: 2 * longest]
    if not visible.isprintable():
        visible = "".join(char if char.isprintable() or char in _JOINERS else " " for char in visible)
    line = " ".join(visible.split()) or say("(blank)")
    return line if len(line) <= longest else line[: longest - 1] + "…"


def beside(value: object, longest: int = _LONGEST_NAME) -> str:
    """`name` between left-to-right marks, so that an Arabic name does not reorder the numbers beside it."""
    return f"\u200e{name(value, longest)}\u200e"


def heading(fig: Figure, title: str, message: str, note: str = "") -> None:
    """The figure's title, flush with its left edge, and its message in words.

    The message becomes the figure's label: what `display` gives to whoever does not see the figure.
    """
    title = name(say(title), _LONGEST_TITLE)
    said = f"{title}   ({note})" if note else title
    if note and "\n" not in note and _letters(said) > _LETTERS_TO_THE_INCH * fig.get_figwidth():
        said = f"{title}\n({note})"
    fig.suptitle(said, x=0.008, ha="left", size=10.5)
    fig.set_label(f"{title}: {message}")


def _letters(text: str) -> int:
    """How wide a line is, in Latin letters: a Chinese character is as wide as two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def sentence(*clauses: str) -> str:
    """Independent parts as one sentence: ``a; b.``. Those that are empty are left out."""
    return say("{clauses}.", clauses=say("; ").join(filter(None, clauses)))


def measure_axis(axis: Axis, unit: str, label: str = "") -> None:
    """Ticks in the unit's scale, with the unit, or `label` which names it, on the axis."""
    scale = 100 if unit == "rate" else 1
    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10], integer=unit == "count"))
    axis.set_major_formatter(FuncFormatter(lambda value, _: wording.written(f"{value * scale:.10g}")))
    axis.set_label_text(label or say(_AXIS[unit]))


def target_text(target: float, better: str | None, unit: str) -> str:
    """``target ≥ 95.0 %``."""
    sign = {"higher": "≥ ", "lower": "≤ "}.get(better, "")
    return say("target {bound}", bound=f"{sign}{wording.amount(target, unit)}")


def held_to(target: float | None, better: str | None, unit: str) -> str:
    """``, target ≥ 95.0 %`` at the end of a message; nothing where there is no target."""
    return "" if target is None else say_as("between parts of a sentence", ", ") + target_text(target, better, unit)


def stack_ends(ax: Axes, ends: list[tuple[str, float, str]]) -> None:
    """What ends at the right edge, in words: text, value and colour of each, every line above the one below it."""
    low, high = ax.get_ylim()
    points = 72 * ax.figure.get_figheight() * _AXES_SHARE / (high - low)
    lowest = -math.inf
    for said, value, colour in sorted(ends, key=lambda end: end[1]):
        at = max(value * points, lowest)
        lowest = at + _LINE_HEIGHT
        ax.annotate(said, (1, value), (4, at - value * points), xycoords=("axes fraction", "data"),
                    textcoords="offset points", va="center", color=colour, annotation_clip=False)  # fmt: skip


def title_of(metric: str) -> str:
    """A metric's name as a heading, where the caller gives none."""
    return metric.replace("_", " ").capitalize()


def clamp(ax: Axes, unit: str) -> None:
    """A rate's axis does not promise values below 0 or above 100 %."""
    if unit == "rate":
        low, high = ax.get_ylim()
        ax.set_ylim(max(low, -0.01 * (high - low)), min(high, 1 + 0.02 * (high - low)))
