"""Labels have room, and axes lie where matplotlib's own layout would put them."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from labelqa_lib.display import show
from labelqa_lib.figures import canvas, fitting


def drawn(shape: tuple[int, int], title: str = "Title", **grid) -> Figure:
    """A grid of axes with labels of several lengths, not laid out yet."""
    fig = canvas.canvas(4)
    if title:
        fig.suptitle(title, x=0.008, ha="left")
    for number, ax in enumerate(np.ravel(fig.subplots(*shape, **grid))):
        ax.plot([0, 10**number], [0, 1000 ** (number + 1)])
        ax.set_xlabel("what is measured\n" * (1 + number % 2))
        ax.annotate("end of the line", (1, 0.5), xycoords="axes fraction", annotation_clip=False)
    return fig


@pytest.mark.parametrize("title", ["Title", ""])
@pytest.mark.parametrize(
    ("shape", "grid"), [((1, 1), {}), ((2, 1), {"height_ratios": [3, 1]}), ((2, 3), {})], ids=str
)
def test_axes_lie_where_constrained_layout_puts_them(shape, grid, title):
    ours, theirs = drawn(shape, title, **grid), drawn(shape, title, **grid)
    fitting.fit(ours)
    theirs.set_layout_engine("constrained")
    theirs.get_layout_engine().execute(theirs)
    for one, other in zip(ours.axes, theirs.axes, strict=True):
        np.testing.assert_allclose(one.get_position().extents, other.get_position().extents, atol=0.02)


def test_nothing_is_cut_off_and_nothing_overlaps():
    fig = drawn((2, 2))
    fitting.fit(fig)
    boxes = [ax.get_tightbbox(fig.canvas.get_renderer()) for ax in fig.axes]
    assert all(fig.bbox.x0 <= box.x0 and box.x1 <= fig.bbox.x1 for box in boxes)
    assert all(fig.bbox.y0 <= box.y0 and box.y1 <= fig.bbox.y1 for box in boxes)
    assert not any(one.overlaps(other) for number, one in enumerate(boxes) for other in boxes[:number])


def test_a_figure_is_measured_at_what_it_is_drawn_at():
    assert canvas.DPI == show.DPI
