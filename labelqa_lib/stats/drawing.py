"""Drawing rows with known chances: systematic samples whose inclusion probabilities are exact, and repeatable by seed.

Which chances to give is `allocation`'s question; here they are kept. Rows lie in the order in which the caller gives
them: sorted rows spread the sample evenly over what they are sorted by, shuffled rows draw at random.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.clusters import codes, measures


def stratified_systematic(stratum: ArrayLike, take: ArrayLike, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Which rows to draw, so many from each stratum, evenly spread over its rows as they are given?

    Parameters
    ----------
    stratum : array of int
        One code 0..H−1 per row.
    take : array of int
        H entries: rows to draw from each stratum, 0 to the number that it holds.
    seed : int
        The same seed and rows give the same draw.

    Returns
    -------
    rows : array of int
        Positions of the drawn rows, ascending.
    chance : array of float
        One entry per row, drawn or not: the probability of being drawn, take / rows of its stratum.

    Raises
    ------
    UsageError
        When a stratum is asked for more rows than it holds, or codes and `take` do not fit.

    Notes
    -----
    Of the N rows of a stratum, those numbered floor((u + k) N / n), k = 0..n−1, u uniform on [0, 1) and drawn for each
    stratum: n different rows, each with probability n/N exactly.
    Source: Cochran (1977), 8.1 and 8.5 (fractional intervals); Särndal, Swensson & Wretman (1992), 3.4.
    """
    stratum = np.asarray(stratum)
    stratum = codes("stratum", stratum, len(stratum))
    take = _takes(take)
    if stratum.max(initial=-1) >= len(take):
        raise UsageError(f"stratum code {stratum.max()} has no entry in take, which has {len(take)}; give one each")
    held = np.bincount(stratum, minlength=len(take))
    short = np.flatnonzero(take > held)
    if len(short):
        raise UsageError(
            f"stratum {place} is to give {take[place]} rows and holds {held[place]}; take at most {held[place]}"
            for place in short
        )
    start = np.random.default_rng(seed).random(len(take))
    number = np.arange(take.sum()) - np.repeat(np.cumsum(take) - take, take)
    drawn_from = np.repeat(np.arange(len(take)), take)
    rank = np.floor((start[drawn_from] + number) * held[drawn_from] / np.maximum(take, 1)[drawn_from]).astype(np.int64)
    # rounding can lift the last place past the end
    rank = np.minimum(rank, held[drawn_from] - 1)
    first = np.cumsum(held) - held
    rows = np.argsort(stratum, kind="stable")[first[drawn_from] + rank]
    chance = np.divide(take, held, out=np.zeros(len(take)), where=held > 0)
    return np.sort(rows), chance[stratum]


def chances_by_size(size: ArrayLike, take: int) -> np.ndarray:
    """With which probability to draw each row, in proportion to its size, for a sample of `take` rows?

    Parameters
    ----------
    size : array of float
        One entry per row, at least 0 (an error risk, minutes of work, …). Rows of size 0 are never drawn.
    take : int
        Rows to draw, 0 to the number of rows of a size above 0.

    Returns
    -------
    array of float
        In [0, 1], summing to `take`. A row whose share would exceed 1 is drawn for certain, and the rest share what
        is left.

    Raises
    ------
    UsageError
        When a size is negative or missing, or more rows are asked for than have a size above 0.

    Notes
    -----
    π = n·x / Σx, repeated without the certain rows until none exceeds 1.
    Source: Särndal, Swensson & Wretman (1992), 3.6.1.
    """
    size = measures("size", size)
    take = int(_takes([take])[0])
    if len(size) and size.min() < 0:
        raise UsageError(f"a size is {size.min():g}; a probability in proportion to it needs sizes of at least 0")
    drawable = int(np.count_nonzero(size))
    if take > drawable:
        raise UsageError(f"{take} rows are to be drawn by size and {drawable} have one; take at most {drawable}")
    chance = np.zeros(len(size))
    certain = np.zeros(len(size), dtype=bool)
    while take > certain.sum():
        rest = np.where(certain, 0.0, size)
        chance = (take - certain.sum()) * rest / rest.sum()
        more = chance >= 1
        if not more.any():
            break
        certain |= more
    return np.where(certain, 1.0, chance)


def pps_systematic(size: ArrayLike, take: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Which rows to draw, with probability in proportion to size?

    Parameters
    ----------
    size, take
        As in `chances_by_size`.
    seed : int
        The same seed and rows give the same draw.

    Returns
    -------
    rows : array of int
        Positions of the `take` drawn rows, ascending and different.
    chance : array of float
        One entry per row, drawn or not: the probability of being drawn.

    Raises
    ------
    UsageError
        As `chances_by_size`.

    Notes
    -----
    Rows lie end to end on a line, each as long as its π; drawn are those on which u, u + 1, u + 2, … fall, u uniform on
    [0, 1). No row is longer than 1, so none is drawn twice.
    Source: Madow (1949), Ann. Math. Stat. 20:333; Särndal, Swensson & Wretman (1992), 3.6.2.
    """
    chance = chances_by_size(size, take)
    certain = np.flatnonzero(chance >= 1)
    open_rows = np.flatnonzero((chance > 0) & (chance < 1))
    left = int(take) - len(certain)
    ends = np.cumsum(chance[open_rows])
    if left:
        # the sum of the chances is `left` but for rounding
        ends *= left / ends[-1]
    points = np.random.default_rng(seed).random() + np.arange(left)
    picked = open_rows[np.minimum(np.searchsorted(ends, points, side="right"), len(open_rows) - 1)] if left else []
    return np.sort(np.concatenate([certain, picked]).astype(np.int64)), chance


def _takes(take: ArrayLike) -> np.ndarray:
    take = np.asarray(take)
    if not np.issubdtype(take.dtype, np.integer) or (take.size and take.min() < 0):
        raise UsageError(f"{take.tolist()} rows are to be drawn; give whole numbers of at least 0")
    return take.astype(np.int64)
