"""What moved, and whether that is more than noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labelqa_lib.metrics import change, compare_segments, measure, split_change
from labelqa_lib.stats.change import p_value
from labelqa_lib.stats.intervals import newcombe

from . import snapshots
from .snapshots import WEEKS, joined, labelled, make, whole

COLUMNS = ["period", "baseline", "difference", "ci_low", "ci_high", "more_than_noise", "method", "reason"]


def moved(before: int, now: int, of: int = 100):
    """One market whose agents label `before` of `of` rightly in the first week, and `now` of them in the second."""
    return make(
        **joined(
            *(
                labelled(" ".join(["ok>ok"] * right + ["ok>spam"] * (of - right)), week=week, agent_id=None, site="K")
                for week, right in zip(WEEKS, (before, now), strict=True)
            )
        )
    )


def test_the_difference_is_newcombes():
    frame = measure(moved(96, 80), "accuracy", ["site", "week"])
    row = change(frame)
    assert list(row.columns) == ["metric", "site", *COLUMNS]
    before, now = frame[["estimate", "ci_low", "ci_high"]].to_numpy()
    assert row[["difference", "ci_low", "ci_high"]].iloc[0].tolist() == pytest.approx(newcombe(*now, *before))
    told = row[["period", "baseline", "more_than_noise", "reason"]].iloc[0].tolist()
    assert told == ["2026-W46", "2026-W45", True, ""]


def test_noise_is_called_noise():
    assert not change(measure(moved(90, 88), "accuracy", ["week"]))["more_than_noise"].iloc[0]


def test_the_week_before_is_the_calendars():
    frame = measure(moved(96, 80), "accuracy", ["week"])
    skipped = frame.replace({"period": {"2026-W45": "2026-W44"}})
    row = change(skipped).iloc[0]
    assert np.isnan(row["difference"]) and not row["more_than_noise"]
    assert row["reason"] == "no figure for 2026-W45"


@pytest.mark.slow
def test_a_first_week_has_no_earlier_one():
    frame = measure(moved(96, 80), "accuracy", ["week"])
    assert change(frame.tail(1))["reason"].tolist() == ["no earlier week"]


@pytest.mark.slow
def test_gold_is_not_compared_with_audits():
    parts = joined(
        labelled(" ".join(["ok>ok"] * 40), agent_id="a", week=WEEKS[0]), labelled(" ".join(["ok>"] * 40), agent_id="b")
    )
    gold = [{"item_id": row["item_id"], "gold_label": "spam"} for row in parts["annotations"]]
    tables = make(**parts, gold=gold)
    row = change(measure(tables, "accuracy", ["week"])).iloc[0]
    assert np.isnan(row[["difference", "ci_low", "ci_high"]].astype(float)).all() and not row["more_than_noise"]
    assert row["reason"] == "only one of 2026-W46 and 2026-W45 stands on gold"
    assert compare_segments(tables, "accuracy", [()]).empty
    assert split_change(tables, "market").empty


def test_an_undefined_side_gives_its_reason():
    frame = measure(moved(96, 80), "fnr", ["week"])
    frame.loc[0, ["estimate", "ci_low", "ci_high"]] = np.nan
    frame.loc[0, "reason"] = "nobody looked"
    assert change(frame)["reason"].tolist() == ["nobody looked"]


def test_a_count_moves_without_an_interval():
    row = change(measure(whole(), "backlog", ["week"])).iloc[0]
    assert row["difference"] == 6  # two queues, three days later each
    assert np.isnan(row["ci_low"]) and not row["more_than_noise"]
    assert row["reason"] == "a count has no interval"


def test_a_mean_moves_by_its_intervals():
    row = change(measure(whole(), "aht", ["week"])).iloc[0]
    assert row["difference"] == pytest.approx(24)
    assert row["ci_low"] < 24 < row["ci_high"]


def test_a_missing_metric_has_no_change():
    frame = measure(make(annotations=[]), "accuracy", ["week"])
    assert change(frame)["reason"].tolist() == ["needs audits or gold; neither was delivered"]


@pytest.mark.slow
def test_segments_by_hand():
    frame = compare_segments(moved(96, 80), "accuracy", [(), "site"])
    assert frame["segment"].tolist() == [{}, {"site": "K"}]
    assert frame["depth"].tolist() == [0, 1]
    row = frame.iloc[1]
    assert row[["period", "n", "n_baseline", "volume"]].tolist() == ["2026-W46", 100, 100, 100]
    assert row[["estimate", "baseline", "difference"]].tolist() == pytest.approx([0.8, 0.96, -0.16])
    assert row["p_value"] < 0.001
    assert compare_segments(moved(90, 90), "accuracy", [()])["p_value"].tolist() == [1]


def timed(people: int, week: str, seconds: float):
    """So many agents with ten annotations each, whose handle times differ by 2 seconds from one to the next."""
    each = [labelled("ok> " * 10, week=week, agent_id=f"{week}{one}", handle_seconds=seconds + 2.0 * one) for one in range(people)]
    return joined(*each)


def test_the_chance_of_a_move_knows_how_few_clusters_told_of_it():
    tables = make(**joined(timed(12, WEEKS[0], 30.0), timed(4, WEEKS[1], 48.0)))
    (row,) = compare_segments(tables, "aht", [()]).to_dict("records")
    assert row["difference"] == 10 and row["difference_low"] > 0
    arm = stats.t.ppf(0.975, 3) * row["difference"] / (row["difference"] - row["difference_low"])
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(arm, 3)), "four agents this week: three degrees of freedom"
    # the other way round the few are on the other side
    tables = make(**joined(timed(4, WEEKS[0], 48.0), timed(12, WEEKS[1], 30.0)))
    assert compare_segments(tables, "aht", [()])["p_value"].tolist() == pytest.approx([row["p_value"]])


def test_the_chance_of_a_move_without_a_t_is_the_normal_distributions():
    rows = [labelled("ok> " * 40, week=week, agent_id="a", handle_seconds=5.0 + place) for place, week in enumerate(WEEKS)]
    (row,) = compare_segments(make(**joined(*rows)), "aht_median", [()]).to_dict("records")
    known = p_value(row["difference"], row["difference_low"], row["difference_high"])
    assert row["p_value"] == pytest.approx(known)


@pytest.mark.slow
def test_small_and_unnamed_segments_are_not_compared():
    assert compare_segments(moved(20, 10, of=29), "accuracy", [()]).empty
    assert compare_segments(moved(96, 80), "accuracy", ["queue"]).empty


def test_the_volume_is_what_the_rate_is_about():
    tables = make(**joined(*(labelled("spam>ok ok>ok spam>spam " * 40, week=week, agent_id="a",
                                      audit={"inclusion_probability": 0.5}) for week in WEEKS)))  # fmt: skip
    of = {name: compare_segments(tables, name, [()])["volume"].tolist() for name in ("accuracy", "fpr", "fdr")}
    assert of == {"accuracy": [240], "fpr": [160], "fdr": [160]}


@pytest.mark.slow
def test_by_default_the_metrics_own_dimensions_are_searched():
    depths = compare_segments(moved(96, 80), "accuracy")["segment"].tolist()
    assert {"site": "K", "label": "ok"} in depths and {"label": "ok"} in depths


def test_the_first_week_has_nothing_to_be_compared_with():
    tables = make(weeks=WEEKS[1:], **labelled("ok>ok"))
    frame = compare_segments(tables, "accuracy", [(), "site"])
    assert isinstance(frame, pd.DataFrame) and frame.empty and "p_value" in frame


def test_recent_weeks_are_the_calendars(monkeypatch):
    monkeypatch.setitem(snapshots.MONDAYS, "2026-W42", pd.Timestamp("2026-10-12"))
    parts = joined(
        labelled("ok> " * 40, week="2026-W42", agent_id="a", handle_seconds=5.0),
        labelled("ok> " * 40, week="2026-W46", agent_id="a", handle_seconds=9.0),
    )
    tables = make(weeks=("2026-W42", "2026-W46"), **parts)
    # of the last two calendar weeks one has data; of the last five all have, and none is left to compare with
    row = compare_segments(tables, "aht", [()], recent=2).iloc[0]
    assert (row["n"], row["n_baseline"], row["difference"]) == (40, 40, 4)
    assert compare_segments(tables, "aht", [()], recent=5).empty
