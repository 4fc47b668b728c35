"""Agreement beyond chance: observed and expected agreement on counts, each with the influence of every item on it.

Every coefficient is (observed − chance) / (1 − chance); they differ in what they hold to be chance. Items may have any
number of annotations: one annotation tells about chance only, two or more about agreement. The influence of an item is
n times the change of the figure per change of the item's weight, so that Σ influence² / n² is the variance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ratings:
    """Annotations as codes, counted by item and label.

    Parameters
    ----------
    item, label : array of int, shape (annotations,)
        Codes 0..; every item has an annotation.
    agent : array of int, shape (annotations,), or None
        Only `conger` asks who gave a label.
    items, labels : int
        How many there are.
    """

    item: NDArray[np.int64]
    agent: NDArray[np.int64] | None
    label: NDArray[np.int64]
    items: int
    labels: int

    @cached_property
    def counts(self) -> sparse.csr_array:
        """Annotations by item and label; memory grows with the annotations, not with items x labels."""
        cell, times = self._cells()
        starts = np.searchsorted(cell, np.arange(self.items + 1) * self.labels)
        return sparse.csr_array((times * 1.0, cell % self.labels, starts), shape=(self.items, self.labels))

    def _cells(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The cells of items x labels that hold annotations, ascending, and how many; counted where that table is not
        much larger than the annotations, else sorted."""
        cell = self.item * self.labels + self.label
        if self.items * self.labels > 4 * len(cell):
            return np.unique(cell, return_counts=True)
        times = np.bincount(cell, minlength=self.items * self.labels)
        held = np.flatnonzero(times)
        return held, times[held]

    @cached_property
    def size(self) -> Array:
        """Annotations by item."""
        return np.bincount(self.item, minlength=self.items).astype(float)

    @cached_property
    def paired(self) -> NDArray[np.bool_]:
        """Items with two annotations or more."""
        return self.size >= 2

    @cached_property
    def shares(self) -> sparse.csr_array:
        """The share of each label in an item's annotations."""
        return sparse.csr_array(self.counts.multiply((1 / self.size)[:, None]))

    def agreeing(self, weights: Array) -> Array:
        """Share of the pairs of an item's annotations that agree; 0 for an item without a pair."""
        if np.array_equal(weights, np.eye(len(weights))):  # needs no items x labels matrix
            pairs = self.counts.multiply(self.counts).sum(axis=1) - self.size
        else:
            pairs = self.counts.multiply(self.counts @ weights).sum(axis=1) - self.size
        return np.divide(pairs, self.size * (self.size - 1), out=np.zeros(self.items), where=self.paired)


@dataclass(frozen=True)
class Part:
    """Observed or chance agreement, and the influence of each item on it."""

    value: float
    influence: Array


Chance = Callable[[Ratings, Array, Array], Part]


@dataclass(frozen=True)
class Coefficient:
    """A coefficient, what it is made of, and the influence of each item on it (all NaN where chance is 1).

    `pairs_only`: items with one annotation took no part, not even in chance.
    """

    value: float
    observed: float
    chance: float
    influence: Array
    pairs_only: bool = False


def coefficient(ratings: Ratings, weights: Array, chance: Chance, resampled: Array | None = None) -> Coefficient:
    """How much do annotations agree beyond what chance alone would give?

    Parameters
    ----------
    ratings : Ratings
    weights : array of float, shape (labels, labels)
        Credit for two labels; 1 on the diagonal.
    chance : callable
        `fleiss`, `gwet`, `uniform`, `conger` or `none`.
    resampled : array of float, shape (items,), optional
        How often each item counts; once by default.

    Source: Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., ch. 2, 5 and 6.
    """
    times = np.ones(ratings.items) if resampled is None else resampled
    if not times.any():
        return Coefficient(np.nan, np.nan, np.nan, np.full(ratings.items, np.nan))
    observed = _observed(ratings, weights, times)
    expected = chance(ratings, weights, times)
    return replace(_beyond(observed.value, observed, expected), pairs_only=chance is none)


def krippendorff(ratings: Ratings, weights: Array, resampled: Array | None = None) -> Coefficient:
    """Alpha: pairs weigh by the annotations of their item, and chance draws two annotations without putting one back.

    Parameters
    ----------
    ratings, weights, resampled
        As in `coefficient`; items with one annotation are left out.

    Notes
    -----
    pa = (1 − 1/R) Σ r_i a_i / R + 1/R over items with r_i ≥ 2, R = Σ r_i; π the share of each label among those R.
    The influence is that of the pa before its correction by 1/R, as in Gwet (2014), equation 6.3.
    Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
    """
    times = (np.ones(ratings.items) if resampled is None else resampled) * ratings.paired
    total = (times * ratings.size).sum()
    if total == 0:
        return Coefficient(np.nan, np.nan, np.nan, np.full(ratings.items, np.nan))
    heavy = ratings.size / total * times.sum() * ratings.paired  # an item's annotations over their mean
    share = ratings.agreeing(weights)
    raw = (times * ratings.size * share).sum() / total
    corrected = (1 - 1 / total) * raw + 1 / total
    observed = Part(raw, heavy * share - corrected * (heavy - 1) - raw)
    margins = ratings.counts.T @ times / total
    value = margins @ weights @ margins
    of_item = ratings.counts @ (weights @ margins) * times.sum() / total
    expected = Part(value, 2 * (of_item - value * heavy))
    result = _beyond(corrected, observed, expected)
    influence = np.where(ratings.paired, result.influence, 0.0) * ratings.items / times.sum()
    return Coefficient(result.value, result.observed, result.chance, influence, pairs_only=True)


def _beyond(value: float, observed: Part, expected: Part) -> Coefficient:
    left = 1 - expected.value
    if not left > 1e-12:  # every annotation has one label, or there is no pair
        nothing = np.full(len(observed.influence), np.nan)
        return Coefficient(np.nan, value, expected.value, nothing)
    estimate = (value - expected.value) / left
    slope = (observed.value - expected.value) / left
    influence = (observed.influence - (1 - slope) * expected.influence) / left
    return Coefficient(estimate, value, expected.value, influence)


def _observed(ratings: Ratings, weights: Array, times: Array) -> Part:
    share, counted = ratings.agreeing(weights), ratings.paired * 1.0
    pairs = (times * counted).sum()
    if pairs == 0:
        return Part(np.nan, np.full(ratings.items, np.nan))
    value = (times * share).sum() / pairs
    return Part(value, (share - value * counted) * times.sum() / pairs)


def none(ratings: Ratings, weights: Array, times: Array) -> Part:
    """No chance: percent agreement."""
    return Part(0.0, np.zeros(ratings.items))


def uniform(ratings: Ratings, weights: Array, times: Array) -> Part:
    """Brennan and Prediger: every label is as likely; Σ w / q²."""
    return Part(float(weights.sum()) / max(weights.size, 1), np.zeros(ratings.items))


def fleiss(ratings: Ratings, weights: Array, times: Array) -> Part:
    """Fleiss: all draw from one distribution of labels, that of the items on average; π'wπ."""
    margins = ratings.shares.T @ times / times.sum()
    value = margins @ weights @ margins
    return Part(value, 2 * (ratings.shares @ (weights @ margins) - value))


def gwet(ratings: Ratings, weights: Array, times: Array) -> Part:
    """Gwet: only hard items are guessed, and then all labels are as likely; Σ w · Σ π (1 − π) / (q (q − 1))."""
    if ratings.labels < 2:
        return Part(1.0, np.zeros(ratings.items))
    margins = ratings.shares.T @ times / times.sum()
    scale = weights.sum() / (ratings.labels * (ratings.labels - 1))
    return Part(scale * (margins * (1 - margins)).sum(), 2 * scale * (margins @ margins - ratings.shares @ margins))


def conger(ratings: Ratings, weights: Array, times: Array) -> Part:
    """Cohen, for any number of agents: each draws from their own labels; mean of p_g'w p_h over pairs of agents.

    Source: Conger (1980), Psychological Bulletin 88:322; for two agents Cohen (1960, 1968).
    """
    cell = ratings.agent * ratings.labels + ratings.label
    agents = int(ratings.agent.max(initial=-1)) + 1
    given = np.bincount(cell, times[ratings.item], agents * ratings.labels).reshape(agents, ratings.labels)
    total = given.sum(axis=1)
    there = total > 0
    if there.sum() < 2:
        return Part(1.0, np.zeros(ratings.items))
    own = np.divide(given, total[:, None], out=np.zeros_like(given), where=there[:, None])
    others = own.sum(axis=0) - own
    credit = others @ weights
    mine = (own * credit).sum(axis=1)
    pairs = there.sum() * (there.sum() - 1)
    pull = np.divide(
        2 * (credit - mine[:, None]), pairs * total[:, None], out=np.zeros_like(given), where=there[:, None]
    )
    influence = np.bincount(ratings.item, pull.ravel()[cell], ratings.items) * times.sum()
    return Part(mine.sum() / pairs, influence)
