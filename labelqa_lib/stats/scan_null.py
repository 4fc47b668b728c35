"""What the most striking slice looks like when no rate changed: the whole search, repeated on simulated periods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from labelqa_lib.stats.scan_members import Members, group_scores
from labelqa_lib.stats.scan_score import Yardstick, best_sets, likelihood_ratio
from labelqa_lib.stats.scan_slices import Codes, Slices

Array = NDArray[np.float64]

TAIL = 0.2  # share of the simulated maxima that the tail is fitted to


@dataclass(frozen=True)
class Tail:
    """Distribution of the highest score when nothing changed: as simulated, and exponential where that is thin.

    A likelihood ratio falls off exponentially, and so does the highest of many.
    """

    maxima: Array
    threshold: float
    scale: float

    def p_value(self, score: float) -> float:
        """Chance of a highest score at least this high, in (0, 1]; one standard error above what the few maxima say."""
        few = int((self.maxima >= min(score, self.threshold)).sum())
        share = min((1 + few + np.sqrt(few)) / (1 + len(self.maxima)), 1.0)
        beyond = max(score - self.threshold, 0.0)
        return float(max(share * np.exp(-beyond / self.scale), np.finfo(float).tiny))


def fit_tail(maxima: Array) -> Tail:
    """Threshold at the upper fifth, scale by the mean excess over it, one standard error up.

    Never thinner than a likelihood ratio's own tail, e⁻ˣ.
    """
    threshold = float(np.quantile(maxima, 1 - TAIL))
    above = maxima[maxima > threshold] - threshold
    mean = float(above.mean()) * (1 + 1 / np.sqrt(len(above))) if len(above) else 1.0
    return Tail(maxima, threshold, max(mean, 1.0))


def simulate(rng: np.random.Generator, log_odds: Array, trials: Array, repeats: int) -> tuple[Codes, Codes, Array]:
    """Draw the events of every cell in every world, `repeats` times each.

    Parameters
    ----------
    log_odds : ndarray of float, shape (cells, worlds)
    trials : ndarray of float, shape (cells,)

    Returns
    -------
    cell, replicate : ndarray of int, shape (draws with events,)
    events : ndarray of float, shape (draws with events,)
    """
    chance = special.expit(log_odds.astype(np.float32))
    single = bool(np.all(trials == 1))
    whole = np.maximum(np.round(trials), 1).astype(np.int64)[:, None]
    drawn = []
    for turn in range(repeats):
        events = rng.random(chance.shape, dtype=np.float32) < chance if single else rng.binomial(whole, chance)
        hit = np.flatnonzero(events)
        cell, world = np.divmod(hit, chance.shape[1])
        drawn.append((cell, world * repeats + turn, events.ravel()[hit].astype(float)))
    return tuple(np.concatenate(part) for part in zip(*drawn, strict=True))


def replicate_sums(slices: Slices, side: str, cell: Codes, replicate: Codes, amount: Array, count: int) -> Array:
    """Totals of every slice in every replicate, shape (slices, replicates)."""
    tables = []
    plain = bool(np.all(amount == 1))
    for block in slices.blocks:
        key = getattr(block, side)[cell] * count + replicate
        table = np.bincount(key, None if plain else amount, (len(block) + 1) * count)
        tables.append(table[: len(block) * count].reshape(len(block), count))
    return np.concatenate(tables).astype(float)


def highest_scores(
    slices: Slices, members: Members | None, yardstick: Yardstick, now: Array, then: Array
) -> Array:
    """The best score of every replicate, over slices, sets of values and of members; sums as of `replicate_sums`."""
    effective = yardstick.effective(now, then)
    best = (likelihood_ratio(*effective) - yardstick.cost[:, None]).max(0)
    for lines in slices.lines:
        best = np.maximum(best, best_sets(lines, effective, yardstick.prior, len(slices.lines)).score.max(0))
    if members is not None:
        own = tuple(amount[members.slices] for amount in effective)
        for scores, cost in zip(group_scores(members, own), members.costs, strict=True):
            best = np.maximum(best, scores.max(0) - cost)
    return best
