"""Fewer audits for the same certainty: what the model's opinion of every annotation saves, replayed and not computed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa_lib.metrics.assisted import FOLDS, KINDS
from labelqa_lib.sampling.planning import Plan
from labelqa_lib.sampling.precision import Goal
from labelqa_lib.sampling.replay import World, covered, drawn, estimated, marks
from labelqa_lib.stats.assisted import assisted_rate, cross_fitted_risk
from labelqa_lib.stats.survey import GroupEstimates
from labelqa_lib.translation import N_

PLANNED, HELPED, FEWER = N_("as planned"), N_("the same audits, with the model's help"), N_("fewer audits, with the model's help")

_HALVINGS = 6
_LEAST_SHARE = 0.1


def assisted(plan: Plan, runs: int = 300, seed: int = 46) -> pd.DataFrame:
    """How many audits would tell accuracy as well, if the report used the model's opinion of every annotation?

    Parameters
    ----------
    plan : Plan
        Whose past weeks have audits.
    runs : int
        Draws of each way.
    seed : int

    Returns
    -------
    DataFrame
        A row per way, `PLANNED`, `HELPED` and, where that saves any, `FEWER`: ``way, audits, came_out`` (mean
        half-width), ``coverage, coverage_low, coverage_high`` (as in `replay`), ``saved`` (share of the plan's audits).
        Empty without audits or without a goal for the market's accuracy.

    Notes
    -----
    Draws and truth as in `replay`; the estimator is that of `metrics.assisted`: kinds of annotations, their chance to be
    right learnt from the past audits with whole agents left out, known for every annotation of the week. The fewer audits
    are found by replaying fewer and fewer until the interval is as wide as the plan's without help.
    """
    goal = next((one for one in plan.goals if (one.metric, one.site) == ("accuracy", "")), None)
    columns = ["way", "audits", "came_out", "coverage", "coverage_low", "coverage_high", "saved"]
    if goal is None or plan.past.audits.empty or plan.past.audits["cluster"].nunique() < 2:
        return pd.DataFrame(columns=columns)
    confidence = plan.rules.confidence

    def row(way: str, world: World, truth: float, told: GroupEstimates) -> tuple:
        saved = 1 - len(world.run) / len(full.run)
        return way, len(world.run) / runs, _width(told), *covered(told, truth, confidence), saved

    full = drawn(plan, runs, np.random.default_rng(seed))
    truth, plain = estimated(full, goal, confidence, runs)
    helped = _helped(full, goal, confidence, runs)
    rows = [row(PLANNED, full, truth, plain), row(HELPED, full, truth, helped)]
    low, high, found = _LEAST_SHARE, 1.0, None
    for _halving in range(_HALVINGS):
        middle = (low + high) / 2
        world = drawn(plan, runs, np.random.default_rng(seed), middle)
        fewer = _helped(world, goal, confidence, runs)
        if _width(fewer) <= _width(plain):
            high, found = middle, row(FEWER, world, truth, fewer)
        else:
            low = middle
    return pd.DataFrame([*rows, *([found] if found else [])], columns=columns)


def _width(told: GroupEstimates) -> float:
    return float(np.nanmean(told.ci_high - told.ci_low)) / 2


def _helped(world: World, goal: Goal, confidence: float, runs: int) -> GroupEstimates:
    """Every draw's estimate with the model's help."""
    hit, counted = marks(world, goal)
    cluster, kind = pd.factorize(world.rows["cluster"], sort=True)[0], world.rows["kind"].to_numpy()
    fold = cluster % FOLDS
    chances = cross_fitted_risk(kind, fold, world.rows["weight"], hit, KINDS)
    # over all annotations of the week, known of every one
    usual = np.average(chances[:, kind], weights=world.population * counted, axis=1)
    score = chances[fold, kind] - usual[fold]
    kept = counted[world.place] > 0
    place = world.place[kept]
    return assisted_rate(
        world.run[kept], world.weight[kept], hit[place], score[place], np.zeros(runs), cluster=cluster[place],
        confidence=confidence,
    ).assisted  # fmt: skip
