"""Pages in parallel: a few worker processes, of which each may be killed without harm to another's page."""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil

from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import PageError, PageRecord, publish, sweep


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    page: PlannedPage | None = None


def render(pages: Sequence[PlannedPage], jobs: int) -> Iterator[PageRecord]:
    """Render pages, at most `jobs` at a time; give each one's record as it is done.

    A worker or a kernel that is killed is its page's failure and nobody else's. However the iteration ends, no
    process and no temporary file is left; when this very process is killed, its workers end themselves.
    """
    # A socket's path must fit into 107 bytes.
    scratch = Path(tempfile.mkdtemp(prefix="lq-", dir="/tmp" if len(tempfile.gettempdir()) > 60 else None))
    waiting, workers = deque(pages), []
    try:
        while waiting or any(worker.page for worker in workers):
            idle = [worker for worker in workers if worker.page is None]
            while waiting and len(workers) - len(idle) < jobs:
                worker = idle.pop() if idle else _start(workers, scratch, waiting[0].reports / ".cache")
                _send(worker, waiting, workers)
            for pipe in wait([worker.pipe for worker in workers if worker.page]):
                worker = next(worker for worker in workers if worker.pipe is pipe)
                yield _receive(worker, workers)
    finally:
        for worker in workers:
            _kill(worker)
        shutil.rmtree(scratch, ignore_errors=True)


def _start(workers: list[_Worker], scratch: Path, cache: Path) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, scratch, cache), daemon=True)
    with _interrupts_held():
        process.start()
    theirs.close()
    workers.append(_Worker(process, ours))
    return workers[-1]


def _send(worker: _Worker, waiting: deque[PlannedPage], workers: list[_Worker]) -> None:
    try:
        worker.pipe.send(waiting[0])
        worker.page = waiting.popleft()
    except OSError:  # killed while it was idle: no page is lost
        workers.remove(worker)
        _kill(worker)


def _receive(worker: _Worker, workers: list[_Worker]) -> PageRecord:
    page = worker.page
    try:
        record = worker.pipe.recv()
    except (EOFError, OSError):
        _kill(worker)
        workers.remove(worker)
        return publish(page, PageRecord.of(page, 0.0, _how_it_ended(worker.process.exitcode)))
    worker.page = None
    return record


def _how_it_ended(code: int) -> PageError:
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return PageError("WorkerDied", f"the process that rendered this page {how}; run it again")


def _kill(worker: _Worker) -> None:
    """Kill a worker, then its kernel: in this order it does not live to report a dead kernel."""
    orphans = _descendants(worker.process.pid)
    worker.process.kill()
    worker.process.join()
    _kill_all(orphans)
    worker.pipe.close()
    if worker.page:
        sweep(worker.page.folder, worker.process.pid)


def _descendants(process: int) -> list[psutil.Process]:
    try:
        return psutil.Process(process).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _kill_all(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


@contextmanager
def _interrupts_held():
    """Keep Ctrl-C from reaching a child before it can tell that its parent will decide."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection, scratch: Path, cache: Path) -> None:
    """A worker's life: pages in, records out, until its parent kills it or is gone."""
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_leave_with_parent, args=(scratch,), daemon=True).start()
    # jsonschema's optional check of international web addresses builds a grammar at import: 1.3 s in every process
    # for a check that no notebook needs.
    sys.modules["rfc3987_syntax"] = None
    logging.disable(logging.CRITICAL)  # a page's record tells its troubles

    from labelqa_lib.runner.kernel import isolate

    own = scratch / str(os.getpid())
    own.mkdir()
    isolate(own, cache)

    from labelqa_lib.runner.execute import render_page

    while True:
        pipe.send(render_page(pipe.recv()))


def _leave_with_parent(scratch: Path) -> None:
    multiprocessing.parent_process().join()
    _kill_all(_descendants(os.getpid()))
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(1)
