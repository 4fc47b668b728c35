"""The shape in which a finding leaves this room, and where on the page a reader sees its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

SEVERITIES = ("act", "watch", "good", "know")

EVIDENCE = {
    "accuracy": "accuracy-control", "critical_accuracy": "accuracy-control", "fpr": "fpr-trend", "fnr": "fnr-trend",
    "ata_accuracy": "auditors", "missed_error_rate": "auditors", "false_error_rate": "auditors",
    "inconsistency_rate": "agreement-trend", "overturn_rate": "appeals-table", "sla_attainment": "service-table",
    "backlog_days": "backlog-chart", "utilization": "people-table", "aht": "site-hours-table",
}  # fmt: skip
"""Id of the figure or table of `market_report` in which a reader sees the metric."""


@dataclass(frozen=True)
class Recommendation:
    """What to do about a finding, what that is expected to gain, and what it costs.

    Attributes
    ----------
    kind : str
        A name in `catalogue.KINDS`.
    action : str
        In a few words.
    metric : str
        In which the gain is stated.
    unit : str
        Of the gain: ``points`` for a rate.
    gain, gain_low, gain_high : float
        What undoing the finding altogether is worth, in the metric, positive; NaN where it cannot be told.
    items : float
        The same in items a week, by which recommendations are ranked; 0 where it does not count items.
    hours : float
        People's time, once.
    cost : str
        How the hours are counted.
    sentence : str
        Action, gain and cost.
    """

    kind: str
    action: str
    metric: str
    unit: str
    gain: float
    gain_low: float
    gain_high: float
    items: float
    hours: float
    cost: str
    sentence: str


@dataclass(frozen=True)
class Finding:
    """One sentence that needs a reader, with its evidence, size and severity.

    Attributes
    ----------
    code : str
        Stable from week to week: kind, metric and segment.
    severity : {"act", "watch", "good", "know"}
    sentence : str
        Plain text; never HTML.
    size : float
        Items concerned in the week, for ranking within a severity; 0 where items do not apply.
    evidence : str
        Id of the figure or table on the page.
    segment, also
        Where it is, and other segments in which the same may be seen.
    estimate, ci_low, ci_high, n
        What was measured.
    gap, gap_low, gap_high : float
        By how much it is worse than it should be (than its target, or than before), in the metric's unit; positive,
        with the interval's ends. NaN where that has no size.
    audits : int
        So many more audits (second ones, where they are what its metric is of) would settle it; 0 where that is not the
        question, and where audits do not tell it.
    since : str
        The week or day from which on it is so, where that is known.
    state : {"", "new", "still there", "better", "worse", "gone"}
        Beside last week's report; empty where there is none.
    weeks : int
        Reports in a row in which it stood, this one included; 0 where no earlier report is known.
    recommendation : Recommendation or None
    """

    code: str
    severity: str
    sentence: str
    size: float
    evidence: str
    metric: str
    period: str
    segment: Mapping[str, str] = field(default_factory=dict)
    also: tuple[Mapping[str, str], ...] = ()
    estimate: float = np.nan
    ci_low: float = np.nan
    ci_high: float = np.nan
    n: int = 0
    gap: float = np.nan
    gap_low: float = np.nan
    gap_high: float = np.nan
    audits: int = 0
    since: str = ""
    state: str = ""
    weeks: int = 0
    recommendation: Recommendation | None = None


def gap(difference: float, low: float, high: float, better: str | None) -> dict[str, float]:
    """How far a figure lies on its worse side, as keyword arguments of a `Finding`; nothing where no side is worse.

    Parameters
    ----------
    difference, low, high : float
        The figure minus what it should be, with its interval.
    better : {"higher", "lower"} or None
    """
    if better not in ("higher", "lower"):
        return {}
    worse = (-difference, -high, -low) if better == "higher" else (difference, low, high)
    return dict(zip(("gap", "gap_low", "gap_high"), map(float, worse), strict=True)) if worse[0] > 0 else {}
