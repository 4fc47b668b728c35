"""Does the corrected rate hold its 95 % when the first check errs, and is the first check's own rate wrong there?

2,000 replications a cell; tolerance three Monte Carlo standard errors.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from simulated_samples import REPLICATIONS, covers, monte_carlo_error

from labelqa_lib.stats.intervals import wilson
from labelqa_lib.stats.two_phase import corrected_rate, rogan_gladen

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Checks:
    """`n` rows with errors at `rate`, a first check of known quality, and a second check (the truth) of a part."""

    rate: float
    sensitivity: float
    specificity: float
    again_flagged: float
    again_passed: float
    n: int = 1000
    clusters: int = 0
    likeness: float = 0.1
    fold: float = 1.0

    def draw(self, seed):
        rng = np.random.default_rng(seed)
        rows = REPLICATIONS * self.n
        group = np.repeat(np.arange(REPLICATIONS), self.n)
        cluster, chance = None, self.rate
        if self.clusters:
            cluster = np.tile(np.arange(self.n) % self.clusters, REPLICATIONS)
            size = 1 / self.likeness - 1
            rates = rng.beta(self.rate * size, (1 - self.rate) * size, REPLICATIONS * self.clusters)
            chance = rates[group * self.clusters + cluster]
        truth = rng.random(rows) < chance
        first = np.where(truth, rng.random(rows) < self.sensitivity, rng.random(rows) > self.specificity)
        again = np.where(first, self.again_flagged, self.again_passed)
        second = np.where(rng.random(rows) < again, truth, np.nan)
        weight = rng.choice(np.geomspace(1, self.fold, 4), rows)
        return {"group": group, "weight": weight, "first": first, "second": second, "cluster": cluster}, 1 / again


def corrected(checks, seed):
    drawn, second_weight = checks.draw(seed)
    return corrected_rate(**drawn, second_weight=second_weight)


@pytest.mark.parametrize(
    "checks",
    [
        Checks(0.05, 0.8, 0.95, 0.2, 0.2),
        Checks(0.05, 0.8, 0.95, 1.0, 0.1),
        Checks(0.2, 0.9, 0.99, 0.2, 0.2),
        Checks(0.2, 0.8, 0.99, 0.5, 0.2, fold=20),
        Checks(0.2, 0.8, 0.95, 0.5, 0.2, clusters=20),
    ],
)
def test_the_corrected_rate_holds_where_the_first_check_errs(checks):
    estimates = corrected(checks, 1)
    found = covers(estimates.corrected.ci_low, estimates.corrected.ci_high, checks.rate)
    assert 0.93 - 3 * monte_carlo_error(0.93) <= found <= 0.97 + 3 * monte_carlo_error(0.97)
    assert np.mean(estimates.corrected.estimate) == pytest.approx(checks.rate, rel=0.02)


@pytest.mark.parametrize(("clusters", "fold"), [(0, 1.0), (0, 20.0), (20, 1.0)])
@pytest.mark.parametrize("sensitivity", [0.8, 0.9, 1.0])
@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_the_corrected_rate_covers_whatever_the_first_check_finds(rate, sensitivity, clusters, fold):
    checks = Checks(rate, sensitivity, 0.98, 1.0, 0.15, n=500, clusters=clusters, fold=fold)
    estimates = corrected(checks, 7).corrected
    assert covers(estimates.ci_low, estimates.ci_high, rate) >= 0.93 - 3 * monte_carlo_error(0.93)


@pytest.mark.parametrize(
    "checks",
    [
        Checks(0.02, 0.9, 0.99, 0.2, 0.2, n=200),
        Checks(0.02, 0.8, 0.99, 1.0, 0.1, n=200, clusters=20),
        Checks(0.05, 1.0, 1.0, 0.2, 0.2, n=200),
        Checks(0.05, 0.9, 1.0, 0.5, 0.1, n=200, fold=20),
        Checks(0.005, 0.9, 0.999, 0.5, 0.2),
    ],
)
def test_few_or_no_disagreements_never_make_it_too_sure(checks):
    """It may cover more than it says there: that the first check never errs cannot be known from few second checks."""
    estimates = corrected(checks, 2).corrected
    assert not (np.isnan(estimates.estimate) & (estimates.reason == "")).any()
    known = ~np.isnan(estimates.estimate)
    found = covers(estimates.ci_low[known], estimates.ci_high[known], checks.rate)
    assert known.mean() > 0.99 and found >= 0.92 - 3 * monte_carlo_error(0.92)


def test_the_first_check_taken_as_truth_fails_where_the_corrected_rate_does_not():
    checks = Checks(0.2, 0.8, 0.99, 0.5, 0.2)
    estimates = corrected(checks, 3)
    assert covers(estimates.raw.ci_low, estimates.raw.ci_high, checks.rate) < 0.3
    assert covers(estimates.corrected.ci_low, estimates.corrected.ci_high, checks.rate) >= 0.93


def test_the_linearised_variance_alone_fails_where_misses_are_few():
    checks = Checks(0.02, 0.8, 0.95, 1.0, 0.1)
    both = corrected(checks, 4)
    assert covers(both.raw.ci_low, both.raw.ci_high, checks.rate) < 0.01
    estimates = both.corrected
    half = 1.96 * estimates.std_error
    assert covers(estimates.estimate - half, estimates.estimate + half, checks.rate) < 0.89
    assert covers(estimates.ci_low, estimates.ci_high, checks.rate) >= 0.93


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.4])
def test_rogan_gladen_holds_when_sensitivity_and_specificity_were_measured(rate):
    """Known-sensitivity bounds are too short there; Lang–Reiczigel's are not."""
    rng = np.random.default_rng(5)
    sensitivity, specificity, n, measured = 0.85, 0.95, 1000, 150
    found = rng.binomial(n, rate * sensitivity + (1 - rate) * (1 - specificity), REPLICATIONS) / n
    se, sp = (rng.binomial(measured, share, REPLICATIONS) / measured for share in (sensitivity, specificity))
    honest = rogan_gladen(found, n, se, sp, measured, measured)
    assert covers(honest.ci_low, honest.ci_high, rate) >= 0.93 - 3 * monte_carlo_error(0.93)
    short = rogan_gladen(found, n, se, sp)
    assert covers(short.ci_low, short.ci_high, rate) < 0.9
    assert covers(*wilson(found * n, n), rate) < 0.8
