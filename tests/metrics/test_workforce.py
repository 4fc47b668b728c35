"""Hours and handle times by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.metrics import measure
from labelqa_lib.metrics.workforce import quantiles

from .snapshots import MONDAYS, WEEKS, joined, labelled, make

DAY = MONDAYS[WEEKS[-1]].date()
MINUTES = {"scheduled_minutes": 500.0, "paid_minutes": 400.0, "available_minutes": 60.0, "handling_minutes": 240.0}
PEOPLE = [{"person_id": name, "role": "agent", "partner": "P", "site": site} for name, site in (("a", "K"), ("b", "L"))]


def shift(person: str, **minutes: float) -> dict:
    return {"person_id": person, "date": DAY, "week": WEEKS[-1]} | MINUTES | minutes


SHIFTS = [shift("a", auxiliary_minutes=50.0), shift("b", handling_minutes=300.0)]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("utilization", (300 + 360) / 800),
        ("occupancy", (240 + 300) / (300 + 360)),
        ("shrinkage", 1 - (350 + 360) / 1000),
    ],
)
def test_shares_of_time_by_hand(metric, expected):
    row = measure(make(shifts=SHIFTS, people=PEOPLE), metric).iloc[0]
    assert (row["estimate"], row["n"]) == (pytest.approx(expected), 2)
    assert row["ci_low"] < expected < row["ci_high"]


def test_the_denominator_can_be_chosen_and_is_printed():
    tables = make(shifts=SHIFTS, people=PEOPLE)
    row = measure(tables, "utilization", denominators={"utilization": "scheduled_minutes"}).iloc[0]
    assert row["estimate"] == pytest.approx(660 / 1000)
    assert row["method"].endswith("by agent over scheduled minutes")
    with pytest.raises(UsageError, match="paid_minutes, scheduled_minutes"):
        measure(tables, "utilization", denominators={"utilization": "lunch_minutes"})


def test_places_come_from_people_or_from_what_was_annotated():
    parts = joined(labelled("ok>ok", agent_id="a", site="X"), labelled("ok>ok", agent_id="b", site="Y"))
    with_people = measure(make(shifts=SHIFTS, people=PEOPLE, **parts), "utilization", by=["site"])
    without = measure(make(shifts=SHIFTS, **parts), "utilization", by=["site"])
    assert with_people["site"].tolist() == ["K", "L"]
    assert without["site"].tolist() == ["X", "Y"]


def test_one_person_alone_has_a_figure_without_interval():
    row = measure(make(shifts=SHIFTS[:1], people=PEOPLE), "utilization").iloc[0]
    assert row["estimate"] == pytest.approx(0.75)
    assert np.isnan(row["ci_low"]) and "one cluster only" in row["reason"]


def timed(agent: str, *seconds: float) -> dict:
    parts = labelled(" ".join(["ok>"] * len(seconds)), agent_id=agent)
    for row, handled in zip(parts["annotations"], seconds, strict=True):
        row["handle_seconds"] = handled
    return parts


def test_handle_time_by_hand():
    tables = make(**joined(timed("a", 10, 20, 30), timed("b", 40, 100, None)))
    row = measure(tables, "aht").iloc[0]
    assert (row["estimate"], row["n"]) == (pytest.approx(40), 5)
    assert measure(tables, "aht_median")["estimate"].tolist() == [30]
    assert measure(tables, "aht_p90")["estimate"].tolist() == [pytest.approx(76)]


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_quantiles_agree_with_numpy_and_their_interval_with_the_binomial(q):
    values = np.random.default_rng(0).integers(0, 50, 200)
    counts = pd.Series(values).value_counts().rename_axis("value").reset_index(name="n")
    row = quantiles(counts, [], "value", q, 0.95).frame().iloc[0]
    ordered = np.sort(values)
    # Conover's table of the binomial: for the median of 200, order statistics 86 and 115
    ranks = {0.1: (12, 29), 0.5: (86, 115), 0.9: (172, 189)}[q]
    assert row["estimate"] == pytest.approx(np.quantile(values, q))
    assert [row["ci_low"], row["ci_high"]] == [ordered[ranks[0] - 1], ordered[ranks[1] - 1]]


def test_too_few_for_a_bound_have_none():
    row = quantiles(pd.DataFrame({"value": [1.0, 2.0], "n": [1, 1]}), [], "value", 0.5, 0.95).frame().iloc[0]
    assert row["estimate"] == 1.5
    assert np.isnan([row["ci_low"], row["ci_high"]]).all()


def test_throughput_by_hand():
    parts = joined(timed("a", *[1.0] * 8), timed("b", *[1.0] * 10), timed("nobody", 1.0))
    row = measure(make(shifts=SHIFTS, people=PEOPLE, **parts), "throughput").iloc[0]
    assert (row["estimate"], row["n"]) == (pytest.approx(18 / 9), 2)


def night(agent: str, *times: str) -> dict:
    parts = timed(agent, *[1.0] * len(times))
    for row, text in zip(parts["annotations"], times, strict=True):
        at = pd.Timestamp(text)
        row |= {"annotated_at": at, "local_date": at.date(), "local_hour": at.hour}
    return parts


def test_work_after_midnight_stays_with_its_shift():
    times = ["2026-11-09 22:00", "2026-11-09 23:30", "2026-11-10 01:00", "2026-11-10 04:00"]
    shifts = [shift("a", handling_minutes=120.0), shift("b", handling_minutes=60.0)]
    parts = joined(night("a", *times), night("b", "2026-11-09 12:00"))
    row = measure(make(shifts=shifts, people=PEOPLE, **parts), "throughput").iloc[0]
    assert row["estimate"] == pytest.approx(5 / 3)


def test_work_on_a_day_without_a_shift_is_not_the_shift_of_the_day_before():
    parts = night("a", "2026-11-09 10:00", "2026-11-10 10:00")
    row = measure(make(shifts=[shift("a", handling_minutes=60.0)], people=PEOPLE, **parts), "throughput").iloc[0]
    assert row["estimate"] == pytest.approx(1)


def test_hours_of_qas_label_nothing_and_are_no_part_of_throughput():
    qa = {"person_id": "q", "role": "qa", "partner": "P", "site": "K"}
    parts = joined(timed("a", *[1.0] * 8), timed("b", *[1.0] * 10))
    tables = make(shifts=[*SHIFTS, shift("q")], people=[*PEOPLE, qa], **parts)
    row = measure(tables, "throughput").iloc[0]
    assert (row["estimate"], row["n"]) == (pytest.approx(18 / 9), 2)


def test_without_agents_nobody_knows_whose_hours_gave_the_labels():
    row = measure(make(shifts=SHIFTS, people=PEOPLE, **timed(None, 1.0)), "throughput").iloc[0]
    assert row["reason"] == "needs annotations.agent_id; not delivered"
