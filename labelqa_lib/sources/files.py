"""One file of a delivery -> one DuckDB table, each row with the file and line it came from."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from labelqa_lib.sources import quoting
from labelqa_lib.sources.delimited import read_delimited
from labelqa_lib.sources.excel import read_excel, sheet_names
from labelqa_lib.sources.jsonl import read_json_lines
from labelqa_lib.sources.records import SourceFile, UnreadableFile, column

_FORMAT_OF_ENDING = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "excel",
    ".xls": "excel",
    ".parquet": "parquet",
}

_PART = 100_000
"""Rows of a Parquet file for which another thread is worth its while."""


def format_of(path: Path) -> str | None:
    """The format that a file's ending stands for, ``.gz`` aside; None when it stands for none."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return _FORMAT_OF_ENDING.get(suffixes[-1]) if suffixes else None


def read_file(source: SourceFile, table: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Make `table`: the file's columns, `_file`, `_line` (the header is line 1) and `_problem` (of malformed rows).

    Text formats give VARCHAR columns, empty fields as NULL; Parquet keeps its types.

    Raises
    ------
    UnreadableFile
    """
    with _told_of(source):
        _READERS[source.format](source, table, connection)


def sheets_of(source: SourceFile) -> list[str]:
    """The sheets of a workbook.

    Raises
    ------
    UnreadableFile
    """
    with _told_of(source):
        return sheet_names(source)


@contextmanager
def _told_of(source: SourceFile) -> Iterator[None]:
    """Whatever keeps a file from being read, as a sentence about it."""
    try:
        yield
    except PermissionError:
        raise UnreadableFile(f"{source.shown}: may not be read (permission denied)") from None
    except EOFError:
        raise UnreadableFile(f"{source.shown}: ends in the middle (a truncated gzip file); deliver it again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFile(f"{source.shown}: is not a sound gzip file ({error}); deliver it again") from None
    except duckdb.OutOfMemoryException:  # no fault of the file
        raise
    except (OSError, UnicodeError, zipfile.BadZipFile, duckdb.Error) as error:
        raise UnreadableFile(f"{source.shown}: cannot be read ({_first_line(error)}); deliver it again") from None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


def _read_parquet(source: SourceFile, table: str, connection: duckdb.DuckDBPyConnection) -> None:
    rows = f"""SELECT * EXCLUDE (file_row_number) {_renamed(source.path, connection)}, {quoting.literal(source.shown)} AS _file, file_row_number + 1 AS _line,
               NULL::VARCHAR AS _problem
        FROM read_parquet({quoting.file(source.path)}, file_row_number = true, hive_partitioning = false)"""
    parts = " UNION ALL ".join(f"({rows} WHERE {lines})" for lines in _side_by_side(source.path, connection))
    connection.execute(f"CREATE OR REPLACE VIEW {quoting.name(table)} AS {parts}").fetchall()


def _renamed(path: Path, connection: duckdb.DuckDBPyConnection) -> str:
    there = connection.sql(f"FROM read_parquet({quoting.file(path)}, hive_partitioning = false)").columns
    named = ", ".join(f"{quoting.name(name)} AS {quoting.name(column(name))}" for name in there if column(name) != name)
    return f"RENAME ({named})" if named else ""


def _side_by_side(path: Path, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Conditions that cut a Parquet file into parts for the engine's threads: of a group of rows, it gives no two threads a part.

    pandas and Arrow write a million rows as one group. Each part reads past the rows of the others, which takes a third as long
    as reading them.
    """
    asked = f"SELECT sum(num_rows)::BIGINT, sum(num_row_groups), current_setting('threads') FROM parquet_file_metadata({quoting.file(path)})"
    ((rows, groups, threads),) = connection.execute(asked).fetchall()
    parts = min(threads, rows // _PART) if groups < threads else 1
    if parts <= 1:
        return ["true"]
    width = -(-rows // parts)
    return [f"file_row_number BETWEEN {start} AND {start + width - 1}" for start in range(0, rows, width)]


_READERS: dict[str, Callable[[SourceFile, str, duckdb.DuckDBPyConnection], None]] = {
    "csv": read_delimited,
    "tsv": read_delimited,
    "jsonl": read_json_lines,
    "excel": read_excel,
    "parquet": _read_parquet,
}
FORMATS = tuple(_READERS)
