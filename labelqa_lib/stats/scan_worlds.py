"""How sure a score is: periods simulated as the model expects them, as many as the answer needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelqa_lib.stats.scan_model import OWN_EVENTS, Counts, Model
from labelqa_lib.stats.scan_null import fit_tail, highest_scores, replicate_sums, simulate

Array = NDArray[np.float64]

WORLDS, REPEATS = 50, 3
MORE = 3  # times as many periods again, where the first ones leave it open
OPEN = (0.01, 0.2)  # p values that so few periods cannot tell from the usual levels
MOST_ROWS = 60_000  # that the simulated periods hold; larger periods are simulated on every so-manieth cell


class Worlds:
    """Highest scores of periods in which nothing changed, drawn as they are asked for.

    Parameters
    ----------
    model : Model
    seed : int
    """

    def __init__(self, model: Model, seed: int):
        self.model, self.seed = _thinned(model), seed
        self.tail = fit_tail(highest(self.model, np.random.default_rng(seed)))
        self.all = False

    def p_value(self, score: float) -> float:
        """Chance of a highest score at least this high where nothing changed, in (0, 1]."""
        p = self.tail.p_value(score)
        if not self.all and OPEN[0] < p < OPEN[1]:
            more = [highest(self.model, np.random.default_rng([self.seed, turn])) for turn in range(1, MORE + 1)]
            self.tail, self.all = fit_tail(np.concatenate([self.tail.maxima, *more])), True
            p = self.tail.p_value(score)
        return p


def _thinned(model: Model) -> Model:
    step = 1 + int(len(model.current.trials) + len(model.baseline.trials)) // MOST_ROWS
    if step == 1:
        return model
    periods = [
        Counts(x.codes[::step], x.trials[::step], x.events[::step], x.weight[::step])
        for x in (model.baseline, model.current)
    ]
    few = Model(*periods, model.levels, model.agents, None if model.given is None else model.given[::step])
    few.sway = model.sway
    return few


def highest(model: Model, rng: np.random.Generator) -> Array:
    """The highest score of each of `WORLDS` × `REPEATS` periods in which nothing changed.

    Every world draws what the baseline leaves open (effects of values, skill of agents, pairs of values that do not
    add up, agents' weeks), the same for both periods; each is drawn `REPEATS` times.

    Parameters
    ----------
    model : Model
    rng : Generator

    Returns
    -------
    ndarray of float, shape (WORLDS × REPEATS,)
    """
    intercept, effects = model.fitted.worlds(rng, WORLDS)
    pairs = [pair.doubt[:, None] * rng.standard_normal((len(pair.doubt), WORLDS)) for pair in model.pairs]
    totals = []
    periods = zip(
        ("baseline", "current"), (model.baseline, model.current), model.log_odds, model.known, strict=True
    )
    for side, counts, log_odds, known in periods:
        if model.given is None:
            shift = np.repeat(intercept[None, :], len(log_odds), axis=0)
            for effect, codes in zip(effects, counts.codes.T, strict=True):
                shift += effect[codes]
            for pair, drawn in zip(model.pairs, pairs, strict=True):
                shift += drawn[pair.of(counts.codes)]
            odds = log_odds[:, None] + shift * (OWN_EVENTS / (OWN_EVENTS + known))[:, None]
        else:
            odds = np.repeat(log_odds[:, None], WORLDS, axis=1)
        if model.sway and side == "current":
            weeks = np.sqrt(model.sway) * rng.standard_normal((model.levels[model.agents], WORLDS))
            odds += (weeks - model.sway / 2)[counts.codes[:, model.agents]]
        cell, replicate, events = simulate(rng, odds, counts.trials, REPEATS)
        amount = events * counts.weight[cell]
        totals.append(replicate_sums(model.slices, side, cell, replicate, amount, WORLDS * REPEATS))
    if model.given is not None:
        totals[0] = np.zeros_like(totals[0])
    return highest_scores(model.slices, model.members, model.yardstick(model.chance[1]), totals[1], totals[0])
