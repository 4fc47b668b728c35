"""How do people and sites differ, who stands out, and how sure is that?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from labelqa_lib.errors import UsageError
from labelqa_lib.metrics.inside import measure_inside
from labelqa_lib.metrics.registry import REGISTRY
from labelqa_lib.stats import funnel, shrinkage
from labelqa_lib.store import Tables

FEWEST_GROUPS = 10
"""Fewer cannot tell their usual spread from one that stands out: the funnel then shows chance alone."""

WORST_SHARE = 0.1


def spread(
    tables: Tables,
    dimension: str,
    weeks: Sequence[str] | None = None,
    minimum: int = 30,
    metric: str = "error_rate",
    false_discovery_rate: float = 0.05,
    confidence: float = 0.95,
    segment: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Which agents (or sites) are worse than the market, beyond chance and the usual spread between them?

    Parameters
    ----------
    tables : Tables
    dimension : str
        ``agent_id``, ``site``, or another dimension of the metric.
    weeks : sequence of str, optional
        As in `measure`: pooled; the last one when None.
    minimum : int
        Nobody with fewer items is judged or named; their rows stay, so that a figure can draw a dot without a name.
    metric : str
        A rate of bad events, such as ``error_rate``, ``fnr`` or ``missed_error_rate``.
    false_discovery_rate : float
        Expected share of false names among all names, in (0, 1).
    confidence : float
        Of the intervals, in (0, 1).
    segment : mapping of str to str, optional
        As in `measure_inside`: people are compared inside it, with all of it.

    Returns
    -------
    DataFrame
        The metric frame by `dimension`, and

        - ``shrunken, shrunken_low, shrunken_high``: the rate drawn towards all by what its own items leave in doubt,
        - ``expected``: the whole's rate, ``between_sd``: the usual spread of ordinary groups about it,
        - ``low_95, high_95, low_998, high_998``: funnel limits at the row's effective count,
        - ``named`` (`n` of at least `minimum`), ``p_value`` (of so many events or more), ``flagged``,
        - ``worst_tenth``: probability of being in the worst tenth of those named; of fewer than ten, of being the
          worst. NaN where not named, and where only one is.

    Raises
    ------
    UsageError
        When the metric is no rate of bad events, or a name does not exist.

    Notes
    -----
    Events are estimate · n_effective of n_effective items: design weights count, and rows of one agent are alike.
    The spread between groups (Spiegelhalter's τ, of those named) is nobody's fault and widens the funnel; it is 0 for
    fewer than `FEWEST_GROUPS`. Flags: Benjamini–Hochberg over those named. See `stats.funnel`, `stats.shrinkage`.
    """
    known = REGISTRY.get(metric)
    if known is not None and (known.unit, known.better) != ("rate", "lower"):
        bad = [name for name, other in REGISTRY.items() if (other.unit, other.better) == ("rate", "lower")]
        raise UsageError(f"people are compared on a rate of bad events; {metric} is none, these are: {', '.join(bad)}")
    frame = measure_inside(tables, metric, segment or {}, [dimension], weeks, confidence)
    whole = measure_inside(tables, metric, segment or {}, (), weeks)["estimate"].iloc[0]
    n = frame["n_effective"].fillna(0).to_numpy()
    events = np.minimum(frame["estimate"].fillna(0).to_numpy() * n, n)
    named = (frame["n"] >= minimum).to_numpy() & (n > 0)
    tau = _usual_variance(events[named], n[named], whole)
    shrunken = shrinkage.shrink(events, n, confidence=confidence)
    known_of = np.where(n > 0, 1.0, np.nan)
    limits = {
        name: bound * known_of
        for coverage, names in ((0.95, ("low_95", "high_95")), (0.998, ("low_998", "high_998")))
        for name, bound in zip(names, funnel.limits(np.nan_to_num(whole), n, coverage, tau), strict=True)
    }
    flags = funnel.flags(events[named], n[named], np.nan_to_num(whole), tau, false_discovery_rate, minimum=0)
    return frame.assign(
        shrunken=shrunken.estimate * known_of,
        shrunken_low=shrunken.low * known_of,
        shrunken_high=shrunken.high * known_of,
        expected=whole,
        between_sd=np.sqrt(tau),
        **limits,
        named=named,
        p_value=_filled(named, flags.p_value, np.nan),
        flagged=_filled(named, flags.flagged, False),
        worst_tenth=_filled(named, _worst(shrunken.alpha[named], shrunken.beta[named]), np.nan),
    )


def _usual_variance(events: np.ndarray, n: np.ndarray, expected: float) -> float:
    if len(n) < FEWEST_GROUPS:
        return 0.0
    return funnel.over_dispersion(events, n, expected)[1]


def _worst(alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
    if len(alpha) < 2:
        return np.full(len(alpha), np.nan)
    return shrinkage.probability_of_worst(alpha, beta, max(WORST_SHARE, 1 / len(alpha)))


def _filled(chosen: np.ndarray, values: np.ndarray, otherwise: object) -> np.ndarray:
    """Values of the chosen rows at their places, `otherwise` at the rest."""
    result = np.full(len(chosen), otherwise)
    result[chosen] = values
    return result
