"""How much likelier the counts of a slice are when its rate rose, less what so long a search would find anyway."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from labelqa_lib.stats.scan_slices import LONGEST_SET, Lines, Slices

Array = NDArray[np.float64]
Effective = tuple[Array, Array, Array, Array]

# Chance given beforehand to each kind of cause, shared evenly within the kind: slices by number of dimensions, sets by
# number of values. Triples hold most slices of the search, so they need most to be seen at all.
SHARES = {0: 0.005, 1: 0.11, 2: 0.15, 3: 0.28}
ALONE_SHARE, SET_SHARE, MEMBERS_SHARE = 0.07, 0.18, 0.205
SET_GROWS = 2.0  # so many times less likely is a set with every further value, beyond there being more of them


def likelihood_ratio(now: Array, now_expected: Array, then: Array, then_expected: Array) -> Array:
    """Log likelihood ratio of "the ratio of events to expected rose" against "it stayed"; 0 where it did not rise.

    Two Poisson counts with one ratio or with two: o log(o/e) + b log(b/f) − (o + b) log((o + b)/(e + f)).

    Source: Kulldorff 1997, Commun. Stat. Theory Methods 26:1481, with the baseline as the second sample.
    """
    both = now + then
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = (
            np.where(now > 0, now * np.log(now / now_expected), 0)
            + then * np.log(then / then_expected)
            - both * np.log(both / (now_expected + then_expected))
        )
        return np.where(now * then_expected > then * now_expected, gain, 0)


@dataclass(frozen=True)
class Yardstick:
    """What turns the events of a slice into evidence; arrays of shape (slices,).

    Attributes
    ----------
    now_expected, then_expected : ndarray of float
        Expected events of the current period and of the baseline.
    now_scale, then_scale : ndarray of float
        Expected events per variance: above 1 where events are common, below where weights differ or agents sway.
    prior : ndarray of float
        For how many events the model's expectation counts beside the slice's own baseline.
    cost : ndarray of float
        −log of the chance that this slice is the cause, as given beforehand.
    """

    now_expected: Array
    now_scale: Array
    then_expected: Array
    then_scale: Array
    prior: Array
    cost: Array

    def effective(self, now: Array, then: Array) -> Effective:
        """Counts that vary like Poisson counts, from weighted sums of shape (slices, replicates)."""
        return (
            now * self.now_scale[:, None],
            np.broadcast_to((self.now_expected * self.now_scale)[:, None], now.shape),
            then * self.then_scale[:, None] + self.prior[:, None],
            np.broadcast_to((self.then_expected * self.then_scale + self.prior)[:, None], now.shape),
        )


def slice_costs(slices: Slices, alone: set[int]) -> Array:
    """−log chance of every slice: the share of its kind, split evenly."""
    costs = []
    kinds = [(len(block.dimensions), bool(alone.intersection(block.dimensions))) for block in slices.blocks]
    number = Counter()
    for block, kind in zip(slices.blocks, kinds, strict=True):
        number[kind] += len(block)
    for block, (depth, apart) in zip(slices.blocks, kinds, strict=True):
        share = ALONE_SHARE if apart else SHARES[depth]
        costs.append(np.full(len(block), np.log(number[depth, apart]) - np.log(share)))
    return np.concatenate(costs)


def largest_set(length: NDArray[np.int64]) -> NDArray[np.int64]:
    """Values that a set may have: more than about half of them is the whole but for some, which nobody means."""
    return np.where(length > 2, np.maximum(2, (length + 1) // 2), 0)


def set_costs(lines: Lines, groups: int) -> Array:
    """−log chance of a set of m values out of these lines, shape (longest + 1,).

    Each further value makes it less likely by `SET_GROWS`.
    """
    length = (lines.slices >= 0).sum(1)[:, None]
    m = np.arange(lines.slices.shape[1] + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ways = gammaln(length + 1) - gammaln(m + 1) - gammaln(np.maximum(length - m, 0) + 1)
        ways = logsumexp(np.where(m <= largest_set(length), ways, -np.inf), axis=0)
    return ways + (m - 1) * np.log(SET_GROWS) - np.log(SET_SHARE / groups)


@dataclass(frozen=True)
class Sets:
    """The best set of values of every line; arrays of shape (lines, replicates), `order` (lines, longest, replicates).

    Attributes
    ----------
    score, gain : ndarray of float
        Likelihood ratio with and without its cost; −inf where the line has no set.
    size : ndarray of int
        Number of values.
    order : ndarray of int
        Places in the line, in the order in which values join.
    """

    score: Array
    gain: Array
    size: NDArray[np.int64]
    order: NDArray[np.int64]


def best_sets(lines: Lines, effective: Effective, prior: Array, groups: int) -> Sets:
    """Values of a line in the order of their excess, added one by one: the best subset is among these.

    Source: the linear-time subset property, Neill 2012, J. R. Stat. Soc. B 74:337.
    """
    given = lines.slices >= 0
    amounts = [np.where(given[:, :, None], amount[lines.slices], 0) for amount in effective]
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.where(given[:, :, None], (amounts[0] / amounts[1]) * (amounts[3] / amounts[2]), -np.inf)
    order = np.argsort(-excess, axis=1, kind="stable")[:, :LONGEST_SET]
    size = np.arange(1, order.shape[1] + 1)[None, :, None]
    now, now_expected, then, then_expected = (np.cumsum(np.take_along_axis(a, order, 1), axis=1) for a in amounts)
    # the prior says how well the model is trusted; a set of m values does not make it m times as trustworthy
    priors = np.where(given, prior[lines.slices], 0)[:, :, None]
    surplus = np.cumsum(np.take_along_axis(priors, order, 1), axis=1) * (1 - 1 / size)
    # a value that the baseline hardly had stays as unknown as it is beside others that are known
    thin = np.divide(amounts[1] ** 2, amounts[3], out=np.zeros_like(amounts[1]), where=amounts[3] > 0)
    known = now_expected**2 / np.maximum(np.cumsum(np.take_along_axis(thin, order, 1), axis=1), 1e-300)
    trust = np.minimum(known / np.maximum(then_expected - surplus, 1e-300), 1)
    gain = likelihood_ratio(now, now_expected, (then - surplus) * trust, (then_expected - surplus) * trust)
    allowed = (size >= 2) & (size <= largest_set(given.sum(1))[:, None, None])
    costs = set_costs(lines, groups)[1 : order.shape[1] + 1]
    score = np.where(allowed, gain - costs[None, :, None], -np.inf)
    best = score.argmax(1)[:, None, :]
    return Sets(
        np.take_along_axis(score, best, 1)[:, 0], np.take_along_axis(gain, best, 1)[:, 0], best[:, 0] + 1, order
    )
