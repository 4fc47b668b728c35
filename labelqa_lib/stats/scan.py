"""Where did a rate rise? A likelihood scan over slices of up to three dimensions and over sets of values.

Why it is built so
------------------
*Counts, not forecasts.* A slice is scored by the likelihood ratio of "its rate rose" against "it stayed", two counts
against two (Kulldorff 1997), as binomial scans of errors do (Zhang & Neill 2016, "Identifying significant predictive
bias in classifiers"; McFowland, Speakman & Neill 2013, "Fast generalized subset scan"). Methods that compare forecasts
(Squeeze, Li et al. 2019; RiskLoc, Kalander 2022) ignore how many rows a number rests on, and fall for thin slices.

*Expected from the slice's own baseline.* A model that only adds up effects is wrong for some slice, and a week with
more of that slice looks like a change. Every slice is compared with itself; the model (ridge logistic, agents' skill
included) corrects for the mix inside the slice and stands in where its baseline is thin.

*Sets of values* come from the order of excess (linear-time subset scanning, Neill 2012), so that they cost one sort.

*Agents* are too many for a best set to be a good witness: `scan_members` averages over all sets of them, among all and
among those of one site, and names who is more likely than not among them.

*What remains.* The choice between slices also subtracts the likelihood ratio of everything outside (RobustSpot and
RiskLoc ask the same in other words): a fragment of the true segment leaves the rest of it unexplained.

*The search is paid for* twice over: each kind of cause has a share of the chance given beforehand, and the p value is
that of the highest score anywhere in periods simulated without change, agents kept whole (parametric bootstrap).

*Second causes* are looked for with the first explained away, then every cause is looked for again beside the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from labelqa_lib.stats.scan_best import Best, likeliest, members_score
from labelqa_lib.stats.scan_measure import Measured, cost, likelihood, measure, rise
from labelqa_lib.stats.scan_model import OWN_EVENTS, Counts, Model, Where
from labelqa_lib.stats.scan_score import largest_set
from labelqa_lib.stats.scan_worlds import Worlds

__all__ = ["Counts", "Found", "Model", "find_rises"]

Array = NDArray[np.float64]

MOST_CAUSES = 8
SET_MARGIN = 0.2  # a set of values has to explain so much more than the best plain slice
CHANGE_MARGIN = 3.0  # log likelihood that a cause has to gain to be replaced beside the others
UNEVEN = 1.5  # dispersion of counted cells above which descriptions are not refined
WIDEN_MARGIN = 1.5  # log odds of a further value, beyond the choice among the others


@dataclass(frozen=True)
class Found:
    """A segment whose rate rose.

    Attributes
    ----------
    where : dict of int to tuple of int
        Dimension → values; empty for everything.
    p_value : float
    gain : float
        Log likelihood ratio beside the other causes.
    events, expected, excess, low, high : float
        Weighted events, those expected had nothing changed, their difference and its 95 % interval.
    alternatives : tuple
        The next best plain slices for the same excess.
    """

    where: Where
    p_value: float
    gain: float
    events: float
    expected: float
    excess: float
    low: float
    high: float
    alternatives: tuple[Where, ...] = ()


def find_rises(model: Model, alpha: float, seed: int) -> list[Found]:
    """Segments whose rate rose, the most certain first; empty where nothing stands out at `alpha`."""
    return _Search(model, alpha, seed).run()


class _Search:
    def __init__(self, model: Model, alpha: float, seed: int):
        self.model, self.alpha = model, alpha
        self.ranked: tuple[Where, ...] = ()  # plain slices, as of the last look
        self.uneven = True  # until it is known
        first = rise(model, model.chance[1], self._best(model.chance[1]))
        self.dispersion, self.unevenness = self._dispersion(first)
        self.uneven = max(self.dispersion, self.unevenness) > UNEVEN
        model.sway = model.agents_sway(first)
        self.worlds = Worlds(model, seed)

    def run(self) -> list[Found]:
        found: list[Where] = []
        for _ in range(MOST_CAUSES):
            chance = self._explained(found)
            best = self._likeliest(chance)
            sure = [
                where
                for where in (best.where, best.surest)
                if where not in found and self._p_value(measure(self.model, where, chance), chance) <= self.alpha
            ]
            if not sure:
                break
            found = self._settled([*found, sure[0]])
        kept = [self._told(place, found) for place in range(len(found))]
        return sorted((one for one in kept if one.p_value <= self.alpha), key=lambda one: -one.gain)

    def _likeliest(self, chance: Array) -> Best:
        return likeliest(self.model, chance, SET_MARGIN if self.uneven else 0.0)

    def _best(self, chance: Array) -> Where:
        best = self._likeliest(chance)
        self.ranked = best.ranked
        return best.where

    def _p_value(self, one: Measured, chance: Array) -> float:
        score, members = one.gain / self.dispersion - one.cost, self.model.members
        if members is not None and one.where.keys() == {members.dimension}:
            score = max(score, members_score(self.model, chance, one.where, self.dispersion))
        return self.worlds.p_value(score)

    def _explained(self, found: list[Where], but: Where | None = None) -> Array:
        chance = self.model.chance[1]
        for where in found:
            if where is not but:
                chance = rise(self.model, chance, where)
        return chance

    def _settled(self, found: list[Where]) -> list[Where]:
        """Look for every cause again beside the others, widen it to values that rose with it, join two that are one."""
        if self.uneven:  # causes are uneven inside: to look closer would tell that, not where they are
            last = self._narrowed(found[-1], self._explained(found[:-1]))
            return found if last in found else [*found[:-1], last]
        for place in range(len(found)):
            chance = self._explained(found, found[place])
            where = self._best(chance) if len(found) > 1 else found[place]
            margin = max(CHANGE_MARGIN, SET_MARGIN * measure(self.model, found[place], chance).gain / self.unevenness)
            if where not in found and self._better(chance, [found[place]], [where]) > margin:
                found = [*found[:place], where, *found[place + 1 :]]
            where = self._narrowed(self._widened(found[place], chance), chance)
            if where not in found:
                found = [*found[:place], where, *found[place + 1 :]]
        for one, other in combinations(found, 2):
            both = _joined(one, other)
            rest = [where for where in found if where not in (one, other)]
            if both and both not in found and self._better(self._explained(rest), [one, other], [both]) > 0:
                return self._settled([both, *rest])
        return found

    def _widened(self, where: Where, chance: Array) -> Where:
        """Values beside those of the segment that rose about as much: one cause, not two."""
        core = measure(self.model, where, chance)
        for place, values in where.items():
            if place in self.model.alone:  # agents are chosen together
                continue
            others = [value for value in range(self.model.levels[place]) if value not in values]
            most = largest_set(np.array(self.model.levels[place]))
            beside = [measure(self.model, {**where, place: (value,)}, chance) for value in others]
            beside.sort(key=lambda one: -one.gain)
            for one in beside[: max(int(most) - len(values), 0)]:
                likely = one.gain / self.unevenness > np.log(len(others)) + WIDEN_MARGIN
                if not likely or np.log(one.events / one.expected) < 0.5 * np.log(core.events / core.expected):
                    break
                where = {**where, place: tuple(sorted({*where[place], *one.where[place]}))}
        return self._plainer(where, chance, core)

    def _narrowed(self, where: Where, chance: Array) -> Where:
        """Without the values that the other causes explain."""
        for place in [place for place, values in where.items() if place not in self.model.alone]:
            while len(where[place]) > 1:
                less = [{**where, place: tuple(v for v in where[place] if v != value)} for value in where[place]]
                better = [self._better(chance, [where], [one]) for one in less]
                if max(better) <= 0:
                    break
                where = less[int(np.argmax(better))]
        return where

    def _plainer(self, where: Where, chance: Array, core: Measured) -> Where:
        """Without the dimensions in which several values rose, where that explains nearly as much as they or `core`."""
        where = {place: values for place, values in where.items() if len(values) < self.model.levels[place]}
        for place in [place for place, values in where.items() if len(values) > 1 and place not in self.model.alone]:
            rest = {other: values for other, values in where.items() if other != place}
            less, more = measure(self.model, rest, chance), measure(self.model, where, chance)
            if less.gain - less.cost >= max(more.gain - more.cost, core.gain - core.cost):
                where = rest
        return where

    def _better(self, chance: Array, old: list[Where], new: list[Where]) -> float:
        """By how much one description of some errors is likelier than another, costs included."""
        gains = []
        for causes in (old, new):
            raised = chance
            for where in causes:
                raised = rise(self.model, raised, where)
            gains.append(
                likelihood(self.model, raised) / self.unevenness - sum(cost(self.model, where) for where in causes)
            )
        return gains[1] - gains[0]

    def _dispersion(self, chance: Array) -> tuple[float, float]:
        """How much more cells vary than counts do, beside the first cause: by the median cell, and over all of them.

        The median cell is hardly moved by further causes and says what is noise (0.455 is the median of a χ²₁). All
        cells together say how uneven a cause is inside, against which descriptions of it have to be told apart. Both
        are 1 where cells hold few events, as rows that are not counted together do.
        """
        c, known = self.model.current, self.model.known[1]
        forecast = c.trials * chance
        dense = (forecast >= 2) & (known > 0)
        if dense.sum() < 10:
            return 1.0, 1.0
        variance = np.maximum(forecast * (1 - chance) * (1 + forecast / (known + OWN_EVENTS)), 1e-9)[dense]
        square = (c.events - forecast)[dense] ** 2
        return max(1.0, float(np.median(square / variance)) / 0.455), max(1.0, float(square.sum() / variance.sum()))

    def _told(self, place: int, found: list[Where]) -> Found:
        where = found[place]
        self._best(self._explained(found[:place]))
        chance = self._explained(found[:place] if self.uneven else found, where)
        one = measure(self.model, where, chance)
        error = one.error * sqrt(self.dispersion) * 1.96
        excess = one.events - one.expected
        return Found(
            where, self._p_value(one, chance), one.gain, one.events, one.expected, excess, excess - error, excess + error,
            tuple(other for other in self.ranked if other != where)[:2],
        )  # fmt: skip


def _joined(one: Where, other: Where) -> Where | None:
    """One segment for two that differ in the values of a single dimension."""
    if one.keys() != other.keys():
        return None
    differ = [place for place in one if one[place] != other[place]]
    return {**one, differ[0]: tuple(sorted({*one[differ[0]], *other[differ[0]]}))} if len(differ) == 1 else None
