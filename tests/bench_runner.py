"""What the runner costs beside the stock way, what an unchanged run costs, how a run grows, and whether memory stays flat.

Run by `make bench-runner`. Every figure is of one run on one machine, which is named: compare ratios. Stock is what a
shell loop does: `papermill`, then `jupyter nbconvert --to html`, a process each, page after page. The floor is the page's
own work: its cells, its export and the spreadsheet beside it (which stock does not make), in one process that has imported everything
and has made the page before.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import machine
import psutil
from bench_scale import generate
from conftest import TinyWorkspace

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
WEEK = "2026-W46"
FLOOR = "--floor"


def used() -> float:
    """CPU seconds of all children that have ended."""
    told = resource.getrusage(resource.RUSAGE_CHILDREN)
    return told.ru_utime + told.ru_stime


def timed(do) -> tuple[float, float]:
    """Wall and CPU seconds of what `do` starts."""
    wall, cpu = time.perf_counter(), used()
    do()
    return time.perf_counter() - wall, used() - cpu


def command(folder: Path, *arguments: object) -> str:
    """Run a command of this environment in a workspace, alone on its threads."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*map(str, arguments)], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{arguments} ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def labelqa(folder: Path, *arguments: object) -> str:
    return command(folder, sys.executable, "-m", "labelqa_lib.cli", *arguments)


def stock(folder: Path, notebook: str, markets: list[str], workers: int) -> None:
    """The shell loop, `workers` pages at a time."""

    def page(market: str) -> None:
        out = folder / "stock" / f"{market}.ipynb"
        command(folder, BIN / "papermill", f"notebooks/{notebook}.ipynb", out, "-p", "market", market, "-p", "week", WEEK,
                "--cwd", folder, "--no-progress-bar")  # fmt: skip
        command(folder, BIN / "jupyter", "nbconvert", "--to", "html", "--no-input", "--log-level", "ERROR", out)

    (folder / "stock").mkdir(exist_ok=True)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(page, markets))


def floor(folder: Path, notebook: str, markets: list[str]) -> None:
    """In this process: cells, export and spreadsheet of every market's page; prints CPU seconds of each but the first.

    What was there before a page is not searched for garbage, as in a kernel.
    """
    os.chdir(folder)
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from nbformat import read, v4

    from labelqa_lib.runner.export import beside, to_html
    from labelqa_lib.runner.plan import PlannedPage

    path, spent = folder / "notebooks" / f"{notebook}.ipynb", []
    for market in (markets[0], *markets):
        shell = InteractiveShell.instance()
        shell.reset(new_session=False)
        gc.collect()
        gc.freeze()
        started = time.process_time()
        page = read(path, as_version=4)
        for cell in page.cells:
            if cell.cell_type == "code":
                given = f"\nmarket, week = {market!r}, {WEEK!r}" if "parameters" in cell.metadata.get("tags", []) else ""
                with capture_output() as shown:
                    shell.run_cell(cell.source + given).raise_error()
                cell.outputs = [v4.new_output("display_data", one.data, metadata=one.metadata or {}) for one in shown.outputs]
        planned = PlannedPage(path, folder, folder / "reports", market, WEEK, "internal", "")
        to_html(page, planned)
        beside(page, planned)
        spent.append(time.process_time() - started)
    print(json.dumps(spent[1:]))


def copied(folder: Path, copies: int, data: Path | None) -> list[str]:
    """A workspace with the demo's markets, each so many times under other names; the names."""
    (folder / "notebooks").symlink_to(ROOT / "notebooks")
    shutil.copytree(ROOT / "params", folder / "params")
    if data is None:
        labelqa(folder, "demo", "--to", folder / "made" / "demo")
        labelqa(folder, "ingest", folder / "made" / "demo", "--data", folder / "made" / "snapshots")
        data = folder / "made"
    snapshots = data.resolve() / "snapshots"
    (folder / "data" / "snapshots").mkdir(parents=True)
    generate(snapshots / (snapshots / "CURRENT").read_text().strip(), folder / "data" / "snapshots", copies, 1)
    return _named_params(folder / "params" / "markets", copies)


def own_work(folder: Path, notebook: str, markets: list[str], workers: int) -> float:
    """CPU seconds of a page made in a process of many, `workers` of them at once; the median."""

    def spent(first: int) -> list[float]:
        told = command(folder, sys.executable, __file__, FLOOR, notebook, *markets[first:], *markets[:first])
        return json.loads(told.splitlines()[-1])

    with ThreadPoolExecutor(workers) as pool:
        return statistics.median(sum(pool.map(spent, range(workers)), []))


def ours(folder: Path, notebook: str, markets: list[str], workers: int) -> None:
    asked = [word for market in markets for word in ("--market", market)]
    labelqa(folder, "run", "--notebook", notebook, "--week", WEEK, *asked, "--jobs", workers, "--force")


def beside_stock(notebook: str, repeats: int, copies: int, data: Path | None) -> None:
    """Ours against stock and against the floor, on the demo's markets and copies of them.

    In turn, and each turn of ours between the halves of one of stock: machines drift by a fifth within minutes.
    """
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        folder = Path(temporary)
        markets = copied(folder, copies, data)
        print(f"\n`{notebook}`, {len(markets)} markets; each way {repeats} times in turn; medians, of ratios as well.\n")
        print("| | workers | wall s | CPU s | CPU s a page | stock wall / ours | stock CPU / ours | over the floor | the floor, CPU s |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for workers in (1, 2):
            turns = [_turn(folder, notebook, markets, copies, workers) for _ in range(repeats)]
            for name, place in (("stock", 1), ("ours", 2)):
                wall, cpu = (statistics.median(turn[place][part] for turn in turns) for part in (0, 1))
                ratios = [statistics.median(turn[1][part] / turn[place][part] for turn in turns) for part in (0, 1)]
                over = statistics.median(turn[place][1] / len(markets) / turn[0] for turn in turns) - 1
                own = statistics.median(turn[0] for turn in turns)
                print(f"| {name} | {workers} | {wall:.1f} | {cpu:.1f} | {cpu / len(markets):.2f} | {ratios[0]:.2f} | {ratios[1]:.2f} | {over:.0%} | {own:.2f} |",
                      flush=True)  # fmt: skip


def _turn(folder: Path, notebook: str, markets: list[str], copies: int, workers: int) -> tuple:
    """The floor of a page in CPU seconds; wall and CPU seconds of stock, and of ours."""
    half = len(markets) // 2
    first = timed(lambda: stock(folder, notebook, markets[:half], workers))
    our = timed(lambda: ours(folder, notebook, markets, workers))
    own = own_work(folder, notebook, markets[::copies], workers)
    second = timed(lambda: stock(folder, notebook, markets[half:], workers))
    return own, tuple(map(sum, zip(first, second, strict=True))), our


def many(notebook: str, repeats: int, copies: int, data: Path | None) -> None:
    """Ours against the floor alone, taken before and after, for so many markets that what comes once a run is little of it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        folder = Path(temporary)
        markets = copied(folder, copies, data)
        floors, turns = [own_work(folder, notebook, markets[::copies], 2)], []
        for _ in range(repeats):
            turns.append(timed(lambda: ours(folder, notebook, markets, 2)))
            floors.append(own_work(folder, notebook, markets[::copies], 2))
        over = statistics.median(
            2 * cpu / len(markets) / sum(pair) for (_wall, cpu), pair in zip(turns, pairwise(floors), strict=True)
        ) - 1  # fmt: skip
        wall, cpu = (statistics.median(part) for part in zip(*turns, strict=True))
        print(f"\n`{notebook}`, {len(markets)} markets, two workers, median of {repeats}: {wall:.1f} s wall, {cpu:.1f} CPU s, "
              f"{cpu / len(markets):.2f} a page; the page's own work is {statistics.median(floors):.2f}, so {over:.0%} over the floor.", flush=True)  # fmt: skip


def _named_params(folder: Path, copies: int) -> list[str]:
    """Each market's params once for every copy of it, under the copy's name; the names."""
    names = []
    for path in sorted(folder.glob("*.yaml")):
        for copy in range(copies):
            names.append(f"{path.stem}-{copy + 1:02}")
            path.with_stem(names[-1]).write_text(path.read_text().replace(f"market: {path.stem}\n", f"market: {names[-1]}\n"))
        path.unlink()
    return names


def tiny(folder: Path, pages: int) -> TinyWorkspace:
    """A workspace with so many markets and a page of a line."""
    workspace = TinyWorkspace(folder)
    workspace.notebook("page", "print(market)")
    workspace.snapshot({f"M{number:03}": [WEEK] for number in range(pages)})
    return workspace


def growth(sizes: tuple[int, ...]) -> None:
    """A page that does nothing, for more and more markets; then the same run again, and with one page changed."""
    print("\n| tiny pages | wall s | CPU s | wall ms a page | unchanged: wall s | CPU s | one changed: wall s | CPU s |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for pages in sizes:
        with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
            workspace = tiny(Path(temporary) / "w", pages)
            first = timed(lambda: labelqa(workspace.root, "run", "--jobs", 2))  # noqa: B023
            again = timed(lambda: labelqa(workspace.root, "run", "--jobs", 2))  # noqa: B023
            (workspace.week / "M000" / "page.html").write_text("by hand")
            one = timed(lambda: labelqa(workspace.root, "run", "--jobs", 2))  # noqa: B023
            cells = [f"{pages}", *(f"{part:.2f}" for part in first), f"{1000 * first[0] / pages:.0f}"]
            print(f"| {' | '.join([*cells, *(f'{part:.2f}' for part in (*again, *one))])} |", flush=True)


def soak(pages: int) -> None:
    """Many pages by one run: what its processes hold, in MiB of their own (USS), as it goes on."""
    from labelqa_lib.runner import plan, render

    print(f"\n| pages of {pages} done | driver MiB | fork server MiB | worker MiB | open files of all |\n| ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        workspace = tiny(Path(temporary) / "w", pages)
        made = plan(workspace.root, reports=workspace.reports, data="data/snapshots", snapshot="S1", week=WEEK, notebooks=["page"],
                    weeks_of={f"M{number:03}": [WEEK] for number in range(pages)})  # fmt: skip
        for done, record in enumerate(render(made.pages, 1), 1):
            if record.failed:
                sys.exit(f"{record.market}: {record.error}")
            if done % (pages // 10) == 0 or done == 10:
                print(f"| {done} | {' | '.join(held())} |", flush=True)


def held() -> list[str]:
    """Memory of the run's processes, kernels left out, and their open files."""
    family = [psutil.Process(), *psutil.Process().children()]
    names = {"driver": family[0].pid}
    for one in family[1:]:
        words = " ".join(one.cmdline())
        names |= {"server": one.pid} if "forkserver" in words else {"worker": one.pid} if one.ppid() == os.getpid() else {}
    memory = [f"{psutil.Process(names[name]).memory_full_info().uss / 2**20:.1f}" for name in ("driver", "server", "worker")]
    return [*memory, str(sum(one.num_fds() for one in family))]


def main() -> None:
    """Print tables in Markdown, to be copied into docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notebook", default="market_report")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--copies", type=int, default=4, help="of each of the demo's six markets")
    parser.add_argument("--many", type=int, default=10, help="copies of each where ours is measured alone")
    parser.add_argument("--data", type=Path, help="folder `data` of a workspace whose demo is ingested (default: made anew)")
    parser.add_argument("--soak", type=int, default=500)
    parser.add_argument("--only", choices=["stock", "many", "growth", "soak"])
    asked = parser.parse_args()
    print(machine.described())
    if asked.only in (None, "stock"):
        beside_stock(asked.notebook, asked.repeats, asked.copies, asked.data)
    if asked.only in (None, "many"):
        many(asked.notebook, asked.repeats, asked.many, asked.data)
    if asked.only in (None, "growth"):
        growth((6, 25, 50, 100, 200))
    if asked.only in (None, "soak"):
        soak(asked.soak)


if __name__ == "__main__":
    if sys.argv[1:2] == [FLOOR]:
        floor(Path.cwd(), sys.argv[2], sys.argv[3:])
    else:
        main()
