from __future__ import annotations

import warnings

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
def test_labels_of_the_script_are_drawn_with_its_own_glyphs(script):
    family, text = SCRIPTS[script]
    if family not in fonts.families():
        pytest.skip(f"the package of {family} is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning of matplotlib
        figures.compare(segments("site", [text]), "site", title=text).draw_without_rendering()
