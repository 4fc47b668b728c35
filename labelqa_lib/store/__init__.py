"""Opens snapshots: what one holds (`describe`), and its rows as lazy tables (`open_tables`)."""

from labelqa_lib.store.snapshot import Restatement, Snapshot, describe, earlier_reading, rejected
from labelqa_lib.store.tables import OPTIONAL, PARTITIONED, Tables, arrow, fetch, open_tables, tables_from

__all__ = [
    "OPTIONAL",
    "PARTITIONED",
    "Restatement",
    "Snapshot",
    "Tables",
    "arrow",
    "describe",
    "earlier_reading",
    "fetch",
    "open_tables",
    "rejected",
    "tables_from",
]
