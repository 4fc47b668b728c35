"""Which columns of which table a partner's snapshot has: what is not named here does not leave."""

from __future__ import annotations

SHARED = {
    "labels": ("label", "policy_area", "violating", "critical", "order", "title"),
    "items": ("item_id", "market", "queue", "policy_area", "content_type", "language", "arrived_at", "model_label",
              "model_score", "content_ref"),
    "annotations": ("annotation_id", "item_id", "market", "label", "annotated_at", "partner", "site", "queue", "agent_id",
                    "handle_seconds", "sop_version", "blind", "content_type", "language", "week", "local_date",
                    "local_hour"),
    "audits": ("audit_id", "annotation_id", "tier", "auditor_id", "audit_label", "audited_at", "blind", "sampling_reason",
               "inclusion_probability", "error_cause", "comment", "market", "week"),
    "gold": ("item_id", "sop_version", "gold_label", "set_at"),
    "appeals": ("appeal_id", "target", "raised_by", "raised_at", "resolved_at", "outcome", "final_label", "market",
                "annotation_id", "raised_week", "resolved_week"),
    "people": ("person_id", "role", "market", "partner", "site", "started_on", "target_live_on", "live_on", "left_on"),
    "shifts": ("person_id", "date", "scheduled_minutes", "paid_minutes", "available_minutes", "handling_minutes",
               "auxiliary_minutes", "week"),
    "sop_versions": ("sop_version", "policy_area", "effective_from", "summary", "changed_labels"),
    "sop_acknowledgements": ("sop_version", "person_id", "acknowledged_at"),
}  # fmt: skip
"""Tables and their columns. Left out whole: queue_hours and requests (the market's, not a partner's), quiz_answers (they
hold the answers), actions (notes of people in-house)."""

PSEUDONYMS = {
    "person_id": "person", "agent_id": "person", "auditor_id": "person", "item_id": "item",
    "annotation_id": "annotation", "audit_id": "audit", "appeal_id": "appeal",
}  # fmt: skip
"""Kind of pseudonym by column."""

ALLOWED_BY = {"content_ref": "text", "summary": "text", "comment": "comments"}
"""Columns that are empty unless the market shares them, by the setting that says so; `item_id` is bare with `items`."""
