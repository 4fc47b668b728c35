"""Sums and linearised variances over clusters within strata, for many groups at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from labelqa_lib.errors import UsageError


class Cells:
    """A sample summed into cells (the rows that one cluster adds to one group), checked.

    Parameters
    ----------
    group : array of int
        Code 0..G−1 of each cell's group.
    rows : array of float
        Rows of each cell, above 0.
    stratum, cluster : array, optional
        The stratum that the cell's cluster belongs to, and the cluster. Without `cluster` every cell is its own.
    population : array of float, optional
        Clusters that the cell's stratum holds in the population (for a finite-population correction).
    groups : int, optional
        G, when trailing groups may be empty.

    Attributes
    ----------
    count : int
        G.
    n, clusters, degrees : array of int, one per group
        Rows, clusters, and clusters less strata.
    """

    def __init__(
        self,
        group: ArrayLike,
        rows: ArrayLike,
        stratum: ArrayLike | None = None,
        cluster: ArrayLike | None = None,
        population: ArrayLike | None = None,
        groups: int | None = None,
    ):
        self.rows = measures("n", rows)
        self.group = codes("group", group, len(self.rows))
        if len(self.rows) and self.rows.min() <= 0:
            raise UsageError(f"n is {self.rows.min():g} in a cell; leave out the cells without rows")
        self.count = int(self.group.max(initial=-1) + 1 if groups is None else groups)
        if self.group.max(initial=-1) >= self.count:
            raise UsageError(f"group code {self.group.max()} does not fit {self.count} groups; codes count from 0")
        self.n = np.rint(self.sum(self.rows)).astype(np.int64)
        if stratum is None:
            stratum, pair_stratum = np.zeros_like(self.group), np.zeros(self.count, dtype=np.int64)
            self._pair, self._pair_group = self.group, np.arange(self.count)
        else:
            stratum = codes("stratum", stratum, len(self.rows))
            width = stratum.max(initial=0) + 1
            pairs, self._pair = np.unique(self.group * width + stratum, return_inverse=True)
            self._pair_group, pair_stratum = np.divmod(pairs, width)
        here = self._units = np.bincount(self._pair, minlength=len(pair_stratum))
        if cluster is not None:
            cluster = codes("cluster", cluster, len(self.rows))
            width = cluster.max(initial=0) + 1
            if len(np.unique(self._pair * width + cluster)) < len(cluster):
                raise UsageError("a cluster has several cells in one group and stratum; sum them first")
            inside = np.unique(stratum * width + cluster) // width
            self._units = np.bincount(inside, minlength=stratum.max(initial=0) + 1)[pair_stratum]
        self.clusters = np.bincount(self._pair_group, weights=here, minlength=self.count).astype(np.int64)
        # where every stratum holds one cluster, those are compared with each other
        strata = np.bincount(self._pair_group[here > 0], minlength=self.count)
        self.degrees = np.where(self.clusters > strata, self.clusters - strata, np.maximum(self.clusters - 1, 0))
        self._unseen = np.ones(len(here))
        if population is not None:
            held = np.zeros(len(here))
            np.maximum.at(held, self._pair, measures("population", population, len(self.rows)))
            if (held < self._units)[here > 0].any():
                raise UsageError("a stratum has more clusters in the sample than in the population it comes from")
            self._unseen = 1 - self._units / np.maximum(held, 1)

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Sum per group."""
        return np.bincount(self.group, weights=values, minlength=self.count)

    def variance(self, score: np.ndarray) -> np.ndarray:
        """Variance of Σ score: how clusters of one stratum differ, summed over strata.

        Σ_h (1 − m/M) m/(m−1) Σ (score − mean)² over the m clusters of stratum h, counting clusters without rows in
        the group (their score is 0). A stratum of one cluster is compared with 0, the mean of all scores.
        Source: Särndal, Swensson & Wretman (1992), 5.5 and 10.3; Lumley (2010), 2.2 ("adjust" for single clusters).
        """
        units = np.maximum(self._units, 1)
        sums, squares = self._pair_sum(score), self._pair_sum(score**2)
        within = units / np.maximum(units - 1, 1) * (squares - sums**2 / units)
        terms = self._unseen * np.where(units > 1, np.maximum(within, 0), squares)
        return np.bincount(self._pair_group, weights=terms, minlength=self.count)

    def third(self, score: np.ndarray) -> np.ndarray:
        """Third cumulant of Σ score: Σ_h (1 − m/M) m² / ((m−1)(m−2)) Σ (score − mean)³, as `variance` is the second.

        Two clusters of a stratum tell nothing of it and add 0.
        """
        units = np.maximum(self._units, 1)
        within = units**2 / (np.maximum(units - 1, 1) * np.maximum(units - 2, 1)) * self._pair_cubes(score)
        return np.bincount(self._pair_group, weights=self._unseen * within, minlength=self.count)

    def _pair_cubes(self, score: np.ndarray) -> np.ndarray:
        """Σ (score − mean)³ over the clusters of each stratum, those without rows in the group (score 0) too."""
        units = np.maximum(self._units, 1)
        mean = np.where(units > 1, self._pair_sum(score) / units, 0.0)
        seen = np.bincount(self._pair, minlength=len(units))
        apart = score - mean[self._pair]
        # numpy raises to the third power a hundred times as slowly as it multiplies
        return self._pair_sum(apart * apart * apart) - (self._units - seen) * mean**3

    def centred(self, score: np.ndarray) -> np.ndarray:
        """Scores less the mean of their stratum, where it holds more than one cluster."""
        units = np.maximum(self._units, 1)
        return score - np.where(units > 1, self._pair_sum(score) / units, 0.0)[self._pair]

    def _pair_sum(self, values: np.ndarray) -> np.ndarray:
        return np.bincount(self._pair, weights=values, minlength=len(self._units))


def cells_of_rows(
    group: np.ndarray,
    stratum: np.ndarray | None,
    cluster: np.ndarray | None,
    groups: int,
    **columns: np.ndarray,
) -> tuple[Cells, dict[str, np.ndarray]]:
    """Sum rows of one group, stratum and cluster into a cell, and every column with them.

    Without clusters every row is its own.
    """
    rows = np.ones(len(group))
    if cluster is None and stratum is None:
        return Cells(group, rows, groups=groups), columns
    if cluster is None:
        # groups may cut through strata, whose rows without the group count too
        return Cells(group, rows, stratum, np.arange(len(group)), groups=groups), columns
    joint = group if stratum is None else group * (stratum.max(initial=0) + 1) + stratum
    _, example, place = np.unique(
        joint * (cluster.max(initial=0) + 1) + cluster, return_index=True, return_inverse=True
    )
    rows, *sums = (
        np.bincount(place, weights=values, minlength=len(example)) for values in (rows, *columns.values())
    )
    stratum = None if stratum is None else stratum[example]
    cells = Cells(group[example], rows, stratum, cluster[example], groups=groups)
    return cells, dict(zip(columns, sums, strict=True))


def codes(name: str, values: ArrayLike, length: int) -> np.ndarray:
    """Codes 0, 1, 2, … of groups, strata or clusters."""
    values = np.asarray(values)
    if values.shape != (length,):
        raise UsageError(f"{name} has shape {values.shape}, but there are {length} cells; give one code per cell")
    if length and not (np.issubdtype(values.dtype, np.integer) and values.min() >= 0):
        raise UsageError(f"{name} must hold whole numbers 0, 1, 2, …; number the values first")
    return values.astype(np.int64)


def measures(name: str, values: ArrayLike, length: int | None = None) -> np.ndarray:
    """Finite numbers, one per cell."""
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or (length is not None and len(values) != length):
        raise UsageError(f"{name} has shape {values.shape}; give one number per cell")
    if not np.isfinite(values).all():
        raise UsageError(f"{name} is missing or infinite in {np.sum(~np.isfinite(values))} cells; leave those rows out")
    return values
