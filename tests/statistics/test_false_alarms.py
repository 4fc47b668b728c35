"""How often is there an alarm when nothing happened? As often as theory and the nominal rates say, and no oftener.

Run lengths are estimated as points watched / alarms, each chart watched until its first alarm or its end: the run
length in control is geometric but for its first few points. With a alarms the estimate is known to ±1/√a, which is at
most 2.2 % (one standard error) here where 10 % is asked for.
"""

from itertools import product

import numpy as np
import pytest
from scipy import special, stats

from labelqa_lib.stats import change, control, drift, funnel, intervals, survey

pytestmark = pytest.mark.slow


def run_length(signals, *words):
    """Points watched per first alarm; of alarms that hold one of `words`, if given."""
    alarm = signals != ""
    if words:
        alarm[alarm] = [any(word in text for word in words) for text in signals[alarm]]
    first = np.where(alarm.any(1), alarm.argmax(1) + 1, signals.shape[1])
    alarms = alarm.any(1).sum()
    assert alarms > 2000, "too few alarms for the stated Monte Carlo error"
    return first.sum() / alarms


def noise(charts, points, seed):
    return np.random.default_rng(seed).normal(size=(charts, points))


def test_the_limits_alone():
    chart = control.shewhart(noise(6000, 250, 1), 0, 1)
    assert run_length(chart.signals, "the upper limit", "the lower limit") < 380  # with "2 of 3 near the limit"
    exact = run_length(chart.signals, "above the upper limit", "below the lower limit")
    assert exact == pytest.approx(1 / (2 * stats.norm.sf(3)), rel=0.10)  # 370.40


def test_western_electric_rules_together():
    # Champ & Woodall 1987, Technometrics 29:393, Table 1: all four rules, in control, 91.75
    chart = control.shewhart(noise(4000, 400, 2), 0, 1, rules="western_electric")
    assert run_length(chart.signals) == pytest.approx(91.75, rel=0.10)


def nhs_run_length_without_trends():
    """Mean points to the first alarm of limits, 7 on a side and 2 of 3 near a limit, by a Markov chain.

    State: how long the run on this side is (1 to 6), and which of the last two points were near the limit on it.
    """
    near, out = stats.norm.sf(2) - stats.norm.sf(3), stats.norm.sf(3)
    inner = 0.5 - near - out
    states = [(run, two) for run in range(1, 7) for two in product((False, True), repeat=2) if run > 1 or not two[0]]
    index = {state: i for i, state in enumerate(states)}
    step = np.zeros((len(states), len(states)))
    for (run, (_, last)), i in index.items():
        for is_near, chance in ((False, inner), (True, near)):
            step[i, index[1, (False, is_near)]] += chance  # to the other side
            alarm = run + 1 == 7 or (is_near and run >= 2 and (last or states[i][1][0]))
            if not alarm:
                step[i, index[run + 1, (last, is_near)]] += chance
    wait = np.linalg.solve(np.eye(len(states)) - step, np.ones(len(states)))
    return 1 + 2 * (inner * wait[index[1, (False, False)]] + near * wait[index[1, (False, True)]])


def test_making_data_count_rules():
    signals = control.shewhart(noise(4000, 700, 3), 0, 1).signals
    runs = run_length(signals, "in a row above", "in a row below")
    assert runs == pytest.approx(2**7 - 1, rel=0.10)  # a run of 7 of a fair coin, either side
    without_trends = run_length(signals, "limit", "in a row above", "in a row below")
    assert without_trends == pytest.approx(nhs_run_length_without_trends(), rel=0.10)
    # All four rules: no closed form is known; trends alone come once in 2,880 points (5,760 each way, from the
    # exponential generating function 1 / Σ (1/(7k)! − 1/(7k + 1)!) of permutations without a rise of 7).
    together = run_length(signals)
    assert together == pytest.approx(1 / (1 / nhs_run_length_without_trends() + 1 / 2880), rel=0.10)


@pytest.mark.parametrize(("limit", "expected"), [(4, 167.68), (5, 465.44)])
def test_cusum(limit, expected):
    # R spc::xcusum.arl, two-sided, slack .5 (Montgomery Table 9.3)
    sums = drift.cusum(control.shewhart(noise(5000, 400, 4), 0, 1), limit=limit)
    assert run_length(sums.signals) == pytest.approx(expected, rel=0.10)


@pytest.mark.parametrize(("smoothing", "width"), [(0.4, 3.054), (0.2, 2.962), (0.1, 2.814)])
def test_ewma(smoothing, width):
    # Lucas & Saccucci 1990, Table 3: all of these have an in-control run length of about 500
    chart = drift.ewma(control.shewhart(noise(6000, 300, 5), 0, 1), smoothing, width)
    assert run_length(chart.signals) == pytest.approx(500, rel=0.10)


@pytest.mark.parametrize(("n", "rate"), [(400, 0.05), (150, 0.10), (1000, 0.02)])
def test_p_chart_of_binomial_counts(n, rate):
    counts = np.random.default_rng(6).binomial(n, rate, (8000, 220))
    history = np.full((8000, 1), 1e9)  # a baseline so long that it knows the rate
    chart = control.p_chart(
        np.hstack([history * rate, counts]), np.hstack([history, np.full(counts.shape, n)]), np.arange(221) == 0
    )
    reach = 3 * np.sqrt(rate * (1 - rate) / n)
    above = stats.binom.sf(np.floor(n * (rate + reach)), n, rate)
    alarm = above + stats.binom.cdf(np.ceil(n * (rate - reach)) - 1, n, rate)
    got = run_length(chart.signals[:, 1:], "above the upper limit", "below the lower limit")
    assert got == pytest.approx(1 / alarm, rel=0.10)


def test_laney_chart_of_over_dispersed_rates_where_the_plain_one_cries_wolf():
    rng = np.random.default_rng(7)
    rate = rng.normal(0.05, 0.004, (40, 6000))
    n = np.full(rate.shape, 20_000)
    counts, baseline = rng.binomial(n, rate), np.arange(6000) < 1500
    laney, plain = (control.p_chart(counts, n, baseline, laney=laney).signals[:, 1500:] for laney in (True, False))
    # Nelson's screening leaves out steps beyond 3.267 mean steps, 2.606 of their own sigmas, and so counts sigma 2.5 %
    # too small: 3 sigma of the chart are 2.93 true ones
    cut = control.MOVING_RANGE_LIMIT * np.sqrt(2 / np.pi)
    screened = (1 - np.exp(-(cut**2) / 2)) / (1 - 2 * stats.norm.sf(cut))
    beyond = sum("above the upper" in words or "below the lower" in words for words in laney.ravel())
    # 180,000 points hold some 600 of them: ±4 % (one standard error)
    assert laney.size / beyond == pytest.approx(1 / (2 * stats.norm.sf(3 * screened)), rel=0.10)
    assert run_length(plain.reshape(-1, 30)) < 10


def test_g_chart_of_rare_events():
    chance = 0.01
    gaps = np.random.default_rng(8).geometric(chance, (6000, 300)) - 1.0
    history = np.full((6000, 1), 1 / chance - 1)
    chart = control.g_chart(np.hstack([history, gaps]), np.arange(301) == 0)
    reach = [np.log(special.ndtr(side)) / np.log1p(-chance) - 0.5 for side in (-3, 3)]
    alarm = (1 - chance) ** np.floor(reach[0] + 1) + 1 - (1 - chance) ** max(np.ceil(reach[1]), 0)
    got = run_length(chart.signals[:, 1:], "above the upper limit", "below the lower limit")
    assert got == pytest.approx(1 / alarm, rel=0.10)


@pytest.mark.parametrize(
    ("n", "before", "rate"), [(400, 400, 0.05), (300, 800, 0.03), (200, 200, 0.10), (2000, 2000, 0.02)]
)
def test_week_over_week_is_more_than_noise_at_its_nominal_rate(n, before, rate):
    rng, replications = np.random.default_rng(9), 20_000
    now, then = rng.binomial(n, rate, replications), rng.binomial(before, rate, replications)
    got = change.difference(now / n, *intervals.wilson(now, n), then / before, *intervals.wilson(then, before))
    # 20,000 replications know the rate to ±.0015 (one standard error); counts are whole, so the nominal .05 itself can
    # be missed by about the chance of one count more, .004
    assert got.more_than_noise.mean() == pytest.approx(0.05, abs=3 * 0.0015 + 0.004)


def test_week_over_week_with_agents_who_differ():
    """40 agents of 15 checked rows a week, intraclass correlation .05, other agents each week."""
    rng, replications, agents = np.random.default_rng(10), 4000, 40
    size = 0.06 * (1 / 0.05 - 1), 0.94 * (1 / 0.05 - 1)
    weeks = []
    for _ in range(2):
        wrong = rng.binomial(15, rng.beta(*size, (replications, agents))).ravel()
        weeks.append(
            survey.clustered_rate(
                np.repeat(np.arange(replications), agents), np.full(wrong.size, 15.0), wrong, np.full(wrong.size, 15.0)
            )
        )
    now, then = weeks
    got = change.difference(now.estimate, now.ci_low, now.ci_high, then.estimate, then.ci_low, then.ci_high)
    # ±.0034 (one standard error); the design effect is itself estimated, from 40 agents
    assert got.more_than_noise.mean() == pytest.approx(0.05, abs=3 * 0.0034)
    plain = change.difference(
        now.estimate,
        *intervals.wilson(now.estimate * 600, 600),
        then.estimate,
        *intervals.wilson(then.estimate * 600, 600),
    )
    assert plain.more_than_noise.mean() > 0.08  # rows taken for independent: noise is called a change


def weeks_with_a_false_move(now, then, segments):
    """How often at least one of so many segments is told to have moved, at a false discovery rate of .05, with the degrees of
    freedom of the smaller side and with none. Nothing changes, so every move is a false one."""
    sides = [(side.estimate, side.ci_low, side.ci_high) for side in (now, then)]
    moved = change.difference(*sides[0], *sides[1])
    fewer = np.minimum(now.degrees, then.degrees)
    chances = [change.p_value(moved.difference, moved.low, moved.high, degrees=one) for one in (fewer, np.inf)]
    weeks = [stats.false_discovery_control(one.reshape(-1, segments), axis=1) <= 0.05 for one in chances]
    return [found.any(1).mean() for found in weeks]


@pytest.mark.parametrize(("segments", "replications", "error"), [(9, 3000, 0.0040), (54, 1000, 0.0069)])
def test_moves_keep_the_false_discovery_rate_where_a_week_has_seven_days(segments, replications, error):
    """Attainment of a service level: 7 days against 84, 300 items each, days alike inside (intraclass correlation .05).

    Allowed are three standard errors, √(.05·.95/replications), and the reading's own .005: it takes the arm of a Wilson
    interval to grow with t alone. (In 4,000 and 6,000 weeks it was .053 and .052.)
    """
    rng, size = np.random.default_rng(17), (0.95 * (1 / 0.05 - 1), 0.05 * (1 / 0.05 - 1))

    def side(days):
        within = rng.binomial(300, rng.beta(*size, (segments * replications, days))).ravel().astype(float)
        items = np.full(within.size, 300.0)
        return survey.clustered_rate(np.repeat(np.arange(segments * replications), days), items, within, items)

    kept, normal = weeks_with_a_false_move(side(7), side(84), segments)
    assert kept <= 0.05 + 3 * error + 0.005
    assert normal > 0.09  # the far tail of a width that 7 days tell is not the normal distribution's


@pytest.mark.parametrize("segments", [9, 54])
def test_moves_of_means_keep_the_false_discovery_rate_where_agents_are_few(segments):
    """Handle times of 5 agents this week against 60 agent-weeks before, each agent's mean normal."""
    rng, replications = np.random.default_rng(18), 2000

    def side(agents):
        seconds = rng.normal(60, 15, segments * replications * agents)
        return survey.clustered_mean(np.repeat(np.arange(segments * replications), agents), seconds, np.ones(seconds.size))

    kept, normal = weeks_with_a_false_move(side(5), side(60), segments)
    assert kept <= 0.05 + 3 * 0.0049
    assert normal > 0.09


@pytest.mark.parametrize("truly_bad", [0, 20])
@pytest.mark.parametrize("between_sd", [0.0, 0.02])
def test_flags_keep_the_false_discovery_rate(truly_bad, between_sd):
    rng, shape = np.random.default_rng(11), (4000, 150)  # replications of a market with 150 people
    n, rate = rng.integers(30, 120, shape), np.full(shape, 0.06)
    if between_sd:
        size = 0.06 * 0.94 / between_sd**2 - 1
        rate = rng.beta(0.06 * size, 0.94 * size, shape)
    rate[:, :truly_bad] = 0.25
    events = rng.binomial(n, rate)
    flagged = stats.false_discovery_control(funnel.excess_p(events, n, 0.06, between_sd**2), axis=1) <= 0.05
    for i in range(20):  # the same as one call for each market
        np.testing.assert_array_equal(flagged[i], funnel.flags(events[i], n[i], 0.06, between_sd**2).flagged)
    false_share = flagged[:, truly_bad:].sum(1) / np.maximum(flagged.sum(1), 1)
    assert false_share.mean() <= 0.05 + 2 * 0.0035  # two standard errors of at most √(.05·.95/4000)
    assert not truly_bad or flagged[:, :truly_bad].mean() > 0.5  # and it does find the bad ones


def test_flags_against_the_wrong_null_name_the_innocent():
    """Why over-dispersion matters: people who differ a little for good reasons, judged as if by chance alone."""
    rng, shape, between_sd = np.random.default_rng(12), (2000, 150), 0.03
    size = 0.06 * 0.94 / between_sd**2 - 1
    n = np.full(shape, 200)
    events = rng.binomial(n, rng.beta(0.06 * size, 0.94 * size, shape))
    named = [
        (stats.false_discovery_control(funnel.excess_p(events, n, 0.06, tau2), axis=1) <= 0.05).any(1).mean()
        for tau2 in (0.0, between_sd**2)
    ]
    assert named[0] > 0.9 and named[1] <= 0.05 + 2 * 0.0049
