"""One segment measured: how many events beyond the expected, how much likelier that is, and what remains without it."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from labelqa_lib.stats.scan_model import CERTAIN, Model, Where
from labelqa_lib.stats.scan_score import ALONE_SHARE, SET_GROWS, SHARES, likelihood_ratio

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """Evidence for one segment beside what is explained already.

    Attributes
    ----------
    gain, cost : float
        Log likelihood ratio of a rise, and −log of the chance given beforehand to such a segment.
    events, expected, error : float
        Weighted events, those expected, and the standard error of their difference.
    """

    where: Where
    gain: float
    cost: float
    events: float
    expected: float
    error: float


def measure(model: Model, where: Where, chance: Array) -> Measured:
    """How much did the rate of a segment rise, when `chance` is expected of the current cells?"""
    c, b = model.current, model.baseline
    now, then = c.within(where), b.within(where)
    weight = c.weight[now]
    events, forecast = weight @ c.events[now], weight @ (c.trials[now] * chance[now])
    variance = c.variance(chance)[now].sum()
    information = c.information(chance)
    single = tuple(place for place, values in where.items() if len(values) == 1)
    variance += model.together(information, np.where(now, 0, 1), 1, single)[0]
    scale = forecast / variance if variance > 0 else 1.0
    if model.given is not None:
        seen, foreseen, then_scale, prior = 0.0, 0.0, 1.0, CERTAIN
    else:
        seen, foreseen = b.weight[then] @ b.events[then], b.weight[then] @ (b.trials[then] * model.chance[0][then])
        then_variance = b.variance(model.chance[0])[then].sum()
        then_scale = foreseen / then_variance if then_variance > 0 else 1.0
        own = model.own_variance(tuple(where), np.array([[values[0] for values in where.values()]], int))
        prior = 1 / float(own[0])
    before, expected_before = seen * then_scale + prior, foreseen * then_scale + prior
    effective = (events * scale, forecast * scale, before, expected_before)
    gain = float(likelihood_ratio(*map(np.asarray, effective))) if events > 0 and forecast > 0 else 0.0
    ratio = before / expected_before
    noise = max(events, forecast * ratio) / scale + forecast**2 * ratio / expected_before
    return Measured(where, gain, cost(model, where), float(events), float(forecast * ratio), sqrt(noise))


def cost(model: Model, where: Where) -> float:
    """−log of the chance given beforehand: to the kind of segment, to it among its kind, and to sets of values."""
    slices = model.slices
    apart = bool(where) and set(where) <= model.alone
    alike = [block for block in slices.blocks if len(block.dimensions) == len(where)]
    number = sum(len(block) for block in alike if (bool(where) and set(block.dimensions) <= model.alone) == apart)
    total = log(max(number, 1)) - log(ALONE_SHARE if apart else SHARES[len(where)])
    for place, values in where.items():
        size, chosen = model.levels[place], len(values)
        total += log(comb(size, chosen)) - log(size) + (chosen - 1) * log(SET_GROWS)
    return total


def rise(model: Model, chance: Array, where: Where) -> Array:
    """Chances with the events of a segment explained: its log-odds raised as far as its events say."""
    c = model.current
    inside = c.within(where)
    weight, trials, events = c.weight[inside], c.trials[inside], c.events[inside]
    odds, shift = special.logit(np.clip(chance[inside], 1e-12, 1 - 1e-12)), 0.0
    for _ in range(50):
        raised = special.expit(odds + shift)
        slope = weight @ (trials * raised * (1 - raised))
        step = np.clip((weight @ (events - trials * raised)) / max(slope, 1e-9), -1, 1)
        shift = min(shift + step, 20.0)
        if abs(step) < 1e-6:
            break
    chance = chance.copy()
    chance[inside] = special.expit(odds + max(shift, 0.0))
    return chance


def likelihood(model: Model, chance: Array) -> float:
    """Log likelihood of the current cells, weights scaled to the effective number of trials."""
    c = model.current
    scale = c.weight @ c.trials / max(c.weight**2 @ c.trials, 1e-300)
    known = np.clip(chance, 1e-12, 1 - 1e-12)
    return float(scale * (c.weight @ (c.events * np.log(known) + (c.trials - c.events) * np.log1p(-known))))
