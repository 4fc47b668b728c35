"""Does the plan keep its promise? The past drawn from by the plan many times, estimated as the report does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labelqa_lib.sampling.planning import Plan
from labelqa_lib.sampling.precision import Goal
from labelqa_lib.stats import survey

SIGHTS = 20
"""Draws whose single intervals a figure shows."""


@dataclass(frozen=True)
class World:
    """The judged annotations of the past, each standing for those it was drawn from, and many draws from them."""

    rows: pd.DataFrame
    population: np.ndarray
    run: np.ndarray
    place: np.ndarray
    weight: np.ndarray


def replay(plan: Plan, runs: int = 300, seed: int = 46) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Had the past been audited by this plan, how often would the interval have held the truth, and how wide was it?

    Parameters
    ----------
    plan : Plan
        Whose past weeks have audits.
    runs : int
        Draws.
    seed : int

    Returns
    -------
    DataFrame
        One row per goal: ``goal, truth, runs, coverage, coverage_low, coverage_high`` (95 % limits of chance),
        ``promised, came_out`` (mean half-width). Empty without audits.
    DataFrame
        The first runs' intervals of the first goal: ``run, estimate, ci_low, ci_high, truth``, and the
        ``coverage`` of all.

    Notes
    -----
    The past's judged annotations are the world: each stands for 1/π annotations of its stratum, strata weigh as next
    week's volumes. A draw takes the plan's audits of each stratum from it, with replacement (audits are few among
    annotations), in proportion to the plan's chances, and weighs them by those. Agents keep their own annotations, so
    what is alike within an agent stays so. A past with few more audits than the plan has them drawn several times,
    which makes agents more alike than they are: below some ten times the plan's audits intervals come
    out too wide, by a tenth at eight.
    """
    past = plan.past
    if past.audits.empty or not plan.goals:
        return pd.DataFrame(columns=_COLUMNS), pd.DataFrame(
            columns=["run", "estimate", "ci_low", "ci_high", "truth", "coverage"]
        )
    world = drawn(plan, runs, np.random.default_rng(seed))
    promises = plan.promises["promised"].to_numpy()
    told = [
        _replayed(world, goal, promises[place], plan.rules.confidence, runs) for place, goal in enumerate(plan.goals)
    ]
    return pd.DataFrame([row for row, _sights in told], columns=_COLUMNS), told[0][1]


_COLUMNS = ["goal", "truth", "runs", "coverage", "coverage_low", "coverage_high", "promised", "came_out"]


def drawn(plan: Plan, runs: int, random: np.random.Generator, share: float = 1.0) -> World:
    """Many draws of the past, each with this share of the plan's audits in every stratum (at least one)."""
    past = plan.past
    rows = past.audits
    cells = plan.cells.assign(share=plan.cells["audits"] / plan.cells["population"])
    own = rows.merge(cells[["agent_id", "stratum", "share"]], on=["agent_id", "stratum"], how="left")["share"]
    usual = plan.base / past.strata["population"].to_numpy()
    chance = own.fillna(pd.Series(usual[rows["stratum"]])).clip(upper=1.0).to_numpy()
    stratum = rows["stratum"].to_numpy()
    expected = rows["weight"].to_numpy() * chance
    take = np.diff(np.rint(np.cumsum(plan.strata["audits"])), prepend=0).astype(int)
    take = np.where(take > 0, np.maximum(np.rint(take * share), 1), 0).astype(int)
    run, place, weight = [], [], []
    for code in np.flatnonzero((np.bincount(stratum, minlength=len(take)) > 0) & (take > 0)):
        inside = np.flatnonzero(stratum == code)
        likely = expected[inside] / expected[inside].sum()
        chosen = random.choice(inside, size=(runs, take[code]), p=likely)
        mean = (likely / chance[inside]).sum()
        run.append(np.repeat(np.arange(runs), take[code]))
        place.append(chosen.ravel())
        weight.append(past.strata["population"].iloc[code] / take[code] / chance[chosen.ravel()] / mean)
    population = past.strata["population"].to_numpy()[stratum]
    total = np.bincount(stratum, weights=rows["weight"], minlength=len(take))[stratum]
    population = np.where(take[stratum] > 0, population * rows["weight"] / total, 0.0)
    return World(rows, population, *(np.concatenate(parts) for parts in (run, place, weight)))


def _replayed(world: World, goal: Goal, promise: float, confidence: float, runs: int) -> tuple[tuple, pd.DataFrame]:
    truth, told = estimated(world, goal, confidence, runs)
    coverage, low, high = covered(told, truth, confidence)
    row = (goal.title, truth, runs, coverage, low, high, promise, np.nanmean(told.ci_high - told.ci_low) / 2)
    shown = min(SIGHTS, runs)
    sights = {"estimate": told.estimate, "ci_low": told.ci_low, "ci_high": told.ci_high}
    return row, pd.DataFrame({name: values[:shown] for name, values in sights.items()}).assign(
        run=np.arange(1, shown + 1), truth=truth, coverage=coverage
    )


def estimated(world: World, goal: Goal, confidence: float, runs: int) -> tuple[float, survey.GroupEstimates]:
    """What is true of the world, and every draw's estimate of it as the report makes it."""
    hit, counted = marks(world, goal)
    truth = (world.population * hit).sum() / (world.population * counted).sum()
    kept = counted[world.place] > 0
    run, place, weight = world.run[kept], world.place[kept], world.weight[kept]
    cluster, clusters = pd.factorize(world.rows["cluster"])
    key = run * len(clusters) + cluster[place]
    size = runs * len(clusters)
    sums = [np.bincount(key, weights=values, minlength=size) for values in (weight, weight * hit[place], weight**2)]
    n = np.bincount(key, minlength=size)
    there = n > 0
    return truth, survey.clustered_rate(
        np.flatnonzero(there) // len(clusters), sums[0][there], np.minimum(sums[1], sums[0])[there], n[there],
        confidence=confidence, weight_squared=sums[2][there], groups=runs,
    )  # fmt: skip


def covered(told: survey.GroupEstimates, truth: float, confidence: float) -> tuple[float, float, float]:
    """Share of the intervals that hold the truth, and the limits that chance leaves it (95 %)."""
    coverage = float(((told.ci_low <= truth) & (truth <= told.ci_high)).mean())
    chance = 1.96 * np.sqrt(confidence * (1 - confidence) / len(told.estimate))
    return coverage, coverage - chance, min(coverage + chance, 1.0)


def marks(world: World, goal: Goal) -> tuple[np.ndarray, np.ndarray]:
    """Of each judged annotation: whether it is a hit, and whether it counts for the goal."""
    inside = goal.inside[world.rows["stratum"]]
    hit, miss = (world.rows[f"{goal.metric}_{side}"].to_numpy() * inside for side in ("hit", "miss"))
    return hit, hit + miss
