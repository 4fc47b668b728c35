"""Axes without ticks that nobody asks for are drawn as matplotlib's own."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes

from labelqa_lib.figures import axes, canvas


def turned(fig) -> None:
    ax = fig.subplots()
    ax.plot([0, 2], [3, 9])
    ax.set_xticks([0, 1, 2], ["KUL", "MNL", "SGN"], rotation=30, ha="right")
    ax.tick_params(axis="x", labelrotation=30, length=6, labelcolor="#0b5cad")
    ax.grid(axis="x", visible=True)
    ax.minorticks_on()


def shared(fig) -> None:
    for ax in fig.subplots(2, 2, sharex=True, sharey=True).ravel():
        ax.plot([1, 100], [1, 9])
        ax.spines["left"].set_visible(True)
        ax.tick_params(labelbottom=True)
    fig.axes[0].xaxis.set_tick_params(which="both", reset=True)


@pytest.mark.parametrize("draw", [turned, shared])
def test_ticks_that_are_made_late_are_the_same(draw):
    pictures = []
    for kind in (Axes, axes.LateAxes):
        with matplotlib.rc_context(canvas._style()):
            fig = canvas.canvas(3)
            add = fig.add_subplot
            fig.add_subplot = lambda *args, add=add, kind=kind, **kwargs: add(*args, axes_class=kind, **kwargs)
            draw(fig)
            fig.canvas.draw()
        assert {type(ax) for ax in fig.axes} == {kind}
        pictures.append(np.array(fig.canvas.buffer_rgba()))
    np.testing.assert_array_equal(*pictures)


def test_axes_make_no_ticks_until_they_are_asked_for():
    ax = canvas.canvas(2).subplots()
    ax.plot([1, 2], [3, 4])
    ax.grid(axis="x", visible=True)
    made = [vars(axis).keys() & {"majorTicks", "minorTicks"} for axis in (ax.xaxis, ax.yaxis)]
    assert made == [set(), set()]
    assert len(ax.get_xticklines()) and ax.xaxis.majorTicks[0].gridline.get_clip_box() is not None
