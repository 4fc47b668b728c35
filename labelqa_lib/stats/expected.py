"""How many events to expect of every cell, from what each factor's level has on its own, thin levels drawn to none.

A ridge logistic regression on counts: one effect per level of every factor, each factor with a variance of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse, special

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

LEAST_VARIANCE = 0.01  # of effects on the log-odds scale: levels never count as known to be alike
ROUNDS = 12


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
    root : ndarray, shape (parameters, parameters)
        A square root of the covariance of (intercept, effects…): what remains unknown of them.
    """

    intercept: float
    effects: list[Array]
    variances: Array
    root: Array

    def log_odds(self, codes: Codes) -> Array:
        return self.intercept + sum(effect[code] for effect, code in zip(self.effects, codes.T, strict=True))

    def worlds(self, rng: np.random.Generator, count: int) -> tuple[Array, list[Array]]:
        """Effects that the rows seen do not rule out: intercepts (count,) and effects (levels, count) to be added."""
        drawn = self.root @ rng.standard_normal((len(self.root), count))
        cuts = np.cumsum([1, *(len(effect) for effect in self.effects)])
        return drawn[0], np.split(drawn[1:], cuts[1:-1] - 1)


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
    size = 1 + int(np.sum(levels))
    offsets = 1 + np.concatenate([[0], np.cumsum(levels)[:-1]]).astype(int)
    columns = np.column_stack([np.zeros(len(codes), int), codes + offsets])
    starts = np.arange(len(codes) + 1) * columns.shape[1]
    design = sparse.csr_array((np.ones(columns.size), columns.ravel(), starts), shape=(len(codes), size))
    factor = np.repeat(np.arange(len(levels)), levels)
    seen = np.asarray(design.T @ trials)[1:] > 0
    variances = np.full(len(levels), 0.1)
    total = trials.sum()
    start = special.logit((events.sum() + 0.5) / (total + 1.0))
    beta = np.zeros(size)
    beta[0] = start
    for _ in range(ROUNDS):
        before = beta.copy()
        penalty = np.concatenate([[1e-6], 1 / variances[factor]])
        p = special.expit(design @ beta)
        information = (design.T @ (design * (trials * p * (1 - p))[:, None])).toarray()
        information[np.diag_indices(size)] += penalty
        covariance = linalg.inv(information, overwrite_a=True, check_finite=False)
        beta = np.clip(beta + covariance @ (design.T @ (events - trials * p) - penalty * np.r_[0, beta[1:]]), -15, 15)
        spread = beta[1:] ** 2 + np.diag(covariance)[1:]
        # effects of unseen levels say nothing about how much levels differ
        number = np.bincount(factor, seen, len(levels))
        variances = np.bincount(factor, spread * seen, len(levels)) / np.maximum(number, 1)
        variances = np.clip(variances, LEAST_VARIANCE, 4.0)
        if np.abs(beta - before).max() < 1e-3:
            break
    effects = np.split(beta[1:], np.cumsum(levels)[:-1])
    return Expected(float(beta[0]), list(effects), variances, _root(covariance))


def _root(covariance: Array) -> Array:
    values, vectors = linalg.eigh((covariance + covariance.T) / 2, check_finite=False)
    return vectors * np.sqrt(np.maximum(values, 0))
