"""A sheet of an Excel workbook -> a DuckDB table of text, every row with its line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import duckdb
from python_calamine import CalamineError, CalamineWorkbook

from labelqa_lib.sources.records import Record, SourceFile, UnreadableFile, open_bytes, store


def read_excel(source: SourceFile, table: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Make `table` from the sheet that `source` names, or from the first."""
    with _sound(source):
        workbook = _workbook(source)
        sheets = workbook.sheet_names
        sheet = source.sheet or sheets[0]
        if sheet not in sheets:
            raise UnreadableFile(f"{source.shown}: has no sheet {sheet!r}; it has {', '.join(sheets)}")
        rows = iter(workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False))
    names = [str(cell).strip() for cell in next(rows, [])]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice or not any(names):
        what = f"names the column {twice[0]!r} twice" if twice else "names no column"
        raise UnreadableFile(f"{source.shown}: the first row of sheet {sheet!r} {what}")
    store(source, [name for name in names if name], _records(rows, names), table, connection)


def sheet_names(source: SourceFile) -> list[str]:
    """The sheets of a workbook.

    Raises
    ------
    UnreadableFile
    """
    with _sound(source):
        return _workbook(source).sheet_names


def _workbook(source: SourceFile) -> CalamineWorkbook:
    with open_bytes(source) as stream:
        return CalamineWorkbook.from_filelike(stream)


@contextmanager
def _sound(source: SourceFile) -> Iterator[None]:
    """What the workbook or one of its sheets is cut or broken in is said of the file."""
    try:
        yield
    except CalamineError as error:
        what = str(error) or type(error).__name__
        raise UnreadableFile(f"{source.shown}: is not a sound Excel workbook ({what}); deliver it again") from None


def _records(rows: Iterator[list], names: list[str]) -> Iterator[Record]:
    for line, cells in enumerate(rows, 2):
        fields = {name: _text(cell) for name, cell in zip(names, cells, strict=False) if name}
        if any(value is not None for value in fields.values()):
            yield Record(line, None, fields)


def _text(cell: object) -> str | None:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # Excel keeps every number as a float: 17 is stored as 17.0
    if isinstance(cell, date | datetime):
        return cell.isoformat()
    return None if cell == "" else str(cell)
