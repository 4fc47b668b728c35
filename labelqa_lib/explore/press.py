"""Buttons and boxes of the desks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets

from labelqa_lib.display import safe


def button(said: str, pressed: Callable[[], None], tip: str = "") -> widgets.Button:
    """A button as wide as what it says."""
    made = widgets.Button(description=safe.plain(said, 60), tooltip=tip or None, layout=widgets.Layout(width="auto"))
    made.on_click(lambda _button: pressed())
    return made


def renew(box: widgets.Box, children: Sequence[widgets.Widget]) -> None:
    """Put other children into a box and let go of those before: the kernel and the browser would keep them for good."""
    before, box.children = box.children, children
    for one in before:
        _let_go(one)


def _let_go(one: widgets.Widget) -> None:
    """Close a widget with what it alone holds: its layout and its style are widgets, too, and stay open otherwise."""
    one.close()
    for part in (*getattr(one, "children", ()), getattr(one, "layout", None), getattr(one, "style", None)):
        if isinstance(part, widgets.Widget):
            _let_go(part)


def wrapped() -> widgets.Layout:
    """A row that goes on below where it is too long."""
    return widgets.Layout(flex_flow="row wrap")
