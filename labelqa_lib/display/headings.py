"""How columns and metrics are headed where nobody names them otherwise."""

from __future__ import annotations

from labelqa_lib.translation import N_

_SHORT = {"fpr", "fnr", "fdr", "ata", "aht", "sla", "sop", "qa"}

HEADINGS = {
    "n": "n",
    "agent_id": N_("Agent"), "auditor_id": N_("Auditor"), "label": N_("Label given"), "estimate": N_("Estimate (interval)"),
    "accepted": N_("Accepted"), "accuracy": N_("Accuracy"), "achieved": N_("Achieved"), "action": N_("Action"),
    "adjusted": N_("Adjusted"), "aht": N_("AHT"), "aht_median": N_("AHT median"), "aht_p90": N_("AHT p90"),
    "annotation_id": N_("Annotation id"), "annotations": N_("Annotations"), "appeal_rate": N_("Appeal rate"),
    "arrivals_per_day": N_("Arrivals per day"), "ata_accuracy": N_("ATA accuracy"), "audited": N_("Audited"),
    "audits": N_("Audits"), "backlog": N_("Backlog"), "backlog_age": N_("Backlog age"), "backlog_days": N_("Backlog days"),
    "baseline": N_("Baseline"), "before": N_("Before"), "blind_pairs": N_("Blind pairs"), "cause": N_("Cause"),
    "change": N_("Change"), "check": N_("Check"), "checks": N_("Checks"), "comment": N_("Comment"),
    "completions_per_day": N_("Completions per day"), "confirmed": N_("Confirmed"), "content_ref": N_("Content ref"),
    "content_type": N_("Content type"), "cost": N_("Cost"), "critical_accuracy": N_("Critical accuracy"),
    "days_to_resolve": N_("Days to resolve"), "days_to_resolve_p90": N_("Days to resolve p90"), "delivered": N_("Delivered"),
    "difference": N_("Difference"), "dimension": N_("Dimension"), "due_on": N_("Due on"), "duplicates": N_("Duplicates"),
    "effective_from": N_("Effective from"), "error_cause": N_("Error cause"), "error_rate": N_("Error rate"),
    "errors": N_("Errors"), "errors_before": N_("Errors before"), "excluded_audits": N_("Excluded audits"),
    "expected": N_("Expected"), "f1": N_("F1"), "f1_macro": N_("F1 macro"), "f1_weighted": N_("F1 weighted"),
    "false_error_rate": N_("False error rate"), "fdr": N_("FDR"), "finding": N_("Finding"), "fits": N_("Fits"),
    "flagged": N_("Flagged"), "fnr": N_("FNR"), "for": N_("FOR"), "fpr": N_("FPR"), "goal": N_("Goal"), "hour": N_("Hour"),
    "hours": N_("Hours"), "how": N_("How"), "inconsistency_rate": N_("Inconsistency rate"), "inspection": N_("Inspection"),
    "interval": N_("Interval"), "item_id": N_("Item id"), "items": N_("Items"), "jump": N_("Jump"), "kind": N_("Kind"),
    "labels": N_("Labels"), "lag": N_("Lag"), "language": N_("Language"), "local_date": N_("Local date"),
    "local_hour": N_("Local hour"), "marked": N_("Marked"), "market": N_("Market"), "method": N_("Method"),
    "metric": N_("Metric"), "minimum": N_("Minimum"), "missed_error_rate": N_("Missed error rate"), "mix": N_("Mix"),
    "more_than_noise": N_("More than noise"), "n_after": N_("N after"), "n_before": N_("N before"), "name": N_("Name"),
    "now": N_("Now"), "occupancy": N_("Occupancy"), "oldest": N_("Oldest"), "on_gold": N_("On gold"), "open": N_("Open"),
    "overturn_rate": N_("Overturn rate"), "owner": N_("Owner"), "p_value": N_("P value"), "pair": N_("Pair"),
    "partner": N_("Partner"), "period": N_("Period"), "place": N_("Place"), "policy_area": N_("Policy area"),
    "precision": N_("Precision"), "precision_macro": N_("Precision macro"), "precision_weighted": N_("Precision weighted"),
    "question": N_("Question"), "queue": N_("Queue"), "raised_by": N_("Raised by"), "rate": N_("Rate"),
    "reason": N_("Reason"), "recall": N_("Recall"), "recall_macro": N_("Recall macro"),
    "recall_weighted": N_("Recall weighted"), "rechecked": N_("Rechecked"), "reference_label": N_("Reference label"),
    "rejected": N_("Rejected"), "restated": N_("Restated"), "role": N_("Role"), "rows_now": N_("Rows now"), "score": N_("Score"), "share": N_("Share"),
    "share_before": N_("Share before"), "shrinkage": N_("Shrinkage"), "shrunken": N_("Shrunken"), "site": N_("Site"),
    "site_pair": N_("Site pair"), "sites": N_("Sites"), "sla_attainment": N_("SLA attainment"),
    "sop_version": N_("SOP version"), "status": N_("Status"), "summary": N_("Summary"), "table": N_("Table"),
    "target": N_("Target"), "tenure": N_("Tenure"), "throughput": N_("Throughput"), "true_label": N_("True label"), "truth": N_("Truth"),
    "unmatched": N_("Unmatched"), "utilization": N_("Utilization"), "value": N_("Value"), "verdict": N_("Verdict"),
    "volume": N_("Volume"), "week": N_("Week"), "weeks_above": N_("Weeks above"), "where": N_("Where"), "why": N_("Why"),
    "worst_tenth": N_("Worst tenth"), "worth": N_("Worth"),
}  # fmt: skip
"""Columns of the house's own frames: their words are in the catalogues."""


def heading(name: str) -> str:
    """A column's or metric's heading in English: its name as words where it is none of the known ones."""
    made = " ".join(word.upper() if word in _SHORT else word for word in name.split("_"))
    return HEADINGS.get(name) or made[:1].upper() + made[1:]
