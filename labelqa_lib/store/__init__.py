"""Opens snapshots: what one holds (`describe`), its rows as lazy tables (`open_tables`), what changed (`Readings`).

What tells of a snapshot without opening its tables does so without loading an engine: a run of which every page is
unchanged is over before pandas is imported.
"""

from importlib import import_module

_HOME = {
    "SparkFolder": "place",
    "Database": "place",
    "OF_ONE_MARKET": "aside",
    "OPTIONAL": "tables",
    "PARTITIONED": "snapshot",
    "Reading": "changes",
    "Readings": "changes",
    "Restatement": "snapshot",
    "Snapshot": "snapshot",
    "Tables": "tables",
    "all_told": "footers",
    "arrow": "tables",
    "describe": "snapshot",
    "earlier_reading": "snapshot",
    "fetch": "tables",
    "is_there": "snapshot",
    "load": "loading",
    "open_tables": "tables",
    "place_of": "place",
    "rejected": "rejects",
    "tables_from": "tables",
    "without_password": "place",
}

__all__ = [*_HOME]


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"labelqa_lib.store has no {name!r}")
    return getattr(import_module(f"labelqa_lib.store.{_HOME[name]}"), name)
