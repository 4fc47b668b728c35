"""Figures that a cut snapshot's readers may not see are nowhere in a frame: neither they nor what gives them away."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.causes.evidence import COUNTS, Evidence, _shown
from labelqa_lib.metrics import assisted, by_hour, compare_segments, confusion, corrected, coverage, measure, spread, tenure
from labelqa_lib.metrics.withheld import WITHHELD, withhold

from .snapshots import joined, labelled, make


def cut(tables, smallest=10):
    """The tables as of a snapshot cut for a partner."""
    return replace(tables, snapshot=replace(tables.snapshot, audience="nord", smallest_cell=smallest), _kept={})


@pytest.fixture(scope="module")
def tables():
    """Three sites with 20, 12 and 4 audited annotations of one week."""
    sites = {"A": "ok>ok " * 18 + "ok>spam spam>ok", "B": "ok>ok " * 12, "C": "ok>ok ok>ok ok>ok ok>spam"}
    parts = [labelled(pairs, site=site, agent_id=f"agent {site}", partner="Nord") for site, pairs in sites.items()]
    return make(**joined(*parts))


def test_the_small_site_and_the_next_smallest_are_withheld(tables):
    frame = measure(cut(tables), "accuracy", ["site"])
    assert frame["n"].tolist() == [20, 0, 0]
    assert frame["estimate"].isna().tolist() == [False, True, True]
    assert frame["reason"].tolist()[1:] == [f"{WITHHELD}: a total would tell what is withheld beside it",
                                            f"{WITHHELD}: fewer than 10"]  # fmt: skip
    assert frame["method"].tolist()[1:] == ["", ""] and frame["n_effective"].isna().tolist() == [False, True, True]
    assert measure(cut(tables), "accuracy")["n"].tolist() == [36]


def test_nothing_is_withheld_in_house(tables):
    whole = measure(tables, "accuracy", ["site"])
    assert whole["n"].tolist() == [20, 12, 4]
    assert withhold(whole, tables) is whole


def test_every_frame_of_a_page_keeps_the_rule(tables):
    narrow = cut(tables)
    frames = [
        measure(narrow, "accuracy", ["site", "week"]), corrected(narrow, ["site"]), assisted(narrow, ["site"]), by_hour(narrow),
        spread(narrow, "agent_id"), confusion(narrow), tenure(narrow), compare_segments(narrow, "accuracy"),
    ]  # fmt: skip
    for frame in frames:
        counts = frame[frame.columns.intersection(["n", "n_reference", "reaudits", "volume", "n_baseline"])]
        assert not ((counts > 0) & (counts < 10)).any(axis=None), frame
    pairs = confusion(narrow)
    assert len(pairs) == 3 and pairs[["share", "ci_low"]].isna().all(axis=None)  # the right ones would give the errors away


def test_counts_of_a_week_are_empty_where_they_are_small(tables):
    week = coverage(cut(tables, smallest=40)).iloc[-1]
    assert week["annotations"] is pd.NA and week["audited"] is pd.NA and week["excluded_audits"] == 0
    assert coverage(tables).dtypes["annotations"] == "int64"


def test_second_audits_too_few_withhold_what_they_correct(tables):
    frame = corrected(tables).assign(n=36, reaudits=[0, 4])
    shown = withhold(frame, cut(tables), ["reaudits"])
    assert shown["n"].tolist() == [36, 0] and shown["reaudits"].tolist() == [0, 0] and np.isnan(shown["moved"].iloc[1])


def test_evidence_of_causes_counts_enough_or_is_silent(tables):
    some = {"cause": ["A", "A", "B"], "estimate": [0.1, 0.2, 0.3]}
    frames = {
        one.name: pd.DataFrame(some | {COUNTS[place % len(COUNTS)]: [30, 3, 12]})
        for place, one in enumerate(fields(Evidence)) if one.name not in ("volume", "coded", "examples")
    }  # fmt: skip
    coded = pd.DataFrame(some | {"n": [30, 3, 12]})
    examples = pd.DataFrame({"cause": ["A"], "audits": ["q1: spam"]})
    shown = _shown(Evidence(**frames, coded=coded, examples=examples, volume=1.0), cut(tables))
    assert all(getattr(shown, name)["estimate"].tolist() == [0.1, 0.3] for name in frames)
    assert shown.coded["cause"].tolist() == ["B"]  # of A's codes, one of two would look like all
    assert len(shown.examples) == 1
