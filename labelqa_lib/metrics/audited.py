"""The rate sample as rows: what a search for causes, and whoever looks at single items, needs to know of each."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import pandas as pd
from ibis import _

from labelqa_lib.metrics.auditor import reaudited
from labelqa_lib.metrics.breakdowns import TENURES
from labelqa_lib.metrics.judged import sample
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_

SHIFTS = {N_("night 22-06"): 22, N_("morning 06-14"): 6, N_("afternoon 14-22"): 14}
"""Bands of local hours, by their first hour."""

SCORES = {N_("0 to 0.1"): 0.0, N_("0.1 to 0.5"): 0.1, N_("0.5 to 0.9"): 0.5, N_("0.9 to 1"): 0.9}
"""Bands of the model's score, by their lower end."""

PEOPLE_WITH_FEW = {"agent_id": N_("with few items"), "auditor_id": N_("with few audits")}
"""What those are called who have too few rows to be named."""

WEEKDAYS = (
    N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"),
)  # fmt: skip
"""As the engine names them."""

DIMENSIONS = (
    "partner", "site", "queue", "label", "reference_label", "policy_area", "sop_version", "tenure", "shift", "weekday",
    "content_type", "language", "score_band", "agent_id", "auditor_id",
)  # fmt: skip
"""What rows may be cut by, in the order in which a reader thinks of them."""

_JUDGED = (
    "annotation_id", "item_id", "market", "week", "local_date", "local_hour", "partner", "site", "queue", "label",
    "reference_label", "policy_area", "sop_version", "content_type", "language", "agent_id", "auditor_id", "basis",
    "weight", "handle_seconds",
)  # fmt: skip


def audited_rows(tables: Tables, weeks: Sequence[str] | None = None) -> ibis.Table:
    """One row per annotation of the rate sample, with every dimension that the delivery holds.

    Parameters
    ----------
    tables : Tables
    weeks : sequence of str, optional
        ISO weeks; all of the tables' when None.

    Returns
    -------
    ibis.Table
        Lazy, in the order of `annotation_id`: the judged annotation, `DIMENSIONS` (NULL where not delivered),
        ``is_error`` (0 or 1), ``weight``, ``flips`` (violating taken for benign or the reverse), ``critical``,
        ``error_cause, comment, audit_label`` of its tier-1 audit, ``second_label`` of the tier-2 audit where it was
        drawn with known chance, and the item's ``model_label, model_score, content_ref``.
    """
    rows, _basis = sample(tables, tuple(weeks or tables.weeks))
    rows = rows.select(
        *_JUDGED,
        is_error=ibis.ifelse(_.correct, 0, 1).cast("int64"),
        flips=_.label_violating != _.reference_violating,
        critical=_.critical_error,
        audit_id=_.audit_id,
        weekday=_.local_date.day_of_week.full_name(),
        shift=_shift(rows.local_hour),
    )
    rows = _with_items(_with_people(_with_audits(rows, tables), tables), tables)
    return rows.order_by("annotation_id")


def dimensions(audited: pd.DataFrame, without: Sequence[str] = ()) -> list[str]:
    """Which of `DIMENSIONS` can tell rows apart: those with at least two values, except those named."""
    return [name for name in DIMENSIONS if name not in without and audited[name].nunique() > 1]


def pooled(audited: pd.DataFrame, fewest: int) -> pd.DataFrame:
    """The rows with everybody who has fewer than `fewest` of them, as agent or as auditor, under one name: few items
    tell nothing about a person, and nobody is named for them."""
    named = audited.copy()
    for column, said in PEOPLE_WITH_FEW.items():
        counts = named[column].map(named[column].value_counts())
        named[column] = named[column].mask(counts < fewest, said)
    return named


def _shift(hour: ibis.IntegerValue) -> ibis.StringValue:
    night, morning, afternoon = SHIFTS
    day = ibis.ifelse(hour < SHIFTS[afternoon], morning, afternoon)
    return ibis.ifelse((hour < SHIFTS[morning]) | (hour >= SHIFTS[night]), night, day)


def _with_audits(rows: ibis.Table, tables: Tables) -> ibis.Table:
    nothing = ibis.null("string")
    if tables.audits is None:
        rows = rows.drop("audit_id")
        return rows.mutate(error_cause=nothing, comment=nothing, audit_label=nothing, second_label=nothing)
    first = tables.audits.select("audit_id", "error_cause", "comment", "audit_label")
    rows = rows.left_join(first, "audit_id").drop("audit_id", "audit_id_right")
    second = reaudited(tables).select("annotation_id", "second_label")
    return rows.left_join(second, "annotation_id").drop("annotation_id_right")


def _with_people(rows: ibis.Table, tables: Tables) -> ibis.Table:
    """Weeks since the agent started, in bands; NULL where the start is unknown or still to come."""
    if tables.people is None:
        return rows.mutate(tenure=ibis.null("string"))
    started = tables.people.select(agent_id="person_id", started_on="started_on")
    rows = rows.left_join(started, "agent_id").drop("agent_id_right")
    since = rows.local_date.delta(rows.started_on, unit="day")
    first_days = [(7 * weeks, band) for band, weeks in TENURES.items()]
    bands = ibis.cases(*((since >= day, band) for day, band in reversed(first_days)))
    return rows.mutate(tenure=bands).drop("started_on")


def _with_items(rows: ibis.Table, tables: Tables) -> ibis.Table:
    if tables.items is None:
        nothing = ibis.null("string")
        score = ibis.null("float64")
        return rows.mutate(model_label=nothing, model_score=score, content_ref=nothing, score_band=nothing)
    items = tables.items.select("item_id", "model_label", "model_score", "content_ref")
    rows = rows.left_join(items, "item_id").drop("item_id_right")
    lows = reversed(SCORES.items())
    return rows.mutate(score_band=ibis.cases(*((rows.model_score >= low, band) for band, low in lows)))
