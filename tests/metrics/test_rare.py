"""Gaps between critical errors: counted in time, judged by those before the last week."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.metrics.rare import FEWEST_ERRORS, critical_gaps
from labelqa_lib.stats import control

from .snapshots import MONDAYS, WEEKS, joined, labelled, make


def market(before: list[int], now: list[int]):
    """Runs of good items, each ended by a critical error, in the two weeks; a minute apart."""
    parts = joined(*(
        labelled(" ".join("ok>ok " * good + "ok>hate" for good in gaps), week=week, agent_id=None)
        for week, gaps in zip(WEEKS, (before, now), strict=True)
    ))  # fmt: skip
    for place, row in enumerate(parts["annotations"]):
        row["annotated_at"] = MONDAYS[row["week"]] + pd.Timedelta(minutes=place)
    return make(**parts)


def test_gaps_are_good_items_between_critical_errors():
    found = critical_gaps(market([5, *[3, 12] * 7], [10, 2]))
    assert found["gap"].tolist() == [*[3, 12] * 7, 10, 2]  # the first error has none before it
    assert found["period"].tolist() == [WEEKS[0]] * 14 + [WEEKS[1]] * 2
    chart = control.g_chart(found["gap"], np.arange(16) < 14)
    for name in ("centre", "lower", "upper"):
        np.testing.assert_array_equal(found[name], getattr(chart, name))
    assert (found["signal"] == "").all() and (found["reason"] == "").all()


@pytest.mark.slow
def test_a_run_of_short_gaps_is_a_signal_and_does_not_move_its_own_limits():
    crowded = critical_gaps(market([5, *[30, 20] * 7], [3] * 7))
    assert crowded["signal"].iloc[-1] == "7 in a row below the centre"
    assert crowded["centre"].iloc[-1] == critical_gaps(market([5, *[30, 20] * 7], [20]))["centre"].iloc[-1]


def test_too_few_errors_give_no_limits_and_say_so():
    found = critical_gaps(market([5, 9, 11], [10]))
    assert found["upper"].isna().all() and found["gap"].notna().all()
    assert set(found["reason"]) == {f"limits need {FEWEST_ERRORS} critical errors before this week; there are 2"}


@pytest.mark.parametrize("given", ["ok>ok ok>spam", "ok>hate ok>ok"])
def test_without_two_critical_errors_there_is_no_gap(given):
    assert critical_gaps(make(**labelled(given))).empty
