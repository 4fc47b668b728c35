"""Published sizes; on a grid, that no smaller number of rows reaches a goal and this one does; nearest goals named."""

import numpy as np
import pytest
from scipy import stats

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.intervals import clopper_pearson, newcombe, wilson
from labelqa_lib.stats.sizing import (
    effective_size,
    margin_of,
    power_against_target,
    power_of_difference,
    rows_worth,
    size_for_demonstration,
    size_for_difference,
    size_for_margin,
    size_for_rare,
    size_for_target,
)
from labelqa_lib.stats.rate_bounds import FEW_EVENTS
from labelqa_lib.stats.survey import clustered_rate


def half_width(p, n, population=None, design_effect=1.0):
    """The report's interval, written out."""
    if population is not None and n >= population:
        return 0.0
    size = n / design_effect * ((population - 1) / (population - n) if population else 1)
    interval = clopper_pearson if size * p * (1 - p) < FEW_EVENTS else wilson
    low, high = interval(p * size, size)
    return (high - low) / 2


# -- a margin ---------------------------------------------------------------------------------------------------------

WILSON = {
    (0.5, 0.05): 381, (0.5, 0.02): 2398, (0.5, 0.01): 9600, (0.9, 0.05): 141, (0.9, 0.02): 868, (0.9, 0.01): 3461,
    (0.95, 0.05): 83, (0.95, 0.02): 469, (0.95, 0.01): 1838, (0.98, 0.02): 223, (0.98, 0.01): 792,
}  # fmt: skip


@pytest.mark.parametrize(("goal", "n"), WILSON.items())
def test_sizes_of_wilson_s_interval_as_published(goal, n):
    found = size_for_margin(*goal)
    assert (found.n, found.reason) == (n, "Wilson")
    assert found.reached <= goal[1]


def test_below_three_events_the_report_s_exact_interval_needs_more():
    """Wilson alone would say 52 for 0.98 ± 0.05; of one expected error in 52 the report says more than ±0.05."""
    found = size_for_margin(0.98, 0.05)
    assert found.n == 55 and found.reason == "Korn–Graubard"


@pytest.mark.parametrize(
    ("population", "n"),
    {50: 44, 100: 80, 200: 132, 300: 169, 500: 217, 1000: 278, 2000: 322, 5000: 357, 10_000: 370, 75_000: 382}.items(),
)
def test_finite_populations_near_krejcie_and_morgan(population, n):
    """Krejcie & Morgan (1970), Educ. Psychol. Meas. 30:607, whose interval is the normal one: up to 3 rows off."""
    assert abs(size_for_margin(0.5, 0.05, population=population).n - n) <= 3


GRID = [
    (p, margin, population, effect)
    for p in (0.0, 0.02, 0.1, 0.5, 0.97, 1.0)
    for margin in (0.01, 0.03, 0.11, 0.3)
    for population, effect in ((None, 1.0), (None, 2.7), (300, 1.0), (4000, 1.6), (1, 1.0))
]


@pytest.mark.parametrize(("p", "margin", "population", "effect"), GRID)
def test_no_smaller_number_of_rows_reaches_the_margin(p, margin, population, effect):
    found = size_for_margin(p, margin, population=population, design_effect=effect)
    assert half_width(p, found.n, population, effect) <= margin * (1 + 1e-9)
    assert found.reached == pytest.approx(half_width(p, found.n, population, effect))
    near = range(max(found.n - 60, 1), found.n)
    far = np.unique(np.geomspace(1, max(found.n - 1, 1), 15).astype(int))[: None if found.n > 1 else 0]
    assert all(half_width(p, n, population, effect) > margin for n in {*near, *far.tolist()})


def test_the_plan_keeps_its_word_in_the_report():
    """A sample as planned, through the report's own estimator, has the margin that was promised."""
    found = size_for_margin(0.9, 0.02)
    right = round(0.9 * found.n)
    verdicts = np.repeat([1.0, 0.0], [right, found.n - right])
    got = clustered_rate(np.zeros(found.n, dtype=int), np.ones(found.n), verdicts, np.ones(found.n))
    assert (got.ci_high[0] - got.ci_low[0]) / 2 == pytest.approx(0.02, rel=0.01)


def test_a_size_is_a_number_that_says_how_it_came_about():
    found = size_for_margin(0.95, 0.02, design_effect=1.5)
    assert found == 703 and f"{found:,}" == "703" and found * 2 == 1406 and found.n == 703
    assert repr(found) == "703 rows, which reach 0.01999 (Wilson, design effect 1.50)"


def test_more_doubt_never_needs_fewer_rows():
    for sizes in (
        [size_for_margin(p, 0.03).n for p in (0.0, 0.01, 0.05, 0.2, 0.5)],
        [size_for_margin(0.1, 0.03, confidence).n for confidence in (0.8, 0.9, 0.95, 0.99)],
        [size_for_margin(0.1, 0.03, population=n).n for n in (100, 1000, 10_000)] + [size_for_margin(0.1, 0.03).n],
        [size_for_margin(0.1, 0.03, design_effect=effect).n for effect in (0.8, 1.0, 1.5, 3.0)],
    ):
        assert sizes == sorted(sizes)


def test_effective_size_is_where_the_margin_is_reached():
    for p, margin in ((0.95, 0.02), (0.3, 0.1), (0.001, 0.01)):
        size = effective_size(p, margin)
        assert margin_of(p, size) <= margin * (1 + 1e-9)
        assert margin_of(p, size * 0.999) > margin


def test_all_rows_of_a_population_are_enough():
    assert size_for_margin(0.5, 0.001, population=40, design_effect=9).n == 40
    assert size_for_margin(0.5, 0.001, population=40, design_effect=9).reached == 0
    assert rows_worth(1e6, population=40) == 40


def test_impossible_margins_are_said_in_a_sentence():
    with pytest.raises(UsageError, match=r"a margin of 0.5 cannot be planned: .* known to ±0.5 without looking"):
        size_for_margin(0.3, 0.5)
    with pytest.raises(UsageError, match="a margin of 0 cannot be planned"):
        size_for_margin(0.3, 0)
    with pytest.raises(UsageError, match=r"needs more than 10,000,000 rows; .* known to ±0.00031: ask for no less"):
        size_for_margin(0.5, 0.0001)
    with pytest.raises(UsageError, match="needs more than 10,000,000 rows"):
        size_for_margin(1e-9, 1e-8)
    with pytest.raises(UsageError, match="p is 95; it is a share"):
        size_for_margin(95, 0.02)
    with pytest.raises(UsageError, match="population is 0; nothing can be drawn from it"):
        size_for_margin(0.5, 0.02, population=0)
    with pytest.raises(UsageError, match="design_effect is 0; it is above 0"):
        size_for_margin(0.5, 0.02, design_effect=0)


# -- a verdict on a target --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "target", "n", "most", "size", "power"),
    [(0.92, 0.95, 415, 386, 0.0457, 0.8006), (0.90, 0.95, 169, 155, None, None), (0.95, 0.98, 226, 217, None, None)],
)
def test_exact_one_sided_test_as_published(p, target, n, most, size, power):
    """The first size that reaches 80 % at one-sided 5 %: 415, signal at 386 right or fewer; some larger ones do not."""
    reached = power_against_target(np.arange(1, n + 1), p, target, 0.90, guaranteed=True)
    assert reached[-1] >= 0.8 > reached[:-1].max()
    assert reached[-1] == pytest.approx(stats.binom.cdf(most, n, p))
    if power:
        assert (stats.binom.cdf(most, n, target), reached[-1]) == pytest.approx((size, power), abs=5e-5)
    found = size_for_target(p, target, confidence=0.90, guaranteed=True)
    assert n < found.n < 1.2 * n


@pytest.mark.slow
@pytest.mark.parametrize("guaranteed", [False, True])
@pytest.mark.parametrize(("p", "target"), [(0.8, 0.9), (1.0, 0.95), (0.02, 0.1), (0.5, 0.3), (0.0, 0.05)])
def test_no_smaller_size_stays_at_the_power_against_a_target(p, target, guaranteed):
    found = size_for_target(p, target, guaranteed=guaranteed)
    n = np.arange(1, 2 * found.n)
    reached = []
    for size in n:
        seen = np.arange(size + 1)
        low, high = clopper_pearson(seen, size)
        if not guaranteed:
            few = seen * (1 - seen / size) < FEW_EVENTS
            low, high = np.where(few, (low, high), wilson(seen, size))
        off = high < target if p < target else low > target
        reached.append(stats.binom.pmf(seen, size, p)[off].sum())
    reached = np.array(reached)
    np.testing.assert_allclose(power_against_target(n, p, target, guaranteed=guaranteed), reached, atol=1e-10)
    assert (reached[found.n - 1 :] >= 0.8).all() and (found.n == 1 or reached[found.n - 2] < 0.8)
    assert found.reached == pytest.approx(reached[found.n - 1])


def test_a_target_cannot_be_told_from_itself():
    with pytest.raises(UsageError, match="a rate of 0.95 cannot be told from a target of 0.95"):
        size_for_target(0.95, 0.95)
    with pytest.raises(UsageError, match="more than 10,000,000 plain rows would be needed; plan for a larger"):
        size_for_target(0.95, 0.95001)


# -- a change ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "drop", "power", "n"), [(0.95, 0.03, 0.8, 1058.9), (0.95, 0.05, 0.8, 434.4), (0.75, 0.25, 0.9, 76.7)]
)
def test_two_weeks_near_the_published_normal_sizes(p, drop, power, n):
    """R's power.prop.test, whose test is the normal one; the report's interval needs about as many."""
    assert size_for_difference(p, drop, power).n == pytest.approx(n, rel=0.015)


def exact_power(n, before, after, confidence=0.95):
    x = np.arange(n + 1)
    first, second = np.meshgrid(x, x, indexing="ij")
    p1, p2 = first / n, second / n
    low = newcombe(p1, *wilson(first, n, confidence), p2, *wilson(second, n, confidence))[1]
    chance = stats.binom.pmf(x, n, before)[:, None] * stats.binom.pmf(x, n, after)[None, :]
    return chance[low > 0].sum()


@pytest.mark.parametrize(("p", "drop", "power"), [(0.9, 0.3, 0.8), (0.98, 0.2, 0.9), (0.5, -0.4, 0.8), (1, 0.25, 0.8)])
def test_no_smaller_weeks_stay_at_the_power_for_a_drop(p, drop, power):
    found = size_for_difference(p, drop, power)
    before, after = (p, p - drop) if drop > 0 else (1 - p, 1 - p + drop)
    n = np.arange(1, 2 * found.n)
    reached = np.array([exact_power(size, before, after) for size in n])
    np.testing.assert_allclose(power_of_difference(n, p, drop), reached, atol=1e-7)
    assert (reached[found.n - 1 :] >= power).all() and reached[found.n - 2] < power


def test_a_change_in_a_finite_week_and_with_a_design_effect():
    plain = size_for_difference(0.95, 0.05).n
    assert size_for_difference(0.95, 0.05, design_effect=2).n == 2 * plain
    assert size_for_difference(0.95, 0.05, population=600).n < plain
    assert size_for_difference(0.95, 0.05, population=600, design_effect=2).reached >= 0.8


def test_an_impossible_drop_is_said_in_a_sentence():
    with pytest.raises(UsageError, match=r"a rate of 0.05 cannot fall by 0.1; .* other than 0 from -0.95 to 0.05"):
        size_for_difference(0.05, 0.1)
    with pytest.raises(UsageError, match="cannot fall by 0;"):
        size_for_difference(0.5, 0)


# -- rare events ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confidence", "sizes"),
    {
        0.95: (2995, 598, 299, 149, 59, 29), 0.90: (2302, 460, 230, 114, 45, 22), 0.99: (4603, 919, 459, 228, 90, 44),
    }.items(),
)  # fmt: skip
def test_zero_failure_sizes_as_published(confidence, sizes):
    for rate, n in zip((0.001, 0.005, 0.01, 0.02, 0.05, 0.1), sizes, strict=True):
        assert size_for_demonstration(rate, confidence).n == n


@pytest.mark.parametrize(
    ("population", "events", "n"),
    [(100, 5, 45), (200, 10, 51), (500, 5, 225), (1000, 10, 258), (10_000, 100, 294), (1000, 1, 950)],
)
def test_discovery_in_a_population_as_published(population, events, n):
    """R's hypergeometric; epi.ssdetect(200, 0.05) prints 52, its own approximation."""
    found = size_for_demonstration(events / population, 0.95, population)
    assert found.n == n
    assert found.reached == pytest.approx(1 - stats.hypergeom.pmf(0, population, events, n))
    assert stats.hypergeom.pmf(0, population, events, n - 1) > 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("rates", "held"), [((0.3, 0.05, 0.001), (6, 8, 9)), ((0.1, 0.4), (12, 9))])
def test_no_other_draw_of_fewer_rows_sees_the_rare_events(rates, held):
    """Every way to draw, by brute force over the strata and exact convolution."""
    rates, held = np.array(rates), np.array(held)

    def chance(rows, events):
        pmf = np.ones(1)
        for n, rate in zip(rows, rates, strict=True):
            pmf = np.convolve(pmf, stats.binom.pmf(np.arange(n + 1), n, rate))
        return pmf[events:].sum()

    draws = np.array(np.meshgrid(*(np.arange(1, n + 1) for n in held), indexing="ij")).reshape(len(held), -1).T
    for events, probability in ((1, 0.6), (1, 0.8), (2, 0.5)):
        enough = [rows.sum() for rows in draws if chance(rows, events) >= probability]
        if not enough:
            with pytest.raises(UsageError, match="hold"):
                size_for_rare(events, rates, held, probability)
            continue
        found = size_for_rare(events, rates, held, probability)
        assert found.n == min(enough) == found.rows.sum()
        assert found.reached == pytest.approx(chance(found.rows, events)) and found.reached >= probability


def test_drawing_where_scores_are_high_saves_most_of_the_work():
    found = size_for_rare(30, [0.3, 0.1, 0.01], [100, 500, 10_000])
    assert found.rows.tolist() == [100, 81, 1] and found.n == 182
    assert found.simple == 2324
    assert found.expected == pytest.approx(30 + 8.1 + 0.01)
    plain = size_for_rare(30, [0.0152], [10_600])
    assert size_for_rare(30, 0.0152, 10_600).n == plain.n, "one stratum needs no list"
    assert plain.n == plain.simple


def test_what_a_population_does_not_hold_is_said_with_what_it_holds():
    with pytest.raises(UsageError, match="hold 10 events with probability 0.001 only; ask for 1 or fewer"):
        size_for_rare(10, [0.01], [300])
    with pytest.raises(UsageError, match="0 events at rates"):
        size_for_rare(0, [0.01], [300])
    with pytest.raises(UsageError, match="below 1e-09 takes more than 10,000,000 rows; as many show 3e-07"):
        size_for_demonstration(1e-9)


def test_a_drop_too_small_to_be_meant_is_refused_at_once():
    with pytest.raises(UsageError, match="more than 10,000,000 plain rows would be needed"):
        size_for_difference(0.9, 1e-7)


@pytest.mark.parametrize("events", [10.5, float("nan")])
def test_half_an_event_cannot_be_seen(events):
    with pytest.raises(UsageError, match="at least 1 event, a whole number"):
        size_for_rare(events, 0.01, 10_000)


def test_where_not_even_one_event_is_sure_none_is_offered():
    with pytest.raises(UsageError, match="not even 1 is sure enough: look over more weeks"):
        size_for_rare(10, 0.01, 100)


@pytest.mark.parametrize("population", [float("nan"), float("inf")])
def test_a_population_that_is_no_number_is_said_in_a_sentence(population):
    with pytest.raises(UsageError, match="population is (nan|inf)"):
        size_for_margin(0.05, 0.02, population=population)
