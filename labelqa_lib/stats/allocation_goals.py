"""How many rows to take from each stratum for several means at once, each with a margin of its own, at least cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.allocation import affordable, positive, strata_bounds
from labelqa_lib.stats.allocation_prices import fewest_rows

@dataclass(frozen=True)
class Allocation:
    """Rows to take from each stratum.

    Attributes
    ----------
    n : array of int
        One entry per stratum, from its minimum to its maximum.
    cost : float
        Σ cost·n.
    stretch : float
        By how much the goals' margins had to be widened to fit the budget; 1 where all goals are met as asked.
    met : array of float
        One entry per goal: variance reached / variance asked for; at most stretch². Empty without goals.
    reason : str
        What stood in the way, as a sentence; "" where nothing did.
    """

    n: np.ndarray
    cost: float
    stretch: float
    met: np.ndarray
    reason: str


def meet_goals(
    share: ArrayLike,
    variance: ArrayLike,
    population: ArrayLike,
    cost: ArrayLike = 1.0,
    minimum: ArrayLike = 0,
    budget: float | None = None,
) -> Allocation:
    """What is the cheapest sample that meets every goal; and if it costs more than there is, how near can one come?

    Parameters
    ----------
    share : array of float, shape (goals, strata)
        (W_h S_h)² of each stratum in the mean that a goal speaks of, W_h its share of that mean's population; 0 for
        strata outside it.
    variance : array of float
        One entry per goal: the variance that its mean may have, p(1 − p) / `sizing.effective_size(p, margin)` for a
        rate; above 0.
    population, minimum
        As in `proportional`. Strata that a goal speaks of get at least one row.
    cost : array of float
        Of one row of each stratum, above 0 (hours).
    budget : float, optional
        What all rows together may cost. Where the goals need more, every margin is widened by one factor, `stretch`,
        until they fit.

    Returns
    -------
    Allocation

    Raises
    ------
    UsageError
        When a stratum holds no row, a number is out of range, or the minima alone cost more than the budget.

    Notes
    -----
    Minimise Σ c_h n_h subject to Σ_h a_gh (1/n_h − 1/N_h) ≤ V_g and minimum ≤ n_h ≤ N_h: convex. Solved through its
    dual, a concave function of one price λ per goal (`allocation_prices`): given prices, n_h = √(Σ_g λ_g a_gh / c_h)
    within its bounds. Rounded up; then single rows are taken away, dearest first, as long as all goals hold.
    Source: Huddleston, Claypool & Hocking (1970), JRSS C 19:273; Bethel (1989), Surv. Methodol. 15:47.
    """
    share = np.atleast_2d(np.asarray(share, dtype=float))
    goals = positive("variance", variance, len(share))
    strata = np.size(population)
    if share.shape != (len(goals), strata) or not (share >= 0).all():
        raise UsageError(f"share has shape {share.shape}; give {len(goals)} goals × {strata} strata, none below 0")
    population, minimum = strata_bounds(population, minimum, least=np.any(share > 0, axis=0))
    cost = positive("cost", cost, strata)
    if budget is not None:
        affordable(cost, minimum, budget)
    problem = _Problem(share, goals, population, cost, minimum)
    n, stretch, reason = problem.cheapest(1.0), 1.0, ""
    if budget is not None and cost @ n > budget:
        reason = f"the goals need {cost @ n:.4g} and the budget is {budget:.4g}; "
        n, stretch = problem.within(budget)
        reason += f"within it all margins can be had {stretch:.2f} times as wide"
    return Allocation(n, float(cost @ n), stretch, problem.variances(n) / goals, reason)


@dataclass(frozen=True)
class _Problem:
    share: np.ndarray
    goals: np.ndarray
    population: np.ndarray
    cost: np.ndarray
    minimum: np.ndarray

    def variances(self, n: np.ndarray) -> np.ndarray:
        return self.share @ (1 / np.maximum(n, 1) - 1 / self.population)

    def cheapest(self, stretch: float) -> np.ndarray:
        """Whole rows that meet all goals with margins `stretch` times as wide."""
        # all there is meets every goal, whatever rounding does
        limit = (self.goals * stretch**2 + self.share @ (1 / self.population)) * (1 + 1e-12)
        need = self.share / limit[:, None]
        n = np.ceil(fewest_rows(need, self.cost, self.minimum, self.population) - 1e-6).astype(np.int64)
        while True:
            # the solver stops a hair before the goal at times
            missed = need @ (1 / np.maximum(n, 1)) > 1
            if not missed.any():
                return self._pruned(need, n)
            gain = need[missed].sum(axis=0) / (n * (n + 1.0)).clip(1) / self.cost
            n[np.argmax(np.where(n < self.population, gain, -1.0))] += 1

    def _pruned(self, need: np.ndarray, n: np.ndarray) -> np.ndarray:
        """Without the rows that no goal needs, from the dearest stratum to the cheapest."""
        order = np.argsort(-self.cost, kind="stable")
        n, need, least = n[order], need[:, order], self.minimum[order]
        used = need @ (1 / np.maximum(n, 1))
        lost = need * (1 / np.maximum(n - 1, 1) - 1 / np.maximum(n, 1))  # by the goals, with one row less there
        place = 0
        while True:
            # what cannot lose a row now cannot later, when others have lost theirs
            spare = (n[place:] > least[place:]) & ~(used[:, None] + lost[:, place:] > 1).any(axis=0)
            if not spare.any():
                return n[np.argsort(order)]
            place += int(np.argmax(spare))
            used, n[place] = used + lost[:, place], n[place] - 1
            lost[:, place] = need[:, place] * (1 / max(n[place] - 1, 1) - 1 / max(n[place], 1))

    def within(self, budget: float) -> tuple[np.ndarray, float]:
        """The least stretch of all margins, to 0.1 %, whose cheapest rows fit the budget."""
        low, high = 1.0, float(np.sqrt(np.max(self.variances(self.minimum) / self.goals))) * 1.001
        best = self.minimum
        while high > low * 1.001:
            middle = np.sqrt(low * high)
            n = self.cheapest(middle)
            low, high, best = (low, middle, n) if self.cost @ n <= budget else (middle, high, best)
        return best, high
