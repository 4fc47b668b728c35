"""JSON Lines -> a DuckDB table of text, every object with its line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import duckdb

from labelqa_lib.sources.records import Record, SourceFile, open_text, scan, store


def read_json_lines(source: SourceFile, table: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Make `table` from a file of one JSON object a line; nested values stay JSON text."""
    scan(source)
    with open_text(source) as stream:
        store(source, [], _json_records(stream), table, connection)


def _json_records(stream: Iterable[str]) -> Iterator[Record]:
    for line, text in enumerate(stream, 1):
        if not text.strip():
            continue
        try:
            # numbers stay the text they were written as: 0123 is refused by JSON, 1.10 stays 1.10
            value = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
            fields = {key: _json_text(field) for key, field in value.items()} if isinstance(value, dict) else None
        except RecursionError:
            yield Record(line, "malformed line (its values are nested too deeply)", {})
            continue
        except ValueError as error:
            yield Record(line, f"malformed line (not JSON: {error})", {})
            continue
        if fields is None:
            yield Record(line, "malformed line (not a JSON object)", {})
            continue
        yield Record(line, None, fields)


def _json_text(value: object) -> str | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
