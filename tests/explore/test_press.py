"""Boxes whose content is replaced at every change."""

import ipywidgets as widgets
from ipywidgets.widgets.widget import _instances

from labelqa_lib.explore.press import button, renew


def test_what_a_box_held_before_is_let_go_with_layouts_and_styles():
    """A desk replaces its rows thousands of times a day: what stays open is kept by kernel and browser alike."""
    box = widgets.HBox([])
    renew(box, [widgets.HBox([button("go", print), widgets.Label("here")]) for _ in range(3)])
    held = len(_instances)
    for _ in range(4):
        renew(box, [widgets.HBox([button("go", print), widgets.Label("here")]) for _ in range(3)])
    assert len(_instances) == held
    renew(box, [])
    assert len(_instances) < held
