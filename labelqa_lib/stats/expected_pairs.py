"""What pairs of levels do beyond their own effects: some combinations are harder than the sum of their parts.

Without them a week with more of a hard combination looks like a week in which one of its parts got worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

SWEEPS = 2
MOST_VARIANCE = 0.5  # of log rates: combinations that differ by more are no combinations of shared levels
MOST_EFFECT = 1.5
NO_VARIANCE = 1e-4  # below it a pair of factors adds up as far as anybody can tell


@dataclass(frozen=True)
class Pair:
    """Effects of the combinations of two factors, on the log-odds scale.

    Attributes
    ----------
    places : tuple of int
        The two factors.
    size : int
        Levels of the second.
    effect, doubt : ndarray, shape (levels of the first × levels of the second,)
        The effect, and its standard deviation given what was seen; 0 and the whole spread where nothing was.
    """

    places: tuple[int, int]
    size: int
    effect: Array
    doubt: Array

    def of(self, codes: Codes) -> Codes:
        """The combination of every cell."""
        return codes[:, self.places[0]] * self.size + codes[:, self.places[1]]


def pair_effects(
    codes: Codes, levels: Sequence[int], trials: Array, events: Array, log_odds: Array, places: Sequence[int]
) -> list[Pair]:
    """Which combinations of two levels have more or fewer events than `log_odds` expects?

    Parameters
    ----------
    codes : ndarray of int, shape (cells, factors)
    levels : sequence of int
    trials, events, log_odds : ndarray of float, shape (cells,)
    places : sequence of int
        Factors whose pairs are looked at.

    Returns
    -------
    list of Pair
        Of the pairs whose combinations differ by more than counts do.

    Notes
    -----
    Per pair of factors the rates' variance by moments, Σ((o − e)² − v) / Σe², and every combination's gamma–Poisson
    shrinkage (o + 1/variance) / (e + 1/variance) of its rate; pairs in turn, each given the others, `SWEEPS` times.

    Source: Clayton & Kaldor 1987, Biometrics 43:671 (empirical Bayes of standardised rates, by moments).
    """
    pairs = [(one, two) for one, two in combinations(places, 2) if levels[one] > 1 and levels[two] > 1]
    keys = {pair: codes[:, pair[0]] * levels[pair[1]] + codes[:, pair[1]] for pair in pairs}
    effects = {pair: np.zeros(levels[pair[0]] * levels[pair[1]]) for pair in pairs}
    found = {}
    current = log_odds.copy()
    for _ in range(SWEEPS):
        for pair in pairs:
            key, size = keys[pair], len(effects[pair])
            current -= effects[pair][key]
            chance = special.expit(current)
            seen, forecast, variance = (
                np.bincount(key, amount, size) for amount in (events, trials * chance, trials * chance * (1 - chance))
            )
            excess = ((seen - forecast) ** 2 - variance).sum() / max((forecast**2).sum(), 1e-300)
            spread = min(excess, MOST_VARIANCE)
            found.pop(pair, None)
            effects[pair] = np.zeros(size)
            if spread > NO_VARIANCE:
                rate = np.clip(forecast / np.maximum(np.bincount(key, trials, size), 1e-300), 1e-9, 0.99)
                moved = np.clip(rate * (seen + 1 / spread) / (forecast + 1 / spread), 1e-9, 0.99)
                effects[pair] = np.clip(special.logit(moved) - special.logit(rate), -MOST_EFFECT, MOST_EFFECT)
                found[pair] = Pair(pair, levels[pair[1]], effects[pair], 1 / np.sqrt(forecast + 1 / spread))
                current += effects[pair][key]
    return list(found.values())
