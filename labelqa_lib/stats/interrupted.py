"""Did a rate jump at a known moment? Interrupted time series of shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from labelqa_lib.errors import UsageError
from labelqa_lib.translation import N_

ENOUGH_FOR_A_TREND = 8
"""So many points before the moment, and the trend they were on is carried on; fewer cannot tell a trend from noise."""


@dataclass(frozen=True)
class Jump:
    """A rate's jump at a moment: `change` with its interval and `p_value`, NaN with the `reason` where it is undefined."""

    change: float
    low: float
    high: float
    p_value: float
    before: float
    after: float
    method: str
    reason: str = ""


def jump(events: ArrayLike, n: ArrayLike, first_after: int, confidence: float = 0.95) -> Jump:
    """By how much does a rate lie higher from a known moment on than its points before let expect?

    Parameters
    ----------
    events, n : array of float, shape (points,)
        Events and trials of equally long stretches of time, oldest first, 0 <= events <= n.
    first_after : int
        Position of the first point from the moment on.
    confidence : float
        Of the interval, in (0, 1).

    Returns
    -------
    Jump
        `change` in the rate's unit; `before` and `after` are the plain rates on both sides.

    Raises
    ------
    UsageError
        When shapes differ or a count is impossible.

    Notes
    -----
    Weighted least squares of the points' rates on 1, time (from `ENOUGH_FOR_A_TREND` points before on) and 1[after],
    each point weighted by n / p(1−p) with p the rate of its side, (y + 1) / (n + 2); the variance is scaled by the
    Pearson dispersion where that is above 1, then with Student's t; else it is the binomial one.

    Source: Wagner et al. 2002, J. Clin. Pharm. Ther. 27:299 (segmented regression); Bernal, Cummins & Gasparrini
    2017, Int. J. Epidemiol. 46:348 (over-dispersion, few points after: level change).
    """
    events, n = np.asarray(events, float), np.asarray(n, float)
    if events.shape != n.shape or events.ndim != 1:
        raise UsageError(f"events have shape {events.shape}, trials {n.shape}; give one number of each per point")
    if not ((events >= 0) & (events <= n)).all():
        raise UsageError("events of a point lie outside 0 to its trials")
    time = np.arange(len(n))
    after = time >= first_after
    sides = [(events[side].sum(), n[side].sum()) for side in (~after, after)]
    if not all(size > 0 for _hits, size in sides):
        return _undefined(sides, N_("nothing judged on one side of the date"))
    known = n > 0
    columns = [np.ones(len(n)), after.astype(float)]
    if (known & ~after).sum() >= ENOUGH_FOR_A_TREND:
        columns.append((time - first_after).astype(float))
    design = np.column_stack(columns)[known]
    degrees = len(design) - design.shape[1]
    if degrees < 1:
        return _undefined(sides, N_("too few weeks to tell a jump from noise"))
    smoothed = [(hits + 1) / (size + 2) for hits, size in sides]
    spread = np.where(after, smoothed[1] * (1 - smoothed[1]), smoothed[0] * (1 - smoothed[0]))[known]
    root = np.sqrt(n[known] / spread)
    rate = events[known] / n[known]
    solved, _residues, _rank, _singular = np.linalg.lstsq(design * root[:, None], rate * root, rcond=None)
    dispersion = float(np.sum((root * (rate - design @ solved)) ** 2) / degrees)
    variance = np.linalg.inv((design * root[:, None]).T @ (design * root[:, None])) * max(1.0, dispersion)
    error = float(np.sqrt(variance[1, 1]))
    freedom = degrees if dispersion > 1 else np.inf
    half = special.stdtrit(freedom, (1 + confidence) / 2) * error
    return Jump(
        change=float(solved[1]),
        low=float(solved[1] - half),
        high=float(solved[1] + half),
        p_value=float(2 * special.stdtr(freedom, -abs(solved[1]) / error)),
        before=sides[0][0] / sides[0][1],
        after=sides[1][0] / sides[1][1],
        method=N_("interrupted time series, level and trend") if len(columns) == 3 else N_("interrupted time series, level"),
    )


def _undefined(sides: list[tuple[float, float]], reason: str) -> Jump:
    before, after = (hits / size if size > 0 else np.nan for hits, size in sides)
    return Jump(*[np.nan] * 4, before, after, "", reason)
