from __future__ import annotations

import pandas as pd
import pytest

from labelqa_lib import display

from .examples import HOSTILE, SITES, segments, undefined, weekly
from .test_safe import tags


def test_an_estimate_stands_with_its_interval_its_bar_and_n(shown):
    display.table(segments("site", ["KUL", "PEN"]), "sites", "Accuracy by site", target=0.95)
    assert "90.0 % <small>(89.0 to 91.0)</small>" in shown.html
    assert "1,200" in shown.html
    assert shown.html.count('<svg class="lq-bar"') == 2
    assert "89.0 to 95.5 %" in shown.html, "the scale of the bars is their heading"
    assert "Accuracy by site\n" in shown.text


def test_the_id_is_fixed_and_equal_frames_give_equal_bytes(shown):
    for _ in range(2):
        display.table(segments("site", SITES), "sites", "Accuracy by site")
    assert shown[0].data == shown[1].data
    assert tags(shown.html)[0] == ("figure", {"class": "lq-table", "id": "sites"})
    ids = [attributes["id"] for _, attributes in tags(shown.html) if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_rows_and_columns_have_heads_and_numbers_are_flush_right(shown):
    frame = pd.DataFrame({"site": ["KUL", None], "n": [3, 4], "note": ["a", "b"]})
    display.table(frame, "sites", "Sites", titles={"n": "How many"})
    table = shown.html.partition("<table")[2].replace("\n", "")
    right = ' class="lq-right"'
    assert table.startswith(
        ' id="sites-table"><thead><tr class="lq-heads"><th scope="col">Site</th>'
        f'<th scope="col"{right}>How many</th><th scope="col">Note</th></tr></thead><tbody>'
        f'<tr><th scope="row"><bdi>KUL</bdi></th><td{right}><data class="lq-number" value="3">3</data></td>'
    )
    assert '<tr><th scope="row"><span class="lq-undefined">–</span></th>' in table
    assert shown.text == "Sites\nsite n note\n KUL 3    a\n   – 4    b"


def test_the_table_brings_no_style_of_its_own(shown):
    display.table(segments("site", SITES), "sites", "Accuracy by site")
    assert "<style" not in shown.html


def test_long_tables_show_their_first_rows_and_hold_the_others_for_sorting_and_filtering(shown):
    display.table(segments("site", [f"s{place}" for place in range(60)]), "sites", "Sites", rows=23)
    assert shown.html.count("<tr>") == 60
    assert 'data-first="23"' in shown.html
    assert "Show all 60 rows" in shown.html
    assert "more</p>" not in shown.html
    display.table(segments("site", [f"s{place}" for place in range(320)]), "sites", "Sites")
    assert shown.html.count("<tr>") == 300
    assert "… and 20 more" in shown.html


def test_short_tables_are_cut_and_counted_and_need_no_controls(shown):
    display.table(segments("site", [f"s{place}" for place in range(12)]), "sites", "Sites", rows=8)
    assert shown.html.count("<tr>") == 8
    assert "… and 4 more" in shown.html
    assert "lq-controls" not in shown.html


def test_numbers_carry_the_value_by_which_they_are_sorted(shown):
    display.table(segments("site", ["KUL"]).assign(share=1234.5678), "t", "T", units={"share": "count"})
    assert '<data class="lq-number" value="0.9">90.0 %' in shown.html
    assert '<data class="lq-number" value="1234.57">1,235</data>' in shown.html


def test_a_row_over_all_others_is_marked_to_stay_last(shown):
    display.table(pd.DataFrame({"site": ["KUL", "all"], "audits": [3, 3]}), "t", "T")
    assert shown.html.count('<b class="lq-total">all</b>') == 1


def test_several_metrics_stand_in_columns_each_with_its_n(shown):
    frame = pd.concat([segments("site", SITES), segments("site", SITES[:2], "fpr", 0.03)])
    display.table(frame, "sites", "Quality", titles={"accuracy": "Accuracy"})
    assert shown.html.count("<tr>") == len(SITES)
    assert "FPR" in shown.html
    assert shown.html.count("n 1,200") == len(SITES) + 2
    assert shown.html.count("lq-undefined") == len(SITES) - 2
    assert shown.html.count('<svg class="lq-bar"') == len(SITES) + 2


def test_a_metric_has_its_own_unit(shown):
    frame = segments("site", ["KUL"], "aht", 42.0).assign(ci_low=41.0, ci_high=43.0)
    display.table(frame, "aht", "Handle time", units={"aht": "seconds"})
    assert "42.0 s <small>(41.0 to 43.0)</small>" in shown.html


def test_what_was_counted_in_full_has_no_interval(shown):
    frame = segments("queue", ["live"], "backlog", 12.0).assign(ci_low=12.0, ci_high=12.0)
    display.table(frame, "service", "Service", units={"backlog": "count"})
    assert ">12</data>" in shown.html
    assert "12 to 12)" not in shown.html


def test_an_undefined_row_is_a_dash_with_its_reason(shown):
    frame = pd.concat([segments("site", ["KUL"]), undefined(segments("site", ["PEN"]), "fewer than 10 audited items")])
    display.table(frame, "sites", "Sites")
    assert '<span class="lq-undefined">–</span> <small>fewer than 10 audited items</small>' in shown.html
    assert "nan" not in shown.html


def test_a_metric_never_measured_is_a_sentence_and_not_a_row(shown):
    gone = undefined(segments("site", ["(not given)"], "utilization"))
    display.table(gone, "people", "People")
    assert "Utilization is not measured: needs shifts; not delivered" in shown.html
    assert "<table" not in shown.html
    display.table(pd.concat([segments("site", SITES), gone]), "people", "People")
    assert "(not given)" not in shown.html
    assert shown.html.count("<tr>") == len(SITES)


def test_weeks_are_rows_where_the_period_varies(shown):
    display.table(weekly(), "weeks", "Accuracy by week")
    assert "2026-W34" in shown.html


def test_any_other_frame_is_shown_as_it_stands(shown):
    frame = pd.DataFrame(
        {"table": ["audits"], "rejected": [1234], "share": [0.0123], "late": [True], "note": [None], "x": [1.23456]}
    )
    display.table(frame, "t", "Tables")
    for said in ("audits", "1,234", "1.2 %", ">yes<", "–", "1.23<"):
        assert said in shown.html


def test_a_row_may_bring_its_own_unit(shown):
    row = {"title": "AHT", "unit": "seconds", "before": 41.0, "after": 42.5, "difference": 1.5}
    frame = pd.DataFrame([row])
    display.table(frame, "restated", "Restated")
    for said in ("41.0 s", "42.5 s", "+1.5 s"):
        assert said in shown.html
    assert "seconds" not in shown.html


@pytest.mark.parametrize("frame", [pd.DataFrame(), segments("site", [])], ids=["no columns", "no rows"])
def test_an_empty_frame_says_so(shown, frame):
    display.table(frame, "t", "Nothing")
    assert "No rows." in shown.html


def test_the_frame_is_not_changed(shown):
    frame = segments("site", SITES)
    before = frame.copy(deep=True)
    display.table(frame, "sites", "Sites")
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text_everywhere(shown, text):
    display.table(segments("site", ["a"]).assign(extra="a"), "t", "a", note="a")
    expected = [tag for tag, _ in tags(shown.html)]
    frame = segments("site", [text]).assign(extra=text).rename(columns={"extra": text or "blank"})
    display.table(frame, "t", text, note=text or "a", titles={"site": text})
    assert [tag for tag, _ in tags(shown.html)] == expected
    assert "\x00" not in shown.html + shown.text
    (shown.html + shown.text).encode("utf-8")
    assert len(shown.html) < 10_000


def test_what_an_estimate_leaves_out_stands_beside_it(shown):
    display.table(segments("site", ["KUL"]).assign(reason="without hate"), "t", "Sites")
    assert "<small>without hate</small>" in shown.html


def test_a_question_is_not_cut_in_any_language(shown):
    asked = pd.DataFrame({"question": ["¿" + "muy largas palabras " * 6 + "duda?"]})
    display.table(asked, "asked", "Questions")
    assert "duda?" in shown.html
