"""Which rows of a delivery were rejected, and by which rules."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet

from labelqa_lib.errors import DataError
from labelqa_lib.store.place import Database
from labelqa_lib.store.snapshot import Snapshot


def rejected(snapshot: Snapshot) -> pd.DataFrame:
    """Which rules did rejected rows of the snapshot's delivery break, and how often?

    Returns
    -------
    DataFrame
        ``table, rule, rows``, the most frequent first; a row that broke two rules counts under both. Empty where
        nothing was rejected.

    Raises
    ------
    DataError
        When a file of rejects, or the database, cannot be read.
    """
    if isinstance(snapshot.place, Database):
        from labelqa_lib.store.postgres import rejects

        return pd.DataFrame(rejects(snapshot.place, snapshot.id), columns=["table", "rule", "rows"])
    parts = [pd.DataFrame({"table": [], "rule": []})]
    for path in sorted((snapshot.folder / "rejects").glob("*.parquet")):
        try:
            rules = parquet.read_table(path, columns=["rules"])["rules"].to_pandas()
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path}: cannot be read as Parquet ({error}); ingest the delivery again") from None
        parts.append(pd.DataFrame({"table": path.stem, "rule": rules.explode()}))
    counts = pd.concat(parts).groupby(["table", "rule"], as_index=False).size().rename(columns={"size": "rows"})
    return counts.sort_values(["rows", "table", "rule"], ascending=[False, True, True], ignore_index=True)
