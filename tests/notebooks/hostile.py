"""A delivery whose every free text is an attack: markup, formulas, other directions, long, emoji, control characters."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from display.examples import HOSTILE

WORDS = {
    "market", "role", "sampling_reason", "error_cause", "target", "raised_by", "outcome", "requested_by", "status",
}  # fmt: skip
"""Columns in which the contract allows only its own words."""

FEW = 60
"""Only where a column has fewer values is one of them made 10,000 characters long."""


def poisoned(source: Path, target: Path) -> set[str]:
    """Copy a delivery of Parquet files with an attack before every value of every free text; the columns attacked.

    Equal values stay equal, so that the tables still refer to each other.
    """
    target.mkdir()
    attacked = set()
    for path in sorted(source.glob("*.parquet")):
        table = pq.read_table(path)
        for place, field in enumerate(table.schema):
            if pa.types.is_string(field.type) and field.name not in WORDS:
                table = table.set_column(place, field.name, _attacked(table.column(place).combine_chunks()))
                attacked.add(f"{path.stem}.{field.name}")
        pq.write_table(table, target / path.name)
    (target / "incidents.yaml").write_text("[]\n")
    return attacked


def _attacked(values: pa.Array) -> pa.Array:
    coded = pc.dictionary_encode(values)
    few = len(coded.dictionary) < FEW
    return pa.DictionaryArray.from_arrays(
        coded.indices, pa.array([attack(value, few) for value in coded.dictionary.to_pylist()], pa.string())
    ).cast(pa.string())


def attack(value: str, few: bool = True) -> str:
    """One of the hostile texts with the value behind it, always the same one."""
    texts = [text for name, text in HOSTILE.items() if few or name != "long"]
    return f"{texts[crc32(value.encode()) % len(texts)]}{value}"
