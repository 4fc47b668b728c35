"""When will a run be done? From what its pages took last time, or else from those it has done."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from statistics import median

from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import PageRecord, read_record


class Forecast:
    """Learns from every page that is done how long the others will take.

    Parameters
    ----------
    pages : sequence of PlannedPage
        Those to render, in the order in which they are started.
    jobs : int
        Workers.
    """

    def __init__(self, pages: Sequence[PlannedPage], jobs: int):
        self.pages, self.jobs = tuple(pages), jobs
        self.before = {self._name(page): record.seconds for page in pages if (record := read_record(page.record))}
        self.took: dict[str, list[float]] = {}
        self.done: set[tuple[str, str]] = set()
        self.pace: list[float] = []

    @staticmethod
    def _name(page: PlannedPage) -> tuple[str, str]:
        return page.name, page.market

    def learn(self, record: PageRecord) -> None:
        """A page is done."""
        name = record.notebook, record.market
        self.done.add(name)
        if not record.failed:
            self.took.setdefault(record.notebook, []).append(record.seconds)
            if self.before.get(name):
                self.pace.append(record.seconds / self.before[name])

    def seconds_of(self, page: PlannedPage) -> float | None:
        """How long will a page take? None while nothing tells."""
        if before := self.before.get(self._name(page)):
            return before * (median(self.pace) if self.pace else 1)
        own = self.took.get(page.name) or [seconds for every in self.took.values() for seconds in every]
        return median(own) if own else None

    def seconds_left(self, busy: Mapping[int, tuple[PlannedPage, float]]) -> float | None:
        """Until the last page is done, each worker taking the next when it is free. None while nothing tells.

        Parameters
        ----------
        busy : mapping of worker to (page, seconds)
            Who is at which page, and since when.
        """
        under_way = {self._name(page) for page, _ in busy.values()}
        waiting = [page for page in self.pages if self._name(page) not in self.done | under_way]
        needed = [self.seconds_of(page) for page in (*(page for page, _ in busy.values()), *waiting)]
        if not all(needed):
            return None if needed else 0.0
        spent = [since for _, since in busy.values()]
        free = [max(whole - since, 0.0) for whole, since in zip(needed, spent, strict=False)]
        free += [0.0] * (self.jobs - len(free))
        heapq.heapify(free)
        for whole in needed[len(spent) :]:
            heapq.heappush(free, heapq.heappop(free) + whole)
        return max(free)
