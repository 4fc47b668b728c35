"""A desk at which one thing after another is judged, by keyboard, each answer on the disk before the next thing is shown."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import ipywidgets as widgets
from IPython.display import display as put

from labelqa_lib.display import safe
from labelqa_lib.errors import LabelqaError, UsageError
from labelqa_lib.explore.press import button, wrapped
from labelqa_lib.explore.touch import Keys
from labelqa_lib.explore.work import CAUSES, Answer, Task, Work

STILL = "In JupyterLab this is a desk: say who you are, judge one after another by keyboard, leave, and come back."

NAMES = "123456789abcdefghijklmnopqrstuvwxyz"
"""Keys of the labels, in their order; of more labels the rest is clicked."""

LONGEST_COMMENT, LONGEST_CONTENT = 1000, 10_000

_STYLE = """<style>
.lq-keys:focus {outline: 2px solid #0b5cad; outline-offset: 2px}
.lq-task {border: 1px solid #cbd2d9; border-radius: 6px; padding: .6em .9em; max-width: 74em; line-height: 1.5}
.lq-task dl {display: grid; grid-template-columns: 9em 1fr; margin: 0 0 .5em; gap: .1em .8em}
.lq-task dt {color: #52606d; width: auto; font-weight: normal} .lq-task dd {margin: 0; overflow-wrap: anywhere}
.lq-task p {margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 18em; overflow-y: auto}
.lq-wrong {color: #9a3412; font-weight: 600} .lq-quiet {color: #52606d}
</style>"""


class AnswerDesk:
    """Widgets over the tasks of one person. The widgets hold the task on the screen and no other.

    Parameters
    ----------
    work : Work
    clock : callable
        Gives the time in UTC: answers carry it.
    """

    def __init__(self, work: Work, clock: Callable[[], datetime]):
        self.work, self._clock, self.person = work, clock, ""
        self._open: list[Task] = []
        self._place, self._all = 0, 0
        # what is typed is sent when its field is left: sent letter by letter, a press of a button overtakes the last ones
        self.who = widgets.Combobox(options=[safe.plain(one, 60) for one in work.people], description="I am",
                                    placeholder="id, such as Q1", ensure_option=False, continuous_update=False)  # fmt: skip
        self.begin = button("Begin", self._begin, "go to the first one that is not answered")
        self.far = widgets.IntProgress(0, min=0, max=1, layout=widgets.Layout(width="14em"))
        self.said, self.task, self.message, self.scores = (widgets.HTML() for _each in range(4))
        self.labels = widgets.HBox([], layout=wrapped())
        self.cause = widgets.Dropdown(options=[("—", ""), *((one.replace("_", " "), one) for one in CAUSES)], description="Cause")
        self.comment = widgets.Text(placeholder="comment; Escape goes back to the keys", layout=widgets.Layout(width="40em"), continuous_update=False)
        self.save = button("Save and next (Enter)", self._save)
        self.earlier, self.later = button("◂", partial(self._turn, -1)), button("▸ skip", partial(self._turn, 1))
        self.refresh = button("Scores now", self._score, "with what others have answered meanwhile")
        self.keys = Keys(self._pressed)
        self.why = widgets.HBox([self.cause, self.comment])
        self.judging = widgets.VBox([
            self.task, self.labels, self.why, widgets.HBox([self.save, self.earlier, self.later]),
        ])  # fmt: skip
        self.judging.layout.display = "none"
        self.judging.add_class("lq-judging")
        self.refresh.layout.display = "none" if work.asks_why else ""
        self.box = widgets.VBox([
            widgets.HTML(_STYLE), widgets.HBox([self.who, self.begin, self.far, self.said]), self.message, self.judging,
            self.refresh, self.scores, self.keys,
        ], layout=widgets.Layout(max_width="1240px", padding="4px"))  # fmt: skip
        self.box.add_class("lq-keys")
        self.chosen = ""

    @property
    def current(self) -> Task | None:
        """The task on the screen; none before the beginning and after the end."""
        return self._open[self._place] if self._open else None

    def _begin(self) -> None:
        self.scores.value = ""  # of another person perhaps: who has finished sees the key, and scoring takes a moment
        with self._told():
            person = self.who.value.strip()
            if not person or person != safe.plain(person, 60):
                raise UsageError(f"{person!r} is no id; say who you are as the people are listed, such as Q1")
            tasks = self.work.tasks(person)
            if not tasks:
                listed = ", ".join(self.work.people) or "nobody"
                raise UsageError(f"nothing is to be judged by {person!r}; there is work for {listed}")
            done = {row[self.work.sheet.columns[0]] for row in self.work.sheet.rows()}
            self.person, self._all = person, len(tasks)
            self._open = [task for task in tasks if self.work.key(task, person) not in done]
            self._show(0)
            self._score()

    def _show(self, place: int) -> None:
        """Put a task on the screen, and then let keys count for it: those meant for the one before count no longer."""
        self._place, self.chosen = min(max(place, 0), max(len(self._open) - 1, 0)), ""
        self.cause.value, self.comment.value, self.message.value = "", "", ""
        done, task = self._all - len(self._open), self.current
        self.task.value = _card(task, self.work.labels) if task else ""
        self.keys.task += 1
        self.keys.active = task is not None
        self.far.max, self.far.value = max(self._all, 1), done
        self.said.value = f"{done} of {self._all} answered"
        self.judging.layout.display = "" if task else "none"
        if task is None:
            self.message.value = safe.text(f"All {self._all} are answered. {self.work.next_step}", safe.SENTENCE_LENGTH)
        self._offer()

    def _offer(self) -> None:
        """The labels with their keys, the chosen one marked; a cause where the label given is wrong."""
        task = self.current
        if len(self.labels.children) != len(self.work.labels):
            named = zip(self.work.labels, [*NAMES, *[""] * len(self.work.labels)], strict=False)
            self.labels.children = [button(f"{key}  {safe.plain(self.work.labels[label], 50)}".strip(), partial(self._choose, label))
                                    for label, key in named]  # fmt: skip
        for one, label in zip(self.labels.children, self.work.labels, strict=True):
            one.button_style = "primary" if label == self.chosen else ""
        wrong = bool(task and task.given and self.chosen and self.chosen != task.given)
        self.cause.layout.display = "" if wrong else "none"
        self.why.layout.display = "" if self.work.asks_why and task else "none"
        self.save.disabled = not self.chosen
        if not wrong:
            self.cause.value = ""
        if self.chosen and task and task.given:
            given = safe.text(self.work.labels.get(task.given, task.given))
            self.message.value = f"<span class='lq-wrong'>An error: it was labelled {given}.</span>" if wrong else "No error."

    def _choose(self, label: str) -> None:
        if self.current is not None:
            self.chosen, self.message.value = label, ""
            self._offer()

    def _save(self) -> None:
        task = self.current
        if task is None or not self.chosen:
            return
        with self._told():
            comment = safe.plain(self.comment.value, LONGEST_COMMENT) if self.work.asks_why else ""
            answer = Answer(self.chosen, self._clock(), self.cause.value, comment)
            self.work.before()
            try:
                self.work.sheet.add(self.work.row(task, self.person, answer))
            except UsageError:
                self._begin()  # at another desk something was answered: begin where both stand
                raise
            self._open.pop(self._place)
            self._show(self._place)
            self._score()

    def _turn(self, steps: int) -> None:
        if self._open:
            self._show(self._place + steps)

    def _pressed(self, key: str) -> None:
        if self.current is None:
            return
        if key == "Enter":
            self._save()
        elif key in ("ArrowLeft", "ArrowRight"):
            self._turn(-1 if key == "ArrowLeft" else 1)
        elif key == "0" and self.current.given in self.work.labels:
            self._choose(self.current.given)
        elif 0 <= NAMES.find(key) < len(self.work.labels):
            self._choose([*self.work.labels][NAMES.find(key)])

    def _score(self) -> None:
        with self._told():
            told = self.work.scores(self.person, bool(self.person) and not self._open)
            rows = "".join(f"<dt>{safe.text(who)}</dt><dd>{safe.text(how, safe.SENTENCE_LENGTH)}</dd>" for who, how in told)
            self.scores.value = f'<div class="lq-task"><dl>{rows}</dl></div>' if rows else ""

    @contextmanager
    def _told(self):
        """What cannot be done is said in the panel, in a sentence."""
        try:
            yield
        except LabelqaError as error:
            self.message.value = f"<span class='lq-wrong'>{safe.text(' '.join(error.problems), safe.SENTENCE_LENGTH)}</span>"
        except OSError as error:
            told = f"The answer could not be written ({error.strerror or error}); it is not saved, try again."
            self.message.value = f"<span class='lq-wrong'>{safe.text(told, safe.SENTENCE_LENGTH)}</span>"


def _card(task: Task, labels: Mapping[str, str]) -> str:
    """A task as inert text: an address of the web is a link, nothing else is."""
    facts = "".join(f"<dt>{safe.text(name)}</dt><dd>{safe.isolated(value, 200)}</dd>" for name, value in task.facts.items())
    given = f"<dt>Label given</dt><dd><b>{safe.isolated(labels.get(task.given, task.given))}</b> (0 agrees)</dd>" if task.given else ""
    content = safe.isolated(task.content, LONGEST_CONTENT)
    if task.content.lower().startswith(("https://", "http://")):
        address = html.escape(task.content[:LONGEST_CONTENT], quote=True)
        content = f'<a href="{address}" target="_blank" rel="noopener noreferrer">{content}</a>'
    return f'<div class="lq-task"><dl>{facts}{given}</dl><p>{content}</p></div>'


def put_answer_desk(work: Work, clock: Callable[[], datetime]) -> None:
    """Show the desk; what is exported has a sentence in its place."""
    box = AnswerDesk(work, clock).box
    put({**box._repr_mimebundle_(), "text/html": f'<p class="lq-quiet">{STILL}</p>', "text/plain": STILL}, raw=True)
