"""Acceptance sampling of delivered lots: which plan, what it does, and how severely to inspect the next lot.

`plans` finds a plan in the standard's `tables` or by two risks, `curves` shows what it does, `switching` follows a
history of lots, `sequential` judges row by row.
"""

from labelqa_lib.stats.acceptance.curves import aoq_curve, aoql, asn_curve, ati_curve, oc_curve, quality_at
from labelqa_lib.stats.acceptance.plans import Plan, Stage, find_plan, plan, plan_by_letter, zero_plan
from labelqa_lib.stats.acceptance.sequential import Sequential, sprt, sprt_curves
from labelqa_lib.stats.acceptance.switching import (
    InspectedLot,
    LotResult,
    Step,
    inspect_lots,
    judge,
    scheme_oc,
    switch,
)

__all__ = [
    "InspectedLot",
    "LotResult",
    "Plan",
    "Sequential",
    "Stage",
    "Step",
    "aoq_curve",
    "aoql",
    "asn_curve",
    "ati_curve",
    "find_plan",
    "inspect_lots",
    "judge",
    "oc_curve",
    "plan",
    "plan_by_letter",
    "quality_at",
    "scheme_oc",
    "sprt",
    "sprt_curves",
    "switch",
    "zero_plan",
]
