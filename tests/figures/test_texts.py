"""A text is set once, and lies where matplotlib would draw it."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from labelqa_lib.figures import canvas, texts
from labelqa_lib.figures.fonts import families


def drawn() -> Figure:
    fig = canvas.canvas(2)
    fig.subplots().set_xlabel("what is measured")
    return fig


@pytest.mark.parametrize("said", ["Accuracy 95.0 %, gjp", "ความถูกต้อง", "準確率", " ", "two lines\nof a text", "◆ → ≥"])
def test_a_text_lies_where_matplotlib_draws_it(said):
    boxes, inks = [], []
    for surface in (texts.Canvas, FigureCanvasAgg):
        fig = Figure(figsize=(4, 1), dpi=canvas.DPI)
        surface(fig)
        fig.text(0.31, 0.42, said, size=8.5, family=list(families()))
        fig.canvas.draw()
        dark = 255 - np.asarray(fig.canvas.buffer_rgba())[..., 0].astype(int)
        boxes.append([end for axis in np.nonzero(dark > 128) for end in (axis.min(initial=999), axis.max(initial=0))])
        inks.append(dark.sum())
    np.testing.assert_allclose(boxes[0], boxes[1], atol=1)
    assert inks[0] == pytest.approx(inks[1], rel=0.03)


def test_a_text_is_set_once_whatever_figures_it_stands_in(monkeypatch):
    monkeypatch.setattr(texts._Renderer, "_known", {})
    known = texts._Renderer._known
    drawn().canvas.draw()
    first = dict(known)
    drawn().canvas.draw()
    assert first and all(known[text] is one for text, one in first.items()) and len(known) == len(first)
