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

from labelqa_lib.derived import drawn_with_known_chance, first_audits, first_of_each
from labelqa_lib.metrics.annotated import chosen, looked_at
from labelqa_lib.metrics.cells import held
from labelqa_lib.metrics.frame import undefined
from labelqa_lib.metrics.judged import rate
from labelqa_lib.metrics.metric import SEGMENTS, WEEK, Asked, Metric
from labelqa_lib.metrics.references import audits_by_reason, design_weight
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_


def reaudited(tables: Tables, by: Iterable[str] | None = None) -> ibis.Table:
    """Annotations that tier 2 looked at again: ``label``, ``audit_label`` (tier 1), ``second_label``, ``weight``. `by` as in
    `annotated`."""
    more = ("auditor_id", "audit_label", "drawn", "inclusion_probability", "second_label", "weight")
    return chosen(tables, "reaudited", _reaudited, more, by, looked_at)


def _reaudited(rows: ibis.Table, tables: Tables) -> ibis.Table:
    first = first_audits(tables.audits).select("annotation_id", "auditor_id", "audit_label")
    second = tables.audits.filter(_.tier == 2)
    second = second.mutate(drawn=drawn_with_known_chance(second))
    second = first_of_each(second, "annotation_id", [second.drawn.desc(), second.audited_at.desc(), second.audit_id])
    second = second.select("annotation_id", "drawn", "inclusion_probability", second_label="audit_label")
    rows = rows.inner_join(first, "annotation_id")
    rows = rows.left_join(second, "annotation_id").drop("annotation_id_right")
    return rows.mutate(weight=design_weight(rows)).filter(_.drawn)


@dataclass(frozen=True)
class _Share:
    """Weighted share of `hit` among the re-audited tier-1 audits that are `counted`."""

    hit: Deferred
    counted: Deferred | bool
    of: str

    def __call__(self, tables: Tables, asked: Asked) -> pd.DataFrame:
        if not (audits_by_reason(tables)["tier"] == 2).any():
            return undefined(asked, N_("needs tier-2 audits; not delivered"))
        rows = held(tables, "reaudited", lambda tables: reaudited(tables, asked.by)).filter(_[WEEK].isin(asked.weeks))
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
