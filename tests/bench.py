"""What the house costs: time and peak memory of demo, ingest, one page and all pages; lines per room.

Run by `make bench`. Wall time depends on the machine, which is named; ratios within one run are what to compare.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import machine

ROOT = Path(__file__).resolve().parents[1]
ONE_WORKER, TWO_WORKERS = "all pages, one worker", "all pages, two workers"
STEPS = {
    "demo": ["demo"],
    "ingest": ["ingest", "data/demo"],
    "one page (market_report)": ["run", "--market", "MY", "--notebook", "market_report", "--jobs", "1"],
    ONE_WORKER: ["run", "--jobs", "1", "--force"],
    TWO_WORKERS: ["run", "--jobs", "2", "--force"],
}


def measured(*arguments: str, folder: Path) -> tuple[float, float, float]:
    """Run the command line; wall seconds, CPU seconds and peak memory in MiB of its largest process."""
    started = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        [sys.executable, "-m", "labelqa_lib.cli", *arguments], cwd=folder, stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    peak = 0
    while process.poll() is None:
        peak = max(peak, *map(_resident, _family(process.pid)), 0)
        time.sleep(0.05)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        sys.exit(f"{arguments} ended with {process.returncode}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak / 1024


def _family(process: int) -> list[int]:
    import psutil

    try:
        return [process, *(child.pid for child in psutil.Process(process).children(recursive=True))]
    except psutil.NoSuchProcess:
        return [process]


def _resident(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def main() -> None:
    """Print two tables in Markdown, to be copied into a note."""
    print(f"{machine.described()}\n")
    print("| step | wall s | CPU s | largest process MiB |\n| --- | ---: | ---: | ---: |", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("params", "notebooks"):
            (folder / name).symlink_to(ROOT / name)
        walls = {}
        for name, arguments in STEPS.items():
            walls[name], cpu, peak = measured(*arguments, folder=folder)
            print(f"| {name} | {walls[name]:.1f} | {cpu:.1f} | {peak:.0f} |", flush=True)
        pages = len(list((folder / "reports").glob("*/*/*/*.html")))
    print(f"\nAll pages are {pages}; {walls[ONE_WORKER] / pages:.1f} s a page with one worker, "
          f"{walls[TWO_WORKERS] / pages:.1f} s with two. Ingest takes {1e6 / walls['ingest']:,.0f} annotations a second, "
          "with all checks and thirteen other tables.")  # fmt: skip
    print("\n| room | lines |\n| --- | ---: |")
    lines = Counter()
    for path in (ROOT / "labelqa_lib").rglob("*.py"):
        lines[path.relative_to(ROOT / "labelqa_lib").parts[0].removesuffix(".py")] += len(path.read_text().splitlines())
    for room, count in sorted(lines.items()):
        print(f"| {room} | {count:,} |")
    print(f"| all | {lines.total():,} |")


if __name__ == "__main__":
    main()
