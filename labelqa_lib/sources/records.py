"""A delivered file, what can be wrong with it as a whole, and the way of careful readers' rows into DuckDB."""

from __future__ import annotations

import codecs
import gzip
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import duckdb
import pyarrow as pa

from labelqa_lib.errors import LabelqaError
from labelqa_lib.sources import quoting

_CHUNK = 1 << 20
_BATCH = 50_000
_OURS = re.compile(r"_(file|line|problem)_*", re.IGNORECASE)


class UnreadableFile(LabelqaError):
    """A file of a delivery cannot be read; the sentence says which and why."""


class Record(NamedTuple):
    """One row as a careful reader gives it: its line, what is wrong with it (None: nothing), its fields by name."""

    line: int
    problem: str | None
    fields: dict[str, str | None]


def column(delivered: str) -> str:
    """What a delivered column is called beside our `_file`, `_line` and `_problem`: one of such a name gets a `_` more."""
    return f"{delivered}_" if _OURS.fullmatch(delivered) else delivered


def delivered_as(column: str) -> str:
    """The name under which a column was delivered."""
    return column[:-1] if _OURS.fullmatch(column) else column


@dataclass(frozen=True)
class SourceFile:
    """A file and how to read it.

    Attributes
    ----------
    path : Path
    shown : str
        What rejects call it: its path below the delivery.
    format : str
        One of the values of `FORMATS`.
    delimiter, sheet : str, optional
        None: found out from the header line; the first sheet.
    encoding : str
        A Python codec. The default also takes a byte-order mark.
    """

    path: Path
    shown: str
    format: str
    delimiter: str | None = None
    encoding: str = "utf-8-sig"
    sheet: str | None = None


def open_bytes(source: SourceFile) -> BinaryIO:
    """The file's bytes, unpacked where it is a gzip file."""
    return gzip.open(source.path, "rb") if source.path.suffix.lower() == ".gz" else source.path.open("rb")


def open_text(source: SourceFile) -> io.TextIOWrapper:
    """The file's text with its line ends as they are."""
    return io.TextIOWrapper(open_bytes(source), encoding=source.encoding, newline="")


@dataclass(frozen=True)
class Scan:
    """What one pass over a text file's bytes says: it can be decoded, and how many lines it has."""

    lines: int
    has_nul: bool


def scan(source: SourceFile) -> Scan:
    """Pass over a text file once, before anybody parses it.

    Raises
    ------
    UnreadableFile
        When it is empty or not in the encoding that it should be in.
    """
    decoder = codecs.getincrementaldecoder(source.encoding)()
    newlines, last, has_nul = 0, b"", False
    with open_bytes(source) as stream:
        for chunk in iter(lambda: stream.read(_CHUNK), b""):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                line = newlines + chunk[: error.start].count(b"\n") + 1
                raise UnreadableFile(_not_decodable(source, line, error)) from None
            newlines += chunk.count(b"\n")
            has_nul |= b"\0" in chunk
            last = chunk[-1:]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UnreadableFile(_not_decodable(source, newlines + 1, error)) from None
    if not last:
        raise UnreadableFile(f"{source.shown}: is empty; not even a header line was delivered")
    return Scan(newlines + (last != b"\n"), has_nul)


def _not_decodable(source: SourceFile, line: int, error: UnicodeDecodeError) -> str:
    marked_utf16 = error.object.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return (
        f"{source.shown}: line {line} is not {source.encoding.removesuffix('-sig').upper()} text "
        f"(byte 0x{error.object[error.start]:02x}); save it as UTF-8, or name its encoding in the source's map "
        f"(`read: {{encoding: {'utf-16' if marked_utf16 else 'latin-1'}}}`)"
    )


def store(
    source: SourceFile,
    names: list[str],
    records: Iterator[Record],
    table: str,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Hand what a careful reader gives to DuckDB, a batch at a time; a batch may bring columns that none had before."""
    made: set[str] = set()
    while (chunk := list(itertools.islice(records, _BATCH))) or not made:
        batch = _batch(names, chunk)
        rows = f"""SELECT * EXCLUDE (_line, _problem), {quoting.literal(source.shown)} AS _file, _line, _problem
            FROM _careful"""
        connection.register("_careful", batch)
        try:
            columns = connection.table("_careful").columns  # the engine tells A from a by another name
            if made:
                for column in (name for name in columns if name.lower() not in made):
                    connection.execute(f"ALTER TABLE {quoting.name(table)} ADD COLUMN {quoting.name(column)} VARCHAR").fetchall()
                connection.execute(f"INSERT INTO {quoting.name(table)} BY NAME {rows}").fetchall()
            else:
                connection.execute(f"CREATE OR REPLACE TABLE {quoting.name(table)} AS {rows}").fetchall()
        finally:
            connection.unregister("_careful")
        made |= {name.lower() for name in columns}


def _batch(names: list[str], records: list[Record]) -> pa.Table:
    try:
        return _table(names, records)
    except UnicodeEncodeError:  # a character of two halves was cut, and of one half no text can be made
        return _table([_writable(name) for name in names], [_mended(record) for record in records])


def _mended(record: Record) -> Record:
    """A row with the halves of characters that were cut written out (``\\ud83d``), which is a problem of its line."""
    cut = [_writable(name) for name, text in record.fields.items() if _writable(name + (text or "")) != name + (text or "")]
    if not cut:
        return record
    problem = f"malformed line (half a character in {', '.join(cut)}, as where a text was cut off)"
    fields = {_writable(name): text and _writable(text) for name, text in record.fields.items()}
    return Record(record.line, record.problem or problem, fields)


def _writable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _table(names: list[str], records: list[Record]) -> pa.Table:
    names = list(dict.fromkeys(itertools.chain(names, *(record.fields for record in records))))
    columns = {column(name): pa.array([record.fields.get(name) for record in records], pa.string()) for name in names}
    columns["_line"] = pa.array([record.line for record in records], pa.int64())
    columns["_problem"] = pa.array([record.problem for record in records], pa.string())
    return pa.table(columns)
