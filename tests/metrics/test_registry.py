"""The contract of every metric: what a frame looks like, and what must not change a number."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import ibis
import numpy as np
import pandas as pd
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.metrics import REGISTRY, UNITS, measure, measure_each
from labelqa_lib.metrics.registry import answer, ask

from .snapshots import WEEKS, make, whole

NUMBERS = ["estimate", "ci_low", "ci_high", "n", "n_effective", "method", "reason"]
ENOUGH = 1e-9
FAMILIES = {metric.family for metric in REGISTRY.values()}

NAMES = (
    "accuracy error_rate critical_accuracy fpr fnr fdr for precision recall f1 ata_accuracy false_error_rate "
    "precision_macro precision_weighted recall_macro recall_weighted f1_macro f1_weighted "
    "missed_error_rate inconsistency_rate appeal_rate overturn_rate days_to_resolve days_to_resolve_p90 utilization "
    "occupancy shrinkage aht aht_median aht_p90 throughput sla_attainment backlog backlog_days backlog_age "
    "arrivals_per_day completions_per_day"
).split()


ONE_OF_EACH = (
    "accuracy", "f1", "f1_weighted", "ata_accuracy", "inconsistency_rate", "appeal_rate", "days_to_resolve",
    "utilization", "aht_median", "throughput", "sla_attainment",
)  # fmt: skip
_TABLES = ("annotations", "audits", "items", "gold", "appeals", "people", "shifts", "queue_hours")


@cache
def tables():
    return whole()


@cache
def bare():
    return make(annotations=[{"annotation_id": "x", "item_id": "i", "label": "ok"}])


@cache
def empty():
    return make(**dict.fromkeys(_TABLES, []))


def one_dimension(name: str) -> list[str]:
    return ["site"] if "site" in REGISTRY[name].dimensions else ["queue"]


def check(frame: pd.DataFrame, by: list[str]) -> None:
    """The metric frame's contract."""
    dimensions = [name for name in by if name != "week"]
    assert list(frame.columns) == ["metric", *dimensions, "period", *NUMBERS]
    assert len(frame)
    for name in ("metric", *dimensions, "period", "method", "reason"):
        assert frame[name].dtype == "str" and frame[name].notna().all(), name
    assert frame["n"].dtype == "int64" and (frame["n"] >= 0).all()
    for name in ("estimate", "ci_low", "ci_high", "n_effective"):
        assert frame[name].dtype == "float64", name
    assert np.isfinite(frame["estimate"].dropna()).all()
    assert not (frame["ci_low"] > frame["estimate"] + ENOUGH).any()
    assert not (frame["ci_high"] < frame["estimate"] - ENOUGH).any()
    undefined = frame["estimate"].isna()
    assert (frame.loc[undefined, "reason"] != "").all()
    assert (frame.loc[undefined, "method"] == "").all()
    assert frame.loc[undefined, ["ci_low", "ci_high"]].isna().all(axis=None)
    assert (frame.loc[~undefined, "method"] != "").all()
    assert not frame.duplicated(["metric", *dimensions, "period"]).any()
    pd.testing.assert_frame_equal(frame, frame.sort_values([*dimensions, "period"], ignore_index=True))


def test_every_metric_of_the_issue_is_registered():
    assert sorted(REGISTRY) == sorted(NAMES)
    assert FAMILIES == {"quality", "auditor", "agreement", "appeals", "workforce", "service"}


@pytest.mark.parametrize("name", REGISTRY)
def test_a_metric_describes_itself(name):
    metric = REGISTRY[name]
    assert metric.name == name
    assert metric.unit in ("rate", "seconds", "hours", "days", "per_day", "per_hour", "count")
    assert UNITS[name] == metric.unit
    assert metric.better in ("higher", "lower", None)
    assert metric.title and metric.question.endswith("?") and metric.formula and metric.needs
    assert {"market", "week"} <= set(metric.dimensions)


@pytest.mark.slow
@pytest.mark.parametrize("name", REGISTRY)
def test_every_metric_by_every_dimension(name):
    metric = REGISTRY[name]
    for by in [[], ["week"], *([dimension] for dimension in metric.dimensions if dimension != "week")]:
        frame = measure(tables(), name, by)
        check(frame, by)
        assert frame["estimate"].notna().any(), by
        if metric.unit == "rate":
            assert frame["estimate"].dropna().between(0, 1).all()
    check(measure(tables(), name, [*metric.dimensions[:2], "week"]), [*metric.dimensions[:2], "week"])


@pytest.mark.slow
@pytest.mark.parametrize("name", REGISTRY)
def test_weeks_are_periods(name):
    last, weekly = measure(tables(), name), measure(tables(), name, ["week"])
    pooled = measure(tables(), name, weeks=WEEKS)
    assert last["period"].tolist() == ["2026-W46"]
    assert weekly["period"].tolist() == list(WEEKS)
    assert pooled["period"].tolist() == ["2026-W45..2026-W46"]
    pd.testing.assert_series_equal(last.iloc[0], weekly.iloc[1], check_names=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", REGISTRY)
def test_a_frame_may_tell_the_degrees_of_freedom_of_its_intervals(name):
    for here in (tables(), bare(), empty()):
        asked = ask(here, REGISTRY[name], one_dimension(name), None, 0.95)
        frame = answer(here, replace(asked, degrees=True))
        pd.testing.assert_frame_equal(frame.drop(columns="degrees"), measure(here, name, one_dimension(name)))
        assert frame.columns[-1] == "degrees" and (frame["degrees"] >= 1).all()


@pytest.mark.parametrize("name", REGISTRY)
def test_with_nothing_but_annotations_it_answers_or_says_what_it_needs(name):
    frame = measure(bare(), name, ["market", "week"])
    check(frame, ["market", "week"])
    assert frame["estimate"].isna().all()
    assert frame["n"].tolist() == [0]
    assert frame["reason"].iloc[0].startswith("needs ")
    assert frame["reason"].iloc[0].endswith(("; not delivered", "; neither was delivered"))


@pytest.mark.slow
@pytest.mark.parametrize("name", REGISTRY)
def test_empty_tables_are_no_figure_and_no_error(name):
    for by in ([], ["market"], ["market", "week"]):
        frame = measure(empty(), name, by)
        check(frame, by)
        assert frame["estimate"].isna().all() and (frame["n"] == 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["accuracy", "f1", "aht", "aht_median", "appeal_rate", "inconsistency_rate"])
def test_a_dimension_that_is_empty_is_one_row_with_its_reason(name):
    rows = [row | {"queue": None} for row in _rows("annotations")]
    frame = measure(make(annotations=rows, audits=_rows("audits"), appeals=_rows("appeals")), name, ["queue", "week"])
    check(frame, ["queue", "week"])
    assert frame["reason"].tolist() == ["needs annotations.queue; not delivered"]
    assert frame["n"].iloc[0] > 0


@pytest.mark.slow
def test_the_order_of_rows_changes_nothing():
    given = {name: _rows(name) for name in _TABLES}
    for rows in given.values():
        random.Random(1).shuffle(rows)
    shuffled = make(**given)
    for name in ONE_OF_EACH:
        by = one_dimension(name)
        pd.testing.assert_frame_equal(measure(shuffled, name, by), measure(tables(), name, by))


@pytest.mark.slow
def test_the_names_of_agents_change_nothing():
    names = dict(zip("abcd", "zkfx", strict=True))
    given = {name: _rows(name) for name in _TABLES}
    for table, column in (("annotations", "agent_id"), ("people", "person_id"), ("shifts", "person_id")):
        given[table] = [row | {column: names[row[column]]} for row in given[table]]
    renamed = make(**given)
    for name in ONE_OF_EACH:
        by = one_dimension(name)
        pd.testing.assert_frame_equal(measure(renamed, name, by), measure(tables(), name, by))


@pytest.mark.slow
def test_weights_scaled_by_a_constant_change_nothing():
    audits = [row | {"inclusion_probability": (row["inclusion_probability"] or 1) / 2} for row in _rows("audits")]
    given = {name: _rows(name) for name in _TABLES} | {"audits": audits}
    scaled = make(**given)
    for name in ("accuracy", "fnr", "f1", "ata_accuracy"):
        pd.testing.assert_frame_equal(measure(scaled, name, ["site"]), measure(tables(), name, ["site"]))


@pytest.mark.slow
def test_every_question_can_be_put_to_another_engine(monkeypatch):
    put = []
    for name in ("execute", "cache", "to_pyarrow"):
        do = getattr(ibis.Table, name)
        monkeypatch.setattr(ibis.Table, name, lambda table, *args, do=do, **options: put.append(table) or do(table))
    for here in (whole(), whole(None)):
        for name in ONE_OF_EACH:
            measure(here, name, [*one_dimension(name), "week"])
        assert len(put) > len(ONE_OF_EACH)
    for question in put:
        assert ibis.to_sql(question, dialect="postgres")


def test_several_at_once():
    frame = measure_each(tables(), ["accuracy", "fpr"], ["week"])
    assert frame["metric"].tolist() == ["accuracy", "accuracy", "fpr", "fpr"]


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ({"metric": "truth"}, "accuracy, "),
        ({"metric": "aht", "by": ["auditor_id"]}, "it can by market, "),
        ({"metric": "aht", "weeks": ["2026-W01"]}, "2026-W45, 2026-W46"),
        ({"metric": "aht", "weeks": []}, "2026-W45, 2026-W46"),
        ({"metric": "aht", "weeks": ["last"]}, "2026-W46"),
        ({"metric": "aht", "confidence": 95}, "0.95"),
    ],
)
def test_what_cannot_be_asked_lists_what_can(asked, allowed):
    with pytest.raises(UsageError, match=allowed):
        measure(tables(), **asked)


def test_a_wider_confidence_is_a_wider_interval():
    narrow, wide = (measure(tables(), "accuracy", confidence=confidence).iloc[0] for confidence in (0.8, 0.99))
    assert wide["ci_low"] < narrow["ci_low"] < narrow["ci_high"] < wide["ci_high"]


def _rows(name: str) -> list[dict]:
    """A table of `whole` as a list of rows."""
    frame = getattr(tables(), name).execute()
    return frame.astype(object).where(frame.notna(), None).to_dict("records")
