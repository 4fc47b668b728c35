"""What the desk costs: seconds until the first view, milliseconds of every change, memory under random clicks.

Run by `make bench`, in a workspace with data (this repository's own, once `make report` has been run):
`python tests/bench_desk.py [--changes 200] [--market MY] [--seed 46]`. Without a browser: what is measured is everything
that the kernel does from a change to what is shown, the debounce left out; what only a button starts, a search for causes and
sizes of audits, is told apart. A traceback or a growing memory ends it with 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import psutil

import labelqa_lib as lq

LARGEST_GROWTH = 150
"""MiB from the middle of the soak to its end."""


def changes(desk, random: np.random.Generator):
    """One random change after another, as a reader might make it: its kind, and what to call."""
    from labelqa_lib.explore.below import PARTS
    from labelqa_lib.explore.view import View, dimensions

    metrics = ["accuracy", "error_rate", "fnr", "fpr", "aht", "critical_accuracy"]
    first = desk.view
    while True:
        kind = random.choice(["row", "row", "part", "metric", "by", "back", "weeks", "week", "page", "start"])
        view = desk.view
        if kind == "row" and len(desk.answers.segments) and view.cut:
            yield kind, desk.rows.children[random.integers(min(25, len(desk.answers.segments)))].children[0].click
        elif kind == "part":
            name = str(random.choice(list(PARTS)))
            yield f"to {name}", lambda name=name: setattr(desk.below.choice, "value", name)
        elif kind == "metric":
            yield kind, lambda: setattr(desk.controls.metric, "value", str(random.choice(metrics)))
        elif kind == "by":
            yield kind, lambda: desk.look(replace(view, by=(str(random.choice(dimensions(view.metric))),)))
        elif kind == "back":
            yield kind, desk.back.click
        elif kind == "weeks":
            yield kind, lambda: desk.look(replace(view, recent=int(random.integers(1, 6))))
        elif kind == "week":
            yield kind, lambda: setattr(desk.controls.week, "value", str(random.choice(desk.controls.week.options[:8])))
        elif kind == "page":
            yield kind, lambda: desk.look(replace(view, page=int(random.integers(0, 3))))
        elif kind == "start":
            yield kind, lambda: desk.look(View(first.markets))


@contextmanager
def captured(**_what):
    """What is drawn, kept as a kernel would."""
    from labelqa_lib.display import show

    outputs, usual = [], show.display
    show.display = lambda data, metadata=None, raw=False: outputs.append(SimpleNamespace(data=data, metadata=metadata))
    try:
        yield SimpleNamespace(outputs=outputs)
    finally:
        show.display = usual


def main() -> None:
    known = argparse.ArgumentParser(description=__doc__)
    known.add_argument("--changes", type=int, default=200)
    known.add_argument("--market", default="MY")
    known.add_argument("--seed", type=int, default=46)
    asked = known.parse_args()
    lq.warm_up()  # what `import` and the first figure cost is no part of a view
    from labelqa_lib.explore import below, shell

    below.capture_output = captured
    begun, busy = time.perf_counter(), time.process_time()
    desk = shell.Desk(lq.explore.Answers(lq.explore.View((asked.market,)), lq.open_page))
    print(f"first view   {time.perf_counter() - begun:.2f} s, CPU {time.process_time() - busy:.2f} s")
    me, told, sizes, answered = psutil.Process(), [], [], []
    prepare = desk._prepare_part
    desk._prepare_part = lambda: (answered.append(time.perf_counter()), prepare())
    for count, (kind, act) in enumerate(changes(desk, np.random.default_rng(asked.seed)), 1):
        wall, busy = time.perf_counter(), time.process_time()
        answered.clear()
        act()
        done = time.perf_counter()
        told.append((kind, 1000 * (done - wall), 1000 * (time.process_time() - busy), 1000 * ((answered or [done])[0] - wall), desk.below.choice.value))
        sizes.append(me.memory_info().rss / 2**20)
        if count == asked.changes:
            break
    searched = [one for one in told if one[0] in ("to Ask why", "to Audits needed")]
    told = [one for one in told if one not in searched]
    for said, place in (("until figure and rows", 3), ("with the picture below", 1), ("with it, CPU", 2)):
        times = np.array([one[place] for one in told])
        print(f"{len(told)} changes, {said}: median {np.median(times):.0f} ms, 95 % within {np.quantile(times, 0.95):.0f} ms")
    for kind in sorted({one[0] for one in told}):
        mine = [one[2] for one in told if one[0] == kind]
        print(f"  {kind:18} {len(mine):4} times, CPU median {np.median(mine):.0f} ms, longest {max(mine):.0f} ms")
    for part in sorted({one[4] for one in told}):
        mine = np.array([one[2] for one in told if one[4] == part])
        print(f"  with {part} open: {len(mine):4} times, CPU median {np.median(mine):.0f} ms, 95 % within {np.quantile(mine, 0.95):.0f} ms")
    if searched:
        print(f"Ask why and Audits needed, pressed {len(searched)} times: CPU median {np.median([one[2] for one in searched]):.0f} ms, longest {max(one[2] for one in searched):.0f} ms")
    middle = sizes[len(sizes) // 2]
    print(f"memory: {sizes[0]:.0f} MiB, {middle:.0f} in the middle, {sizes[-1]:.0f} at the end")
    sys.exit(1 if sizes[-1] - middle > LARGEST_GROWTH else 0)


if __name__ == "__main__":
    main()
