"""Consensus against published figures, crowd-kit on random tables, and its own laws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from agreement_examples import oracle, random_tables
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa_lib.errors import UsageError
from labelqa_lib.stats import consensus

WORKED = Path(__file__).resolve().parents[3] / "shared" / "reference" / "worked_examples"
DATA = WORKED.parents[1] / "data"
needs_examples = pytest.mark.skipif(
    not WORKED.is_dir(), reason="the worked examples are not part of the product and not on this machine"
)
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real data sets are not part of the product and not on this machine"
)


def table(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item_id", "agent_id", "label"])


def simulated(items=400, accuracies=(0.9, 0.8, 0.85, 0.6, 0.75), labels="xyz", missing=0.2, seed=0):
    """Annotations of agents with these accuracies, and the truth by item."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(len(labels), size=items)
    skill = np.array(accuracies)
    right = rng.random((items, len(skill))) < skill
    other = (truth[:, None] + rng.integers(1, len(labels), size=right.shape)) % len(labels)
    given = np.where(right, truth[:, None], other)
    item, agent = np.nonzero(rng.random(right.shape) >= missing)
    names = np.array(list(labels))
    rows = pd.DataFrame({"item_id": item, "agent_id": agent, "label": names[given[item, agent]]})
    return rows, pd.Series(names[truth])


def diagonal(found: consensus.Consensus) -> pd.DataFrame:
    same = found.confusion[found.confusion["true_label"] == found.confusion["label"]]
    return same.pivot(index="agent_id", columns="label", values="probability")


# --------------------------------------------------------------------------------------------------- published figures
@pytest.fixture(scope="module")
def anaesthetists():
    rows = pd.read_csv(WORKED / "anesthesia_dawid_skene_1979.csv").astype(int)
    return rows.rename(columns={"item": "item_id", "rater": "agent_id", "rating": "label"})


@needs_examples
def test_dawid_and_skene_1979(anaesthetists):
    """Their class priors .40 .42 .11 .07; error rates as rater (R) and crowd-kit give them."""
    found = consensus.dawid_skene(anaesthetists)
    assert found.prevalence.round(2).tolist() == [0.40, 0.42, 0.11, 0.07]
    exact = consensus.dawid_skene(anaesthetists, prior=0, tolerance=1e-12)
    assert exact.prevalence.round(4).tolist() == [0.4000, 0.4216, 0.1118, 0.0667]
    assert round(exact.log_likelihood, 3) == -190.731
    assert diagonal(exact).round(3).to_numpy().tolist() == [
        [0.907, 0.877, 0.661, 0.444], [0.833, 0.633, 1, 1], [1, 0.789, 0.199, 0.333], [0.944, 0.843, 0.801, 0.667],
        [1, 0.735, 0.791, 0.667],
    ]  # fmt: skip
    labels = exact.labels.sort_values("item_id")["label"]
    assert "".join(map(str, labels)) == "142222132243121111222222112111131224233111212"


@needs_examples
def test_caries():
    """Espeland & Handelman (1989), as in R's rater: five dentists, two classes."""
    counts = pd.read_csv(WORKED / "caries.csv")
    patients = counts.loc[counts.index.repeat(counts["n"])].drop(columns="n").reset_index(drop=True)
    rows = patients.rename_axis("item_id").reset_index().melt("item_id", var_name="agent_id", value_name="label")
    found = consensus.dawid_skene(rows, prior=0, tolerance=1e-12)
    assert found.prevalence.round(5).tolist() == [0.80034, 0.19966]
    assert round(found.log_likelihood, 3) == -7410.942
    assert diagonal(found)[1].round(4).tolist() == [0.9942, 0.8983, 0.9867, 0.9692, 0.6956]
    assert diagonal(found)[2].round(4).tolist() == [0.4037, 0.7059, 0.5905, 0.4854, 0.9134]


@pytest.fixture(scope="module")
def adult():
    rows = pd.read_csv(DATA / "adult_content" / "labels.csv.gz").rename(
        columns={"item": "item_id", "annotator": "agent_id"}
    )
    gold = pd.read_csv(DATA / "adult_content" / "gold.csv").set_index("item")["gold"]
    return rows, gold[gold.index.isin(rows["item_id"])]


def accuracy(labels: pd.DataFrame, gold: pd.Series) -> float:
    given = labels.set_index("item_id")["label"].reindex(gold.index)
    return float((given == gold).mean())


@needs_data
def test_adult_content(adult):
    """README of the data set: majority vote against gold .760 to .763 by tie rule, Dawid–Skene .748 (as crowd-kit)."""
    rows, gold = adult
    assert len(gold) == 333
    assert round(accuracy(consensus.majority_vote(rows, labels="GPRX"), gold), 3) == 0.763
    found = consensus.dawid_skene(rows, labels="GPRX")
    assert round(accuracy(found.labels, gold), 3) == 0.748
    assert found.converged


@needs_data
def test_gold_of_some_items_helps_with_the_others(adult):
    rows, gold = adult
    held_out = gold.iloc[::3]
    told = consensus.dawid_skene(rows, gold.drop(held_out.index), labels="GPRX", prior=1)
    alone = consensus.dawid_skene(rows, labels="GPRX", prior=1)
    assert accuracy(told.labels, gold.drop(held_out.index)) == 1
    assert accuracy(told.labels, held_out) >= accuracy(alone.labels, held_out)


@needs_data
def test_zencrowd():
    """README of the data set: majority vote .838."""
    rows = pd.read_csv(DATA / "zencrowd" / "labels.csv.gz").rename(columns={"item": "item_id", "annotator": "agent_id"})
    gold = rows.drop_duplicates("item_id").set_index("item_id")["gold"]
    shares = [accuracy(consensus.majority_vote(rows, ties), gold) for ties in ("first", "last")]
    assert min(shares) - 0.001 <= 0.838 <= max(shares) + 0.001


# ----------------------------------------------------------------------------------------------------- other packages
@pytest.mark.parametrize("model", ["dawid_skene", "one_coin"])
def test_crowdkit_on_random_tables(model):
    """crowd-kit stops early whatever it is told, so that labels are compared exactly and probabilities roughly."""
    tables = random_tables()
    for number, part in oracle("crowdkit").query("model == @model").groupby("table"):
        told = part.pivot(index="item_id", columns="label", values="value")
        found = getattr(consensus, model)(tables[number], tolerance=1e-12).probabilities.sort_index()
        assert (found.to_numpy().argmax(axis=1) == told.to_numpy().argmax(axis=1)).mean() > 0.98
        assert np.abs(found.to_numpy() - told.to_numpy()).mean() < 0.02


# ------------------------------------------------------------------------------------------------------- majority vote
def test_tie_rules():
    rows = table(("i", "a", "spam"), ("i", "b", "ok"), ("j", "a", "ok"), ("j", "b", "ok"), ("j", "c", "spam"))
    named = {ties: consensus.majority_vote(rows, ties, ["ok", "spam"]) for ties in ("first", "last", "none")}
    assert [frame["label"].tolist()[1] for frame in named.values()] == ["ok"] * 3
    assert named["first"]["label"].tolist()[0] == "ok"
    assert named["last"]["label"].tolist()[0] == "spam"
    assert pd.isna(named["none"]["label"].tolist()[0])
    assert named["first"]["tied"].tolist() == [True, False]
    assert named["first"]["probability"].tolist() == [1 / 2, 2 / 3]
    assert named["first"]["entropy"].tolist() == pytest.approx([1, -(2 / 3) * np.log2(2 / 3) - np.log2(1 / 3) / 3])
    assert named["first"]["n_annotations"].tolist() == [2, 3]


def test_a_vote_of_nobody():
    assert list(consensus.majority_vote(table()).columns) == list(consensus.majority_vote(table(("i", "a", "x"))).columns)


def test_random_ties_are_seeded_and_even():
    rows = pd.DataFrame({"item_id": np.repeat(np.arange(2000), 2), "label": np.tile(["ok", "spam"], 2000)})
    drawn = consensus.majority_vote(rows, "random", seed=3)["label"]
    assert (drawn == consensus.majority_vote(rows, "random", seed=3)["label"]).all()
    assert 0.45 < (drawn == "ok").mean() < 0.55


# ---------------------------------------------------------------------------------------------------------------- laws
def test_it_finds_the_truth_and_who_errs():
    rows, truth = simulated()
    found = consensus.dawid_skene(rows)
    assert accuracy(found.labels, truth) > accuracy(consensus.majority_vote(rows), truth)
    agents = found.agents.sort_values("agent_id")
    assert agents["accuracy"].tolist() == pytest.approx([0.9, 0.8, 0.85, 0.6, 0.75], abs=0.06)
    assert found.prevalence.sum() == pytest.approx(1)
    assert found.probabilities.sum(axis=1).tolist() == pytest.approx([1] * len(found.labels))
    inside = found.confusion["probability"].between(found.confusion["ci_low"] - 1e-3, found.confusion["ci_high"] + 1e-3)
    assert inside.all()
    assert found.confusion.groupby(["agent_id", "true_label"])["probability"].sum().tolist() == pytest.approx([1] * 15)


def test_likelihood_only_rises():
    rows, _ = simulated()
    reached = [consensus.dawid_skene(rows, prior=0, iterations=steps).log_likelihood for steps in range(1, 12)]
    assert (np.diff(reached) > -1e-9).all()
    cut = consensus.dawid_skene(rows, iterations=3)
    assert (cut.iterations, cut.converged) == (3, False)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 99))
def test_order_and_names_do_not_matter(seed):
    rows, _ = simulated(items=60, seed=seed)
    renamed = rows.sample(frac=1, random_state=seed).assign(
        agent_id=lambda frame: "agent " + (9 - frame["agent_id"]).astype(str),
        label=lambda frame: frame["label"].map({"x": "c", "y": "a", "z": "b"}),
    )
    for f in (consensus.dawid_skene, consensus.one_coin):
        before = f(rows, tolerance=1e-10).probabilities.sort_index()[["x", "y", "z"]]
        after = f(renamed, tolerance=1e-10).probabilities.sort_index()[["c", "a", "b"]]
        assert np.abs(before.to_numpy() - after.to_numpy()).max() < 1e-4


def test_gold_is_taken_as_known_in_every_form():
    rows, truth = simulated(items=50)
    wrong = truth.iloc[:5].map({"x": "y", "y": "z", "z": "x"})
    frame = wrong.rename_axis("item_id").rename("label").reset_index()
    for gold in (wrong, wrong.to_dict(), frame, frame.rename(columns={"label": "gold_label"})):
        found = consensus.dawid_skene(rows, gold).labels.set_index("item_id")
        assert found["label"].reindex(wrong.index).tolist() == wrong.tolist()
        assert found["entropy"].reindex(wrong.index).tolist() == [0] * 5
    unseen = consensus.dawid_skene(rows, {0: "w", "not an item": "x"})
    assert unseen.labels.loc[unseen.labels["item_id"] == 0, "label"].tolist() == ["w"]


def test_a_prior_belief_in_agents_carries_where_there_is_little_to_see():
    rows = table(("i", "a", "x"), ("i", "b", "y"), ("j", "a", "x"), ("j", "b", "x"), ("k", "a", "y"), ("k", "b", "y"))
    sure = consensus.dawid_skene(rows, prior=np.eye(2) * 20 + 1)
    assert (diagonal(sure).to_numpy() > 0.85).all()


def test_one_coin_is_a_confusion_matrix_of_one_number():
    rows, _ = simulated()
    spread = diagonal(consensus.one_coin(rows))
    assert np.ptp(spread.to_numpy(), axis=1).max() < 1e-12
    assert spread["x"].tolist() == pytest.approx([0.9, 0.8, 0.85, 0.6, 0.75], abs=0.06)


def test_entropy():
    assert consensus.entropy([[1, 0], [0.5, 0.5], [0.25, 0.75]]).tolist() == pytest.approx([0, 1, 0.811278124459])
    assert float(consensus.entropy([0.5, 0.5])) == 1


def test_gold_may_name_a_label_that_nobody_gave():
    rows = pd.DataFrame({"item_id": [1, 1, 2], "agent_id": ["a", "b", "a"], "label": ["x", "y", "y"]})
    assert list(consensus.dawid_skene(rows, {1: "w"}).probabilities) == ["w", "x", "y"]
    ordered = rows.assign(label=pd.Categorical(rows["label"], ["y", "x"], ordered=True))
    assert list(consensus.dawid_skene(ordered, {1: "x"}).probabilities) == ["y", "x"]


def test_the_table_given_is_not_changed():
    rows, truth = simulated(items=30)
    before = rows.copy()
    consensus.dawid_skene(rows, truth)
    consensus.majority_vote(rows)
    pd.testing.assert_frame_equal(rows, before)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda rows: consensus.majority_vote(rows, "coin"), "no tie rule 'coin'"),
        (lambda rows: consensus.dawid_skene(rows, {0: "x", 1: "w"}, labels="xyz"), "gold: w: not in the label set"),
        (lambda rows: consensus.dawid_skene(rows, pd.Series(["x", "y"], index=[0, 0])), "names item 0 twice"),
        (lambda rows: consensus.dawid_skene(rows, pd.DataFrame({"item": [1]})), "gold has no column item_id, label; give item_id and gold_label"),
        (lambda rows: consensus.dawid_skene(rows, prior=-1), "the prior must be"),
        (lambda rows: consensus.dawid_skene(rows, prior=[1, 2]), "the prior must be"),
        (lambda rows: consensus.dawid_skene(rows, iterations=0), "iterations is 0"),
        (lambda rows: consensus.dawid_skene(rows.drop(columns="agent_id")), "no column agent_id"),
        (lambda rows: consensus.dawid_skene(rows.head(0)), "no annotations"),
        (lambda rows: consensus.dawid_skene(rows, {0: 5}), "gold labels are of another kind"),
        (lambda rows: consensus.dawid_skene(rows, [(0, "x")]), "gold is a list; give a label by item"),
        (lambda rows: consensus.dawid_skene(rows.drop(columns="label"), {0: "x"}), "no column label"),
        (lambda rows: consensus.dawid_skene(None, {0: "x"}), "annotations are a NoneType"),
        (lambda rows: consensus.majority_vote(rows.assign(label=[["x"]] * len(rows))), "one text or one number"),
    ],
)
def test_what_cannot_be_asked(ask, said):
    rows, _ = simulated(items=10)
    with pytest.raises(UsageError, match=said):
        ask(rows)
