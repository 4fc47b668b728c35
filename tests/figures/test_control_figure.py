"""The control chart: what it says in words, and that nothing rests on colour alone."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from labelqa_lib.figures.control import control


def weeks(signals=None, **columns) -> pd.DataFrame:
    """Thirteen weeks of accuracy at 95 %, with limits 92 to 98 %."""
    signals = signals or {}
    estimate = np.array([0.95, 0.955, 0.945] * 4 + [0.94])
    frame = pd.DataFrame({"metric": "accuracy", "period": [f"2026-W{week}" for week in range(34, 47)]})
    frame = frame.assign(estimate=estimate, ci_low=estimate - 0.02, ci_high=estimate + 0.02, n=500,
                         n_effective=480.0, method="Wilson", reason="", centre=0.95, lower=0.92, upper=0.98, signal="", level=0.95, drift="",
                         phase="")  # fmt: skip
    for place, words in signals.items():
        frame.loc[place, "signal"] = words
    return frame.assign(**columns)


def words(fig: Figure) -> str:
    return "\n".join(text.get_text() for text in fig.findobj(matplotlib.text.Text) if text.get_visible())


def test_a_drift_is_said_and_its_line_drawn():
    frame = weeks()
    frame.loc[12, ["level", "drift"]] = [0.942, "drifted below the lower limit"]
    assert control(frame, title="Accuracy").get_label().endswith("; drift: drifted below the lower limit.")


def test_the_rule_that_fired_stands_beside_a_diamond():
    fig = control(weeks({12: "below the lower limit"}), title="Accuracy")
    assert "below the lower limit" in words(fig)
    assert "◆ signal" in words(fig)
    (diamonds,) = fig.axes[0].collections[-1:]
    assert diamonds.get_offsets().tolist() == [[12, 0.94]]
    assert to_hex(diamonds.get_edgecolor()[0]) == "#1f2933" and diamonds.get_sizes()[0] > 40


def test_the_message_says_value_rule_and_usual_range():
    fig = control(weeks({4: "above the upper limit", 12: "below the lower limit"}), title="Accuracy", target=0.95,
                  better="higher")  # fmt: skip
    assert fig.get_label() == (
        "Accuracy: 94.0 % (92.0 to 96.0) in 2026-W46, signal: below the lower limit; usual range 92.0 to 98.0 %; "
        "1 earlier week with a signal, target ≥ 95.0 %."
    )
    assert "target ≥ 95.0 %" in words(fig)
    assert "no signal; usual range" in control(weeks(), title="Accuracy").get_label()


def test_a_run_is_named_once():
    run = dict.fromkeys((10, 11, 12), "7 in a row below the centre")
    assert words(control(weeks(run), title="Accuracy")).count("7 in a row below the centre") == 1


def test_limits_are_drawn_as_they_are_and_broken_where_a_phase_starts():
    frame = weeks()
    frame.loc[8:, ["phase", "centre", "lower", "upper"]] = ["SOP safety-6", 0.9, 0.86, 0.94]
    fig = control(frame, title="Accuracy")
    drawn = [set(line.get_ydata()) for line in fig.axes[0].get_lines()]
    for level in (0.95, 0.92, 0.98, 0.9, 0.86, 0.94):
        assert {level} in drawn
    assert "SOP safety-6" in words(fig)


def test_intervals_are_drawn():
    bars = control(weeks(), title="Accuracy").axes[0].collections[1]
    np.testing.assert_allclose(bars.get_segments()[12][:, 1], [0.92, 0.96])


def test_without_limits_it_says_why():
    none = weeks(centre=np.nan, lower=np.nan, upper=np.nan, reason="limits need figures of 8 weeks; there are 3")
    fig = control(none, title="Accuracy")
    assert "no limits: limits need figures of 8 weeks; there are 3" in words(fig)
    assert "no limits: limits need figures of 8 weeks; there are 3" in fig.get_label()


@pytest.mark.parametrize("change", ["undefined", "empty"])
def test_without_figures_it_is_small_and_says_why(change):
    frame = weeks(estimate=np.nan, reason="needs audits; not delivered")
    fig = control(frame if change == "undefined" else frame.iloc[:0], title="Accuracy")
    assert fig.get_figheight() < 1
    assert ("needs audits; not delivered" if change == "undefined" else "nothing to show") in words(fig)


def test_a_gap_breaks_the_line_and_the_frame_is_not_changed():
    frame = weeks()
    frame.loc[5, ["estimate", "ci_low", "ci_high"]] = np.nan
    before = frame.copy(deep=True)
    fig = control(frame.iloc[::-1], title="Accuracy")
    pd.testing.assert_frame_equal(frame, before)
    (line,) = [line for line in fig.axes[0].get_lines() if line.get_marker() == "o"]
    assert np.isnan(line.get_ydata()[5])


@pytest.mark.parametrize("place", [0, 6, 12])
def test_all_words_lie_inside_the_figure(place):
    fig = control(weeks({place: "2 of 3 near the upper limit; 7 in a row above the centre"}), title="Accuracy")
    fig.draw_without_rendering()
    for text in fig.axes[0].texts:
        box = text.get_window_extent()
        assert box.x0 >= -1 and box.x1 <= fig.bbox.width + 1, f"{text.get_text()!r} is cut"


def test_a_missing_week_is_a_gap_in_line_and_limits_and_is_named():
    frame = weeks()[lambda frame: frame["period"] != "2026-W43"]
    fig = control(frame, title="Accuracy")
    line = fig.axes[0].get_lines()[-1]
    assert np.isnan(line.get_ydata()).tolist() == [False] * 9 + [True] + [False] * 3
    assert fig.get_label().endswith("; no figure in 2026-W43.") and "no figure in 2026-W43" in words(fig)
