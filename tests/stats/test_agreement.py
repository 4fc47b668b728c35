"""Agreement against published figures, other packages on random tables with missing data, and its own laws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from agreement_examples import (
    ABSTRACTORS,
    DIAGNOSES,
    FIVE_OBSERVERS,
    FOUR_OBSERVERS,
    counted,
    crossed,
    observed,
    oracle,
    random_tables,
    two_agents,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa_lib.errors import UsageError
from labelqa_lib.stats import agreement

WORKED = Path(__file__).resolve().parents[3] / "shared" / "reference" / "worked_examples"
DATA = WORKED.parents[1] / "data"

COEFFICIENTS = {
    "pa": agreement.percent_agreement, "gwet": agreement.gwet_ac, "fleiss": agreement.fleiss_kappa,
    "conger": agreement.cohen_kappa, "bp": agreement.brennan_prediger,
}  # fmt: skip


# --------------------------------------------------------------------------------------------------- published figures
@pytest.mark.parametrize(
    ("weights", "published"),
    [
        ("identity", (0.81818, 0.77544, 0.76117, 0.76282, 0.77273)),
        ("linear", (0.93939, 0.85874, 0.81794, 0.81378, 0.84848)),
        ("quadratic", (0.97538, 0.91400, 0.86494, 0.85771, 0.90152)),
        ("ordinal", (0.96818, 0.89894, 0.85021, 0.84366, 0.88636)),
        ("ratio", (0.95411, 0.85737, 0.82134, 0.81197, 0.84024)),
    ],
)
def test_four_observers_with_missing_labels(weights, published):
    """Gwet (2014), Handbook, 4th ed.; R irrCAC 1.0."""
    rows = observed(FOUR_OBSERVERS)
    assert [round(f(rows, weights).estimate, 5) for f in COEFFICIENTS.values()] == list(published)


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_of_four_observers(level, published):
    """Krippendorff (2011), sections C and E."""
    found = agreement.krippendorff_alpha(observed(FOUR_OBSERVERS), level)
    assert round(found.estimate, 3) == published
    assert (found.n_items, found.n_annotations) == (11, 40)


def test_alpha_and_its_interval_as_published():
    """irrCAC: .74342 (.14557; .419 to 1)."""
    found = agreement.krippendorff_alpha(observed(FOUR_OBSERVERS))
    assert (round(found.estimate, 5), round(found.std_error, 5)) == (0.74342, 0.14557)
    assert (round(found.ci_low, 3), found.ci_high) == (0.419, 1.0)


@pytest.mark.parametrize(
    ("first", "second", "published"),
    [("0100000010", "1110010000", 0.095), ("aabbdcccedda", "babbbccceddd", 0.692)],
)
def test_alpha_of_two_observers(first, second, published):
    """Krippendorff (2011), sections A and B."""
    assert round(agreement.krippendorff_alpha(two_agents(first, second)).estimate, 3) == published


@pytest.mark.parametrize(
    ("name", "error", "low"),
    [("gwet", 0.14295, 0.461), ("fleiss", 0.15302, 0.424), ("conger", 0.14917, 0.435), ("bp", 0.14472, 0.454)],
)
def test_standard_errors_as_published_and_what_single_labels_do_to_them(name, error, low):
    """Gwet (2014); R irrCAC 1.0. One item of twelve has a single label: the published form counts it as a disagreement,
    the ratio does not."""
    rows = observed(FOUR_OBSERVERS)
    found, ratio = COEFFICIENTS[name](rows), COEFFICIENTS[name](rows, singles="ratio")
    assert (round(found.std_error, 5), round(found.ci_low, 3), found.ci_high) == (error, low, 1.0)
    assert ratio.estimate == found.estimate and ratio.std_error < error
    paired = rows[rows.groupby("item_id")["label"].transform("size") > 1]
    assert COEFFICIENTS[name](paired) == COEFFICIENTS[name](paired, singles="ratio"), "the same without such items"


@pytest.mark.parametrize(
    ("weights", "published"),
    [("identity", (0.49662, 0.45762, 0.46927, 0.48741)), ("quadratic", (0.83043, 0.75072, 0.76179, 0.80622))],
)
def test_five_observers(weights, published):
    """Gwet (2014); R irrCAC 1.0."""
    rows = observed(FIVE_OBSERVERS)
    found = [f(rows, weights).estimate for name, f in COEFFICIENTS.items() if name != "pa"]
    assert [round(value, 5) for value in found] == list(published)
    level, alpha = {"identity": ("nominal", 0.48053), "quadratic": ("interval", 0.77186)}[weights]
    assert round(agreement.krippendorff_alpha(rows, level).estimate, 5) == alpha


@pytest.mark.parametrize(
    ("function", "weights", "estimate", "error"),
    [
        ("pa", "identity", 0.89, 0.03129),
        ("conger", "identity", 0.79641, 0.05891),
        ("fleiss", "identity", 0.79624, 0.05905),
        ("gwet", "identity", 0.84933, 0.04322),
        ("bp", "identity", 0.835, 0.04693),
        ("conger", "quadratic", 0.89216, 0.03535),
        ("gwet", "quadratic", 0.94024, 0.01792),
    ],
)
def test_two_abstractors(function, weights, estimate, error):
    """Gwet (2014), table 2.7; R irrCAC 1.0. Its figures for a table divide by n where those for rows divide by n − 1."""
    found = COEFFICIENTS[function](crossed(ABSTRACTORS), weights)
    assert (round(found.estimate, 5), round(found.std_error * np.sqrt(99 / 100), 5)) == (estimate, error)


def test_four_diagnoses():
    """Gwet (2014); R irrCAC 1.0."""
    rows = crossed(DIAGNOSES)
    found = [round(f(rows).estimate, 5) for f in COEFFICIENTS.values()]
    assert found == [0.58744, 0.45616, 0.43034, 0.43150, 0.44993]
    assert round(agreement.krippendorff_alpha(rows).estimate, 5) == 0.43162
    assert round(agreement.cohen_kappa(rows, "quadratic").estimate, 5) == 0.38319
    assert round(agreement.gwet_ac(rows, "quadratic").estimate, 5) == 0.29857
    assert round(agreement.cohen_kappa(rows).std_error * np.sqrt(222 / 223), 5) == 0.04597


@pytest.mark.skipif(
    not WORKED.is_dir(), reason="the worked examples are not part of the product and not on this machine"
)
def test_six_psychiatrists():
    """Fleiss (1971), 15 of his patients; R irrCAC 1.0 and statsmodels."""
    rows = counted(pd.read_csv(WORKED / "distrib.6raters.csv").drop(columns="Subject"))
    published = {
        "pa": (0.55111, 0.06650),
        "fleiss": (0.41393, 0.08119),
        "gwet": (0.44480, 0.08419),
        "bp": (0.43889, 0.08312),
    }
    for name, figures in published.items():
        found = COEFFICIENTS[name](rows)
        assert (round(found.estimate, 5), round(found.std_error, 5)) == figures
    assert [round(end, 3) for end in (agreement.fleiss_kappa(rows).ci_low, agreement.fleiss_kappa(rows).ci_high)] == [
        0.24,
        0.588,
    ]
    alpha = agreement.krippendorff_alpha(rows)
    # irrCAC on the rows; its function for counts, of an older form, has .08243
    assert (round(alpha.estimate, 5), round(alpha.std_error, 5)) == (0.42044, 0.08119)


@pytest.mark.skipif(
    not WORKED.is_dir(), reason="the worked examples are not part of the product and not on this machine"
)
def test_thirty_psychiatric_patients():
    """Fleiss (1971), all 30: kappa .430; exact (Conger 1980) .442. As R irr has them."""
    wide = pd.read_csv(WORKED / "fleiss_1971_diagnoses.csv").rename_axis("item_id").reset_index()
    rows = wide.melt("item_id", var_name="agent_id", value_name="label")
    assert round(agreement.fleiss_kappa(rows).estimate, 3) == 0.430
    assert round(agreement.cohen_kappa(rows).estimate, 3) == 0.442


def test_the_paradox():
    """PMC7222679: much agreement, hardly any kappa. Feinstein & Cicchetti (1990): the same agreement, two kappas."""
    skewed = crossed([[130, 56], [9, 5]])
    assert round(agreement.percent_agreement(skewed).estimate, 3) == 0.675
    assert round(agreement.cohen_kappa(skewed).estimate, 3) == 0.022
    assert round(agreement.gwet_ac(skewed).estimate, 3) == 0.533
    even, rare = crossed([[40, 9], [6, 45]]), crossed([[80, 10], [5, 5]])
    assert (
        round(agreement.percent_agreement(even).estimate, 2)
        == round(agreement.percent_agreement(rare).estimate, 2)
        == 0.85
    )
    assert [round(agreement.cohen_kappa(rows).estimate, 2) for rows in (even, rare)] == [0.70, 0.32]


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data sets are not part of the product and not on this machine")
def test_adult_content_and_zencrowd():
    """Figures of the data sets' README: every annotation counts, repeated ones too."""
    rows = pd.read_csv(DATA / "adult_content" / "labels.csv.gz").rename(
        columns={"item": "item_id", "annotator": "agent_id"}
    )
    assert round(agreement.krippendorff_alpha(rows).estimate, 3) == 0.314
    assert round(agreement.krippendorff_alpha(rows, "ordinal", labels="GPRX").estimate, 3) == 0.427
    links = pd.read_csv(DATA / "zencrowd" / "labels.csv.gz").rename(columns={"item": "item_id"})
    assert round(agreement.krippendorff_alpha(links).estimate, 3) == 0.201


# ----------------------------------------------------------------------------------------------------- other packages
def test_krippendorffs_package_on_random_tables():
    tables = random_tables()
    for row in oracle("krippendorff").itertuples():
        assert agreement.krippendorff_alpha(tables[row.table], row.level).estimate == pytest.approx(
            row.estimate, abs=1e-12
        )


@pytest.mark.parametrize("name", ["gwet", "fleiss", "conger", "bp"])
def test_irrcac_on_random_tables(name):
    tables = random_tables()
    for row in oracle("irrcac").query("coefficient == @name").itertuples():
        found = COEFFICIENTS[name](tables[row.table], row.weights)
        assert (found.estimate, found.std_error) == pytest.approx((row.estimate, row.std_error), abs=1e-9)
        assert (found.ci_low, found.ci_high) == pytest.approx((row.ci_low, row.ci_high), abs=1e-6)


def test_irrcac_alpha_on_random_tables():
    tables = random_tables()
    levels = {"identity": "nominal", "quadratic": "interval", "ratio": "ratio"}
    for row in oracle("irrcac").query("coefficient == 'krippendorff' and weights in @levels").itertuples():
        found = agreement.krippendorff_alpha(tables[row.table], levels[row.weights])
        assert (found.estimate, found.std_error) == pytest.approx((row.estimate, row.std_error), abs=1e-9)
        assert (found.ci_low, found.ci_high) == pytest.approx((row.ci_low, row.ci_high), abs=1e-6)


def test_r_irr_on_random_tables():
    tables = random_tables()
    functions = {
        "fleiss": agreement.fleiss_kappa,
        "cohen": agreement.cohen_kappa,
        "krippendorff": agreement.krippendorff_alpha,
    }
    for row in oracle("irr").itertuples():
        found = functions[row.coefficient](tables[row.table], row.weights)
        assert found.estimate == pytest.approx(row.estimate, abs=1e-9)


# ---------------------------------------------------------------------------------------------------------------- laws
ALL = [agreement.krippendorff_alpha, *COEFFICIENTS.values()]


@st.composite
def tables(draw):
    """Any agents on any items, at least two annotations on each of two items, two labels seen or more."""
    cells = draw(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 4), st.integers(0, 2)), min_size=4, max_size=40))
    rows = pd.DataFrame(cells, columns=["item_id", "agent_id", "label"]).drop_duplicates(["item_id", "agent_id"])
    sure = pd.DataFrame([(8, 0, 0), (8, 1, 1), (9, 0, 2), (9, 1, 2)], columns=rows.columns)
    return pd.concat([rows, sure], ignore_index=True).map(str)


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(rows=tables(), seed=st.integers(0, 9))
def test_order_and_names_do_not_matter(rows, seed):
    renamed = rows.sample(frac=1, random_state=seed)
    renamed = renamed.assign(
        item_id="i" + renamed["item_id"],
        agent_id=renamed["agent_id"].map(dict(zip("01234", "qweas", strict=True))),
        label=renamed["label"].map(dict(zip("012", "zab", strict=True))),
    )
    for f in ALL:
        before, after = f(rows), f(renamed)
        assert after.estimate == pytest.approx(before.estimate, abs=1e-12)
        assert (after.ci_low, after.ci_high) == pytest.approx((before.ci_low, before.ci_high), abs=1e-9)


@settings(max_examples=12, deadline=None)
@given(rows=tables())
def test_a_second_copy_of_every_item_leaves_the_estimate(rows):
    """Alpha alone corrects for the size of the sample."""
    twice = pd.concat([rows, rows.assign(item_id="again " + rows["item_id"])])
    for f in COEFFICIENTS.values():
        assert f(twice).estimate == pytest.approx(f(rows).estimate, abs=1e-12)


@pytest.mark.parametrize("f", ALL)
def test_perfect_agreement_is_one_and_not_certain(f):
    labels = list("ababbabaab")
    found = f(two_agents(labels, labels))
    assert (found.estimate, found.ci_high) == (1, 1)
    assert found.ci_low < 0.75, "ten items cannot rule out that the eleventh differs"


@pytest.mark.parametrize("f", [f for f in ALL if f is not agreement.percent_agreement])
def test_chance_agreement_is_zero(f):
    rng = np.random.default_rng(1)
    found = f(two_agents(*rng.choice(3, size=(2, 30_000))))
    assert found.ci_low < 0 < found.ci_high
    assert abs(found.estimate) < 0.02


def test_no_two_annotations_of_one_item():
    found = agreement.gwet_ac(pd.DataFrame({"item_id": [1, 2], "agent_id": ["a", "b"], "label": ["x", "y"]}))
    assert np.isnan(found.estimate) and found.reason == "no item has two annotations"


def test_one_label_only():
    rows = two_agents("aaaa", "aaaa")
    assert "chance alone" in agreement.krippendorff_alpha(rows).reason
    assert agreement.gwet_ac(rows, labels=["a", "b"]).estimate == 1, "with the label set given, AC1 is defined"


def test_an_empty_table():
    empty = pd.DataFrame({"item_id": [], "agent_id": [], "label": []})
    for f in ALL:
        assert np.isnan(f(empty).estimate)


def test_the_table_given_is_not_changed():
    rows = observed(FOUR_OBSERVERS)
    before = rows.copy()
    agreement.cohen_kappa(rows, "quadratic", resamples=200)
    pd.testing.assert_frame_equal(rows, before)


@pytest.mark.slow
def test_bootstrap_is_near_the_analytic_interval_and_seeded():
    rows = crossed(ABSTRACTORS)
    for f in (agreement.krippendorff_alpha, agreement.cohen_kappa, agreement.gwet_ac):
        drawn, linear = f(rows, resamples=300), f(rows)
        assert drawn.std_error == pytest.approx(linear.std_error, rel=0.15)
        assert drawn.ci_low == pytest.approx(linear.ci_low, abs=0.04)
        assert drawn == f(rows, resamples=300) != f(rows, resamples=300, seed=1)


def test_clusters_widen_the_interval():
    rows = crossed(ABSTRACTORS)
    copies = pd.concat([rows.assign(page=rows["item_id"], item_id=rows["item_id"] + 100 * copy) for copy in range(4)])
    plain, clustered = agreement.gwet_ac(copies), agreement.gwet_ac(copies, cluster="page")
    assert clustered.std_error == pytest.approx(agreement.gwet_ac(rows).std_error, rel=1e-9)
    assert clustered.std_error == pytest.approx(2 * plain.std_error, rel=0.02)
    drawn = agreement.gwet_ac(copies, cluster="page", resamples=300)
    assert drawn.std_error == pytest.approx(clustered.std_error, rel=0.15)


@pytest.mark.parametrize(
    ("f", "options", "said"),
    [
        (agreement.krippendorff_alpha, {"level": "cardinal"}, "no level 'cardinal'"),
        (agreement.krippendorff_alpha, {"level": "interval"}, "needs labels that are numbers"),
        (agreement.krippendorff_alpha, {"level": "ordinal"}, "needs the labels' order"),
        (agreement.gwet_ac, {"weights": "square"}, "no weights 'square'"),
        (agreement.gwet_ac, {"labels": ["a"]}, "b: not in the label set"),
        (agreement.gwet_ac, {"labels": ["a", "b", "a"]}, "names a label twice"),
        (agreement.gwet_ac, {"confidence": 95}, "confidence is 95"),
        (agreement.gwet_ac, {"resamples": 20}, "20 resamples are too few"),
        (agreement.gwet_ac, {"resample": 200}, "resample: no such option"),
        (agreement.gwet_ac, {"singles": "none"}, "no singles 'none'"),
        (agreement.gwet_ac, {"cluster": "page"}, "no column 'page'"),
        (agreement.gwet_ac, {"cluster": "agent_id"}, "several values of 'agent_id'"),
    ],
)
def test_what_cannot_be_asked(f, options, said):
    with pytest.raises(UsageError, match=said):
        f(two_agents("abab", "abba"), **options)


def test_labels_of_any_kind():
    """Texts, numbers, truth values, categories, missing ones: the same answer where they say the same."""
    rows = two_agents("ababbaac", "abbabaac")
    known = agreement.krippendorff_alpha(rows)
    numbers = rows["label"].map({"a": 1, "b": 2, "c": 3})
    for label in (numbers, numbers / 2, numbers.astype("Int64"), rows["label"].astype("category")):
        assert agreement.krippendorff_alpha(rows.assign(label=label)) == known
    truth = rows.assign(label=rows["label"] == "a")
    assert agreement.gwet_ac(truth) == agreement.gwet_ac(truth.assign(label=truth["label"].astype(int)))
    missing = rows.assign(label=rows["label"].where(rows.index != 3))
    assert agreement.krippendorff_alpha(missing) == agreement.krippendorff_alpha(rows.drop(index=3))
    assert agreement.krippendorff_alpha(missing.assign(note="x", label=numbers.where(rows.index != 3))).n_annotations == 14


def test_an_ordered_categorical_says_its_order():
    rows = two_agents("lmhhlmlm", "lhhmlllm")
    scale = rows.assign(label=pd.Categorical(rows["label"], ["l", "m", "h"], ordered=True))
    assert agreement.krippendorff_alpha(scale, "ordinal") == agreement.krippendorff_alpha(rows, "ordinal", labels="lmh")
    assert agreement.cohen_kappa(scale, "linear") == agreement.cohen_kappa(rows, "linear", labels="lmh")
    numbers = rows["label"].map({"l": 1, "m": 2, "h": 3})
    shuffled = rows.assign(label=pd.Categorical(numbers, [3, 1, 2]))
    assert agreement.krippendorff_alpha(shuffled, "ordinal") == agreement.krippendorff_alpha(scale, "ordinal")


def test_labels_that_nobody_used_change_how_it_is_counted_and_not_what():
    """A thousand more labels make the table of items x labels far larger than the annotations."""
    rows = observed(FOUR_OBSERVERS)
    many = [1.0, 2.0, 3.0, 4.0, 5.0, *range(10, 1010)]
    assert agreement.krippendorff_alpha(rows, labels=many) == agreement.krippendorff_alpha(rows)


def test_one_item_has_an_estimate_and_no_interval():
    found = agreement.gwet_ac(two_agents("a", "b"), labels="ab")
    assert found.estimate == -1 and np.isnan(found.ci_low) and found.reason == "too few items, or clusters of them, for an interval"


@pytest.mark.parametrize("resamples", [0, 200])
def test_agreement_that_was_never_seen_is_not_ruled_out(resamples):
    """No agreement on 2 of 2 items had an interval of no width; Wilson's for 0 of 2 reaches to 0.658."""
    rows = two_agents("ab", "ba")
    seen = agreement.percent_agreement(rows, resamples=resamples)
    assert (seen.estimate, seen.ci_low, seen.ci_high) == pytest.approx((0, 0, 0.6576198), abs=1e-6)
    uniform = agreement.brennan_prediger(rows, resamples=resamples)
    assert (uniform.estimate, uniform.ci_high) == pytest.approx((-1, 2 * 0.6576198 - 1), abs=1e-6)


def test_an_interval_leaves_out_what_no_agreement_could_be():
    """One pair of twelve agrees: the interval of the share of pairs reached down to −10 %, that of Brennan and Prediger's below −1."""
    rows = [(item, person, "ok" if person == "x" or item == 0 else "spam") for item in range(12) for person in ("x", "y")]
    table = pd.DataFrame(rows, columns=["item_id", "agent_id", "label"])
    found, uniform = agreement.percent_agreement(table), agreement.brennan_prediger(table)
    assert found.ci_low == 0 < found.estimate < found.ci_high < 0.4
    assert uniform.ci_low == pytest.approx(-1) and uniform.ci_low < uniform.estimate


def test_a_table_that_does_not_fit():
    with pytest.raises(UsageError, match="annotations are a list; give a pandas DataFrame"):
        agreement.gwet_ac([("i", "a", "x")])
    with pytest.raises(UsageError, match="6,000 different labels, from 0 to 5999"):
        agreement.krippendorff_alpha(two_agents(range(6000), range(6000)), "interval")
    with pytest.raises(UsageError, match="level 'interval' needs labels that are finite numbers; inf is none"):
        agreement.krippendorff_alpha(two_agents([1, 2.5], [1, np.inf]), "interval")
    with pytest.raises(UsageError, match="one text or one number"):
        agreement.fleiss_kappa(two_agents([["x"], ["y"]], [["x"], ["x"]]))
    rows = two_agents("abab", "abba")
    with pytest.raises(UsageError, match="no column agent_id"):
        agreement.cohen_kappa(rows.drop(columns="agent_id"))
    with pytest.raises(UsageError, match="several columns label; keep the one"):
        agreement.cohen_kappa(pd.concat([rows, rows[["label"]]], axis=1))
    assert "clusters" in agreement.gwet_ac(rows.assign(site="KUL"), cluster="site").reason
    with pytest.raises(UsageError, match="4 annotations have no agent_id"):
        agreement.cohen_kappa(rows.assign(agent_id=rows["agent_id"].where(rows["agent_id"] == "A")))
    assert agreement.krippendorff_alpha(rows.drop(columns="agent_id")) == agreement.krippendorff_alpha(rows)
