"""A text is set once, and lies where matplotlib would draw it."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from labelqa_lib.figures import canvas, texts, trend
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


def test_what_is_set_ahead_need_not_be_set_for_a_figure(monkeypatch):
    monkeypatch.setattr(texts._Renderer, "_known", {})
    canvas.set_ahead(["W45", "W46", "0", "20", "%"])
    ahead = set(texts._Renderer._known)
    frame = pd.DataFrame({"metric": "accuracy", "period": ["2026-W45", "2026-W46"], "estimate": [0.1, 0.2], "ci_low": 0.0, "ci_high": 0.3,
                          "n": 9, "n_effective": 9.0, "method": "", "reason": ""})  # fmt: skip
    trend(frame, title="Accuracy").canvas.draw()
    assert {text for text, *_ in set(texts._Renderer._known) - ahead}.isdisjoint({"W45", "W46", "0", "20", "%"})
    assert len({text for text, *_ in texts._Renderer._known} & {"W45", "W46", "0", "20", "%"}) == 5


FORKED = """
import os, sys, time
from labelqa_lib.figures import texts
from labelqa_lib.figures.canvas import set_ahead
set_ahead(["12", "W46"])
held = list(texts._fonts.values())
assert held and texts._Renderer._known
go, begin = os.pipe()
children = []
for number in range(6):
    child = os.fork()
    if not child:
        code = 1
        try:
            os.read(go, 1)
            assert held == list(texts._fonts.values()) and texts._Renderer._known
            for letter in range(33, 0x250):
                set_ahead([chr(letter) * 3 + str(number)])
            code = 0
        finally:
            os._exit(code)
    children.append(child)
os.write(begin, b"x" * 6)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no process is forked here")
def test_processes_that_are_forked_read_the_fonts_of_their_parent_each_for_itself():
    """From open files of their parent's they met `failed to load glyph`, when two of them read at once."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], capture_output=True, text=True)
    assert done.stdout == f"{[0] * 6}\n", done.stderr
