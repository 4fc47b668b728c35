"""The heat map of participants: who is shown, and what it says without being seen."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from labelqa_lib.figures import participants


def frame(*rows: tuple[str, str, float, int]) -> pd.DataFrame:
    known = pd.DataFrame(rows, columns=["agent_id", "policy_area", "estimate", "n"])
    return known.assign(ci_low=known["estimate"] - 0.2, ci_high=(known["estimate"] + 10 / known["n"]).clip(upper=1))


def texts(fig: Figure) -> list[str]:
    return [text.get_text() for text in fig.axes[0].texts]


def test_the_furthest_from_the_key_come_first():
    fig = participants(frame(("a", "adult", 0.95, 40), ("a", "safety", 0.9, 20), ("b", "adult", 0.6, 30), ("b", "safety", 1.0, 4)), "agent_id")
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["b", "a"]
    assert texts(fig) == ["60 % (40–93)  n 30", "95 % (75–100)  n 40", "90 % (70–100)  n 20"], "a cell with four items stays empty"
    assert "furthest from the key: b 60.0 % in adult; a 90.0 % in safety" in fig.get_label()


def test_nobody_is_shown_on_few_items():
    fig = participants(frame(("a", "adult", 0.95, 40), ("few", "adult", 0.1, 29)), "agent_id")
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["a"]
    alone = participants(frame(("few", "adult", 0.1, 29)), "agent_id")
    assert "nobody has 30 items with a key" in alone.get_label()
    assert "nobody" in participants(frame(), "agent_id").get_label()


def test_at_most_twenty_and_the_rest_is_said():
    rows = [(f"agent {number:02d}", "adult", 0.5 + number / 100, 40) for number in range(30)]
    fig = participants(frame(*rows), "agent_id")
    assert len(fig.axes[0].get_yticklabels()) == 20
    assert "the 20 furthest from it" in fig.get_suptitle()
    # one cell far from the key does not make its person one of the furthest: who is not drawn is not named either
    spread = [("agent 99", "adult", 0.1, 10), *[("agent 99", f"area {number}", 1.0, 40) for number in range(9)]]
    assert "agent 99" not in participants(frame(*rows, *spread), "agent_id").get_label()


def test_only_what_surely_differs_is_dark_and_many_areas_leave_no_room_for_intervals():
    rows = [("sure", f"area {number}", 0.6, 100) for number in range(7)] + [("chance", "area 0", 0.6, 10), ("chance", "area 1", 1.0, 40)]
    fig = participants(frame(*rows), "agent_id")
    assert texts(fig)[0] == "60 %  n 100"
    shade = fig.axes[0].collections[0].get_array()
    assert shade[0, 0] == 1 - (0.6 + 10 / 100) and shade[1, 0] == 0, "ten items of which six agree may be chance"
