"""What a run shows while it goes on: on a terminal what every worker does and when it will be over; else a line a page."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from labelqa_lib.cli.frame import one_line


BAR = 60


class Board:
    """Shows pages as they are done.

    Parameters
    ----------
    out : rich.console.Console
    pages : sequence of PlannedPage
        Those to render.
    jobs : int
        Workers.
    clock, now : callables
        Seconds that pass, and the time of day.
    """

    def __init__(
        self,
        out,
        pages: Sequence,
        jobs: int,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = datetime.now,
    ):
        from rich.live import Live

        from labelqa_lib import runner

        self.out, self.pages, self.clock, self.now = out, pages, clock, now
        self.forecast = runner.Forecast(pages, min(jobs, len(pages)))
        self.began, self.done, self.failed = clock(), 0, 0
        self.busy: dict[int, tuple] = {}
        self.entered = False
        self.live = Live(console=out, get_renderable=self.shown, refresh_per_second=2, transient=True)

    def __enter__(self) -> Board:
        self.entered = True
        return self

    def __exit__(self, *_) -> None:
        if self.live.is_started:
            self.live.stop()

    def see(self, busy: Mapping[int, object]) -> None:
        """Which worker is at which page now.

        What moves on a terminal moves from here on, and not before: a thread moves it, and workers are forked where there is one alone.
        """
        if self.entered and self.out.is_terminal and not self.live.is_started:
            self.live.start()
        started = {worker: since for worker, (page, since) in self.busy.items() if busy.get(worker) is page}
        self.busy = {worker: (page, started.get(worker, self.clock())) for worker, page in busy.items()}

    def add(self, record) -> None:
        """A page is done: its line stays."""
        self.done += 1
        self.failed += record.failed
        self.forecast.learn(record)
        told = f"FAILED: {record.error}" if record.failed else f"rendered in {record.seconds:.1f} s"
        self.out.print(one_line(f"{record.market} {record.notebook}: {told}"))

    def shown(self):
        """The lines below those of the pages that are done."""
        from rich.console import Group
        from rich.text import Text

        now = self.clock()
        passed = now - self.began
        rate = f", {60 * self.done / passed:.1f} a minute" if self.done and passed > 0 else ""
        failed = f", {self.failed} failed" if self.failed else ""
        left = self.forecast.seconds_left({worker: (page, now - since) for worker, (page, since) in self.busy.items()})
        workers = [
            Text(one_line(f"worker {worker}: {page.market} {page.name}, {now - since:.0f} s"), style="dim")
            for worker, (page, since) in sorted(self.busy.items())
        ]
        head = f"{self.pages[0].week}: {self.done} of {len(self.pages)} pages in {said(passed)}{rate}{failed}; {self._end(left)}"
        full = BAR * self.done // len(self.pages)
        bar = Text.assemble(("━" * full, "bold"), ("─" * (BAR - full), "dim"))
        return Group(Text(head), bar, *workers)

    def _end(self, left: float | None) -> str:
        if left is None:
            return "no page is done yet that tells how long the others take"
        return f"about {said(left)} to go, done at {self.now() + timedelta(seconds=left):%H:%M}"


def said(seconds: float) -> str:
    """A duration as one would say it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
