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
from labelqa_lib.display import safe, sentence
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
    by_button : tuple of str
        Of what takes too long to follow every change, the settings of a view that it depends on, beside markets and week:
        it is worked out when its name or `again` is pressed, and stays, marked as what it is an answer to, until then.
    """

    asks: str
    frame: Callable[[Answers], pd.DataFrame]
    drawing: Callable[[Answers], show.Drawing] | None = None
    shows: Callable[[Answers], None] | None = None
    by_button: tuple[str, ...] = ()


def _listed_causes(answers: Answers) -> pd.DataFrame:
    return show.ranked(answers.causes[0])


PARTS = {
    "Weeks": Part("trend", lambda answers: answers.trend, show.trend_drawing),
    "Segments": Part("segments", lambda answers: answers.segments, show.segments_drawing),
    "Labels": Part("confusion", lambda answers: answers.confusion, show.confusion_drawing),
    "Time": Part("handle_times", lambda answers: answers.handle_times[0], show.handle_times_drawing),
    "Agents": Part("agents", lambda answers: answers.agents, show.agents_drawing, show.agents_table),
    "Items": Part("items", lambda answers: answers.items[0], None, show.items),
    "Ask why": Part("causes", _listed_causes, None, show.why, by_button=("where",)),
    "Audits needed": Part("sizes", lambda answers: answers.sizes, None, show.sizes,
                          by_button=("metric", "recent", "baseline", "where")),
}


class Below:
    """The part chosen, drawn, and the ways that lead from it.

    Parameters
    ----------
    look : callable
        Called with the view to go to, and `led` where the button that led there is gone then.
    wanted : callable
        Gives the view asked for last, which is ahead of the answers while changes come to rest.
    chosen : callable
        Called when another part is chosen.
    refuse : callable
        Called with a sentence where a place leads nowhere.
    """

    def __init__(self, look: Callable[..., None], wanted: Callable[[], View], chosen: Callable[[], None],
                 refuse: Callable[[str], None]):  # fmt: skip
        self._look, self._wanted, self._refuse = look, wanted, refuse
        self.shown: Answers | None = None
        """Whose part is on the screen: answers to a selection before, where it is worked out by button."""
        self._drawn: Part | None = None  # the part on the screen: another may be chosen, and on its way
        self._found: dict[str, Answers] = {}
        self._asked, self._why_not = False, ""
        self._places: list[figures.Place] = []
        self.choice = widgets.ToggleButtons(options=list(PARTS), style={"button_width": "auto"})
        self.choice.observe(lambda _change: self._ask(), names="value")
        self._chosen, self.stale = chosen, widgets.HTML()
        self.again = button("Ask of this selection", self._ask, "search in the selection as it is now")
        self.older = widgets.HBox([self.again, self.stale])
        self.picture, self.out = Picture(self._go_into), widgets.Output()
        self.ways = widgets.HBox([], layout=wrapped())
        self.ways.add_class("lq-desk-into")
        self.earlier, self.later = button("◂ earlier", partial(self._turn, -1)), button("later ▸", partial(self._turn, 1))
        self.wrong = widgets.Checkbox(False, description="wrong labels only", indent=False)
        self.wrong.observe(self._only_wrong, names="value")
        self.pager = widgets.HBox([self.earlier, self.later, self.wrong])
        self.box = widgets.VBox([self.choice, self.older, self.pager, self.ways, self.picture, self.out])

    @property
    def part(self) -> Part:
        """The part chosen."""
        return PARTS[self.choice.value]

    def prepare(self, answers: Answers) -> None:
        """Work out the part, beside the kernel's own thread; what cannot be had is said when it is drawn."""
        part, self._why_not = self.part, ""
        asked, self._asked = self._asked, False
        if part.by_button and not (asked and self._is_old(answers)):
            return
        try:
            _ = answers.week, getattr(answers, part.asks)
        except LabelqaError as error:
            self._why_not = " ".join(error.problems)
        else:
            self._found |= {part.asks: answers} if part.by_button else {}

    def _is_old(self, answers: Answers) -> bool:
        """Whether what was found by button, if anything, is not about the selection as it is."""
        found, depends = self._found.get(self.part.asks), self.part.by_button
        return found is None or found.about_what(*depends) != answers.about_what(*depends)

    def draw(self, answers: Answers, stopped: bool = False) -> None:
        """Show the part of these answers; of one that was stopped, that it was."""
        view, part = answers.view, self.part
        why_not = "Stopped before it was found; choose it again, or ask for less." if stopped else self._why_not
        self._drawn = part
        self._choose_shown(answers, bool(why_not))
        with capture_output(stdout=True, stderr=False, display=True) as drawn:
            if why_not:
                self._places = []
                self.picture.show()
                sentence(why_not)
            elif self.shown is not None:
                self._draw_picture(self.shown)
                self._show_rest(self.shown)
            else:
                self.picture.show()
        self.out.outputs = tuple(
            {"output_type": "display_data", "data": _shown(one.data), "metadata": one.metadata or {}} for one in drawn.outputs
        )
        on_items = part.asks == "items"
        self.pager.layout.display = "" if on_items else "none"
        self.earlier.disabled = view.page == 0
        self.later.disabled = not on_items or bool(why_not) or (view.page + 1) * PAGE_SIZE >= answers.items[1]
        self.wrong.value = self._wanted().wrong
        renew(self.ways, [] if why_not else [button(said, partial(self._look, to, led=True)) for said, to in self._ways_in()])

    def exported(self) -> dict[str, tuple[pd.DataFrame, show.Drawing | None]]:
        """Frame and picture of the part on the screen, by name; none where nothing of it is there, or the rows above hold it."""
        part, shown = self._drawn, self.shown
        if part is None or shown is None or part.asks == "segments":
            return {}
        return {part.asks: (part.frame(shown), part.drawing and part.drawing(shown))}

    def _choose_shown(self, answers: Answers, nothing: bool) -> None:
        """Of a part that follows every change, these answers; else the last ones found, and what they are about."""
        part, self.stale.value = self.part, ""
        found = self._found.get(part.asks)
        self.shown = None if nothing else found if part.by_button else answers
        if part.by_button and found is None:
            self.stale.value = "Not asked of this selection yet."
        elif part.by_button and self._is_old(answers):
            what = f"{found.title.lower()} of " if "metric" in part.by_button else ""
            self.stale.value = safe.text(f"Below stands what was asked before, of {what}{show.selected(found)}.")
        self.older.layout.display = "" if self.stale.value else "none"

    def _ask(self) -> None:
        """Work out the part, also one that does not follow every change."""
        self._asked = True
        self._chosen()

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
                return show.confusions_to(self.shown)
            if self.part.asks == "agents":
                return show.agents_to(self.shown)
        return []

    def _go_into(self, place: int) -> None:
        try:
            self._look(show.into(self.shown, self._places[place].where), led=True)
        except LabelqaError as error:
            self._refuse(" ".join(error.problems))

    def _turn(self, pages: int) -> None:
        self._look(replace(self._wanted(), page=max(0, self._wanted().page + pages)))

    def _only_wrong(self, change) -> None:
        if change["new"] != self._wanted().wrong:
            self._look(replace(self._wanted(), wrong=change["new"], page=0))


def _shown(data: dict) -> dict:
    """Of an output's formats those that JupyterLab draws; frames carried for spreadsheets stay here."""
    return {kind: content for kind, content in data.items() if not kind.startswith("application/vnd.labelqa")}
