"""Which rows of a delivery break which rules, from the contract's own pandera checks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import duckdb
import ibis
from pandera.ibis import DataFrameSchema

from labelqa_lib.intake.casting import KIND, SQL_TYPE, delivered_columns, typed_columns
from labelqa_lib.intake.deriving import BESIDE, DERIVED_FROM
from labelqa_lib.intake.kinds import FEW
from labelqa_lib.intake.repeating import perhaps_repeated
from labelqa_lib.sources import quoting

JOINED_AT_ONCE = 400_000
"""Rows that are joined with what they refer to at once: the engine holds some 300 bytes of each."""


def mark_repeated(table: str, schema: DataFrameSchema, rows: int, connection: duckdb.DuckDBPyConnection) -> int:
    """Make `repeated_<table>`: of the `rows` rows of `typed_<table>` those whose key comes more than once, by file and line.

    Gives their number; where it is 0 nothing is made.

    `duplicate` where an equal row came before, `conflict` where another row with the key says something else.
    """
    keys = [quoting.name(key) for key in schema.unique]
    needed = [quoting.name(key) for key in schema.unique if not schema.columns[key].nullable]
    whole = " AND ".join(["_problem IS NULL", *(f"{key} IS NOT NULL" for key in needed)])
    key_list = ", ".join(keys)
    content = ", ".join(quoting.name(name) for name in delivered_columns(schema))
    with perhaps_repeated(f"SELECT {key_list} FROM typed_{table} WHERE {whole}", rows, connection) as suspects:
        if suspects is None:
            return 0
        ((repeated,),) = connection.execute(
            f"""CREATE OR REPLACE TABLE repeated_{table} AS
            WITH content AS (
                SELECT {key_list}, _file, _line, hash({content}) AS _content, count(*) OVER (PARTITION BY {key_list}) AS _times
                FROM typed_{table} WHERE {whole} AND hash({key_list}) IN (FROM {suspects})
            )
            SELECT _file, _line,
                   row_number() OVER (PARTITION BY {key_list}, _content ORDER BY _file, _line) > 1 AS duplicate,
                   min(_content) OVER (PARTITION BY {key_list}) <> max(_content) OVER (PARTITION BY {key_list}) AS conflict
            FROM content WHERE _times > 1"""
        ).fetchall()
    return repeated


def check_rows(
    table: str,
    schema: DataFrameSchema,
    native: Mapping[str, str],
    references: Mapping[str, tuple[str, str]],
    lines: tuple[int, int, int],
    repeated: int,
    kinds: Mapping[str, str],
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Make `checked_<table>` from `ready_<table>`: `_duplicate`, and `_rules`, sentences of broken rules or NULL.

    Parameters
    ----------
    lines : tuple of int
        How many rows there are, and the numbers of the first line and the last.
    repeated : int
        Rows of `repeated_<table>`.
    kinds : mapping of str to str
        Columns of few kinds, with their types (`few_kinds`).
    """
    told = {name: "boolean" for name in [f"_bad_{name}" for name in typed_columns(schema, native)]}
    told |= {f"_unknown_{name}": "boolean" for name in references}
    kept = {name: str(column.dtype) for name, column in schema.columns.items()} | BESIDE.get(table, {})
    place = {"_file": "string", "_line": "int64", "_problem": "string"}
    ready = ibis.table({**kept, **told, **place}, name=f"ready_{table}")
    sentences, flags = [], {}
    for sentence, broken in _broken(ready, schema, native, references):
        flags[f"_broken_{len(sentences)}"] = broken
        sentences.append(sentence)
    conflict = f"{_key_words(schema)} is delivered more than once with different contents"
    cases = [f"CASE WHEN {flag} THEN {quoting.literal(text)} END" for flag, text in zip(flags, sentences, strict=True)]
    cases += [f"CASE WHEN conflict THEN {quoting.literal(conflict)} END"] if repeated else []
    # most deliveries repeat no key: nothing to join
    marks = f"LEFT JOIN repeated_{table} USING (_file, _line)" if repeated else ""
    few = ", ".join(f"{quoting.name(name)}::{kind} AS {quoting.name(name)}" for name, kind in kinds.items())
    checked = ibis.to_sql(ready.select(*kept, *place, **flags), dialect="duckdb")
    for part, some in enumerate(_in_parts(table, repeated, *lines)):
        connection.execute(
            f"""{f"INSERT INTO checked_{table}" if part else f"CREATE OR REPLACE TABLE checked_{table} AS"}
            SELECT b.* EXCLUDE ({', '.join([*flags, '_problem'])}) {f'REPLACE ({few})' if few else ''},
                   {'coalesce(duplicate, false)' if repeated else 'false'} AS _duplicate,
                   CASE WHEN _problem IS NOT NULL THEN [_problem]
                        WHEN {' OR '.join([*flags, *(['conflict'] if repeated else [])])}
                        THEN list_filter([{', '.join(cases)}], lambda rule: rule IS NOT NULL) END AS _rules
            FROM ({checked}) b {marks} WHERE {some}"""
        ).fetchall()


def reject_kept(table: str, schema: DataFrameSchema, kept: Collection[str], connection: duckdb.DuckDBPyConnection) -> int:
    """Reject those rows of `checked_<table>` that break a rule of several columns with what they keep, `kept_<table>`, of the
    stored columns `kept`, which the delivery does not have; how many."""
    columns = {name: str(column.dtype) for name, column in schema.columns.items()} | BESIDE.get(table, {})
    rows = ibis.table({**columns, "_file": "string", "_line": "int64"}, name=f"kept_{table}")
    flags, cases = {}, []
    for check in schema.checks:
        named = ", ".join([name for name in kept if name in check.error.split()] or kept)
        flag, sentence = f"_broken_{len(flags)}", f"{check.error} ({named} as stored, not delivered)"
        flags[flag] = check.broken(rows)
        cases.append(f"CASE WHEN {flag} THEN {quoting.literal(sentence)} END")
    if not flags:
        return 0
    broken = ibis.to_sql(rows.select("_file", "_line", **flags), dialect="duckdb")
    ((rejected,),) = connection.execute(
        f"""UPDATE checked_{table} c SET _rules = list_filter([{', '.join(cases)}], lambda rule: rule IS NOT NULL)
        FROM ({broken}) b WHERE ({' OR '.join(flags)}) AND c._file = b._file AND c._line = b._line"""
    ).fetchall()
    return rejected


def _in_parts(table: str, repeated: int, rows: int, first: int, last: int) -> list[str]:
    """Conditions that cut the rows of `b` into as many parts as memory needs; one, where a join can hold all rows."""
    parts = max(rows if table in DERIVED_FROM else 0, repeated) // JOINED_AT_ONCE + 1
    if parts == 1:
        return ["true"]
    width = (last - first) // parts + 1
    return [f"b._line BETWEEN {start} AND {start + width - 1}" for start in range(first, last + 1, width)]


def slipped(table: str, schema: DataFrameSchema, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What do the accepted rows of `delta_<table>`, as they will be written, break of the contract? Nothing, as long as
    `check_rows` does what it should: this asks once more, of the whole table, in two passes over it."""
    kinds = {column: kind for column, kind, *_ in connection.execute(f"DESCRIBE delta_{table}").fetchall()}
    found = [
        f"{name} is {ibis.duckdb.from_connection(connection).table(f'delta_{table}')[name].type()} and not {column.dtype}"
        for name, column in schema.columns.items()
        if kinds[name] != SQL_TYPE[str(column.dtype)] and not (kinds[name].startswith("ENUM(") and name in FEW)
    ]
    wanted = {name: str(column.dtype) for name, column in schema.columns.items()} | BESIDE.get(table, {})
    rows = ibis.table(wanted, name=f"delta_{table}")
    broken = [(f"{name} is missing", rows[name].isnull()) for name, column in schema.columns.items() if not column.nullable]
    for name, column in schema.columns.items():
        broken += [(check.error, check.broken(rows, name)) for check in column.checks]
    broken += [(check.error, check.broken(rows)) for check in schema.checks]
    counts = rows.aggregate(**{f"_broken_{place}": flag.sum() for place, (_sentence, flag) in enumerate(broken)})
    ((*numbers,),) = connection.execute(ibis.to_sql(counts, dialect="duckdb")).fetchall()
    found += [f"{sentence} ({number} rows)" for (sentence, _flag), number in zip(broken, numbers, strict=True) if number]
    twice = _twice(table, schema, connection)
    return [*found, *(f"{_key_words(schema)} comes more than once ({' / '.join(map(str, row))})" for row in twice)]


def _twice(table: str, schema: DataFrameSchema, connection: duckdb.DuckDBPyConnection) -> list[tuple]:
    """A key that comes more than once, if there is one."""
    key = ", ".join(quoting.name(name) for name in schema.unique)
    ((rows,),) = connection.execute(f"SELECT count(*) FROM delta_{table}").fetchall()
    with perhaps_repeated(f"SELECT {key} FROM delta_{table}", rows, connection) as suspects:
        if suspects is None:
            return []
        return connection.execute(
            f"""SELECT {key} FROM delta_{table} WHERE hash({key}) IN (FROM {suspects})
            GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL LIMIT 1"""
        ).fetchall()


def _key_words(schema: DataFrameSchema) -> str:
    return " with ".join([schema.unique[0], " and ".join(schema.unique[1:])]).removesuffix(" with ")


def _broken(
    ready: ibis.Table,
    schema: DataFrameSchema,
    native: Mapping[str, str],
    references: Mapping[str, tuple[str, str]],
) -> Iterator[tuple[str, ibis.Value]]:
    """Every rule as a sentence and a boolean column that is true where a row breaks it."""
    kinds = typed_columns(schema, native)
    for name in delivered_columns(schema):
        column = schema.columns[name]
        wrong_type = ready[f"_bad_{name}"] if name in kinds else ibis.literal(False)
        if name in kinds:
            yield f"{name} is not {KIND[kinds[name]]}", wrong_type
        if not column.nullable:
            yield f"{name} is missing", ready[name].isnull() & ~wrong_type
        if name in references:
            yield f"{name} is not in {references[name][0]}", ready[f"_unknown_{name}"]
        for check in column.checks:
            yield check.error, check.broken(ready, name)
    for check in schema.checks:
        yield check.error, check.broken(ready)
