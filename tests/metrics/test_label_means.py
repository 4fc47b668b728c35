"""Macro and weighted means of precision, recall and F1 by hand."""

from __future__ import annotations

import numpy as np
import pytest

from labelqa_lib.metrics import measure

from .snapshots import LABELS, joined, labelled, make, whole

# given > reference: precision ok 2/4, spam 1/2, hate 1/2; recall ok 2/3, spam 1/3, hate 1/2; 3, 3 and 2 references
ANSWERS = "ok>ok ok>ok spam>ok spam>spam hate>hate hate>spam ok>spam ok>hate"
BY_HAND = {
    "precision_macro": (2 / 4 + 1 / 2 + 1 / 2) / 3,
    "precision_weighted": (3 * 2 / 4 + 3 * 1 / 2 + 2 * 1 / 2) / 8,
    "recall_macro": (2 / 3 + 1 / 3 + 1 / 2) / 3,
    "recall_weighted": 4 / 8,
    "f1_macro": (4 / 7 + 2 / 5 + 2 / 4) / 3,
    "f1_weighted": (3 * 4 / 7 + 3 * 2 / 5 + 2 * 2 / 4) / 8,
}


@pytest.mark.slow
@pytest.mark.parametrize("metric", BY_HAND)
def test_means_by_hand(metric):
    row = measure(make(**labelled(ANSWERS)), metric).iloc[0]
    assert (row["estimate"], row["n"], row["reason"]) == (pytest.approx(BY_HAND[metric]), 8, "")
    assert row["ci_low"] < row["estimate"] < row["ci_high"]


@pytest.mark.slow
@pytest.mark.parametrize("by", [[], ["site"], ["agent_id", "week"]])
def test_weighted_recall_is_accuracy_with_its_interval(by):
    numbers = ["estimate", "ci_low", "ci_high", "n", "n_effective"]
    recall, accuracy = (measure(whole(), name, by)[numbers] for name in ("recall_weighted", "accuracy"))
    np.testing.assert_allclose(recall, accuracy)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_means_are_those_of_the_table_by_label(name):
    by_label = measure(whole(), name, ["label"]).set_index("label")["estimate"]
    assert measure(whole(), f"{name}_macro")["estimate"].iloc[0] == pytest.approx(by_label.mean())


@pytest.mark.slow
def test_labels_without_a_figure_are_left_out_and_named():
    tables = make(**labelled("ok>ok ok>ok ok>hate spam>ok"))
    row = measure(tables, "precision_macro").iloc[0]
    assert (row["estimate"], row["reason"]) == (pytest.approx((2 / 3 + 0) / 2), "without hate")
    row = measure(tables, "recall_macro").iloc[0]
    assert (row["estimate"], row["reason"]) == (pytest.approx((2 / 3 + 0) / 2), "without spam")
    assert measure(tables, "f1_macro")["reason"].iloc[0] == ""
    # nothing that anybody should have labelled hate was found, so a mean by frequency leaves it out as well
    assert measure(tables, "precision_weighted")["estimate"].iloc[0] == pytest.approx(2 / 3)


@pytest.mark.slow
def test_a_rare_label_makes_the_macro_mean_unsure():
    common = "ok>ok " * 180 + "ok>spam spam>ok " * 5 + "spam>spam " * 20
    parts = joined(labelled(common, agent_id=None), labelled("hate>hate hate>ok", agent_id="b"))
    macro, weighted = (measure(make(**parts), f"precision_{kind}").iloc[0] for kind in ("macro", "weighted"))
    assert macro["n_effective"] < weighted["n_effective"] / 4
    assert macro["ci_high"] - macro["ci_low"] > 3 * (weighted["ci_high"] - weighted["ci_low"])


def test_many_labels_without_a_figure_are_counted():
    labels = LABELS + [LABELS[0] | {"label": f"more{place}", "order": 9 + place} for place in range(4)]
    row = measure(make(**labelled("ok>ok ok>spam", agent_id="a"), labels=labels), "recall_macro").iloc[0]
    assert row["reason"] == "without hate, more0, more1 and 2 more"
