"""What would settle a figure whose interval is too wide to judge: how much more of what it counts, and whether audits tell it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.errors import UsageError
from labelqa_lib.findings.catalogue import auditing
from labelqa_lib.findings.finding import Finding, Recommendation
from labelqa_lib.findings.worth import costs, title_of
from labelqa_lib.metrics import REGISTRY
from labelqa_lib.stats import sizing, targets
from labelqa_lib.translation import N_forms, say

EVERY = {"quality": ("accuracy", "error_rate", "critical_accuracy"), "auditor": ("ata_accuracy",)}
"""Families that audits tell, by tier 1 and by tier 2, and of each the metrics in which every such audit counts."""

_NOT_DRAWN = {"workforce", "service"}
"""Families that count all there was: nobody can draw more of it."""

_WOULD = {
    "quality": N_forms("about {n} more audit would settle it", "about {n} more audits would settle it"),
    "auditor": N_forms("about {n} more second audit would settle it", "about {n} more second audits would settle it"),
    "inconsistency_rate": N_forms("about {n} more blind pair would settle it", "about {n} more blind pairs would settle it"),
    "overturn_rate": N_forms("about {n} more resolved appeal would settle it", "about {n} more resolved appeals would settle it"),
    "": N_forms("about {n} more item would settle it", "about {n} more items would settle it"),
}


def more_needed(metric: str, row, target: float, precision: float, confidence: float) -> int:
    """How many more of what a rate counts would settle it against its target?

    Parameters
    ----------
    metric : str
    row : row of a metric frame
        ``estimate, ci_low, ci_high, n``.
    target, precision : float
        Its value and the half-width that its interval should have; NaN where there is none.
    confidence : float
        Of the interval.

    Returns
    -------
    int
        0 where it is settled, where nobody can draw more, and where it cannot be told.

    Notes
    -----
    n · m / m₀: m₀ plain rows have an interval as wide as the one shown, whatever method made it; m are the fewest that
    reach the precision goal, or lie on one side of the target, whichever comes first.
    """
    known, half = REGISTRY[metric], (row.ci_high - row.ci_low) / 2
    if known.unit != "rate" or known.family in _NOT_DRAWN or not half > 0 or half <= precision:
        return 0
    if target < row.ci_low or target > row.ci_high:
        return 0
    try:
        now = sizing.effective_size(row.estimate, half, confidence)
        wanted = sizing.effective_size(row.estimate, precision, confidence) if precision > 0 else np.nan
    except UsageError:  # an interval that says nothing, or a goal out of reach
        return 0
    precise = np.maximum(np.ceil(row.n * (wanted / now - 1)), 1)
    aside = int(targets.more_needed(row.estimate, row.n, now, target, None, confidence))
    more = np.fmin(precise, aside or np.nan)  # 0: Wilson's interval, but not the one shown, would leave the target out
    return int(more) if np.isfinite(more) else 0


def audits_for(metric: str, more: int, n: float, counts: Mapping[str, float]) -> int:
    """So many more audits, or second audits, hold `more` of what a metric counts; 0 where audits do not tell it.

    Parameters
    ----------
    metric : str
    more : int
        From `more_needed`.
    n : float
        Its denominator.
    counts : mapping of metric to n
        Of the same week and place: some metric that counts every audit says how many audits gave those `n`.
    """
    every = EVERY.get(REGISTRY[metric].family, ())
    audits = n if metric in every else next((counts[name] for name in every if counts.get(name, 0) > 0), 0)
    if not (more and n > 0 and audits):
        return 0
    return int(np.ceil(more * audits / n))


def would_settle(metric: str, more: int, audits: int) -> str:
    """``about 240 more audits would settle it``, or so many more of what the metric counts; nothing for none."""
    if not more:
        return ""
    forms = _WOULD[REGISTRY[metric].family] if audits else _WOULD.get(metric, _WOULD[""])
    return wording.count(audits or more, *forms)


def more_audits(one: Finding, staff: pd.DataFrame) -> Recommendation:
    """What a finding asks for that audits would settle; `staff` is from `metrics.staff`, a second audit takes as long as a
    first."""
    half = say("{value} pt", value=wording.number((one.ci_high - one.ci_low) / 2, "rate", 1))
    hours, how = auditing(one.audits, staff)
    if REGISTRY[one.metric].family == "auditor":
        action = wording.count(one.audits, "Have tier 2 audit {n} more audit again", "Have tier 2 audit {n} more audits again")
    else:
        action = wording.count(one.audits, "Audit {n} more item", "Audit {n} more items")
    said = say(
        "{action}: {metric} is then known well enough to judge it, where it now is by ±{half}.",
        action=action, metric=title_of(one.metric), half=half,
    )  # fmt: skip
    said = wording.sentences(said, costs(hours, how))
    return Recommendation("audit", action, one.metric, "points", np.nan, np.nan, np.nan, 0.0, hours, how, said)
