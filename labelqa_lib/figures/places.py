"""Where in a figure lies what a reader may go into? Noted while it is drawn, told once it has its layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

_NOTED = "labelqa_places"
_AROUND = 7
"""Pixels on the page about a dot that belong to it."""


@dataclass(frozen=True)
class Place:
    """A part of a figure that stands for a segment.

    Attributes
    ----------
    where : dict of str to str
        The segment: dimension → value.
    box : tuple of float
        Left, top, width, height, as shares of the figure's width and height.
    """

    where: dict[str, str]
    box: tuple[float, float, float, float]


def leads_to(ax: Axes, where: Mapping[str, str], left: float | None, low: float, right: float | None, high: float) -> None:
    """Remember that a box of the axes, in the coordinates of its data, is a segment; without ends it is the whole row."""
    vars(ax.figure).setdefault(_NOTED, []).append((ax, dict(where), (left, low, right, high)))


def places(fig: Figure) -> Sequence[Place]:
    """What was noted of a figure, the first noted first; nothing for a figure that leads nowhere."""
    width, height = fig.bbox.width, fig.bbox.height
    around = _AROUND * fig.dpi / 96
    found = []
    for ax, where, (left, low, right, high) in vars(fig).get(_NOTED, []):
        (x0, y0), (x1, y1) = ax.transData.transform([(left or 0, low), (right or 0, high)])
        x0, x1 = (0, width) if left is None else (x0, x1)
        if (left, low) == (right, high):
            x0, y0, x1, y1 = x0 - around, y0 - around, x1 + around, y1 + around
        y0, y1 = sorted((y0, y1))
        box = (x0 / width, 1 - y1 / height, (x1 - x0) / width, (y1 - y0) / height)
        found.append(Place(where, tuple(float(one) for one in box)))
    return found
