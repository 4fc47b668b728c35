"""What ipywidgets cannot do, in a few lines of script each: keys, places in a picture, a new cell of the notebook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import anywidget
import traitlets

_HERE = Path(__file__).parent


class Keys(anywidget.AnyWidget):
    """Hears the keys pressed in the box of class ``lq-keys`` around it; text fields keep theirs.

    Parameters
    ----------
    pressed : callable
        Called with ``Enter``, ``ArrowLeft``, ``ArrowRight``, a digit or a small letter. A key that was meant for a task
        that is gone from the screen is dropped: who types ahead does not answer what they have not seen.
    """

    _esm = _HERE / "keys.js"
    task = traitlets.Int(0, help="number of the task on the screen").tag(sync=True)
    active = traitlets.Bool(False, help="whether there is one: without it keys do what they always do").tag(sync=True)

    def __init__(self, pressed: Callable[[str], None]):
        super().__init__()
        self._pressed = pressed
        self.on_msg(self._heard)

    def _heard(self, _widget, content: object, _buffers) -> None:
        if isinstance(content, dict) and content.get("task") == self.task and isinstance(content.get("key"), str):
            self._pressed(content["key"])


class Picture(anywidget.AnyWidget):
    """A picture with places to go into, by pointer and by keyboard.

    Parameters
    ----------
    pressed : callable
        Called with the number of the place. One of a picture that is gone is dropped.
    """

    _esm, _css = _HERE / "picture.js", _HERE / "picture.css"
    png = traitlets.Unicode("", help="the image, in base64").tag(sync=True)
    alt = traitlets.Unicode("").tag(sync=True)
    width = traitlets.Int(0, help="pixels on the page").tag(sync=True)
    places = traitlets.List(help="what each is called, and its box as shares of width and height").tag(sync=True)
    version = traitlets.Int(0, help="counts the pictures shown").tag(sync=True)

    def __init__(self, pressed: Callable[[int], None]):
        super().__init__()
        self._pressed = pressed
        self.on_msg(self._heard)

    def show(self, png: str = "", width: int = 0, alt: str = "", places: Sequence[tuple[str, Sequence[float]]] = ()) -> None:
        """Show another picture; without arguments none."""
        with self.hold_sync():
            self.png, self.width, self.alt = png, width, alt
            self.places = [{"said": said, "box": list(box)} for said, box in places]
            self.version += 1

    def _heard(self, _widget, content: object, _buffers) -> None:
        if isinstance(content, dict) and content.get("version") == self.version:
            place = content.get("place")
            if isinstance(place, int) and 0 <= place < len(self.places):
                self._pressed(place)


class NewCell(anywidget.AnyWidget):
    """Puts code into a new cell of the notebook, below its own, where the front end is a JupyterLab.

    Parameters
    ----------
    told : callable
        Called with whether the cell is there; not at all by a front end that runs no such widget.
    """

    _esm = _HERE / "cell.js"

    def __init__(self, told: Callable[[bool], None]):
        super().__init__()
        self.on_msg(lambda _widget, content, _buffers: told(bool(isinstance(content, dict) and content.get("done"))))

    def put(self, code: str) -> None:
        """Ask for a new cell with this code."""
        self.send({"code": code})
