"""Text of a delivery inside SQL: always a literal or a quoted name, never a piece of the statement."""

from __future__ import annotations

import glob
from pathlib import Path


def literal(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """`text` as an SQL column or table name."""
    return '"' + text.replace('"', '""') + '"'


def file(path: Path) -> str:
    """`path` as an SQL string that DuckDB does not take for a pattern (``labels [1].csv``)."""
    return literal(glob.escape(str(path)))
