"""Control charts against the published worked examples, the run rules against a plain reading of them."""

import time

import numpy as np
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.stats import control


def numbers(text):
    return np.array(text.split(), float)


# Montgomery, Introduction to SQC, 6th ed., Table 7.1 (orange juice cans, n = 50), and the 24 samples after the repair
JUICE = numbers("12 15 8 10 4 7 16 9 14 10 5 6 17 12 22 8 10 5 13 11 20 18 24 15 9 12 7 13 9 6")
JUICE_AFTER = numbers("9 6 12 5 6 4 6 3 7 6 2 4 3 6 5 4 8 5 6 7 5 6 3 5")
# Table 7.4 (purchase orders, variable n)
ORDERS = numbers("12 8 6 9 10 12 11 16 10 6 20 15 9 8 6 8 10 7 5 8 5 8 10 6 9")
ORDERS_N = numbers("100 80 80 100 110 110 100 100 90 90 110 120 120 120 110 80 80 80 90 100 100 100 100 90 90")
# Mohammed et al. 2013 (NHS accident and emergency attendances seen in 4 hours)
SEEN = numbers(
    "266501 264225 276532 281461 269071 261215 270409 279778 270483 270320 "
    "267923 271478 255353 256820 261835 259144 255910 260863 264465 260989"
)
ATTENDED = numbers(
    "280443 276823 291681 296155 282343 275888 283867 295251 284468 282529 "
    "279618 283932 266629 268091 276803 271578 266005 273520 278574 273772"
)


def limit_signals(chart):
    return [i + 1 for i, words in enumerate(chart.signals) if "limit" in words and "2 of 3" not in words]


def test_p_chart_of_equal_samples():
    chart = control.p_chart(JUICE, 50)
    np.testing.assert_allclose(
        [chart.centre[0], chart.lower[0], chart.upper[0]], [0.2313333, 0.05242755, 0.4102391], atol=5e-8
    )
    assert limit_signals(chart) == [15, 23]


def test_p_chart_baseline_is_frozen():
    baseline = np.r_[np.ones(30, bool), np.zeros(24, bool)]
    baseline[[14, 22]] = False
    chart = control.p_chart(np.r_[JUICE, JUICE_AFTER], 50, baseline)
    np.testing.assert_allclose(
        [chart.centre[-1], chart.lower[-1], chart.upper[-1]], [0.2150, 0.04070284, 0.3892972], atol=5e-8
    )
    assert "7 in a row below the centre" in chart.signals[-1]
    later = control.p_chart(np.r_[JUICE, JUICE_AFTER * 4], 50, baseline)
    np.testing.assert_array_equal(later.upper, chart.upper)


def test_p_chart_phases_have_limits_of_their_own():
    chart = control.p_chart(np.r_[JUICE, JUICE_AFTER], 50, phases=[30])
    assert chart.centre[0] == pytest.approx(0.2313333, abs=5e-8)
    assert chart.centre[30] == pytest.approx(0.1108, abs=5e-5)
    before = np.r_[np.ones(30, bool), np.zeros(24, bool)]
    np.testing.assert_array_equal(control.p_chart(np.r_[JUICE, JUICE_AFTER], 50, before, [30]).centre, chart.centre[0])


def test_a_run_does_not_cross_a_phase():
    values = np.r_[np.zeros(4), np.full(4, 0.5), np.full(4, 0.5)]
    in_one = control.shewhart(values, 0, 1)
    assert in_one.signals[-1] == "7 in a row above the centre"
    assert not any(control.shewhart(values, 0, 1, phases=[8]).signals)


def test_p_chart_of_unequal_samples():
    chart = control.p_chart(ORDERS, ORDERS_N)
    assert chart.centre[0] == pytest.approx(0.0955102, abs=5e-8)
    limits = {80: (0, 0.1940934), 90: (0.002565, 0.1884554), 100: (0.0073347, 0.1836857),
              110: (0.0114382, 0.1795823), 120: (0.0150173, 0.1760031)}  # fmt: skip
    for n, (lower, upper) in limits.items():
        here = ORDERS_N == n
        np.testing.assert_allclose(chart.lower[here], lower, atol=1e-6)
        np.testing.assert_allclose(chart.upper[here], upper, atol=1e-7)
    assert limit_signals(chart) == [11]


def test_laney_chart():
    chart = control.p_chart(ORDERS, ORDERS_N, laney=True)
    limits = {80: (0.01141217, 0.1796082), 100: (0.02029064, 0.1707298), 110: (0.02379116, 0.1672292),
              120: (0.02684445, 0.164176)}  # fmt: skip
    for n, (lower, upper) in limits.items():
        np.testing.assert_allclose(chart.lower[ORDERS_N == n], lower, atol=1e-7)
        np.testing.assert_allclose(chart.upper[ORDERS_N == n], upper, atol=1e-7)
    widened = chart.sigma / control.p_chart(ORDERS, ORDERS_N).sigma
    np.testing.assert_allclose(widened, 0.85307, atol=5e-6)  # 0.9657 without Nelson's screening of sample 11's steps
    assert limit_signals(chart) == [11]


def test_laney_chart_of_huge_samples_where_the_plain_chart_cries_wolf():
    plain = control.p_chart(SEEN, ATTENDED)
    assert plain.centre[0] == pytest.approx(0.9528997, abs=5e-8)
    np.testing.assert_allclose([plain.lower[0], plain.upper[0]], [0.9516996, 0.9540999], atol=1e-7)
    assert [i for i in range(1, 21) if i not in limit_signals(plain)] == [5, 7, 18, 20]
    laney = control.p_chart(SEEN, ATTENDED, laney=True)
    np.testing.assert_allclose([laney.lower[0], laney.upper[0]], [0.9401296, 0.9656698], atol=1e-7)
    assert laney.sigma[0] / plain.sigma[0] == pytest.approx(10.640422, abs=5e-7)
    assert not any(laney.signals)


def test_xmr_chart():
    chart = control.xmr_chart(SEEN / ATTENDED)
    assert chart.centre[0] == pytest.approx(0.95296991, abs=5e-9)
    np.testing.assert_allclose([chart.lower[0], chart.upper[0]], [0.9401233, 0.9658165], atol=5e-8)
    # Montgomery Ex. 7.6 (hours between valve failures), as an individuals chart of the 3.6th root
    hours = numbers("286 948 536 124 816 729 4 143 431 8 2837 596 81 227 603 492 1199 1214 2831 96")
    root = control.xmr_chart(hours ** (1 / 3.6))
    assert root.centre[0] ** 3.6 == pytest.approx(430.041, abs=5e-4)
    assert root.upper[0] ** 3.6 == pytest.approx(6937.933, rel=4e-4)  # the example has 3/1.128 where NHS has 2.66
    assert root.lower[0] < 0


def test_c_chart_is_a_u_chart_of_exposure_one():
    # Montgomery Table 7.8, circuit boards
    boards = numbers("21 24 16 12 15 5 28 20 31 25 20 24 16 19 10 17 13 22 18 39 30 24 16 19 17 15")
    chart = control.u_chart(boards, 1)
    np.testing.assert_allclose(
        [chart.centre[0], chart.lower[0], chart.upper[0]], [19.84615, 6.481447, 33.21086], atol=5e-6
    )
    assert limit_signals(chart) == [6, 20]
    chart = control.u_chart(boards, 1, ~np.isin(np.arange(26), [5, 19]))
    np.testing.assert_allclose(
        [chart.centre[0], chart.lower[0], chart.upper[0]], [19.66667, 6.362532, 32.9708], atol=6e-6
    )


def test_u_chart():
    # Montgomery Ex. 7.5, dyed cloth
    units = numbers("10 8 13 10 9.5 10 12 10.5 12 12.5")
    chart = control.u_chart(numbers("14 12 20 11 7 10 21 16 19 23"), units)
    assert chart.centre[0] == pytest.approx(1.423256, abs=5e-7)
    limits = {10: (0.2914739, 2.555038), 8: (0.1578852, 2.688626), 13: (0.4306174, 2.415894),
              9.5: (0.2620721, 2.58444), 12: (0.390085, 2.456427), 10.5: (0.3187498, 2.527762),
              12.5: (0.4109593, 2.435552)}  # fmt: skip
    for size, (lower, upper) in limits.items():
        np.testing.assert_allclose(chart.lower[units == size], lower, atol=5e-7)
        np.testing.assert_allclose(chart.upper[units == size], upper, atol=5e-7)
    network = control.u_chart(np.full(20, 0.074 * 50), 50)  # Ex. 7.4
    assert (network.lower[0], network.upper[0]) == (0, pytest.approx(0.1894123, abs=5e-8))


def test_g_chart():
    gaps = numbers("10 5 3 12 33 5 1 0 8 9 25 7")
    chart = control.g_chart(gaps)
    mean = gaps.mean()
    assert mean + 3 * chart.sigma[0] == pytest.approx(40.79702, abs=5e-6)  # the 3-sigma limit of R qicharts2
    p = 1 / (mean + 1)
    assert (1 - p) ** (chart.upper[0] + 0.5) == pytest.approx(0.00135, rel=1e-3)  # ours: a probability limit
    assert chart.lower[0] == 0
    assert (gaps < chart.centre[0]).sum() == 5 and chart.centre[0] == pytest.approx(np.log(2) / -np.log(1 - p) - 0.5)
    fresh = control.g_chart(np.r_[gaps, 80, np.zeros(7)], np.arange(20) < 12)
    assert fresh.signals[12] == "above the upper limit"
    assert fresh.signals[19] == "7 in a row below the centre"


def plain_reading(z, values, rules):
    """The rules as one would check them with a ruler, point by point; returns the first point that is one."""
    def window(i, width):
        return z[max(0, i - width + 1): i + 1]

    for i in range(len(z)):
        for side in (1, -1):
            now = side * z[i]
            if now > 3:
                return i
            if rules == "western_electric":
                for needed, width, zone in ((2, 3, 2), (4, 5, 1), (8, 8, 0)):
                    if now > zone and sum(side * z0 > zone for z0 in window(i, width)) >= needed:
                        return i
            else:
                if i >= 6 and all(side * z0 > 0 for z0 in window(i, 7)):
                    return i
                if i >= 6 and all(side * (values[j] - values[j - 1]) > 0 for j in range(i - 5, i + 1)):
                    return i
                near = [2 < side * z0 <= 3 for z0 in window(i, 3)]
                if i >= 2 and near[-1] and sum(near) >= 2 and all(side * z0 > 0 for z0 in window(i, 3)):
                    return i
    return len(z)


@pytest.mark.parametrize("rules", ["nhs", "western_electric"])
def test_run_rules_are_their_plain_reading(rules):
    values = np.cumsum(np.random.default_rng(3).normal(size=(400, 40)), axis=1) * 0.3
    signals = control.shewhart(values, 0, 1, rules=rules).signals
    first = [next((i for i, words in enumerate(row) if words), len(row)) for row in signals]
    assert first == [plain_reading(row, row, rules) for row in values]


@pytest.mark.parametrize(
    ("rules", "values", "expected"),
    [
        ("nhs", [0, 4], "above the upper limit"),
        ("nhs", [0, -4], "below the lower limit"),
        ("nhs", [-0.1] * 7, "7 in a row below the centre"),
        ("nhs", [-1, -0.6, -0.4, -0.2, 0.2, 0.4, 0.6], "7 in a row rising"),
        ("nhs", [2.5, 0.5, 2.5], "2 of 3 near the upper limit"),
        ("nhs", [2.5, -0.5, 2.5], ""),
        ("western_electric", [2.5, -0.5, 2.5], "2 of 3 beyond 2 sigma, above"),
        ("western_electric", [-1.5, 0.5, -1.5, -1.5, -1.5], "4 of 5 beyond 1 sigma, below"),
        ("western_electric", [0.1] * 8, "8 in a row above the centre"),
        ("nhs", [-0.1] * 3 + [np.nan] + [-0.1] * 4, ""),  # a missing week keeps its place
        ("nhs", [-0.1] * 3 + [np.nan] + [-0.1] * 7, "7 in a row below the centre"),
        ("nhs", [-1, -0.6, -0.4, np.nan, -0.2, 0.2, 0.4, 0.6], ""),
        ("nhs", [2.5, np.nan, 0.5, 2.5], ""),
        ("western_electric", [2.5, np.nan, 2.5], "2 of 3 beyond 2 sigma, above"),
        ("western_electric", [2.5, np.nan, np.nan, 2.5], ""),
        ("western_electric", [0.1] * 4 + [np.nan] + [0.1] * 4, ""),
        ("nhs", [0.1] * 6 + [4], "above the upper limit; 7 in a row above the centre"),
    ],
)
def test_each_rule_is_named_in_words(rules, values, expected):
    assert control.shewhart(values, 0, 1, rules=rules).signals[-1] == expected


def test_what_cannot_be_drawn_says_why():
    chart = control.p_chart([0, 0, 3, 0], [100, 100, 100, 0], [True, True, False, False])
    assert "none that differ" in chart.reason[2] and np.isnan(chart.upper[2]) and chart.signals[2] == ""
    assert chart.reason[3] == "nothing was counted" and np.isnan(chart.values[3])
    alone = control.xmr_chart([5.0])
    assert alone.reason[0] and np.isnan(alone.upper[0])
    assert control.p_chart(JUICE, 50).reason.tolist() == [""] * 30
    assert control.g_chart([0, 0, 0]).reason[0]
    assert control.p_chart([], []).values.shape == (0,)


def test_ten_thousand_charts_in_a_second():
    rng = np.random.default_rng(0)
    n = rng.integers(50, 400, size=(10_000, 26))
    events = rng.binomial(n, 0.06)
    before = time.process_time()
    many = control.p_chart(events, n, np.arange(26) < 20, phases=[10], laney=True)
    assert time.process_time() - before < 1
    one = control.p_chart(events[77], n[77], np.arange(26) < 20, phases=[10], laney=True)
    np.testing.assert_array_equal(many.upper[77], one.upper)
    assert many.signals[77].tolist() == one.signals.tolist()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: control.p_chart([5], [4]), "more events than rows"),
        (lambda: control.p_chart([-1], [4]), "0 or more"),
        (lambda: control.p_chart([1, 2, 1], [4, 4]), "one size per point"),
        (lambda: control.p_chart([1, 2], [4, 4], [True]*3), "mark every point"),
        (lambda: control.p_chart([1, 2, 1], [4, 4, 4], 2), "True or False for every point"),
        (lambda: control.p_chart([1, 2, 1], [4, 4, 4], slice(0, 2)), "True or False for every point"),
        (lambda: control.p_chart([1, 2, 1], [4, 4, 4], [0, 1, 2]), "True or False for every point"),
        (lambda: control.p_chart([1, 2, 1], [4, 4, 4], phases=2), "2 is no such list"),
        (lambda: control.p_chart([1, 2, 1], [4, 4, 4], phases=[1.5]), "positions at which one starts"),
        (lambda: control.p_chart([1, 2], [4, 4], phases=[2]), "must ascend"),
        (lambda: control.p_chart([1, 2, 1], [4, 4, 4], phases=[2, 1]), "must ascend"),
        (lambda: control.p_chart([1, 2], [4, 4], rules="nelson"), "choose one of nhs, western_electric"),
        (lambda: control.g_chart([3, -1]), "negative"),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence(make, sentence):
    with pytest.raises(UsageError, match=sentence):
        make()
