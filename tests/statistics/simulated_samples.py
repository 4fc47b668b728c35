"""Samples drawn from worlds whose truth is known: weights that vary 20-fold, agents alike inside, checks that err.

Every replication is one group, so that one call of the estimator bounds all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

REPLICATIONS = 2_000
FOLD = 20.0
INCLUSION = np.geomspace(1, 1 / FOLD, 4)


def monte_carlo_error(coverage: float) -> float:
    """Standard error of a coverage estimated from the replications; tests allow three of it."""
    return float(np.sqrt(coverage * (1 - coverage) / REPLICATIONS))


@dataclass(frozen=True)
class World:
    """One cell of the grid: a rate, how it is sampled, and how alike the rows of one cluster are.

    Parameters
    ----------
    rate : float
        The truth, in (0, 1).
    n : int
        Rows drawn.
    clusters : int
        Clusters that the rows are spread over evenly; `n` for single rows.
    likeness : float
        Intraclass correlation (beta-binomial), in [0, 1).
    weights : str
        "equal", or inclusion probabilities that vary 20-fold in four classes with as many rows each: "unrelated" to
        the outcome or "related" (what is drawn more often is wrong more often, odds x 11).
    """

    rate: float
    n: int
    clusters: int
    likeness: float = 0.0
    weights: str = "equal"

    @property
    def classes(self) -> tuple[np.ndarray, np.ndarray]:
        """Weight and rate of each class of rows; the classes fill the sample in equal parts."""
        if self.weights == "equal":
            return np.ones(1), np.array([self.rate])
        weight = 1 / INCLUSION
        if self.weights == "unrelated":
            return weight, np.full(4, self.rate)
        slope = 0.8 * np.log(weight)
        share = weight / weight.sum()
        return weight, expit(brentq(lambda level: share @ expit(level + slope) - self.rate, -30, 30) + slope)

    @property
    def effective_events(self) -> float:
        """n_effective · p(1 − p), from the true variance of the weighted mean."""
        weight, rates = self.classes
        single = np.mean(weight**2 * (rates * (1 - rates) + (rates - self.rate) ** 2)) / weight.mean() ** 2
        alike = self.likeness * (self.n / self.clusters - 1) * self.rate * (1 - self.rate)
        return self.n * (self.rate * (1 - self.rate)) ** 2 / (single + alike)


def draw_cells(world: World, seed: int) -> dict[str, np.ndarray]:
    """Summed cells of every replication: group, weight, outcome, n, weight_squared, and plain counts of both."""
    rng = np.random.default_rng(seed)
    weight, rates = world.classes
    size = np.full(world.clusters, world.n // world.clusters)
    size[: world.n % world.clusters] += 1
    shape = (REPLICATIONS, world.clusters)
    rows = rng.multinomial(np.broadcast_to(size, shape), np.full(len(weight), 1 / len(weight)))
    chance = np.broadcast_to(rates, rows.shape)
    if world.likeness:
        # cumulated gammas: rates ascend, every class has its beta, and all classes of a cluster rise and fall together
        prior = (1 / world.likeness - 1) * np.diff(np.r_[0, rates, 1])
        parts = rng.gamma(np.maximum(prior, 1e-12), size=(*shape, len(prior)))
        chance = np.clip(parts.cumsum(axis=2)[..., :-1] / parts.sum(axis=2, keepdims=True), 0, 1)
    hits = rng.binomial(rows, chance)
    return {
        "group": np.repeat(np.arange(REPLICATIONS), world.clusters),
        "weight": (rows @ weight).ravel(),
        "outcome": np.minimum(hits @ weight, rows @ weight).ravel(),
        "n": rows.sum(axis=2).ravel(),
        "weight_squared": (rows @ weight**2).ravel(),
        "hits": hits.sum(axis=2).ravel(),
    }


def covers(low: np.ndarray, high: np.ndarray, truth: float) -> float:
    """Share of the replications whose interval holds the truth."""
    return float(np.mean((low <= truth) & (truth <= high)))
