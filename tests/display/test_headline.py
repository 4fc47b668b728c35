from __future__ import annotations

import json

import pytest

from labelqa_lib import display, symbols
from labelqa_lib.display import marks

from .examples import HOSTILE, STATUSES, headline
from .test_safe import tags

MIME = "application/vnd.labelqa.headline+json"


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "not measured"])
def test_every_status_is_said_in_words_shape_and_colour(shown, status):
    display.headline(headline([status]))
    assert f"</svg>{status}</b>" in shown.html
    assert symbols.symbol(symbols.STATUS[status]) in shown.html


def test_no_two_statuses_look_alike_without_colour():
    shapes = {mark[1:] for status, mark in symbols.STATUS.items() if status not in ("no target", "not measured")}
    assert len(shapes) == 5


def test_a_card_says_estimate_interval_target_and_change(shown):
    display.headline(headline(["misses"]))
    said_of_it = (
        'class="lq-band"', "93.1 %", "92.0 to 94.1 %", "n 2,418", "target ≥ 95.0 %", "−1.2 pt", "(−2.0 to −0.4)", "more than noise, worse",
    )  # fmt: skip
    for said in said_of_it:
        assert said in shown.html
    assert "Metric 0: 93.1 % (92.0 to 94.1), misses" in shown.text


def test_a_change_inside_its_interval_is_noise(shown):
    display.headline(headline(["meets"]).assign(more_than_noise=False))
    assert "within noise" in shown.html


def test_without_a_change_the_card_says_why(shown):
    display.headline(headline(["meets"]).assign(change=float("nan"), change_reason="no figure for 2026-W45"))
    assert "not compared with last week: no figure for 2026-W45" in shown.html


def test_a_figure_on_gold_says_so(shown):
    display.headline(headline(["meets"]).assign(stands_on="gold"))
    assert "n 2,418 on gold" in shown.html


def test_the_first_card_is_the_large_one(shown):
    display.headline(headline(["meets", "misses"]))
    cards = [attributes for tag, attributes in tags(shown.html) if tag == "article"]
    assert [card["id"] for card in cards] == ["headline-metric_0", "headline-metric_1"]
    assert ["lq-first" in card["class"] for card in cards] == [True, False]


def test_what_was_not_measured_is_said_with_its_reason_and_never_as_a_number(shown):
    display.headline(headline(["not measured"]))
    assert "needs shifts; not delivered" in shown.html
    assert "lq-card" not in shown.html
    assert "%" not in shown.html
    assert "not measured (needs shifts; not delivered)" in shown.text


def test_the_summary_counts_statuses(shown):
    display.headline(headline(["misses", "misses", "meets", "no target"]))
    assert "2 miss:</b></span> Metric 0, Metric 1</li>" in shown.html
    assert "1 meets:</b></span> Metric 2</li>" in shown.html


def test_the_rows_are_there_as_data(shown):
    display.headline(headline())
    rows = json.loads(json.dumps(shown[-1].data[MIME], allow_nan=False))
    assert [row["status"] for row in rows] == list(STATUSES)
    assert rows[-1]["estimate"] is None
    assert rows[0]["history"][6] is None


def test_an_empty_frame_says_so(shown):
    display.headline(headline([]))
    assert "No headline metric has a target" in shown.html


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text(shown, text):
    display.headline(headline(["misses", "not measured"]))
    expected = [tag for tag, _ in tags(shown.html)]
    frame = headline(["misses", "not measured"], title=text)
    display.headline(frame.assign(reason=text, status_text=text or "x", metric=text))
    assert [tag for tag, _ in tags(shown.html) if tag != "p"] == [tag for tag in expected if tag != "p"]
    assert not [attributes for _, attributes in tags(shown.html) if "onmouseover" in attributes]


def test_equal_frames_give_equal_bytes(shown):
    display.headline(headline())
    display.headline(headline())
    assert shown[0].data == shown[1].data


def test_a_sparkline_breaks_where_a_week_is_missing_and_needs_two_weeks():
    broken = marks.sparkline([0.9, 0.91, float("nan"), 0.92, 0.93], 0.95)
    assert broken.count("M") == 2
    assert "lq-aim" in broken
    alone = marks.sparkline([0.9, 0.91, float("nan"), 0.92, float("nan"), 0.93], 0.95)
    assert alone.count("M") == 3 and alone.count("h1") == 2
    assert "lq-aim" not in marks.sparkline([0.9, 0.91], float("nan"))
    assert marks.sparkline([float("nan")] * 12 + [0.9], 0.95) == ""
    assert "nan" not in marks.sparkline([0.9] * 13, 0.9)


def test_a_sparkline_draws_the_intervals_as_a_band_and_the_last_one_as_a_line():
    nan = float("nan")
    drawn = marks.sparkline([0.9, 0.91, nan, 0.92], 0.95, [0.89, 0.9, nan, 0.91], [0.91, 0.92, nan, 0.93])
    assert drawn.count('class="lq-band"') == 2
    assert drawn.count('class="lq-range"') == 1
    assert "lq-range" not in marks.sparkline([0.9, 0.91], 0.95, [0.89, nan], [0.91, nan])
    assert "lq-band" not in marks.sparkline([0.9, 0.91], 0.95)
