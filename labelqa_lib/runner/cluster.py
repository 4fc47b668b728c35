"""Pages on a Dask cluster: the run submits them, workers render them, and the records come back as from the local pool.

Which worker takes which page, how many at a time, and what becomes of the pages of a lost worker is the scheduler's affair.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from labelqa_lib.errors import MachineLost, UsageError
from labelqa_lib.runner.carried import packed
from labelqa_lib.runner.errand import RESOURCE, Errand, Passing, Refused, Told, make, rest, tell, topic
from labelqa_lib.runner.limits import Limits
from labelqa_lib.runner.outputs import Outputs
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import WORKER_DIED, PageError, PageRecord, publish, read_record, write_record
from labelqa_lib.runner.unchanged import code

PATIENCE = {"scheduler": 10, "first worker": 30, "another worker": 300}
"""Seconds in which a scheduler must answer, and in which a worker must be there: at the start, and when all were lost."""


class Cluster:
    """A scheduler, and those of its workers that can make this run's pages.

    Parameters
    ----------
    address : str
        Such as ``tcp://10.0.0.5:8786``.
    sees : sequence of str
        Folders that a worker must see.
    say : callable
        Told a sentence about each worker that is refused.

    Raises
    ------
    UsageError
        When the scheduler cannot be reached, or has no worker that could make a page.
    """

    def __init__(self, address: str, sees: Sequence[str] = (), say: Callable[[str], None] = lambda sentence: None):
        try:
            from distributed import Client
        except ImportError:
            raise UsageError("--scheduler needs the package `distributed`; install `labelqa[dask]`, here and on every worker") from None
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self.address, self.sees, self.say = address, [*sees], say
        try:
            self.client = Client(address, timeout=PATIENCE["scheduler"], set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            reason = "" if isinstance(error, OSError) else f" ({error})"
            raise UsageError(f"scheduler {address}: cannot be reached within {PATIENCE['scheduler']} s{reason}; start one with "
                             "`dask scheduler` and give its address, such as tcp://10.0.0.5:8786") from None  # fmt: skip
        self.workers: dict[str, int] = {}
        self.refused: set[str] = set()
        try:
            self._look(PATIENCE["first worker"])
            if not self.workers:
                why = "none of its workers can make these pages" if self.refused else "it has no worker"
                raise UsageError(f"scheduler {address}: {why}; start one with `dask worker {address} --nthreads 1 --resources "
                                 f"{RESOURCE}=1` in the same environment as this run")  # fmt: skip
        except BaseException:
            self.client.close()
            raise

    @property
    def jobs(self) -> int:
        """Pages that it renders at a time, as far as is known now."""
        return sum(self.workers.values())

    def close(self) -> None:
        """End what waits on the workers for further pages, and leave the scheduler."""
        try:
            self.client.run(rest, on_error="ignore")
        except Exception:  # noqa: BLE001 (the scheduler is gone, and with it whom to tell)
            logging.getLogger(__name__).debug("no answer to the farewell", exc_info=True)
        self.client.close()

    def render(
        self, pages: Sequence[PlannedPage], limits: Limits, see: Callable[[Mapping[int, PlannedPage]], None], began: datetime,
        outputs: Outputs, carried: Sequence[Path], reports: str,
    ) -> Iterator[PageRecord]:  # fmt: skip
        """Render pages; give each one's record as it is done, its files in place. See `pool.render`.

        Parameters
        ----------
        outputs : Outputs
            Where reports are kept.
        carried : sequence of Path
            Files and folders of the workspace that go to the workers.
        reports : str
            The workspace's setting of that name.

        Raises
        ------
        MachineLost
            When the scheduler, or every worker for a long while, is gone; pages that were done are.
        """
        archive = packed(pages[0].root, carried)
        errands = {
            f"{topic(began)}-{number}": Errand(
                page, limits, began, archive,
                page.earlier.read_bytes() if page.earlier.exists() else None, reports, outputs.address, code(),
            )
            for number, page in enumerate(pages)
        }  # fmt: skip
        yield from _Run(self, errands, outputs, began).records(see)

    def _look(self, seconds: float) -> None:
        """Ask every worker that is there now what it is; wait so long for one that can make pages."""
        end = time.monotonic() + seconds
        while True:
            there = self.client.run(tell, self.sees, on_error="return")
            self.workers = {}
            for worker, told in there.items():
                if worker in self.refused:
                    continue
                if wrong := self._wrong(told):
                    self.refuse(worker, wrong)
                else:
                    self.workers[worker] = told.pages
            if self.workers or self.refused or time.monotonic() > end:
                return
            time.sleep(0.5)

    def refuse(self, worker: str, wrong: str) -> None:
        """Give a worker no pages, and say why."""
        self.refused.add(worker)
        self.workers.pop(worker, None)
        self.say(f"worker {worker}: refused, it {wrong}")

    def _wrong(self, told: Any) -> str:
        """What keeps a worker from making this run's pages; empty where nothing does."""
        if not isinstance(told, Told):
            return f"could not say what it is ({type(told).__name__}: {told}); start it in the same environment as this run"
        if told.version != version("labelqa"):
            return f"runs labelqa {told.version}, this run is {version('labelqa')}; start it in the same environment"
        if told.code != code():
            parts = [name for name, known in code().items() if told.code.get(name) != known]
            return (f"runs labelqa {told.version} like this run, but not the same {' and '.join(parts)}; install the same, "
                    "then start it again")  # fmt: skip
        if told.unseen:
            return f"does not see {', '.join(told.unseen)}; mount it there, at the same path as here"
        if told.pages < 1:
            return f"offers no {RESOURCE}; start it with --resources {RESOURCE}=1 (pages that it may render at a time)"
        return ""

    def lost(self) -> bool:
        """Whether nobody is there now who could make a page."""
        there = self.client.scheduler_info(n_workers=-1)["workers"]
        return not any(about["resources"].get(RESOURCE) for worker, about in there.items() if worker not in self.refused)


class _Run:
    """One run's pages on the cluster."""

    def __init__(self, cluster: Cluster, errands: dict[str, Errand], outputs: Outputs, began: datetime):
        self.cluster, self.errands, self.outputs, self.began = cluster, errands, outputs, began
        self.done: queue.Queue = queue.Queue()
        self.futures: dict[str, Any] = {}
        self.started: dict[str, tuple[tuple[str, int], float]] = {}
        self.numbers: dict[tuple[str, int], int] = {}
        self.lock, self.start, self.seen = threading.Lock(), time.monotonic(), time.monotonic()

    def records(self, see: Callable[[Mapping[int, PlannedPage]], None]) -> Iterator[PageRecord]:
        self.cluster.client.subscribe_topic(topic(self.began), self._begins)
        try:
            for place, key in enumerate(self.errands):
                self._submit(key, -place)
            while self.futures:
                see(self._busy())
                try:
                    key = self.done.get(timeout=1)
                except queue.Empty:
                    self._check()
                    continue
                if record := self._record(key):
                    yield record
        finally:
            self.cluster.client.unsubscribe_topic(topic(self.began))
            if self.futures:
                self.cluster.client.cancel([*self.futures.values()], force=True)

    def _submit(self, key: str, priority: int) -> None:
        only = {"workers": [*self.cluster.workers], "allow_other_workers": False} if self.cluster.refused else {}
        future = self.cluster.client.submit(
            make, self.errands[key], key=key, priority=priority, resources={RESOURCE: 1}, retries=1, pure=False, **only
        )
        self.futures[key] = future
        future.add_done_callback(lambda done: self.done.put(done.key))

    def _begins(self, event: tuple[float, Mapping[str, Any]]) -> None:
        told = event[1]
        with self.lock:
            self.numbers.setdefault((told["worker"], told["slot"]), len(self.numbers) + 1)
            self.started[told["key"]] = (told["worker"], told["slot"]), time.monotonic()

    def _busy(self) -> dict[int, PlannedPage]:
        with self.lock:
            under_way = {key: worker for key, (worker, _) in self.started.items() if key in self.futures}
            return {self.numbers[worker]: self.errands[key].page for key, worker in under_way.items()}

    def _check(self) -> None:
        """Give up when there has been nobody for too long."""
        if self.cluster.client.status != "running":
            raise MachineLost(f"scheduler {self.cluster.address}: is gone; pages that were done stay, run again for the others")
        if not self.cluster.lost():
            self.seen = time.monotonic()
        elif time.monotonic() - self.seen > PATIENCE["another worker"]:
            raise MachineLost(
                f"scheduler {self.cluster.address}: has had no worker for {PATIENCE['another worker']} s; pages that were done "
                "stay, run again for the others"
            )

    def _record(self, key: str) -> PageRecord | None:
        """The record of a page that is done; none where it goes to another worker."""
        future, page = self.futures.pop(key), self.errands[key].page
        if future.status == "finished":
            return self._dated(key, future.result())
        if future.cancelled():
            raise MachineLost(f"scheduler {self.cluster.address}: dropped {page.market} {page.name}; it was started anew, or another "
                              "program cancelled the page. Run again for what is missing")  # fmt: skip
        error = future.exception()
        if isinstance(error, Refused):
            self.cluster.refuse(error.args[0], "runs other code than this run; start it in the same environment")
            if not self.cluster.workers:
                raise MachineLost(f"scheduler {self.cluster.address}: no worker is left that can make these pages")
            self.errands[f"{key}-again"] = self.errands.pop(key)
            return self._submit(f"{key}-again", 0)
        if isinstance(error, Passing):
            return self._dated(key, error.args[0])
        from distributed import KilledWorker

        reason = PageError(type(error).__name__, str(error))
        if isinstance(error, KilledWorker):
            reason = PageError(WORKER_DIED, f"{error.allowed_failures + 1} workers of the cluster were lost while they rendered this "
                               f"page, the last of them {error.last_worker.address}; it was not tried again")  # fmt: skip
        failed = publish(page, PageRecord.of(page, 0.0, reason))
        self.outputs.put_record(page)
        return failed

    def _dated(self, key: str, record: PageRecord) -> PageRecord:
        """The record with its place in the run, which the worker's own clock and numbers do not tell; kept so."""
        page = self.errands[key].page
        self.outputs.fetch_page(page)
        here = read_record(page.record)
        if not here or (here.status, here.sha256) != (record.status, record.sha256):
            reason = (f"its worker wrote the page to {self.outputs.address}, which is another folder there than here; mount the "
                      "same folder, or name an address with --outputs")  # fmt: skip
            return publish(page, PageRecord.of(page, record.seconds, PageError("NotShared", reason)))
        with self.lock:
            worker, at = self.started.get(key, (None, time.monotonic() - record.seconds))
        if record.making:
            making = replace(record.making, worker=self.numbers.get(worker, 1), began=round(at - self.start, 2))
            record = replace(record, making=making)
        if not page.shared:
            write_record(page, record)
            self.outputs.put_record(page)
        return record
