"""What ipywidgets cannot do, in a few lines of script each: keys, places in a picture, a new cell of the notebook."""

from __future__ import annotations

from collections.abc import Callable
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

    def __init__(self, pressed: Callable[[str], None]):
        super().__init__()
        self._pressed = pressed
        self.on_msg(self._heard)

    def _heard(self, _widget, content: object, _buffers) -> None:
        if isinstance(content, dict) and content.get("task") == self.task and isinstance(content.get("key"), str):
            self._pressed(content["key"])
