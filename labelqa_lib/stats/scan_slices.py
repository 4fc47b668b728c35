"""Every slice that a scan looks at: single values, pairs and triples of values that occur, and sets of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

LEAST_ROWS = 5  # of the current period; what is thinner cannot stand out of so many
MOST_COMBINATIONS = 400  # of dimensions; where three (two) at a time are more, only pairs (values) are searched
LONGEST_SET = 12


@dataclass(frozen=True)
class Block:
    """Slices of one combination of dimensions.

    Attributes
    ----------
    dimensions : tuple of int
        Positions of the dimensions; empty for the slice that holds everything.
    values : ndarray of int, shape (slices, dimensions)
        The value of each.
    baseline, current : ndarray of int, shape (cells,)
        The slice each cell is in; `len(values)` for none.
    first : int
        Number of the block's first slice among all slices.
    """

    dimensions: tuple[int, ...]
    values: Codes
    baseline: Codes
    current: Codes
    first: int

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Lines:
    """Slices that differ in one dimension only: what sets of values are made of.

    Attributes
    ----------
    depth : int
        1 for the values of a dimension, 2 for those within one value of another.
    slices : ndarray of int, shape (lines, longest)
        Numbers of the slices, filled up with −1.
    dimension : ndarray of int, shape (lines,)
        The one in which they differ.
    """

    depth: int
    slices: Codes
    dimension: Codes


class Slices:
    """All slices over two periods of cells.

    Parameters
    ----------
    baseline, current : ndarray of int, shape (cells, dimensions)
    levels : sequence of int
        Values per dimension.
    rows : ndarray of float, shape (current cells,)
        Rows in each current cell.
    alone : set of int
        Dimensions that are searched by themselves and in sets only (agents).
    """

    def __init__(self, baseline: Codes, current: Codes, levels: Sequence[int], rows: Array, alone: set[int]):
        self.blocks: list[Block] = []
        self.count = 0
        crossed = [place for place in range(len(levels)) if place not in alone]
        deepest = next(size for size in (3, 2, 1) if size == 1 or comb(len(crossed), size) <= MOST_COMBINATIONS)
        wanted = [(), *((place,) for place in range(len(levels)))]
        wanted += [chosen for size in range(2, deepest + 1) for chosen in combinations(crossed, size)]
        for chosen in wanted:
            block = _block(chosen, baseline, current, levels, rows, self.count)
            if len(block):
                self.blocks.append(block)
                self.count += len(block)
        self.depth = np.concatenate([np.full(len(block), len(block.dimensions)) for block in self.blocks])
        self.lines = self._lines(alone)

    def sums(self, baseline: Array | None = None, current: Array | None = None) -> Array:
        """Totals over the cells of each slice, shape (slices,), of one amount per cell of one of the periods."""
        amount, side = (baseline, "baseline") if current is None else (current, "current")
        return np.concatenate(
            [np.bincount(getattr(block, side), amount, len(block) + 1)[: len(block)] for block in self.blocks]
        )

    def describe(self, number: int) -> dict[int, tuple[int, ...]]:
        """Dimension → values of one slice."""
        block = next(block for block in reversed(self.blocks) if block.first <= number)
        row = block.values[number - block.first]
        return {place: (int(value),) for place, value in zip(block.dimensions, row, strict=True)}

    def _lines(self, alone: set[int]) -> list[Lines]:
        groups: dict[int, list[tuple[int, Codes]]] = {}
        for block in self.blocks:
            numbers = block.first + np.arange(len(block))
            if len(block.dimensions) == 1 and block.dimensions[0] not in alone:
                groups.setdefault(1, []).append((block.dimensions[0], numbers))
            elif len(block.dimensions) == 2:
                for varies, fixed in ((0, 1), (1, 0)):
                    for value in np.unique(block.values[:, fixed]):
                        line = numbers[block.values[:, fixed] == value]
                        groups.setdefault(2, []).append((block.dimensions[varies], line))
        lines = []
        for depth, members in groups.items():
            members = [(place, line) for place, line in members if len(line) > 2]  # a set of all is the whole
            if not members:
                continue
            table = np.full((len(members), max(len(line) for _, line in members)), -1)
            for row, (_, line) in enumerate(members):
                table[row, : len(line)] = line
            lines.append(Lines(depth, table, np.array([place for place, _ in members])))
        return lines


def _block(
    chosen: tuple[int, ...], baseline: Codes, current: Codes, levels: Sequence[int], rows: Array, first: int
) -> Block:
    if not chosen:
        zeros = (np.zeros(len(baseline), np.int64), np.zeros(len(current), np.int64))
        return Block((), np.zeros((1, 0), np.int64), *zeros, first)
    shape = [levels[place] for place in chosen]
    then, now = (np.ravel_multi_index([cells[:, place] for place in chosen], shape) for cells in (baseline, current))
    space = int(np.prod(shape))
    if space <= 4 * (len(then) + len(now)) + 1000:
        kept = np.flatnonzero(np.bincount(now, rows, space) >= LEAST_ROWS)
        number = np.full(space, len(kept))
        number[kept] = np.arange(len(kept))
        places = (number[then], number[now])
    else:
        keys, inverse = np.unique(now, return_inverse=True)
        kept = keys[np.bincount(inverse, rows) >= LEAST_ROWS]
        places = tuple(_find(kept, key) for key in (then, now))
    values = np.column_stack(np.unravel_index(kept, shape)) if len(kept) else np.zeros((0, len(chosen)), np.int64)
    return Block(chosen, values, *places, first)


def _find(kept: Codes, keys: Codes) -> Codes:
    place = np.searchsorted(kept, keys)
    return np.where(np.append(kept, -1)[place] == keys, place, len(kept))


def same_codes(codes: Codes, levels: Sequence[int]) -> tuple[Codes, int]:
    """A number per row, the same for rows with the same codes, and how many numbers there are."""
    if np.prod(np.array(levels, float)) < 2**62:
        distinct, number = np.unique(np.ravel_multi_index(codes.T, levels), return_inverse=True)
    else:
        distinct, number = np.unique(codes, axis=0, return_inverse=True)
    return number.ravel(), len(distinct)
