"""The desk's lower end: what is taken along from a view, each written only when its button is pressed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import ipywidgets as widgets

from labelqa_lib.display import safe
from labelqa_lib.explore import keep
from labelqa_lib.explore.answers import Answers
from labelqa_lib.explore.below import Below
from labelqa_lib.explore.press import button, wrapped
from labelqa_lib.explore.touch import NewCell
from labelqa_lib.explore.view import View


class Keeping:
    """Code, permalink, page and files of the view.

    Parameters
    ----------
    answers : callable
        Gives the answers shown.
    below : Below
        The part that is exported beside the segments.
    look : callable
        Called with a view that is restored.
    told : callable
        Gives a context in which what cannot be done is said in the desk's panel.
    """

    def __init__(self, answers: Callable[[], Answers], below: Below, look: Callable[[View], None],
                 told: Callable[[], AbstractContextManager]):  # fmt: skip
        self._answers, self._below, self._look, self._told = answers, below, look, told
        self.name = widgets.Text(placeholder="name, such as kul_queues", description="Name", continuous_update=False)
        self.text = widgets.Textarea(continuous_update=False, layout=widgets.Layout(width="62em", height="7em"))
        self.said, self.cell = widgets.HTML(), NewCell(self._put)
        buttons = widgets.HBox([
            button("Copy as code", self.code), button("Permalink", self.permalink), button("Restore", self.restore),
            self.name, button("Save as notebook", self.save), button("Export", self.export), self.cell,
        ], layout=wrapped())  # fmt: skip
        self.box = widgets.VBox([buttons, self.said, self.text])

    def code(self) -> None:
        """The lines that reproduce the view, in a new cell and in the box below."""
        self.text.value = keep.code(self._answers().view)
        self.cell.put(self.text.value)

    def permalink(self) -> None:
        """The view as JSON."""
        self.text.value = self._answers().view.permalink()

    def restore(self) -> None:
        """The view of the permalink in the box."""
        with self._told():
            self._look(View.from_permalink(self.text.value.strip()))

    def save(self) -> None:
        """The view as a page that `labelqa run` renders."""
        with self._told():
            files = keep.as_notebook(self._answers(), self.name.value.strip())
            self._say(f"Saved: labelqa run --notebook {files[1].stem} --market {self._answers().view.markets[0]}")

    def export(self) -> None:
        """The segments and the part shown as files."""
        with self._told():
            files = keep.as_files(self._answers(), self.name.value.strip(), self._below.exported())
            self._say("Written: " + ", ".join(str(path) for path in files))

    def _put(self, done: bool) -> None:
        self._say("The code stands in a new cell below." if done else "This front end takes no new cell; the code stands below.")

    def _say(self, text: str) -> None:
        self.said.value = safe.text(text, safe.SENTENCE_LENGTH)
