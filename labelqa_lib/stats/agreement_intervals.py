"""How sure is a coefficient of agreement? By linearisation, or by drawing whole clusters of items again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.agreement_coefficients import Coefficient
from labelqa_lib.stats.intervals import wilson

Array = NDArray[np.float64]
SINGLES = ("gwet", "ratio")


@dataclass(frozen=True)
class Bounds:
    """An interval, its standard error, and how it was made; NaN where one item is all there is."""

    low: float
    high: float
    std_error: float
    method: str


def bounds(
    found: Coefficient,
    paired: NDArray[np.bool_],
    cluster: NDArray[np.int64],
    estimate: Callable[[Array], Coefficient],
    *,
    confidence: float = 0.95,
    resamples: int = 0,
    seed: int = 0,
    singles: str = "gwet",
) -> Bounds:
    """Between which values does the coefficient lie, for items like these?

    Parameters
    ----------
    found : Coefficient
    paired : array of bool, shape (items,)
        Items with two annotations or more.
    cluster : array of int, shape (items,)
        Items of one cluster are alike and drawn together; every item its own where there are none.
    estimate : callable
        How often each item counts → the coefficient.
    confidence : float
        In (0, 1).
    resamples : int
        0 for the analytic interval; else so many bootstrap samples, of which the percentiles are taken. At least 200.
    seed : int
        Of the bootstrap.
    singles : {"gwet", "ratio"}
        What items with one annotation do to the analytic interval. "gwet" is the published variance, as irrCAC has it:
        every such item counts as if it disagreed, safe but too wide where there are many. "ratio" takes the share of
        items with a pair for what it is, itself drawn. The same where every item has two annotations or more.

    Raises
    ------
    UsageError
        When an option lies outside its range.

    Notes
    -----
    Analytic: estimate ± t √(m/(m − 1) Σ (Σ influence / n)²), over m clusters, t with m − 1 degrees of freedom, at most
    1 and at least what no agreement at all would give by the same chance, −chance / (1 − chance). With "ratio" the
    clusters are those with a pair; with "gwet" all, and the influence of an item has estimate · (n/n' − 1) more where it
    has a pair, estimate less where it has none (n' items have one).
    Where everybody agrees there is no variance to see: the lower end is what Wilson's interval for m agreements of m
    leaves, chance taken as given; where nobody does, the upper end reaches at least as far as Wilson's for none of m.
    Source: Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., ch. 5 and 6, as in R's irrCAC.
    """
    if not 0 < confidence < 1:
        raise UsageError(f"confidence is {confidence!r}; it must lie between 0 and 1, for example 0.95")
    if resamples and resamples < 200:
        raise UsageError(f"{resamples} resamples are too few for percentiles; take 200 or more, or 0 for none")
    if singles not in SINGLES:
        raise UsageError(f"there are no singles {singles!r}; there are {', '.join(SINGLES)}")
    clusters = int(np.count_nonzero(np.bincount(cluster[paired])))
    if np.isnan(found.value) or (clusters < 2 and found.observed < 1):
        return Bounds(np.nan, np.nan, np.nan, "")
    if found.observed > 1 - 1e-12:
        low = float(wilson(clusters, clusters, confidence)[0])
        return Bounds((low - found.chance) / (1 - found.chance), 1.0, 0.0, "all agree: Wilson")
    if resamples:
        drawn = _bootstrap(cluster, estimate, confidence, resamples, seed)
        return _none_agree(drawn, found, clusters, confidence)
    with_a_pair = clusters
    influence = found.influence
    if singles == "gwet" and not found.pairs_only:
        clusters = int(cluster.max()) + 1
        influence = influence + found.value * (paired * len(paired) / paired.sum() - 1)
    pull = np.bincount(cluster, influence) / len(paired)
    error = float(np.sqrt(clusters / (clusters - 1) * (pull @ pull)))
    half = float(special.stdtrit(clusters - 1, (1 + confidence) / 2)) * error
    least = -found.chance / (1 - found.chance)
    limits = Bounds(max(found.value - half, least), min(found.value + half, 1.0), error, "linearised, t")
    return _none_agree(limits, found, with_a_pair, confidence)


def _none_agree(limits: Bounds, found: Coefficient, clusters: int, confidence: float) -> Bounds:
    """Where nobody agrees, reach up to what Wilson's interval for no agreement of `clusters` leaves possible."""
    if found.observed > 1e-12:
        return limits
    reach = (float(wilson(0, clusters, confidence)[1]) - found.chance) / (1 - found.chance)
    return replace(limits, high=max(limits.high, reach), method=f"{limits.method}; none agree: Wilson above")


def _bootstrap(cluster, estimate, confidence, resamples, seed) -> Bounds:
    rng = np.random.default_rng(seed)
    clusters = int(cluster.max()) + 1
    draws = (np.bincount(rng.integers(clusters, size=clusters), minlength=clusters) for _ in range(resamples))
    values = np.array([estimate(times[cluster].astype(float)).value for times in draws])
    values = values[~np.isnan(values)]  # a sample in which all have one label tells nothing
    if len(values) < resamples / 2:
        return Bounds(np.nan, np.nan, np.nan, "")
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Bounds(float(low), float(high), float(values.std(ddof=1)), f"bootstrap, {resamples} resamples")
