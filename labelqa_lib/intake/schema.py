"""The data contract, stated once in pandera: 14 tables, their columns, types, keys, references and rules.

Rejects come from these same checks, row by row (`rules`); the accepted tables are validated with them as a whole.
Columns whose name begins with an underscore are looked up in other tables before the checks run (`derive`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import ibis.expr.datatypes as dt
from pandera.ibis import Check, Column, DataFrameSchema

from labelqa_lib.intake import checks

REQUIRED_TABLES = ("labels", "annotations")

TEXT, DAY, FLAG, COUNT, MEASURE = dt.string, dt.date, dt.boolean, dt.int64, dt.float64
TIME = dt.Timestamp(scale=6)


def contract(now: datetime) -> dict[str, DataFrameSchema]:
    """Every table of the contract, in an order in which references point back.

    Parameters
    ----------
    now : datetime
        What has not happened yet at this instant is in the future.

    Returns
    -------
    dict of str to DataFrameSchema
        `unique` is the table's key; a column that is not nullable must be delivered; a column's metadata may hold
        `references` (``labels.label``) and `derived` (made by intake, never delivered).
    """
    past = checks.Past(now)
    return {
        "labels": _table(
            key=["label"],
            label=_column(TEXT),
            policy_area=_column(TEXT),
            violating=_column(FLAG),
            critical=_column(FLAG),
            order=_column(COUNT),
            title=_optional(TEXT),
        ),
        "people": _table(
            key=["person_id"],
            person_id=_column(TEXT),
            role=_column(TEXT, checks.one_of("role", "agent", "qa", "auditor")),
            market=_column(TEXT, checks.market_code()),
            partner=_column(TEXT),
            site=_column(TEXT),
            started_on=_column(DAY),
            target_live_on=_optional(DAY),
            live_on=_optional(DAY),
            left_on=_optional(DAY),
            team=_optional(TEXT),
            languages=_optional(TEXT),
            together=[checks.ordered("started_on", "live_on"), checks.ordered("started_on", "left_on")],
        ),
        "sop_versions": _table(
            key=["sop_version", "policy_area"],
            sop_version=_column(TEXT),
            policy_area=_column(TEXT),
            effective_from=_column(TIME),
            summary=_column(TEXT),
            changed_labels=_optional(TEXT),
        ),
        "items": _table(
            key=["item_id"],
            item_id=_column(TEXT),
            market=_column(TEXT, checks.market_code()),
            queue=_optional(TEXT),
            policy_area=_optional(TEXT),
            content_type=_optional(TEXT),
            language=_optional(TEXT),
            arrived_at=_optional(TIME, past.time("arrived_at")),
            model_label=_optional(TEXT, references="labels.label"),
            model_score=_optional(MEASURE, checks.between("model_score", 0, 1)),
            content_ref=_optional(TEXT),
        ),
        "annotations": _table(
            key=["annotation_id"],
            annotation_id=_column(TEXT),
            item_id=_column(TEXT, references="items.item_id"),
            market=_column(TEXT, checks.market_code()),
            label=_column(TEXT, references="labels.label"),
            annotated_at=_column(TIME, past.time("annotated_at")),
            partner=_optional(TEXT),
            site=_optional(TEXT),
            queue=_optional(TEXT),
            agent_id=_optional(TEXT),
            handle_seconds=_optional(MEASURE, checks.between("handle_seconds", 0, 24 * 3600)),
            sop_version=_optional(TEXT),
            blind=_optional(FLAG),
            content_type=_optional(TEXT),
            language=_optional(TEXT),
            week=_derived(TEXT),
            local_date=_derived(DAY),
            local_hour=_derived(COUNT),
        ),
        "audits": _table(
            key=["audit_id"],
            audit_id=_column(TEXT),
            annotation_id=_column(TEXT, references="annotations.annotation_id"),
            tier=_column(COUNT, checks.between("tier", 1, 2)),
            auditor_id=_column(TEXT),
            audit_label=_column(TEXT, references="labels.label"),
            audited_at=_column(TIME, past.time("audited_at")),
            blind=_optional(FLAG),
            sampling_reason=_optional(
                TEXT, checks.one_of("sampling_reason", "random", "risk", "gold", "appeal", "adhoc")
            ),
            stratum=_optional(TEXT),
            inclusion_probability=_optional(MEASURE, checks.probability("inclusion_probability")),
            error_cause=_optional(
                TEXT,
                checks.one_of(
                    "error_cause",
                    *("knowledge", "attention", "sop_unclear", "sop_changed", "tool", "language", "other"),
                ),
            ),
            comment=_optional(TEXT),
            market=_derived(TEXT),
            week=_derived(TEXT),
            together=[
                checks.ordered("_annotated_at", "audited_at", "audited_at lies before the annotation"),
                checks.differ("auditor_id", "_annotated_by", "auditor_id audits their own annotation"),
            ],
        ),
        "gold": _table(
            key=["item_id", "sop_version"],
            item_id=_column(TEXT),
            gold_label=_column(TEXT, references="labels.label"),
            sop_version=_optional(TEXT),
            set_at=_column(TIME, past.time("set_at")),
        ),
        "appeals": _table(
            key=["appeal_id"],
            appeal_id=_column(TEXT),
            target=_column(TEXT, checks.one_of("target", "annotation", "audit")),
            target_id=_column(TEXT),
            raised_by=_column(TEXT, checks.one_of("raised_by", "customer", "agent", "site")),
            raised_at=_column(TIME, past.time("raised_at")),
            resolved_at=_optional(TIME, past.time("resolved_at")),
            outcome=_column(TEXT, checks.one_of("outcome", "pending", "upheld", "overturned", "withdrawn")),
            final_label=_optional(TEXT, references="labels.label"),
            market=_derived(TEXT),
            annotation_id=_derived(TEXT),
            raised_week=_derived(TEXT),
            resolved_week=_derived(TEXT, nullable=True),
            together=[
                checks.there("annotation_id", "target_id is not a known annotation or audit"),
                checks.ordered("raised_at", "resolved_at"),
                checks.ordered("_annotated_at", "raised_at", "raised_at lies before the annotation"),
            ],
        ),
        "shifts": _table(
            key=["person_id", "date"],
            person_id=_column(TEXT, references="people.person_id"),
            date=_column(DAY, past.day("date")),
            scheduled_minutes=_column(MEASURE, checks.minutes("scheduled_minutes")),
            paid_minutes=_column(MEASURE, checks.minutes("paid_minutes")),
            available_minutes=_column(MEASURE, checks.minutes("available_minutes")),
            handling_minutes=_column(MEASURE, checks.minutes("handling_minutes")),
            auxiliary_minutes=_optional(MEASURE, checks.minutes("auxiliary_minutes")),
            week=_derived(TEXT),
        ),
        "queue_hours": _table(
            key=["market", "queue", "hour"],
            market=_column(TEXT, checks.market_code()),
            queue=_column(TEXT),
            hour=_column(TIME, past.time("hour")),
            arrived=_column(COUNT, checks.not_negative("arrived")),
            completed=_column(COUNT, checks.not_negative("completed")),
            completed_within_sla=_column(COUNT, checks.not_negative("completed_within_sla")),
            backlog=_column(COUNT, checks.not_negative("backlog")),
            sla_minutes=_optional(MEASURE, checks.not_negative("sla_minutes")),
            week=_derived(TEXT),
            together=[
                checks.ordered("completed_within_sla", "completed", "completed_within_sla is more than completed")
            ],
        ),
        "quiz_answers": _table(
            key=["quiz_id", "person_id", "question_id", "attempt"],
            quiz_id=_column(TEXT),
            person_id=_column(TEXT, references="people.person_id"),
            question_id=_column(TEXT),
            attempt=_column(COUNT, checks.between("attempt", 1, 1000)),
            answer=_column(TEXT),
            correct_answer=_column(TEXT),
            points=_optional(MEASURE),
            taken_at=_column(TIME, past.time("taken_at")),
            policy_area=_optional(TEXT),
            week=_derived(TEXT),
        ),
        "requests": _table(
            key=["request_id"],
            request_id=_column(TEXT),
            market=_column(TEXT, checks.market_code()),
            requested_by=_column(TEXT, checks.one_of("requested_by", "algorithm", "policy", "operations")),
            title=_column(TEXT),
            queue=_column(TEXT),
            sop_version=_optional(TEXT),
            items_requested=_column(COUNT, checks.not_negative("items_requested")),
            items_delivered=_column(COUNT, checks.not_negative("items_delivered")),
            accuracy_target=_optional(MEASURE, checks.between("accuracy_target", 0, 1)),
            opened_on=_column(DAY, past.day("opened_on")),
            due_on=_column(DAY),
            delivered_on=_optional(DAY, past.day("delivered_on")),
            status=_column(TEXT, checks.one_of("status", "draft", "sop_review", "labelling", "delivered", "cancelled")),
            together=[checks.ordered("opened_on", "delivered_on")],
        ),
        "sop_acknowledgements": _table(
            key=["sop_version", "person_id"],
            sop_version=_column(TEXT, references="sop_versions.sop_version"),
            person_id=_column(TEXT, references="people.person_id"),
            acknowledged_at=_column(TIME, past.time("acknowledged_at")),
        ),
        "actions": _table(
            key=["action_id"],
            action_id=_column(TEXT),
            market=_column(TEXT, checks.market_code()),
            partner=_optional(TEXT),
            site=_optional(TEXT),
            finding_code=_column(TEXT),
            action=_column(TEXT),
            owner=_column(TEXT),
            opened_on=_column(DAY, past.day("opened_on")),
            due_on=_column(DAY),
            closed_on=_optional(DAY, past.day("closed_on")),
            status=_column(TEXT, checks.one_of("status", "open", "doing", "done", "dropped")),
            expected_gain=_optional(MEASURE),
            together=[checks.ordered("opened_on", "closed_on")],
        ),
    }


def _table(key: list[str], together: Iterable[Check] = (), **columns: Column) -> DataFrameSchema:
    return DataFrameSchema(columns, unique=key, checks=list(together))


def _column(dtype: dt.DataType, *rules: Check, references: str | None = None, nullable: bool = False) -> Column:
    return Column(dtype, checks=list(rules), nullable=nullable, metadata={"references": references})


def _optional(dtype: dt.DataType, *rules: Check, references: str | None = None) -> Column:
    return _column(dtype, *rules, references=references, nullable=True)


def _derived(dtype: dt.DataType, nullable: bool = False) -> Column:
    return Column(dtype, nullable=nullable, metadata={"derived": True})
