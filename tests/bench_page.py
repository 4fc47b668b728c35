"""What one page costs, part by part, in CPU seconds of one process: import, data, numbers, figures, tables, convert.

Run by `make bench`, or `python tests/bench_page.py MY market_report --times 5` in a workspace with a snapshot. The cells
are executed here, without a kernel: what is measured is the page's own work, below which no runner can get.
"""

from __future__ import annotations

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # as in a page's kernel

import argparse
import gc
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import machine

BUDGET = {"data": 0.9, "numbers": 0.5, "figures": 0.7, "tables": 0.2, "convert": 0.2}
"""CPU seconds of a market report that has its imports: 2.5 in all. `docs/performance.md` says what is reached."""


class Clock:
    """CPU seconds by part; a part inside another counts for itself alone."""

    def __init__(self):
        self.spent, self.inside = {}, []

    def timed(self, part: str, owner: object, name: str) -> None:
        """Count calls of `owner.name` for `part`."""
        work = getattr(owner, name)

        def counted(*args, **kwargs):
            return self.run(part, lambda: work(*args, **kwargs))

        setattr(owner, name, counted)

    def run(self, part: str, work):
        """What `work` gives; its seconds are those of `part`."""
        self.inside.append(0.0)
        started = time.process_time()
        try:
            return work()
        finally:
            took = time.process_time() - started
            self.spent[part] = self.spent.get(part, 0.0) + took - self.inside.pop()
            if self.inside:
                self.inside[-1] += took


def measured(market: str, notebook: str, root: Path) -> dict[str, float]:
    """CPU seconds of each part, of a page that this process is the first to make."""
    clock = Clock()
    clock.run("import", _imported)
    gc.freeze()  # as the server does before it forks
    _timed(clock)
    import nbformat
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    from labelqa_lib.runner.export import to_html
    from labelqa_lib.runner.plan import PlannedPage

    os.chdir(root)
    path = root / "notebooks" / f"{notebook}.ipynb"
    page, space = nbformat.read(path, as_version=4), InteractiveShell.instance().user_ns
    for cell in page.cells:
        if cell.cell_type == "code":
            given = f"\nmarket = {market!r}" if "parameters" in cell.metadata.get("tags", []) else ""
            with capture_output() as shown:
                clock.run("numbers", lambda code=cell.source + given: exec(code, space))
            cell.outputs = [
                nbformat.v4.new_output("display_data", data=one.data, metadata=one.metadata or {})
                for one in shown.outputs
            ]
    opened = space["page"]
    planned = PlannedPage(path, root, root / "reports", market, opened.week, opened.audience, "", {})
    html = clock.run("convert", lambda: to_html(page, planned))
    return clock.spent | {"KiB": len(html) / 1024}


def _imported() -> None:
    """What a forked kernel has from its parent: every module, and whatever libraries load on first use."""
    import labelqa_lib

    for behind in labelqa_lib.__all__:
        getattr(labelqa_lib, behind)
    labelqa_lib.warm_up()


def _timed(clock: Clock) -> None:
    from labelqa_lib import display, page
    from labelqa_lib.display import show
    from labelqa_lib.store import tables as store

    clock.timed("data", store, "_engine")
    clock.timed("data", page, "open_page")
    clock.timed("figures", display, "chart")
    clock.timed("figures", show, "figure")
    for name in ("table", "headline", "findings", "quality", "missing", "provenance"):
        clock.timed("tables", display, name)


def main() -> None:
    """Print a table in Markdown: the median of several processes, beside the budget."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("market", nargs="?", default="MY")
    asked.add_argument("notebook", nargs="?", default="market_report")
    asked.add_argument("--times", type=int, default=5)
    asked.add_argument("--root", type=Path, default=Path.cwd())
    asked.add_argument("--once", action="store_true", help="measure in this process and print JSON")
    asked = asked.parse_args()
    if asked.once:
        print(json.dumps(measured(asked.market, asked.notebook, asked.root.resolve())))
        return
    command = [sys.executable, "-W", "ignore", __file__, asked.market, asked.notebook, "--once", "--root", asked.root]
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(asked.times)]
    median = {part: statistics.median(run[part] for run in runs) for part in runs[0]}
    size = median.pop("KiB")
    print(f"{asked.notebook} of {asked.market}, {size:.0f} KiB, median of {asked.times} processes; {machine.described()}\n")
    print("| part | CPU s | budget |\n| --- | ---: | ---: |")
    for part, seconds in median.items():
        print(f"| {part} | {seconds:.2f} | {BUDGET.get(part, 'not of the page')} |")
    own = sum(seconds for part, seconds in median.items() if part in BUDGET)
    print(f"| the page's own work | {own:.2f} | {sum(BUDGET.values()):.1f} |")


if __name__ == "__main__":
    main()
