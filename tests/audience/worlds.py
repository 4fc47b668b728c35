"""A whole snapshot on disk in which four partners share a market, and everything that one must not see of another."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from labelqa_lib import intake
from labelqa_lib.intake.following import write_following

WEEKS = ("2026-W45", "2026-W46")
DAYS = {"2026-W45": pd.Timestamp("2026-11-03 08:00"), "2026-W46": pd.Timestamp("2026-11-10 08:00")}
PARTNERS = {"Nord": "NRD1", "Süd & Co": "SUD1", "Ost": "OST1", "West": "WST1"}
KEY = bytes(range(32))


def rows_of(partner: str, week: str, count: int, errors: int) -> dict[str, list[dict]]:
    """Annotations of two agents with a random audit each, the first `errors` of them wrong."""
    site, day = PARTNERS[partner], DAYS[week]
    made: dict[str, list[dict]] = {"annotations": [], "items": [], "audits": []}
    for number in range(count):
        name = f"{site}-{week}-{number:03d}"
        made["annotations"].append({
            "annotation_id": f"ann-{name}", "item_id": f"item-{name}", "market": "MY", "label": "ok", "annotated_at": day,
            "partner": partner, "site": site, "queue": "listing", "agent_id": f"agent-{site}-{number % 2}",
            "handle_seconds": 30.0, "sop_version": "s1", "blind": True, "content_type": "text", "language": "en",
            "week": week, "local_date": day.normalize(), "local_hour": 16, "memo": f"memo of {name}",
        })  # fmt: skip
        made["items"].append({
            "item_id": f"item-{name}", "market": "MY", "queue": "listing", "policy_area": "ads", "content_type": "text",
            "language": "en", "arrived_at": day, "model_label": "ok", "model_score": 0.1,
            "content_ref": f"https://example.org/{name}",
        })  # fmt: skip
        made["audits"].append({
            "audit_id": f"audit-{name}", "annotation_id": f"ann-{name}", "tier": 1,
            "auditor_id": f"qa-{site}" if number % 3 else "in-house-auditor", "audit_label": "spam" if number < errors else "ok",
            "audited_at": day, "blind": True, "sampling_reason": "random", "stratum": site, "inclusion_probability": 0.5,
            "error_cause": None, "comment": f"comment on {name}", "market": "MY", "week": week,
        })  # fmt: skip
    return made


def write(root: Path, counts: dict[str, int] | None = None, snapshot: str = "whole-1", **changes) -> str:
    """Lay out the snapshot; `counts` are annotations a partner and week. Its id."""
    folder = root / snapshot
    tables: dict[str, list[dict]] = {}
    for partner, count in (counts or dict.fromkeys(PARTNERS, 24)).items():
        for week in WEEKS:
            for name, rows in rows_of(partner, week, count, errors=2).items():
                tables.setdefault(name, []).extend(rows)
    tables["labels"] = [
        {"label": "ok", "policy_area": "ads", "violating": False, "critical": False, "order": 0, "title": "Fine"},
        {"label": "spam", "policy_area": "ads", "violating": True, "critical": False, "order": 1, "title": "Spam"},
    ]
    people = [(f"agent-{site}-{n}", "agent", partner, site) for partner, site in PARTNERS.items() for n in (0, 1)]
    people += [(f"qa-{site}", "qa", partner, site) for partner, site in PARTNERS.items()]
    people += [("in-house-auditor", "auditor", "in-house", "HQ1")]
    tables["people"] = [
        {"person_id": who, "role": role, "market": "MY", "partner": partner, "site": site, "team": f"team of {who}",
         "started_on": pd.Timestamp("2025-01-01"), "target_live_on": None, "live_on": None, "left_on": None,
         "languages": "en"}
        for who, role, partner, site in people
    ]  # fmt: skip
    tables["shifts"] = [
        {"person_id": who, "date": pd.Timestamp("2026-11-10"), "scheduled_minutes": 480.0, "paid_minutes": 460.0,
         "available_minutes": 60.0, "handling_minutes": 380.0, "auxiliary_minutes": 20.0, "week": "2026-W46"}
        for who, *_ in people
    ]  # fmt: skip
    tables["gold"] = [
        {"item_id": f"item-{site}-2026-W46-001", "gold_label": "ok", "sop_version": "s1", "set_at": DAYS["2026-W45"]}
        for site in PARTNERS.values()
    ]
    tables["appeals"] = [
        {"appeal_id": f"appeal-{site}", "target": "annotation", "target_id": f"ann-{site}-2026-W45-000",
         "raised_by": "customer", "raised_at": DAYS["2026-W46"], "resolved_at": DAYS["2026-W46"], "outcome": "overturned",
         "final_label": "spam", "market": "MY", "annotation_id": f"ann-{site}-2026-W45-000", "raised_week": "2026-W46",
         "resolved_week": "2026-W46"}
        for site in PARTNERS.values()
    ]  # fmt: skip
    tables["actions"] = [{"action_id": "act-1", "market": "MY", "partner": "Nord", "action": "a note in-house"}]
    tables["sop_versions"] = [
        {"sop_version": "s1", "policy_area": "ads", "effective_from": DAYS["2026-W45"], "summary": "after what OST1 did",
         "changed_labels": "spam"}
    ]  # fmt: skip
    for name, rows in (tables | changes).items():
        _lay(folder, name, pd.DataFrame(rows))
    (folder / "rejects").mkdir()
    pd.DataFrame({"rules": [["unknown agent agent-OST1-9"]]}).to_parquet(folder / "rejects" / "annotations.parquet")
    told = {
        "id": snapshot, "source": "ost_export", "made_at": "2026-11-20T00:00:00Z", "parent": None, "tables": {},
        "markets": {"MY": {"weeks": list(WEEKS), "time_zone": "UTC"}}, "partitions": {}, "missing": [],
        "notes": ["ost_notes.csv was not read"], "restated": {},
    }  # fmt: skip
    with intake.workbench() as connection:
        told["derived"] = write_following(folder, [f"MY/{week}" for week in WEEKS], None, None, connection)
    (folder / "snapshot.json").write_text(json.dumps(told))
    return snapshot


def _lay(folder: Path, name: str, frame: pd.DataFrame) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if name not in ("annotations", "audits"):
        frame.to_parquet(folder / f"{name}.parquet")
        return
    for week, rows in frame.groupby("week"):
        place = folder / name / "market=MY" / f"week={week}"
        place.mkdir(parents=True)
        rows.to_parquet(place / "part-0.parquet")
