"""Processes as the system sees them: whose children they are, how they end with their parent, what memory they take."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Iterable

import psutil

_DIE_WITH_PARENT, _ADOPT_ORPHANS = 1, 36  # PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER of Linux
_SYSTEM = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Ask the system for a signal when the parent is gone, however it went; 0 takes the wish back. Linux only."""
    if _SYSTEM:
        _SYSTEM.prctl(_DIE_WITH_PARENT, int(number), 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none gets out of sight. Linux only."""
    if _SYSTEM:
        _SYSTEM.prctl(_ADOPT_ORPHANS, 1, 0, 0, 0)


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
    held = 0
    try:
        family = [psutil.Process(process), *descendants(process)]
    except psutil.NoSuchProcess:
        return 0
    for one in family:
        try:
            held += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return held
