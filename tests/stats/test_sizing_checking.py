"""Agreement and second checks: the published variance, simulated samples, and no smaller plan that would do."""

import numpy as np
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.sizing import size_for_agreement, size_for_reaudits
from labelqa_lib.stats.two_phase import corrected_rate

Z = 1.959964


def bloch_kraemer(alpha, share):
    """Bloch & Kraemer (1989), variance of the intraclass kappa of two labels for one pair."""
    return (1 - alpha) * ((1 - alpha) * (1 - 2 * alpha) + alpha * (2 - alpha) / (2 * share * (1 - share)))


@pytest.mark.parametrize("alpha", [0.0, 0.4, 0.8, 0.95])
@pytest.mark.parametrize("share", [0.5, 0.3, 0.05])
def test_two_labels_have_the_published_variance(alpha, share):
    found = size_for_agreement(alpha, 0.05, [share, 1 - share])
    assert found.n == pytest.approx(np.ceil(Z**2 * bloch_kraemer(alpha, share) / 0.05**2), abs=1)
    assert found.reached == pytest.approx(Z * np.sqrt(bloch_kraemer(alpha, share) / found.n), rel=1e-6)


def test_two_labels_by_hand():
    """α 0.8, labels half and half: V = 0.2 (0.2 · −0.6 + 0.96 · 2) = 0.36; 1.96² · 0.36 / 0.1² = 138.3."""
    assert size_for_agreement(0.8, 0.1, [1, 1]).n == 139
    assert size_for_agreement(0.8, 0.1, [1, 1], design_effect=2).n == 277


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "shares"), [(0.7, (0.8, 0.15, 0.05)), (0.5, (0.25, 0.25, 0.25, 0.25))])
def test_as_many_pairs_have_the_margin_in_simulation(alpha, shares):
    """2,000 samples of the planned size: the spread of Krippendorff's alpha is the planned one within 5 %."""
    n, rng, shares = size_for_agreement(alpha, 0.06, shares).n, np.random.default_rng(4), np.array(shares)
    first, second = (rng.choice(len(shares), (2000, n), p=shares) for _ in range(2))
    second = np.where(rng.random((2000, n)) < alpha, first, second)
    observed = (first != second).mean(axis=1)
    counts = np.stack([(first == k).sum(axis=1) + (second == k).sum(axis=1) for k in range(len(shares))], axis=1)
    by_chance = 1 - (counts * (counts - 1)).sum(axis=1) / (2 * n * (2 * n - 1))
    krippendorff = 1 - observed / by_chance
    assert krippendorff.std() * Z == pytest.approx(0.06, rel=0.05)
    assert krippendorff.mean() == pytest.approx(alpha, abs=0.005)


def test_an_agreement_that_cannot_be_planned_is_said_in_a_sentence():
    with pytest.raises(UsageError, match="alpha is 1; plan for 0 to below 1"):
        size_for_agreement(1.0, 0.1, [0.5, 0.5])
    with pytest.raises(UsageError, match="give at least two labels that are used"):
        size_for_agreement(0.8, 0.1, [1.0, 0.0])
    with pytest.raises(UsageError, match="margin is 0; it is half the length"):
        size_for_agreement(0.8, 0, [0.5, 0.5])
    with pytest.raises(UsageError, match="ask for a wider margin"):
        size_for_agreement(0.8, 1e-6, [0.5, 0.5])


# -- second checks ----------------------------------------------------------------------------------------------------


def correction_s_share(checked, flagged_rate, confirmed, missed, again, design_effect=1.0):
    """Variance that comes from checking only `again` (flagged, passed) rows a second time, as a share."""
    flagged = round(checked * flagged_rate)
    q = flagged / checked
    p = q * confirmed + (1 - q) * missed
    first = p * (1 - p) * design_effect / checked
    second = q**2 * confirmed * (1 - confirmed) * (1 / again[0] - 1 / flagged)
    second += (1 - q) ** 2 * missed * (1 - missed) * (1 / again[1] - 1 / (checked - flagged))
    return second / (first + second)


@pytest.mark.parametrize("asked", [0.1, 0.3, 0.5])
def test_no_fewer_second_checks_keep_the_correction_small(asked):
    world = (60, 0.2, 0.8, 0.05)
    found = size_for_reaudits(*world, share_of_variance=asked)
    enough = [
        (flagged + passed, flagged)
        for flagged in range(1, 13)
        for passed in range(1, 49)
        if correction_s_share(*world, (flagged, passed)) <= asked
    ]
    assert found.n == min(enough)[0] == found.flagged + found.passed
    assert found.share == pytest.approx(correction_s_share(*world, (found.flagged, found.passed)))
    assert found.share <= asked


@pytest.mark.slow
def test_the_correction_makes_the_planned_part_of_the_error_in_simulation():
    """1,500 two-phase samples through the report's own estimator: its standard error is the planned one."""
    checked, flagged_rate, confirmed, missed = 800, 0.15, 0.85, 0.04
    found = size_for_reaudits(checked, flagged_rate, confirmed, missed, share_of_variance=0.5)
    rng, samples = np.random.default_rng(8), 1500
    first = rng.random((samples, checked)) < flagged_rate
    truth = rng.random((samples, checked)) < np.where(first, confirmed, missed)
    order = rng.random((samples, checked))
    rank = np.where(first, np.argsort(np.argsort(np.where(first, order, 2), axis=1), axis=1), 0)
    rank = np.where(first, rank, np.argsort(np.argsort(np.where(first, 2, order), axis=1), axis=1))
    again = rank < np.where(first, found.flagged, found.passed)
    second = np.where(again, truth, np.nan)
    group = np.repeat(np.arange(samples), checked)
    got = corrected_rate(group, np.ones(group.size), first.ravel().astype(float), second.ravel()).corrected
    everything = truth.mean(axis=1).std()
    assert got.estimate.std() == pytest.approx(found.std_error, rel=0.06)
    assert 1 - (everything / got.estimate.std()) ** 2 == pytest.approx(0.5, abs=0.05)


def test_few_flagged_rows_are_all_checked_again():
    found = size_for_reaudits(100, 0.02, 0.5, 0.01, share_of_variance=0.05)
    assert found.flagged == 2 and found.passed < 98
    none = size_for_reaudits(100, 0.0, 0.5, 0.01)
    assert none.flagged == 0 and none.n == none.passed
    assert size_for_reaudits(1000, 0.1, 0.9, 0.02, minimum=30).flagged >= 30


def test_first_checks_beyond_doubt_are_refused_in_a_sentence():
    with pytest.raises(UsageError, match="confirmed is 1; it is a share and lies between 0 and 1"):
        size_for_reaudits(100, 0.1, 1.0, 0.02)
    with pytest.raises(UsageError, match="0 rows checked"):
        size_for_reaudits(0, 0.1, 0.9, 0.02)
