"""A process on a cluster worker's machine that renders pages one after the other, warm, as a local run's pool would.

The cluster's own worker stays small and free to answer: notebooks, engines and their memory are in here. It ends with
whoever started it, and everything that it started with it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from labelqa_lib.runner.limits import Limits
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.pool import Pool
from labelqa_lib.runner.processes import descendants, kill_all, kill_tree
from labelqa_lib.runner.record import WORKER_DIED, PageError, PageRecord

LOOKS = 0.5
"""Seconds between two looks whether a page is still wanted."""
PATIENCE = 10
"""Seconds in which it must have ended when it is asked to."""

_MAIN = "from labelqa_lib.runner.host import main; main()"


class Host:
    """The process, seen from the cluster's worker.

    Parameters
    ----------
    cache : Path
        As in `isolation.isolated`.
    """

    def __init__(self, cache: Path):
        self._pipe, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _MAIN, str(theirs.fileno()), str(cache)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def render(self, page: PlannedPage, limits: Limits, began: datetime, wanted: Callable[[], bool]) -> PageRecord | None:
        """Render a page; None, and the end of this process, when it is not wanted any more.

        Parameters
        ----------
        began : datetime
            When the run began.
        wanted : callable
            Asked now and then.
        """
        try:
            self._pipe.send((page, limits, began))
            while not self._pipe.poll(LOOKS):
                if not wanted():
                    return self.end()
            return self._pipe.recv()
        except (EOFError, OSError):
            self.end()
            reason = f"the process that rendered this page ended (exit code {self._process.returncode}); run it again"
            return PageRecord.of(page, 0.0, PageError(WORKER_DIED, reason))

    def end(self) -> None:
        """End it with everything that it started."""
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            kill_tree(self._process.pid)
            self._process.wait()
        self._pipe.close()


def main() -> None:
    """The process itself: pages in, records out, until whoever started it lets go."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe, cache = Connection(int(sys.argv[1])), Path(sys.argv[2])
    pools: list[Pool] = []
    threading.Thread(target=_leave_when_let_go, args=(pools,), daemon=True).start()
    while True:
        page, limits, began = pipe.recv()
        if not pools:
            pools.append(Pool(sorted(page.notebook.parent.glob("*.ipynb")), cache))
        pools[0].began = began
        # a second attempt is the cluster's affair, which may have it made elsewhere
        pipe.send(next(pools[0].records([page], 1, limits, attempts=1)))


def _leave_when_let_go(pools: list[Pool]) -> None:
    sys.stdin.buffer.read()
    kill_all(descendants(os.getpid()))
    for pool in pools:
        shutil.rmtree(pool.scratch, ignore_errors=True)
    os._exit(0)
