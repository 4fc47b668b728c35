"""A report page in Chromium: offline, silent, no sideways scrolling, legible in light and dark, printable."""

from __future__ import annotations

import shutil
from itertools import product

import pandas as pd
import pytest
from display.examples import HOSTILE, SITES, WEEK, ExampleFinding, confusion, headline, page, segments, weekly

from labelqa_lib import display, figures

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
NAMES = [*SITES, *HOSTILE.values(), *(f"site-{place:02d}" for place in range(40))]
METRICS = ("accuracy", "fpr", "fnr", "critical_accuracy", "inconsistency_rate", "sla_attainment")
ABOUT = {"market": "MY", "market_name": "Malaysia", "week": WEEK, "dates": "9 to 15 November 2026",
         "audience": "internal", "snapshot": "20261116T020000Z-1a2b3c4d"}  # fmt: skip
AIM = {"target": 0.95, "better": "higher"}
CELLS = (
    "# Market report\n\nHow good is it?",
    lambda: display.title("Market report", "How good is it?", **ABOUT),
    lambda: display.headline(headline(("misses", "meets", "likely meets", "misses", "likely misses", "not enough data",
                                       "meets", "meets", "not measured"))),
    "## What needs attention",
    lambda: display.findings([ExampleFinding("act", f"Accuracy fell. {text}") for text in HOSTILE.values()]),
    "## Trends",
    lambda: display.chart(figures.trend, weekly(gaps=(3,)), id="accuracy-trend", title="Accuracy", **AIM),
    "## Sites",
    lambda: display.chart(figures.compare, segments("site", NAMES), "site", id="sites", title="By site", **AIM),
    lambda: display.table(segments("site", NAMES), "sites-table", "Accuracy by site", target=0.95),
    lambda: display.table(pd.concat([segments("site", NAMES, name) for name in METRICS]), "wide", "Quality by site"),
    "## Labels",
    lambda: display.chart(figures.confusion, confusion(NAMES[:20]), id="confusion"),
    "## How this was made",
    lambda: display.missing([(text, text) for text in HOSTILE.values()]),
    lambda: display.provenance({"Snapshot": "x" * 300, **{text: text for text in HOSTILE.values()}}),
)  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "market_report.html"
    file.write_text(page(*CELLS), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser, report):
    """Opens the report at a width; `opened.noise` collects requests, console messages and dialogs."""
    contexts = []

    def keep_foreign(url):
        if not url.startswith(("file:", "data:")):
            at.noise.append(url)

    def at(width=1280, height=900, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: at.noise.append(message.text))
        tab.on("pageerror", lambda error: at.noise.append(str(error)))
        tab.on("dialog", lambda dialog: at.noise.append(dialog.message))
        tab.on("request", lambda request: keep_foreign(request.url))
        tab.goto(report.as_uri())
        return tab

    at.noise = []
    yield at
    for context in contexts:
        context.close()


def test_nothing_is_requested_and_the_console_is_silent(opened):
    tab = opened()
    tab.wait_for_load_state("networkidle")
    assert opened.noise == []
    assert tab.locator("script").count() == 0
    assert tab.evaluate("[...document.images].every(image => image.naturalWidth > 0 && image.alt)")


@pytest.mark.parametrize("width", [320, 390, 768, 1100, 1280, 1920])
def test_the_page_never_scrolls_sideways(opened, width):
    tab = opened(width, 844)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    beyond = """[...document.querySelectorAll('main *')].filter(element => !element.closest('.lq-scroll')
        && element.getBoundingClientRect().right > innerWidth + 1).map(element => element.outerHTML.slice(0, 80))"""
    assert tab.evaluate(beyond) == []


def test_the_first_screen_is_the_answer(opened):
    tab = opened(1280, 900)
    for selector in ("h1", ".lq-summary", *(f"#headline-metric_{place}" for place in range(8))):
        box = tab.locator(selector).bounding_box()
        assert box["y"] + box["height"] <= 900, f"{selector} ends below the first screen"
    first, second = (tab.locator(f"#headline-metric_{place} .lq-value").bounding_box()["height"] for place in (0, 1))
    assert first > second


def test_the_contents_stay_in_sight_and_lead_to_the_sections(opened):
    for width, height in ((1280, 900), (390, 844)):
        tab = opened(width, height)
        tab.locator("nav a", has_text="Labels").click()
        tab.wait_for_function("""() => { const y = document.getElementById('Labels').getBoundingClientRect().top;
            return y >= 0 && y < innerHeight / 2 }""")
        assert tab.locator("nav").bounding_box()["y"] >= 0


def test_the_keyboard_reaches_the_report_by_the_skip_link(opened):
    tab = opened()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    assert tab.locator(".skip").bounding_box()["x"] >= 0


def luminance(colour: str) -> float:
    channels = [int(colour.strip()[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_words_is_legible_on_the_page(opened, scheme):
    """Source: WCAG 2.2, success criterion 1.4.3: a contrast of at least 4.5 to 1."""
    tab = opened(scheme=scheme)
    style = "name => getComputedStyle(document.documentElement).getPropertyValue('--' + name)"
    for name, ground in product(("ink", "soft", "link", "good", "bad", "unsure", "none"), ("paper", "tint")):
        light, dark = sorted((luminance(tab.evaluate(style, part)) for part in (name, ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{name} on {ground}, {scheme}"
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == {
        "light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]  # fmt: skip


def test_print_shows_no_navigation_cuts_no_figure_and_is_light(opened):
    tab = opened(690, 980, "dark")
    tab.emulate_media(media="print")
    assert not tab.locator("nav").is_visible()
    assert tab.evaluate("[...document.images].every(image => image.getBoundingClientRect().right <= innerWidth)")
    breaks = "[...document.images].map(image => getComputedStyle(image.closest('figure')).breakInside)"
    assert set(tab.evaluate(breaks)) == {"avoid"}
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.pdf(prefer_css_page_size=True).startswith(b"%PDF")
