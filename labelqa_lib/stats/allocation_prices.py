"""Fractional rows that meet several goals at least cost, through the price of each goal: the dual of `allocation_goals`.

Given a price λ per goal, the cheapest rows of a stratum are n_h = √(Σ_g λ_g need_gh / cost_h) within its bounds; the best
prices are those at which every goal with a price is just met, and every other is met besides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

_STEPS, _FEW, _MANY = 60, (1.0, 0.5, 0.25), (1.0, 0.5, 0.25, 0.1, 0.03, 0.01)
"""Newton's steps at most, and the parts of a step that are tried."""

_OFF = 1e-9
"""So near to 1 is what a goal with a price is told."""

_RIDGE, _ROUNDING = 1e-10, 1e-12


def fewest_rows(need: np.ndarray, cost: np.ndarray, minimum: np.ndarray, population: np.ndarray) -> np.ndarray:
    """Which fractional rows of each stratum meet every goal at least cost?

    Parameters
    ----------
    need : array of float, shape (goals, strata)
        A goal is met where Σ_h need_gh / n_h ≤ 1; at least 0.
    cost : array of float, shape (strata,)
        Of a row, above 0.
    minimum, population : array of int, shape (strata,)
        Bounds of the rows; where a goal needs a stratum, its minimum is at least 1.

    Returns
    -------
    array of float, shape (strata,)
        Where no rows meet a goal, nearly all there are.

    Notes
    -----
    Newton's method for 1 / (Σ need / n)² = 1, which is linear in the price of a goal that stands alone, with prices kept
    from below 0 by non-negative least squares (a linear complementarity problem); as long as the dual grows. Where it
    does not, L-BFGS-B goes on from there. That alone took ten times as long, and its BLAS threads spin on matrices of
    six rows. Source: Pang (1990), Math. Oper. Res. 15:311 (Newton's method for complementarity problems).
    """
    return _best(_Dual(need, cost, minimum, population)).rows


def _best(dual: _Dual) -> _At:
    at = dual.start()
    for _step in range(_STEPS):
        if at.off < _OFF:
            return at
        better = dual.better(at)
        if better is None:
            break
        at = better
    return dual.patiently()


@dataclass(frozen=True)
class _At:
    """Prices, the rows that they buy, what those tell each goal (met up to 1), the dual's value, and by how much the
    goal furthest off is missed, or met for more than it needs."""

    price: np.ndarray
    rows: np.ndarray
    told: np.ndarray
    value: float
    off: float


@dataclass(frozen=True)
class _Dual:
    need: np.ndarray
    cost: np.ndarray
    minimum: np.ndarray
    population: np.ndarray

    def at(self, price: np.ndarray) -> _At:
        wanted = np.sqrt(price @ self.need / self.cost)
        rows = np.minimum(np.maximum(wanted, self.minimum), self.population)
        told = self.need @ (1 / np.maximum(rows, 1))
        missed = told - 1
        off = np.where(price > 0, np.abs(missed), missed).max(initial=0.0)
        return _At(price, rows, told, self.cost @ rows + price @ missed, off)

    def alone(self) -> np.ndarray:
        """Each goal's price, were it the only one and without bounds."""
        return np.sqrt(self.need * self.cost).sum(axis=1) ** 2

    def start(self) -> _At:
        """A share of those prices for each; then all so much higher or lower that the goal missed most is just met: rows
        grow as the root of all prices together."""
        at = self.at(self.alone() / len(self.need))
        return self.at(at.price * at.told.max(initial=0.0) ** 2)

    def better(self, at: _At) -> _At | None:
        """Newton's step, or the part of it with which the dual grows; None where it does not."""
        inside = (at.rows > self.minimum) & (at.rows < self.population)
        slope = (self.need * (inside / (self.cost * np.maximum(at.rows, 1) ** 3))) @ self.need.T
        weight = slope.trace()
        if not weight > 0:
            # every stratum is at a bound: without any price, too, or for want of rows
            free = self.at(np.zeros(len(slope)))
            return free if free.off < _OFF else None
        slope[np.diag_indices(len(slope))] += _RIDGE * weight
        root = np.linalg.cholesky(slope)
        # the second is Newton's step for the dual itself, along which it grows at first, whatever the first does
        for wanted, shares in ((at.told**3 - at.told, _FEW), (2 * (at.told - 1), _MANY)):
            step = optimize.nnls(root.T, np.linalg.solve(root, slope @ at.price + wanted))[0] - at.price
            for share in shares:
                found = self.at(np.maximum(at.price + share * step, 0.0))
                as_high = found.value > at.value * (1 - _ROUNDING) and found.off < at.off
                if found.value > at.value or as_high:
                    return found
        return None

    def patiently(self) -> _At:
        """The best prices by a solver that needs no slopes of slopes."""
        scale = np.maximum(self.alone(), 1e-12)

        def dual(price: np.ndarray) -> tuple[float, np.ndarray]:
            now = self.at(price * scale)
            return -now.value / scale.max(), (1 - now.told) * scale / scale.max()

        found = optimize.minimize(
            dual, np.full(len(scale), 1 / len(scale)), jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(scale),
            options={"maxiter": 1000, "maxfun": 5000, "ftol": 1e-13, "gtol": 1e-9},
        )  # fmt: skip
        return self.at(found.x * scale)
