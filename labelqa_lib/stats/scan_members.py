"""Which of many members (agents) got worse together? The chance of every set of them at once, instead of one best set.

A few bad agents among two hundred can be any of a million sets. The best set alone is a poor witness: its members are
chosen for their luck. Here every member is worse with a small chance, by a ratio that all the worse ones share, and the
likelihood is averaged over who they are, how many, and by how much (a two-groups model). Every member is judged by the
counts that the scan judges slices by, its own skill included, and is named when it is more likely than not among them.

Members who belong together (all but always work at one site) are also looked at by themselves: three of twenty are
sooner seen than three of two hundred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp

from labelqa_lib.stats.scan_score import MEMBERS_SHARE, Effective

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

RATIOS = (1.4, 1.8, 2.4, 3.3, 4.8, 8.0)  # of the rate now to the rate expected, among those who got worse
SMALL_RATIOS = (1.1, 1.2)  # which only a whole group can show
NUMBERS = {1.0: 0.25, 2.0: 0.35, 4.0: 0.25, 8.0: 0.15}  # of members who got worse, and the chance of so many
MOST_WORSE = 0.3  # of a group: where more of it rose it is the group, not its members
AT_HOME = 0.95  # of a member's rows, to count as belonging to a value
SMALLEST_GROUP = 5
UNLIKELY = 7.0  # log likelihood by which a group may be behind the likeliest and still be asked


@dataclass(frozen=True)
class Members:
    """Slices that are the single values of one dimension, and how they group.

    Attributes
    ----------
    dimension : int
    slices : ndarray of int, shape (members,)
    values : ndarray of int, shape (members,)
    groups : list of ndarray of int
        Per grouping, the group of every member, −1 for none; first the one that holds everybody.
    homes : list of tuple
        Per grouping but the first, the dimension and the value of every group.
    """

    dimension: int
    slices: Codes
    values: Codes
    groups: list[Codes]
    homes: list[tuple[int, Codes]] = field(default_factory=list)

    @property
    def costs(self) -> list[float]:
        """−log of the chance given beforehand that members of a group are the cause, per grouping.

        Half of it is for members of everybody, the other half is shared by all groups.
        """
        others = sum(int(group.max()) + 1 for group in self.groups[1:])
        if not others:
            return [-log(MEMBERS_SHARE)]
        return [log(2) - log(MEMBERS_SHARE), *[log(2 * others) - log(MEMBERS_SHARE)] * (len(self.groups) - 1)]


def grouped(dimension: int, slices: Codes, values: Codes, codes: Codes, levels: Sequence[int], rows: Array) -> Members:
    """Members, and every dimension of whose values most members have but one.

    Parameters
    ----------
    dimension : int
    slices, values : ndarray of int, shape (members,)
    codes, rows : ndarray, shape (cells, dimensions) and (cells,)
        Of the current period.
    levels : sequence of int
    """
    groups, homes = [np.zeros(len(values), np.int64)], []
    for place in range(len(levels)):
        if place == dimension or levels[place] < 2:
            continue
        key = codes[:, dimension] * levels[place] + codes[:, place]
        table = np.bincount(key, rows, levels[dimension] * levels[place]).reshape(-1, levels[place])[values]
        home = table.argmax(1)
        if (table.max(1) >= AT_HOME * table.sum(1)).mean() < AT_HOME:
            continue
        size = np.bincount(home, minlength=levels[place])
        large = np.flatnonzero(size >= SMALLEST_GROUP)
        if len(large) > 1:
            number = np.full(levels[place], -1)
            number[large] = np.arange(len(large))
            groups.append(number[home])
            homes.append((place, large))
    return Members(dimension, slices, values, groups, homes)


def evidence(effective: Effective, ratio: float) -> Array:
    """Log likelihood ratio of "the rate is `ratio` times what it was" against "it is as it was".

    The rate before is a gamma variable of which `then` events in `then_expected` are known, so that the events now
    have a negative binomial distribution.
    """
    now, now_expected, then, then_expected = effective
    return now * np.log(ratio) - (now + then) * np.log1p(now_expected * (ratio - 1) / (now_expected + then_expected))


def group_scores(members: Members, effective: Effective) -> list[Array]:
    """Log likelihood ratio of "some of a group got worse" against "nobody did", per grouping (groups, replicates).

    Averaged over `RATIOS` and `NUMBERS`.
    """
    gains = [np.exp(np.minimum(evidence(effective, ratio), 80.0)) - 1 for ratio in RATIOS]
    scores = []
    for group in members.groups:
        chances, order, starts = _chances(group)
        total = None
        for gain in gains:
            for chance, weight in zip(chances, NUMBERS.values(), strict=True):
                one = np.add.reduceat(np.log1p(chance[order, None] * gain[order]), starts, axis=0) + np.log(weight)
                total = one if total is None else np.logaddexp(total, one)
        scores.append(total - np.log(len(RATIOS)))
    return scores


def whole_group(members: Members, effective: Effective, grouping: int, group: int) -> float:
    """Log likelihood ratio of "all of a group got worse by one ratio", by the members' own counts."""
    own = tuple(amount[members.groups[grouping] == group, 0] for amount in effective)
    ratios = (*SMALL_RATIOS, *RATIOS)
    return float(logsumexp([evidence(own, ratio).sum() for ratio in ratios]) - np.log(len(ratios)))


def worse(members: Members, effective: Effective, grouping: int, group: int) -> Codes:
    """Places of the members of a group that got worse more likely than not; at least the likeliest."""
    inside, posterior = _posterior(members, effective, grouping, group)
    return inside[_likelier(posterior)]


def worse_of_all(members: Members, effective: Effective) -> Codes:
    """The same over all groups, each as likely as its score says: three of a site are three of everybody, too."""
    scores = [score[:, 0] - cost for score, cost in zip(group_scores(members, effective), members.costs, strict=True)]
    highest = max(float(score.max()) for score in scores)
    weight, posterior = 0.0, np.zeros(len(members.values))
    for grouping, score in enumerate(scores):
        weight += float(np.exp(score - highest).sum())
        for group in np.flatnonzero(score > highest - UNLIKELY):
            inside, own = _posterior(members, effective, grouping, int(group))
            posterior[inside] += np.exp(score[group] - highest) * own
    return np.flatnonzero(_likelier(posterior / weight))


def _posterior(members: Members, effective: Effective, grouping: int, group: int) -> tuple[Codes, Array]:
    """Members of a group, and the chance of each to be among those who got worse, given that some of the group did."""
    inside = np.flatnonzero(members.groups[grouping] == group)
    chances, *_ = _chances(members.groups[grouping])
    own = tuple(amount[inside, 0] for amount in effective)
    weights, likely = [], []
    for ratio in RATIOS:
        gain = evidence(own, ratio)
        for chance, weight in zip(chances, NUMBERS.values(), strict=True):
            some = np.logaddexp(np.log1p(-chance[inside]), np.log(chance[inside]) + gain).sum()
            weights.append(some + np.log(weight))
            likely.append(expit(gain + np.log(chance[inside]) - np.log1p(-chance[inside])))
    weight = np.exp(np.array(weights) - max(weights))
    return inside, weight @ np.array(likely) / weight.sum()


def _likelier(posterior: Array) -> NDArray[np.bool_]:
    chosen = posterior > 0.5
    chosen[posterior.argmax()] = True
    return chosen


def _chances(group: Codes) -> tuple[list[Array], Codes, Codes]:
    """Chance of every member, per number in `NUMBERS`; the order by group, and where each group starts in it."""
    order = np.argsort(group, kind="stable")[np.count_nonzero(group < 0) :]
    size = np.bincount(group[order])
    each = np.where(group >= 0, size[np.maximum(group, 0)], 1)
    chances = [np.minimum(number / each, MOST_WORSE) for number in NUMBERS]
    return chances, order, np.concatenate([[0], np.cumsum(size)[:-1]])
