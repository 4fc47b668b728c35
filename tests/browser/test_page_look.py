"""A report page in Chromium: offline, silent, no sideways scrolling, legible in light and dark, printable."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import product

import pandas as pd
import pytest
from browser import look
from display.examples import HOSTILE, SITES, WEEK, ExampleFinding, confusion, headline, page, segments, weekly

from labelqa_lib import display, figures
from labelqa_lib.translation import speaking

pytestmark = [pytest.mark.browser, pytest.mark.slow]
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
    with look.chromium() as started:
        yield started


@pytest.fixture
def at(browser, report):
    """Opens the report at a width."""
    with ExitStack() as tabs:
        yield lambda *size, scheme="light": tabs.enter_context(look.opened(browser, report, *size, scheme=scheme))


def test_a_fault_is_seen(browser, tmp_path):
    """What `test_hostile_delivery` asks of every page can fail: contrast, a picture without words, a request, a script."""
    made = tmp_path / "bad.html"
    made.write_text(
        """<!DOCTYPE html><html lang="en"><head><title>x</title></head><body><main><h1>x</h1>
        <p style="color:#ccc">pale</p><img src="data:image/png;base64,x"><div style="width:2000px">wide</div>
        <a href="#nowhere">there</a><img src="http://127.0.0.1:9/x.png" alt="x"><script>console.log("said")</script>
        </main></body></html>"""
    )
    said = "\n".join(look.faults(browser, made))
    for fault in ("color-contrast", "image-alt", "no picture", "reaches beyond 390 px", "request: http://127.0.0.1:9/x.png",
                  "console: said", "lead nowhere: #nowhere", "scrolls sideways"):  # fmt: skip
        assert fault in said


def test_the_page_never_scrolls_sideways(at):
    tab = at(1920, 844)
    for width in (1920, 1280, 1100, 768, 390, 320):
        tab.set_viewport_size({"width": width, "height": 844})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate(look.BEYOND) == []


def test_the_first_screen_is_the_answer(at):
    tab = at(1280, 900)
    for selector in ("h1", ".lq-summary", *(f"#headline-metric_{place}" for place in range(8))):
        box = tab.locator(selector).bounding_box()
        assert box["y"] + box["height"] <= 900, f"{selector} ends below the first screen"
    first, second = (tab.locator(f"#headline-metric_{place} .lq-value").bounding_box()["height"] for place in (0, 1))
    assert first > second


def test_the_contents_stay_in_sight_and_lead_to_the_sections(at):
    for width, height in ((1280, 900), (390, 844)):
        tab = at(width, height)
        link = tab.locator("nav a", has_text="Labels")
        if width == 390:
            assert not link.is_visible(), "on a phone the contents are folded"
            tab.locator("nav summary").click()
        link.click()
        top = "document.getElementById('Labels').getBoundingClientRect().top"
        look.until(tab, f"{top} >= 0 && {top} < innerHeight / 2")
        assert tab.locator("nav").bounding_box()["y"] >= 0
        look.until(tab, "document.querySelector('nav [aria-current]')?.textContent === 'Labels'")
        assert link.is_visible() == (width != 390)


def column(tab, place: int) -> list[str]:
    return tab.locator(f"#sites-table tbody tr:not(.lq-hidden) > :nth-child({place})").all_inner_texts()


def test_a_long_table_is_sorted_by_numbers_and_names_filtered_and_shown_whole(at):
    tab = at()
    table = tab.locator("#sites-table")
    assert len(column(tab, 1)) == 20
    assert "20 of 56 rows" in table.locator("output").inner_text()
    estimate = table.locator("th button", has_text="Estimate")
    for direction, first in (("ascending", "90.0 %"), ("descending", "98.8 %")):
        estimate.focus()
        tab.keyboard.press("Enter")
        assert table.locator("th[aria-sort]").get_attribute("aria-sort") == direction
        assert column(tab, 2)[0].startswith(first)
    table.locator("th button", has_text="Site").click()
    named = [name for name in column(tab, 1) if name.startswith("site-")]
    assert named == sorted(named)
    table.locator("input").fill("SITE-07")
    assert column(tab, 1) == ["site-07"]
    table.locator("input").fill("")
    table.locator("button", has_text="Show all").click()
    assert len(column(tab, 1)) == 56
    assert not table.locator("button", has_text="Show all").is_visible()


@pytest.mark.parametrize(("locale", "tag"), [("es-MX", "es-MX"), ("zh-TW", "zh-Hant-TW")])
def test_a_page_in_another_language_has_no_fault_either(browser, tmp_path, locale, tag):
    """Spanish is a quarter longer, Chinese has no blanks to break at."""
    file = tmp_path / "report.html"
    with speaking(locale):
        file.write_text(page(*CELLS), encoding="utf-8")
    assert f'<html lang="{tag}">' in file.read_text(encoding="utf-8")
    assert look.faults(browser, file) == []


def test_without_a_script_the_page_is_whole(browser, report):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(report.as_uri())
    assert tab.locator("nav a", has_text="Labels").is_visible()
    assert tab.locator("#sites-table tbody tr").count() == 56
    assert not tab.locator(".lq-controls").first.is_visible()
    context.close()


def test_the_keyboard_reaches_the_report_by_the_skip_link(at):
    tab = at()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    assert tab.locator(".skip").bounding_box()["x"] >= 0


def luminance(colour: str) -> float:
    channels = [int(colour.strip()[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_words_is_legible_on_the_page(at, scheme):
    """Source: WCAG 2.2, success criterion 1.4.3: a contrast of at least 4.5 to 1."""
    tab = at(scheme=scheme)
    style = "name => getComputedStyle(document.documentElement).getPropertyValue('--' + name)"
    for name, ground in product(("ink", "soft", "link", "good", "bad", "unsure", "none"), ("paper", "tint")):
        light, dark = sorted((luminance(tab.evaluate(style, part)) for part in (name, ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{name} on {ground}, {scheme}"
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == {
        "light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]  # fmt: skip


def test_print_shows_no_navigation_cuts_no_figure_and_is_light(at):
    tab = at(690, 980, scheme="dark")
    tab.emulate_media(media="print")
    assert not tab.locator("nav").is_visible()
    assert tab.evaluate("[...document.images].every(image => image.getBoundingClientRect().right <= innerWidth)")
    breaks = "[...document.images].map(image => getComputedStyle(image.closest('figure')).breakInside)"
    assert set(tab.evaluate(breaks)) == {"avoid"}
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_a_long_table_is_printed_whole_and_a_searched_one_as_it_was_searched(at):
    tab = at(690, 980)
    table = tab.locator(".lq-table:has(.lq-controls)").first
    shown = "rows => rows.filter(row => getComputedStyle(row).display !== 'none').length"
    rows = table.locator("tbody tr")
    assert rows.evaluate_all(shown) < rows.count()
    tab.emulate_media(media="print")
    assert rows.evaluate_all(shown) == rows.count()
    tab.emulate_media(media="screen")
    table.locator("input").fill(rows.first.locator("td, th").first.inner_text())
    found = rows.evaluate_all(shown)
    tab.emulate_media(media="print")
    assert 0 < found == rows.evaluate_all(shown) < rows.count()
