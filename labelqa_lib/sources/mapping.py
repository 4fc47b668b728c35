"""The language of `params/sources/<name>.yaml`: how a partner's columns become the contract's."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from labelqa_lib.errors import ParamsError
from labelqa_lib.models import Model, TimeZone, build
from labelqa_lib.sources import quoting
from labelqa_lib.sources.records import column as held_as

LINE = "#line"
_BRACES = r"\{[A-Za-z_]\w*\}"


def _as_text(value: Any) -> Any:
    """YAML scalars as the text a delivery would hold: `true`, `17`, `2012-01-02T00:00:00`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, int | float) else value


def _known_encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f"encoding {name!r} is not known; write one such as utf-8, latin-1, cp1252") from None
    return name


Text = Annotated[str, BeforeValidator(_as_text)]


class ReadOptions(Model):
    """How to read the files of a table, where it cannot be seen from them."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8-sig"
    sheet: str | None = None


class TableMap(Model):
    """One contract table: its files and columns, or its rows written in the map."""

    files: str | None = None
    format: Literal["csv", "tsv", "jsonl", "excel", "parquet"] | None = None
    read: ReadOptions = ReadOptions()
    columns: dict[str, Text] = {}
    values: dict[str, dict[Text, Text]] = {}
    constants: dict[str, Text] = {}
    date_formats: tuple[str, ...] = ()
    distinct: bool = False
    rows: tuple[dict[str, Text], ...] = ()

    @model_validator(mode="after")
    def _files_or_rows(self) -> TableMap:
        if bool(self.files) == bool(self.rows):
            raise ValueError("a table has either `files` or `rows`")
        if self.files and not self.columns:
            raise ValueError("a table with `files` says in `columns` what they hold")
        twice = sorted(set(self.columns) & set(self.constants))
        if twice:
            raise ValueError(f"column {twice[0]!r} stands in both `columns` and `constants`")
        braces = re.findall(_BRACES, self.files or "")
        if len(braces) > len(set(braces)):
            raise ValueError(f"`files` says {braces[0]} more than once")
        unmapped = sorted(set(self.values) - set(self.columns))
        if unmapped:
            raise ValueError(f"`values` names {unmapped[0]!r}, which `columns` does not")
        return self


class SourceMap(Model):
    """One source: its name, the zone of times written without an offset, its tables, and the files that are none."""

    source: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*$")]
    time_zone: TimeZone = "UTC"
    tables: dict[str, TableMap]
    ignore: tuple[str, ...] = ()


def parse_map(content: dict, tables: Iterable[str]) -> SourceMap:
    """Validate a parsed map; `tables` are the names it may describe.

    Raises
    ------
    ParamsError
        One sentence per problem.
    """
    where = f"source map {content.get('source', '(no name)')}"
    parsed = build(SourceMap, content, where)
    unknown = sorted(set(parsed.tables) - set(tables))
    if unknown:
        raise ParamsError(f"{where}: {name!r} is not a table of the data contract" for name in unknown)
    return parsed


def _piece(part: str) -> str:
    if part == "*":
        return "[^/]*"
    return f"(?P<{part[1:-1]}>[^/]+)" if re.fullmatch(_BRACES, part) else re.escape(part)


def matching(pattern: str, names: Iterable[str]) -> list[tuple[str, dict[str, str]]]:
    """Which of `names` fit `pattern`, each with what its braces stand for: ``annotations_{language}.csv.gz``."""
    expression = "".join(_piece(part) for part in re.split(rf"(\*|{_BRACES})", pattern) if part)
    found = ((name, re.fullmatch(expression, name, re.DOTALL)) for name in sorted(names))
    return [(name, match.groupdict()) for name, match in found if match]


def select_mapped(table: TableMap, relation: str) -> str:
    """SQL that turns `relation` (foreign columns, `_file`, `_line`, `_problem`) into contract columns."""
    chosen = [f"{_expression(table, column)} AS {quoting.name(column)}" for column in table.columns]
    chosen += [f"{quoting.literal(value)} AS {quoting.name(column)}" for column, value in table.constants.items()]
    query = f"SELECT {', '.join(chosen)}, _file, _line, _problem FROM {relation}"
    if table.distinct:
        equal = ", ".join(quoting.name(column) for column in table.columns)
        query = f"SELECT * FROM ({query}) QUALIFY row_number() OVER (PARTITION BY {equal} ORDER BY _file, _line) = 1"
    return query


def _expression(table: TableMap, column: str) -> str:
    if table.columns[column] == LINE:
        return "_file || ':' || _line"
    foreign = quoting.name(held_as(table.columns[column]))
    if not table.values.get(column):
        return foreign
    value = f"CAST({foreign} AS VARCHAR)"
    cases = " ".join(
        f"WHEN {quoting.literal(theirs)} THEN {quoting.literal(ours)}" for theirs, ours in table.values[column].items()
    )
    return f"CASE {value} {cases} ELSE {value} END"


def select_rows(table: TableMap, source: str) -> str:
    """SQL that gives the rows written in the map."""
    columns = list(dict.fromkeys(column for row in table.rows for column in row))
    values = ", ".join(
        "(" + ", ".join("NULL" if row.get(c) is None else quoting.literal(row[c]) for c in columns) + f", {line})"
        for line, row in enumerate(table.rows, 1)
    )
    names = ", ".join(quoting.name(column) for column in columns)
    chosen = ", ".join(f"CAST({quoting.name(column)} AS VARCHAR) AS {quoting.name(column)}" for column in columns)
    file = quoting.literal(f"the map of {source}")
    rows = f"(VALUES {values}) t({names}, _line)"
    return f"SELECT {chosen}, {file} AS _file, _line, NULL::VARCHAR AS _problem FROM {rows}"


def foreign_columns(table: TableMap) -> dict[str, str]:
    """The columns a table's files must have: contract column -> foreign column, made keys aside."""
    return {ours: theirs for ours, theirs in table.columns.items() if theirs != LINE}
