"""Which cells of a table must not be shown, so that neither they nor what they hide can be worked out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def withheld(n: np.ndarray, places: Sequence[np.ndarray], smallest: int) -> tuple[np.ndarray, np.ndarray]:
    """Which cells rest on too few rows, and which others must go with them so that a total tells nothing?

    Parameters
    ----------
    n : array of int, shape (cells,)
        Rows behind each cell, at least 0. A cell without rows hides nothing and helps to hide nothing.
    places : sequence of arrays, each of shape (cells,)
        The cell's value in each dimension of the table; no two cells share all of them.
    smallest : int
        Cells with 1 to ``smallest − 1`` rows are too small; 0 or 1 withholds nothing.

    Returns
    -------
    small, beside : array of bool, shape (cells,)
        Cells that are too small, and those withheld beside them. Along every dimension, a line of cells (those alike in
        all other dimensions) with a withheld one has at least two withheld, with `smallest` rows or more together, as
        long as the line has other cells: its total minus what is shown is then no small cell. In a table of two
        dimensions or more, no small cell follows from all lines' totals together either.

    Notes
    -----
    Primary suppression by a minimum frequency, secondary suppression by the smallest other cell of a line, repeated
    until every line is safe. It is no optimum: linear programmes withhold a little less and are not needed for tables
    of a page. A cell follows from the totals where every change of the withheld cells that keeps all totals leaves it as
    it is: where its row of the null space of lines x withheld cells is 0.
    Source: Hundepool et al., Statistical Disclosure Control (Wiley 2012), sections 4.2.1 and 4.4.
    """
    n = np.asarray(n)
    small = (n > 0) & (n < smallest)
    hidden = small.copy()
    codes = [np.unique(np.asarray(place, dtype=str), return_inverse=True)[1] for place in places]
    lines = [_lines(codes, along) for along in range(len(codes))]
    counted = -1
    while small.any() and counted != hidden.sum():
        counted = hidden.sum()
        for line in lines:
            for number in np.unique(line[hidden]):
                _cover(n, hidden, np.flatnonzero((line == number) & (n > 0)), smallest)
        if counted == hidden.sum() and len(lines) > 1:
            _loosen(n, hidden, small, lines)
    return small, hidden & ~small


def _lines(codes: list[np.ndarray], along: int) -> np.ndarray:
    """The line along one dimension that each cell lies in, as a number."""
    others = [code for place, code in enumerate(codes) if place != along]
    if not others:
        return np.zeros(len(codes[along]), dtype=int)
    return np.unique(np.column_stack(others), axis=0, return_inverse=True)[1].ravel()


def _cover(n: np.ndarray, hidden: np.ndarray, line: np.ndarray, smallest: int) -> None:
    """Withhold the smallest other cells of a line until what is withheld is no small cell."""
    others = line[~hidden[line]]
    for cell in others[np.argsort(n[others], kind="stable")]:
        taken = line[hidden[line]]
        if len(taken) > 1 and n[taken].sum() >= smallest:
            return
        hidden[cell] = True


def _loosen(n: np.ndarray, hidden: np.ndarray, small: np.ndarray, lines: list[np.ndarray]) -> None:
    """Where a small cell follows from all totals together, withhold the smallest cell that shares a line with it.

    The total of a line with a single cell is that cell: it is withheld wherever the cell is, and tells nothing.
    """
    cells, there = np.flatnonzero(hidden), n > 0
    totals = [line[cells] == number for line in lines for number in np.unique(line[cells]) if (there & (line == number)).sum() > 1]
    if not totals:
        return
    rows = np.array(totals)
    _, sizes, right = np.linalg.svd(rows.astype(float), full_matrices=True)
    free = right[(sizes > 1e-9).sum() :]
    fixed = cells[(np.abs(free) < 1e-9).all(axis=0)]
    for cell in fixed[small[fixed]]:
        beside = np.logical_or.reduce([line == line[cell] for line in lines]) & ~hidden & (n > 0)
        if beside.any():
            others = np.flatnonzero(beside)
            hidden[others[np.argmin(n[others])]] = True
            return
