"""The tuned difference by hand, by its published formula and by another package; when it steps back to the plain one."""

import json
from pathlib import Path

import numpy as np
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.assisted import assisted_rate, cross_fitted_risk
from labelqa_lib.stats.survey import clustered_rate

PPI = json.loads((Path(__file__).parent / "fixtures" / "ppi_oracle.json").read_text(encoding="utf-8"))
SCORE = np.repeat([1.0, 1.0, 0.0, 0.0], [30, 10, 5, 355])
OUTCOME = np.repeat([1, 0, 1, 0], [30, 10, 5, 355])
ONE = np.zeros(400, dtype=int)


def test_the_tuned_difference_by_hand():
    """40 of 400 checked rows predicted wrong, 8 % of all rows: the sample held too many of them."""
    got = assisted_rate(ONE, np.ones(400), OUTCOME, SCORE, [0.08])
    covariance, variance = np.cov(OUTCOME, SCORE)[0, 1], np.var(SCORE, ddof=1)
    assert got.coefficient[0] == pytest.approx(covariance / variance)
    assert got.assisted.estimate[0] == pytest.approx(35 / 400 + got.coefficient[0] * (0.08 - 0.1))
    # PPI++ (Angelopoulos, Duchi & Zrnic 2024), all rows known: var(y − λf)/n
    residual = np.var(OUTCOME - got.coefficient[0] * SCORE, ddof=1) / 400
    assert got.assisted.std_error[0] == pytest.approx(np.sqrt(residual))
    assert got.assisted.method[0] == "prediction-powered difference, Wilson, clustered"
    assert got.worth[0] > 2


@pytest.mark.parametrize("case", PPI)
def test_estimate_and_standard_error_are_ppi_python_s(case):
    """The estimate to 9 digits, its error to 3 (n there where n − 1 here); its own λ gives no narrower an interval."""
    known = PPI[case]
    n = len(known["outcome"])
    got = assisted_rate(np.zeros(n, dtype=int), np.ones(n), known["outcome"], known["score"], [known["score_mean"]])
    assert got.coefficient[0] == pytest.approx(known["slope"], rel=1e-9)
    assert got.assisted.estimate[0] == pytest.approx(known["estimate"], rel=1e-9)
    width = 2 * 1.959964 * got.assisted.std_error[0]
    assert width == pytest.approx(known["high"] - known["low"], rel=2e-3)
    assert width < 1.003 * known["own_width"]


def test_the_plain_estimate_is_the_survey_s():
    weight = np.tile([1.0, 20.0], 200)
    got = assisted_rate(ONE, weight, OUTCOME, SCORE, [0.08])
    plain = clustered_rate(ONE, weight, weight * OUTCOME, np.ones(400))
    for name in ("estimate", "ci_low", "ci_high", "n_effective", "std_error"):
        np.testing.assert_allclose(getattr(got.plain, name), getattr(plain, name))


@pytest.mark.parametrize(
    ("score", "mean"),
    [(np.tile([0.0, 1.0], 200), 0.5), (np.ones(400), 1.0), (SCORE, np.nan)],
    ids=["noise", "constant", "mean unknown"],
)
def test_scores_that_do_not_help_change_nothing(score, mean):
    outcome = np.tile([0, 0, 1, 1], 100)
    got = assisted_rate(ONE, np.ones(400), outcome, score, [mean])
    assert got.coefficient[0] == 0 and got.worth[0] == 1
    assert got.assisted.method[0] == got.plain.method[0] == "Wilson, clustered"
    assert (got.assisted.ci_low[0], got.assisted.ci_high[0]) == (got.plain.ci_low[0], got.plain.ci_high[0])


def test_scale_and_sign_of_the_score_do_not_matter():
    first = assisted_rate(ONE, np.ones(400), OUTCOME, SCORE, [0.08])
    turned = assisted_rate(ONE, np.ones(400), OUTCOME, 3 - 50 * SCORE, [3 - 50 * 0.08])
    np.testing.assert_allclose(first.assisted.ci_low, turned.assisted.ci_low)
    np.testing.assert_allclose(first.coefficient, -50 * turned.coefficient)


def test_no_errors_at_all_and_empty_groups_are_defined():
    got = assisted_rate(ONE, np.ones(400), np.zeros(400), SCORE, [0.08, 0.2])
    assert got.assisted.estimate[0] == 0 and 0 < got.assisted.ci_high[0] < 0.01
    assert got.assisted.reason.tolist() == ["", "no rows"] and np.isnan(got.assisted.estimate[1])
    assert got.worth.tolist() == [1, 1]
    single = assisted_rate([0], [1.0], [1], [0.3], [0.4])
    assert single.assisted.estimate[0] == 1 and single.assisted.ci_low[0] < 0.1


def test_clusters_and_strata_reach_the_interval():
    cluster = np.arange(400) // 20
    got = assisted_rate(ONE, np.ones(400), OUTCOME, SCORE, [0.08], cluster=cluster, stratum=cluster // 10)
    assert got.assisted.clusters[0] == 20
    assert got.plain.std_error[0] > assisted_rate(ONE, np.ones(400), OUTCOME, SCORE, [0.08]).plain.std_error[0]


def test_cross_fitted_risk_looks_at_other_folds_only():
    cell, fold = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    risk = cross_fitted_risk(cell, fold, np.ones(4), [1, 0, 0, 0], 3, strength=1.0)
    # fold 0 sees only the second and fourth row, without an event; fold 1 sees one event in two rows
    np.testing.assert_allclose(risk, [[0, 0, 0], [0.75, 0.25, 0.5]])
    moved = cross_fitted_risk(cell, fold, np.ones(4), [0, 0, 0, 0], 3, strength=1.0)
    np.testing.assert_allclose(moved[0], risk[0])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weight": [1.0, -1.0]}, "not above 0"),
        ({"outcome": [0.5, 1]}, "neither 0 nor 1"),
        ({"outcome": [np.nan, 1]}, "outcome is missing"),
        ({"score": [np.nan, 1]}, "score is missing"),
        ({"score_mean": []}, "one per group"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(change, says):
    good = {"group": [0, 0], "weight": [1.0, 1.0], "outcome": [1, 0], "score": [0.5, 0.1], "score_mean": [0.2]}
    with pytest.raises(UsageError, match=says):
        assisted_rate(**(good | change))
    with pytest.raises(UsageError, match="needs two or more"):
        cross_fitted_risk([0], [0], [1.0], [1], 1)
    with pytest.raises(UsageError, match="kinds count from 0"):
        cross_fitted_risk([0, 5], [0, 1], [1.0, 1.0], [0, 1], 2)
    with pytest.raises(UsageError, match="two folds need rows"):
        cross_fitted_risk([0, 1], [1, 1], [1.0, 1.0], [0, 1], 2)


def test_one_group_takes_its_mean_score_as_a_number():
    one, listed = (assisted_rate(ONE, np.ones(400), OUTCOME, SCORE, mean) for mean in (0.1, [0.1]))
    assert one.assisted.ci_low == listed.assisted.ci_low
