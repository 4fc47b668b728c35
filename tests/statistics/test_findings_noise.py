"""Weeks in which nothing changes: how many findings does a market get all the same? At most one, on average.

Everything that the market report gives to `find` is measured on simulated markets as it is on delivered ones: agents who
differ in skill for good, sites, queues and labels of differing difficulty, QAs who miss errors at a constant rate, second
audits, handle times. No rate, mix or pace changes in any week; targets are met by a little.
"""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from labelqa_lib import findings, metrics
from labelqa_lib.params import Target
from labelqa_lib.periods import Week, latest_weeks, weeks_up_to
from labelqa_lib.store import Snapshot, tables_from
from tests.metrics.snapshots import SCHEMAS

pytestmark = pytest.mark.slow

WEEKS = weeks_up_to("2026-W46", 13)
LABELS = ("ok", "spam", "hate", "scam")
TARGETS = {
    "accuracy": Target(at_least=0.90), "critical_accuracy": Target(at_least=0.95), "fpr": Target(at_most=0.09),
    "fnr": Target(at_most=0.09), "ata_accuracy": Target(at_least=0.95),
}  # fmt: skip
A_WEEK, AGENTS, SITES, QUEUES = 300, 24, 3, 4


def quiet_market(rng: np.random.Generator):
    """Thirteen weeks of one market in which nothing ever changes, as tables."""
    n = A_WEEK * len(WEEKS)
    week, agent, queue = np.repeat(np.arange(len(WEEKS)), A_WEEK), rng.integers(AGENTS, size=n), rng.integers(QUEUES, size=n)
    truth = rng.choice(len(LABELS), n, p=[0.55, 0.2, 0.1, 0.15])
    skill, harder = rng.normal(0, 0.3, AGENTS), rng.normal(0, 0.3, (QUEUES, len(LABELS)))
    wrong = rng.random(n) < expit(logit(0.05) + skill[agent] + harder[queue, truth])
    given = np.where(wrong, (truth + rng.integers(1, len(LABELS), n)) % len(LABELS), truth)
    seen = np.where(wrong & (rng.random(n) < 0.05), given, truth)  # QAs miss one error in twenty
    monday = pd.to_datetime([Week.parse(name).monday for name in WEEKS])[week] + pd.to_timedelta(rng.integers(5, size=n), "D")
    names, label = np.arange(n).astype(str), np.array(LABELS)
    week_name = np.array(WEEKS)[week]
    annotations = pd.DataFrame({
        "annotation_id": "a" + pd.Series(names), "item_id": "i" + pd.Series(names), "label": label[given], "market": "MY",
        "annotated_at": monday, "local_date": monday.date, "local_hour": 9, "week": week_name,
        "agent_id": np.char.add("p", agent.astype(str)), "site": np.char.add("s", (agent % SITES).astype(str)),
        "queue": np.char.add("q", queue.astype(str)), "handle_seconds": rng.lognormal(3.5, 0.4, n),
    })  # fmt: skip
    audits = pd.DataFrame({
        "audit_id": "x" + pd.Series(names), "annotation_id": annotations["annotation_id"], "tier": 1,
        "auditor_id": np.char.add("qa", rng.integers(6, size=n).astype(str)), "audit_label": label[seen],
        "audited_at": monday, "sampling_reason": "random", "market": "MY", "week": week_name,
    })  # fmt: skip
    again = rng.random(n) < 0.15
    second = audits[again].assign(tier=2, auditor_id="lead", audit_label=label[truth][again],
                                  audit_id="y" + audits["annotation_id"][again])  # fmt: skip
    critical = [name == "hate" for name in LABELS]
    labels = pd.DataFrame({"label": LABELS, "violating": [name != "ok" for name in LABELS], "critical": critical,
                           "order": range(4), "policy_area": [None, "integrity", "safety", "integrity"]})  # fmt: skip
    rows = {"labels": labels, "annotations": annotations, "audits": pd.concat([audits, second])}
    connection = ibis.duckdb.connect(threads=1)
    given_tables = {
        name: connection.create_table(name, frame.reindex(columns=list(SCHEMAS[name])), schema=ibis.schema(SCHEMAS[name]))
        for name, frame in rows.items()
    }
    about = Snapshot(id="s", source="simulated", made_at="2026-11-20T00:00:00Z", parent=None, tables={}, partitions={},
                     markets={"MY": {"weeks": list(WEEKS), "time_zone": "UTC"}})  # fmt: skip
    return tables_from(given_tables, about, "MY")


def found_in(tables) -> list:
    """As `notebooks/market_report.py` finds, of the tables that a simulated market has."""
    weekly = metrics.measure_each(tables, list(TARGETS), by=["week"])
    segments = [(), "site", "queue", "reference_label", "policy_area", ("site", "reference_label")]
    moved = [
        metrics.compare_segments(tables, "accuracy", segments),
        metrics.compare_segments(tables, "missed_error_rate", [(), "site", "policy_area"], recent=4),
        metrics.compare_segments(tables, "aht", [(), "site", "queue"]),
    ]
    spreads = [metrics.spread(tables, "agent_id", tables.weeks), metrics.spread(tables, "site", latest_weeks(tables.weeks, 4))]
    return findings.find(
        findings.headline(weekly, TARGETS), moved, metrics.volume(tables), split=metrics.split_change(tables, "queue", 0.95),
        spreads=spreads, chart=metrics.control_chart(tables, "accuracy"), gaps=metrics.critical_gaps(tables),
        corrected=metrics.corrected(tables),
    )  # fmt: skip


MARKETS = 6


def test_a_market_in_which_nothing_changed_gets_at_most_one_finding_on_average():
    rng = np.random.default_rng(20261126)
    counts = [len(found_in(quiet_market(rng))) for _ in range(MARKETS)]
    assert np.mean(counts) <= 1, counts
