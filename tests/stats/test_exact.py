"""The very numbers of `scipy.stats`, which is not imported: everywhere that an analyst may look, and where counts end."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from labelqa_lib.stats import exact

SEEN = np.random.default_rng(20)


def counted(size):
    """Counts near to what is expected, some that cannot be, and some that are no counts; samples of 0 to 100,000."""
    n = np.r_[SEEN.integers(0, 30, size // 2), SEEN.integers(0, 100_000, size - size // 2)]
    p = SEEN.uniform(-0.02, 1.02, size)
    p[::50], p[1::50], p[2::50] = 0, 1, np.nan
    held = np.clip(np.nan_to_num(p), 0, 1)
    k = np.floor(SEEN.normal(n * held, 1 + 2 * np.sqrt(n * held * (1 - held))))
    k[3::40] += 0.5
    k[4::40] = n[4::40]
    return k, n, p


@pytest.mark.parametrize("name", ["cdf", "sf", "pmf"])
def test_binomial_chances_are_scipys(name):
    arguments = counted(20_000)
    assert_array_equal(getattr(exact, f"binomial_{name}")(*arguments), getattr(stats.binom, name)(*arguments))


def test_binomial_quantiles_are_scipys_and_the_smallest_that_reach():
    _, n, p = counted(20_000)
    q = np.r_[SEEN.uniform(0, 1, 19_700), np.repeat([0, 1, -0.5], 100)]
    found = exact.binomial_ppf(q, n, p)
    assert_array_equal(found, stats.binom.ppf(q, n, p))
    usual = (p > 0) & (p < 1) & (q > 0) & (q < 1)
    found, q, n, p = found[usual], q[usual], n[usual], p[usual]
    assert np.all(exact.binomial_cdf(found, n, p) >= q * (1 - 1e-12)) and np.all(exact.binomial_cdf(found - 1, n, p) < q * (1 + 1e-12))


@pytest.mark.parametrize("name", ["cdf", "sf", "pmf"])
def test_hypergeometric_chances_are_scipys(name):
    lot, held, n = SEEN.integers(0, [[300]] * 3, (3, 10_000))
    held[::2], n[::2] = np.minimum(held, lot)[::2], np.minimum(n, lot)[::2]
    k = np.floor(SEEN.normal(n * held / np.maximum(lot, 1), 4))
    k[::99] = np.nan
    arguments = k, lot, held, n
    assert_array_equal(getattr(exact, f"hypergeometric_{name}")(*arguments), getattr(stats.hypergeom, name)(*arguments))


def test_short_integers_lose_no_digits():
    small = np.int16(3), np.int16(40), np.float32(0.125)
    assert exact.binomial_cdf(*small) == stats.binom.cdf(3, 40, 0.125)
    assert exact.hypergeometric_sf(*np.int16([3, 90, 40, 20])) == stats.hypergeom.sf(3, 90, 40, 20)


def test_poisson_chances_are_scipys():
    k = np.arange(80)[:, np.newaxis]
    mean = np.array([0.0, 1e-9, 0.3, 1, 5, 70])
    assert_array_equal(exact.poisson_pmf(k, mean), stats.poisson.pmf(k, mean))


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_fishers_exact_test_is_scipys(alternative):
    tables = [SEEN.integers(0, most, (2, 2)) for most in (3, 6, 30, 400, 20_000) for _ in range(60)]
    told = [exact.fisher(table, alternative) for table in tables]
    assert_allclose(told, [stats.fisher_exact(table, alternative=alternative).pvalue for table in tables], rtol=1e-12, atol=0)
    assert any(0 in table.sum(0) for table in tables) and all(type(one) is float for one in told)


def test_the_tea_that_a_lady_tasted():
    """Fisher (1935): three of four cups told right happen in 17 of 70 cases, or more in one; four by one in 70."""
    assert exact.fisher([[3, 1], [1, 3]], "greater") == pytest.approx(17 / 70)
    assert exact.fisher([[4, 0], [0, 4]], "greater") == pytest.approx(1 / 70)
    assert exact.fisher([[3, 1], [1, 3]]) == pytest.approx(34 / 70)


@pytest.mark.parametrize("size", [0, 1, 2, 7, 300])
def test_false_discoveries_are_scipys(size):
    p_values = np.round(SEEN.uniform(0, 1, size) ** 3, 2)  # with ties
    assert_array_equal(exact.adjusted(p_values), stats.false_discovery_control(p_values))


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1])
def test_what_is_no_probability_is_refused_by_its_value(wrong):
    with pytest.raises(ValueError, match=f"between 0 and 1.*{wrong}"):
        exact.adjusted([0.2, wrong])


def test_welchs_interval_is_scipys():
    for n, m in ((2, 2), (2, 40), (7, 300)):
        values, others = SEEN.normal(3, 1, n), SEEN.normal(2, 5, m)
        bounds = stats.ttest_ind(values, others, equal_var=False).confidence_interval(0.9)
        assert_allclose(exact.welch(values, others, 0.9), [bounds.low, bounds.high], rtol=1e-12, atol=1e-12)


def test_values_that_do_not_vary_differ_by_just_that():
    assert exact.welch(np.array([2.0, 2.0]), np.array([1.5, 1.5, 1.5])) == (0.5, 0.5)


ELSEWHERE = """
import sys, types
import scipy.stats
from scipy import special
special._ufuncs = sys.modules["scipy.special._ufuncs"] = types.ModuleType("scipy.special._ufuncs")
from labelqa_lib.stats import exact
assert exact._binom_cdf == scipy.stats.binom.cdf
print(exact.binomial_cdf(3, 40, 0.125), exact.binomial_ppf(0.3, 40, 0.125), exact.hypergeometric_sf(3, 90, 40, 20))
"""


def test_a_scipy_that_keeps_its_functions_elsewhere_is_asked_by_its_door():
    told = subprocess.run([sys.executable, "-c", ELSEWHERE], capture_output=True, text=True, check=True).stdout
    assert told.split() == [str(float(one)) for one in (
        stats.binom.cdf(3, 40, 0.125), stats.binom.ppf(0.3, 40, 0.125), stats.hypergeom.sf(3, 90, 40, 20),
    )]  # fmt: skip
