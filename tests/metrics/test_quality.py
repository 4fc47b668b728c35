"""Quality by hand: one agent, equal weights unless the test is about them."""

from __future__ import annotations

import pytest

from labelqa_lib.metrics import measure
from labelqa_lib.stats.intervals import wilson

from .snapshots import joined, labelled, make

# given > reference: 4 right of 8; benign references 3 (1 enforced); violating references 5 (2 let through)
ANSWERS = "ok>ok ok>ok spam>ok spam>spam hate>hate hate>spam ok>spam ok>hate"

BY_HAND = {
    "accuracy": (4 / 8, 8),
    "error_rate": (4 / 8, 8),
    "critical_accuracy": (6 / 8, 8),  # hate>spam and ok>hate
    "fpr": (1 / 3, 3),
    "fnr": (2 / 5, 5),
    "fdr": (1 / 4, 4),
    "for": (2 / 4, 4),
    "precision": (3 / 4, 4),
    "recall": (3 / 5, 5),
    "f1": (2 * 3 / (2 * 3 + 1 + 2), 6),
}


@pytest.mark.parametrize("metric", BY_HAND)
def test_rates_by_hand(metric):
    row = measure(make(**labelled(ANSWERS)), metric).iloc[0]
    assert (row["estimate"], row["n"]) == (pytest.approx(BY_HAND[metric][0]), BY_HAND[metric][1])


def test_weights_and_interval_by_hand():
    tables = make(
        **joined(
            labelled("ok>ok", agent_id="a", audit={"inclusion_probability": 0.1}),
            labelled("ok>spam", agent_id="b", audit={"inclusion_probability": 0.4}),
        )
    )
    row = measure(tables, "accuracy").iloc[0]
    assert row["estimate"] == pytest.approx(10 / 12.5)
    assert row["n"] == 2


def test_every_row_its_own_cluster_is_close_to_wilson():
    answers = "ok>ok " * 90 + "ok>spam " * 10
    tables = make(**labelled(answers, agent_id=None))
    row = measure(tables, "accuracy").iloc[0]
    low, high = wilson(90, 100)
    assert (row["ci_low"], row["ci_high"]) == (pytest.approx(low, abs=0.003), pytest.approx(high, abs=0.003))
    assert row["method"].endswith("by agent; audits")


def test_one_label_against_the_rest():
    tables = make(**labelled(ANSWERS))
    by_label = {name: measure(tables, name, by=["label"]).set_index("label") for name in ("precision", "recall", "f1")}
    assert by_label["precision"]["estimate"].to_dict() == pytest.approx({"hate": 1 / 2, "ok": 2 / 4, "spam": 1 / 2})
    assert by_label["recall"]["estimate"].to_dict() == pytest.approx({"hate": 1 / 2, "ok": 2 / 3, "spam": 1 / 3})
    assert by_label["f1"]["estimate"].to_dict() == pytest.approx({"hate": 2 / 4, "ok": 4 / 7, "spam": 2 / 5})
    assert by_label["f1"]["n"].to_dict() == {"hate": 3, "ok": 5, "spam": 4}


def test_a_label_that_is_never_given_has_no_found_items_but_is_there():
    frame = measure(make(**labelled("ok>hate ok>ok")), "f1", by=["label"]).set_index("label")
    assert frame.loc["hate", ["estimate", "n"]].tolist() == [0, 1]


def test_a_segment_without_benign_items_is_there_with_its_reason():
    tables = make(**joined(labelled("ok>ok", site="K", agent_id="a"), labelled("spam>spam", site="P", agent_id="b")))
    frame = measure(tables, "fpr", by=["site"]).set_index("site")
    assert frame.loc["K", "reason"] == ""
    assert frame.loc["P", "n"] == 0
    assert frame.loc["P", "reason"] == "no judged benign items in 2026-W46"


def test_without_agents_items_are_the_clusters():
    one = labelled(" ".join(["ok>ok"] * 20 + ["ok>spam"] * 20), agent_id=None)
    for place, row in enumerate(one["annotations"]):
        row["item_id"] = str(place // 20)
    alike = measure(make(**one), "accuracy").iloc[0]
    assert alike["n_effective"] < 10


def test_by_agent_the_items_are_the_clusters():
    tables = make(**labelled(" ".join(["ok>ok"] * 36 + ["ok>spam"] * 4), agent_id="a"))
    row = measure(tables, "accuracy", by=["agent_id"]).iloc[0]
    assert row["method"].endswith("by item; audits")
    assert row["n_effective"] == pytest.approx(40, rel=0.05)
