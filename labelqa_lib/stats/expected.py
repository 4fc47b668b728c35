"""How many events to expect of every cell, from what each factor's level has on its own, thin levels drawn to none.

A ridge logistic regression on counts: one effect per level of every factor, each factor with a variance of its own.
Every cell has one level of the longest factor (agents), so that its block of the information is diagonal: only the
other factors' block is ever inverted (Schur complement), and all sums over cells are table counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

LEAST_VARIANCE = 0.01  # of effects on the log-odds scale: levels never count as known to be alike
UNSURE = 4.0  # variance of the overall log-odds, before rows are seen: without one event they would know no bounds
ROUNDS, LONGEST_STEP = 20, 2.0


@dataclass(frozen=True)
class Doubt:
    """What remains unknown of the effects: covariance of the intercept and all factors but the longest, and the rest.

    Attributes
    ----------
    longest : int
        The factor whose levels are independent of each other given all others.
    root : ndarray, shape (others, others)
        A square root of the covariance of (intercept, effects of the other factors).
    follows : ndarray, shape (levels of the longest, others)
        How its effects answer to those.
    own : ndarray, shape (levels of the longest,)
        Standard deviation of its effects when the others are known.
    """

    longest: int
    root: Array
    follows: Array
    own: Array


@dataclass(frozen=True)
class Expected:
    """Log-odds of an event: `intercept` plus one effect per level of every factor.

    Attributes
    ----------
    intercept : float
    effects : list of ndarray, one per factor, shape (levels,)
        0 for a level that was not seen.
    variances : ndarray, shape (factors,)
        How much levels of each factor differ, as variance of the log-odds.
    doubt : Doubt
    """

    intercept: float
    effects: list[Array]
    variances: Array
    doubt: Doubt

    def log_odds(self, codes: Codes) -> Array:
        total = np.full(len(codes), self.intercept)
        for effect, code in zip(self.effects, codes.T, strict=True):
            total += effect[code]
        return total

    def worlds(self, rng: np.random.Generator, count: int) -> tuple[Array, list[Array]]:
        """Effects that the rows seen do not rule out: intercepts (count,) and effects (levels, count) to be added."""
        doubt = self.doubt
        drawn = doubt.root @ rng.standard_normal((len(doubt.root), count))
        longest = doubt.follows @ drawn + doubt.own[:, None] * rng.standard_normal((len(doubt.own), count))
        others = [len(effect) for place, effect in enumerate(self.effects) if place != doubt.longest]
        return drawn[0], _by_factor(drawn[1:], others, doubt.longest, longest)


def expected(codes: Codes, levels: Sequence[int], trials: Array, events: Array) -> Expected:
    """What would each cell show if every level of every factor added its own to the log-odds, and nothing else?

    Parameters
    ----------
    codes : ndarray of int, shape (cells, factors)
    levels : sequence of int
        Number of levels per factor, seen or not.
    trials, events : ndarray of float, shape (cells,)

    Returns
    -------
    Expected

    Notes
    -----
    Penalised likelihood with effects ~ N(0, variance of the factor); the variances by the fixed point of their
    marginal likelihood, variance = (Σ effect² + Σ posterior variance) / levels seen, so that a factor whose levels are
    alike is drawn to nothing and an agent with few rows to the others.

    Source: Breslow & Clayton 1993, J. Am. Stat. Assoc. 88:9 (penalised quasi-likelihood);
    Schall 1991, Biometrika 78:719.
    """
    longest = int(np.argmax(levels))
    others = [place for place in range(len(levels)) if place != longest]
    tables = _Tables(codes, levels, others, longest)
    effects = [np.zeros(size) for size in levels]
    seen = [np.bincount(code, trials, size) > 0 for code, size in zip(codes.T, levels, strict=True)]
    variances = np.full(len(levels), 0.1)
    usual = float(special.logit((events.sum() + 0.5) / (trials.sum() + 1.0)))
    intercept = usual
    for _ in range(ROUNDS):
        log_odds = np.full(len(codes), intercept)
        for effect, code in zip(effects, codes.T, strict=True):
            log_odds += effect[code]
        p = special.expit(log_odds)
        block, cross, diagonal = tables.information(trials * p * (1 - p))
        block[np.diag_indices(len(block))] += np.concatenate(
            [[1 / UNSURE], *(np.full(levels[place], 1 / variances[place]) for place in others)]
        )
        diagonal = diagonal + 1 / variances[longest]
        follows = -(cross / diagonal).T
        covariance = linalg.inv(block + cross @ follows, check_finite=False)
        slope, slope_longest = tables.sums(events - trials * p)
        slope -= np.concatenate([[(intercept - usual) / UNSURE], *(effects[place] / variances[place] for place in others)])
        slope_longest -= effects[longest] / variances[longest]
        step = covariance @ (slope + follows.T @ slope_longest)
        step_longest = slope_longest / diagonal + follows @ step
        # large counts far from the start would throw Newton's step beyond all bounds
        short = min(1.0, LONGEST_STEP / max(np.abs(step).max(), np.abs(step_longest).max(), 1e-12))
        step, step_longest = short * step, short * step_longest
        unknown = 1 / diagonal + ((follows @ covariance) * follows).sum(1)
        doubts = _by_factor(np.diag(covariance)[1:], tables.sizes, longest, unknown)
        steps = _by_factor(step[1:], tables.sizes, longest, step_longest)
        before = [intercept, *effects]
        intercept = float(np.clip(intercept + step[0], -15, 15))
        effects = [np.clip(effect + by, -15, 15) for effect, by in zip(effects, steps, strict=True)]
        # effects of unseen levels say nothing about how much levels differ
        spread = [((effect**2 + doubt) * there).sum() / max(there.sum(), 1)
                  for effect, doubt, there in zip(effects, doubts, seen, strict=True)]  # fmt: skip
        variances = np.clip(spread, LEAST_VARIANCE, 4.0)
        if max(np.abs(now - then).max() for now, then in zip([intercept, *effects], before, strict=True)) < 1e-3:
            break
    return Expected(
        intercept, effects, variances, Doubt(longest, _root(covariance), follows, 1 / np.sqrt(diagonal))
    )


class _Tables:
    """Sums over cells by level, and by pairs of levels of two factors."""

    def __init__(self, codes: Codes, levels: Sequence[int], others: list[int], longest: int):
        self.sizes = [levels[place] for place in others]
        self.starts = 1 + np.concatenate([[0], np.cumsum(self.sizes)]).astype(int)
        self.codes = [codes[:, place] for place in others]
        self.longest, self.length = codes[:, longest], levels[longest]
        self.pairs = {
            (one, two): self.codes[one] * self.sizes[two] + self.codes[two]
            for one, two in combinations(range(len(others)), 2)
        }
        self.crossed = [code * self.length + self.longest for code in self.codes]

    def sums(self, amount: Array) -> tuple[Array, Array]:
        parts = [np.bincount(code, amount, size) for code, size in zip(self.codes, self.sizes, strict=True)]
        return np.concatenate([[amount.sum()], *parts]), np.bincount(self.longest, amount, self.length)

    def information(self, amount: Array) -> tuple[Array, Array, Array]:
        """X'WX in three parts: others × others, others × longest, and the diagonal of longest × longest."""
        block = np.zeros((self.starts[-1], self.starts[-1]))
        cross = np.zeros((self.starts[-1], self.length))
        block_sums, diagonal = self.sums(amount)
        block[np.diag_indices(len(block))] = block_sums
        block[0] = block[:, 0] = block_sums
        cross[0] = diagonal
        place = [slice(first, last) for first, last in zip(self.starts, self.starts[1:], strict=False)]
        for (one, two), key in self.pairs.items():
            table = np.bincount(key, amount, self.sizes[one] * self.sizes[two]).reshape(self.sizes[one], self.sizes[two])
            block[place[one], place[two]], block[place[two], place[one]] = table, table.T
        for one, key in enumerate(self.crossed):
            cross[place[one]] = np.bincount(key, amount, self.sizes[one] * self.length).reshape(-1, self.length)
        return block, cross, diagonal


def _by_factor(others: Array, sizes: Sequence[int], longest: int, its: Array) -> list[Array]:
    """Amounts of every factor in its place, from those of all but the longest in a row and the longest's own."""
    cuts = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
    parts = [others[first:last] for first, last in zip(cuts, cuts[1:], strict=False)]
    return [*parts[:longest], its, *parts[longest:]]


def _root(covariance: Array) -> Array:
    values, vectors = linalg.eigh((covariance + covariance.T) / 2, check_finite=False)
    return vectors * np.sqrt(np.maximum(values, 0))
