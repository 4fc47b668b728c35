"""Since when? The moment at which a rate changed, and how sure that moment is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln

from labelqa_lib.errors import UsageError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ChangePoint:
    """When a rate changed.

    Attributes
    ----------
    at : int
        Position of the first point of the new rate, the most likely one; −1 where nothing tells.
    low, high : int
        First and last position of the shortest run of positions that holds it with the confidence asked for.
    before, after : float
        Rates on both sides of `at`, in [0, 1]; NaN where nothing tells.
    probability : ndarray of float, shape (points,)
        Of each position to be the first of the new rate; the first is 0. Sums to 1.
    """

    at: int
    low: int
    high: int
    before: float
    after: float
    probability: Array


def change_point(events: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> ChangePoint:
    """At which point did the rate behind `events` of `n` change, given that it changed once?

    Parameters
    ----------
    events, n : array of float, shape (points,)
        Events and trials of each point in time, 0 <= events <= n. Points without trials tell nothing and may stand.
    confidence : float
        Of the run `low` to `high`, in (0, 1).

    Raises
    ------
    UsageError
        When lengths differ or a count is impossible.

    Notes
    -----
    Every position is as likely as another beforehand, both rates have Jeffreys' prior Beta(½, ½) and are integrated
    out of the binomial likelihood, so p(k) ∝ B(y₁+½, n₁−y₁+½) · B(y₂+½, n₂−y₂+½) for the sums before and from k.

    Source: Smith 1975, Biometrika 62:407, section 3 (binomial sequences).
    """
    events, n = np.asarray(events, float), np.asarray(n, float)
    if events.shape != n.shape or events.ndim != 1:
        raise UsageError(f"events have shape {events.shape}, trials {n.shape}; give one number of each per point")
    if not ((events >= 0) & (events <= n)).all():
        raise UsageError("events of a point lie outside 0 to its trials")
    first, size = np.cumsum(events)[:-1], np.cumsum(n)[:-1]
    second, rest = events.sum() - first, n.sum() - size
    tells = (size > 0) & (rest > 0)
    if not tells.any():
        return ChangePoint(-1, -1, -1, np.nan, np.nan, np.zeros(len(n)))
    evidence = betaln(first + 0.5, size - first + 0.5) + betaln(second + 0.5, rest - second + 0.5)
    evidence = np.where(tells, evidence, -np.inf)
    # points without trials make several positions equally likely: the last of them is the first with a trial
    likely = np.exp(evidence - evidence.max())
    probability = np.concatenate([[0.0], likely / likely.sum()])
    at = int(np.flatnonzero(probability >= probability.max() * (1 - 1e-9))[-1])
    low, high = _shortest_run(probability, confidence)
    return ChangePoint(
        at=at,
        low=min(low, at),
        high=max(high, at),
        before=float(first[at - 1] / size[at - 1]),
        after=float(second[at - 1] / rest[at - 1]),
        probability=probability,
    )


def _shortest_run(probability: Array, confidence: float) -> tuple[int, int]:
    """First and last position of the shortest run that holds `confidence` of the probability; the earliest of several."""
    upto = np.concatenate([[0.0], np.cumsum(probability)])
    wanted = min(confidence, upto[-1])
    ends = np.searchsorted(upto, upto[:-1] + wanted - 1e-12)
    ends = np.where(ends <= len(probability), ends, 10 * len(probability))
    start = int(np.argmin(ends - np.arange(len(ends))))
    return start, int(ends[start]) - 1
