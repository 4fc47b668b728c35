"""The sampling plan as a reader sees it, on a small demo and on the real page-rating work."""

from __future__ import annotations

import pytest
from house import REPOSITORY, House

DATA = REPOSITORY.parent / "shared" / "data"
LAST = "2026-W46"
pytestmark = pytest.mark.slow


def page(house: House, week: str, market: str) -> str:
    return (house.root / "reports" / "internal" / week / market / "sampling_plan.html").read_text()


def test_the_demos_page_plans_checks_and_draws_without_widgets(tmp_path):
    house = House(tmp_path)
    house.labelqa("demo", "--scale", "0.03")
    house.labelqa("ingest", "data/demo")
    house.labelqa("run", "--notebook", "sampling_plan", "--market", "MY", "--week", LAST, "-p", "runs=60")
    html = page(house, LAST, "MY")
    assert "For 2026-W47:" in html
    for id in ("strata", "promises", "frontier", "kept", "uncovered", "lots", "next-lots", "operating", "sequential",
               "replay", "replayed", "audits-by-margin", "sizes"):  # fmt: skip
        assert f'id="{id}"' in html, id
    assert html.count("<script") == 1, "the page's own, which its policy names; sliders are for the notebook"
    assert "FloatSlider" not in html
    house.labelqa("run", "--notebook", "sampling_plan", "--market", "MY", "--week", LAST, "-p", "runs=60", "--force")
    assert page(house, LAST, "MY") == html, "the same snapshot gives the same bytes"
    house.labelqa("run", "--notebook", "sampling_across", "--market", "MY", "--week", LAST, "-p", "markets=MY,SG")
    across = (house.root / "reports" / "internal" / LAST / "MY" / "sampling_across.html").read_text()
    assert "2 markets share 60 hours of QA time" in across
    for id in ("markets", "margins", "goals"):
        assert f'id="{id}"' in across, id


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data sets are not part of the product and not on this machine")
def test_adult_content_has_gold_alone_and_still_reads_well(tmp_path):
    house = House(tmp_path)
    house.labelqa("ingest", str(DATA / "adult_content"), "--source", "adult_content")
    house.labelqa("run", "--notebook", "sampling_plan", "-p", "runs=200")
    html = page(house, "2010-W01", "WEB")
    assert "For 2010-W02:" in html
    assert "and told it to" not in html, "nobody audited: there are no audits to compare with"
    assert "held the truth in" not in html, "no goal's interval covers less than it says"
    drawn = house.labelqa("draw", "--market", "WEB")
    assert "nobody is known who may audit them" in drawn
