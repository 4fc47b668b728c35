"""Causes drawn: every one with its name and interval, its first day where one is known."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd

from labelqa_lib.figures import causes, since

WEEKS = ["2026-W44", "2026-W45", "2026-W46"]
RANKED = pd.DataFrame(
    {
        "cause": ["A", "B"], "where": ["site KUL, reference label counterfeit", "agent a or b"],
        "excess_errors": [300.0, 25.0], "ci_low": [200.0, 5.0], "ci_high": [400.0, 45.0],
    }
)  # fmt: skip


def words(fig) -> str:
    return "\n".join(text.get_text() for text in fig.findobj(matplotlib.text.Text)).replace("\u200e", "")


def weekly(*names: str) -> pd.DataFrame:
    rows = [(name, week, 0.1, 0.05, 0.2) for name in names for week in WEEKS]
    return pd.DataFrame(rows, columns=["cause", "period", "estimate", "ci_low", "ci_high"])


def days(**first: str) -> pd.DataFrame:
    rows = [(name, *[pd.Timestamp(day)] * 3) for name, day in first.items()]
    return pd.DataFrame(rows, columns=["cause", "day", "day_low", "day_high"])


def test_causes_stand_in_their_order_with_intervals():
    fig = causes(RANKED)
    ax = fig.axes[0]
    labels = [tick.get_text().replace("\u200e", "") for tick in ax.get_yticklabels()]
    assert labels == ["B: agent a or b", "A: site KUL, reference label counterfeit"], "upwards: the first is on top"
    assert ax.collections[0].get_segments()[1][:, 0].tolist() == [200, 400]
    assert "300 errors (200 to 400)" in fig.get_label()


def test_a_first_day_is_a_line_between_the_weeks_dots():
    fig = since(weekly("A", "B"), days(A="2026-11-09"))
    first, second = fig.axes[:2]
    # the Monday of the third week lies half a week left of that week's dot
    assert [line.get_xdata()[0] for line in first.lines if len(line.get_xdata()) == 2] == [1.5]
    assert not [line for line in second.lines if len(line.get_xdata()) == 2]
    assert fig.get_label().endswith("A since Mon 9 Nov.")
    assert "cause A" in words(fig) and "cause B" in words(fig)


def test_a_week_without_audits_keeps_its_place_on_the_axis():
    fig = since(weekly("A").query("period != '2026-W45'"), days(A="2026-11-09"))
    first = fig.axes[0]
    assert [line.get_xdata()[0] for line in first.lines if len(line.get_xdata()) == 2] == [1.5]
    assert first.get_xlim()[1] > 1.5


def test_nothing_to_draw_is_a_sentence():
    assert "no segment has more errors" in causes(RANKED.iloc[:0]).get_label()
    assert "Not shown" in since(weekly(), days()).get_label()
    assert "Not shown" in since(weekly("A").assign(estimate=np.nan), days()).get_label()
