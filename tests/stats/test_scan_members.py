"""Sets of members: the average over all sets by hand, who is named, groups, and nobody where nothing happened."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from labelqa_lib.stats import scan_members
from labelqa_lib.stats.scan_members import Members, evidence, group_scores, grouped, whole_group, worse, worse_of_all


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
    assert [(place, values.tolist()) for place, values in members.homes] == [(1, [0, 1, 2])]
    # half of the chance is for members of everybody, the other half is shared by the three groups
    assert np.exp(-np.array(members.costs)) @ [1, 3] == pytest.approx(scan_members.MEMBERS_SHARE)
    assert members.costs[1] - members.costs[0] == pytest.approx(np.log(3))
    assert members.groups[1].tolist() == (np.arange(30) % 3).tolist()


def test_a_whole_group_is_told_from_some_of_it():
    rng = np.random.default_rng(4)
    members = Members(0, np.arange(40), np.arange(40), [np.zeros(40, int), np.repeat(np.arange(2), 20)])
    now = rng.poisson(6.0, 40)
    some, every = now.copy(), now.copy()
    some[[2, 11, 17]] = [20, 22, 19]
    every[:20] = rng.poisson(12.0, 20)
    for seen, all_of_it in ((some, False), (every, True)):
        own = counts(seen, np.full(40, 6.0))
        assert (whole_group(members, own, 1, 0) > group_scores(members, own)[1][0, 0]) == all_of_it


def test_a_whole_group_by_hand():
    own = counts([9, 7], [5.0, 5.0])
    ratios = [*scan_members.SMALL_RATIOS, *scan_members.RATIOS]
    mean = np.mean([np.exp(evidence(own, ratio).sum()) for ratio in ratios])
    assert whole_group(everybody(2), own, 0, 0) == pytest.approx(np.log(mean))


def test_who_is_named_is_weighed_over_the_groups():
    """Twelve where 5 were expected names nobody among 120, but does beside two bad colleagues of the same site."""
    now = np.full(120, 5)
    now[[0, 1, 2]] = [22, 20, 12]
    members = Members(0, np.arange(120), np.arange(120), [np.zeros(120, int), np.repeat(np.arange(10), 12)])
    own = counts(now, np.full(120, 5.0))
    assert worse(members, own, 0, 0).tolist() == [0, 1]
    assert worse_of_all(members, own).tolist() == [0, 1, 2]
    apart = Members(0, np.arange(120), np.arange(120), [np.zeros(120, int), np.tile(np.arange(10), 12)])
    assert worse_of_all(apart, own).tolist() == [0, 1]
