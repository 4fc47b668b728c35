"""CSV and TSV -> a DuckDB table of text, every row with its line.

DuckDB reads what is well formed. What is not (blank lines, line breaks inside quotes, rows with too many fields,
another encoding) is read again slowly by Python's own reader, which knows every row's line and what is wrong with it.
"""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Iterable, Iterator

import duckdb

from labelqa_lib.sources import quoting
from labelqa_lib.sources.records import Record, SourceFile, UnreadableFile, column, open_text, scan, store

_DELIMITERS = ",;\t|"

LONGEST = 1 << 24
"""Characters of one field. Python's csv takes 131,072, less than a comment may have; without an end, a quote that nobody closes
would bring the rest of a file into memory. The limit is the process's: it is raised once, here, and nowhere lowered."""

csv.field_size_limit(max(LONGEST, csv.field_size_limit()))


def read_delimited(source: SourceFile, table: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Make `table` from a delimited file, by DuckDB where it is well formed, else by Python."""
    found = scan(source)
    names, delimiter = _header(source)
    is_utf8 = codecs.lookup(source.encoding).name in ("utf-8", "utf-8-sig")
    if is_utf8 and not found.has_nul and _read_well_formed(source, names, delimiter, found.lines, table, connection):
        return
    with open_text(source) as stream:
        store(source, names, _csv_records(source, stream, names, delimiter), table, connection)


def _read_well_formed(
    source: SourceFile,
    names: list[str],
    delimiter: str,
    lines: int,
    table: str,
    connection: duckdb.DuckDBPyConnection,
) -> bool:
    """Let DuckDB read; True when every line of the file became one row, so that row numbers are line numbers."""
    columns = ", ".join(f"{quoting.name(column(name))}: 'VARCHAR'" for name in names)
    try:
        connection.execute(
            f"""CREATE OR REPLACE TABLE {quoting.name(table)} AS
            SELECT *, {quoting.literal(source.shown)} AS _file, row_number() OVER () + 1 AS _line,
                   NULL::VARCHAR AS _problem
            FROM read_csv({quoting.file(source.path)}, auto_detect = false, header = true, strict_mode = true,
                          delim = {quoting.literal(delimiter)}, quote = '"', escape = '"', nullstr = '',
                          columns = {{{columns}}})"""
        ).fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        return False
    (rows,) = connection.execute(f"SELECT count(*) FROM {quoting.name(table)}").fetchone()
    connection.complete()
    return rows + 1 == lines


def _csv_records(source: SourceFile, stream: Iterable[str], names: list[str], delimiter: str) -> Iterator[Record]:
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    header_seen = False
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise UnreadableFile(f"{source.shown}: line {line} opens a quote that is never closed") from None
            if "field limit" in str(error):  # where the field ends, nobody knows: what follows are no lines of their own
                raise UnreadableFile(
                    f"{source.shown}: line {line} opens a quote that is not closed within {csv.field_size_limit():,} characters, "
                    "or holds a text as long"
                ) from None
            yield Record(line, f"malformed line ({error})", {})
            continue
        if not any(row) and len(row) <= 1:  # a blank line
            continue
        if not header_seen:
            header_seen = True
            continue
        fields = {name: text or None for name, text in zip(names, row, strict=False)}
        problem = None
        if len(row) != len(names):
            problem = f"malformed line ({len(row)} fields where the header has {len(names)})"
        elif any("\0" in text for text in row):
            problem = "malformed line (it holds a NUL character)"
        yield Record(line, problem, fields)


def _header(source: SourceFile) -> tuple[list[str], str]:
    """The column names of a delimited file, and its delimiter."""
    with open_text(source) as stream:
        first = next((line for line in stream if line.strip()), "")
        counts = {mark: first.count(mark) for mark in _DELIMITERS}
        delimiter = source.delimiter or ("\t" if source.format == "tsv" else max(counts, key=counts.get))
        try:
            names = next(csv.reader(itertools.chain([first], stream), delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            raise UnreadableFile(f"{source.shown}: line 1 is not a header ({error})") from None
    names = [text.strip() for text in names]
    twice = sorted({text for text in names if names.count(text) > 1})
    if twice or not any(names):
        what = f"names the column {twice[0]!r} twice" if twice else "names no column"
        raise UnreadableFile(f"{source.shown}: its header {what}")
    return names, delimiter
