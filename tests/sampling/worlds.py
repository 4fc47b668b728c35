"""A small market whose weeks, agents, doubts and errors are known: what plans and lists are made from."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from labelqa_lib.sampling import Plan, Rules
from labelqa_lib.sampling.planning import plan_from
from labelqa_lib.sampling.precision import goals
from labelqa_lib.sampling.starting import joiners
from labelqa_lib.sampling.strata import Past, past
from labelqa_lib.store import Snapshot, Tables, tables_from
from tests.metrics.snapshots import LABELS, SCHEMAS

WEEKS = ("2026-W43", "2026-W44", "2026-W45", "2026-W46")
MONDAY = pd.Timestamp("2026-10-19")
A_WEEK = 800
ERROR = {"low": 0.02, "high": 0.3}


@lru_cache(maxsize=8)
def market(
    audited: float = 0.15, agents: bool = True, scores: bool = True, people: bool = True, seed: int = 3
) -> Tables:
    """Two sites, two queues, 24 agents; a tenth of the labels is doubted by the model and wrong in 3 of 10."""
    import ibis

    random = np.random.default_rng(seed)
    n = A_WEEK * len(WEEKS)
    week = np.repeat(np.arange(len(WEEKS)), A_WEEK)
    agent = random.integers(0, 24, n)
    doubted = random.random(n) < 0.1
    wrong = random.random(n) < np.where(doubted, ERROR["high"], ERROR["low"])
    label = np.where(random.random(n) < 0.3, "spam", "ok")
    other = np.where(label == "ok", "spam", "ok")
    model = np.where((label == "spam") ^ doubted, 0.95, 0.03)
    days = MONDAY + pd.to_timedelta(7 * week, "D")
    names = [f"n{place:05}" for place in range(n)]
    annotations = {
        "annotation_id": names, "item_id": [f"i{name}" for name in names], "market": "MY", "label": label,
        "annotated_at": days, "site": np.where(agent < 16, "K", "L"),
        "queue": np.where(random.random(n) < 0.6, "q", "r"),
        "agent_id": [f"a{one:02}" for one in agent] if agents else None, "handle_seconds": 60.0,
        "week": np.array(WEEKS)[week], "local_date": [day.date() for day in days], "local_hour": 8,
    }  # fmt: skip
    items = {
        "item_id": annotations["item_id"], "market": "MY", "policy_area": "area",
        "model_score": model if scores else None,
    }  # fmt: skip
    drawn = np.flatnonzero(random.random(n) < audited)
    audits = {
        "audit_id": [f"t{place}" for place in drawn], "annotation_id": [names[place] for place in drawn], "tier": 1,
        "auditor_id": [f"Q{place % 3}" for place in drawn], "audit_label": np.where(wrong, other, label)[drawn],
        "audited_at": days[drawn], "sampling_reason": "random", "inclusion_probability": audited, "market": "MY",
        "week": np.array(WEEKS)[week[drawn]],
    }  # fmt: skip
    known = [
        (f"a{one:02}", "agent", "K" if one < 16 else "L", "2026-11-01" if one == 0 else "2026-01-01")
        for one in range(24)
    ]
    known += [("Q0", "qa", "K", "2026-01-01"), ("Q1", "qa", "K", "2026-01-01"), ("Q2", "qa", "L", "2026-01-01")]
    known += [("T1", "auditor", "K", "2026-01-01")]
    tables = {"labels": pd.DataFrame(LABELS), "annotations": pd.DataFrame(annotations), "items": pd.DataFrame(items)}
    if audited:
        tables["audits"] = pd.DataFrame(audits)
    if people:
        columns = ["person_id", "role", "site", "started_on"]
        tables["people"] = pd.DataFrame(known, columns=columns).assign(
            market="MY", live_on=lambda rows: rows["started_on"]
        )
    connection = ibis.duckdb.connect(threads=1)
    given = {}
    for name, frame in tables.items():
        schema = SCHEMAS[name]
        for day in ("started_on", "live_on"):
            if day in frame:
                frame[day] = pd.to_datetime(frame[day]).dt.date
        given[name] = connection.create_table(name, frame.reindex(columns=list(schema)), schema=ibis.schema(schema))
    return tables_from(given, _snapshot(), "MY")


def planned(rules: Rules) -> Plan:
    """The plan after the market's weeks, from a past that is read once."""
    known, new = _known()
    return plan_from(known, new, rules, goals(known, rules))


@lru_cache(maxsize=1)
def _known() -> tuple[Past, frozenset[str]]:
    return past(market(), Rules(), WEEKS), joiners(market(), Rules(), WEEKS[-1])


def _snapshot() -> Snapshot:
    return Snapshot(
        id="s1", source="test", made_at="2026-11-20T00:00:00Z", parent=None, tables={},
        markets={"MY": {"weeks": list(WEEKS), "time_zone": "UTC"}}, partitions={},
    )  # fmt: skip
