"""Bars as one artist: matplotlib's are as many as there are bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection


def bars(ax: Axes, places: Sequence[float], lengths: Sequence[float], thick: float, colours: str | Sequence[str], *, lying: bool = False) -> None:
    """Draw bars from zero, centred at their places, standing or lying; the axes end at zero where no bar goes beyond it."""
    places, lengths, zero = np.asarray(places, dtype=float), np.asarray(lengths, dtype=float), np.zeros(len(places))
    side, other = places - thick / 2, places + thick / 2
    corners = np.array([[side, zero], [other, zero], [other, lengths], [side, lengths]]).transpose(2, 0, 1)
    drawn = PolyCollection(corners[..., ::-1] if lying else corners, facecolors=colours, edgecolors="none", linewidths=0)
    (drawn.sticky_edges.x if lying else drawn.sticky_edges.y).append(0)
    ax.add_collection(drawn)
    ax.autoscale_view()
