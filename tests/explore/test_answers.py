"""A view's answers are the rooms' own numbers, and a page of them has no widget."""

from __future__ import annotations

import pandas as pd
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib import metrics
from labelqa_lib.explore import View, opened, show
from labelqa_lib.metrics import measure, spread
from labelqa_lib.store import tables_from as tables_of
from tests.explore.desks import answers
from tests.sampling.worlds import WEEKS, market


def test_segments_are_the_reports_numbers_with_what_they_were():
    found = answers(by=("site",)).segments
    report = measure(market(), "accuracy", ["site"])
    assert found[report.columns].equals(report)
    before = measure(market(), "accuracy", ["site"], WEEKS[:-1])
    assert found["baseline"].tolist() == before["estimate"].tolist()
    shorter = answers(recent=2, baseline=1).segments
    assert shorter["n"].tolist() == measure(market(), "accuracy", ["site"], WEEKS[-2:])["n"].tolist()
    assert shorter["n_baseline"].tolist() == measure(market(), "accuracy", ["site"], WEEKS[1:2])["n"].tolist()
    assert answers(baseline=0).segments["difference"].isna().all()


def test_several_markets_stand_side_by_side():
    both = answers(("MY", "SG"))
    assert both.segments["market"].tolist() == ["MY", "MY", "SG", "SG"] and both.cut == ["market", "site"]
    assert set(both.trend["market"]) == {"MY", "SG"}
    with pytest.raises(UsageError, match="choose one of MY, SG"):
        _ = both.confusion
    with pytest.raises(UsageError, match="it holds MY, SG"):
        _ = answers(("XX",)).segments


def test_people_with_few_items_are_not_named():
    everyone = measure(market(), "accuracy", ["agent_id"])
    shown = answers(by=("agent_id",)).segments
    assert 0 < len(shown) < len(everyone) and (shown["n"] >= 5).all()
    assert set(answers().values("agent_id")) <= set(everyone["agent_id"])
    assert answers(where={"queue": "q"}).values("site") == ["K", "L"]


def test_agents_are_compared_on_bad_events():
    assert answers().agents.equals(spread(market(), "agent_id", WEEKS, 5))
    assert answers(metric="fnr").bad == "fnr" and answers(metric="aht").bad == "error_rate"
    with pytest.raises(UsageError, match="one agent is chosen"):
        _ = answers(where={"agent_id": "a01"}).agents


def test_pages_are_opened_once_for_all_views_of_a_desk():
    first = answers()
    assert first.about(first.view.into({"site": "K"})).page() is first.page()


def test_a_desk_keeps_few_pages_open(monkeypatch):
    monkeypatch.setattr(opened, "MOST_WEEKS", 2)
    monkeypatch.setattr(opened, "MOST_MARKETS", 1)
    first = answers(week=WEEKS[0])
    kept = first.page()
    for week in WEEKS[1:]:
        last = first.about(View(("MY",), week)).page()
    assert open_at(first) == [("MY", WEEKS[-2]), ("MY", WEEKS[-1])] and first.about(View(("MY",))).page() is last
    assert first.page() is not kept, "it is opened again"
    both = first.about(View(("MY", "SG")))
    assert both.page("MY") and both.page("SG") and {market for market, _week in open_at(first)} == {"MY", "SG"}
    first.about(View(("SG",))).page()
    assert open_at(first) == [("SG", WEEKS[-1])]


def open_at(desk):
    return [(market, week) for market, pages in desk._opened._markets.items() for week in pages]


def test_another_week_of_a_desk_is_the_week_of_its_own_page():
    """Rows that are there already are cut to the week's own: every answer is the one of tables opened for it."""
    first = answers()
    _ = first.segments
    for metric in ("accuracy", "aht", "fnr", "appeal_rate"):
        for week in (WEEKS[2], WEEKS[1], WEEKS[2]):
            seen = first.about(View(("MY",), week, metric=metric, by=("queue",)))
            alone = tables_of({name: getattr(market(), name) for name in ("annotations", "labels", "items", "audits", "people")},
                              market().snapshot, "MY", WEEKS[: WEEKS.index(week) + 1])  # fmt: skip
            assert seen.page().tables.weeks == alone.weeks and seen.page().week == week
            pd.testing.assert_frame_equal(seen.segments[measure(alone, metric).columns.insert(1, "queue")], measure(alone, metric, ["queue"]))
            pd.testing.assert_frame_equal(seen.trend, metrics.control_chart(alone, metric, confidence=0.95))
    with pytest.raises(UsageError, match="week W45"):
        first._opened.open_page = lambda *_asked: (_ for _ in ()).throw(UsageError("week W45: there is none"))
        _ = first.about(View(("MY",), "2025-W45")).segments
    assert first.page() is first.about(View(("MY",), WEEKS[-1])).page(), "what was open stays so"


def test_the_view_in_a_sentence():
    whole = answers(where={"site": "K"})
    assert show.sentence(whole).startswith("Accuracy of site K in MY, 2026-W46: 9")
    assert "pt (" in show.sentence(whole) and "against 2026-W43..2026-W45" in show.sentence(whole)
    assert "against" not in show.sentence(answers(baseline=0))
    assert "not known, nothing of site Z" in show.sentence(answers(where={"site": "Z"}))


@pytest.mark.slow
@pytest.mark.parametrize("view", [{}, {"markets": ("MY", "SG")}, {"metric": "aht", "by": ("site", "queue"), "where": {"agent_id": "a01"}},
                                  {"where": {"auditor_id": "Q1"}, "by": (), "wrong": True}])  # fmt: skip
def test_every_part_is_shown_or_says_why_not(view, capsys):
    asked = answers(**view)
    for part in (show.summary, show.segments, show.trend, show.confusion, show.handle_times, show.agents, show.items):
        part(asked)
        assert capsys.readouterr().out.strip()
