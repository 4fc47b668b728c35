"""A partner's files -> raw tables, as one Delivery: foreign columns renamed, nothing judged yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from labelqa_lib.errors import UsageError
from labelqa_lib.sources import quoting
from labelqa_lib.sources.files import format_of, read_file, sheets_of
from labelqa_lib.sources.folder import listed
from labelqa_lib.sources.mapping import (
    SourceMap,
    TableMap,
    foreign_columns,
    matching,
    parse_map,
    select_mapped,
    select_rows,
)
from labelqa_lib.sources.records import SourceFile, UnreadableFile, column, delivered_as
from labelqa_lib.sources.unread import unread

TABLES = (
    "labels",
    "items",
    "annotations",
    "audits",
    "gold",
    "appeals",
    "people",
    "shifts",
    "queue_hours",
    "quiz_answers",
    "requests",
    "sop_versions",
    "sop_acknowledgements",
    "actions",
)
DEMO = "demo"
_ANSWER_SHEET = "incidents.yaml"  # lies beside the simulation's tables and beside nobody else's
_BESIDE_THE_DEMO = ("truth/*",)  # what no operation knows: read by tests only
_OWN = ("_file", "_line", "_problem")


@dataclass(frozen=True)
class Delivery:
    """What a partner delivered, ready for intake.

    Attributes
    ----------
    source : str
        The map's name for it; ``demo`` for the simulation, ``contract`` for any other delivery without a map.
    path : Path
    tables : dict of str to str
        Contract table -> DuckDB view with its columns (VARCHAR, or Parquet's types) and `_file`, `_line`,
        `_problem` (what made the line malformed, else NULL).
    problems : tuple of str
        Sentences about what could not be read; with any of them the delivery is refused.
    notes : tuple of str
        Sentences worth telling that refuse nothing.
    time_zone : str
        Of times written without an offset.
    date_formats : dict of str to tuple of str
        Contract table -> strptime formats of its times and dates, tried in order before ISO 8601.
    """

    source: str
    path: Path
    tables: dict[str, str]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    time_zone: str = "UTC"
    date_formats: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_delivery(path: Path, source_map: dict | None, connection: duckdb.DuckDBPyConnection) -> Delivery:
    """Read a folder (or a file) in the contract's form, or in the form that a source map describes.

    What cannot be read is collected in the delivery's `problems`, not raised.

    Raises
    ------
    UsageError
        When there is nothing at `path`.
    ParamsError
        When the map does not say what it must.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder; name a delivery")
    reader = _Reader(path, connection)
    if source_map is None:
        return reader.in_the_contracts_form()
    return reader.mapped(parse_map(source_map, TABLES))


class _Reader:
    """Reads one delivery into one connection and remembers what went wrong."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection):
        self.path, self.connection = path, connection
        self.folder = path if path.is_dir() else path.parent
        self.names, self.unseen = listed(path) if path.is_dir() else ([path.name], {})
        self.read: list[str] = []
        self.tables: dict[str, str] = {}
        self.problems: list[str] = []
        self.notes: list[str] = []

    def in_the_contracts_form(self) -> Delivery:
        """`<table>.<ending>`, `<table>/…`, or one workbook with a sheet per table."""
        self.problems += self.unseen.values()
        if self.path.is_file() and format_of(self.path) == "excel":
            self._workbook()
        for table in TABLES:
            mine = [name for name in self.names if name.split("/")[0].split(".")[0] == table and name not in self.read]
            found = [name for name in mine if format_of(Path(name))]
            files = [SourceFile(self.folder / name, name, format_of(Path(name))) for name in found]
            self.read += found
            relations = self._read(table, files)
            if relations:
                self._view(table, " UNION ALL BY NAME ".join(f"SELECT * FROM {relation}" for relation in relations))
        source = DEMO if _ANSWER_SHEET in self.names else "contract"
        self.notes += unread(self.names, self.read, TABLES, _BESIDE_THE_DEMO if source == DEMO else ())
        return Delivery(source, self.path, self.tables, tuple(self.problems), tuple(self.notes))

    def _workbook(self) -> None:
        source = SourceFile(self.path, self.path.name, "excel")
        try:
            sheets = sheets_of(source)
        except UnreadableFile as error:
            self.problems += error.problems
            return
        sheet_of = {sheet: sheet for sheet in sheets if sheet in TABLES}
        if not sheet_of:  # then its first sheet is the table that the file is called after
            return
        called = self.path.name.split(".")[0]
        if called in TABLES and sheets[0] not in TABLES:
            sheet_of.setdefault(called, sheets[0])
        self.read.append(self.path.name)
        others = ", ".join(sheet for sheet in sheets if sheet not in sheet_of.values())
        self.notes += [f"{self.path.name}: sheets that are no table were not read: {others}"] if others else []
        for table, sheet in sheet_of.items():
            shown = f"{self.path.name}[{sheet}]"
            for relation in self._read(table, [SourceFile(self.path, shown, "excel", sheet=sheet)]):
                self._view(table, f"SELECT * FROM {relation}")

    def mapped(self, source_map: SourceMap) -> Delivery:
        ignored = {name for pattern in source_map.ignore for name, _ in matching(pattern, self.unseen)}
        self.problems += [sentence for name, sentence in self.unseen.items() if name not in ignored]
        for table, table_map in source_map.tables.items():
            if table_map.rows:
                self._view(table, select_rows(table_map, source_map.source))
            else:
                self._mapped_files(table, table_map)
        patterns = [table_map.files for table_map in source_map.tables.values() if table_map.files]
        self.notes += unread(self.names, self.read, patterns, source_map.ignore)
        return Delivery(
            source=source_map.source,
            path=self.path,
            tables=self.tables,
            problems=tuple(self.problems),
            notes=tuple(self.notes),
            time_zone=source_map.time_zone,
            date_formats={name: table.date_formats for name, table in source_map.tables.items()},
        )

    def _mapped_files(self, table: str, table_map: TableMap) -> None:
        found = matching(table_map.files, self.names)
        if not found:
            self.notes.append(f"{table}: no file of the delivery is called {table_map.files}")
            return
        self.read += [name for name, _ in found]
        selects = []
        for name, captured in found:
            form = table_map.format or format_of(Path(name))
            if form is None:
                self.problems.append(f"{name}: its ending does not tell its format; say `format: csv` in the map")
                continue
            options = table_map.read
            file = SourceFile(self.folder / name, name, form, options.delimiter, options.encoding, options.sheet)
            for relation in self._read(table, [file]):
                if self._has_columns(table, table_map, name, relation, captured):
                    constants = "".join(
                        f", {quoting.literal(value)} AS {quoting.name(column(key))}" for key, value in captured.items()
                    )
                    selects.append(f"SELECT *{constants} FROM {relation}")
        if selects:
            self._view(table, select_mapped(table_map, f"({' UNION ALL BY NAME '.join(selects)})"))

    def _read(self, table: str, files: list[SourceFile]) -> list[str]:
        """Read files into tables of their own; the quoted names of those that could be read."""
        relations = []
        for file in files:
            relation = f"file_{table}_{file.shown}"
            try:
                read_file(file, relation, self.connection)
            except UnreadableFile as error:
                self.problems += error.problems
            else:
                relations.append(quoting.name(relation))
        return relations

    def _has_columns(self, table: str, table_map: TableMap, name: str, relation: str, captured: dict) -> bool:
        held = [row[0] for row in self.connection.execute(f"DESCRIBE {relation}").fetchall()]
        there = [delivered_as(name) for name in held if name not in _OWN]
        missing = {o: t for o, t in foreign_columns(table_map).items() if t not in {*there, *captured}}
        for ours, theirs in missing.items():
            self.problems.append(f"{name}: has no column {theirs!r} for {table}.{ours}; it has {', '.join(there)}")
        return not missing

    def _view(self, table: str, query: str) -> None:
        view = f"delivery_{table}"
        try:
            self.connection.execute(f"CREATE OR REPLACE VIEW {view} AS {query}").fetchall()
        except duckdb.Error as error:  # Parquet files of one table that disagree on a column's type
            self.problems.append(f"{table}: its files do not fit together ({str(error).splitlines()[0]})")
        else:
            self.tables[table] = view
