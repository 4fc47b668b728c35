"""What a page may take: seconds and memory. A kernel that goes beyond is killed with its children."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from labelqa_lib.runner.processes import kill_tree, memory_of_tree
from labelqa_lib.runner.record import TOO_LONG, TOO_MUCH_MEMORY

LOOKS = 0.2
"""Seconds between two looks at a kernel."""


@dataclass(frozen=True)
class Limits:
    """What a page may take at most.

    Attributes
    ----------
    seconds : float
        From the start of its kernel to its last cell.
    memory : float
        MiB of its kernel with all of its children.
    """

    seconds: float = 1800
    memory: float = 4096


class Watch:
    """Looks at a running kernel now and then, kills it when it is beyond its limits, and knows why it was killed.

    Attributes
    ----------
    exceeded : tuple of str or None
        An error's name and sentence.
    cpu : float
        CPU seconds of the kernel; known when it has ended.
    peak : int
        The most memory that it held, in bytes.
    """

    def __init__(self, limits: Limits):
        self.limits = limits
        self.exceeded: tuple[str, str] | None = None
        self.cpu, self.peak = 0.0, 0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, kernel: int) -> None:
        """Watch this process from now on."""
        self._thread = threading.Thread(target=self._look, args=(kernel, time.monotonic()), daemon=True)
        self._thread.start()

    def leave(self, cpu: float = 0.0, memory: int = 0) -> None:
        """Watch it no longer: it has ended, having used this much."""
        self._over.set()
        if self._thread:
            self._thread.join()
        self.cpu, self.peak = cpu, max(self.peak, memory)

    def _look(self, kernel: int, started: float) -> None:
        while not self._over.wait(LOOKS):
            held = memory_of_tree(kernel)
            self.peak = max(self.peak, held)
            if held > self.limits.memory * 2**20:
                self.exceeded = TOO_MUCH_MEMORY, (
                    f"the page's kernel held {held / 2**20:,.0f} MiB and was killed; the limit is "
                    f"{self.limits.memory:,.0f} MiB (`page_memory` of params/workspace.yaml, or --page-memory)"
                )  # fmt: skip
            elif time.monotonic() - started > self.limits.seconds:
                self.exceeded = TOO_LONG, (
                    f"the page ran for more than {self.limits.seconds:g} s and was killed; that is its limit "
                    "(`page_seconds` of params/workspace.yaml, or --page-seconds)"
                )  # fmt: skip
            if self.exceeded:
                return kill_tree(kernel)
