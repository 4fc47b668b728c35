"""Wald's sequential test: one row after the other, until the lot is plainly good or plainly bad."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from labelqa_lib.errors import UsageError

ACCEPT, CONTINUE, REJECT = "accept", "continue", "reject"


@dataclass(frozen=True)
class Sequential:
    """Two parallel lines over the number of rows checked; between them the test goes on.

    Attributes
    ----------
    p1, alpha, p2, beta : float
        As asked for in `sprt`.
    accept_intercept, reject_intercept, slope : float
        Accept at slope·n − accept_intercept bad rows or fewer, reject at slope·n + reject_intercept or more.
    """

    p1: float
    alpha: float
    p2: float
    beta: float
    accept_intercept: float
    reject_intercept: float
    slope: float

    def accept_at(self, n: ArrayLike) -> np.ndarray:
        """The most bad rows among n at which to accept; −1 where it is too early."""
        return np.maximum(np.floor(self.slope * np.asarray(n) - self.accept_intercept + 1e-12), -1).astype(np.int64)

    def reject_at(self, n: ArrayLike) -> np.ndarray:
        """The fewest bad rows among n at which to reject; may exceed n while it is too early."""
        return np.ceil(self.slope * np.asarray(n) + self.reject_intercept - 1e-12).astype(np.int64)

    def follow(self, verdicts: ArrayLike) -> tuple[str, int]:
        """What is decided, and after how many rows, for verdicts 0 or 1 (bad) in the order of checking?"""
        found = np.cumsum(np.asarray(verdicts, dtype=np.int64))
        n = np.arange(1, len(found) + 1)
        over = np.flatnonzero((found <= self.accept_at(n)) | (found >= self.reject_at(n)))
        if not len(over):
            return CONTINUE, len(found)
        return (ACCEPT if found[over[0]] <= self.accept_at(n[over[0]]) else REJECT), int(over[0]) + 1


def sprt(p1: float, alpha: float, p2: float, beta: float) -> Sequential:
    """The sequential test that accepts a share p1 of bad rows but for `alpha`, and rejects p2 but for `beta`.

    Parameters
    ----------
    p1, alpha, p2, beta : float
        As in `plans.find_plan`.

    Returns
    -------
    Sequential

    Raises
    ------
    UsageError
        When a number is not between 0 and 1, p1 not below p2, or the two risks add up to 1.

    Notes
    -----
    k = ln(p2(1 − p1)/(p1(1 − p2))); accept intercept ln((1 − α)/β)/k, reject intercept ln((1 − β)/α)/k, slope
    ln((1 − p1)/(1 − p2))/k. Risks come out at most a little above what was asked for.
    Source: Wald (1947), Sequential Analysis, 5.2; Montgomery (2013), 15.5.
    """
    for name, value in (("p1", p1), ("alpha", alpha), ("p2", p2), ("beta", beta)):
        if not 0 < value < 1:
            raise UsageError(f"{name} is {value:g}; it is a share and lies between 0 and 1")
    if not p1 < p2 or alpha + beta >= 1:
        raise UsageError(
            f"p1 {p1:g} must lie below p2 {p2:g}, and the risks {alpha:g} and {beta:g} must add up to less than 1"
        )
    scale = np.log(p2 * (1 - p1) / (p1 * (1 - p2)))
    lines = np.log((1 - alpha) / beta), np.log((1 - beta) / alpha), np.log((1 - p1) / (1 - p2))
    return Sequential(p1, alpha, p2, beta, *(float(line / scale) for line in lines))


def sprt_curves(test: Sequential, p: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """With which probability does the test accept, and how many rows does it check on average, at each share p?

    Parameters
    ----------
    p : array of float
        Between 0 and 1.

    Returns
    -------
    accepted, rows : array of float

    Notes
    -----
    Wald's approximations, which neglect by how much a line is overshot: with θ ≠ 0 solving
    p(p2/p1)^θ + (1 − p)((1 − p2)/(1 − p1))^θ = 1, L = (A^θ − 1)/(A^θ − B^θ), A = (1 − β)/α, B = β/(1 − α);
    rows (L ln B + (1 − L) ln A) / (p ln(p2/p1) + (1 − p) ln((1 − p2)/(1 − p1))).
    Source: Wald (1947), Sequential Analysis, 3.4, 3.5 and A.2.
    """
    p = np.asarray(p, dtype=float)
    if not ((p > 0) & (p < 1)).all():
        raise UsageError("the curves are drawn for shares between 0 and 1, both left out")
    up, down = np.log(test.p2 / test.p1), np.log((1 - test.p2) / (1 - test.p1))
    high, low = np.log((1 - test.beta) / test.alpha), np.log(test.beta / (1 - test.alpha))
    drift = p * up + (1 - p) * down
    accepted = np.empty(p.shape)
    rows = np.empty(p.shape)
    for place, share in np.ndenumerate(p):
        theta = _exponent(share, up, down)
        if abs(theta) < 1e-6:
            # the limit: a walk without drift
            accepted[place] = high / (high - low)
            rows[place] = -high * low / (share * up**2 + (1 - share) * down**2)
            continue
        reach = theta * np.array([high, low])
        accepted[place] = np.expm1(reach[0]) / (np.exp(reach[0]) - np.exp(reach[1])) if reach[0] < 500 else 1.0
        rows[place] = (accepted[place] * low + (1 - accepted[place]) * high) / drift[place]
    return accepted, rows


def _exponent(p: float, up: float, down: float) -> float:
    """θ ≠ 0 at which the mean of exp(θ·step) is 1; its sign is opposite to the drift's."""

    def excess(theta: float) -> float:
        return float(np.logaddexp(np.log(p) + theta * up, np.log1p(-p) + theta * down))

    drift = p * up + (1 - p) * down
    if abs(drift) < 1e-9:
        return 0.0
    side = -np.sign(drift)
    far = 1.0
    while excess(side * far) < 0:
        far *= 2
    near = far
    while excess(side * near) >= 0 and near > 1e-12:
        near /= 2
    return float(optimize.brentq(excess, *sorted((side * near, side * far)))) if near > 1e-12 else 0.0
