"""One cause of a change, as the page and the findings read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Segment = dict[str, list[Any]]
"""Column → values: a row belongs when it has one of the values in every column named. Empty: every row."""


@dataclass(frozen=True)
class Cause:
    """A segment whose rate of errors rose, and by how much more than chance and the mix explain.

    Attributes
    ----------
    segment : dict of str to list
        Where. Empty where the rate rose everywhere.
    p_value : float
        Chance of a segment at least this striking anywhere in the search when no rate changed, in (0, 1].
    excess_errors : float
        Errors of the current rows beyond those expected, in the unit of the weights (rows where there are none).
    ci_low, ci_high : float
        95 % interval of the excess.
    share_of_change : float
        The excess as a part of all errors beyond the baseline's rate; NaN where the overall rate did not rise. Causes
        may add up to more than 1 where something else got better.
    n_baseline, n_current : int
        Rows in the segment.
    rate_baseline, rate_current : float
        Errors per row (weighted), in [0, 1]; NaN where the segment has no rows in that period.
    rate_expected : float
        The current rows' rate had nothing changed: the baseline's, for this week's mix of rows and agents.
    same_as : tuple of segments
        Other descriptions of the very same rows (queue = policy area).
    alternatives : tuple of segments
        The next best descriptions of the same excess, should this one not be it.
    level : str
        "agents" where the segment names agents, "everywhere" where it is empty, "segment" otherwise.
    """

    segment: Segment
    p_value: float
    excess_errors: float
    ci_low: float
    ci_high: float
    share_of_change: float
    n_baseline: int
    n_current: int
    rate_baseline: float = float("nan")
    rate_current: float = float("nan")
    rate_expected: float = float("nan")
    same_as: tuple[Segment, ...] = ()
    alternatives: tuple[Segment, ...] = ()
    level: str = "segment"
