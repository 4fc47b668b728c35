"""Does the default interval of a report hold its 95 %: rare errors, uneven weights, agents alike inside?

Asked for is 93 to 97 % wherever n_effective·p(1 − p) is at least 5, and never under 92 % elsewhere. 2,000 replications a
cell; every bound allows three Monte Carlo standard errors (1.7 points at 93, 1.1 at 97, 1.8 at 92 %) and no more.
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


@pytest.mark.parametrize("world", [World(0.99, 2000, 10, 0.0), World(0.95, 2000, 10, 0.2), World(0.9, 500, 10, 0.2)])
def test_ten_clusters_are_few_and_the_interval_says_so(world):
    """Ten agents tell little about how alike agents are: the interval is wide on purpose, and never too short."""
    rates = estimated(draw_cells(world, 1))
    assert covers(rates.ci_low, rates.ci_high, world.rate) >= FLOOR - 3 * monte_carlo_error(FLOOR)


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
