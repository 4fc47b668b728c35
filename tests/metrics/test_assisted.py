"""Raw accuracy beside accuracy with the model's help: against a known whole, and stepping back where it cannot help."""

from __future__ import annotations

import numpy as np
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.metrics import measure
from labelqa_lib.metrics.assisted import ASSISTED, assisted
from labelqa_lib.metrics.corrected import RAW, corrected

from .snapshots import WEEKS, joined, labelled, make

AGENTS, EACH = 10, 80


def market(opinion, seed=3, **common):
    """10 agents, 8 % of 800 labels wrong, a quarter audited; `opinion` gives the model's label and score."""
    drawn = np.random.default_rng(seed)
    parts, items = [], []
    for agent in range(AGENTS):
        wrong, audited = drawn.random(EACH) < 0.08, drawn.random(EACH) < 0.25
        pairs = " ".join(
            f"{'spam' if bad else 'ok'}>{'ok' if seen else ''}" for bad, seen in zip(wrong, audited, strict=True)
        )
        parts.append(labelled(pairs, agent_id=f"a{agent}", audit={"inclusion_probability": 0.25}, **common))
        for row, bad in zip(parts[-1]["annotations"], wrong, strict=True):
            label, score = opinion(drawn, bad)
            items.append({"item_id": row["item_id"], "model_label": label, "model_score": score})
    return joined(*parts, {"items": items})


def right(drawn, _bad):
    """A model that is right in 97 of 100 items, and sure."""
    return ("ok", 0.02) if drawn.random() < 0.97 else ("hate", 0.98)


@pytest.fixture(scope="module")
def given():
    return market(right, queue="q")


@pytest.fixture(scope="module")
def tables(given):
    return make(**given)


def test_what_the_model_says_of_all_labels_brings_the_figure_near_that_of_all(given, tables):
    everything = np.mean([row["label"] == "ok" for row in given["annotations"]])
    raw, helped = assisted(tables).to_dict("records")
    assert (raw["metric"], helped["metric"]) == (RAW, ASSISTED)
    assert abs(helped["estimate"] - everything) < abs(raw["estimate"] - everything)
    assert helped["ci_low"] < everything < helped["ci_high"]
    assert helped["worth"] > 2 and np.isnan(raw["worth"])
    widths = [one["ci_high"] - one["ci_low"] for one in (raw, helped)]
    assert helped["worth"] == pytest.approx((widths[0] / widths[1]) ** 2)
    assert helped["method"] == "prediction-powered difference, Wilson, clustered by agent; tier 1"
    assert raw["n"] == helped["n"] == len(given["audits"])


@pytest.mark.parametrize("by", [["week"], ["queue", "label"]])
def test_the_raw_figure_is_the_one_of_the_correction(tables, by):
    ours, theirs = (
        frame[frame["metric"] == RAW].reset_index(drop=True) for frame in (assisted(tables, by), corrected(tables, by))
    )
    assert ours[[*by[1:], "period", "reason"]].equals(theirs[[*by[1:], "period", "reason"]])
    numbers = ["estimate", "ci_low", "ci_high", "n", "n_effective"]
    np.testing.assert_allclose(ours[numbers], theirs[numbers])


def test_it_is_a_metric_frame(tables):
    frame, measured = assisted(tables, ["queue", "week"]), measure(tables, "accuracy", ["queue", "week"])
    assert list(frame.columns) == [*measured.columns, "worth"]
    assert frame.dtypes[measured.columns].equals(measured.dtypes)
    assert frame["period"].tolist() == [*WEEKS, *WEEKS]
    assert frame["reason"].tolist() == ["no tier-1 audits in 2026-W45", ""] * 2
    assert frame["worth"].isna().tolist() == [True, True, True, False]


def test_a_cut_that_was_not_delivered_says_so(tables):
    unknown = assisted(tables, ["site"])
    assert unknown["reason"].tolist() == ["needs annotations.site; not delivered"] * 2
    assert unknown["worth"].isna().all()
    with pytest.raises(UsageError, match="accuracy_tier1 cannot be measured by 'agent_id'"):
        assisted(tables, ["agent_id"])


@pytest.mark.slow
@pytest.mark.parametrize("left", [{"items": None}, {"items": [{"item_id": "x"}]}], ids=["no items", "no opinion"])
def test_without_a_model_both_are_the_same(given, left):
    """Folds alone explain nothing: agents who did better in other folds are not evidence about this one."""
    raw, helped = assisted(make(**{name: rows for name, rows in (given | left).items() if rows})).to_dict("records")
    same = ["estimate", "ci_low", "ci_high", "method"]
    assert [helped[name] for name in same] == [raw[name] for name in same] and helped["worth"] == 1


def test_one_agent_has_nobody_to_learn_from():
    alone = labelled("ok>ok " * 20 + "spam>ok", agent_id="b")
    items = [{"item_id": row["item_id"], "model_label": "ok", "model_score": 0.02} for row in alone["annotations"]]
    assert assisted(make(**alone, items=items))["worth"].iloc[1] == 1


def test_without_audits_both_say_so():
    frame = assisted(make(annotations=labelled("ok>ok")["annotations"]))
    assert frame["reason"].tolist() == ["needs audits; not delivered"] * 2
