"""The register of actions: a CSV of the workspace beside the table `actions` of a delivery, in the contract's columns.

`file` reads and writes it without loading pandas, for a run of which every page is unchanged; `frame` is for pages.
"""

from importlib import import_module

_HOME = {
    "CLOSED": "file", "COLUMNS": "file", "OPEN": "file", "as_csv": "file", "change": "file", "rows_of": "file",
    "as_of": "frame", "as_text": "frame", "merged": "frame", "read": "frame", "typed": "frame",
}  # fmt: skip

__all__ = [*_HOME]


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"labelqa_lib.register has no {name!r}")
    return getattr(import_module(f"labelqa_lib.register.{_HOME[name]}"), name)
