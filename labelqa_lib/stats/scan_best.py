"""The one segment that explains most of what is left: plain slices, sets of values and members, on one scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from labelqa_lib.stats.scan_members import RATIOS, evidence, group_scores, whole_group, worse, worse_of_all
from labelqa_lib.stats.scan_model import Model, Where
from labelqa_lib.stats.scan_score import Yardstick, best_sets, likelihood_ratio

Array = NDArray[np.float64]

LINES_TRIED = 5
MOST_MEMBERS = 0.5  # of all; where more of them rose it is everybody


@dataclass(frozen=True)
class Best:
    """The likeliest segment, the one that stands out most whatever is left outside of it, and the next plain slices."""

    where: Where
    surest: Where
    ranked: tuple[Where, ...]


def likeliest(model: Model, chance: Array, margin: float = 0.0) -> Best:
    """Which segment is the likeliest, given that the current cells are expected to show `chance`?

    Every candidate's log likelihood ratio, less −log of the chance given to it beforehand, less the log likelihood
    ratio of a rise in everything outside it: a fragment of the true segment leaves the rest of that unexplained.

    Parameters
    ----------
    model : Model
    chance : ndarray of float, shape (current cells,)
    margin : float
        Share of the best plain slice's ratio that a set has to gain beyond it.
    """
    look = _Look(model, chance)
    ranked = np.argsort(-look.plain, kind="stable")[:4]
    where, score = model.slices.describe(int(ranked[0])), look.plain[ranked[0]]
    alone = look.gain - look.yardstick.cost
    surest, highest = model.slices.describe(int(alone.argmax())), float(alone.max())
    least = margin * look.gain[ranked[0]]
    for total, own, segment in chain(look.sets(), look.members()):
        if total - least > score:
            where, score = segment, total - least
        if own > highest:
            surest, highest = segment, own
    chosen = [look.all_members(one) for one in (where, surest)]
    return Best(*chosen, tuple(model.slices.describe(int(number)) for number in ranked))


def members_score(model: Model, chance: Array, where: Where, dispersion: float) -> float:
    """Score of "some members got worse", averaged over who, in the likeliest group that holds those of `where`."""
    look, members = _Look(model, chance), model.members
    inside = np.isin(members.values, where[members.dimension])
    scores = group_scores(members, look.own)
    best = -np.inf
    for group, score, cost in zip(members.groups, scores, members.costs, strict=True):
        held = np.unique(group[inside])
        if len(held) == 1 and held[0] >= 0:
            best = max(best, float(score[held[0], 0]) / dispersion - cost)
    return best


class _Look:
    def __init__(self, model: Model, chance: Array):
        self.model, self.slices = model, model.slices
        self.yardstick: Yardstick = model.yardstick(chance)
        self.effective = self.yardstick.effective(model.events[:, None], model.then[0][:, None])
        self.gain = likelihood_ratio(*self.effective)[:, 0]
        every = self._outside(model.events, self.yardstick.now_expected, *model.then[:2])
        self.plain = self.gain - self.yardstick.cost - every
        if model.members is not None:
            self.own = tuple(amount[model.members.slices] for amount in self.effective)

    def sets(self) -> Iterator[tuple[float, float, Where]]:
        """Likeliest sets of values: their score, the same before what is left outside of them counts, and the segment."""
        for lines in self.slices.lines:
            sets = best_sets(lines, self.effective, self.yardstick.prior, len(self.slices.lines))
            for line in np.argsort(-sets.score[:, 0], kind="stable")[:LINES_TRIED]:
                if not np.isfinite(sets.score[line, 0]):
                    break
                chosen = lines.slices[line, sets.order[line, : sets.size[line, 0], 0]]
                place = int(lines.dimension[line])
                values = sorted(self.slices.describe(int(number))[place][0] for number in chosen)
                segment = {**self.slices.describe(int(chosen[0])), place: tuple(values)}
                score = float(sets.score[line, 0])
                yield score - self._left(chosen), score, segment

    def members(self) -> Iterator[tuple[float, float, Where]]:
        """The same for members of everybody and of the likeliest group."""
        members = self.model.members
        if members is None:
            return
        for grouping, scores in enumerate(group_scores(members, self.own)):
            group = int(scores[:, 0].argmax())
            chosen = worse(members, self.own, grouping, group)
            if len(chosen) > MOST_MEMBERS * len(members.values):
                continue
            segment = {members.dimension: tuple(sorted(int(value) for value in members.values[chosen]))}
            shared = self._shared_at_home(grouping, group) if grouping else self._shared(chosen)
            score = float(scores[group, 0]) - members.costs[grouping]
            yield score - shared - self._left(members.slices[chosen]), score, segment

    def _shared(self, chosen: NDArray[np.int64]) -> float:
        """By how much members judged one by one overstate what they say together.

        Each is trusted to the model's expectation anew; a site's rise, told as that of all its agents, would be so
        many times as sure.
        """
        own = tuple(amount[chosen] for amount in self.own)
        single = max(float(evidence(own, ratio).sum()) for ratio in RATIOS)
        surplus = (len(chosen) - 1) * self.yardstick.prior[self.model.members.slices[chosen[0]]]
        now, now_expected, then, then_expected = (amount.sum(0) for amount in own)
        together = likelihood_ratio(now, now_expected, then - surplus, then_expected - surplus)
        return max(single - float(together[0]), 0.0)

    def _shared_at_home(self, grouping: int, group: int) -> float:
        """The same for members of one group: by how much they overstate a rise of all of it."""
        place, values = self.model.members.homes[grouping - 1]
        block = next(block for block in self.slices.blocks if block.dimensions == (place,))
        number = block.first + int(np.flatnonzero(block.values[:, 0] == values[group])[0])
        return max(whole_group(self.model.members, self.own, grouping, group) - float(self.gain[number]), 0.0)

    def all_members(self, where: Where) -> Where:
        """The members of a segment that names some, as all groups together tell them; another segment as it is."""
        members = self.model.members
        if members is None or where.keys() != {members.dimension}:
            return where
        values = members.values[worse_of_all(members, self.own)]
        if len(values) > MOST_MEMBERS * len(members.values):
            return where
        return {members.dimension: tuple(sorted(map(int, values)))}

    def _left(self, chosen: NDArray[np.int64]) -> float:
        parts = (self.model.events, self.yardstick.now_expected, *self.model.then[:2])
        return float(self._outside(*(amount[chosen].sum(keepdims=True) for amount in parts))[0])

    def _outside(self, events: Array, forecast: Array, then: Array, foreseen: Array) -> Array:
        """Log likelihood ratio of a rise in everything outside segments, from what is inside."""
        whole = 0  # the first slice holds every cell
        before, expected_before, scale = (amount[whole] for amount in self.model.then)
        now_scale, prior = self.yardstick.now_scale[whole], self.yardstick.prior[whole]
        rest = (
            (self.model.events[whole] - events) * now_scale,
            (self.yardstick.now_expected[whole] - forecast) * now_scale,
            (before - then) * scale + prior,
            (expected_before - foreseen) * scale + prior,
        )
        outside = likelihood_ratio(*(np.maximum(amount, 1e-9) for amount in rest))
        return np.where(rest[1] > 1e-6, outside, 0)
