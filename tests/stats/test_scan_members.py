"""Sets of members: the average over all sets by hand, who is named, groups, and nobody where nothing happened."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from labelqa_lib.stats import scan_members
from labelqa_lib.stats.scan_members import Members, evidence, group_scores, grouped, worse


def counts(now, forecast, before=40.0):
    now, forecast = np.array(now, float)[:, None], np.array(forecast, float)[:, None]
    return now, forecast, np.full_like(now, before), np.full_like(now, before)


def everybody(number):
    return Members(0, np.arange(number), np.arange(number), [np.zeros(number, int)])


def test_evidence_is_a_ratio_of_negative_binomials():
    # rate ~ Gamma(40, 1/40) before; events now Poisson(rate × 5 × ratio)
    for seen in (3, 9):
        ways = [stats.nbinom.logpmf(seen, 40, 40 / (40 + 5 * ratio)) for ratio in (2.4, 1.0)]
        got = evidence(counts([seen], [5.0]), 2.4)
        assert got.item() == pytest.approx(ways[0] - ways[1])


def test_the_score_averages_over_every_set():
    own = counts([9, 4, 1], [3.0, 3.0, 3.0])
    every = []
    for ratio in scan_members.RATIOS:
        gain = evidence(own, ratio)[:, 0]
        for number, weight in scan_members.NUMBERS.items():
            chance = min(number / 3, scan_members.MOST_WORSE)
            for chosen in product([False, True], repeat=3):
                chosen = np.array(chosen)
                known = np.where(chosen, chance, 1 - chance).prod()
                every.append(weight * known * np.exp(gain[chosen].sum()) / len(scan_members.RATIOS))
    assert group_scores(everybody(3), own)[0].item() == pytest.approx(np.log(sum(every)))


def test_bad_ones_are_named_and_lucky_ones_are_not():
    rng = np.random.default_rng(1)
    now = rng.poisson(5.0, 100)
    now[[7, 33, 80]] = [19, 17, 21]
    own = counts(now, np.full(100, 5.0))
    assert worse(everybody(100), own, 0, 0).tolist() == [7, 33, 80]
    assert group_scores(everybody(100), own)[0].item() > 10


def test_three_of_a_site_are_sooner_seen_than_three_of_all():
    rng = np.random.default_rng(2)
    now = rng.poisson(5.0, 120)
    now[[0, 1, 2]] = 12
    groups = [np.zeros(120, int), np.repeat(np.arange(10), 12)]
    members = Members(0, np.arange(120), np.arange(120), groups)
    all_of_them, by_site = group_scores(members, counts(now, np.full(120, 5.0)))
    assert by_site[0, 0] - np.log(10) > all_of_them[0, 0]
    assert by_site[:, 0].argmax() == 0


def test_groups_are_the_values_that_members_stay_in():
    rng = np.random.default_rng(3)
    agent = rng.integers(0, 30, 3_000)
    codes = np.column_stack([agent, agent % 3, rng.integers(0, 4, 3_000)])
    members = grouped(0, np.arange(30), np.arange(30), codes, [30, 3, 4], np.ones(3_000))
    assert len(members.groups) == 2
    assert members.groups[1].tolist() == (np.arange(30) % 3).tolist()
