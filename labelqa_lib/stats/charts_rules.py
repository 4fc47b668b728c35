"""Run rules: patterns in a control chart that noise alone seldom makes, each with a name in words.

Noise alone sets off "nhs" once in 85 points and "western_electric" once in 92; the limits alone once in 370.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from labelqa_lib.errors import UsageError
from labelqa_lib.translation import N_

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# A rule sees the distances z from the centre in sigmas and the values themselves, both turned so that "up" is the
# side asked about, and says at which points the pattern is complete.
Rule = Callable[[Array, Array], Mask]


def _count(hits: Mask, window: int) -> NDArray[np.int64]:
    """How many of the last `window` points are hits, at each point (fewer points at the start)."""
    so_far = np.cumsum(hits, axis=-1)
    before = np.zeros_like(so_far)
    before[..., window:] = so_far[..., :-window]
    return so_far - before


def _at_least(hits: Mask, needed: int, window: int) -> Mask:
    return hits & (_count(hits, window) >= needed)


def _rising(values: Array, points: int) -> Mask:
    steps = np.diff(values, axis=-1, prepend=np.nan) > 0
    return _count(steps, points - 1) == points - 1


def _near_the_limit(z: Array) -> Mask:
    near = (z > 2) & (z <= 3)
    return _at_least(near, 2, 3) & (_count(z > 0, 3) == 3)


RISING, FALLING = N_("7 in a row rising"), N_("7 in a row falling")
"""Patterns that tell where the figure goes, and not on which side of its centre it lies."""

RULES: dict[str, tuple[tuple[str, str, Rule], ...]] = {
    # NHS England, "Making Data Count"; the reading of package NHSRplotthedots (ptd_calculate_point_type)
    "nhs": (
        (N_("above the upper limit"), N_("below the lower limit"), lambda z, x: z > 3),
        (N_("7 in a row above the centre"), N_("7 in a row below the centre"), lambda z, x: _at_least(z > 0, 7, 7)),
        (RISING, FALLING, lambda z, x: _rising(x, 7)),
        (N_("2 of 3 near the upper limit"), N_("2 of 3 near the lower limit"), lambda z, x: _near_the_limit(z)),
    ),
    # Western Electric, Statistical Quality Control Handbook, 1956, pp. 25-28
    "western_electric": (
        (N_("above the upper limit"), N_("below the lower limit"), lambda z, x: z > 3),
        (N_("2 of 3 beyond 2 sigma, above"), N_("2 of 3 beyond 2 sigma, below"), lambda z, x: _at_least(z > 2, 2, 3)),
        (N_("4 of 5 beyond 1 sigma, above"), N_("4 of 5 beyond 1 sigma, below"), lambda z, x: _at_least(z > 1, 4, 5)),
        (N_("8 in a row above the centre"), N_("8 in a row below the centre"), lambda z, x: _at_least(z > 0, 8, 8)),
    ),
}


def fired(z: Array, values: Array, rules: str) -> dict[str, Mask]:
    """Which rule is complete at which point of one stretch of a chart?

    Parameters
    ----------
    z : ndarray of float, shape (..., points)
        Distance from the centre in sigmas; NaN where a point is missing or has no limits.
    values : ndarray of float, shape (..., points)
        What is plotted, for rules about rising and falling.
    rules : {"nhs", "western_electric"}
        Which set.

    Returns
    -------
    dict of str to ndarray of bool
        The rule's name in words, and the points at which its pattern is complete or goes on. A missing point keeps its
        place: the points around it are no neighbours, so it ends what has to be "in a row", and "2 of 3" are two of
        three places of which it is one (nothing is known of it that would count).

    Raises
    ------
    UsageError
        When there is no such set.
    """
    if rules not in RULES:
        raise UsageError(f"run rules {rules!r} are unknown; choose one of {', '.join(sorted(RULES))}")
    present = ~np.isnan(z)
    found = {}
    for above, below, rule in RULES[rules]:
        for words, side in ((above, 1.0), (below, -1.0)):
            found[words] = rule(side * z, np.where(present, side * values, np.nan)) & present
    return found


def spans(length: int, phases: Sequence[int]) -> list[slice]:
    """The stretches that `phases` cut `length` points into; a pattern counts within one of them.

    Raises
    ------
    UsageError
        When the positions are not whole, or do not ascend within the series.
    """
    try:
        edges = [0, *map(operator.index, phases), length]
    except TypeError:
        raise UsageError(f"phases are the positions at which one starts, like [12, 30]; {phases!r} is no such list") from None
    if any(late <= early for early, late in zip(edges, edges[1:], strict=False)) and length > 0:
        raise UsageError(f"phases {list(phases)} must ascend and lie within the {length} points, after the first")
    return [slice(early, late) for early, late in zip(edges, edges[1:], strict=False)]
