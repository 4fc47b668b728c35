from __future__ import annotations

from datetime import UTC, datetime

import pytest

from labelqa_lib.errors import DataError, UsageError
from labelqa_lib.runner import latest_complete_week, notebook_names, plan

WEEKS = {"MY": ["2026-W45", "2026-W46"], "ES": ["2026-W46"], "TW": ["2026-W44"]}


def planned(tiny, **changes):
    given = {
        "reports": tiny.reports, "data": "data/snapshots", "snapshot": "S1", "weeks_of": WEEKS, "week": "2026-W46",
        "notebooks": ["page"], **changes,
    }  # fmt: skip
    return plan(tiny.root, **given)


def test_pages_are_markets_by_notebooks_of_one_snapshot(tiny):
    tiny.notebook("page")
    tiny.notebook("other")
    made = planned(tiny, notebooks=["page", "other"], given={"top": "5"})
    assert [(page.market, page.name) for page in made.pages] == [
        ("ES", "page"), ("ES", "other"), ("MY", "page"), ("MY", "other"),
    ]  # fmt: skip
    assert made.skipped == ("TW: no data in 2026-W46, skipped",)
    assert made.pages[2].parameters == {
        "market": "MY", "week": "2026-W46", "audience": "internal", "data": "data/snapshots", "snapshot": "S1",
        "top": 5,
    }  # fmt: skip
    assert made.pages[2].html == tiny.reports / "internal" / "2026-W46" / "MY" / "page.html"
    assert not made.pages[2].simulated and planned(tiny, simulated=True).pages[0].simulated


def test_a_page_about_all_markets_is_one_and_not_for_a_market_alone(tiny):
    tiny.notebook("page")
    tiny.notebook("overview", tags=("all-markets",))
    both = planned(tiny, notebooks=["overview", "page"])
    assert [(page.market, page.name) for page in both.pages] == [("all", "overview"), ("ES", "page"), ("MY", "page")]
    assert both.pages[0].parameters["market"] == "all"
    assert both.pages[0].html == tiny.reports / "internal" / "2026-W46" / "all" / "overview.html"
    alone = planned(tiny, notebooks=["overview", "page"], markets=["MY"])
    assert [(page.market, page.name) for page in alone.pages] == [("MY", "page")]
    assert alone.skipped == ("overview: about all markets, skipped for MY alone",)
    with pytest.raises(UsageError, match="overview: about all markets; leave --market out"):
        planned(tiny, notebooks=["overview"], markets=["MY"])


def test_everything_wrong_is_told_before_anything_runs(tiny):
    tiny.notebook("page")
    with pytest.raises(UsageError) as caught:
        planned(tiny, week="2026-W60", markets=["../../x", "ZZ"], notebooks=["../page", "page"], audience="../a",
                given={"x": "1"})  # fmt: skip
    told = "\n".join(caught.value.problems)
    for part in (
        "week '2026-W60' is not an ISO week", "market '../../x' is not a market code",
        "market 'ZZ' is not in snapshot S1; it holds ES, MY, TW", "notebook '../page' is not in",
        "audience '../a' is not a name", "no parameter 'x'",
    ):  # fmt: skip
        assert part in told
    assert not tiny.reports.exists()


def test_a_week_without_data_is_a_sentence_with_what_there_is(tiny):
    tiny.notebook("page")
    with pytest.raises(DataError, match="week 2025-W01: no data of MY in snapshot S1; they have 2026-W45 to 2026-W46"):
        planned(tiny, week="2025-W01", markets=["MY"])


def test_the_default_week_had_ended_in_every_market():
    weeks = {"MY": ["2026-W45", "2026-W46", "2026-W47"], "ES": ["2026-W46"]}
    zones = {"MY": "Asia/Kuala_Lumpur", "ES": "Europe/Madrid"}
    # In Kuala Lumpur week 46 ends on Sunday 15 November at 16:00 UTC, in Madrid at 23:00.
    assert latest_complete_week(weeks, zones, datetime(2026, 11, 15, 22, tzinfo=UTC)) == "2026-W45"
    assert latest_complete_week(weeks, zones, datetime(2026, 11, 15, 23, tzinfo=UTC)) == "2026-W46"
    assert latest_complete_week(weeks, zones, datetime(2020, 1, 1, tzinfo=UTC)) == "2026-W47"
    with pytest.raises(DataError, match="holds no annotations"):
        latest_complete_week({}, {}, datetime(2026, 1, 1, tzinfo=UTC))


def test_notebook_names_leave_out_what_is_no_page(tiny):
    tiny.notebook("page")
    (tiny.root / "notebooks" / ".ipynb_checkpoints").mkdir()
    (tiny.root / "notebooks" / "page.failed.ipynb").write_text("{}")
    assert notebook_names(tiny.root) == ("page",)
