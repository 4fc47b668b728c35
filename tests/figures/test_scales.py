"""Scales are drawn as matplotlib draws its own, pixel for pixel, in a third of the time."""

from __future__ import annotations

import io

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from labelqa_lib.figures import canvas, fitting, scales


def lines(fig: Figure) -> None:
    ax = fig.subplots()
    ax.plot([0, 12], [0.91, 0.99])
    canvas.measure_axis(ax.yaxis, "rate")
    ax.set_xticks([0, 4, 12], ["W34\n2026", "W38", "Week with gjpq"])
    ax.set_xlabel("weeks")


def rows(fig: Figure) -> None:
    ax = fig.subplots()
    ax.plot([-3, 40], [0, 2], "o")
    ax.set_yticks([0, 1, 2], ["KUL", "Ångström, gjpq", "準確率"])
    ax.tick_params(axis="y", labelcolor="#1f2933")
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x", visible=True)
    ax.invert_yaxis()
    canvas.measure_axis(ax.xaxis, "count", "errors beyond those expected")


def panels(fig: Figure) -> None:
    for ax in fig.subplots(2, 2, sharex=True, sharey=True).ravel():
        ax.plot([1, 100], [1, 9])
        ax.set_title("Panel", size=8.5, pad=4)
        ax.tick_params(axis="x", length=5, labelbottom=True)
    fig.axes[3].set_axis_off()


def roots(fig: Figure) -> None:
    ax = fig.subplots()
    ax.plot([0, 200])
    ax.set_yscale("function", functions=(lambda y: np.sqrt(np.maximum(y, 0)), np.square))
    ax.set_yticks([0, 5, 50, 200, 900])
    ax.set_ylim(0, 210)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    ax.set_ylabel("good items before it")


def picture(draw, *, ours: bool) -> tuple[np.ndarray, list]:
    with matplotlib.rc_context({**canvas._style(), "font.family": list(canvas.families())}):
        fig = canvas.canvas(3)
        draw(fig)
        if ours:
            scales.take_over(fig)
            assert len(fig.findobj(scales._Scale)) == 2 * sum(ax.axison for ax in fig.axes)
        fitting.fit(fig)
        fig.canvas.draw()
        return np.asarray(fig.canvas.buffer_rgba()).astype(int), [ax.get_position().extents for ax in fig.axes]


@pytest.mark.parametrize("draw", [lines, rows, panels, roots])
def test_scales_look_as_matplotlibs_own(draw):
    ours, theirs = picture(draw, ours=True), picture(draw, ours=False)
    np.testing.assert_allclose(ours[1], theirs[1], atol=0.002)
    different = (np.abs(ours[0] - theirs[0]).max(axis=2) > 60).mean()
    assert different < 1e-3, f"{different:.1%} of the picture"
    assert (ours[0] < 200).any(axis=2).mean() > 0.005, "something is drawn"


def test_labels_that_are_turned_stay_matplotlibs():
    fig = canvas.canvas(2)
    ax = fig.subplots()
    ax.tick_params(axis="x", labelrotation=30)
    scales.take_over(fig)
    assert ax.xaxis.get_visible() and not ax.yaxis.get_visible()


@pytest.mark.parametrize("format", ["svg", "pdf"])
def test_a_figure_can_be_saved_in_other_formats(format):
    fig = canvas.canvas(2)
    lines(fig)
    scales.take_over(fig)
    packed = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        fig.savefig(packed, format=format, bbox_inches="tight")
    assert format == "pdf" or b"W38" in packed.getvalue()
