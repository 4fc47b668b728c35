from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib import font_manager

from labelqa_lib import figures
from labelqa_lib.figures import fonts

from display.examples import segments

SCRIPTS = {
    "Chinese": ("Noto Sans CJK TC", "仇恨言論"),
    "Thai": ("Noto Sans Thai", "เนื้อหาสแปม"),
    "Arabic": ("Noto Sans Arabic", "خطاب كراهية"),
    "Hindi": ("Noto Sans Devanagari", "घृणास्पद भाषण"),
}


def test_the_last_resort_is_matplotlibs_own_font():
    assert fonts.families()[-1] == "DejaVu Sans"
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    assert set(fonts.families()) <= known


def test_a_package_that_is_not_installed_is_left_out(monkeypatch):
    monkeypatch.setattr(fonts, "_PACKAGES", {"no_such_fonts": "No Such Sans"})
    assert fonts.families.__wrapped__() == ("DejaVu Sans",)


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("hidden", [
    lambda text: text,
    lambda text: pd.DataFrame({"site": ["A", text]}),
    lambda text: pd.DataFrame({text: [1]}),
    lambda text: pd.DataFrame({"n": [1]}, index=[text]),
    lambda text: pd.DataFrame({"segment": [{"site": text}]}),
    lambda text: {"costs": [("A", text)]},
    lambda text: np.array(["A", text]),
    lambda text: object(),  # nobody knows what it says
])  # fmt: skip
def test_text_of_another_script_is_found_wherever_it_stands(script, hidden):
    assert not fonts.is_latin("Kuala Lumpur", hidden(SCRIPTS[script][1]))


def test_latin_text_with_signs_needs_two_families():
    frame = pd.DataFrame({"site": ["São Paulo", "Łódź"], "n": [1, 2], "at": pd.to_datetime(["2026-11-09"] * 2)})
    assert fonts.is_latin(frame, "≥ 95 % → “sure”", None, 0.5, True)
    assert len(fonts.families(latin=True)) <= 2


@pytest.mark.parametrize("script", SCRIPTS)
def test_labels_of_the_script_are_drawn_with_its_own_glyphs(script):
    family, text = SCRIPTS[script]
    if family not in fonts.families():
        pytest.skip(f"the package of {family} is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning of matplotlib
        figures.compare(segments("site", [text]), "site", title=text).draw_without_rendering()
