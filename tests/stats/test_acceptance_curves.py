"""Curves as published (Montgomery, R's AcceptanceSampling, Dodge–Romig), and against simulated lots."""

import numpy as np
import pytest
from scipy import stats

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.acceptance import (
    Plan,
    Stage,
    aoq_curve,
    aoql,
    asn_curve,
    ati_curve,
    oc_curve,
    plan,
    quality_at,
)


def single(n, accept):
    return Plan((Stage(n, accept, accept + 1),))


MONTGOMERY = single(89, 2)
QUALITY = (0.99, 0.95, 0.90, 0.75, 0.50, 0.25, 0.10, 0.05, 0.01)


def test_montgomery_s_example():
    """Introduction to Statistical Quality Control, 15.2: N 10,000, n 89, c 2."""
    shares = [0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09]
    expected = [0.9897, 0.9397, 0.7366, 0.4985, 0.3042, 0.1721, 0.0919, 0.0468, 0.0230, 0.0109]
    np.testing.assert_allclose(oc_curve(MONTGOMERY, shares), expected, atol=5e-5)
    assert aoq_curve(MONTGOMERY, 0.01, 10_000) == pytest.approx(0.00931, abs=5e-6)
    assert ati_curve(MONTGOMERY, 0.01, 10_000) == pytest.approx(686.7, abs=0.05)
    worst, at = aoql(MONTGOMERY, 10_000)
    # printed without the share of the lot that was sampled
    assert worst / (1 - 89 / 10_000) == pytest.approx(0.0154, abs=5e-5) and at == pytest.approx(0.0253, abs=5e-5)


@pytest.mark.parametrize(
    ("accepted", "factor"),
    {0: 0.3679, 1: 0.8400, 2: 1.3711, 3: 1.9424, 5: 3.1682, 10: 6.5277, 14: 9.3984, 21: 14.6571}.items(),
)
def test_dodge_and_romig_s_factors(accepted, factor):
    """AOQL·n of a Poisson plan in an endless lot."""
    n = 100_000
    assert aoql(single(n, accepted), 10**12)[0] * n == pytest.approx(factor, rel=2e-4)


@pytest.mark.parametrize(
    ("n", "accept", "percent"),
    [
        (13, 0, (0.077, 0.394, 0.807, 2.189, 5.192, 10.115, 16.232, 20.582, 29.830)),
        (80, 2, (0.550, 1.030, 1.385, 2.163, 3.329, 4.842, 6.516, 7.661, 10.095)),
        (200, 7, (1.468, 2.006, 2.342, 2.986, 3.828, 4.810, 5.815, 6.473, 7.821)),
        (500, 10, (0.959, 1.239, 1.408, 1.726, 2.132, 2.596, 3.065, 3.369, 3.988)),
    ],
)
def test_qualities_at_probabilities(n, accept, percent):
    found = [100 * quality_at(single(n, accept), probability) for probability in QUALITY]
    np.testing.assert_allclose(found, percent, atol=6e-4)


@pytest.mark.parametrize(
    ("stages", "shares", "accepted", "average"),
    [
        (((50, 1, 4), (100, 3, 4)), (0.01, 0.05), (0.9707, 0.2904), (58.78, 98.10)),
        (((125, 1, 4), (125, 4, 5)), (0.01, 0.02, 0.03, 0.05), (0.89996, 0.48577, 0.17549, 0.01508), None),
        (((125, 3, 7), (125, 8, 9)), (0.01, 0.02, 0.03), (0.9990, 0.9440, 0.7108), (129.6, 153.5, 179.4)),
        (((125, 1, 6), (125, 3, 9), (125, 13, 14)), (0.01,), (0.99755,), None),
    ],
)
def test_double_and_triple_plans_as_in_r_and_mistat(stages, shares, accepted, average):
    found = Plan(tuple(Stage(*stage) for stage in stages))
    np.testing.assert_allclose(oc_curve(found, shares), accepted, atol=6e-5)
    if average:
        np.testing.assert_allclose(asn_curve(found, shares), average, atol=0.06)


def test_small_lots_are_counted_exactly():
    bad = np.array([5, 10, 15, 20, 25]) / 500
    np.testing.assert_allclose(oc_curve(single(50, 1), bad, 500), [0.9194, 0.7365, 0.5469, 0.3865, 0.2636], atol=6e-5)
    np.testing.assert_allclose(oc_curve(single(50, 1), bad), [0.9106, 0.7358, 0.5553, 0.4005, 0.2794], atol=6e-5)
    poisson = oc_curve(single(50, 1), bad, faults=True)
    np.testing.assert_allclose(poisson, [0.9098, 0.7358, 0.5578, 0.4060, 0.2873], atol=6e-5)
    few = oc_curve(single(20, 0), np.arange(1, 6) / 100, 100)
    np.testing.assert_allclose(few, [0.8000, 0.6384, 0.5081, 0.4033, 0.3193], atol=6e-5)
    # all rows checked: the lot is what it is
    assert oc_curve(single(100, 2), [0.02, 0.03], 100).tolist() == [1, 0]


@pytest.mark.slow
@pytest.mark.parametrize("lot_size", [None, 400])
def test_a_multiple_plan_against_simulated_lots(lot_size):
    """20,000 lots inspected row by row: accepted, rows checked, within four standard errors."""
    chosen, rng, lots = plan(400, 4.0, kind="multiple"), np.random.default_rng(11), 20_000
    for share in (0.04, 0.1):
        if lot_size is None:
            bad = rng.random((lots, chosen.n)) < share
        else:
            rank = rng.random((lots, lot_size)).argsort(axis=1)[:, : chosen.n]
            bad = rank < round(share * lot_size)
        accepted, open_lots, checked = np.zeros(lots, bool), np.ones(lots, bool), np.zeros(lots)
        seen = 0
        for place, stage in enumerate(chosen.stages):
            checked += np.where(open_lots, stage.n, 0)
            seen += stage.n
            found = bad[:, :seen].sum(axis=1)
            good = found < stage.reject if place == 6 else found <= (-1 if stage.accept is None else stage.accept)
            accepted |= open_lots & good
            open_lots &= ~good & (found < stage.reject)
        expected = float(oc_curve(chosen, share, lot_size))
        assert accepted.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / lots))
        rows = float(asn_curve(chosen, share, lot_size))
        assert checked.mean() == pytest.approx(rows, abs=4 * checked.std() / np.sqrt(lots))


def test_reduced_inspection_accepts_between_its_numbers():
    chosen = plan(800, 0.65, inspection="reduced")
    assert chosen.stages == (Stage(32, 0, 2),)
    assert oc_curve(chosen, 0.02) == pytest.approx(stats.binom.cdf(1, 32, 0.02))


@pytest.mark.parametrize("kind", ["single", "double", "multiple"])
def test_curves_keep_their_laws(kind):
    chosen, shares = plan(2000, 1.0, kind=kind), np.linspace(0, 0.2, 41).reshape(1, 41)
    accepted = oc_curve(chosen, shares)
    assert accepted.shape == (1, 41) and accepted[0, 0] == 1
    assert (np.diff(accepted) <= 0).all()
    assert asn_curve(chosen, 0.0) == chosen.stages[0].n or chosen.stages[0].accept is None
    assert (asn_curve(chosen, shares) <= chosen.n).all()
    assert (aoq_curve(chosen, shares, 2000) <= shares + 1e-15).all()
    inspected = ati_curve(chosen, shares, 2000)
    assert (np.diff(inspected) >= -1e-9).all() and inspected.max() <= 2000
    # what is checked and what leaves bad make up what came in
    np.testing.assert_allclose(aoq_curve(chosen, shares, 2000), shares * (1 - inspected / 2000), atol=1e-12)
    assert aoql(chosen, 2000)[0] >= aoq_curve(chosen, shares, 2000).max()


def test_shares_and_lots_out_of_range_are_said_in_a_sentence():
    with pytest.raises(UsageError, match="lies from 0 to 1; 2 does not"):
        oc_curve(MONTGOMERY, [0.1, 2.0])
    with pytest.raises(UsageError, match="a lot of 50 rows is smaller than the plan's 89; take one of 89 or more"):
        aoql(MONTGOMERY, 50)
    with pytest.raises(UsageError, match="give 0 to 1, like 0.10"):
        quality_at(MONTGOMERY, 1.0)
    # so many faults are allowed that no share of bad rows is rejected
    assert quality_at(single(3, 7), 0.10) == 1
    assert quality_at(single(3, 7), 0.10, faults=True) > 3
