"""Answers in sentences, group after group; text of a delivery stays text."""

from __future__ import annotations

import pandas as pd

from labelqa_lib import display

ROWS = pd.DataFrame(
    [("A: site KUL", "Since when?", "Since Monday."), ("A: site KUL", "What to do?", "Ask <b>them</b>."), ("B", "Since when?", "?")],
    columns=["group", "question", "answer"],
)


def test_groups_stand_together_under_their_names(shown):
    display.answers(ROWS, "told")
    assert shown.html.count("<h4>") == 2
    assert shown.html.index("A: site KUL") < shown.html.index("Since Monday.") < shown.html.index("<h4>B</h4>")
    assert 'id="told"' in shown.html
    assert "&lt;b&gt;them" in shown.html and "<b>" not in shown.html
    assert shown.text.splitlines()[:2] == ["A: site KUL", "Since when? Since Monday."]


def test_a_group_without_a_name_has_no_heading(shown):
    display.answers(ROWS.assign(group=""), "told")
    assert "<h4>" not in shown.html


def test_nothing_to_say_is_said_or_left_out_of_the_report(shown):
    display.answers(ROWS.iloc[:0], "moved", "All is as it was.")
    assert "All is as it was." in shown.html and not shown[-1].metadata
    display.answers(ROWS.iloc[:0], "told")
    assert shown[-1].metadata["labelqa"]["unanswered"]


def test_a_table_without_rows_and_without_a_sentence_answers_nothing(shown):
    display.table(ROWS.iloc[:0], "t", "Rows")
    assert shown[-1].metadata["labelqa"]["unanswered"]
    assert "No rows." in shown.html
    display.table(ROWS.iloc[:0], "t", "Rows", empty="Nothing was restated.")
    assert not shown[-1].metadata


def test_a_day_in_a_table_has_no_hour(shown):
    days = pd.DataFrame({"what": ["a", "b"], "day": [pd.Timestamp("2026-11-09"), pd.Timestamp("2026-11-10")]})
    display.table(days, "t", "Days")
    assert "2026-11-09" in shown.html and "00:00" not in shown.html
