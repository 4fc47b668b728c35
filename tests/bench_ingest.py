"""What an ingest of the demo costs with all checks: rows a second of wall and of CPU, memory, and where the time goes.

Run by `make bench-ingest`. Everything is imported before and a first ingest is not counted, as in any process that has done
one; the files are made anew each time, flushed to the disk, and deleted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import machine
import psutil

from labelqa_lib import intake, sources
from labelqa_lib.intake import snapshot

ROOT = Path(__file__).resolve().parents[1]
ZONES = {"MY": "Asia/Kuala_Lumpur", "SG": "Asia/Singapore", "TW": "Asia/Taipei", "ES": "Europe/Madrid",
         "GB": "Europe/London", "MX": "America/Mexico_City"}  # fmt: skip
STEPS = {"check": (intake, "assess"), "write": (snapshot, "write_tables"), "flush": (snapshot, "_flush")}


def ingested(delivery: Path) -> tuple[int, float, float, dict[str, tuple[float, float]]]:
    """Rows, wall and CPU seconds of one ingest, and those of its steps."""
    steps: dict[str, tuple[float, float]] = {}
    whole = {name: getattr(*place) for name, place in STEPS.items()}
    for name, (room, function) in STEPS.items():
        setattr(room, function, timed(name, whole[name], steps))
    folder = Path(tempfile.mkdtemp(prefix="labelqa-bench-"))
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        with intake.workbench(delivery) as connection:
            read = sources.read_delivery(delivery, None, connection)
            told = intake.ingest(read, connection, root=folder, markets=ZONES, default_time_zone="UTC", reject_limit=0.05,
                                 now=datetime.now(UTC))  # fmt: skip
    finally:
        for name, (room, function) in STEPS.items():
            setattr(room, function, whole[name])
        taken = time.perf_counter() - wall, time.process_time() - cpu
        shutil.rmtree(folder)
    return sum(table.delivered for table in told.tables), *taken, steps


def timed(name: str, function, steps: dict[str, tuple[float, float]]):
    def wrapped(*arguments, **named):
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            return function(*arguments, **named)
        finally:
            steps[name] = (time.perf_counter() - wall, time.process_time() - cpu)

    return wrapped


def main() -> None:
    """Print a table in Markdown, to be copied into docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delivery", type=Path, default=ROOT / "data" / "demo")
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    peak, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            peak[0] = max(peak[0], psutil.Process().memory_info().rss)

    threading.Thread(target=look, daemon=True).start()
    print(machine.described())
    ingested(asked.delivery)
    runs = [ingested(asked.delivery) for _ in range(asked.repeats)]
    over.set()
    rows, wall, cpu = runs[0][0], median(run[1] for run in runs), median(run[2] for run in runs)
    print(f"\n{rows:,} rows, median of {asked.repeats} (load at the end {os.getloadavg()[0]:.1f}), peak {peak[0] / 2**20:,.0f} MiB\n")
    print("| | wall s | CPU s | rows a second | rows a CPU second |\n| --- | ---: | ---: | ---: | ---: |")
    print(f"| ingest | {wall:.1f} | {cpu:.1f} | {rows / wall:,.0f} | {rows / cpu:,.0f} |")
    for name in STEPS:
        print(f"| of it: {name} | {median(run[3][name][0] for run in runs):.1f} | {median(run[3][name][1] for run in runs):.1f} | | |")


if __name__ == "__main__":
    main()
