"""What a market asks of its audits: the values that every function of this room takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labelqa_lib.errors import UsageError

PLANNED = ("accuracy", "critical_accuracy", "fpr", "fnr")
"""Rates that audits can be planned for: shares of annotations that one audit tells."""


@dataclass(frozen=True)
class Rules:
    """A market's goals and limits, as `params` holds them under ``sampling:``.

    Attributes
    ----------
    margins : mapping of str to float
        Half-width that the week's interval of a metric should have, over the whole market. The first metric is the
        one that curves are drawn for.
    site_margins : mapping of str to float
        The same, in every site.
    confidence : float
        Of those intervals: the report's.
    hours : float
        QA hours a week, re-audits and risk checks included.
    minutes : mapping of str to float
        Minutes that an audit takes, by queue or content type. Elsewhere `minutes_factor` times the handle time.
    minutes_default : float
        Minutes of an audit where no handle time is delivered either.
    minimum_stratum, minimum_agent, minimum_new_joiner : int
        Fewest audits of a stratum, of an agent, and of an agent who went live less than `new_joiner_weeks` ago.
    risk_share : float
        Audits of the likeliest errors, for finding and not for measuring, as a share of the random audits.
    reaudit_share : float
        Share of the audits that tier 2 audits again.
    blind_share : float
        Share of the random audits for which the QA is not shown the agent's label.
    aql : float
        Acceptable quality limit of a site's week, in per cent.
    level : str
        Inspection level of the acceptance plans.
    seed : int
        Of every draw.
    """

    margins: Mapping[str, float] = field(default_factory=lambda: {"accuracy": 0.02})
    site_margins: Mapping[str, float] = field(default_factory=dict)
    confidence: float = 0.95
    hours: float = 40.0
    minutes: Mapping[str, float] = field(default_factory=dict)
    minutes_factor: float = 1.2
    minutes_default: float = 2.0
    minimum_stratum: int = 2
    minimum_agent: int = 0
    minimum_new_joiner: int = 0
    new_joiner_weeks: int = 6
    risk_share: float = 0.05
    reaudit_share: float = 0.15
    blind_share: float = 0.35
    aql: float = 4.0
    level: str = "II"
    seed: int = 46

    def __post_init__(self):
        problems = [
            f"sampling.{name}: there is no audit goal {metric!r}; there are {', '.join(PLANNED)}"
            for name in ("margins", "site_margins")
            for metric in getattr(self, name)
            if metric not in PLANNED
        ]
        problems += [
            f"sampling.{name}: {metric} to ±{margin:g} cannot be planned; a margin is above 0 and below 0.5, like 0.02"
            for name in ("margins", "site_margins")
            for metric, margin in getattr(self, name).items()
            if not 0 < margin < 0.5
        ]
        if not self.hours > 0:
            problems.append(f"sampling.hours is {self.hours:g}; QA hours a week are above 0, like 30")
        if not 0 < self.confidence < 1:
            problems.append(f"confidence is {self.confidence:g}; it lies between 0 and 1, like 0.95")
        if not self.margins:
            problems.append("sampling.margins: name at least one goal, such as accuracy: 0.02")
        if problems:
            raise UsageError(problems)
