"""Which audits of each stratum reach every goal's margin, and by how much margins must grow to fit the hours."""

from __future__ import annotations

import numpy as np
from scipy import optimize

from labelqa_lib.sampling.precision import Goal, Together, variance_for
from labelqa_lib.sampling.rules import Rules
from labelqa_lib.sampling.strata import Past
from labelqa_lib.stats.allocation_goals import meet_goals

WIDEST = 20.0
"""Margins are stretched at most so far to fit the hours; beyond, the audits buy nothing that a goal could mean."""

_ROUNDS, _NUDGE, _EXACT = 4, 1.003, 0.004
_NEAR = 1.03
"""So far from the stretch of the round before it is looked for first."""

_NEXT_TO_NOTHING = 1e-9


class Search:
    """The audits of a market's next week, by stratum.

    Parameters
    ----------
    known : Past
    rules : Rules
    needed : array
        Share of each cell that its agent's minimum takes.
    asked : list of Goal
    least : array
        Audits of each stratum at least.
    """

    def __init__(self, known: Past, rules: Rules, needed: np.ndarray, asked: list[Goal], least: np.ndarray):
        strata, self.rules, self.needed, self.asked, self.least = known.strata, rules, needed, asked, least
        self.population, self.minutes = strata["population"].to_numpy(), strata["minutes"].to_numpy()
        self.stratum, self.inside = known.cells["stratum"].to_numpy(), known.cells["population"].to_numpy()
        self.together = Together(asked, self._by_stratum(self.inside), rules.confidence) if asked else None
        self.rows = np.ceil(self.population).astype(np.int64)
        shares = [(goal.inside * self.population / self.population[goal.inside].sum()) ** 2 * goal.moments for goal in asked]
        self.share = np.array(shares).reshape(len(asked), len(strata))
        self._found: dict[float, tuple[np.ndarray, float]] = {}

    def within_hours(self, near: float = 1.0) -> tuple[float, np.ndarray]:
        """The least stretch of the margins that fits the hours (to 1 %), and the audits of each stratum with it.

        Parameters
        ----------
        near : float
            Where the stretch is looked for first; 1 where nothing is known of it.
        """
        if not self.asked or self._over(1.0) <= 0:
            return 1.0, self._settled(1.0)[0]
        low, high = max(near / _NEAR, 1.0), min(near * _NEAR, WIDEST)
        if near == 1.0 or self._over(low) <= 0 or self._over(high) > 0:
            low, high = 1.0, WIDEST
            if self._over(WIDEST) >= 0:
                return WIDEST, self.least
        # at its ends the search must meet what was met there: the hours step, and a stretch that was rounded may lie across one
        ends = {float(np.log(end)): end for end in (low, high)}
        stretch = np.exp(optimize.brentq(lambda log: self._over(ends.get(log, float(np.exp(log)))), *ends, xtol=_EXACT))
        while self._over(float(stretch)) > 0:
            stretch *= _NUDGE
        return float(stretch), self._settled(float(stretch))[0]

    def _over(self, stretch: float) -> float:
        """By which share of them the audits exceed the hours."""
        return self._settled(stretch)[1] / self.rules.hours - 1

    def _settled(self, stretch: float) -> tuple[np.ndarray, float]:
        """Audits of each stratum that reach every goal's margin times `stretch`, and their hours.

        The design effect depends on the audits per agent, and those on it: they settle within `_ROUNDS`, from what the
        nearest stretch settled at.
        """
        # the search looks at its ends and at what it found more than once
        if stretch not in self._found:
            nearest = min(self._found, key=lambda one: abs(np.log(one / stretch)), default=None)
            audits = np.maximum(self.least, _NEXT_TO_NOTHING) if nearest is None else self._found[nearest][0]
            variance = np.array([variance_for(goal, stretch, self.rules.confidence) for goal in self.asked])
            for _round in range(_ROUNDS if self.asked else 0):
                effects = self.together.inflations(self._made(audits), variance)
                before, audits = audits, self._allocated(variance / effects)
                if np.array_equal(before, audits):
                    break  # as it would be in every round to come
            hours = float(self._made(audits) @ self.minutes / 60 * overhead(self.rules))
            self._found[stretch] = audits, hours
        return self._found[stretch]

    def _allocated(self, variance: np.ndarray) -> np.ndarray:
        """The cheapest audits per stratum with which every goal's variance is small enough."""
        # the report takes no credit for a finite population, so what `meet_goals` takes off for it is asked for besides
        limit = np.maximum(variance - self.share @ (1 / self.rows), _NEXT_TO_NOTHING)
        minimum = np.minimum(np.ceil(self.least), self.rows).astype(np.int64)
        return meet_goals(self.share, limit, self.rows, self.minutes, minimum).n.astype(float)

    def _made(self, audits: np.ndarray) -> np.ndarray:
        """Audits expected of each stratum, those that agents' minimums take besides included."""
        share = audits / self.population
        return self._by_stratum(expected(self.stratum, self.inside, share, self.needed))

    def _by_stratum(self, values: np.ndarray) -> np.ndarray:
        return np.bincount(self.stratum, values, len(self.population))


def expected(stratum: np.ndarray, population: np.ndarray, share: np.ndarray, needed: np.ndarray) -> np.ndarray:
    """Audits expected of each cell: its stratum's share or, where that is more, what the agent's minimum takes."""
    return population * np.minimum(np.maximum(share[stratum], needed), 1.0)


def overhead(rules: Rules) -> float:
    """Hours of a random audit with its share of risk checks and re-audits, over its own."""
    return 1 + rules.risk_share + rules.reaudit_share
