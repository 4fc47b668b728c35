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
    """

    code: str
    severity: str
    sentence: str
    size: float
    evidence: str
    metric: str
    period: str
    segment: Mapping[str, str] = field(default_factory=dict)
    estimate: float = np.nan
    ci_low: float = np.nan
    ci_high: float = np.nan
    n: int = 0
