"""The sampling plan as a reader sees it on the real page-rating work; on a small demo it is in `test_hostile_delivery`."""

from __future__ import annotations

import pytest
from house import REPOSITORY, House

DATA = REPOSITORY.parent / "shared" / "data"
pytestmark = pytest.mark.slow


def page(house: House, week: str, market: str) -> str:
    return (house.root / "reports" / "internal" / week / market / "sampling_plan.html").read_text()


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
