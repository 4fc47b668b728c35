"""Labels that do not come from looking: planted ones are found, ordinary work is left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.calibration import constant, copied, people_consensus, reliability, too_fast, unrelated
from labelqa_lib.calibration.reliability import confusions

from metrics.snapshots import make
from .rows import LABELS, drawn


def relabelled(rows: pd.DataFrame, agent: str, labels) -> pd.DataFrame:
    mine = rows["agent_id"] == agent
    return rows.assign(label=rows["label"].where(~mine, pd.Series(labels, index=rows.index)))


def named(frame: pd.DataFrame) -> set:
    return set(frame.loc[frame["flagged"], "agent_id"])


def test_whoever_labels_at_random_is_named_and_nobody_else():
    rows = drawn(items=2500, seed=1)
    rng = np.random.default_rng(0)
    guesses = rng.choice(LABELS, size=len(rows))
    assert named(unrelated(relabelled(rows, "agent 3", guesses), LABELS)) == {"agent 3"}
    assert named(unrelated(relabelled(rows, "agent 3", "ok"), LABELS)) == {"agent 3"}


def test_agents_with_few_labels_are_not_judged():
    rows = relabelled(drawn(items=80, seed=1), "agent 3", "hate")
    few = rows[(rows["agent_id"] != "agent 3") | (rows.groupby("agent_id").cumcount() < 8)]
    assert not named(unrelated(few, LABELS))


def test_a_copyist_and_the_source_are_named_together():
    rows = drawn(items=400, agents=12, seed=2)
    source = rows[rows["agent_id"] == "agent 1"].set_index("item_id")["label"]
    stolen = rows["item_id"].map(source).fillna(rows["label"])
    found = copied(copy := relabelled(rows, "agent 2", stolen), people_consensus(copy, LABELS))
    first = found.iloc[0]
    assert {first["agent_id"], first["other_agent"]} == {"agent 1", "agent 2"}
    assert first["flagged"] and first["estimate"] == 1 > first["expected"]
    assert found["flagged"].sum() == 1


def test_nobody_is_named_on_fewer_common_items_than_anybody_else():
    """Two who always agree, also where they are wrong, on 29 items, and on 30."""
    for shared, people in ((29, set()), (30, {"C1"})):
        rng = np.random.default_rng(0)
        rows = drawn(items=400, agents=8, seed=1)
        truth, guess = rng.choice(LABELS, size=(2, shared))
        wrong = np.where(rng.random(shared) < 0.5, truth, guess)
        names = [f"j{place}" for place in range(shared)]
        other = [pd.DataFrame({"item_id": names, "agent_id": agent, "label": given})
                 for agent, given in (("C1", wrong), ("C2", wrong), ("agent 1", truth), ("agent 2", truth))]  # fmt: skip
        rows = pd.concat([rows, *other], ignore_index=True)
        rows["annotation_id"], rows["repeated"] = [f"n{place}" for place in range(len(rows))], False
        found = copied(rows, people_consensus(rows, LABELS))
        assert named(found) == people
        assert found["n"].min() >= 30
    assert copied(rows, people_consensus(rows, LABELS), minimum=60)["n"].min() >= 60


@pytest.mark.slow
def test_false_alarms_among_people_who_err_on_their_own():
    """Hard items make everybody err alike; still at most one market in ten may have anybody named (5 % at best)."""
    markets, people, pairs = 40, 0, 0
    for seed in range(markets):
        rows = drawn(items=250, agents=15, seed=100 + seed)
        people += bool(named(unrelated(rows, LABELS)))
        pairs += bool(copied(rows, people_consensus(rows, LABELS))["flagged"].any())
    assert people <= 0.1 * markets
    assert pairs <= 0.1 * markets


def annotations(agent: str, labels, queue: str = "q", **more) -> list[dict]:
    return [
        {
            "annotation_id": f"{agent}{place}",
            "item_id": f"i{agent}{place}",
            "agent_id": agent,
            "label": label,
            "queue": queue,
        }
        | more
        for place, label in enumerate(labels)
    ]


def test_one_label_only_is_told_where_the_queue_holds_others():
    mixed = ["ok", "spam"] * 20
    rows = [row for agent in "abcd" for row in annotations(agent, mixed)]
    rows += annotations("lazy", ["ok"] * 40) + annotations("new", ["ok"] * 10)
    rows += [row for agent in ("x", "y") for row in annotations(agent, ["ok"] * 40, queue="all benign")]
    found = constant(make(annotations=rows))
    assert named(found) == {"lazy"}
    assert set(found["agent_id"]) == {"lazy", "x", "y"}, "and new has too few"


def test_labels_faster_than_reading():
    rows = [row for number in range(12) for row in annotations(f"agent {number}", ["ok"] * 60, handle_seconds=60.0)]
    for row in rows[:20]:
        row["handle_seconds"] = 5.0
    rows[60]["handle_seconds"] = 5.0  # once is a wrong key
    found = too_fast(make(annotations=rows))
    assert named(found) == {"agent 0"}
    row = found.iloc[0]
    assert row["estimate"] == pytest.approx(1 / 3) and row["ci_low"] < 1 / 3 < row["ci_high"]


def test_without_agents_or_times_there_is_nobody_to_suspect():
    tables = make(annotations=[row | {"agent_id": None} for row in annotations("a", ["ok"] * 40)])
    rows = drawn(items=50).assign(agent_id=None, repeated=False)
    assert people_consensus(rows, LABELS) is None
    for frame in (constant(tables), too_fast(tables), unrelated(rows, LABELS), copied(rows, None), reliability(None)):
        assert len(frame) == 0
    assert not len(confusions(None))


def test_reliability_orders_people_by_what_is_sure():
    rows = drawn(items=300, agents=10, seed=4)
    wrong = rows["label"].map({"ok": "spam", "spam": "ok", "hate": "spam"})
    half = wrong.where(np.random.default_rng(0).random(len(rows)) < 0.6, rows["label"])
    found = people_consensus(relabelled(rows, "agent 7", half), LABELS)
    people = reliability(found)
    assert people["agent_id"].iloc[0] == "agent 7"
    assert people["ci_high"].is_monotonic_increasing
    assert people["estimate"].between(people["ci_low"], people["ci_high"]).all()
    assert set(confusions(found)["agent_id"].head(2)) == {"agent 7"}
