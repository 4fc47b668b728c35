"""Fractions of rows made whole at random, so that every cell, every row sum and every column sum stays next to its own.

What a sample expects to take from the cells of a two-way table (people × strata) is a fraction; what it takes is whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.clusters import codes, measures

_SETTLED = 1e-9


def controlled_rounding(expected: ArrayLike, row: ArrayLike, column: ArrayLike, seed: int) -> np.ndarray:
    """How many to take from each cell, so that on average it is what is expected, and no margin is off by one?

    Parameters
    ----------
    expected : array of float
        One entry per cell that is not empty, at least 0.
    row, column : array of int
        Codes of the cell's row and column; a pair occurs once.
    seed : int
        The same seed and cells give the same answer.

    Returns
    -------
    array of int
        Each cell's `expected` rounded down or up, with its `expected` as mean over seeds; so is the sum of every row,
        of every column and of all.

    Raises
    ------
    UsageError
        When a number is negative or missing, or lengths differ.

    Notes
    -----
    A slack row and column make all margins whole. As long as a cell is fractional there is a loop of such cells,
    alternating along rows and columns; adding to every other cell of it and taking from the rest, until one of them is
    whole, keeps all margins. The direction is drawn so that the mean stays.
    Source: Cox (1987), JASA 82:520.
    """
    expected = measures("expected", expected)
    row, column = (codes(name, given, len(expected)) for name, given in (("row", row), ("column", column)))
    if len(expected) and expected.min() < 0:
        raise UsageError(f"a cell expects {expected.min():g} rows; give numbers of at least 0")
    whole = np.floor(expected + _SETTLED)
    links = _Links(*_with_slack(np.maximum(expected - whole, 0.0), row, column))
    random = np.random.default_rng(seed)
    for start in range(len(links.cells_at)):
        while links.cells_at[start]:
            links.settle(links.loop(start), random.random())
    return (whole + np.rint(links.part[: len(expected)])).astype(np.int64)


def _with_slack(part: np.ndarray, row: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The fractions with a slack column and row that make every margin whole; nodes 0..R are rows, the rest columns."""
    rows, columns = row.max(initial=-1) + 1, column.max(initial=-1) + 1
    by_row = np.bincount(row, weights=part, minlength=rows)
    by_column = np.bincount(column, weights=part, minlength=columns)
    corner = part.sum() % 1
    part = np.concatenate(
        [part, np.ceil(by_row - _SETTLED) - by_row, np.ceil(by_column - _SETTLED) - by_column, [corner]]
    )
    row = np.concatenate([row, np.arange(rows), np.full(columns + 1, rows)])
    column = np.concatenate([column, np.full(rows, columns), np.arange(columns + 1)])
    return part, row, rows + 1 + column


class _Links:
    """The fractional cells as links between their row and their column."""

    def __init__(self, part: np.ndarray, row: np.ndarray, column: np.ndarray):
        self.part, self.ends = part.tolist(), list(zip(row.tolist(), column.tolist(), strict=True))
        self.cells_at: list[dict[int, None]] = [{} for _ in range(int(column.max(initial=0)) + 1)]
        for cell, ends in enumerate(self.ends):
            if _SETTLED < self.part[cell] < 1 - _SETTLED:
                for node in ends:
                    self.cells_at[node][cell] = None

    def loop(self, start: int) -> list[int]:
        """Cells of a loop that is met when one walks from `start` along fractional cells, each a new one."""
        node, walked, seen = start, [], {start: 0}
        while True:
            cell = next(one for one in self.cells_at[node] if not walked or one != walked[-1])
            walked.append(cell)
            ends = self.ends[cell]
            node = ends[1] if node == ends[0] else ends[0]
            if node in seen:
                return walked[seen[node] :]
            seen[node] = len(walked)

    def settle(self, loop: list[int], chance: float) -> None:
        """Move every other cell of the loop up and the rest down, or the reverse, until one is whole."""
        up, down = loop[::2], loop[1::2]
        room_up = min(min(1 - self.part[cell] for cell in up), min(self.part[cell] for cell in down))
        room_down = min(min(self.part[cell] for cell in up), min(1 - self.part[cell] for cell in down))
        step = room_up if chance < room_down / (room_up + room_down) else -room_down
        for cell in up:
            self._move(cell, step)
        for cell in down:
            self._move(cell, -step)

    def _move(self, cell: int, step: float) -> None:
        self.part[cell] += step
        if not _SETTLED < self.part[cell] < 1 - _SETTLED:
            for node in self.ends[cell]:
                self.cells_at[node].pop(cell, None)
