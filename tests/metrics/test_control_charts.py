"""Control charts of metrics: limits by hand, a frozen baseline, phases, and how often noise alone sets them off."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.metrics import control, measure
from labelqa_lib.metrics.control import appeals_chart, control_chart
from labelqa_lib.periods import Week, weeks_up_to

from . import snapshots
from .snapshots import joined, labelled, make

STEADY = [95, 94, 96, 95, 94, 96, 95, 94, 96, 95, 94, 96]
DAY = datetime.datetime  # UTC, as the contract has it


@pytest.fixture(autouse=True)
def many_weeks(monkeypatch):
    mondays = {week: pd.Timestamp(Week.parse(week).monday) for week in weeks_up_to("2026-W46", 26)}
    monkeypatch.setattr(snapshots, "MONDAYS", mondays)
    sop = {"sop_version": "string", "policy_area": "string", "effective_from": "timestamp"}
    monkeypatch.setitem(snapshots.SCHEMAS, "sop_versions", sop)


def tables(right: list[int], **more):
    """A market of which so many of 100 audited items are right, week by week, up to 2026-W46; every item alone."""
    weeks = weeks_up_to("2026-W46", len(right))
    parts = [
        labelled(" ".join(["ok>ok"] * good + ["ok>spam"] * (100 - good)), week=week, agent_id=None, handle_seconds=good)
        for week, good in zip(weeks, right, strict=True)
    ]
    return make(weeks=weeks, **joined(*parts), **more)


def effective(frame) -> tuple[np.ndarray, np.ndarray]:
    return frame["estimate"].to_numpy(), frame["n_effective"].to_numpy()


def test_limits_are_those_of_a_p_chart_on_effective_counts():
    frame = control_chart(tables([*STEADY, 95]), "accuracy")
    rate, n = effective(frame)
    centre = (rate * n)[:12].sum() / n[:12].sum()
    reach = 3 * np.sqrt(centre * (1 - centre) / n)
    np.testing.assert_allclose(frame["centre"], centre)
    np.testing.assert_allclose(frame["lower"], centre - reach)
    np.testing.assert_allclose(frame["upper"], np.minimum(centre + reach, 1))
    assert (frame["signal"] == "").all() and (frame["reason"] == "").all() and (frame["phase"] == "").all()
    assert frame["method"].iloc[0].endswith("; wider of p and Laney p′ limits")


def test_it_is_the_metric_frame_and_more():
    opened = tables([*STEADY, 95])
    frame, measured = control_chart(opened, "accuracy"), measure(opened, "accuracy", ["week"])
    assert list(frame.columns) == [
        *measured.columns, "centre", "lower", "upper", "signal", "level", "level_low", "level_high", "drift", "phase",
    ]  # fmt: skip
    pd.testing.assert_frame_equal(frame[measured.columns].drop(columns="method"), measured.drop(columns="method"))


@pytest.mark.slow
def test_weeks_that_differ_by_more_than_chance_have_laneys_limits():
    frame = control_chart(tables([98, 80] * 6 + [80]), "accuracy")
    rate, n = effective(frame)
    centre = (rate * n)[:12].sum() / n[:12].sum()
    z = (rate - centre) / np.sqrt(centre * (1 - centre) / n)
    sigma = np.abs(np.diff(z[:12])).mean() / 1.128
    assert sigma > 1
    np.testing.assert_allclose(frame["lower"], centre - 3 * sigma * np.sqrt(centre * (1 - centre) / n))
    assert frame["signal"].iloc[-1] == ""


@pytest.mark.slow
def test_the_rule_is_named_and_the_last_week_does_not_move_its_own_limits():
    calm, fallen = (control_chart(tables([*STEADY, last]), "accuracy") for last in (95, 70))
    assert fallen["signal"].tolist() == [""] * 12 + ["below the lower limit"]
    np.testing.assert_array_equal(calm["centre"], fallen["centre"])


def test_a_run_is_named_in_words():
    frame = control_chart(tables([98] * 6 + [93] * 7), "accuracy")
    assert frame["signal"].iloc[-1] == "7 in a row below the centre"


@pytest.mark.slow
def test_western_electric_reads_its_own_rules():
    drop = control_chart(tables([98] * 5 + [93] * 8), "accuracy", rules="western_electric")
    assert "8 in a row below the centre" in drop["signal"].iloc[-1]
    with pytest.raises(UsageError, match="run rules"):
        control_chart(tables([*STEADY, 95]), "accuracy", rules="none")


def test_a_phase_starts_with_an_sop_version_where_both_sides_have_enough_weeks():
    sop = [
        {"sop_version": "safety-1", "effective_from": DAY(2026, 1, 5)},  # long before the weeks
        {"sop_version": "safety-2", "effective_from": DAY(2026, 9, 2)},  # W36, the eleventh of 21 weeks
        {"sop_version": "adult-8", "effective_from": DAY(2026, 9, 14)},  # W38: too near to the change before
        {"sop_version": "adult-9", "effective_from": DAY(2026, 11, 2)},  # W45: too near to the week judged
    ]
    frame = control_chart(tables([99, 97] * 5 + [91, 89] * 5 + [90], sop_versions=sop), "accuracy")
    assert frame["phase"].tolist() == [""] * 10 + ["SOP safety-2"] * 11
    assert (frame["signal"] == "").all()
    assert frame["centre"].iloc[[0, -1]].tolist() == pytest.approx([0.98, 0.90], abs=0.005)


def test_four_counted_weeks_on_either_side_are_enough():
    sop = [{"sop_version": "s-2", "effective_from": DAY(2026, 9, 14)}]  # W38, the fifth of the thirteen weeks shown
    opened = tables([99, 97] * 2 + [91, 89] * 4 + [90], sop_versions=sop)
    frame = control_chart(opened, "accuracy")
    assert frame["phase"].tolist() == [""] * 4 + ["SOP s-2"] * 9
    assert frame["centre"].iloc[[0, -1]].tolist() == pytest.approx([0.98, 0.90], abs=0.005)
    assert control_chart(opened, "aht")["phase"].eq("").all()  # four weeks tell too little of how seconds vary


@pytest.mark.slow
@pytest.mark.parametrize(
    ("effective", "week"),
    [
        (DAY(2026, 9, 13, 16), "2026-W38"),  # Monday 00:00 in Kuala Lumpur, still Sunday in UTC
        (DAY(2026, 9, 16, 12), "2026-W38"),  # Wednesday evening: most of the week is left
        (DAY(2026, 9, 17, 12), "2026-W39"),  # Thursday evening: the next week is the first of its own
    ],
)
def test_a_phase_starts_with_the_first_week_that_an_sop_holds_for_most_of_in_the_markets_time(effective, week):
    sop = [{"sop_version": "s-2", "effective_from": effective}]
    frame = control_chart(tables([*STEADY, 95], sop_versions=sop), "accuracy")
    assert frame.loc[frame["phase"] != "", "period"].iloc[0] == week


def test_a_small_lasting_fall_is_named_a_drift_before_a_rule_sees_it():
    frame = control_chart(tables([*[95, 94, 96] * 6, 95, 95, 95, 90, 90, 90, 91, 90]), "accuracy")
    assert (frame["signal"] == "").all() and (frame["drift"].iloc[:-1] == "").all()
    now = frame.iloc[-1]
    assert now["drift"] == "drifted below the lower limit; small deviations below the centre have added up"
    assert now["estimate"] < now["level"] < now["level_low"] < now["centre"] < now["level_high"]


def test_noise_alone_is_seldom_a_drift():
    """As below, 20,000 charts: once in 2,000 weeks, Monte Carlo error 0.0002; rules and drift together 1 in 100."""
    drawn = np.random.default_rng(4)
    rate = drawn.binomial(300, 0.05, (20_000, 13)) / 300
    chart = control._counted(rate, np.full(rate.shape, 300.0), np.arange(13) < 12, [], "nhs")
    last = [drawn.signals[:, -1] != "" for drawn in (control.drift.ewma(chart), control.drift.cusum(chart))]
    assert np.logical_or(*last).mean() < 0.0012


def test_too_few_weeks_before_it_give_no_limits_and_say_so():
    frame = control_chart(tables([95, 95, 94, 60]), "accuracy")
    assert frame["estimate"].notna().all() and frame[["centre", "lower", "upper"]].isna().all(axis=None)
    assert set(frame["reason"]) == {"limits need figures of 8 weeks before this one; there are 3"}
    assert (frame["signal"] == "").all()


def test_a_week_without_figures_keeps_its_own_reason():
    opened = tables([*STEADY, 95])
    unaudited = opened.audits.filter(opened.audits.week != "2026-W40")
    frame = control_chart(snapshots.tables_from(
        {"annotations": opened.annotations, "labels": opened.labels, "audits": unaudited}, opened.snapshot, "MY"
    ), "accuracy").set_index("period")  # fmt: skip
    assert np.isnan(frame.loc["2026-W40", "estimate"]) and frame.loc["2026-W40", "reason"].startswith("no judged")
    assert frame["upper"].drop("2026-W40").notna().all()


def test_what_has_no_count_behind_it_has_xmr_limits():
    frame = control_chart(tables([*STEADY, 95]), "aht")
    steps = np.abs(np.diff(STEADY)).mean()
    np.testing.assert_allclose(frame["centre"], np.mean(STEADY))
    np.testing.assert_allclose(frame["upper"], np.mean(STEADY) + 2.66 * steps)
    assert frame["method"].iloc[-1].endswith("; XmR limits")


def test_a_missing_table_is_the_reason():
    frame = control_chart(tables([*STEADY, 95]), "sla_attainment")
    assert frame["reason"].tolist() == ["needs queue_hours; not delivered"]
    assert np.isnan(frame["upper"].iloc[0]) and frame["signal"].tolist() == [""] and frame["method"].tolist() == [""]


def test_noise_alone_sets_off_the_last_week_about_once_in_a_hundred():
    """12 baseline weeks of 300 items; 20,000 charts: Monte Carlo error 0.0007. p′ limits alone: once in 30."""
    drawn = np.random.default_rng(3)
    rate = drawn.binomial(300, 0.05, (20_000, 13)) / 300
    chart = control._counted(rate, np.full(rate.shape, 300.0), np.arange(13) < 12, [], "nhs")
    assert 0.006 < (chart.signals[:, -1] != "").mean() < 0.014
    laney = control.control.p_chart(rate * 300, 300, np.arange(13) < 12, laney=True)
    assert (laney.signals[:, -1] != "").mean() > 0.025


def test_a_week_on_gold_is_not_judged_by_weeks_on_audits():
    weeks = weeks_up_to("2026-W46", 10)
    parts = [labelled("ok>ok " * 19 + "ok>spam", week=week, agent_id=None) for week in weeks[:-1]]
    parts.append(labelled("ok> " * 20, week=weeks[-1], agent_id=None))
    gold = [{"item_id": row["item_id"], "gold_label": "spam"} for row in parts[-1]["annotations"]]
    frame = control_chart(make(weeks=weeks, **joined(*parts), gold=gold), "accuracy")
    assert frame["estimate"].tolist() == pytest.approx([0.95] * 9 + [0])
    assert frame["upper"].notna().tolist() == [True] * 9 + [False]
    assert (frame["signal"] == "").all() and (frame["drift"] == "").all()
    assert frame["reason"].tolist() == [""] * 9 + ["it stands on gold, the other weeks on audits"]


def test_appeals_have_a_u_chart_per_thousand_annotations():
    weeks = weeks_up_to("2026-W46", 6)
    raised = [2, 3, 2, 3, 2, 40]
    parts = [labelled(" ".join(["ok>ok"] * 100), week=week, agent_id=None) for week in weeks]
    appeals = [
        {"appeal_id": f"{week}-{place}", "target": "annotation", "annotation_id": row["annotation_id"],
         "target_id": row["annotation_id"], "outcome": "pending", "market": "MY", "raised_week": week}
        for week, part, count in zip(weeks, parts, raised, strict=True)
        for place, row in enumerate(part["annotations"][:count])
    ]  # fmt: skip
    frame = appeals_chart(make(weeks=weeks, **joined(*parts), appeals=appeals))
    np.testing.assert_allclose(frame["estimate"], [20, 30, 20, 30, 20, 400])
    centre = sum(raised[:5]) / 0.5
    np.testing.assert_allclose(frame["centre"], centre)
    np.testing.assert_allclose(frame["upper"], centre + 3 * np.sqrt(centre / 0.1))
    assert frame["signal"].tolist()[:5] == [""] * 5 and frame["signal"].iloc[-1] == "above the upper limit"
    assert frame["method"].iloc[-1].endswith("; wider of u and Laney u′ limits")
    few = appeals_chart(make(weeks=weeks, **joined(*parts[3:]), appeals=appeals))
    assert few["upper"].isna().all() and few["reason"].iloc[-1].startswith("limits need figures of 4 weeks")


def test_a_week_without_figures_ends_a_run():
    """Three weeks below the centre, one without audits, four more: no seven in a row."""
    low = [95, 97] * 6 + [96] * 3
    whole = control_chart(tables([*low, 94, 94, 94, 94, 94, 94, 94]), "accuracy")
    opened = tables([*low, 94, 94, 94, 94, 94, 94, 94])
    gap = weeks_up_to("2026-W46", 22)[-4]
    unaudited = opened.audits.filter(opened.audits.week != gap)
    cut = control_chart(snapshots.tables_from(
        {"annotations": opened.annotations, "labels": opened.labels, "audits": unaudited}, opened.snapshot, "MY"
    ), "accuracy")  # fmt: skip
    assert "7 in a row below the centre" in whole["signal"].iloc[-1]
    assert "in a row" not in cut["signal"].iloc[-1]
