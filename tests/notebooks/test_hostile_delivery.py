"""Every free text of every table is an attack, and every page stays what it is: inert, whole, readable, the same."""

from __future__ import annotations

import re
from html import unescape

import pytest
from browser import look
from display.examples import HOSTILE
from display.test_safe import tags
from hostile import poisoned
from house import House

pytestmark = [pytest.mark.slow, pytest.mark.browser]
PAGES = ("market_report", "error_rca", "sampling_plan", "calibration")
RENDERED = (*PAGES, "sampling_across", "overview")
PLAN = ("strata", "promises", "frontier", "kept", "uncovered", "lots", "next-lots", "operating", "sequential", "replay",
        "replayed", "audits-by-margin", "sizes")  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("hostile"))
    house.labelqa("demo", "--scale", "0.02", "--to", "plain")
    attacked = poisoned(house.root / "plain", house.root / "delivery")
    assert len(attacked) > 40
    house.labelqa("ingest", "delivery")
    house.labelqa("run", "--market", "MY")
    house.labelqa("run", "--notebook", "sampling_across", "--market", "MY", "-p", "markets=MY,SG")
    house.labelqa("run", "--notebook", "overview")
    return house


def html_of(house: House, page: str) -> str:
    return (house.root / "reports" / "internal" / "2026-W46" / "MY" / f"{page}.html").read_text(encoding="utf-8")


def test_no_page_and_no_index_has_a_fault(house):
    """Each is light, asks for nothing, is silent, passes WCAG 2.2 AA, fits a phone and paper; one is judged in the dark."""
    folder = house.root / "reports" / "internal"
    with look.chromium() as browser:
        found = {
            str(path.relative_to(folder)): look.faults(browser, path, dark=path.stem == "sampling_plan")
            for path in folder.rglob("*.html")
        }
    assert len(found) == len(RENDERED) + 2
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize("page", PAGES)
def test_the_attacks_stand_on_the_page_as_text(house, page):
    html = html_of(house, page)
    assert HOSTILE["script"] in unescape(re.sub(r"<[^>]*>", " ", html))
    assert html.count("<script") == 1, "the page's own, which its policy names"
    assert not [sign for sign in "\x00\x1b\u202e\u2067" if sign in html]
    assert not [name for _, attributes in tags(html) for name in attributes if name.startswith("on")]


def test_the_sampling_plan_plans_checks_and_draws_without_widgets(house):
    html = html_of(house, "sampling_plan")
    assert "For 2026-W47:" in html
    assert [id for id in PLAN if f'id="{id}"' not in html] == []
    assert "FloatSlider" not in html
    house.labelqa("run", "--force", "--notebook", "sampling_plan", "--market", "MY")
    assert html_of(house, "sampling_plan") == html, "the same snapshot gives the same bytes"


def test_the_overview_is_one_page_over_all_markets_and_linked_first(house):
    folder = house.root / "reports" / "internal" / "2026-W46"
    html = (folder / "all" / "overview.html").read_text(encoding="utf-8")
    assert [id for id in ("league", "markets", "figures", "trends", "funnel", "volumes", "findings") if f'id="{id}"' not in html] == []
    assert html.count("<script") == 1
    assert 'href="all/overview.html">Overview' in (folder / "index.html").read_text(encoding="utf-8")
    with pytest.raises(AssertionError, match="internal only"):
        house.python("-c", "import labelqa_lib as lq; lq.open_overview(audience='nord')")


def test_several_markets_share_their_hours(house):
    html = html_of(house, "sampling_across")
    assert "2 markets share 60 hours of QA time" in html
    assert [id for id in ("markets", "margins", "goals") if f'id="{id}"' not in html] == []
