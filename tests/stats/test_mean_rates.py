"""Means of several classes' rates: by hand, against the plain rate, and how often the interval holds the truth."""

from __future__ import annotations

import numpy as np
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.mean_rates import mean_of_rates
from labelqa_lib.stats.survey import clustered_rate

GIVEN = np.array([0, 0, 0, 0, 1, 1, 0, 1])
RIGHT = np.array([1, 1, 1, 0, 1, 0, 0, 0])
ONE = np.ones(8)


def of_rows(class_, right, importance=None, cluster=None, **options):
    one = np.ones(len(right))
    cluster = np.arange(len(right)) if cluster is None else cluster
    return mean_of_rates(0 * class_, class_, cluster, one, one, right, one, importance, **options)


def test_every_class_counts_the_same_or_by_its_importance():
    means, defined = of_rows(GIVEN, RIGHT)
    assert means.estimate == pytest.approx((3 / 5 + 1 / 3) / 2) and means.n == 8
    assert defined.tolist() == [[True, True]]
    weighted, _ = of_rows(GIVEN, RIGHT, np.where(GIVEN == 1, 3.0, 1.0))
    assert weighted.estimate == pytest.approx((5 * 3 / 5 + 9 * 1 / 3) / 14)


def test_variance_is_that_of_independent_class_means():
    class_, right = np.repeat([0, 1], [400, 200]), np.arange(600) % 10 > 0
    means, _ = of_rows(class_, right)
    assert means.std_error**2 == pytest.approx((0.09 / 400 + 0.09 / 200) / 4, rel=0.02)


def test_a_class_within_one_cluster_is_not_taken_for_certain():
    class_, right = np.repeat([0, 1], [400, 2]), np.array([True, False] * 201)
    alike, apart = (of_rows(class_, right, cluster=np.r_[np.arange(400), last])[0] for last in ([400, 400], [400, 401]))
    for means in (alike, apart):
        assert 1 / 2 * 1 / 2 / 2 / 4 < means.std_error**2 < 0.1


def test_counting_as_often_as_it_comes_it_is_the_plain_rate():
    rng = np.random.default_rng(0)
    class_, right, cluster = rng.integers(0, 4, 300), rng.integers(0, 2, 300), rng.integers(0, 20, 300)
    means, _ = of_rows(class_, right, np.ones(300), cluster)
    size = np.bincount(cluster)
    plain = clustered_rate(0 * size, size, np.bincount(cluster, right), size, weight_squared=size)
    for name in ("estimate", "ci_low", "ci_high", "n", "n_effective", "std_error"):
        assert getattr(means, name) == pytest.approx(getattr(plain, name)), name


def test_classes_and_groups_without_rows_are_told():
    means, defined = of_rows(GIVEN, RIGHT, groups=2, classes=3)
    assert defined.tolist() == [[True, True, False], [False] * 3]
    assert np.isnan(means.estimate[1]) and means.reason.tolist() == ["", "no rows"]
    none, _ = mean_of_rates([], [], [], [], [], [], [], groups=1)
    assert none.reason.tolist() == ["no rows"]


def test_a_mean_of_equal_rates_is_that_rate():
    class_ = np.repeat(np.arange(7), 3)
    means, _ = of_rows(class_, np.ones(21), np.where(class_ == 3, 0.1, 0.7))
    assert means.estimate[0] == 1


def test_only_classes_without_a_rate_are_important():
    means, _ = mean_of_rates([0, 0], [0, 1], [0, 0], [1, 0], [1, 0], [1, 0], [0, 1], [0, 1])
    assert np.isnan(means.estimate[0]) and means.reason.tolist() == ["no rows"]


def test_codes_are_checked():
    with pytest.raises(UsageError, match="class_"):
        of_rows(GIVEN - 1, RIGHT)


@pytest.mark.parametrize("agents", [40, 300])
def test_intervals_of_recall_over_nine_labels_hold_the_truth(agents):
    """300 weeks of 300 audits, labels from frequent to rare, agents who differ: nominal 0.95."""
    weeks, audits, labels = 300, 300, 9
    rng = np.random.default_rng(agents)
    often = 1 / np.arange(1, labels + 1)
    recall = np.linspace(0.96, 0.8, labels)
    week = np.repeat(np.arange(weeks), audits)
    label = rng.choice(labels, weeks * audits, p=often / often.sum())
    agent = rng.integers(0, agents, weeks * audits)
    # skill of an agent in a week, with mean 1
    skill = rng.uniform(0, 2, (weeks, agents))[week, agent]
    right = rng.random(len(week)) >= (1 - recall[label]) * skill
    one = np.ones(len(week))
    means, defined = mean_of_rates(week, label, agent, one, one, right, one)
    truth = np.where(defined, recall, np.nan)
    held = (means.ci_low <= np.nanmean(truth, axis=1)) & (np.nanmean(truth, axis=1) <= means.ci_high)
    assert held.mean() > 0.925
