"""Processes as the system sees them: whose children they are, how they end with their parent, what memory they take."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

_DIE_WITH_PARENT, _ADOPT_ORPHANS = 1, 36  # PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER of Linux
_SYSTEM = ctypes.CDLL(None) if sys.platform == "linux" else None
_PAGE = os.sysconf("SC_PAGE_SIZE") if _SYSTEM else 0


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Ask the system for a signal when the parent is gone, however it went; 0 takes the wish back. Linux only."""
    if _SYSTEM:
        _SYSTEM.prctl(_DIE_WITH_PARENT, int(number), 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none gets out of sight. Linux only."""
    if _SYSTEM:
        _SYSTEM.prctl(_ADOPT_ORPHANS, 1, 0, 0, 0)


def threads() -> int:
    """How many threads does this process have, whoever started them? 0 where the system does not tell."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else 0


def descendants(process: int) -> list[psutil.Process]:
    """All processes below this one; none where it is gone."""
    try:
        return psutil.Process(process).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def kill_all(processes: Iterable[psutil.Process]) -> None:
    """Kill what of these still runs."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def kill_tree(process: int) -> None:
    """Kill a process and everything below it."""
    below = descendants(process)
    try:
        kill_all([psutil.Process(process)])
    except psutil.NoSuchProcess:
        pass
    kill_all(below)


def cpu_of(process: int) -> float:
    """CPU seconds of a process and of its children that have ended; 0 where it is gone."""
    try:
        return sum(psutil.Process(process).cpu_times()[:4])
    except psutil.NoSuchProcess:
        return 0.0


def memory_of_tree(process: int) -> int:
    """How much memory do a process and everything below it hold, in bytes? Pages shared among them count in each."""
    held, family = 0, [process]
    for one in family:
        with suppress(psutil.NoSuchProcess, OSError):
            held += _memory(one)
            family += _children(one)
    return held


def _memory(process: int) -> int:
    """What psutil tells as ``rss``; Linux says it in one small file, where psutil asks first when the process was born."""
    if not _SYSTEM:
        return psutil.Process(process).memory_info().rss
    return int(_read(f"/proc/{process}/statm").split()[1]) * _PAGE


def _children(process: int) -> list[int]:
    """The children of a process. Linux tells them by thread; elsewhere all processes are gone through, which takes
    hundreds of times as long."""
    tasks = f"/proc/{process}/task"
    if not os.path.exists(f"{tasks}/{process}/children"):
        return [child.pid for child in psutil.Process(process).children()]
    found = []
    for task in os.listdir(tasks):
        with suppress(OSError):  # it has ended meanwhile
            found += map(int, _read(f"{tasks}/{task}/children").split())
    return found


def _read(path: str) -> bytes:
    """A small file of the system's."""
    with open(path, "rb", buffering=0) as stream:
        return stream.read()
