"""What stands on a page beside the report of the week before: wherever that is kept, and only where it is of the same kind."""

from __future__ import annotations

import json
import shutil

import pytest

pytestmark = pytest.mark.slow
PAGES = {"GB": "market_report", "all": "overview"}


def run(house, week: str, *arguments: str) -> None:
    """Render the two pages of a week."""
    house.labelqa("run", "--week", week, "--market", "GB", "--notebook", "market_report", *arguments)
    house.labelqa("run", "--week", week, "--notebook", "overview", *arguments)


def states(reports, week: str) -> dict[str, list[str]]:
    """Of every page, what it says of each finding beside last week's."""
    found = {}
    for market, notebook in PAGES.items():
        told = json.loads((reports / "internal" / week / market / f"{notebook}.findings.json").read_text())
        found[notebook] = [finding["state"] for finding in told["findings"]]
    return found


def test_a_page_stands_beside_last_weeks_wherever_reports_are_kept(demo_house, tmp_path):
    outputs = tmp_path / "outputs"
    for week in ("2026-W45", "2026-W46"):
        run(demo_house, week, "--outputs", str(outputs))
    assert not (demo_house.root / "reports" / "internal").exists()
    told = states(outputs, "2026-W46")
    assert all("still there" in found for found in told.values()) and not any("" in found for found in told.values()), told
    for week in ("2026-W45", "2026-W46"):
        run(demo_house, week)
    for market, notebook in PAGES.items():
        name = f"internal/2026-W46/{market}/{notebook}.html"
        assert (outputs / name).read_bytes() == (demo_house.root / "reports" / name).read_bytes()


def test_a_page_of_real_data_does_not_stand_beside_the_demos(demo_house, tmp_path):
    house = demo_house
    if not (house.root / "reports" / "internal" / "2026-W45" / "GB").exists():
        run(house, "2026-W45")
    mine = house.root / "data" / "mine"
    delivery = tmp_path / "delivery"
    shutil.copytree(house.root / "data" / "demo", delivery, ignore=shutil.ignore_patterns("truth", "*.yaml", "*.json"))
    house.labelqa("ingest", str(delivery), "--data", str(mine))
    run(house, "2026-W46", "--data", str(mine))
    told = states(house.root / "reports", "2026-W46")
    assert {state for found in told.values() for state in found} == {""}, told
    run(house, "2026-W45", "--data", str(mine))
    assert "GB market_report: last week's findings changed" in house.labelqa(
        "run", "--week", "2026-W46", "--market", "GB", "--notebook", "market_report", "--data", str(mine), "--explain")  # fmt: skip
    run(house, "2026-W46", "--data", str(mine))
    assert all("still there" in found for found in states(house.root / "reports", "2026-W46").values())
