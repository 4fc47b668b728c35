"""How many rows to take from each stratum for one mean: by size, by spread, by cost.

Strata are parts of what could be sampled; `population` holds the rows of each. The variance of a stratified mean is
Σ (N_h/N)² S_h² (1/n_h − 1/N_h), with S_h the spread (standard deviation) inside a stratum, √(p(1 − p)) for a rate p.
Several goals at once are `allocation_goals`' question.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.clusters import measures


def proportional(population: ArrayLike, total: int, minimum: ArrayLike = 0) -> np.ndarray:
    """How to share `total` rows over strata by their size, with at least `minimum` in each (or all that it holds)?

    Parameters
    ----------
    population : array of int
        Rows of each stratum, at least 1.
    total : int
        Rows to take in all.
    minimum : array of int
        Of each stratum, or one for all.

    Returns
    -------
    array of int
        Summing to `total`.

    Raises
    ------
    UsageError
        When a stratum holds no row, the minima need more than `total`, or `total` exceeds what there is.

    Notes
    -----
    n_h ∝ N_h between the minimum and N_h; fractions go to the strata with the largest remainders.
    """
    population, minimum = strata_bounds(population, minimum)
    if not minimum.sum() <= total <= population.sum():
        raise UsageError(
            f"{total} rows cannot be shared over strata that need {minimum.sum()} at least and hold "
            f"{population.sum()}; take a number between"
        )
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        enough = np.clip(middle * population, minimum, population).sum() >= total
        low, high = (low, middle) if enough else (middle, high)
    exact = np.clip(high * population, minimum, population)
    n = np.floor(exact + 1e-9).astype(np.int64)
    n[np.argsort(n - exact, kind="stable")[: total - n.sum()]] += 1
    return n


def neyman(
    population: ArrayLike, spread: ArrayLike, budget: float, minimum: ArrayLike = 0, cost: ArrayLike = 1.0
) -> np.ndarray:
    """How to spend `budget` on rows of the strata so that the overall mean is known best?

    Parameters
    ----------
    population, minimum
        As in `proportional`.
    spread : array of float
        Standard deviation inside each stratum, at least 0. Shrink it where little is known: of x errors in n rows,
        √(p(1 − p)) with p = (x + 1)/(n + 2), since a spread of 0 asks for no row at all.
    budget : float
        What all rows together may cost; with costs of 1, their number.
    cost : array of float
        Of one row of each stratum, above 0, in the unit of `budget`.

    Returns
    -------
    array of int
        Costing `budget` or less by no more than another row would cost, or all there is.

    Raises
    ------
    UsageError
        When a stratum holds no row, the minima cost more than the budget, a spread is negative or a cost not above 0.

    Notes
    -----
    n_h ∝ N_h S_h / √c_h between the minimum and N_h, in whole rows: the m-th row of a stratum is worth
    (N_h S_h)² / (m (m − 1)), and rows are bought in the order of worth / cost. With equal costs no allocation of whole
    rows is better.
    Source: Neyman (1934), JRSS 97:558; Cochran (1977), 5.5 to 5.8; Wright (2012), Am. Stat. 66:217.
    """
    population, minimum = strata_bounds(population, minimum, least=1)
    cost = positive("cost", cost, len(population))
    spread = positive("spread", spread, len(population), zero=True)
    affordable(cost, minimum, budget)
    # strata without any spread come last, not never
    worth = population * np.maximum(spread, 1e-9 * (spread.max() or 1.0)) / np.sqrt(cost)

    def bought(price: float) -> np.ndarray:
        """Every m-th row with worth / √(m(m − 1)) above the price."""
        rows = np.ceil((1 + np.sqrt(1 + 4 * (worth / price) ** 2)) / 2) - 1
        return np.clip(rows, minimum, population).astype(np.int64)

    low, high = np.log(worth.min() / (2 * population.max())), np.log(2 * worth.max())
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if cost @ bought(np.exp(middle)) > budget else (low, middle)
    n = bought(np.exp(high))
    while True:
        fits = (n < population) & (cost @ n + cost <= budget * (1 + 1e-12))
        if not fits.any():
            return n
        n[np.argmax(np.where(fits, worth**2 / (n * (n + 1.0)), -1.0))] += 1


def strata_bounds(
    population: ArrayLike, minimum: ArrayLike, least: ArrayLike = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Rows that each stratum holds, and the fewest to take of them, checked."""
    population = measures("population", population)
    empty = np.flatnonzero(population < 1)
    if len(empty) or (population % 1).any():
        raise UsageError(
            f"strata {empty.tolist()} hold no row, so none can be drawn from them; leave them out"
            if len(empty)
            else "population counts rows; give whole numbers"
        )
    minimum = np.broadcast_to(np.asarray(minimum), population.shape)
    if (minimum < 0).any():
        raise UsageError(f"a minimum is {minimum.min():g}; it counts rows and is at least 0")
    population = population.astype(np.int64)
    return population, np.minimum(np.maximum(np.ceil(minimum), least), population).astype(np.int64)


def affordable(cost: np.ndarray, minimum: np.ndarray, budget: float) -> None:
    """Refuse a budget that the fewest rows of every stratum exceed."""
    least = float(cost @ minimum)
    if not least <= budget * (1 + 1e-12):
        raise UsageError(
            f"the least number of rows of every stratum costs {least:.4g} together and the budget is {budget:.4g}; "
            f"raise it to {least:.4g}, lower the minima, or join strata"
        )


def positive(name: str, values: ArrayLike, length: int, zero: bool = False) -> np.ndarray:
    """One number per stratum, or one for all, above 0 (or from it on)."""
    values = np.asarray(values, dtype=float)
    values = measures(name, np.full(length, values) if values.ndim == 0 else values, length)
    if len(values) and not (values.min() > 0 or (zero and values.min() == 0)):
        raise UsageError(f"{name} holds {values.min():g}; it must be {'at least' if zero else 'above'} 0")
    return values
