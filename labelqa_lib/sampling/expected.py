"""How wide will the report's interval be on average? Weeks simulated from the plan, bounded as the report bounds them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import special

from labelqa_lib.sampling.precision import Goal, Likeness
from labelqa_lib.stats import survey

RUNS = 128
"""Simulated weeks. Where a stratum's draw starts, what the week's rate turns out to be and the chance of every audit are
spread evenly over them, and every plan meets the same ones: the mean half-width is known to about 2 %, and two plans are
told apart by far less (tests/statistics/test_average_widths.py)."""

_SEED, _BLOCK = 7, 16
_MOST_AUDITS, _FEWEST_WEEKS = 1_000_000, 8
"""Of all weeks together: of weeks with very many audits, whose intervals are all alike, fewer are simulated."""

_LEAST_SPREAD = 1e-6
_MOST_ALIKE = 0.5


class Weeks:
    """What simulated weeks audit: the same for every goal about the same strata.

    Parameters
    ----------
    cells : DataFrame
        ``agent_id, stratum, population, audits`` as in `Plan`.
    inside : array of bool
        Strata that take part.
    runs : int
        Simulated weeks, at most.

    Attributes
    ----------
    agents, runs : int
    stratum, weight, place : array, one entry per audit of all weeks
        The audit's stratum and weight, and its agent's number times `runs` plus its week's.
    chance : array
        Of what it is compared with, uniform on [0, 1).
    sums : tuple of array, shape (agents × runs,)
        Σ weight, Σ weight² and the number of audits of each agent and week.
    """

    def __init__(self, cells: pd.DataFrame, inside: np.ndarray, runs: int = RUNS):
        cells = cells[inside[cells["stratum"]]]
        stratum, audits, population = (cells[name].to_numpy() for name in ("stratum", "audits", "population"))
        agent, names = pd.factorize(cells["agent_id"], sort=True, use_na_sentinel=False)
        order = np.lexsort((agent, stratum))
        runs = min(runs, max(int(_MOST_AUDITS / max(audits.sum(), 1)), _FEWEST_WEEKS))
        drawn, made = _drawn(stratum[order], audits[order], runs)
        cell = np.repeat(order, made)
        parts = [_chances(runs, place, -(-n // (runs * _BLOCK))) for place, n in enumerate(drawn) if n]
        kept = drawn[drawn > 0]
        week, self.chance = (
            np.concatenate([np.empty(0, dtype), *(part[which][:n] for part, n in zip(parts, kept, strict=True))])
            for which, dtype in enumerate((np.int64, float))
        )
        self.runs, self.agents = runs, len(names)
        self.stratum, self.weight = stratum[cell], population[cell] / audits[cell]
        self.place = agent[cell] * runs + week
        self.sums = self._summed(self.place, self.weight)

    def audits(self, seen: np.ndarray | None) -> tuple[np.ndarray, ...]:
        """Σ weight, Σ weight² and the number of audits of each agent and week, of those `seen`."""
        return self.sums if seen is None else self._summed(self.place[seen], self.weight[seen])

    def _summed(self, place: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(np.bincount(place, values, self.agents * self.runs) for values in (weight, weight**2, None))


def average_width(
    goal: Goal, cells: pd.DataFrame, confidence: float, runs: int = RUNS, weeks: Weeks | None = None
) -> float:
    """How wide is the interval of a goal on average, over what the week may bring?

    Parameters
    ----------
    goal : Goal
    cells : DataFrame
        ``agent_id, stratum, population, audits`` as in `Plan`.
    confidence : float
        Of the interval, in (0, 1).
    runs : int
        Simulated weeks.
    weeks : Weeks, optional
        Those of these cells and runs and of the goal's strata, where they are known already.

    Returns
    -------
    float
        Mean half-width of `survey.clustered_rate` over the weeks in which the goal has audits at all.

    Notes
    -----
    At the errors expected an interval is too narrow a promise where errors are few: a week with one more of large weight
    is much wider than one with one fewer is narrower, and Student's t of few degrees of freedom is anything but linear.
    A simulated week has the plan's audits of every stratum (systematic over agents), errors whose odds differ by agent
    (gamma, with the likeness of the past), a rate drawn from what the past knows of it, and a likeness from the
    chi-square that its variance has. Source: Kish (1965), 8.2; Skellam (1948), JRSS B 10:257 (beta-binomial).
    """
    weeks = weeks or Weeks(cells, goal.inside, runs)
    runs, rare = weeks.runs, goal.rate < 0.5
    counted = np.clip(goal.counted, 0, 1)
    rate = np.divide(goal.hit, counted, out=np.zeros(len(counted)), where=counted > 0)
    unlike = _unlike(min(goal.rate, 1 - goal.rate), goal.likeness, goal.error, weeks.agents if goal.agents else 1, runs)
    more = unlike[weeks.place if goal.agents else weeks.place % runs]
    seen = None if counted[goal.inside].min(initial=1) == 1 else weeks.chance < counted[weeks.stratum]
    chance = counted[weeks.stratum] * np.minimum((rate if rare else 1 - rate)[weeks.stratum] * more, 1.0)
    events = np.flatnonzero(weeks.chance < chance)
    if goal.agents:
        weights, squares, rows = weeks.audits(seen)
        outcome = np.bincount(weeks.place[events], weeks.weight[events], len(rows))
        at = np.flatnonzero(rows)
        group = at % runs
    else:
        # then no audit is like another: each is a row of its own
        at = np.arange(len(weeks.place)) if seen is None else np.flatnonzero(seen)
        weights, squares, rows = weeks.weight, weeks.weight**2, np.ones(len(weeks.weight))
        outcome = np.zeros(len(weights))
        outcome[events] = weights[events]
        group = weeks.place[at] % runs
    weights = weights[at]
    hits = np.minimum(outcome[at], weights)  # rounding apart
    told = survey.clustered_rate(
        group, weights, hits if rare else weights - hits, rows[at], confidence=confidence, weight_squared=squares[at],
        groups=runs,
    )  # fmt: skip
    wide = (told.ci_high - told.ci_low)[np.isfinite(told.ci_low)]
    return float(wide.mean()) / 2 if len(wide) else 0.5


def _spread(random: np.random.Generator, rows: int, runs: int) -> np.ndarray:
    """Numbers uniform on [0, 1), rows × runs: of each row, one in every of so many equal parts, in any order.

    Source: McKay, Beckman & Conover (1979), Technometrics 21:239 (Latin hypercube sampling).
    """
    parts = random.permuted(np.broadcast_to(np.arange(runs), (rows, runs)), axis=1)
    return (parts + random.random((rows, runs))) / runs


def _drawn(stratum: np.ndarray, audits: np.ndarray, runs: int) -> tuple[np.ndarray, np.ndarray]:
    """How many audits all weeks together draw in each stratum and in each cell, of cells in the order of their strata.

    A stratum's cells lie end to end, each as long as its audits; a week draws those at start + 0, 1, 2, … In the order in
    which the weeks start, they draw in turn.
    """
    ends = np.cumsum(audits)
    first = np.searchsorted(stratum, stratum)
    ends = ends - (ends[first] - audits[first])
    whole = np.floor(ends)
    upto = whole.astype(np.int64) * runs + np.searchsorted(_starts(runs), ends - whole, side="right")
    made = np.where(first == np.arange(len(first)), upto, np.diff(upto, prepend=0))
    return np.bincount(stratum, made).astype(np.int64), made


@lru_cache(maxsize=8)
def _starts(runs: int) -> np.ndarray:
    """Where the draws of the weeks start, on (0, 1), rising."""
    return (np.arange(runs) + np.random.default_rng(_SEED).random(runs)) / runs


@lru_cache(maxsize=256)
def _chances(runs: int, stratum: int, blocks: int) -> tuple[np.ndarray, np.ndarray]:
    """The week and the chance of a stratum's audits, in the order in which weeks draw: the same whatever comes after."""
    week = np.random.default_rng([_SEED, stratum, 0]).permutation(runs)
    return np.tile(week, blocks * _BLOCK), np.concatenate([_block(runs, stratum, block) for block in range(1, blocks + 1)])


@lru_cache(maxsize=2048)
def _block(runs: int, stratum: int, block: int) -> np.ndarray:
    return _spread(np.random.default_rng([_SEED, stratum, block]), _BLOCK, runs).ravel()


@lru_cache(maxsize=64)
def _unlike(rate: float, told: Likeness, error: float, agents: int, runs: int) -> np.ndarray:
    """How many times as likely as usual the rarer outcome is, of each agent in each week: agents differ, and the rate is
    what a week brings. Shape (agents × runs,)."""
    random = np.random.default_rng(_SEED)
    brought, measured = _spread(random, 2, runs)
    overall = min(max(rate, _LEAST_SPREAD), 0.5)
    effect = 1 + (told.per_agent - 1) * told.rho
    if told.degrees:
        effect = effect * special.chdtri(told.degrees, measured) / told.degrees
    rho = np.clip((effect - 1) / max(told.per_agent - 1, 1), _LEAST_SPREAD, _MOST_ALIKE) if told.rho else _LEAST_SPREAD
    spread = np.broadcast_to(np.asarray(rho * (1 - overall) / overall), runs)
    more = random.gamma(1 / spread, spread, (agents, runs))
    unsure = error / (overall * (1 - overall))
    return (more * np.exp(unsure * special.ndtri(brought) - unsure**2 / 2)).ravel()
