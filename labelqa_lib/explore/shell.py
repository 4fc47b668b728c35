"""The analyst's desk: controls, the figure of the segment chosen, its rows to go into, and what lies behind, in JupyterLab.

A thin shell: `View` says what is looked at, `Answers` what the rooms say of it, `show` how that looks. Numbers are worked out
beside the kernel's own thread and drawn in it, so that it answers meanwhile and a long question can be stopped.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import ipywidgets as widgets
from IPython.display import display as put

from labelqa_lib.display import marks, safe
from labelqa_lib.errors import LabelqaError
from labelqa_lib.explore import show
from labelqa_lib.explore.answers import Answers
from labelqa_lib.explore.below import Below
from labelqa_lib.explore.controls import Controls
from labelqa_lib.explore.keeping import Keeping
from labelqa_lib.explore.press import button, renew, wrapped
from labelqa_lib.explore.view import View

STILL = "In JupyterLab this is a desk: pick, go into a row, ask why, keep it. Below is the view as it stands."

DEBOUNCE = 0.15
"""Seconds without another change until a view is answered."""

WATCHING, TELLING = 0.1, 1.0
"""Seconds from one look at a question at work to the next, and from one word of how far it is to the next."""

ROWS, MOST_BACK = 25, 100

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
        self._returning, self._stopped, self._led = False, False, False
        self._worker = ThreadPoolExecutor(1, "labelqa-desk")  # one question at a time
        self._working_on: View | None = None
        about = page.tables.snapshot
        weeks = about.weeks(page.tables.market)
        self.controls = Controls(sorted(about.markets), weeks, self._values, self._chosen)
        self.said, self.message = widgets.HTML(), widgets.HTML()
        self.said.add_class("lq-desk-said")
        self.message.add_class("lq-desk-wrong")
        self.crumbs, self.chips, self.rows = widgets.HBox([]), widgets.HBox([], layout=wrapped()), widgets.VBox([])
        self._row_pool = [_row(partial(self._go_into, place)) for place in range(ROWS)]
        self._row_pool_boxes, self.more = [widgets.HBox(pair) for pair in self._row_pool], widgets.Label()
        self.below = Below(self.look, lambda: self.wanted, self._refresh, self._refuse)
        self.stop = button("Stop", self._stop)
        self.back = button("◂ Back", self._back)
        ways = widgets.HBox([self.back, self.crumbs, self.stop])
        for box, name in ((self.rows, "rows"), (ways, "ways"), (self.chips, "chips")):
            box.add_class(f"lq-desk-{name}")
        self.keeping = Keeping(lambda: self.answers, self.below, self.look, self._told)
        self.box = widgets.VBox([
            widgets.HTML(_STYLE), self.controls.box, ways, self.chips, self.message,
            self.said, self.rows, self.below.box, self.keeping.box,
        ], layout=widgets.Layout(max_width="1240px"))  # fmt: skip
        self._draw(answers)
        self._draw_part()

    @property
    def view(self) -> View:
        """What is looked at."""
        return self.answers.view

    def look(self, view: View, returning: bool = False, led: bool = False) -> None:
        """Answer another view: at once where no loop runs, else beside it, once changes have come to rest. What was `led`
        there by a button that is gone by then has the keyboard in the first row."""
        self.wanted, self._returning, self._led = view, returning, led
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            with self._told():
                self._arrive(self._worked_out(view))
                self._prepare_part()
                self._draw_part()
            _settle()
            return
        if self._task is not None and not self._task.done():
            self._task.cancel()
            self.answers.interrupt()  # what is asked for no longer
        self._task = loop.create_task(self._answer(view))

    async def _answer(self, view: View) -> None:
        await asyncio.sleep(DEBOUNCE)
        self._stopped = False
        telling = asyncio.get_running_loop().create_task(self._watch(view))
        try:
            with self._told():
                self.message.value, self.stop.disabled = "Working …", False
                answers = await self._beside(partial(self._worked_out, view))
                if answers is None:
                    self._refuse("Stopped; this is the view before.")
                else:
                    self._arrive(answers)
                    await self._beside(self._prepare_part)  # figure and rows are on their way to the reader meanwhile
                    self._draw_part()
        finally:
            telling.cancel()
        _settle()

    async def _beside(self, do: Callable[[], object]) -> object:
        """Work beside the kernel's own thread; None as soon as it is stopped: what no engine does goes on to its end, for
        nobody, and the next question waits for it."""
        working = asyncio.get_running_loop().run_in_executor(self._worker, do)
        working.add_done_callback(lambda done: done.cancelled() or done.exception())  # of what nobody waits for any more
        try:
            while not working.done() and not self._stopped:
                await asyncio.wait([working], timeout=WATCHING)
        except asyncio.CancelledError:
            working.cancel()  # what has not begun does not begin
            raise
        return None if self._stopped else working.result()

    async def _watch(self, view: View) -> None:
        """Tell how long it takes and how far the engine is; end what nobody waits for any more.

        Again and again, since an interruption between two statements of the engine is forgotten.
        """
        loop = asyncio.get_running_loop()
        begun = told = loop.time()
        while True:
            await asyncio.sleep(WATCHING)
            if self._stopped or self._working_on not in (None, view):
                self.answers.interrupt()
            if loop.time() - told >= TELLING:
                told, far = loop.time(), self.answers.progress()
                self.message.value = f"Working … {told - begun:.0f} s{f', {far:.0f} %' if far > 0 else ''}; Stop ends it."

    def _worked_out(self, view: View) -> Answers:
        """The answers to a view, its figure and rows asked for already; one question at a time."""
        with self._at_work(view):
            answers = self.answers.about(view)
            _ = answers.segments, answers.whole
            return answers

    def _prepare_part(self) -> None:
        """Ask for what stands below the rows; what cannot be had is said where it is shown."""
        with self._at_work(self.view):
            self.below.prepare(self.answers)

    @contextmanager
    def _at_work(self, view: View):
        """The engine's time for one view."""
        self._working_on = view
        try:
            yield
        finally:
            self._working_on = None

    def _arrive(self, answers: Answers) -> None:
        if answers.view != self.view and not self._returning:
            self._before = [*self._before[-MOST_BACK:], self.view]
        self._draw(answers)

    def _draw(self, answers: Answers) -> None:
        self.answers, view = answers, answers.view
        self.controls.show(view, answers.page().week)
        self.said.value = safe.text(show.sentence(answers), safe.SENTENCE_LENGTH)
        *steps, here = view.crumbs()
        renew(self.crumbs, [*(button(said, partial(self.look, to, led=True)) for said, to in steps), widgets.Label(safe.plain(f"▸ {here[0]}"))])
        renew(self.chips, [button(f"{safe.plain(f'{name} {value}', 50)} ×", partial(self._without, name), "take this filter out")
                           for name, value in view.where])  # fmt: skip
        self.back.disabled = not self._before
        self._draw_rows()
        if self._led:
            self._led = False
            self._row_pool[0][0].focus()

    def _draw_part(self) -> None:
        """What stands below the rows, and the ways that lead from it."""
        self.below.draw(self.answers, self._stopped)
        self.message.value, self.stop.disabled = "", True

    def _draw_rows(self) -> None:
        frame, cut, unit = self.answers.segments.head(ROWS), self.answers.cut, self.answers.unit
        target = self.answers.page().target(self.view.metric).get("target", float("nan"))
        ends = [one for one in [*frame["ci_low"], *frame["ci_high"], *frame["estimate"], target] if one == one]
        scale = (min(ends), max(ends)) if ends else (0.0, 1.0)
        for (into, line), (_place, row) in zip(self._row_pool, frame.iterrows(), strict=False):
            into.description = safe.plain(" · ".join(row[name] for name in cut) or "all", 60)
            bar = marks.interval_bar(row["estimate"], row["ci_low"], row["ci_high"], scale, target)
            line.value = f'<div class="lq-desk-row">{bar} {"".join(f"<span>{safe.text(one)}</span>" for one in show.row(row, unit))}</div>'
        more = len(self.answers.segments) - len(frame)
        told = f"… and {more} more: filter, or cut by less" if more > 0 else ""
        self.more.value = told
        self.rows.children = [*self._row_pool_boxes[: len(frame)], self.more]

    def _go_into(self, place: int) -> None:
        self.look(self.view.into(self.answers.segments.iloc[place][self.answers.cut].to_dict()))

    def _chosen(self, change: Callable[[View], View]) -> None:
        with self._told():
            self.look(change(self.wanted))

    def _refresh(self) -> None:
        self.look(self.wanted, self._returning)

    def _without(self, name: str) -> None:
        self.look(self.wanted.without(name), led=True)

    def _back(self) -> None:
        if self._before:
            self.look(self._before.pop(), returning=True)

    def _stop(self) -> None:
        self._stopped = True
        self.answers.interrupt()

    def _values(self, dimension: str, take: Callable[[Sequence[str]], None]) -> None:
        """Tell what a filter can be set to: at once where no loop runs, else beside it."""
        find = partial(self.answers.values, dimension)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            with self._told():
                take(find())
            return

        async def told() -> None:
            with self._told():
                take(await loop.run_in_executor(self._worker, find))

        self._filling = loop.create_task(told())  # a task that nobody holds may be taken down before it is done

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


def _settle() -> None:
    """Once, after the first change: what is loaded stays, and the collector of garbage need not look through it again. A
    look through all of it takes .2 s, every few changes."""
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()
        atexit.register(gc.unfreeze)  # what is left at the end is taken down in the usual order


def _row(pressed: Callable[[], None]) -> tuple[widgets.Button, widgets.HTML]:
    made = button("", pressed, "go into this segment")
    made.layout.width = "18em"
    return made, widgets.HTML()


def put_desk(answers: Answers) -> None:
    """Show the desk at a view; what is exported has a sentence in its place."""
    box = Desk(answers).box
    put({**box._repr_mimebundle_(), "text/html": f'<p class="lq-quiet">{STILL}</p>', "text/plain": STILL}, raw=True)
