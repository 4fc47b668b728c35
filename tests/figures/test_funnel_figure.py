"""The funnel: who is flagged by name, who has too few items without one."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from labelqa_lib.figures.funnel import funnel
from labelqa_lib.stats.funnel import limits


def people(flagged=("a03", "a17"), many=20, unnamed=2) -> pd.DataFrame:
    """Agents at 5 %, those flagged at 25 %, and the last ones with few items."""
    names = [f"a{place:02d}" for place in range(many)]
    n = np.linspace(40, 120, many).round()
    frame = pd.DataFrame({"metric": "error_rate", "agent_id": names, "period": "2026-W46"})
    estimate = np.where(frame["agent_id"].isin(flagged), 0.25, 0.05)
    frame = frame.assign(estimate=estimate, ci_low=estimate - 0.03, ci_high=estimate + 0.1, n=n.astype(int),
                         n_effective=n, method="Wilson", reason="", expected=0.06, between_sd=0.0, named=True,
                         flagged=frame["agent_id"].isin(flagged))  # fmt: skip
    if unnamed:
        frame.loc[many - unnamed :, ["n", "n_effective"]] = [12, 12.0]
        frame.loc[many - unnamed :, "named"] = False
    return frame


def words(fig: Figure) -> str:
    return "\n".join(text.get_text() for text in fig.findobj(matplotlib.text.Text) if text.get_visible())


def test_flagged_people_are_triangles_with_their_names():
    fig = funnel(people(), title="Agents")
    said = words(fig).replace("\u200e", "")
    assert "a03  25.0 %" in said and "a17  25.0 %" in said and "a05" not in said
    assert "▲ flagged" in said and "○ too few items to name" in said
    rings, dots, triangles = (fig.axes[0].collections[place] for place in (0, 1, 3))
    assert [len(part.get_offsets()) for part in (rings, dots, triangles)] == [2, 16, 2]
    assert len(triangles.get_paths()[0].vertices) == 4 != len(dots.get_paths()[0].vertices)
    assert len(rings.get_facecolor()) == 0 or rings.get_facecolor()[0][3] == 0


def test_nobody_with_too_few_items_is_named():
    small = people(flagged=(), many=6, unnamed=2)
    said = words(funnel(small, title="Agents"))
    assert all(name in said for name in small["agent_id"][:4])
    assert not any(name in said for name in small["agent_id"][4:])


def test_the_message_counts_and_names():
    assert funnel(people(), title="Agents", target=0.05, better="lower").get_label() == (
        "Agents: 2 of 18 with enough items flagged: a03 25.0 %, a17 25.0 %; the rate of all is 6.0 %, target ≤ 5.0 %."
    )
    assert funnel(people(flagged=()), title="Agents").get_label() == (
        "Agents: none of 18 with enough items is worse than chance and the usual spread explain; "
        "the rate of all is 6.0 %."
    )


def test_the_curves_are_the_limits():
    fig = funnel(people(), title="Agents")
    for coverage in (0.95, 0.998):
        low, high = limits(0.06, np.arange(5, 128), coverage)
        for bound in (low, high):
            assert any(
                len(line.get_xdata()) > 2
                and np.allclose(line.get_ydata(), bound[np.asarray(line.get_xdata(), dtype=int) - 5])
                for line in fig.axes[0].get_lines()
            )


def test_many_flagged_are_counted():
    names = [f"a{place:02d}" for place in range(12)]
    fig = funnel(people(flagged=names, many=40), title="Agents")
    assert "4 more flagged without a name here" in words(fig)
    assert "and 9 more" in fig.get_label()


def test_labels_at_the_end_do_not_touch():
    fig = funnel(people(), title="Agents", target=0.0605, better="lower")
    fig.draw_without_rendering()
    ends = sorted((text.get_window_extent() for text in fig.axes[0].texts if text.xyann[0] == 4), key=lambda b: b.y0)
    assert len(ends) == 4
    assert all(above.y0 >= below.y0 + 8 for below, above in zip(ends, ends[1:], strict=False))


@pytest.mark.parametrize("change", ["undefined", "empty"])
def test_without_figures_it_is_small_and_says_why(change):
    frame = people().assign(estimate=np.nan, reason="needs audits or gold; neither was delivered")
    fig = funnel(frame if change == "undefined" else frame.iloc[:0], title="Agents")
    assert fig.get_figheight() < 1
    assert ("neither was delivered" if change == "undefined" else "nothing to show") in words(fig)


def test_one_row_without_errors_can_be_drawn():
    one = people(flagged=(), many=1, unnamed=0).assign(estimate=0.0, ci_low=0.0, expected=0.0)
    assert "none of 1 with enough items" in funnel(one, title="Sites").get_label()


def test_hostile_names_are_cut_and_the_frame_is_not_changed():
    frame = people().replace({"agent_id": {"a03": "x" * 80, "a17": "line\nbreak\x00"}})
    before = frame.copy(deep=True)
    said = words(funnel(frame, title="Agents"))
    pd.testing.assert_frame_equal(frame, before)
    assert "x" * 40 not in said and "line break" in said and "\x00" not in said


def test_all_words_lie_inside_the_figure():
    fig = funnel(people(flagged=("a00", "a17")), title="Agents", target=0.05, better="lower")
    fig.draw_without_rendering()
    for text in fig.axes[0].texts:
        box = text.get_window_extent()
        assert box.x0 >= -1 and box.x1 <= fig.bbox.width + 1, f"{text.get_text()!r} is cut"
