"""A change of accuracy split by hand into rate and mix (Kitagawa 1955)."""

from __future__ import annotations

import pandas as pd
import pytest

from labelqa_lib.metrics import split_change

from .snapshots import WEEKS, joined, labelled, make

PARTS = ["rate", "mix"]


def work(right: int, wrong: int, **common) -> dict:
    """So many right and wrong annotations, every one audited."""
    return labelled("ok>ok " * right + "ok>spam " * wrong, **common)


# shares 1/2 and 1/2, accuracy 8/10 and 5/10 before; shares 1/4 and 3/4, accuracy 3/5 and 12/15 now
TWO_QUEUES = joined(
    work(8, 2, queue="q", agent_id="a", week=WEEKS[0]),
    work(5, 5, queue="r", agent_id="b", week=WEEKS[0]),
    work(3, 2, queue="q", agent_id="a"),
    work(12, 3, queue="r", agent_id="b"),
)


def split(parts: dict, **options):
    return split_change(make(**parts), "queue", **options).set_index("queue")


def test_rate_and_mix_by_hand():
    frame = split(TWO_QUEUES)
    assert frame.loc["q", ["share_before", "share", "before", "now"]].tolist() == [0.5, 0.25, 0.8, 0.6]
    assert frame.loc["r", ["share_before", "share", "before", "now"]].tolist() == [0.5, 0.75, 0.5, 0.8]
    # mean share x change of the rate; change of the share x (mean rate − 0.70, the mean of 0.65 and 0.75)
    assert frame.loc["q", PARTS].tolist() == pytest.approx([0.375 * -0.2, -0.25 * (0.70 - 0.70)], abs=1e-12)
    assert frame.loc["r", PARTS].tolist() == pytest.approx([0.625 * 0.3, 0.25 * (0.65 - 0.70)], abs=1e-12)
    assert frame.loc["all", ["before", "now"]].tolist() == pytest.approx([0.65, 0.75])
    assert frame.index.tolist() == ["r", "q", "all"]


def test_parts_add_up_to_the_change_exactly():
    frame = split(TWO_QUEUES)
    whole, parts = frame.loc["all"], frame.drop(index="all")
    assert parts[PARTS].sum().tolist() == pytest.approx(whole[PARTS].tolist(), abs=1e-12)
    assert whole[PARTS].sum() == pytest.approx(whole["now"] - whole["before"], abs=1e-12)


@pytest.mark.slow
def test_intervals_lie_about_their_parts_and_widen_with_confidence():
    usual, sure = (split(TWO_QUEUES, confidence=confidence) for confidence in (0.95, 0.99))
    for name in PARTS:
        low, high = usual[f"{name}_low"], usual[f"{name}_high"]
        assert (low + high).tolist() == pytest.approx((2 * usual[name]).tolist())
        wider = (sure[f"{name}_high"] - sure[f"{name}_low"]) / (high - low)
        assert wider.tolist() == pytest.approx([2.5758293 / 1.9599640] * 3)


@pytest.mark.slow
def test_a_queue_that_is_new_is_mix_alone():
    frame = split(joined(TWO_QUEUES, work(5, 15, queue="new", agent_id="c")))
    assert frame.loc["new", "rate"] == 0
    # half of the week's work, at 0.25 in both periods; 0.65 before, 0.5 now
    assert frame.loc["new", "mix"] == pytest.approx(0.5 * (0.25 - (0.65 + 0.5) / 2))
    assert frame.loc["all", PARTS].sum() == pytest.approx(0.5 - 0.65, abs=1e-12)


@pytest.mark.slow
def test_a_queue_nobody_audited_in_one_week_and_work_without_a_queue_are_left_out():
    unaudited = labelled("ok> ok> ok>", queue="quiet", agent_id="c")
    nowhere = work(1, 1, queue=None, agent_id="d")
    pd.testing.assert_frame_equal(split(joined(TWO_QUEUES, unaudited, nowhere)), split(TWO_QUEUES))


def test_without_an_earlier_week_or_judged_work_in_it_there_is_nothing_to_split():
    now = work(2, 1, queue="q", agent_id="a")
    assert split_change(make(weeks=WEEKS[1:], **now), "queue").empty
    earlier = labelled("ok> ok>", week=WEEKS[0], queue="q", agent_id="a")
    assert split_change(make(**joined(now, earlier)), "queue").empty
