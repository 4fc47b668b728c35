"""R's `survey` as oracle, defined answers for every poor sample, and the laws of weights."""

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.intervals import clopper_pearson, wilson
from labelqa_lib.stats.rate_bounds import ASSUMED_LIKENESS
from labelqa_lib.stats.survey import clustered_mean, clustered_rate

FIXTURES = Path(__file__).parent / "fixtures"
ORACLE = json.loads((FIXTURES / "survey_oracle.json").read_text())
ROWS = pd.read_csv(FIXTURES / "survey_oracle.csv")


def cells_of(rows, by=("group", "stratum", "cluster")):
    rows = rows.assign(weight_squared=rows.weight**2, hit=rows.weight * rows.outcome, n=1)
    rows = rows.assign(total=rows.weight * rows.minutes, size=rows.weight * rows.paid)
    keys = [*by, "population"]
    return rows.groupby(keys, as_index=False)[["weight", "weight_squared", "hit", "n", "total", "size"]].sum()


def rate_of(cells, **options):
    group = cells["group"] if "group" in cells else np.zeros(len(cells), dtype=int)
    return clustered_rate(group, cells.weight, cells.hit, cells.n, weight_squared=cells.weight_squared, **options)


def mean_of(cells, **options):
    return clustered_mean(cells["group"], cells.total, cells["size"], cells.n, **options)


DESIGNS = {
    "clusters": lambda c: {"cluster": c.cluster},
    "strata": lambda c: {"cluster": c.cluster, "stratum": c.stratum},
    "finite": lambda c: {"cluster": c.cluster, "stratum": c.stratum, "population": c.population},
    "rows": lambda c: {"cluster": c.cluster, "stratum": c.stratum},
    "lonely": lambda c: {"cluster": c.cluster, "stratum": c.stratum},
}


@pytest.mark.parametrize("design", DESIGNS)
def test_groups_that_cut_through_clusters_equal_r_survey(design):
    """R survey 4.1.1 (fixtures/make_survey_oracle.R): svyby with svymean and svyratio, five designs."""
    rows = ROWS.assign(cluster=range(len(ROWS))) if design == "rows" else ROWS
    if design == "lonely":
        rows = rows[(rows.stratum != 2) | (rows.cluster == 17)]
    cells, oracle = cells_of(rows), ORACLE[design]
    rates, means = rate_of(cells, **DESIGNS[design](cells)), mean_of(cells, **DESIGNS[design](cells))
    np.testing.assert_allclose(rates.estimate, oracle["rate"], rtol=1e-12)
    np.testing.assert_allclose(rates.std_error, oracle["rate_se"], rtol=1e-10)
    np.testing.assert_allclose(means.estimate, oracle["ratio"], rtol=1e-12)
    np.testing.assert_allclose(means.std_error, oracle["ratio_se"], rtol=1e-10)
    half = stats.t.ppf(0.975, oracle["degrees"]) * oracle["ratio_se"]
    np.testing.assert_allclose(means.ci_high - means.estimate, half, rtol=1e-10)


@pytest.mark.parametrize(("design", "degrees"), [("clusters", 18), ("strata", 16), ("finite", 16), ("rows", 165)])
def test_one_rate_of_the_whole_sample_equals_r_survey(design, degrees):
    rows = ROWS.assign(cluster=range(len(ROWS))) if design == "rows" else ROWS
    cells, oracle = cells_of(rows, by=("stratum", "cluster")), ORACLE[design]
    rates = rate_of(cells, **DESIGNS[design](cells))
    [rate], [error] = oracle["all_rate"], oracle["all_se"]
    np.testing.assert_allclose([rates.estimate[0], rates.std_error[0]], [rate, error])
    # svyciprop(method = "beta") is Clopper–Pearson with the same effective size
    size = rate * (1 - rate) / error**2
    size *= (stats.t.ppf(0.975, len(ROWS) - 1) / stats.t.ppf(0.975, degrees)) ** 2
    np.testing.assert_allclose(clopper_pearson(rate * size, size), oracle["all_beta"], rtol=1e-9)


@pytest.mark.parametrize(
    ("estimate", "error", "sample", "strata"),
    [(656.585, 9.2497, "apisrs", None), (662.2874, 9.4089, "apistrat", "stype"), (644.1694, 23.5422, "apiclus1", None)],
)
def test_means_equal_the_survey_package_s_own_example(estimate, error, sample, strata):
    """Lumley (2010), Complex Surveys, the California schools (statistics reference 2.5), with finite populations."""
    path = Path(__file__).parents[2] / f"../shared/reference/worked_examples/{sample}.csv"
    if not path.exists():
        pytest.skip("the worked examples of the reference are not on this machine")
    schools = pd.read_csv(path)
    schools["cluster"] = schools.dnum if sample == "apiclus1" else range(len(schools))
    schools["stratum"] = schools[strata].astype("category").cat.codes.astype(int) if strata else 0
    schools = schools.assign(total=schools.pw * schools.api00)
    cells = schools.groupby(["stratum", "cluster"], as_index=False).agg(
        total=("total", "sum"), size=("pw", "sum"), population=("fpc", "first")
    )
    means = clustered_mean(
        np.zeros(len(cells), dtype=int),
        cells.total,
        cells["size"],
        stratum=cells.stratum,
        population=cells.population,
    )
    assert means.estimate[0] == pytest.approx(estimate, abs=5e-3)
    assert means.std_error[0] == pytest.approx(error, abs=5e-5)


def test_plain_rows_give_the_plain_wilson_interval():
    outcome = np.repeat([1, 0], [20, 80])
    rates = clustered_rate(np.zeros(100, dtype=int), np.ones(100), outcome, np.ones(100))
    # the variance of a sample divides by n − 1, of a binomial by n
    assert rates.design_effect[0] == pytest.approx(100 / 99, abs=1e-3)
    np.testing.assert_allclose([rates.ci_low[0], rates.ci_high[0]], np.ravel(wilson(20, 100)), atol=2e-3)
    assert rates.method[0] == "Wilson, clustered"


def test_no_errors_still_have_an_honest_upper_bound():
    group = np.repeat([0, 1, 2], [200, 20, 20])
    n = np.repeat([1, 10, 10], [200, 20, 20])
    rates = clustered_rate(group, n * 1.0, np.repeat([0, 0, 1], [200, 20, 20]) * n, n)
    assert (rates.estimate == [0, 0, 1]).all() and (rates.ci_low[:2] == 0).all() and rates.ci_high[2] == 1
    assert rates.ci_high[0] == pytest.approx(1 - 0.025 ** (1 / 200), rel=0.02)
    assert rates.design_effect[1] == pytest.approx(1 + 9 * ASSUMED_LIKENESS)
    assert rates.ci_high[1] > rates.ci_high[0]
    assert rates.ci_low[2] == pytest.approx(1 - rates.ci_high[1])
    assert rates.method[0] == "Korn–Graubard, clustered"


def test_uneven_weights_cost_certainty_when_clusters_are_single_rows():
    """Kish (1965): unrelated weights multiply the variance by n Σw² / (Σw)²."""
    rng = np.random.default_rng(5)
    weight = rng.choice([1.0, 20.0], 4000)
    outcome = rng.binomial(1, 0.3, 4000)
    rates = clustered_rate(np.zeros(4000, dtype=int), weight, weight * outcome, np.ones(4000))
    assert rates.design_effect[0] == pytest.approx(4000 * (weight**2).sum() / weight.sum() ** 2, rel=0.05)


def test_one_cluster_has_an_answer_that_says_what_it_assumes():
    rates = clustered_rate([0], [50.0], [5.0], [50])
    assert rates.estimate[0] == 0.1 and rates.ci_low[0] < 0.02 and rates.ci_high[0] > 0.3
    assert rates.method[0] == "Korn–Graubard, likeness 0.1 assumed in one cluster, clustered"
    with pytest.raises(UsageError, match="confidence is 95"):
        clustered_mean([0], [50.0], [5.0], confidence=95)
    means = clustered_mean([0], [50.0], [5.0])
    assert means.estimate[0] == 10 and np.isnan(means.ci_low[0]) and means.reason[0] == "one cluster only: no bounds"


def test_bounds_tell_the_degrees_of_freedom_that_they_were_made_with():
    group, ones = [0, 0, 0, 1], np.ones(4)
    means = clustered_mean(group, [4.0, 5.0, 9.0, 3.0], ones)
    assert means.degrees.tolist() == [2, np.inf], "three clusters; one alone has no bounds"
    assert means.ci_high[0] - means.estimate[0] == pytest.approx(stats.t.ppf(0.975, 2) * means.std_error[0])
    rates = clustered_rate(group, 40 * ones, [20.0, 24.0, 28.0, 9.0], 40 * ones)
    assert 1 <= rates.degrees[0] <= 2 and rates.degrees[1] == np.inf


def test_empty_groups_say_so():
    rates = clustered_rate([1, 1], [3.0, 3.0], [1.0, 0.0], [3, 3], groups=3)
    assert rates.reason.tolist() == ["no rows", "", "no rows"] and rates.method[0] == ""
    assert np.isnan(rates.estimate[[0, 2]]).all() and np.isnan(rates.ci_high[[0, 2]]).all()
    assert rates.n.tolist() == [0, 6, 0] and np.isfinite(rates.estimate[1])
    nothing = clustered_rate(np.array([], dtype=int), [], [], [], groups=1)
    assert nothing.reason.tolist() == ["no rows"] and nothing.n.tolist() == [0]
    means = clustered_mean([0, 0, 2, 2], [0.0, 0.0, 1.0, 2.0], [0.0, 0.0, 2.0, 2.0], groups=3)
    assert means.reason.tolist() == ["the denominator is 0", "no rows", ""] and means.estimate[2] == 0.75


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weight": [0.0, 1.0]}, "a weight is 0"),
        ({"weight": [-2.0, 1.0]}, "a weight is -2"),
        ({"weight": [np.nan, 1.0]}, "weight is missing"),
        ({"outcome": [1.5, 0.0]}, "outside 0 to its weight"),
        ({"outcome": [np.nan, 0.0]}, "outcome is missing"),
        ({"n": [0, 1]}, "cells without rows"),
        ({"group": [-1, 0]}, "group must hold whole numbers"),
        ({"group": [0.5, 0]}, "group must hold whole numbers"),
        ({"group": [0, 0, 0]}, "group has shape"),
        ({"groups": 0}, "does not fit 0 groups"),
        ({"cluster": [3, 3]}, "sum them first"),
        ({"population": [1.0, 1.0]}, "more clusters in the sample than in the population"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(change, says):
    good = {"group": [0, 0], "weight": [1.0, 1.0], "outcome": [1.0, 0.0], "n": [1, 1]}
    with pytest.raises(UsageError, match=says):
        clustered_rate(**(good | change))


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.floats(0.01, 1000))
def test_order_names_and_scale_do_not_matter(seed, scale):
    rng = np.random.default_rng(seed)
    cells = cells_of(ROWS.sample(60, random_state=seed))
    first = rate_of(cells, stratum=cells.stratum, cluster=cells.cluster, groups=3)
    moved = cells.sample(frac=1, random_state=seed)
    moved[["weight", "hit"]] *= scale
    moved["weight_squared"] *= scale**2
    renamed = rng.permutation(40)[moved.cluster]
    second = rate_of(moved, stratum=2 - moved.stratum, cluster=renamed, groups=3)
    for name in ("estimate", "ci_low", "ci_high", "n_effective", "std_error"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=1e-7, atol=1e-9)


def test_ten_thousand_segments_take_less_than_a_second():
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(10_000), 20)
    n = rng.integers(1, 30, len(group))
    started = time.process_time()
    rates = clustered_rate(group, n * 1.0, rng.binomial(n, 0.05) * 1.0, n)
    assert time.process_time() - started < 1
    assert len(rates.estimate) == 10_000
