"""Agreement by segment, by hand; the coefficients themselves are proved in tests/stats."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.calibration import agreement, between_sites, self_agreement
from labelqa_lib.metrics.frame import NUMBERS
from labelqa_lib.stats import agreement as coefficients

from .rows import LABELS, drawn, overlapping


def pairs(*answers: str, **common):
    """Items of two agents each: ``"ok spam"``."""
    return overlapping(*((f"i{place}", agent, label) for place, both in enumerate(answers)
                         for agent, label in zip("ab", both.split(), strict=True)), **common)  # fmt: skip


def test_the_market_is_one_row_a_coefficient():
    rows = drawn()
    frame = agreement(rows, LABELS)
    assert frame["metric"].tolist() == ["percent_agreement", "gwet_ac1", "krippendorff_alpha"]
    assert list(frame.columns) == ["metric", "period", *NUMBERS]
    assert frame["estimate"].tolist() == [
        coefficients.percent_agreement(rows).estimate,
        coefficients.gwet_ac(rows, labels=LABELS).estimate,
        coefficients.krippendorff_alpha(rows).estimate,
    ]
    assert frame["n"].tolist() == [300] * 3


def test_the_first_answer_of_an_agent_counts():
    once = pairs(*["ok ok"] * 9, "ok spam")
    again = overlapping(("i0", "a", "hate"))
    both = overlapping(*(once[["item_id", "agent_id", "label"]].itertuples(index=False, name=None)),
                       *again[["item_id", "agent_id", "label"]].itertuples(index=False, name=None))  # fmt: skip
    assert both["repeated"].sum() == 1
    assert agreement(both, LABELS).equals(agreement(once, LABELS))


def test_each_label_against_all_others():
    rows = pairs(*["ok ok"] * 6, "spam spam", "hate spam", "spam ok", "hate hate")
    frame = agreement(rows, LABELS, "label", ["percent_agreement"]).set_index("label")
    assert frame["estimate"].to_dict() == {"ok": 0.9, "spam": 0.8, "hate": 0.9}


def test_by_week_the_last_annotation_of_an_item_counts():
    early = pairs(*["ok ok"] * 10, week="2026-W45")
    late = pairs(*["ok spam"] * 10, week="2026-W46").assign(item_id=lambda frame: "late " + frame["item_id"])
    frame = agreement(_joined(early, late), LABELS, "week", ["percent_agreement"])
    assert frame[["period", "estimate"]].to_numpy().tolist() == [["2026-W45", 1.0], ["2026-W46", 0.0]]


def test_segments_with_too_few_items_are_left_out():
    rows = _joined(pairs(*["ok ok"] * 10, queue="many"), pairs(*["ok ok"] * 9, queue="few").assign(
        item_id=lambda frame: "few " + frame["item_id"]))  # fmt: skip
    assert agreement(rows, LABELS, "queue", ["gwet_ac1"])["queue"].tolist() == ["many"]


def _joined(*parts):
    return pd.concat(parts, ignore_index=True)


def test_sites_within_and_between():
    rows = []
    for place in range(30):
        site = ("K", "K") if place < 10 else ("P", "P") if place < 20 else ("K", "P")
        label = ("ok", "ok") if place < 20 else ("ok", "spam")
        rows += [(str(place), f"{side}{agent}", label[agent], side) for agent, side in enumerate(site)]
    frame = between_sites(overlapping(*rows), LABELS)
    percent = frame[frame["metric"] == "percent_agreement"].set_index("site_pair")
    assert percent["estimate"].to_dict() == {"K": 1, "K and P": 0, "P": 1}
    assert percent["n"].to_dict() == {"K": 10, "K and P": 10, "P": 10}


def test_self_agreement_takes_agents_as_clusters():
    rows = overlapping(*((f"i{item}", agent, label) for agent in "abc" for item in range(4)
                         for label in ("ok", "ok" if item else "spam")))  # fmt: skip
    row = self_agreement(rows).iloc[0]
    assert (row["estimate"], row["n"]) == (0.75, 12)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.75, 0.75)), "three agents that are exactly alike"
    alone = self_agreement(pairs("ok ok", "ok spam")).iloc[0]
    assert np.isnan(alone["estimate"]) and alone["reason"] == "no agent saw an item twice"


def test_without_agents_coefficients_that_need_them_say_so():
    rows = pairs(*["ok ok"] * 12).assign(agent_id=None)
    frame = agreement(rows, LABELS, metrics=["gwet_ac1", "cohen_kappa"])
    assert frame["reason"].tolist() == ["", "needs annotations.agent_id; not delivered"]


def test_no_rows_at_all():
    nothing = pairs("ok ok").head(0)
    frame = agreement(nothing, LABELS)
    assert frame["estimate"].isna().all() and (frame["reason"] != "").all()
    assert not len(agreement(nothing, LABELS, "label")) and not len(between_sites(nothing, LABELS))
    assert np.isnan(self_agreement(nothing)["estimate"].iloc[0])
