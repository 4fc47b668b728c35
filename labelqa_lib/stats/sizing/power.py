"""How many rows show, with a given probability, that a rate is off its target or that two rates differ."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.intervals import clopper_pearson, newcombe, wilson
from labelqa_lib.stats.sizing.rate import MOST_ROWS, Size, effective_rows, rows_worth, share
from labelqa_lib.stats.rate_bounds import FEW_EVENTS
from labelqa_lib.translation import say

_WIDTH = 6.0  # standard deviations of a count that are summed over; what lies beyond is below 1e-8
_BLOCK = 2_000_000  # counts looked at together


def size_for_target(
    p: float,
    target: float,
    power: float = 0.8,
    confidence: float = 0.95,
    population: int | None = None,
    design_effect: float = 1.0,
    guaranteed: bool = False,
) -> Size:
    """How many rows, so that the interval of a true rate p will probably lie wholly on its side of the target?

    Parameters
    ----------
    p, target : float
        The true rate to plan for and the target, in [0, 1], different.
    power : float
        Probability with which the interval is to exclude the target, in (0, 1).
    confidence : float
        Of the two-sided interval; 0.90 is a one-sided test at 5 %.
    population, design_effect
        As in `size_for_margin`.
    guaranteed : bool
        Decide by Clopper–Pearson throughout (a test that never errs more often than it says), for contracts.

    Returns
    -------
    Size
        The smallest size from which on the probability stays at `power`; it saw-tooths, so some smaller sizes may
        reach it, too. `reached` is that probability.

    Raises
    ------
    UsageError
        When a number is out of range, p is the target, or more than ten million rows would be needed.

    Notes
    -----
    Exact binomial probability of the counts whose interval excludes the target: Wilson's, below 3 events
    Clopper–Pearson's, as in the reports.
    Source: Chernick & Liu (2002), Am. Stat. 56:149 (the saw-tooth).
    """
    for name, value, ends in (("p", p, True), ("target", target, False), ("power", power, False)):
        share(name, value, ends)
    share("confidence", confidence, ends=False)
    apart = abs(p - target)
    if apart < 1e-12:
        words = say(
            "a rate of {rate} cannot be told from a target of {target}; plan for a rate off the target",
            rate=f"{p:g}", target=f"{target:g}",
        )  # fmt: skip
        raise UsageError(words)
    spread = special.ndtri((1 + confidence) / 2) * np.sqrt(target * (1 - target))
    spread += special.ndtri(power) * np.sqrt(p * (1 - p))

    def chance(sizes: np.ndarray) -> np.ndarray:
        return power_against_target(sizes, p, target, confidence, guaranteed)

    size = _settled(chance, power, max(spread, 0.1) ** 2 / apart**2, int(np.ceil(8 / apart)))
    return _of_rows(size, chance, population, design_effect, say("exact power of the interval against the target"))


def power_against_target(
    n: ArrayLike, p: float, target: float, confidence: float = 0.95, guaranteed: bool = False
) -> np.ndarray:
    """With which probability does the interval of n plain rows exclude the target on the side of the true rate p?

    Arguments as in `size_for_target`; `n` may be an array of whole numbers, at least 1.
    """
    sizes = np.asarray(n, dtype=float)
    # one direction is enough: a rate above its target is a rate of the opposite below its own
    p, target = (p, target) if p < target else (1 - p, 1 - target)
    tail = (1 - confidence) / 2
    if guaranteed:
        most = stats.binom.ppf(tail, sizes, target)
        return stats.binom.cdf(most - (stats.binom.cdf(most, sizes, target) > tail), sizes, p)
    z = special.ndtri(1 - tail)
    most = np.ceil(sizes * target - z * np.sqrt(sizes * target * (1 - target))) - 1
    reached = stats.binom.cdf(most, sizes, p)
    # with few events (five of either kind at most) the exact interval decides
    for away in range(6):
        for seen, there in ((np.full(sizes.shape, float(away)), away <= sizes), (sizes - away, sizes - away > 5)):
            few = there & (seen * (1 - seen / sizes) < FEW_EVENTS)
            seen = np.where(few, seen, 0)
            excluded = clopper_pearson(seen, sizes, confidence)[1] < target
            reached = reached + np.where(few, stats.binom.pmf(seen, sizes, p), 0) * (1.0 * excluded - (seen <= most))
    return reached


def size_for_difference(
    p: float,
    drop: float,
    power: float = 0.8,
    confidence: float = 0.95,
    population: int | None = None,
    design_effect: float = 1.0,
) -> Size:
    """How many rows in each of two weeks, so that a fall of a rate from p to p − `drop` will probably be seen?

    Parameters
    ----------
    p : float
        The rate before, in [0, 1].
    drop : float
        By how much it falls (below 0: rises), not 0; p − drop lies in [0, 1].
    power : float
        Probability that the interval of the difference excludes 0, in (0, 1).
    confidence : float
        Of that two-sided interval.
    population, design_effect
        Of each week, as in `size_for_margin`.

    Returns
    -------
    Size
        Rows of each week; `reached` is the probability that the fall is seen.

    Raises
    ------
    UsageError
        When a number is out of range, or more than ten million rows a week would be needed.

    Notes
    -----
    Exact probability, over both binomial counts, that Newcombe's interval of the difference (`intervals.newcombe` of
    Wilson's bounds) lies on the side of the fall.
    Source: Newcombe (1998), Stat Med 17:873, method 10; Fleiss, Levin & Paik (2003), 4.2 for the first guess.
    """
    share("p", p)
    share("power", power, ends=False)
    share("confidence", confidence, ends=False)
    after = p - drop
    if not 0 <= after <= 1 or drop == 0:
        words = say(
            "a rate of {rate} cannot fall by {drop}; give a drop other than 0 from {least} to {most}",
            rate=f"{p:g}", drop=f"{drop:g}", least=f"{p - 1:.4g}", most=f"{p:.4g}",
        )  # fmt: skip
        raise UsageError(words)
    pooled = (p + after) / 2
    spread = special.ndtri((1 + confidence) / 2) * np.sqrt(2 * pooled * (1 - pooled))
    spread += special.ndtri(power) * np.sqrt(p * (1 - p) + after * (1 - after))
    window = int(min(np.ceil(2 / abs(drop)), 60))

    def chance(sizes: np.ndarray) -> np.ndarray:
        return power_of_difference(sizes, p, drop, confidence)

    size = _settled(chance, power, max(spread, 0.1) ** 2 / drop**2, window)
    return _of_rows(size, chance, population, design_effect, say("exact power of Newcombe's interval of the difference"))


def power_of_difference(n: ArrayLike, p: float, drop: float, confidence: float = 0.95) -> np.ndarray:
    """With which probability do n plain rows in each of two weeks show that a rate fell from p by `drop`?

    Arguments as in `size_for_difference`; `n` may be an array of whole numbers, at least 1.
    """
    sizes = np.asarray(n, dtype=float)
    before, after = (p, p - drop) if drop > 0 else (1 - p, 1 - p + drop)
    width = 2 * _WIDTH * np.sqrt(np.max(sizes, initial=0) * 0.25) + 20
    blocks = np.array_split(sizes.ravel(), int(np.ceil(sizes.size * width / _BLOCK)) or 1)
    return np.concatenate([_seen(block, before, after, confidence) for block in blocks]).reshape(sizes.shape)


def _seen(sizes: np.ndarray, before: float, after: float, confidence: float) -> np.ndarray:
    """Probability that the interval of before − after lies above 0, per size of both samples."""
    n = sizes[:, None]
    half = _WIDTH * np.sqrt(before * (1 - before) * n) + 10
    first = np.floor(before * n - half) + np.arange(int(2 * half.max()) + 2)
    inside = (first >= 0) & (first <= n)
    first = np.clip(first, 0, n)
    p1, (low1, high1) = first / n, wilson(first, n, confidence)
    # the most of the second count at which the interval still lies above 0: never more than the first, and looked for
    # only among counts that happen
    half = _WIDTH * np.sqrt(after * (1 - after) * n) + 10
    low = np.clip(np.floor(after * n - half) - 1, -1, first - 1)
    high = np.maximum(np.minimum(np.ceil(after * n + half), first), low)
    while np.any(low < high):
        middle = np.ceil((low + high) / 2)
        held = np.maximum(middle, 0)
        low2, high2 = wilson(held, n, confidence)
        above = (newcombe(p1, low1, high1, held / n, low2, high2)[1] > 0) & (middle >= 0)
        low, high = np.where(above, middle, low), np.where(above, high, np.minimum(middle - 1, high))
        high = np.maximum(high, low)
    return np.sum(np.where(inside, stats.binom.pmf(first, n, before) * stats.binom.cdf(low, n, after), 0), axis=1)


def _settled(chance: Callable[[np.ndarray], np.ndarray], power: float, guess: float, window: int) -> int:
    """The smallest size from which on `chance` stays at `power`, looking `window` sizes beyond."""

    def enough(size: int) -> bool:
        return bool(chance(np.array([size]))[0] >= power)

    # a guess beyond the limit is not tried: the counts of so many rows would be summed for hours
    low, high = 0, max(int(min(guess, 2 * MOST_ROWS)), 1)
    while high > MOST_ROWS or not enough(high):
        low, high = high, 2 * high
        if high > MOST_ROWS:
            raise UsageError(
                say("more than {n} plain rows would be needed; plan for a larger difference", n=f"{MOST_ROWS:,}")
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    start, end = max(high - window, 1), high + window
    while True:
        sizes = np.arange(start, end + 1)
        short = sizes[chance(sizes) < power]
        if not len(short):
            if start == 1:
                return 1
            start = max(start - 2 * window, 1)
        elif end - short[-1] < window:
            start, end = int(short[-1]), int(short[-1]) + 2 * window
        else:
            return int(short[-1]) + 1


def _of_rows(size: int, chance, population: int | None, design_effect: float, reason: str) -> Size:
    n = rows_worth(size, population, design_effect)
    effective = effective_rows(n, population, design_effect)
    reached = 1.0 if np.isinf(effective) else float(chance(np.array([int(effective * (1 + 1e-12))]))[0])
    return Size(n, reached, effective, reason)
