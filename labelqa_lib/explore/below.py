"""What lies behind the rows of the desk: a picture to go into, tables, pages of annotations; one part at a time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import ipywidgets as widgets
import pandas as pd
from IPython.utils.capture import capture_output

from labelqa_lib import figures, metrics
from labelqa_lib.display import safe
from labelqa_lib.display.show import image_of
from labelqa_lib.errors import LabelqaError
from labelqa_lib.explore import show
from labelqa_lib.explore.answers import PAGE_SIZE, Answers
from labelqa_lib.explore.press import button, renew, wrapped
from labelqa_lib.explore.touch import Picture
from labelqa_lib.explore.view import View

MOST_PLACES = 400


@dataclass(frozen=True)
class Part:
    """A part of the desk.

    Attributes
    ----------
    asks : str
        What it asks of `Answers`: worked out beside the kernel's own thread.
    frame : callable
        Answers → the frame that is exported.
    drawing : callable, optional
        Answers → the picture, whose places lead further.
    shows : callable, optional
        What else stands there.
    """

    asks: str
    frame: Callable[[Answers], pd.DataFrame]
    drawing: Callable[[Answers], show.Drawing] | None = None
    shows: Callable[[Answers], None] | None = None


def _listed_causes(answers: Answers) -> pd.DataFrame:
    return show.ranked(answers.causes[0])


PARTS = {
    "Weeks": Part("trend", lambda answers: answers.trend, show.trend_drawing),
    "Segments": Part("segments", lambda answers: answers.segments, show.segments_drawing),
    "Labels": Part("confusion", lambda answers: answers.confusion, show.confusion_drawing),
    "Time": Part("handle_times", lambda answers: answers.handle_times[0], show.handle_times_drawing),
    "Agents": Part("agents", lambda answers: answers.agents, show.agents_drawing, show.agents_table),
    "Items": Part("items", lambda answers: answers.items[0], None, show.items),
    "Ask why": Part("causes", _listed_causes, None, show.why),
    "Audits needed": Part("sizes", lambda answers: answers.sizes, None, show.sizes),
}


class Below:
    """The part chosen, drawn, and the ways that lead from it.

    Parameters
    ----------
    look : callable
        Called with the view to go to.
    wanted : callable
        Gives the view asked for last, which is ahead of the answers while changes come to rest.
    chosen : callable
        Called when another part is chosen.
    refuse : callable
        Called with a sentence where a place leads nowhere.
    """

    def __init__(self, look: Callable[[View], None], wanted: Callable[[], View], chosen: Callable[[], None],
                 refuse: Callable[[str], None]):  # fmt: skip
        self._look, self._wanted, self._refuse = look, wanted, refuse
        self.answers: Answers | None = None
        self._places: list[figures.Place] = []
        self.choice = widgets.ToggleButtons(options=list(PARTS), style={"button_width": "auto"})
        self.choice.observe(lambda _change: chosen(), names="value")
        self.picture, self.out = Picture(self._go_into), widgets.Output()
        self.ways = widgets.HBox([], layout=wrapped())
        self.ways.add_class("lq-desk-into")
        self.earlier, self.later = button("◂ earlier", partial(self._turn, -1)), button("later ▸", partial(self._turn, 1))
        self.wrong = widgets.Checkbox(False, description="wrong labels only", indent=False)
        self.wrong.observe(self._only_wrong, names="value")
        self.pager = widgets.HBox([self.earlier, self.later, self.wrong])
        self.box = widgets.VBox([self.choice, self.pager, self.ways, self.picture, self.out])

    @property
    def part(self) -> Part:
        """The part chosen."""
        return PARTS[self.choice.value]

    def draw(self, answers: Answers) -> None:
        """Show the part of these answers."""
        self.answers, view, part = answers, answers.view, self.part
        self._draw_picture(answers)
        with capture_output(stdout=True, stderr=False, display=True) as drawn:
            self._show_rest(answers)
        self.out.outputs = tuple(
            {"output_type": "display_data", "data": _shown(one.data), "metadata": one.metadata or {}} for one in drawn.outputs
        )
        on_items = part.asks == "items"
        self.pager.layout.display = "" if on_items else "none"
        self.earlier.disabled = view.page == 0
        self.later.disabled = not on_items or len(view.markets) > 1 or (view.page + 1) * PAGE_SIZE >= answers.items[1]
        self.wrong.value = view.wrong
        renew(self.ways, [button(said, partial(self._look, to)) for said, to in self._ways_in()])

    def _draw_picture(self, answers: Answers) -> None:
        self._places = []
        drawing = self.part.drawing
        if drawing is None:
            self.picture.show()
            return
        try:
            fig = drawing(answers).figure()
        except LabelqaError:
            self.picture.show()  # why not is said by what stands below
            return
        image, width, _height = image_of(fig)
        self._places = list(figures.places(fig))[:MOST_PLACES]
        named = [(safe.plain(metrics.said(place.where), 120), place.box) for place in self._places]
        self.picture.show(image, width, safe.plain(fig.get_label(), 400), named)

    def _show_rest(self, answers: Answers) -> None:
        """What else stands there; where there is no picture, why not."""
        part = self.part
        if part.shows is not None:
            part.shows(answers)
        elif not self.picture.png:
            show.why_not(part.drawing, answers)

    def _ways_in(self) -> list[tuple[str, View]]:
        """Cells of the confusion matrix and agents of the map, as buttons."""
        with suppress(LabelqaError):
            if self.part.asks == "confusion":
                return show.confusions_to(self.answers)
            if self.part.asks == "agents":
                return show.agents_to(self.answers)
        return []

    def _go_into(self, place: int) -> None:
        try:
            self._look(show.into(self.answers, self._places[place].where))
        except LabelqaError as error:
            self._refuse(" ".join(error.problems))

    def _turn(self, pages: int) -> None:
        self._look(replace(self._wanted(), page=max(0, self._wanted().page + pages)))

    def _only_wrong(self, change) -> None:
        if self.answers is not None and change["new"] != self.answers.view.wrong:
            self._look(replace(self._wanted(), wrong=change["new"], page=0))


def _shown(data: dict) -> dict:
    """Of an output's formats those that JupyterLab draws; frames carried for spreadsheets stay here."""
    return {kind: content for kind, content in data.items() if not kind.startswith("application/vnd.labelqa")}
