"""labelqa: what a notebook may use. Everything else is a room behind this door.

Names are imported when they are first used, so that `import labelqa_lib as lq` costs nothing.
"""

from __future__ import annotations

from importlib import import_module

_DOOR = {
    "open_page": "labelqa_lib.page",
    "open_markets": "labelqa_lib.page",
    "open_overview": "labelqa_lib.overview",
    "latest_weeks": "labelqa_lib.periods",
    "measure": "labelqa_lib.metrics",
    "measure_each": "labelqa_lib.metrics",
    "compare_segments": "labelqa_lib.metrics",
    "volume": "labelqa_lib.metrics",
    "volumes": "labelqa_lib.metrics",
    "UNITS": "labelqa_lib.metrics",
    "TITLES": "labelqa_lib.metrics",
    "CORRECTED_TITLES": "labelqa_lib.metrics",
    "ASSISTED_TITLES": "labelqa_lib.metrics",
    "SPLIT_UNITS": "labelqa_lib.metrics",
    "PEERS_TITLES": "labelqa_lib.metrics",
    "against_peers": "labelqa_lib.metrics",
    "by_official_language": "labelqa_lib.metrics",
    "no_benchmark": "labelqa_lib.metrics",
    "split_change": "labelqa_lib.metrics",
    "confusion": "labelqa_lib.metrics",
    "coverage": "labelqa_lib.metrics",
    "control_chart": "labelqa_lib.metrics",
    "appeals_chart": "labelqa_lib.metrics",
    "critical_gaps": "labelqa_lib.metrics",
    "interval_methods": "labelqa_lib.metrics",
    "rare_changes": "labelqa_lib.metrics",
    "corrected": "labelqa_lib.metrics",
    "assisted": "labelqa_lib.metrics",
    "spread": "labelqa_lib.metrics",
    "staff": "labelqa_lib.metrics",
    "effects": "labelqa_lib.metrics",
    "open_actions": "labelqa_lib.findings.actions",
    "register_sentence": "labelqa_lib.findings.actions",
    "worked": "labelqa_lib.findings.actions",
    "learned": "labelqa_lib.findings.actions",
    "OPEN_TITLES": "labelqa_lib.findings.actions",
    "EFFECT_TITLES": "labelqa_lib.findings.actions",
    "LEARNED_TITLES": "labelqa_lib.findings.actions",
    "by_hour": "labelqa_lib.metrics",
    "tenure": "labelqa_lib.metrics",
    "headline": "labelqa_lib.findings",
    "standings": "labelqa_lib.findings.league",
    "league": "labelqa_lib.findings.league",
    "league_sentence": "labelqa_lib.findings.league",
    "LEAGUE_TITLES": "labelqa_lib.findings.league",
    "market_findings": "labelqa_lib.findings.league",
    "find": "labelqa_lib.findings",
    "recommend": "labelqa_lib.findings.recommend",
    "beside": "labelqa_lib.findings.history",
    "beside_sentence": "labelqa_lib.findings.history",
    "best": "labelqa_lib.findings.worth",
    "BEST_TITLES": "labelqa_lib.findings.worth",
    "status": "labelqa_lib.findings",
    "cause_status": "labelqa_lib.findings",
    "since_last_week": "labelqa_lib.findings",
    "how_sure": "labelqa_lib.findings",
    "named": "labelqa_lib.findings",
    "worst": "labelqa_lib.findings",
    "furthest": "labelqa_lib.findings",
    "unanswered": "labelqa_lib.findings",
    "calibration_findings": "labelqa_lib.findings.calibration",
    "calibration_gaps": "labelqa_lib.findings.calibration",
    "read_agreement": "labelqa_lib.findings.agreement",
    "read_checks": "labelqa_lib.findings.calibration",
    "plan_sentence": "labelqa_lib.findings.sampling",
    "plan_findings": "labelqa_lib.findings.sampling",
    "plan_advice": "labelqa_lib.findings.audits_advice",
    "share_advice": "labelqa_lib.findings.audits_advice",
    "shared_sentence": "labelqa_lib.findings.across",
    "shared_findings": "labelqa_lib.findings.across",
    "audit_sizes": "labelqa_lib.findings.sizing",
    "restated": "labelqa_lib.findings",
    "restated_since": "labelqa_lib.findings",
    "SINCE_TITLES": "labelqa_lib.findings",
    "RESTATED_TITLES": "labelqa_lib.findings",
    "audited_rows": "labelqa_lib.metrics.audited",
    "pooled": "labelqa_lib.metrics.audited",
    "accuracy_change": "labelqa_lib.metrics.mix",
    "mix_by_dimension": "labelqa_lib.metrics.mix",
    "week_causes": "labelqa_lib.causes.questions",
    "above_market": "labelqa_lib.causes.questions",
    "above_peers": "labelqa_lib.causes.questions",
    "evidence": "labelqa_lib.causes.evidence",
    "above_target": "labelqa_lib.causes.questions",
    "by_auditor": "labelqa_lib.causes.auditing",
    "examples": "labelqa_lib.causes.examples",
    "persistence": "labelqa_lib.causes.persistence",
    "why": "labelqa_lib.findings.causes",
    "ranked": "labelqa_lib.findings.causes",
    "levels": "labelqa_lib.findings.causes",
    "also_moved": "labelqa_lib.findings.causes",
    "actions": "labelqa_lib.findings.remedies",
    "told": "labelqa_lib.findings.answers",
    "say": "labelqa_lib.translation",
    "warm_up": "labelqa_lib.warm",
}
_ROOMS = ("calibration", "causes", "display", "explore", "figures", "metrics", "sampling", "stats", "store")
_PARTS = {  # of a room, used in notebooks by their own name
    "acceptance": "labelqa_lib.stats.acceptance",
    "agreement": "labelqa_lib.stats.agreement",
    "consensus": "labelqa_lib.stats.consensus",
}

__all__ = [*_DOOR, *_ROOMS, *_PARTS]


def __getattr__(name: str):
    if name in _DOOR:
        return getattr(import_module(_DOOR[name]), name)
    if name in _ROOMS:
        return import_module(f"labelqa_lib.{name}")
    if name in _PARTS:
        return import_module(_PARTS[name])
    raise AttributeError(f"labelqa_lib has no {name!r}; its front door holds {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
