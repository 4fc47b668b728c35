"""Opens a page in Chromium without a network and says what is wrong with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SIZES = {"desktop": (1280, 900), "phone": (390, 844), "paper": (690, 980)}

SERIOUS = """async only => {
    const run = only.length ? {runOnly: {type: 'rule', values: only}}
        : {runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}};
    const {violations} = await axe.run(document, {...run, resultTypes: ['violations'], elementRef: false});
    return violations.filter(one => ['serious', 'critical'].includes(one.impact))
        .map(one => `${one.id}: ${one.help}; ${one.nodes.length} such as ${one.nodes[0].html.slice(0, 200)}`);
}"""
BEYOND = """[...document.querySelectorAll('main *, nav *')]
    .filter(element => !element.closest('.lq-scroll, .scroll, pre') && element.getBoundingClientRect().width
        && element.getBoundingClientRect().right > innerWidth + 1)
    .map(element => `reaches beyond ${innerWidth} px: ${element.outerHTML.slice(0, 120)}`)"""
CUT = """[...document.images].filter(image => image.getBoundingClientRect().right > innerWidth + 1)
    .map(image => `cut on paper: ${image.alt}`)"""
BROKEN = """[...document.images].filter(image => !image.naturalWidth || !image.alt)
    .map(image => `no picture or no alt text: ${image.outerHTML.slice(0, 80)}`)"""


@contextmanager
def chromium() -> Iterator:
    """A headless browser; skips the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def opened(browser, path: Path, width: int = 1280, height: int = 900, scheme: str = "light") -> Iterator:
    """The page in a tab; `tab.noise` collects console messages, dialogs, errors and requests to anything but itself."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    tab = context.new_page()
    tab.noise = []
    tab.on("console", lambda message: tab.noise.append(f"console: {message.text}"))
    tab.on("pageerror", lambda error: tab.noise.append(f"error: {error}"))
    tab.on("dialog", lambda dialog: (tab.noise.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    tab.on("request", lambda request: None if request.url.startswith((path.as_uri(), "data:"))
           else tab.noise.append(f"request: {request.url}"))  # fmt: skip
    tab.goto(path.as_uri())
    yield tab
    context.close()


def until(tab, condition: str) -> None:
    """Wait until a JavaScript expression holds; a page's policy forbids Playwright's own way, which evaluates text."""
    for _ in range(200):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(50)
    pytest.fail(f"never came true: {condition}")


def serious(tab, *rules: str) -> list[str]:
    """Violations of WCAG 2.2 A and AA that axe-core calls serious or critical; of `rules` only where some are named."""
    base = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    if not tab.evaluate("Boolean(window.axe)"):
        tab.evaluate(base.AXE_SCRIPT)
    return tab.evaluate(SERIOUS, list(rules))


def faults(browser, path: Path, dark: bool = True, weight: int = 1_500_000) -> list[str]:
    """Everything that is wrong with a page: its weight, requests, console, pictures, contrast, width and print.

    `dark` judges contrast in the dark, too, which takes as long as the rest and depends on the style sheet alone.
    """
    found = [] if path.stat().st_size <= weight else [f"weighs {path.stat().st_size:,} bytes"]
    with opened(browser, path, *SIZES["desktop"]) as tab:
        found += serious(tab) + tab.evaluate(BROKEN)
        found += [f"the contents lead nowhere: {name}" for name in _leading_nowhere(tab)]
        if dark:
            tab.emulate_media(color_scheme="dark")
            found += [f"dark: {fault}" for fault in serious(tab, "color-contrast")]
        tab.set_viewport_size(_size("phone"))
        found += [f"phone: {fault}" for fault in serious(tab, "target-size", "scrollable-region-focusable")]
        if tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("scrolls sideways on a phone")
        found += tab.evaluate(BEYOND)
        tab.set_viewport_size(_size("paper"))
        tab.emulate_media(media="print")
        found += tab.evaluate(CUT)
        return found + tab.noise


def _size(name: str) -> dict[str, int]:
    return dict(zip(("width", "height"), SIZES[name], strict=True))


def _leading_nowhere(tab) -> list[str]:
    return tab.evaluate("""[...document.querySelectorAll('a[href^="#"]')]
        .filter(link => !document.getElementById(decodeURIComponent(link.hash.slice(1)))
            && !document.getElementById(link.hash.slice(1))).map(link => link.hash)""")
