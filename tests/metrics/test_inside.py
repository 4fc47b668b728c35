"""The same figures inside a segment: read off the frames of the whole, and the rows behind them counted by hand."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.metrics import against, behind, confusion, control_chart, handle_times, measure, measure_inside, spread
from tests.sampling.worlds import WEEKS, market

from .snapshots import joined, labelled, make


@pytest.mark.parametrize("metric", ["accuracy", "fnr", "aht"])
def test_inside_a_segment_is_the_segments_row(metric):
    tables = market()
    whole = measure(tables, metric, ["site", "queue", "week"])
    inside = measure_inside(tables, metric, {"site": "K"}, ["queue", "week"])
    expected = whole[whole["site"] == "K"].drop(columns="site").reset_index(drop=True)
    pd.testing.assert_frame_equal(inside, expected, check_exact=True)
    assert measure_inside(tables, metric, {}, ["site"]).equals(measure(tables, metric, ["site"]))
    assert measure_inside(tables, metric, {"site": "K"}, ["site"])["n"].tolist() == [
        measure(tables, metric, ["site"]).set_index("site")["n"]["K"]
    ]


behind_module = import_module("labelqa_lib.metrics.behind")  # the name in `metrics` is the function


def test_a_segment_without_rows_says_so_and_a_wrong_one_is_refused():
    frame = measure_inside(market(), "accuracy", {"site": "Z", "agent_id": "a01"})
    assert frame["estimate"].isna().all() and frame["reason"].tolist() == ["nothing of site Z, agent a01 in 2026-W46"]
    assert "needs annotations.language" in measure_inside(market(), "accuracy", {"language": "ms"})["reason"][0]
    with pytest.raises(UsageError, match="cannot be measured by 'colour'"):
        measure_inside(market(), "accuracy", {"colour": "red"})


def test_charts_people_and_confusions_inside_a_segment():
    tables = market()
    chart = control_chart(tables, "accuracy", segment={"site": "K"})
    assert chart["estimate"].tolist() == measure_inside(tables, "accuracy", {"site": "K"}, ["week"])["estimate"].tolist()
    people = spread(tables, "agent_id", WEEKS, 10, segment={"site": "L"})
    assert set(people["agent_id"]) == {f"a{one}" for one in range(16, 24)}
    assert people["expected"].iloc[0] == measure_inside(tables, "error_rate", {"site": "L"}, (), WEEKS)["estimate"][0]
    pairs, both = confusion(tables, segment={"site": "K"}), confusion(tables)
    other = confusion(tables, segment={"site": "L"})
    assert pairs["n"].sum() + other["n"].sum() == both["n"].sum() and 0 < pairs["n"].sum() < both["n"].sum()
    recall = measure_inside(tables, "recall", {"site": "K"}, ["label"]).set_index("label")["estimate"]
    right = pairs[pairs["label"] == pairs["reference_label"]].set_index("label")["share"]
    assert right.to_dict() == pytest.approx(recall.to_dict())


def test_against_what_it_was():
    tables = market()
    now, then = (measure(tables, "accuracy", ["site"], weeks) for weeks in (WEEKS[-1:], WEEKS[:-1]))
    moved = against(now, then)
    assert moved["difference"].tolist() == pytest.approx((now["estimate"] - then["estimate"]).tolist())
    assert (moved["difference_low"] < moved["difference"]).all() and (moved["difference"] < moved["difference_high"]).all()
    assert moved["n_baseline"].tolist() == then["n"].tolist()
    alone = against(now, then.iloc[:0])
    assert alone["difference"].isna().all() and alone["n_baseline"].tolist() == [0, 0] and alone["n"].equals(now["n"])


def test_the_rows_behind_a_figure_are_paged_in_order_and_counted():
    tables = market()
    n = measure_inside(tables, "accuracy", {"site": "K"})["n"][0]
    pages = [behind(tables, "accuracy", WEEKS[-1:], {"site": "K"}, page, 40) for page in range(n // 40 + 2)]
    assert {total for _rows, total in pages} == {n}
    names = [name for rows, _total in pages for name in rows["annotation_id"]]
    assert len(names) == n == len(set(names)) and names == sorted(names)
    assert set(pages[0][0]["site"]) == {"K"} and pages[0][0]["audit_label"].notna().all()
    wrong, errors = behind(tables, "accuracy", WEEKS[-1:], {"site": "K"}, 0, 1000, wrong=True)
    assert errors == len(wrong) and (wrong["label"] != wrong["reference_label"]).all()
    right = confusion(tables, segment={"site": "K"}).query("label != reference_label")["n"].sum()
    assert errors == right
    violating = behind(tables, "fnr", WEEKS[-1:], {}, 0, 1)[1]
    assert violating == measure(tables, "fnr")["n"][0]
    assert behind(tables, "aht", WEEKS, {}, 0, 1)[1] == 3200
    with pytest.raises(UsageError, match="do not tell auditor_id; take that filter out"):
        behind(tables, "aht", WEEKS, {"auditor_id": "Q0"})
    with pytest.raises(UsageError, match="at least 1 row"):
        behind(tables, "aht", WEEKS, {}, 0, 0)


@pytest.mark.parametrize("most", [0, 10**6])
def test_pages_are_the_same_whoever_puts_them_in_order(most, monkeypatch):
    monkeypatch.setattr(behind_module, "MOST_SORTED", most)
    rows, total = behind(market(), "accuracy", WEEKS[-1:], {"site": "K"}, 1, 7)
    alone = [behind(market(), "accuracy", WEEKS[-1:], {"site": "K"}, place, 1)[0] for place in range(7, 14)]
    assert rows["annotation_id"].tolist() == [one["annotation_id"].iloc[0] for one in alone] == sorted(rows["annotation_id"])
    assert total == measure_inside(market(), "accuracy", {"site": "K"})["n"][0]
    beyond, same = behind(market(), "accuracy", WEEKS[-1:], {"site": "K"}, 10**6, 7)
    assert beyond.empty and same == total


def test_words_of_both_audits_stand_beside_the_row():
    parts = labelled("ok>spam ok>ok", audit={"error_cause": "knowledge", "comment": "=1+1"})
    parts["audits"].append(parts["audits"][0] | {"audit_id": "second", "tier": 2, "audit_label": "hate"})
    parts["audits"].append(parts["audits"][0] | {"audit_id": "alone", "annotation_id": "of no first audit", "tier": 2})
    rows, total = behind(make(**parts), "accuracy", ["2026-W46"], {})
    first = rows.iloc[0]
    assert total == 2 and first[["audit_label", "second_label", "reference_label"]].tolist() == ["spam", "hate", "hate"]
    assert first[["error_cause", "comment"]].tolist() == ["knowledge", "=1+1"]
    assert rows["second_label"].isna().tolist() == [False, True]


def test_rows_without_audits_or_items_are_shown_with_gaps():
    rows, total = behind(make(annotations=[{"annotation_id": "x", "item_id": "i", "market": "MY", "week": "2026-W46", "label": "ok"}]),
                         "aht", ["2026-W46"], {"site": "not given"})  # fmt: skip
    assert total == 1 and rows[["audit_label", "comment", "content_ref"]].isna().all(axis=None)


def test_handle_times_keep_every_annotation_in_cells_of_one_width():
    parts = labelled(" ".join(["ok>ok"] * 201))
    for place, row in enumerate(parts["annotations"]):
        row["handle_seconds"] = float(place) if place < 200 else 5000.0
    frame = handle_times(make(**parts), ["2026-W46"], {})
    assert frame["annotations"].sum() == 201 and set(np.diff(frame["low"])) == {5.0}
    assert frame["annotations"].iloc[:-2].eq(5).all() and frame["high"].iloc[-1] == np.inf
    assert (frame["high"].iloc[:-1].to_numpy() == frame["low"].iloc[1:].to_numpy()).all()
    assert handle_times(make(**joined(labelled("ok>ok"))), ["2026-W46"], {}).empty
