"""How wide will the report's interval be on average? Weeks simulated from the plan, bounded as the report bounds them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa_lib.sampling.precision import Goal
from labelqa_lib.stats import survey

RUNS = 200
"""Simulated weeks. Their starts are spread evenly and every plan meets the same ones, so the mean half-width is known to
about 2 % and two plans are told apart by less."""

_SEED = 5
_LEAST_SPREAD = 1e-6
_MOST_ALIKE = 0.5


class Weeks:
    """How many audits simulated weeks draw in each cell: the same for every goal about the same strata.

    Parameters
    ----------
    cells : DataFrame
        ``agent_id, stratum, population, audits`` as in `Plan`.
    inside : array of bool
        Strata that take part.
    runs : int
        Simulated weeks.
    """

    def __init__(self, cells: pd.DataFrame, inside: np.ndarray, runs: int = RUNS):
        cells = cells[inside[cells["stratum"]] & (cells["audits"] > 0)].sort_values(["stratum", "agent_id"])
        random = np.random.default_rng(_SEED)
        self.stratum, self.audits, self.population = (
            cells[name].to_numpy() for name in ("stratum", "audits", "population")
        )
        self.agent = pd.factorize(cells["agent_id"])[0]
        self.run, self.cell, self.n = _made(self.audits, runs, random)
        self._after = random.bit_generator.state

    def random(self) -> np.random.Generator:
        """Chance as it stands after the draw."""
        random = np.random.default_rng(_SEED)
        random.bit_generator.state = self._after
        return random


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
    A simulated week has the plan's audits of every stratum (systematic over agents), binomial errors whose odds differ
    by agent (gamma, with the likeness of the past), a rate drawn from what the past knows of it, and a likeness from
    the chi-square that its variance has. Source: Kish (1965), 8.2; Skellam (1948), JRSS B 10:257 (beta-binomial).
    """
    weeks = weeks or Weeks(cells, goal.inside, runs)
    random, stratum, run, cell, n = weeks.random(), weeks.stratum, weeks.run, weeks.cell, weeks.n
    counted = np.clip(goal.counted[stratum], 0, 1)
    n = random.binomial(n, counted[cell])
    if not goal.agents:
        # then no audit is like another: each is a row of its own
        run, cell, n = np.repeat(run, n), np.repeat(cell, n), np.ones(n.sum(), dtype=np.int64)
    run, cell, n = run[n > 0], cell[n > 0], n[n > 0]
    hit = np.divide(goal.hit[stratum], counted, out=np.zeros(len(stratum)), where=counted > 0)
    agent = weeks.agent if goal.agents else np.zeros(len(stratum), dtype=int)
    rare = goal.rate < 0.5
    events = random.binomial(n, _chances(goal, hit if rare else 1 - hit, agent, run, cell, runs, random))
    hits = events if rare else n - events
    weight = (weeks.population / weeks.audits)[cell]
    cluster = run * (agent.max(initial=0) + 1) + agent[cell] if goal.agents else np.arange(len(run))
    at = np.flatnonzero(np.bincount(cluster))
    weights, outcome, squared, rows = (
        np.bincount(cluster, values)[at] for values in (weight * n, weight * hits, weight**2 * n, n)
    )
    group = at // (agent.max(initial=0) + 1) if goal.agents else run
    told = survey.clustered_rate(
        group, weights, np.minimum(outcome, weights), rows, confidence=confidence, weight_squared=squared, groups=runs
    )
    wide = (told.ci_high - told.ci_low)[np.isfinite(told.ci_low)]
    return float(wide.mean()) / 2 if len(wide) else 0.5


def _made(audits: np.ndarray, runs: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run, cell and audits of every cell that a simulated week audits: strata get theirs up to one, whatever the run."""
    start = random.permutation((np.arange(runs) + random.random(runs)) / runs)
    upto = np.floor(np.cumsum(audits)[None, :] + start[:, None]).astype(np.int64)
    made = np.diff(upto, axis=1, prepend=0)
    run, cell = np.nonzero(made)
    return run, cell, made[run, cell]


def _chances(goal: Goal, rate: np.ndarray, agent: np.ndarray, run, cell, runs: int, random) -> np.ndarray:
    """Chance of the rarer outcome for each row of a cell in a run: agents differ, the rate is what a week brings."""
    overall = min(max(min(goal.rate, 1 - goal.rate), _LEAST_SPREAD), 0.5)
    told = goal.likeness
    measured = random.chisquare(told.degrees, runs) / told.degrees if told.degrees else np.ones(runs)
    effect = (1 + (told.per_agent - 1) * told.rho) * measured
    rho = np.clip((effect - 1) / max(told.per_agent - 1, 1), _LEAST_SPREAD, _MOST_ALIKE) if told.rho else _LEAST_SPREAD
    spread = np.broadcast_to(np.asarray(rho * (1 - overall) / overall), runs)[:, None]
    more = random.gamma(1 / spread, spread, (runs, agent.max(initial=0) + 1))
    unsure = goal.error / (overall * (1 - overall))
    shift = np.exp(random.normal(0, unsure, runs) - unsure**2 / 2)
    return np.minimum(rate[cell] * shift[run] * more[run, agent[cell]], 1.0)
