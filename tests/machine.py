"""The machine that a benchmark runs on, and how fast it is just then."""

from __future__ import annotations

import os
import platform
import statistics
import time

ADDITIONS = 3_000_000


def pace() -> float:
    """CPU seconds that Python takes for three million additions, the median of five: the same code can take twice as long an hour later."""

    def once() -> float:
        started, total = time.process_time(), 0
        for number in range(ADDITIONS):
            total += number
        return time.process_time() - started

    return statistics.median(once() for _ in range(5))


def described() -> str:
    """One line for the head of a table: seconds of two hours are not to be compared where its pace was not the same."""
    return (f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}, "
            f"three million additions in {pace():.2f} CPU s")  # fmt: skip
