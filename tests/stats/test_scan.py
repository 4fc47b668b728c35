"""Parts of the scan: likelihood ratios by hand, sets against all sets, tails of known distributions, agents."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from labelqa_lib.stats.expected import expected
from labelqa_lib.stats.scan_null import fit_tail, simulate
from labelqa_lib.stats.scan_score import best_sets, largest_set, likelihood_ratio, set_costs
from labelqa_lib.stats.scan_slices import Lines, Slices


def test_likelihood_ratio_is_the_g_test_of_two_poisson_counts():
    # 30 events where 20 were expected, after 40 where 40 were expected: half of G² of the two cells against their sum
    observed, forecast = np.array([30.0, 40.0]), np.array([20.0, 40.0])
    shared = forecast * observed.sum() / forecast.sum()
    half_g = stats.power_divergence(observed, shared, lambda_="log-likelihood").statistic / 2
    got = likelihood_ratio(*(np.array([value]) for value in (30.0, 20.0, 40.0, 40.0)))
    assert got[0] == pytest.approx(half_g)


def test_only_a_rise_counts():
    got = likelihood_ratio(np.array([10.0, 0.0]), np.array([20.0, 5.0]), np.array([40.0, 9.0]), np.array([40.0, 9.0]))
    assert got.tolist() == [0, 0]


def test_the_best_of_all_sets_is_among_those_tried():
    """Neill 2012: values in the order of their excess; without costs, which the search adds by size."""
    rng = np.random.default_rng(4)
    count = 7
    lines = Lines(1, np.arange(count)[None, :], np.array([0]))
    for _ in range(20):
        forecast = rng.uniform(3, 30, count)
        now, then = rng.poisson(forecast * 1.3).astype(float), forecast * 3

        def gain(members, amounts=(now, forecast, then, then)):
            return likelihood_ratio(*(np.array([amount[list(members)].sum()]) for amount in amounts))[0]

        sets = best_sets(lines, tuple(a[:, None] for a in (now, forecast, then, then)), np.zeros(count), groups=1)
        order = sets.order[0, :, 0]
        every = [gain(members) for size in range(1, count + 1) for members in combinations(range(count), size)]
        assert max(gain(order[:size]) for size in range(1, count + 1)) == pytest.approx(max(every))
        size = sets.size[0, 0]
        assert 2 <= size <= largest_set(np.array(count))
        assert sets.gain[0, 0] == pytest.approx(gain(order[:size]))
        assert sets.score[0, 0] == pytest.approx(gain(order[:size]) - set_costs(lines, 1)[size])


def test_every_slice_with_enough_rows_is_counted_once():
    codes = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1], [1, 1, 2]])
    slices = Slices(codes, codes, [2, 2, 3], np.array([6.0, 7.0, 8.0, 9.0, 1.0]), alone=set())
    found = {tuple(sorted(slices.describe(number).items())) for number in range(slices.count)}
    assert len(found) == slices.count
    totals = slices.sums(current=np.array([6.0, 7.0, 8.0, 9.0, 1.0]))
    assert totals[0] == 31  # everything
    assert dict(zip(map(str, map(slices.describe, range(slices.count))), totals, strict=True))[str({1: (1,)})] == 17
    assert min(totals) >= 5
    assert ((0, (1,)), (1, (1,)), (2, (2,))) not in found


def test_dimensions_that_stand_alone_are_not_crossed():
    codes = np.random.default_rng(1).integers(0, 3, (200, 3))
    slices = Slices(codes, codes, [3, 3, 3], np.ones(200), alone={2})
    assert {block.dimensions for block in slices.blocks} == {(), (0,), (1,), (2,), (0, 1)}


def test_the_tail_meets_a_known_one():
    # highest of 500 exponentials: P(max > x) = 1 − (1 − e^−x)^500
    maxima = np.random.default_rng(5).exponential(size=(4_000, 500)).max(1)
    tail = fit_tail(maxima)
    for truth, least, most in ((0.2, -0.35, 0.35), (0.05, -0.35, 0.35), (0.01, -0.35, 0.35), (1e-4, 0, 1)):
        score = -np.log1p(-((1 - truth) ** (1 / 500)))
        assert least < np.log(tail.p_value(score) / truth) < most  # far out on the safe side
    assert 0 < tail.p_value(1e6) < 1e-200
    assert tail.p_value(-1) == 1


@pytest.mark.parametrize("trials", [1.0, 20.0])
def test_simulated_periods_have_the_chances_asked_for(trials):
    rng = np.random.default_rng(6)
    odds = np.repeat([[-2.0], [0.0]], 400, axis=1)
    cell, replicate, events = simulate(rng, odds, np.full(2, trials), 5)
    totals = np.bincount(cell, events, 2) / (2_000 * trials)
    np.testing.assert_allclose(totals, stats.logistic.cdf([-2.0, 0.0]), atol=4 * np.sqrt(0.25 / (2_000 * trials)))
    assert replicate.max() < 2_000


def test_skill_is_expected_of_agents_and_thin_ones_are_drawn_in():
    rng = np.random.default_rng(7)
    skill = rng.normal(0, 0.7, 60)
    trials = np.where(np.arange(60) < 30, 2_000.0, 20.0)
    events = rng.binomial(trials.astype(int), 1 / (1 + np.exp(2 - skill))).astype(float)
    fitted = expected(np.arange(60)[:, None], [61], trials, events)
    effect = fitted.effects[0]
    assert np.corrcoef(effect[:30], skill[:30])[0, 1] > 0.97
    assert np.std(effect[30:60]) < np.std(effect[:30])
    assert effect[60] == pytest.approx(0, abs=1e-6)  # an agent who was not seen
    assert fitted.variances[0] == pytest.approx(0.49, rel=0.35)


def test_levels_that_are_alike_are_drawn_together():
    trials = np.full(40, 50.0)
    fitted = expected(np.arange(40)[:, None], [40], trials, np.full(40, 5.0))
    assert np.abs(fitted.effects[0]).max() < 0.01
