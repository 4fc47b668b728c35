"""Opens snapshots: what one holds (`describe`), and its rows as lazy tables (`open_tables`)."""

from labelqa_lib.store.snapshot import Snapshot, describe, partition_ancestor, rejected
from labelqa_lib.store.tables import OPTIONAL, PARTITIONED, Tables, fetch, open_tables, tables_from

__all__ = [
    "OPTIONAL",
    "PARTITIONED",
    "Snapshot",
    "Tables",
    "describe",
    "fetch",
    "open_tables",
    "partition_ancestor",
    "rejected",
    "tables_from",
]
