"""Figures of plans and lots: drawn from small frames, with a message in words, and a reason where there is nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa_lib.figures import acceptance, sampling

LINE = pd.DataFrame({"stretch": [1.0, 2.0], "hours": [40.0, 15.0], "promised": [0.02, 0.04]})


def _along(ends):
    return np.linspace(*ends, 400)


def test_the_frontier_says_plan_and_today_beside_its_line():
    fig = sampling.frontier(LINE, plan=(30.0, 0.021), today=(27.0, 0.025), hours=30.0)
    assert "±2.1 points in 30 hours" in fig.get_label()
    words = [text for text in fig.axes[0].texts if "±" in text.get_text()]
    boxes = [text.get_window_extent() for text in words]
    line = fig.axes[0].transData.transform(np.column_stack([_along(LINE["hours"]), _along(LINE["promised"])]))
    assert not any(box.contains(*point) for box in boxes for point in line), "a label lies off the line"
    alone = sampling.frontier(LINE, plan=(30.0, 0.021), today=(np.nan, np.nan), hours=30.0)
    assert "last week" not in alone.get_label()
    nothing = sampling.frontier(LINE.head(0), plan=(1, 1), today=(1, 1), hours=30.0)
    assert "no goal can be planned for" in nothing.get_label()


def test_replayed_intervals_say_their_coverage():
    sights = pd.DataFrame({"run": [1, 2], "estimate": [0.9, 0.8], "ci_low": [0.85, 0.75], "ci_high": [0.95, 0.84]})
    fig = sampling.replayed(sights.assign(truth=0.9, coverage=0.96))
    assert "in 96.0 % of all draws the interval holds the truth, 90.0 %" in fig.get_label()
    assert "nothing was audited yet" in sampling.replayed(sights.head(0).assign(truth=0.9, coverage=0.9)).get_label()


def test_sizes_say_the_point_chosen():
    frame = pd.DataFrame({"margin": [0.01, 0.02], "audits": [1800, 470]})
    assert "±2.0 points take 470 audits" in sampling.sizes(frame, margin=0.02, audits=470).get_label()


def test_lots_say_rejections_and_what_follows():
    frame = pd.DataFrame({
        "site": "KUL", "week": ["2026-W45", "2026-W46"], "inspection": ["normal", "tightened"], "n": 80, "accept": 7,
        "found": [9.0, np.nan], "accepted": [False, None], "following": ["tightened", "tightened"],
    })  # fmt: skip
    assert "KUL: 1 of 1 weeks rejected, next tightened" in acceptance.lots(frame).get_label()
    many = pd.concat([frame.assign(site=f"s{place}") for place in range(acceptance.MOST_SITES + 2)])
    assert "… and 2 more" in acceptance.lots(many).get_suptitle() and "more" not in acceptance.lots(frame).get_suptitle()
    assert "no site's week has random audits" in acceptance.lots(frame.head(0)).get_label()


def test_curves_and_sequences_name_every_site():
    share = np.array([0.01, 0.05, 0.2])
    curve = pd.DataFrame({"site": "KUL", "plan": "n 80, accept 7", "share": share, "accepted": 1 - 4 * share,
                          "outgoing": share / 2, "checked": 60.0, "inspected": 80.0})  # fmt: skip
    assert "KUL: n 80, accept 7" in acceptance.operating(curve, aql=0.04).get_label()
    steps = pd.DataFrame({"site": "KUL", "number": [1, 2, 3], "found": [0, 1, 2], "accept_at": [-1.0, -0.9, -0.8],
                          "reject_at": [1.1, 1.2, 1.3], "decision": "reject", "decided": 3})  # fmt: skip
    assert "KUL rejected after 3 audits" in acceptance.sequential(steps).get_label()
    assert "audited at random" in acceptance.sequential(steps.head(0)).get_label()
