"""Auditors: how often a second audit confirms the first. Every row is a cluster of its own: all of a market's few
auditors are re-audited, so they are strata of the sample and not a sample of auditors (two clusters tell nothing).

A tier-2 audit weighs 1/π, π being its chance given that tier 1 looked; without π, N/n of the tier-1 audits within
site x week. Re-audits for risk, appeal or adhoc reasons without π are left out, as in `judged`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import ibis
import pandas as pd
from ibis import Deferred, _

from labelqa_lib.derived import drawn_with_known_chance
from labelqa_lib.metrics.annotated import chosen, held_chosen, looked_at
from labelqa_lib.metrics.cells import chosen_weeks
from labelqa_lib.metrics.frame import undefined
from labelqa_lib.metrics.held import Held
from labelqa_lib.metrics.joining import Rows
from labelqa_lib.metrics.judged import rate
from labelqa_lib.metrics.metric import SEGMENTS, Asked, Metric
from labelqa_lib.metrics.references import audits_by_reason, beside, first_audits_beside, weighed
from labelqa_lib.store import Tables
from labelqa_lib.telling import first_of_each, told_by
from labelqa_lib.translation import N_


def reaudited(tables: Tables, by: Iterable[str] | None = None) -> ibis.Table:
    """Annotations that tier 2 looked at again: ``label``, ``audit_label`` (tier 1), ``second_label``, ``weight``. `by` as in
    `annotated`."""
    more = ("auditor_id", "audit_label", "drawn", "inclusion_probability", "second_label", "weight")
    return chosen(tables, "reaudited", _reaudited, more, by, looked_at)


def held_reaudited(tables: Tables, by: Iterable[str] | None = None) -> ibis.Table | Held:
    """`reaudited` for whoever only sums it: in memory where the tables are one market's, else left in the engine."""
    return held_chosen(tables, "reaudited", _reaudited, lambda: reaudited(tables, by))


def _reaudited(rows: Rows, tables: Tables) -> Rows:
    first = first_audits_beside(rows, tables).select("annotation_id", "auditor_id", "audit_label")
    second = beside(rows, tables, "audits").filter(_.tier == 2).mutate(drawn=drawn_with_known_chance(_))
    second = first_of_each(second, "annotation_id", ("-drawn", "-audited_at", "audit_id"))
    second = second.select("annotation_id", "drawn", "inclusion_probability", second_label=_.audit_label)
    rows = told_by(told_by(rows, first, ["annotation_id"], always=True), second, ["annotation_id"])
    return weighed(rows, "weight").filter(_.drawn)


@dataclass(frozen=True)
class _Share:
    """Weighted share of `hit` among the re-audited tier-1 audits that are `counted`."""

    hit: Deferred
    counted: Deferred | bool
    of: str

    def __call__(self, tables: Tables, asked: Asked) -> pd.DataFrame:
        if not (audits_by_reason(tables)["tier"] == 2).any():
            return undefined(asked, N_("needs tier-2 audits; not delivered"))
        rows = chosen_weeks(tables, "reaudited", lambda tables: held_reaudited(tables, asked.by), asked.weeks)
        alike = {"alike": "annotation_id", "apart": "annotation_id"}
        return rate(rows, asked, self.hit, self.counted, of=self.of, note="by annotation", **alike)


def _metric(name, title, question, better, formula, hit, counted, of) -> Metric:
    dimensions = (*SEGMENTS, "auditor_id", "label")
    function = _Share(hit, counted, of)
    return Metric(name, "auditor", title, question, "rate", better, ("audits",), dimensions, formula, function)


_PASSED = _.audit_label == _.label

METRICS = (
    _metric(
        "ata_accuracy", N_("ATA accuracy"), N_("How often does a second audit confirm the first?"), "higher",
        "tier-1 audits confirmed by tier 2 / tier-1 audits re-audited",
        _.audit_label == _.second_label, True, N_("re-audited audits"),
    ),
    _metric(
        "false_error_rate", N_("False error rate"), N_("Of the errors that QAs mark, how many does a second audit clear?"),
        "lower", "errors marked by tier 1 where tier 2 finds the label right / re-audited errors of tier 1",
        _.second_label == _.label, ~_PASSED, N_("re-audited errors"),
    ),
    _metric(
        "missed_error_rate", N_("Missed error rate"), N_("Of what QAs pass, in how much does a second audit find an error?"),
        "lower", "labels passed by tier 1 where tier 2 finds an error / re-audited passes of tier 1",
        _.second_label != _.label, _PASSED, N_("re-audited passes"),
    ),
)  # fmt: skip
