"""Text of a delivery -> the contract's types, as SQL expressions; what does not fit becomes NULL and is remembered."""

from __future__ import annotations

import re
from collections.abc import Collection

import duckdb
from pandera.ibis import DataFrameSchema

from labelqa_lib.files import FORMULA_SIGNS
from labelqa_lib.sources import quoting

SQL_TYPE = {
    "string": "VARCHAR",
    "timestamp(6)": "TIMESTAMP",
    "date": "DATE",
    "boolean": "BOOLEAN",
    "int64": "BIGINT",
    "float64": "DOUBLE",
}
KIND = {
    "timestamp(6)": "a time (write 2026-11-09T14:30:00Z)",
    "date": "a date (write 2026-11-09)",
    "boolean": "true or false",
    "int64": "a whole number",
    "float64": "a number",
}


def delivered_columns(schema: DataFrameSchema) -> dict[str, str]:
    """The contract's columns that a partner delivers, with their types; those that intake makes are left out."""
    return {
        name: str(column.dtype)
        for name, column in schema.columns.items()
        if not column.metadata.get("derived")
    }


def to_be_cleaned(
    schema: DataFrameSchema, native: dict[str, str], relation: str, connection: duckdb.DuckDBPyConnection
) -> frozenset[str]:
    """The text columns of `relation` in which a text may be empty or begin with an apostrophe; most hold none.

    Both sort before an opening bracket. The engine knows the least text of every block and of every Parquet file's row
    groups, so that this reads next to nothing, and a column without such texts is taken as it is, dictionary and all.
    """
    texts = [name for name in delivered_columns(schema) if native.get(name) == "VARCHAR"]
    if not texts:
        return frozenset()
    held = {name: f"{quoting.name(name)} < '('" for name in texts}
    # of a question for each column in one query, the engine's planning takes longer than its answer
    there = f"FROM {relation} WHERE {{}} LIMIT 1".format
    if not connection.execute(there(" OR ".join(held.values()))).fetchall():
        return frozenset()
    return frozenset(name for name, told in held.items() if connection.execute(there(told)).fetchall())


def typed(
    schema: DataFrameSchema,
    native: dict[str, str],
    relation: str,
    formats: tuple[str, ...],
    zone: str,
    unclean: Collection[str],
) -> str:
    """SQL: `relation` with the contract's columns in their types, and `_bad_<column>` where a value does not fit.

    Parameters
    ----------
    native : dict of str to str
        The columns of `relation` and their DuckDB types. A column it lacks becomes NULL throughout.
    formats : tuple of str
        strptime formats of times and dates, tried before ISO 8601.
    zone : str
        Time zone of times without an offset; the connection's own TimeZone must be set to it too.
    unclean : collection of str
        Text columns whose texts are to be looked at (`to_be_cleaned`).
    """
    chosen = []
    for name, dtype in delivered_columns(schema).items():
        column = quoting.name(name)
        if name not in native:
            chosen.append(f"NULL::{SQL_TYPE[dtype]} AS {column}")
            continue
        value = f"nullif({_bare(column) if dtype not in KIND else column}, '')" if name in unclean else column
        chosen.append(f"{_cast(value, dtype, native[name], formats, zone)} AS {column}")
        if dtype in KIND:
            chosen.append(f"{value} IS NOT NULL AS {quoting.name(f'_filled_{name}')}")
    bad = [
        f"{quoting.name(f'_filled_{name}')} AND {quoting.name(name)} IS NULL AS {quoting.name(f'_bad_{name}')}"
        for name in typed_columns(schema, native)
    ]
    contract = ", ".join(quoting.name(name) for name in delivered_columns(schema))
    return (
        f"SELECT {', '.join([contract, *bad])}, _file, _line, _problem "
        f"FROM (SELECT {', '.join(chosen)}, _file, _line, _problem FROM {relation})"
    )


def _bare(column: str) -> str:
    """SQL: text without the apostrophe with which labelqa's own files keep a spreadsheet from running it (`files.inert`)."""
    mark, signs = quoting.literal("'"), quoting.literal(f"^ *[{re.escape(''.join(FORMULA_SIGNS))}]")
    guarded = f"starts_with({column}, {mark}) AND regexp_matches(ltrim({column}, {mark}), {signs})"
    return f"CASE WHEN {guarded} THEN substr({column}, 2) ELSE {column} END"


def typed_columns(schema: DataFrameSchema, native: dict[str, str]) -> dict[str, str]:
    """The delivered columns whose type a value can fail to have."""
    return {name: dtype for name, dtype in delivered_columns(schema).items() if dtype in KIND and name in native}


def empty(schema: DataFrameSchema) -> str:
    """SQL of the table without rows, derived columns included."""
    columns = ", ".join(
        f"NULL::{SQL_TYPE[str(column.dtype)]} AS {quoting.name(name)}" for name, column in schema.columns.items()
    )
    return f"SELECT {columns} WHERE false"


def _cast(value: str, dtype: str, native: str, formats: tuple[str, ...], zone: str) -> str:
    match dtype:
        case "string":
            return value if native == "VARCHAR" else f"CAST({value} AS VARCHAR)"
        case "timestamp(6)":
            return _time(value, native, formats, zone)
        case "date":
            day = f"try_cast({value} AS DATE)"
            if formats and native == "VARCHAR":
                day = f"coalesce(CAST(try_strptime({value}, {_list(formats)}) AS DATE), {day})"
            return f"CASE WHEN isfinite({day}) THEN {day} END"
        case "boolean":
            return f"try_cast({value} AS BOOLEAN)"
        case "int64":
            # a plain cast would round 2.7 to 3
            number = f"try_cast({value} AS DOUBLE)"
            return f"CASE WHEN {number} = floor({number}) THEN try_cast({number} AS BIGINT) END"
        case _:
            return f"CASE WHEN isfinite(try_cast({value} AS DOUBLE)) THEN try_cast({value} AS DOUBLE) END"


def _time(value: str, native: str, formats: tuple[str, ...], zone: str) -> str:
    """UTC; a time with an offset is taken at its word, one without is in the source's time zone."""
    if native == "TIMESTAMP" and zone == "UTC":
        return f"CASE WHEN {value} BETWEEN TIMESTAMP '1970-01-01' AND TIMESTAMP '9999-12-31' THEN {value} END"
    instant = f"try_cast({value} AS TIMESTAMPTZ)"
    if formats and native == "VARCHAR":
        written = f"try_strptime({value}, {_list(formats)})"
        instant = f"coalesce(timezone({quoting.literal(zone)}, {written}), {instant})"
    # by its microseconds, which is what timezone('UTC', …) gives, without a calendar
    return (
        f"CASE WHEN {instant} BETWEEN TIMESTAMPTZ '1970-01-01 00:00:00+00' AND TIMESTAMPTZ '9999-12-31 00:00:00+00' "
        f"THEN make_timestamp(epoch_us({instant})) END"
    )


def _list(formats: tuple[str, ...]) -> str:
    return f"[{', '.join(quoting.literal(form) for form in formats)}]"
