"""Pages in parallel: a few worker processes, of which each may be killed without harm to another's page."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO

from labelqa_lib.runner.forking import ForkServer
from labelqa_lib.runner.isolation import FORK_SERVER, importing_for_workers, isolated
from labelqa_lib.runner.limits import Limits
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.processes import descendants, kill_all, threads
from labelqa_lib.runner.record import WORKER_DIED, Making, PageError, PageRecord, publish, sweep

GRACE = 60
"""Seconds after a page's own limit in which its worker must have told of it; one that has not is killed itself."""


_INTERRUPTS = {signal.SIGINT, signal.SIGTERM}


@dataclass(frozen=True)
class _Task:
    """A page and which attempt at it this is."""

    page: PlannedPage
    attempt: int = 1


@dataclass
class _Worker:
    number: int
    process: BaseProcess
    pipe: Connection
    task: _Task | None = None
    making: Making | None = None
    deadline: float = 0.0


def render(
    pages: Sequence[PlannedPage],
    jobs: int,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    see: Callable[[Mapping[int, PlannedPage]], None] = lambda busy: None,
    began: datetime | None = None,
) -> Iterator[PageRecord]:
    """Render pages, at most `jobs` at a time; give each one's record as it is done.

    A worker or a kernel that is killed is its page's failure and nobody else's, after a second attempt. However the
    iteration ends, no process and no temporary file is left; when this very process is killed, its workers and the
    server that forks their kernels end themselves.

    Parameters
    ----------
    pages : sequence of PlannedPage
    jobs : int
        Workers, from 1.
    limits : Limits
        What each page may take.
    see : callable
        Told whenever it changes which worker is at which page.
    began : datetime, optional
        When the run began, which names it; now, where not told.
    """
    if pages:
        with closing(Pool({page.notebook for page in pages}, pages[0].reports / ".cache", began)) as pool:
            yield from pool.records(pages, jobs, limits, see)


class Pool:
    """Workers, and the server that their kernels are forked from: warm from its first page until it is closed.

    Parameters
    ----------
    notebooks : iterable of Path
        What they import is there when a kernel starts.
    cache : Path
        Kept when the pool is closed.
    began : datetime, optional
        As in `render`.
    """

    def __init__(self, notebooks: Iterable[Path], cache: Path, began: datetime | None = None):
        # A socket's path must fit into 107 bytes.
        self.scratch = Path(tempfile.mkdtemp(prefix="lq-", dir="/tmp" if len(tempfile.gettempdir()) > 60 else None))
        self.cache, self.began = cache, began or datetime.now(UTC)
        self.limits, self.attempts = Limits(), 2
        self.waiting: deque[_Task] = deque()
        self.workers: list[_Worker] = []
        self.server = ForkServer(notebooks, self.scratch, self.cache)

    def records(
        self,
        pages: Iterable[PlannedPage],
        jobs: int,
        limits: Limits,
        see: Callable[[Mapping[int, PlannedPage]], None] = lambda busy: None,
        attempts: int = 2,
    ) -> Iterator[PageRecord]:
        """As `render`; may be called again when all are done. A page is tried up to `attempts` times."""
        self.limits, self.attempts = limits, attempts
        self.waiting.extend(map(_Task, pages))
        while self.waiting or self._busy():
            while self.waiting and len(self._busy()) < jobs:
                self._send(next((one for one in self.workers if one.task is None), None) or self._start())
            see({worker.number: worker.task.page for worker in self._busy()})
            yield from filter(None, map(self._receive, self._heard()))

    def close(self) -> None:
        """Kill workers, server and kernels, and leave nothing behind."""
        for worker in self.workers:
            _kill(worker)
        self.server.end()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self.workers if worker.task]

    def _start(self) -> _Worker:
        with _interrupts_held():
            self.server.keep_up()
        if threads() == 1:
            _import_ahead(isolated(self.scratch, self.cache))
        forked = threads() == 1  # a fork would tear others apart; in a spawned worker half of what this process has is imported again
        context = multiprocessing.get_context("fork" if forked else "spawn")
        ours, theirs = context.Pipe()
        with _interrupts_held():
            not_its = [ours, *(worker.pipe for worker in self.workers), *self.server.held()] if forked else []
            arguments = (theirs, self.scratch, self.cache, self.server.address, not_its)
            process = context.Process(target=_work, args=arguments, daemon=True)
            process.start()
        theirs.close()
        number = min(set(range(1, len(self.workers) + 2)) - {worker.number for worker in self.workers})
        self.workers.append(_Worker(number, process, ours))
        return self.workers[-1]

    def _send(self, worker: _Worker) -> None:
        self.server.keep_up()
        now, task = datetime.now(UTC), self.waiting[0]
        name, began = self.began.isoformat(timespec="milliseconds"), (now - self.began).total_seconds()
        worker.making = Making(name, round(began, 2), worker.number, task.attempt)
        try:
            worker.pipe.send((task.page, self.limits, worker.making))
        except OSError:  # killed while it was idle: no page is lost
            self._bury(worker)
            return
        worker.task, worker.deadline = self.waiting.popleft(), time.monotonic() + self.limits.seconds + GRACE

    def _heard(self) -> list[_Worker]:
        """The workers that have something to say, or should have long ago."""
        busy = self._busy()
        patience = min((worker.deadline for worker in busy), default=0) - time.monotonic()
        heard = wait([worker.pipe for worker in busy], max(patience, 0))
        late = [worker for worker in busy if worker.pipe not in heard and worker.deadline < time.monotonic()]
        for worker in late:
            worker.process.kill()
        return [worker for worker in busy if worker.pipe in heard]

    def _receive(self, worker: _Worker) -> PageRecord | None:
        """The record of a page that is done; none where it is tried again."""
        task = worker.task
        try:
            record = worker.pipe.recv()
        except (EOFError, OSError):
            self._bury(worker)
            error = _how_it_ended(worker.process.exitcode)
            record = publish(task.page, PageRecord.of(task.page, 0.0, error, making=worker.making))
        worker.task = None
        if record.failed and record.error.passing and task.attempt < self.attempts:
            self.waiting.appendleft(_Task(task.page, task.attempt + 1))
            return None
        return record

    def _bury(self, worker: _Worker) -> None:
        _kill(worker)
        self.workers.remove(worker)


def _how_it_ended(code: int) -> PageError:
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return PageError(WORKER_DIED, f"the process that rendered this page {how}; run it again")


def _kill(worker: _Worker) -> None:
    """Kill a worker, then its kernel: in this order it does not live to report a dead kernel."""
    orphans = descendants(worker.process.pid)
    worker.process.kill()
    worker.process.join()
    kill_all(orphans)
    worker.pipe.close()
    if worker.task:
        sweep(worker.task.page.folder, worker.process.pid)


@contextmanager
def _interrupts_held():
    """Keep signals from reaching a child before it can tell that its parent will decide."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _import_ahead(environment: Mapping[str, str]) -> Callable[..., PageRecord]:
    """What makes a page, which takes half a second to import and to warm up; a run in which nothing is due never does."""
    with importing_for_workers(environment):
        from labelqa_lib.runner import ahead

        with suppress(Exception):  # what is wrong with how pages are made, each page tells itself
            ahead.warm_up()
    return ahead.render_page


def _work(pipe: Connection, scratch: Path, cache: Path, server: Path, not_its: Sequence[Connection | IO]) -> None:
    """A worker's life: pages in, records out, until its parent kills it or is gone.

    One that was forked lets go of what is its parent's (`not_its`): nobody would see that end.
    """
    for held in not_its:
        held.close()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTS)
    threading.Thread(target=_leave_with_parent, args=(scratch,), daemon=True).start()
    logging.disable(logging.CRITICAL)  # a page's record tells its troubles
    own = scratch / str(os.getpid())
    own.mkdir()
    tempfile.tempdir = str(own)
    os.environ |= {**(environment := isolated(own, cache)), FORK_SERVER: str(server)}

    render_page = _import_ahead(environment)
    gc.freeze()  # what was imported stays, and whoever looks for garbage need not walk through it
    while True:
        asked, before = pipe.recv(), set(own.iterdir())
        record = render_page(*asked)
        for left in set(own.iterdir()) - before:  # a killed kernel's engine leaves all that it had put aside
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
        pipe.send(record)


def _leave_with_parent(scratch: Path) -> None:
    multiprocessing.parent_process().join()
    kill_all(descendants(os.getpid()))
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(1)
