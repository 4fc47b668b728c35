"""What a worker of a Dask cluster does: one page a task, in a process of its own, written to where reports are kept."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from labelqa_lib.places import Place
from labelqa_lib.runner.carried import unpacked
from labelqa_lib.runner.host import Host
from labelqa_lib.runner.limits import Limits
from labelqa_lib.runner.outputs import put_page
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import PageError, PageRecord, record_of, write_record
from labelqa_lib.runner.unchanged import code

RESOURCE = "page"
"""What a worker must offer for each page that it may render at a time: ``dask worker --resources page=1``."""

_lock = threading.Lock()
_hosts: dict[int, Host] = {}
_busy: set[int] = set()


@dataclass(frozen=True)
class Errand:
    """A page on its way to a worker.

    Attributes
    ----------
    began : datetime
        When its run began, which names the run.
    archive, earlier, reports
        As in `carried.unpacked`.
    address : str
        Where reports are kept.
    code : dict
        As `Told.code`, of the run.
    """

    page: PlannedPage
    limits: Limits
    began: datetime
    archive: bytes
    earlier: bytes | None
    reports: str
    address: str
    code: dict[str, str]


@dataclass(frozen=True)
class Told:
    """What a worker says of itself: its labelqa, what it was made from, pages at a time, and folders that it cannot see."""

    version: str
    code: dict[str, str]
    pages: int
    unseen: tuple[str, ...]


class Passing(Exception):
    """A page failed in a way that may pass; carries its record, and lets the cluster try once more."""


class Refused(Exception):
    """A worker of other code than the run's was given a page."""


def tell(folders: Sequence[str], dask_worker: Any = None) -> Told:
    """What is a worker, and does it see these folders? Called in the worker itself."""
    offered = dask_worker.state.total_resources.get(RESOURCE, 0) if dask_worker else 0
    return Told(version("labelqa"), code(), int(offered), tuple(name for name in folders if not Path(name).exists()))


def rest() -> None:
    """End the processes that wait for pages; those that render go on."""
    with _lock:
        for slot in set(_hosts) - _busy:
            _hosts.pop(slot).end()


def make(errand: Errand) -> PageRecord:
    """Make a page and write its files.

    Raises
    ------
    Passing
        When it failed by a limit, or its process was killed.
    Refused
        When the worker runs other code than the one that asks: its pages would claim what they are not.
    """
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    if code() != errand.code:
        raise Refused(worker.address)
    own = Path(worker.local_directory)
    folder = Path(tempfile.mkdtemp(prefix="page-", dir=own))
    try:
        with _slot() as slot:
            worker.log_event(topic(errand.began), {"key": key, "worker": worker.address, "slot": slot})
            made = unpacked(errand.page, errand.archive, errand.earlier, errand.reports, folder)
            record = _host(slot, own / "labelqa").render(made, errand.limits, errand.began, lambda: _wanted(worker, key))
        if record is None:
            raise Passing(PageRecord.of(made, 0.0, PageError("Cancelled", "the run was interrupted")))
        record = _as_attempt(record, errand)
        write_record(made, record)
        put_page(errand.address, made, record)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if record.failed and record.error.passing:
        raise Passing(record)
    return record


def topic(began: datetime) -> str:
    """Under what name a run's workers say that they begin a page."""
    return f"labelqa-{began.isoformat(timespec='milliseconds')}"


def _wanted(worker, key: str) -> bool:
    """Whether anybody still waits for this task: its run was not interrupted, and is not gone."""
    task = worker.state.tasks.get(key)
    return task is not None and task.state == "executing"


@contextmanager
def _slot() -> Iterator[int]:
    """The lowest number that no other page of this worker has at the moment."""
    with _lock:
        slot = min(set(range(1, len(_busy) + 2)) - _busy)
        _busy.add(slot)
    try:
        yield slot
    finally:
        _busy.discard(slot)


def _host(slot: int, cache: Path) -> Host:
    with _lock:
        if slot not in _hosts or not _hosts[slot].alive:
            cache.mkdir(parents=True, exist_ok=True)
            _hosts[slot] = Host(cache)
        return _hosts[slot]


def _as_attempt(record: PageRecord, errand: Errand) -> PageRecord:
    """The record with the number of its attempt: one more than that of this run's failure that is kept already."""
    name = errand.page.record.relative_to(errand.page.reports).as_posix()
    try:
        before = record_of(Place.at(errand.address).read(name))
    except FileNotFoundError:
        return record
    run = errand.began.isoformat(timespec="milliseconds")
    if record.making and before and before.failed and before.making and before.making.run == run:
        return replace(record, making=replace(record.making, attempt=before.making.attempt + 1))
    return record
