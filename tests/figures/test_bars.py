"""Bars that are one artist are drawn as those that are many."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from labelqa_lib.figures import canvas
from labelqa_lib.figures.bars import bars

LENGTHS = [3, 0, 17, 4.5]
COLOURS = [canvas.VERMILION, canvas.FAINT, canvas.BLUE, canvas.FAINT]


@pytest.mark.parametrize("lying", [False, True])
def test_bars_are_those_of_matplotlib(lying):
    pictures = []
    for ours in (False, True):
        with matplotlib.rc_context(canvas._style()):
            fig = canvas.canvas(2.2)
            ax = fig.subplots()
            if ours:
                bars(ax, range(4), LENGTHS, 0.7, COLOURS, lying=lying)
            elif lying:
                ax.barh(range(4), LENGTHS, height=0.7, color=COLOURS)
            else:
                ax.bar(range(4), LENGTHS, width=0.7, color=COLOURS)
            fig.canvas.draw()
        pictures.append(np.array(fig.canvas.buffer_rgba()))
    np.testing.assert_array_equal(*pictures)
    assert len(ax.collections) == 1 and not ax.patches
