"""What to expect of every cell and slice of the current period when no rate changed, and how far chance may take it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy import special

from labelqa_lib.stats.expected import Expected, expected
from labelqa_lib.stats.expected_pairs import Pair, pair_effects
from labelqa_lib.stats.scan_members import Members, grouped
from labelqa_lib.stats.scan_score import Yardstick, slice_costs
from labelqa_lib.stats.scan_slices import MOST_COMBINATIONS, Codes, Slices, same_codes

Array = NDArray[np.float64]
Where = dict[int, tuple[int, ...]]
"""Dimension → values."""

OWN_EVENTS = 20.0  # of the model, against which a cell's own baseline is weighed
DENSE = 5.0  # events of a cell
LEAST_INTERACTION = 0.04  # variance of log rates that the model leaves, at least: rates never just add up
LEAST_SPREAD = 0.1  # the same for the values of one dimension, which are hardly ever alike
LEAST_UNKNOWN = 0.005  # variance below which a value counts as known
CERTAIN = 1e7  # events behind an expectation that is given, not estimated


@dataclass(frozen=True)
class Counts:
    """Cells of one period: `codes` (cells, dimensions); `trials`, `events` and `weight` of one trial (cells,)."""

    codes: Codes
    trials: Array
    events: Array
    weight: Array

    def within(self, where: Where) -> NDArray[np.bool_]:
        inside = np.ones(len(self.codes), bool)
        for place, values in where.items():
            inside &= np.isin(self.codes[:, place], values)
        return inside

    def information(self, chance: Array) -> Array:
        return self.weight * self.trials * chance * (1 - chance)

    def variance(self, chance: Array) -> Array:
        return self.weight**2 * self.trials * chance * (1 - chance)


class Model:
    """Both periods, and the chance of an event in every cell had nothing changed.

    Parameters
    ----------
    baseline, current : Counts
    levels : sequence of int
        Values per dimension.
    agents : int or None
        The dimension that names agents.
    given : ndarray of float, shape (current cells,), optional
        Chances that are given (a target); the baseline is then not looked at.
    """

    def __init__(
        self, baseline: Counts, current: Counts, levels: Sequence[int], agents: int | None, given: Array | None = None
    ):
        self.baseline, self.current, self.levels, self.agents, self.given = baseline, current, levels, agents, given
        self.alone = set() if agents is None else {agents}
        self.slices = Slices(baseline.codes, current.codes, levels, current.trials, self.alone)
        self.cost = slice_costs(self.slices, self.alone)
        # what a unit of weight is worth in rows, so that the scale of the weights says nothing
        self.worth = baseline.weight @ baseline.trials / max(baseline.weight**2 @ baseline.trials, 1e-300)
        worth = baseline.weight * self.worth
        self.fitted: Expected = expected(baseline.codes, levels, baseline.trials * worth, baseline.events * worth)
        self.pairs: list[Pair] = []
        if given is None:
            self.pairs = self._pairs(worth)
            self.log_odds, self.known = self._log_odds()
        else:
            self.log_odds = (self.fitted.log_odds(baseline.codes), special.logit(given))
            self.known = (np.full(len(baseline.trials), CERTAIN), np.full(len(given), CERTAIN))
        self.chance = tuple(special.expit(log_odds) for log_odds in self.log_odds)
        self.sway = 0.0
        self._restless: tuple[float, list] | None = None
        self.members = None if agents is None else self._members(agents)

    def _members(self, agents: int) -> Members | None:
        block = next((block for block in self.slices.blocks if block.dimensions == (agents,)), None)
        if block is None or len(block) < 2:
            return None
        numbers, c = block.first + np.arange(len(block)), self.current
        return grouped(agents, numbers, block.values[:, 0], c.codes, self.levels, c.trials)

    def _pairs(self, worth: Array) -> list[Pair]:
        crossed = [place for place in range(len(self.levels)) if place not in self.alone]
        b = self.baseline
        dense = b.events[b.events >= DENSE].sum() > b.events.sum() / 2  # cells then have a baseline of their own
        if dense or comb(len(crossed), 2) > MOST_COMBINATIONS:
            return []
        log_odds = self.fitted.log_odds(b.codes)
        return pair_effects(b.codes, self.levels, b.trials * worth, b.events * worth, log_odds, crossed)

    def _log_odds(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """What the dimensions add up to, drawn towards the cell's own baseline; and that baseline's expected events."""
        key, cells = same_codes(np.concatenate([self.baseline.codes, self.current.codes]), self.levels)
        then, now = np.split(key, [len(self.baseline.trials)])
        log_odds = [self.fitted.log_odds(counts.codes) for counts in (self.baseline, self.current)]
        for pair in self.pairs:
            for own, counts in zip(log_odds, (self.baseline, self.current), strict=True):
                own += pair.effect[pair.of(counts.codes)]
        model = np.bincount(then, self.baseline.trials * special.expit(log_odds[0]), cells)
        own = np.bincount(then, self.baseline.events, cells)
        nudge = np.log((own + OWN_EVENTS) / (model + OWN_EVENTS))
        return (log_odds[0] + nudge[then], log_odds[1] + nudge[now]), (model[then], model[now])

    def agents_sway(self, chance: Array) -> float:
        """Variance of agents' good and bad weeks on the log scale, from all but the tenth that stands out most.

        `chance` has the first cause explained, or its agents would pass for restless ones.
        """
        if self.agents is None:
            return 0.0
        if self.given is not None:
            return float(self.fitted.variances[self.agents])
        agent, size, c = self.current.codes[:, self.agents], self.levels[self.agents], self.current
        information = np.bincount(agent, c.information(chance), size)
        enough = information * self.worth >= 1
        if enough.sum() < 10:
            return 0.0
        rest = np.bincount(agent, c.weight * (c.events - c.trials * chance), size)[enough]
        variance = np.bincount(agent, c.variance(chance), size)[enough]
        unknown = (1 / (1 / self.fitted.variances[self.agents] + self._seen(self.agents)))[enough]
        information = information[enough]
        square = np.sort(rest**2 / (variance + information**2 * unknown))
        ordinary = square[: int(np.ceil(0.9 * len(square)))].mean() / 0.66  # mean of a χ²₁ cut at its upper tenth
        if ordinary < 1 + 2 * np.sqrt(1.3 / len(square)):
            return 0.0
        return float((ordinary - 1) * np.median(variance / information**2))

    def _seen(self, place: int) -> Array:
        """Information of the baseline about every value of a dimension."""
        information = self.baseline.information(self.chance[0]) * self.worth
        return np.bincount(self.baseline.codes[:, place], information, self.levels[place])

    @cached_property
    def then(self) -> tuple[Array, Array, Array]:
        """Events, expected events and their scale of every slice in the baseline."""
        if self.given is not None:
            nothing = np.zeros(self.slices.count)
            return nothing, nothing, nothing + 1
        b, sums = self.baseline, self.slices.sums
        forecast = sums(baseline=b.weight * b.trials * self.chance[0])
        return sums(baseline=b.weight * b.events), forecast, _scale(forecast, sums(baseline=b.variance(self.chance[0])))

    @cached_property
    def events(self) -> Array:
        """Events of every slice in the current period."""
        return self.slices.sums(current=self.current.weight * self.current.events)

    @cached_property
    def interaction(self) -> Array:
        """Variance of log rates, by number of dimensions, beyond what the model adds up; from the baseline."""
        events, forecast, scale = self.then
        seen, foreseen = events * scale, forecast * scale
        variance = np.array([1.0, 0.0, 0.0, 0.0])
        for depth in (2, 3):
            own = (self.slices.depth == depth) & (foreseen > 0)
            if own.any():
                excess = ((seen - foreseen)[own] ** 2 - foreseen[own]).sum() / (foreseen[own] ** 2).sum()
                variance[depth] = max(excess, 0.0)
        return variance

    @cached_property
    def unknown(self) -> list[Array]:
        """Per dimension and value: variance that it keeps because the baseline hardly had it."""
        spreads = np.maximum(self.fitted.variances, LEAST_SPREAD)
        return [spread / (1 + spread * self._seen(place)) ** 2 for place, spread in enumerate(spreads)]

    def together(self, information: Array, group: Codes, groups: int, places: Collection[int] = ()) -> Array:
        """Variance of groups of current cells because cells of one agent, or of one new value, err together.

        Σ over values of variance · (Σ information)²; `group` is each cell's group, `groups` for none. Of the
        dimensions of which a group has but one value (`places`) the prior of its comparison holds what is unknown.
        """
        total = np.zeros(groups)
        for place, variance, cells, value in self.restless:
            if place in places:
                variance = variance - self.unknown[place][self._uncertain(place)] if self.given is None else variance
                if not variance.any():
                    continue
            key = group[cells] * len(variance) + value
            sums = np.bincount(key, information[cells], (groups + 1) * len(variance))[: groups * len(variance)]
            total += sums.reshape(groups, len(variance)) ** 2 @ variance
        return total

    def _uncertain(self, place: int) -> Codes:
        return np.flatnonzero(self._variance(place) > LEAST_UNKNOWN)

    def _variance(self, place: int) -> Array:
        return self.unknown[place] * (self.given is None) + (self.sway if place == self.agents else 0.0)

    @property
    def restless(self) -> list[tuple[int, Array, Codes, Codes]]:
        """Per dimension with values that err together: their variance, the cells that have one, and which."""
        if self._restless is None or self._restless[0] != self.sway:
            found = []
            for place in range(len(self.levels)):
                values = self._uncertain(place)
                number = np.full(self.levels[place], -1)
                number[values] = np.arange(len(values))
                value = number[self.current.codes[:, place]]
                cells = np.flatnonzero(value >= 0)
                if len(cells):
                    found.append((place, self._variance(place)[values], cells, value[cells]))
            self._restless = (self.sway, found)
        return self._restless[1]

    @cached_property
    def prior(self) -> Array:
        """Events for which the expectation counts beside a slice's own baseline."""
        if self.given is not None:
            return np.full(self.slices.count, CERTAIN)
        return 1 / np.concatenate([self.own_variance(block.dimensions, block.values) for block in self.slices.blocks])

    def own_variance(self, places: Sequence[int], values: Codes) -> Array:
        """Variance of log rates that the model leaves to slices of their own: of shape (slices,), as `values` has rows.

        A single value's is its dimension's; a combination's is what does not add up, and what is unknown of its values.
        """
        if len(places) == 1:
            return np.full(len(values), max(self.fitted.variances[places[0]], LEAST_SPREAD))
        own = np.full(len(values), max(self.interaction[min(len(places), 3)], LEAST_INTERACTION))
        for place, value in zip(places, values.T, strict=True):
            own += self.unknown[place][value]
        return own

    def yardstick(self, chance: Array) -> Yardstick:
        """Expectations of every slice when `chance` holds in the current cells."""
        c, sums = self.current, self.slices.sums
        forecast, variance = sums(current=c.weight * c.trials * chance), sums(current=c.variance(chance))
        information = c.information(chance)
        shared = [
            self.together(information, block.current, len(block), block.dimensions) for block in self.slices.blocks
        ]
        variance = variance + np.concatenate(shared)
        return Yardstick(forecast, _scale(forecast, variance), self.then[1], self.then[2], self.prior, self.cost)


def _scale(forecast: Array, variance: Array) -> Array:
    return np.divide(forecast, variance, out=np.ones_like(forecast), where=variance > 0)
