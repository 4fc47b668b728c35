"""A sheet of plain values: what xlsxwriter writes of them, without an object, a look at its place and six calls a cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from math import isfinite
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from labelqa_lib import files

_WIDEST = 60
_BLOCK = 16
"""Rows of a sheet that are said to span the same columns."""


class PlainSheet(Worksheet):
    """A worksheet that is filled once, a column at a time."""

    def fill(self, columns: Sequence[str], given: Sequence[Sequence[Any]], head: Format, quoted: Format) -> None:
        """Write a head that stays in sight, and below it each column's values.

        Numbers are numbers; text is text whatever it begins with, and `quoted` where it would become a formula when edited.

        Parameters
        ----------
        columns : sequence of str
        given : sequence of sequences
            The values of each column, of any lengths.
        """
        self.freeze_panes(1, 0)
        head._get_xf_index()  # formats are numbered as they are met, the head's first
        self._quoted, self._columns = quoted, []
        for place, (column, values) in enumerate(zip(columns, given, strict=True)):
            self.write_string(0, place, column, head)
            values = [value if type(value) in _PLAIN else value_of(value) for value in values]
            self._columns.append([self._cell(place, row, value) for row, value in enumerate(values, start=1)])
            widest = max([len(column), *(len(value) for value in values if type(value) is str)])
            self.set_column(place, place, min(widest + 2, _WIDEST))
        self.dim_rowmax = max((row for cells in self._columns for row, cell in enumerate(cells, start=1) if cell), default=0)

    def _cell(self, column: int, row: int, value: bool | float | str) -> str:
        """What follows a cell's place in its element; nothing where there is no cell."""
        if type(value) is str:
            style = f' s="{self._quoted._get_xf_index()}"' if files.starts_formula(value) else ""
            return f'{style} t="s"><v>{self._index(column, row, value)}</v></c>' if value else ""
        if type(value) is bool:
            return f' t="b"><v>{value:d}</v></c>'
        if not isfinite(value):
            self.write_number(row, column, value)  # which refuses it
        return f"><v>{value:.16G}</v></c>"

    def _index(self, column: int, row: int, text: str) -> int:
        if len(text) <= self.xls_strmax // 2:
            return self.str_table._get_shared_string_index(text)
        self.write_string(row, column, text)  # which cuts it, if it is too long
        return self.table.pop(row)[column].string

    def _write_rows(self) -> None:
        """Called by xlsxwriter where a sheet's rows go."""
        last, self.dim_rowmax = self.dim_rowmax, 0
        super()._write_rows()  # the head
        self.dim_rowmax = last
        self.fh.write("".join(self._elements()))

    def _elements(self) -> Iterator[str]:
        spans = self._spans()
        placed = [
            [cell and f'<c r="{name}{row}"{cell}' for row, cell in enumerate(cells, start=2)]
            for name, cells in zip(map(xl_col_to_name, range(len(self._columns))), self._columns, strict=True)
        ]
        for row, cells in enumerate(zip_longest(*placed, fillvalue=""), start=1):
            if inside := "".join(cells):
                yield f'<row r="{row + 1}" spans="{spans[row // _BLOCK]}">{inside}</row>'

    def _spans(self) -> dict[int, str]:
        """From which column to which rows have cells, of every block of them; the head has all."""
        found = defaultdict(set, {0: {1, len(self._columns)}})
        for place, cells in enumerate(self._columns, start=1):
            for block in {row // _BLOCK for row, cell in enumerate(cells, start=1) if cell}:
                found[block].add(place)
        return {block: f"{min(places)}:{max(places)}" for block, places in found.items()}


_PLAIN = (str, float, int, bool)


def value_of(value: object) -> bool | float | str:
    """What a cell holds: a segment as ``site=KUL, label=spam``, a list as its values, nothing as an empty text."""
    if value is None:
        return ""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={value_of(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(value_of(inner)) for inner in value)
    return value if isinstance(value, bool | int | float) else str(value)
