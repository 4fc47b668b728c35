"""Rates of many people (sites, queues) at once: each drawn towards all by as much as its own rows leave in doubt.

An event is a bad one throughout, so that a high rate is worse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from labelqa_lib.errors import UsageError

Array = NDArray[np.float64]

NODES = 64  # of the grid over how alike people are


@dataclass(frozen=True)
class BetaBinomial:
    """Rates that vary between groups with this mean and intraclass correlation `rho`; both in [0, 1]."""

    mean: float
    rho: float
    log_likelihood: float


def beta_binomial(events: ArrayLike, n: ArrayLike) -> BetaBinomial:
    """How much do rates differ between groups beyond counting noise? The likeliest answer.

    Parameters
    ----------
    events, n : array_like of float, shape (groups,)
        Counts and what they are out of.

    Returns
    -------
    BetaBinomial
        rho near 0 says only that no difference can be seen, not that there is none: estimate with `shrink`, which
        carries that doubt on. NaN where there is no event, or nothing but events.

    Raises
    ------
    UsageError
        When a count is negative or above its n, or nothing was counted.

    Source: Skellam 1948, J. R. Stat. Soc. B 10:257; parametrised as in R's VGAM::betabinomial.
    """
    events, n = _counts(events, n)
    if not n.sum() > 0:
        raise UsageError("rates cannot be compared where nothing was counted")
    if events.sum() in (0, n.sum()):
        return BetaBinomial(float(events.sum() / n.sum()), float("nan"), 0.0)
    start = special.logit([(events.sum() + 0.5) / (n.sum() + 1), 0.05])

    def negative(parameters: Array) -> float:
        mean, rho = special.expit(parameters)
        return -_log_likelihood(events, n, np.array([[mean]]), np.array([1 / rho - 1]))[0]

    best = optimize.minimize(
        negative, start, method="Nelder-Mead", bounds=[(-30, 30), (-14, 14)], options={"xatol": 1e-9, "fatol": 1e-12}
    )
    mean, rho = special.expit(best.x)
    choices = special.gammaln(n + 1) - special.gammaln(events + 1) - special.gammaln(n - events + 1)
    return BetaBinomial(float(mean), float(rho), float(choices.sum() - best.fun))


@dataclass(frozen=True)
class Shrunken:
    """Rates drawn towards the whole; arrays of shape (groups,).

    Attributes
    ----------
    estimate, low, high : ndarray of float
        Mean and interval of what is known of each group's own rate.
    alpha, beta : ndarray of float
        The Beta distribution that says so.
    prior_mean : ndarray of float
        What would be believed of the group without rows of its own.
    between_sd : float
        Standard deviation of true rates between groups, averaged over what is likely.
    """

    estimate: Array
    low: Array
    high: Array
    alpha: Array
    beta: Array
    prior_mean: Array
    between_sd: float


def shrink(
    events: ArrayLike, n: ArrayLike, prior_mean: ArrayLike | None = None, confidence: float = 0.95
) -> Shrunken:
    """What is each group's own rate, given its rows and what the other groups are like?

    Parameters
    ----------
    events, n : array_like of float, shape (groups,)
        (Effective) counts and what they are out of. A group with n = 0 gets what is known of any group.
    prior_mean : array_like of float, shape (groups,), optional
        Rate in (0, 1) expected of each group for the work it did (its queues, its languages); the rate of all by
        default.
    confidence : float
        Of the interval, in (0, 1).

    Returns
    -------
    Shrunken
        All NaN where no group has rows.

    Raises
    ------
    UsageError
        When a count is negative or above its n, or `prior_mean` or `confidence` lies outside (0, 1).

    Notes
    -----
    Given the prior's size M (in rows), the rate is Beta(M μ + x, M (1 − μ) + n − x). M is not put at its likeliest
    value, which is often infinite (all alike, intervals of no width) when groups differ by about what chance would
    give: results are averaged over M, weighted by its likelihood, with a flat prior on the intraclass correlation
    1 / (M + 1). The mixture is summed up by the Beta with its mean and variance, in which the doubt about μ is
    included. Tried and left: a flat prior on the shrinkage factor M / (M + mean n) or on the standard deviation
    between groups (95 % intervals cover 92 % and 91 % of 60 groups of 40 rows, this one 94 %, with equal errors).

    Source: Kass & Steffey 1989, J. Am. Stat. Assoc. 84:717 (doubt about the prior).
    """
    if not 0 < confidence < 1:
        raise UsageError(f"confidence {confidence} must lie between 0 and 1, like 0.95")
    events, n = _counts(events, n)
    if not n.sum() > 0:
        nothing = np.full(n.shape, np.nan)
        return Shrunken(*[nothing] * 6, between_sd=float("nan"))

    factor = (np.arange(NODES) + 0.5) / NODES
    size = n[n > 0].mean() * factor / (1 - factor)  # M, shape (NODES,)
    mean, mean_variance = _prior_means(events, n, size, prior_mean)
    rho = 1 / (size + 1)
    flat = 2 * np.log(rho / (1 - factor))  # the grid is even in `factor`: log of d rho / d factor, but for a constant
    weight = special.softmax(_log_likelihood(events, n, mean, size) + flat)

    pull = size / (size + n[:, None])
    centre = pull * mean + events[:, None] / (size + n[:, None])
    spread = centre * (1 - centre) / (size + n[:, None] + 1) + pull**2 * mean_variance
    estimate = centre @ weight
    variance = (spread + centre**2) @ weight - estimate**2
    strength = estimate * (1 - estimate) / variance - 1
    alpha, beta = estimate * strength, (1 - estimate) * strength
    tail = (1 - confidence) / 2
    expected = np.broadcast_to(mean @ weight, n.shape)
    between = (mean * (1 - mean) / (size + 1)).mean(axis=0) @ weight
    return Shrunken(
        estimate,
        special.betaincinv(alpha, beta, tail),
        special.betaincinv(alpha, beta, 1 - tail),
        alpha,
        beta,
        expected,
        float(np.sqrt(between)),
    )


def probability_of_worst(alpha: ArrayLike, beta: ArrayLike, share: float = 0.1) -> Array:
    """How likely is each group to be among the worst `share` of all? Stands beside every ranking.

    Parameters
    ----------
    alpha, beta : array_like of float, shape (groups,)
        As in `Shrunken`; NaN groups are left out and stay NaN.
    share : float
        Which part of the groups counts as the worst, in (0, 1).

    Returns
    -------
    ndarray of float
        Probabilities; they add up to share × groups.

    Raises
    ------
    UsageError
        When `share` lies outside (0, 1).

    Notes
    -----
    The probability that the rate exceeds the threshold which `share` of all rates are expected to exceed.

    Source: Normand et al. 1997, J. Am. Stat. Assoc. 92:803.
    """
    if not 0 < share < 1:
        raise UsageError(f"the worst share {share} must lie between 0 and 1, like 0.1 for the worst tenth")
    alpha, beta = np.asarray(alpha, float), np.asarray(beta, float)
    known = ~np.isnan(alpha)
    result = np.full(alpha.shape, np.nan)
    if known.any():
        a, b = alpha[known], beta[known]
        own = special.betaincinv(a, b, 1 - share)  # every group alone exceeds its own with that probability
        threshold = own.min()
        if own.max() > threshold:
            threshold = optimize.brentq(
                lambda t: 1 - special.betainc(a, b, t).mean() - share, threshold, own.max(), xtol=1e-7
            )
        result[known] = 1 - special.betainc(a, b, threshold)  # betaincc is 15 times slower
    return result


def _prior_means(events: Array, n: Array, size: Array, given: ArrayLike | None) -> tuple[Array, Array]:
    """The prior mean at each M, shape (groups or 1, NODES), and the variance it is known with."""
    if given is not None:
        mean = np.asarray(given, float)
        if mean.shape != n.shape or not np.all((mean > 0) & (mean < 1)):
            raise UsageError("prior_mean needs one rate between 0 and 1 for every group, both ends left out")
        return np.broadcast_to(mean[:, None], (n.size, size.size)), np.zeros(size.shape)
    worth = 1 / (1 + (n[:, None] - 1) / (size + 1))  # of one row, when rows of one group are alike; rho = 1 / (M + 1)
    rows = (worth * n[:, None]).sum(axis=0) + 1
    mean = ((worth * events[:, None]).sum(axis=0) + 0.5) / rows  # the half keeps "no event yet" off certainty
    return mean[None, :], mean * (1 - mean) / rows


def _log_likelihood(events: Array, n: Array, mean: Array, size: Array) -> Array:
    """Of each prior size, without the binomial coefficients; means of shape (groups or 1, sizes)."""
    alpha, beta = mean * size, (1 - mean) * size
    after = special.betaln(events[:, None] + alpha, (n - events)[:, None] + beta)
    return (after - special.betaln(alpha, beta)).sum(axis=0)


def _counts(events: ArrayLike, n: ArrayLike) -> tuple[Array, Array]:
    events, n = np.asarray(events, float), np.asarray(n, float)
    if events.ndim != 1 or events.shape != n.shape:
        raise UsageError(f"events and n need one value per group, not shapes {events.shape} and {n.shape}")
    if not np.all((events >= 0) & (events <= n)):
        raise UsageError("a group has fewer than 0 events, or more events than rows")
    return events, n
