"""DuckDB over the files of a snapshot, asked for as little as Ibis needs to know.

Ibis itself asks the engine for each table's columns, and four things more about each table that it keeps: half of what
the opening of a page's tables took, and a tenth of its queries.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import weakref
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr import datatypes, operations

MEMORY, OF_ALL_MARKETS = "256MiB", "640MiB"
"""What DuckDB may hold of one market's rows, or of all markets'; what is more lies in a file for the time being. Not every step
of a query can do without memory: what suffices for one market does not for those that `Tables.gather` takes at a time."""

_ENGINES = itertools.count()

_SETTINGS = (
    "SET enable_progress_bar = false",  # in a kernel it is on, and would stand on the page
    "SET parquet_metadata_cache = true",  # a snapshot's files stay as they are, and every question opens all
)

_COLUMNS = """
SELECT table_name, column_name, data_type FROM duckdb_columns()
WHERE NOT internal AND database_name = 'temp' ORDER BY table_oid, column_index
"""

_VIEW = "CREATE TEMPORARY VIEW {name} AS SELECT * FROM read_parquet([{files}], hive_partitioning = TRUE, hive_types_autocast = FALSE)"


class _Engine(Backend):
    """Ibis' own, which keeps a table by one statement."""

    def _create_cached_table(self, name: str, expr: ibis.Table) -> ibis.Table:
        self._run_pre_execute_hooks(expr)
        schema = expr.schema()
        kept = ", ".join(f"CAST({_quoted(column)} AS {_named(kind)}) AS {_quoted(column)}" for column, kind in schema.items())
        self.con.execute(f"CREATE TEMPORARY TABLE {_quoted(name)} AS SELECT {kept} FROM ({self.compile(expr)})")
        return self._known(name, schema)

    def _known(self, name: str, schema: Mapping[str, datatypes.DataType]) -> ibis.Table:
        """A table of which nothing need be asked."""
        return operations.DatabaseTable(name, schema=ibis.schema(schema), source=self).to_expr()


def opened(files: Mapping[str, Collection[str]], threads: int, all_markets: bool) -> dict[str, ibis.Table]:
    """The tables that lie in some Parquet files, by name, in an engine of their own."""
    # two engines must not share a folder for what they put aside; it is made when the first has to, and removed with it
    aside = Path(tempfile.gettempdir()) / f"labelqa-{os.getpid()}-{next(_ENGINES)}"
    engine = _Engine().connect(threads=threads, memory_limit=OF_ALL_MARKETS if all_markets else MEMORY, temp_directory=str(aside))
    weakref.finalize(engine, shutil.rmtree, aside, ignore_errors=True)
    views = [_VIEW.format(name=_quoted(name), files=", ".join(map(_text, found))) for name, found in files.items()]
    engine.con.execute(";".join([*_SETTINGS, *views]))
    schemas: dict[str, dict[str, datatypes.DataType]] = {}
    for table, column, kind in engine.con.execute(_COLUMNS).fetchall():
        schemas.setdefault(table, {})[column] = _kind(kind)
    return {name: engine._known(name, schemas[name]) for name in files}


@cache
def _kind(named: str) -> datatypes.DataType:
    return Backend.compiler.type_mapper.from_string(named)


@cache
def _named(kind: datatypes.DataType) -> str:
    return Backend.compiler.type_mapper.to_string(kind)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
