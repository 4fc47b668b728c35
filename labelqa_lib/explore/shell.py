"""The analyst's desk: controls, the figure of the segment chosen, its rows to go into, and what lies behind, in JupyterLab.

A thin shell: `View` says what is looked at, `Answers` what the rooms say of it, `show` how that looks. Numbers are worked out
beside the kernel's own thread and drawn in it, so that it answers meanwhile and a long question can be stopped.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

import ipywidgets as widgets
from IPython.display import display as put
from IPython.utils.capture import capture_output

from labelqa_lib.display import marks, safe
from labelqa_lib.errors import LabelqaError
from labelqa_lib.explore import keep, show
from labelqa_lib.explore.answers import PAGE_SIZE, Answers
from labelqa_lib.explore.controls import Controls
from labelqa_lib.explore.view import View

STILL = "In JupyterLab this is a desk: pick, go into a row, ask why, keep it. Below is the view as it stands."

DEBOUNCE = 0.15
"""Seconds without another change until a view is answered."""

ROWS = 25

PARTS = {
    "Weeks": ("trend", show.trend), "Labels": ("confusion", show.confusion), "Time": ("handle_times", show.handle_times),
    "Agents": ("agents", show.agents), "Items": ("items", show.items), "Ask why": ("causes", show.why),
    "Audits needed": ("sizes", show.sizes),
}  # fmt: skip
"""What stands below the rows: what it asks of `Answers`, and how it is shown."""

_STYLE = """<style>
.lq-desk-row .lq-bar {width: 150px; height: 14px; vertical-align: -2px}
.lq-desk-row .lq-range {stroke: #0b5cad; stroke-width: 3; stroke-linecap: round; opacity: .45}
.lq-desk-row .lq-dot {fill: #0b5cad} .lq-desk-row .lq-aim {stroke: #616e7c; stroke-dasharray: 3 2.5}
.lq-desk-said {font-size: 1.1em; line-height: 1.4} .lq-desk-wrong {color: #9a3412; font-weight: 600}
.lq-desk-row {white-space: nowrap} .lq-desk-row span {display: inline-block; min-width: 11em; margin-left: .5em}
.lq-desk-row span:nth-of-type(2) {min-width: 4.5em}
</style>"""


class Desk:
    """Widgets over the answers to one view after another.

    Parameters
    ----------
    answers : Answers
        To the first view.
    """

    def __init__(self, answers: Answers):
        page = answers.page()
        self.answers, self._before, self._task = answers, [], None
        self.wanted = answers.view  # ahead of `view` while changes come to rest: the next change starts from here
        self._returning, self._stopped, self._engine = False, False, threading.Lock()
        about = page.tables.snapshot
        weeks = about.weeks(page.tables.market)
        self.controls = Controls(sorted(about.markets), weeks, self._values, self._chosen)
        self.said, self.message = widgets.HTML(), widgets.HTML()
        self.said.add_class("lq-desk-said")
        self.message.add_class("lq-desk-wrong")
        self.crumbs, self.into, self.rows = (widgets.HBox([]), widgets.HBox([], layout=_wrapped()), widgets.VBox([]))
        self._row_pool = [_row(partial(self._go_into, place)) for place in range(ROWS)]
        self.part = widgets.ToggleButtons(options=list(PARTS), style={"button_width": "auto"})
        self.part.observe(lambda _change: self._refresh(), names="value")
        self.out = widgets.Output()
        self.earlier, self.later = _button("◂ earlier", partial(self._turn, -1)), _button("later ▸", partial(self._turn, 1))
        self.wrong = widgets.Checkbox(False, description="wrong labels only", indent=False)
        self.wrong.observe(self._only_wrong, names="value")
        self.pager = widgets.HBox([self.earlier, self.later, self.wrong])
        self.stop = _button("Stop", self._stop)
        self.back = _button("◂ Back", self._back)
        self.name = widgets.Text(placeholder="name, such as kul_queues", description="Name")
        self.text = widgets.Textarea(layout=widgets.Layout(width="62em", height="7em"))
        self.kept = widgets.HTML()
        keeping = widgets.HBox([
            _button("Copy as code", self._code), _button("Permalink", self._permalink), _button("Restore", self._restore),
            self.name, _button("Save as notebook", self._save), _button("Export", self._export),
        ], layout=_wrapped())  # fmt: skip
        self.box = widgets.VBox([
            widgets.HTML(_STYLE), self.controls.box, widgets.HBox([self.back, self.crumbs, self.stop]), self.message,
            self.said, self.rows, self.part, self.pager, self.into, self.out, keeping, self.kept, self.text,
        ], layout=widgets.Layout(max_width="1240px"))  # fmt: skip
        self._draw(answers)
        self._draw_part()

    @property
    def view(self) -> View:
        """What is looked at."""
        return self.answers.view

    def look(self, view: View, returning: bool = False) -> None:
        """Answer another view: at once where no loop runs, else beside it, once changes have come to rest."""
        self.wanted, self._returning = view, returning
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            with self._told():
                self._arrive(self._worked_out(view))
                self._prepare_part()
                self._draw_part()
            return
        if self._task is not None and not self._task.done():
            self._task.cancel()
            self.answers.interrupt()  # what is asked for no longer
        self._task = loop.create_task(self._answer(view))

    async def _answer(self, view: View) -> None:
        await asyncio.sleep(DEBOUNCE)
        self._stopped = False
        with self._told():
            self.message.value, self.stop.disabled = "Working …", False
            self._arrive(await asyncio.to_thread(self._worked_out, view))
            await asyncio.to_thread(self._prepare_part)  # figure and rows are on their way to the reader meanwhile
            self._draw_part()
        if self._stopped:
            self.message.value = "Stopped; this is the view before."

    def _worked_out(self, view: View) -> Answers:
        """The answers to a view, its figure and rows asked for already; one question at a time."""
        with self._engine:
            answers = self.answers.about(view)
            _ = answers.segments, answers.whole
            return answers

    def _prepare_part(self) -> None:
        """Ask for what stands below the rows; what cannot be had is said where it is shown."""
        with self._engine, suppress(LabelqaError):
            getattr(self.answers, PARTS[self.part.value][0])

    def _arrive(self, answers: Answers) -> None:
        if answers.view != self.view and not self._returning:
            self._before.append(self.view)
        self._draw(answers)

    def _draw(self, answers: Answers) -> None:
        self.answers, view = answers, answers.view
        self.controls.show(view, answers.page().week)
        self.said.value = safe.text(show.sentence(answers), safe.SENTENCE_LENGTH)
        *steps, here = view.crumbs()
        self.crumbs.children = [*(_button(said, partial(self.look, to)) for said, to in steps), widgets.Label(f"▸ {here[0]}")]
        self.back.disabled = not self._before
        self._draw_rows()
        self.wrong.value = view.wrong

    def _draw_part(self) -> None:
        """What stands below the rows, and the ways that lead from it."""
        answers, view = self.answers, self.view
        what = PARTS[self.part.value][1]
        with capture_output(stdout=True, stderr=False, display=True) as drawn:
            what(answers)
        self.out.outputs = tuple(
            {"output_type": "display_data", "data": _shown(one.data), "metadata": one.metadata or {}} for one in drawn.outputs
        )
        on_items = self.part.value == "Items"
        self.pager.layout.display = "" if on_items else "none"
        self.earlier.disabled = view.page == 0
        self.later.disabled = not on_items or len(view.markets) > 1 or (view.page + 1) * PAGE_SIZE >= answers.items[1]
        self.into.children = [_button(said, partial(self.look, to)) for said, to in self._ways_in()]
        self.message.value, self.stop.disabled = "", True

    def _draw_rows(self) -> None:
        frame, cut, unit = self.answers.segments.head(ROWS), self.answers.cut, self.answers.unit
        target = self.answers.page().target(self.view.metric).get("target", float("nan"))
        ends = [one for one in [*frame["ci_low"], *frame["ci_high"], *frame["estimate"], target] if one == one]
        scale = (min(ends), max(ends)) if ends else (0.0, 1.0)
        for (button, line), (_place, row) in zip(self._row_pool, frame.iterrows(), strict=False):
            button.description = safe.plain(" · ".join(row[name] for name in cut) or "all", 60)
            bar = marks.interval_bar(row["estimate"], row["ci_low"], row["ci_high"], scale, target)
            line.value = f'<div class="lq-desk-row">{bar} {"".join(f"<span>{safe.text(one)}</span>" for one in show.row(row, unit))}</div>'
        more = len(self.answers.segments) - len(frame)
        told = [widgets.Label(f"… and {more} more: filter, or cut by less")] if more > 0 else []
        self.rows.children = [*(widgets.HBox(pair) for pair in self._row_pool[: len(frame)]), *told]

    def _ways_in(self) -> list[tuple[str, View]]:
        """Cells of the confusion matrix and agents of the map, to go into."""
        with suppress(LabelqaError):
            if self.part.value == "Labels":
                return show.confusions_to(self.answers)
            if self.part.value == "Agents":
                return show.agents_to(self.answers)
        return []

    def _go_into(self, place: int) -> None:
        self.look(self.view.into(self.answers.segments.iloc[place][self.answers.cut].to_dict()))

    def _chosen(self, change: Callable[[View], View]) -> None:
        with self._told():
            self.look(change(self.wanted))

    def _refresh(self) -> None:
        self.look(self.wanted, self._returning)

    def _turn(self, pages: int) -> None:
        self.look(replace(self.wanted, page=max(0, self.wanted.page + pages)))

    def _only_wrong(self, change) -> None:
        if change["new"] != self.view.wrong:
            self.look(replace(self.wanted, wrong=change["new"], page=0))

    def _back(self) -> None:
        if self._before:
            self.look(self._before.pop(), returning=True)

    def _stop(self) -> None:
        self._stopped = True
        self.answers.interrupt()

    def _values(self, dimension: str) -> list[str]:
        with self._told(), self._engine:
            return self.answers.values(dimension)
        return []

    def _code(self) -> None:
        self.text.value = keep.code(self.view)

    def _permalink(self) -> None:
        self.text.value = self.view.permalink()

    def _restore(self) -> None:
        with self._told():
            self.look(View.from_permalink(self.text.value.strip()))

    def _save(self) -> None:
        with self._told():
            files = keep.as_notebook(self.answers, self.name.value.strip())
            self._say(f"Saved: labelqa run --notebook {files[1].stem} --market {self.view.markets[0]}")

    def _export(self) -> None:
        with self._told():
            files = keep.as_files(self.answers, self.name.value.strip())
            self._say("Written: " + ", ".join(str(path) for path in files))

    def _say(self, text: str) -> None:
        self.kept.value = safe.text(text, safe.SENTENCE_LENGTH)

    @contextmanager
    def _told(self):
        """What cannot be answered is said in the panel, in a sentence, and the view stays as it is."""
        self.message.value = ""
        try:
            yield
        except LabelqaError as error:
            self._refuse(" ".join(error.problems))
        except Exception as error:
            self._refuse(f"This could not be answered ({type(error).__name__}: {error}); the view stays as it is.")
            raise

    def _refuse(self, sentence: str) -> None:
        self.wanted, self.stop.disabled = self.view, True
        self.message.value = safe.text(sentence, safe.SENTENCE_LENGTH)
        self.controls.show(self.view, self.answers.page().week)


def _shown(data: dict) -> dict:
    """Of an output's formats those that JupyterLab draws; frames carried for spreadsheets stay here."""
    return {kind: content for kind, content in data.items() if not kind.startswith("application/vnd.labelqa")}


def _wrapped() -> widgets.Layout:
    return widgets.Layout(flex_flow="row wrap")


def _button(said: str, pressed: Callable[[], None]) -> widgets.Button:
    button = widgets.Button(description=safe.plain(said, 60), layout=widgets.Layout(width="auto"))
    button.on_click(lambda _button: pressed())
    return button


def _row(pressed: Callable[[], None]) -> tuple[widgets.Button, widgets.HTML]:
    button = _button("", pressed)
    button.layout.width, button.tooltip = "18em", "go into this segment"
    return button, widgets.HTML()


def put_desk(answers: Answers) -> None:
    """Show the desk at a view; what is exported has a sentence in its place."""
    box = Desk(answers).box
    put({**box._repr_mimebundle_(), "text/html": f'<p class="lq-quiet">{STILL}</p>', "text/plain": STILL}, raw=True)
