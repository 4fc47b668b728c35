"""What the house costs: time and peak memory of demo, ingest, one page and all pages, and lines per room.

Run by `make bench`. Wall time depends on the machine, which is named; ratios within one run are what to compare.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


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
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{'step':<28}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}{'wall / page':>13}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("params", "notebooks"):
            (folder / name).symlink_to(ROOT / name)
        steps = [
            ("demo", ["demo"]),
            ("ingest", ["ingest", "data/demo"]),
            ("one page", ["run", "--market", "MY", "--jobs", "1"]),
            ("six pages, one worker", ["run", "--jobs", "1"]),
            ("six pages, two workers", ["run", "--jobs", "2"]),
        ]
        results = {name: measured(*arguments, folder=folder) for name, arguments in steps}
    page = results["one page"][0]
    for name, (wall, cpu, peak) in results.items():
        print(f"{name:<28}{wall:>9.1f}{cpu:>9.1f}{peak:>10.0f}{wall / page:>13.2f}")
    rows = 1_000_000 / results["ingest"][0]
    print(f"ingest: about {rows:,.0f} annotations a second, with all checks and thirteen other tables")
    lines = Counter()
    for path in (ROOT / "labelqa_lib").rglob("*.py"):
        lines[path.relative_to(ROOT / "labelqa_lib").parts[0].removesuffix(".py")] += len(path.read_text().splitlines())
    print("lines per room: " + ", ".join(f"{room} {count}" for room, count in sorted(lines.items())))


if __name__ == "__main__":
    main()
