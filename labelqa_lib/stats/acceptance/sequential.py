"""Wald's sequential test: one row after the other, until the lot is plainly good or plainly bad."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

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
    test : Sequential
    p : array of float
        Shares of bad rows, from 0 to 1.

    Returns
    -------
    accepted, rows : array of float
        Of the shape of `p`.

    Raises
    ------
    UsageError
        When a share is out of range.

    Notes
    -----
    Exact, row by row over the numbers found between the lines, until fewer than 1 of 10¹⁰ lots are undecided. Wald's
    formulas neglect by how much a line is overshot and say up to a quarter fewer rows when bad ones are rare.
    """
    p = np.asarray(p, dtype=float)
    if not ((p >= 0) & (p <= 1)).all():
        raise UsageError("a share of bad rows lies from 0 to 1")
    accepted, rows = np.zeros(p.shape), np.zeros(p.shape)
    going, lowest, n = np.ones((1, *p.shape)), 0, 0  # by number found: probability of that and of no decision
    while going.sum(axis=0).max(initial=0.0) > 1e-10:
        n += 1
        rows += going.sum(axis=0)
        found = np.concatenate([going * (1 - p), np.zeros((1, *p.shape))])
        found[1:] += going * p
        good = max(int(test.accept_at(n)) + 1 - lowest, 0)
        bad = int(test.reject_at(n)) - lowest
        accepted += found[:good].sum(axis=0)
        going, lowest = found[good:bad], lowest + good
    return accepted, rows
