"""The desk in a real JupyterLab in Chromium: how long until a change is on the screen, and does it stand random clicks?

`python tests/bench_lab.py [--changes 60] [--soak MINUTES] [--market MY] [--seed 46]`, in a workspace with data (this
repository's own, once `make report` has been run). First changes, one after another, timed in the browser from the click to
the picture or table on the screen, the debounce of 150 ms with them; then, with `--soak`, random clicks as fast as they come,
with the kernel's memory by the minute. An error in the browser, a traceback in the notebook or the server's log, a kernel that
stops answering, or memory that grows ends it with 1.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.browser.lab import lab, run_cells
from tests.browser.look import CHROMIUM, chromium

ROOT = Path.cwd()
LARGEST_GROWTH, STEEPEST = 150, 5
"""MiB of the kernel, from the middle of the soak to its end, and MiB a minute of the line through its second half."""

DESK = ".jp-OutputArea-output .widget-vbox"

SETTLED = """async () => {
    // the panel says `Working` until all of a change is there; a picture is there once it is decoded
    const said = () => document.querySelector('.lq-desk-wrong')?.innerText ?? '';
    const until = performance.now() + 60000;
    while (said().includes('Working') && performance.now() < until) await new Promise(requestAnimationFrame);
    const image = document.querySelector('img[src^="data:image/png"]');
    if (image) await image.decode().catch(() => {});
    return performance.now();
}"""

STARTED = """async () => {
    const said = () => document.querySelector('.lq-desk-wrong')?.innerText ?? '';
    const until = performance.now() + 5000;
    while (!said().includes('Working') && performance.now() < until) await new Promise(requestAnimationFrame);
    return said().includes('Working');
}"""

PRESS = """([selector, place]) => {
    const all = [...document.querySelectorAll(selector)].filter(one => !one.disabled && one.offsetParent);
    if (!all.length) return null;
    const one = all[place % all.length];
    one.click();
    return [performance.now(), one.innerText || one.title || one.ariaLabel || ''];
}"""

KINDS = {
    "row": ".lq-desk-rows button", "part": ".widget-toggle-buttons button", "place": "button.lq-place",
    "back": ".lq-desk-ways button", "filter": ".lq-desk-chips button", "into": ".lq-desk-into button",
}  # fmt: skip
"""What is pressed, by kind."""

ASKED = ("Ask why", "Audits needed")
"""What only a button starts: a search, not a change; told apart."""

OFTEN = ["row", "row", "part", "part", "place", "place", "back", "back", "filter", "into"]


def changes(page, random, count: int) -> list[tuple[str, float]]:
    """Changes one after another: their kind, and milliseconds until they are on the screen."""
    told = []
    while len(told) < count:
        kind = str(random.choice(OFTEN))
        pressed = page.evaluate(PRESS, [KINDS[kind], int(random.integers(1000))])
        if pressed is None or "Stop" in pressed[1]:
            continue
        if not page.evaluate(STARTED):
            continue  # what was open already was pressed: nothing changed
        settled = page.evaluate(SETTLED) - pressed[0]
        told.append(("asked" if pressed[1] in ASKED else kind, settled))
    return told


def soak(page, kernel, random, minutes: float) -> list[float]:
    """Random clicks for so long; the kernel's memory every half minute, in MiB."""
    sizes, until, clicks, note = [], time.monotonic() + 60 * minutes, 0, 0.0
    while time.monotonic() < until:
        kind = str(random.choice(OFTEN))
        page.evaluate(PRESS, [KINDS[kind], int(random.integers(1000))])
        clicks += 1
        page.wait_for_timeout(float(random.choice([20, 100, 400, 1200])))
        if clicks % 20 == 0:
            page.evaluate(SETTLED)
        if time.monotonic() >= note:
            note = time.monotonic() + 30
            sizes.append(kernel.memory_info().rss / 2**20)
            print(f"  {clicks} clicks, kernel {sizes[-1]:.0f} MiB", flush=True)
    page.evaluate(STARTED)
    page.evaluate(SETTLED)
    return sizes


def main() -> None:
    known = argparse.ArgumentParser(description=__doc__)
    known.add_argument("--changes", type=int, default=60)
    known.add_argument("--soak", type=float, default=0, metavar="MINUTES")
    known.add_argument("--market", default="MY")
    known.add_argument("--seed", type=int, default=46)
    asked = known.parse_args()
    if CHROMIUM is None:
        sys.exit("no Chromium on this machine: the desk is not measured in a browser")
    random, wrong = np.random.default_rng(asked.seed), []
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        house = Path(folder)
        for name in ("params", "data"):
            (house / name).symlink_to(ROOT / name)
        shutil.copytree(ROOT / "notebooks", house / "notebooks")
        with lab(house) as server:
            page = server.open(browser, "explore")
            page.on("pageerror", lambda error: wrong.append(f"in the browser: {error}"))
            run_cells(page, 2)
            page.wait_for_selector(".jp-RenderedHTMLCommon h1:has-text('2026')")
            begun = time.monotonic()
            page.keyboard.press("Shift+Enter")
            page.wait_for_selector(f"{DESK} img[src^='data:image/png']")
            print(f"first view   {time.monotonic() - begun:.2f} s until its picture is on the screen")
            told = changes(page, random, asked.changes)
            times = np.array([one for kind, one in told if kind != "asked"])
            print(f"{len(times)} changes, click to screen: median {np.median(times):.0f} ms, 95 % within "
                  f"{np.quantile(times, 0.95):.0f} ms, of which 150 ms wait for another change")  # fmt: skip
            for kind in (*KINDS, "asked"):
                mine = [one for name, one in told if name == kind]
                if mine:
                    print(f"  {kind:8} {len(mine):4} times, median {np.median(mine):.0f} ms, longest {max(mine):.0f} ms")
            if asked.soak:
                sizes = soak(page, server.kernels()[-1], random, asked.soak)
                middle = sizes[len(sizes) // 2]
                print(f"memory: {sizes[0]:.0f} MiB, {middle:.0f} in the middle, {sizes[-1]:.0f} at the end")
                later = sizes[len(sizes) // 2 :]
                slope = 2 * np.polyfit(range(len(later)), later, 1)[0] if len(later) > 2 else 0.0  # there are two a minute
                print(f"second half of the soak: {slope:+.1f} MiB a minute, {min(later):.0f} to {max(later):.0f}")
                wrong += [f"the kernel grew by {slope:.1f} MiB a minute"] if slope > STEEPEST and asked.soak >= 20 else []
                wrong += [f"the kernel grew by {sizes[-1] - middle:.0f} MiB"] if sizes[-1] - middle > LARGEST_GROWTH else []
            text = page.inner_text(".jp-Notebook")
            wrong += [f"on the page: {said}" for said in ("Traceback", "could not be answered") if said in text]
            wrong += ["a traceback in the server's log"] if "Traceback" in server.log.read_text(encoding="utf-8") else []
    print("\n".join(dict.fromkeys(wrong)) or "no error in the browser, no traceback")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
