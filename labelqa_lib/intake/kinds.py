"""Text columns of few kinds, such as markets: the engine holds a byte or two of each row where a text takes sixteen.

That is what rows are sorted and packed by, too. Only a table of which nothing is stored yet has them: of one that is stored,
rows are compared with texts in files, by hashes that know no kinds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import duckdb
import pyarrow as pa
import pyarrow.compute
from pandera.ibis import DataFrameSchema

from labelqa_lib.intake.casting import delivered_columns
from labelqa_lib.sources import quoting

FEW = {"agent_id", "auditor_id", "audit_label", "content_type", "error_cause", "label", "language", "market", "model_label",
       "partner", "policy_area", "queue", "sampling_reason", "site", "sop_version", "stratum"}  # fmt: skip
"""Columns of which a delivery of millions of rows holds some hundred texts."""

MANY = 1 << 16
"""Texts of a column from which on it is left as it is: whoever means something else by it shall find no limit."""

WORTH = 50_000
"""Rows of a table from which on looking for its kinds costs less than it gives."""

_NAME = "_kinds"


def few_kinds(
    table: str,
    schema: DataFrameSchema,
    native: Mapping[str, str],
    unclean: Collection[str],
    relation: str,
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, str]:
    """Make a type of the engine for each text column of `relation` that holds few kinds; column -> the type's name, quoted.

    Keys are left as they are, for they are looked up by their hashes, and texts that are to be cleaned (`to_be_cleaned`).
    """
    texts = [name for name in delivered_columns(schema) if name in FEW and native.get(name) == "VARCHAR"]
    texts = [name for name in texts if name not in unclean and name not in schema.unique]
    if not texts:
        return {}
    columns, limit = [quoting.name(name) for name in texts], MANY * len(texts)
    each = f"SELECT {', '.join(columns)} FROM {relation} GROUP BY GROUPING SETS ({', '.join(f'({name})' for name in columns)}) LIMIT {limit}"
    found = connection.sql(each).to_arrow_table()
    kinds = {name: found.column(name).drop_null() for name in texts} if len(found) < limit else {}
    made = {}
    for name, held in kinds.items():
        if 0 < len(held) < MANY:
            made[name] = quoting.name(f"{name} of {table}")
            connection.register(_NAME, pa.table({"kind": held}))
            connection.execute(f"CREATE TYPE {made[name]} AS ENUM (SELECT kind FROM {_NAME} ORDER BY kind)").fetchall()
            connection.unregister(_NAME)
    return made


def packed(rows: pa.Table) -> pa.Table:
    """Some rows of a file, each column of few kinds with a dictionary of those that it holds, in the order in which they come:
    the same whether the engine held kinds or texts."""
    columns = zip(rows.column_names, rows.columns, strict=True)
    return pa.table({name: _encoded(column) if name in FEW else column for name, column in columns})


def _encoded(column: pa.ChunkedArray) -> pa.Array:
    if not pa.types.is_dictionary(column.type):
        return column.combine_chunks().dictionary_encode()
    places = pa.chunked_array([part.indices for part in column.chunks]).combine_chunks()  # all parts have the type's dictionary
    held = places.unique().drop_null()
    return pa.DictionaryArray.from_arrays(pyarrow.compute.index_in(places, held), column.chunk(0).dictionary.take(held))
