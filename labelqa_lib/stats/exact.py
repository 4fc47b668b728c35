"""Exact chances of counts, and the tests that rest on them: SciPy's, without `scipy.stats`.

That package takes a third of a second to import, once in every run, and a tenth of a millisecond to look at the arguments of each
call. What it calls then lies in `scipy.special`, and is called here: the same bytes come back.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

try:
    from scipy.special import _ufuncs as _boost

    _binom_cdf, _binom_sf, _binom_pmf, _binom_ppf = _boost._binom_cdf, _boost._binom_sf, _boost._binom_pmf, _boost._binom_ppf
    _hyper_cdf, _hyper_sf, _hyper_pmf = _boost._hypergeom_cdf, _boost._hypergeom_sf, _boost._hypergeom_pmf
except (ImportError, AttributeError):  # a SciPy that keeps them elsewhere: its door is slower, and says the same
    from scipy.stats import binom, hypergeom

    _binom_cdf, _binom_sf, _binom_pmf, _binom_ppf = binom.cdf, binom.sf, binom.pmf, binom.ppf
    _hyper_cdf, _hyper_sf, _hyper_pmf = (
        lambda k, held, n, lot, of=of: of(k, lot, held, n) for of in (hypergeom.cdf, hypergeom.sf, hypergeom.pmf)
    )

Array = np.ndarray

_TIE = 1 + 1e-14
"""A table counts as unlikely as the one seen up to what is lost by rounding."""


def binomial_cdf(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> Array:
    """With which probability are at most `k` of `n` hit, each with probability `p`?

    Parameters
    ----------
    k : array_like
        Any number; below 0 the answer is 0, from `n` on it is 1.
    n : array_like
        Whole numbers, at least 0.
    p : array_like
        In [0, 1]; elsewhere the answer is NaN.

    Returns
    -------
    ndarray or float
        Of the shape to which all broadcast, in [0, 1].

    Notes
    -----
    Source: the regularised incomplete beta function, I(1−p; n−k, k+1), as Boost computes it.
    """
    k, n, p = _numbers(np.floor(k), n, p)
    within = _binom_cdf(np.clip(k, 0, n), n, p)
    return np.where(k < 0, 0 * within, within)[()]


def binomial_sf(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> Array:
    """With which probability are more than `k` of `n` hit? As `binomial_cdf`, and exact where that is nearly 1."""
    k, n, p = _numbers(np.floor(k), n, p)
    within = _binom_sf(np.clip(k, 0, n), n, p)
    return np.where(k < 0, 0 * within + 1, within)[()]


def binomial_pmf(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> Array:
    """With which probability are just `k` of `n` hit? As `binomial_cdf`; 0 for a `k` that is no count of them."""
    k, n, p = _numbers(k, n, p)
    within = _binom_pmf(np.clip(np.floor(k), 0, n), n, p)
    return np.where((k < 0) | (k > n) | (k % 1 != 0), 0 * within, within)[()]


def binomial_ppf(q: ArrayLike, n: ArrayLike, p: ArrayLike) -> Array:
    """The smallest count of which `binomial_cdf` is at least `q`; −1 where `q` is 0. Arguments as there, `q` in [0, 1]."""
    q, n, p = _numbers(q, n, p)
    inside = (q > 0) & (q < 1)
    found = _binom_ppf(np.where(inside, q, 0.5), n, p)
    ends = np.select([q == 0, q == 1], [0 * found - 1, 0 * found + n], np.nan)
    return np.where(inside, found, ends)[()]


def hypergeometric_cdf(k: ArrayLike, lot: ArrayLike, held: ArrayLike, n: ArrayLike) -> Array:
    """With which probability are at most `k` among `n` drawn of a lot that holds `held` of them?

    Parameters
    ----------
    k : array_like
        Any number.
    lot, held, n : array_like
        Whole numbers; `lot` at least 1, the others from 0 to `lot`. The answer is NaN elsewhere.

    Returns
    -------
    ndarray or float
        Of the shape to which all broadcast, in [0, 1].

    Notes
    -----
    Source: Boost's sum of hypergeometric probabilities from the nearer end.
    """
    return _hypergeometric(_hyper_cdf, np.floor(k), lot, held, n, below=0, above=1)


def hypergeometric_sf(k: ArrayLike, lot: ArrayLike, held: ArrayLike, n: ArrayLike) -> Array:
    """With which probability are more than `k` among them? As `hypergeometric_cdf`, and exact where that is nearly 1."""
    return _hypergeometric(_hyper_sf, np.floor(k), lot, held, n, below=1, above=0)


def hypergeometric_pmf(k: ArrayLike, lot: ArrayLike, held: ArrayLike, n: ArrayLike) -> Array:
    """With which probability are just `k` among them? As `hypergeometric_cdf`; 0 for a `k` that cannot be."""
    return _hypergeometric(_hyper_pmf, k, lot, held, n, below=0, above=None)


def poisson_pmf(k: ArrayLike, mean: ArrayLike) -> Array:
    """With which probability happen just `k`, where `mean` are expected? `k` are whole numbers from 0."""
    return np.exp(special.xlogy(k, mean) - special.gammaln(np.add(k, 1)) - mean)


def fisher(table: ArrayLike, alternative: str = "two-sided") -> float:
    """Fisher's exact test of a table of two rows and two columns: the p-value, 1 where a row or a column is empty.

    Parameters
    ----------
    table : array_like of whole numbers, 2 by 2
    alternative : str
        ``greater``: the first row has a larger share of the first column than the second row has; or ``two-sided``.

    Notes
    -----
    Two-sided: the probability of all tables with the same margins that are not more likely than this one.
    Source: Fisher (1935), The Design of Experiments; Fay (2010), Biostatistics 11:373 on what two-sided means.
    """
    (a, b), (c, d) = np.asarray(table, dtype=np.int64).tolist()
    lot, row, column = a + b + c + d, a + b, a + c
    if 0 in (row, column, lot - row, lot - column):
        return 1.0
    if alternative == "greater":
        return min(float(hypergeometric_cdf(b, lot, row, b + d)), 1.0)
    most_likely = (column + 1) * (row + 1) // (lot + 2)
    this, most = (hypergeometric_pmf(k, lot, row, column) for k in (a, most_likely))
    if abs(this - most) <= (_TIE - 1) * max(this, most):
        return 1.0
    if a < most_likely:
        beyond = _first_as_rare(this, lot, row, column, most_likely, min(row, column) + 1)
        return min(float(hypergeometric_cdf(a, lot, row, column) + hypergeometric_sf(beyond - 1, lot, row, column)), 1.0)
    beyond = _first_as_rare(this, lot, row, column, most_likely, max(0, row + column - lot) - 1)
    return min(float(hypergeometric_sf(a - 1, lot, row, column) + hypergeometric_cdf(beyond, lot, row, column)), 1.0)


def _first_as_rare(this: float, lot: int, row: int, column: int, near: int, past: int) -> int:
    """The count nearest to `near`, which is likelier, that is at most as likely as `this`; `past`, an impossible one, where none is."""
    while abs(past - near) > 1:
        middle = (near + past) // 2
        rare = hypergeometric_pmf(middle, lot, row, column) <= this * _TIE
        near, past = (near, middle) if rare else (middle, past)
    return past


def adjusted(p_values: ArrayLike) -> Array:
    """p-values adjusted so that those at most 0.05 are false discoveries in 5 % of cases, on average.

    Parameters
    ----------
    p_values : array_like, one dimension
        In [0, 1].

    Raises
    ------
    ValueError
        When one is not.

    Notes
    -----
    Source: Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57:289.
    """
    p_values = np.asarray(p_values, dtype=float)
    if not np.all((p_values >= 0) & (p_values <= 1)):
        raise ValueError(f"p-values lie between 0 and 1; there are {p_values[~((p_values >= 0) & (p_values <= 1))][:5]}")
    order = np.argsort(p_values)
    raised = p_values[order] * (len(order) / np.arange(1.0, len(order) + 1))
    told = np.empty_like(raised)
    told[order] = np.minimum.accumulate(raised[::-1])[::-1]
    return np.clip(told, 0, 1)


class Difference(NamedTuple):
    """A difference of means with its bounds."""

    low: float
    high: float


def welch(values: Array, others: Array, confidence: float = 0.95) -> Difference:
    """How much larger is the mean behind `values` than that behind `others`? Both hold at least two numbers.

    Notes
    -----
    Source: Welch (1947), Biometrika 34:28; degrees of freedom after Satterthwaite.
    """
    parts = [np.var(side, ddof=1) / len(side) for side in (values, others)]
    error = np.sqrt(sum(parts))
    if not error:
        return Difference(*2 * (np.mean(values) - np.mean(others),))
    freedom = sum(parts) ** 2 / sum(part**2 / (len(side) - 1) for part, side in zip(parts, (values, others), strict=True))
    middle, away = np.mean(values) - np.mean(others), special.stdtrit(freedom, (1 + confidence) / 2) * error
    return Difference(float(middle - away), float(middle + away))


def _hypergeometric(function, k, lot, held, n, below: int, above: int | None) -> Array:
    k, lot, held, n = _numbers(k, lot, held, n)
    sound = (lot > 0) & (held >= 0) & (held <= lot) & (n >= 0) & (n <= lot) & (lot % 1 + held % 1 + n % 1 == 0)
    lot, held, n = np.where(sound, lot, 1), np.where(sound, held, 0), np.where(sound, n, 0)
    least, most = np.maximum(n - (lot - held), 0), np.minimum(held, n)
    told = function(np.clip(np.floor(k), least, most), held, n, lot)
    if above is None:
        told = np.where((k > most) | (k % 1 != 0), 0, told)
    else:
        told = np.where(k >= most, above, told)
    return np.where(sound & ~np.isnan(k), np.where(k < least, below, told), np.nan)[()]


def _numbers(*values: ArrayLike) -> list[Array]:
    """All of one shape; as floats, since SciPy computes short integers with half the digits."""
    return np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in values))
