"""Delivered files that nobody reads: told by name, so that a misspelt table does not pass for one not delivered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import Path

from labelqa_lib.sources.files import format_of
from labelqa_lib.sources.mapping import matching

MOST_TOLD = 20


def unread(names: Collection[str], read: Collection[str], wanted: Sequence[str], ignored: Sequence[str]) -> list[str]:
    """One sentence for each file that looks like data and was not read, as far as anybody would read on.

    Parameters
    ----------
    names, read : collection of str
        The delivery's files, and those of them that were read.
    wanted : sequence of str
        What is read: names of tables, or the file patterns of a map.
    ignored : sequence of str
        Patterns of files that are declared to be no table.
    """
    known = {*read, *(name for pattern in ignored for name, _ in matching(pattern, names))}
    told = [sentence for name in names if name not in known and (sentence := _sentence(name, wanted))]
    if len(told) > MOST_TOLD:
        told[MOST_TOLD:] = [f"… and {len(told) - MOST_TOLD} more files that belong to no table"]
    return told


def _sentence(name: str, wanted: Sequence[str]) -> str | None:
    """Why `name` was not read; None for a letter, a picture or whatever else lies beside the data."""
    near = _nearest(name, wanted)
    if format_of(Path(name)) is None:
        return f"{name}: was not read; its ending tells no format (csv, tsv, jsonl, xlsx, parquet)" if near else None
    hint = f"did you mean {near}?" if near else "rename it if it holds one"
    return f"{name}: is no table of the delivery and was not read; {hint}"


def _nearest(name: str, wanted: Sequence[str]) -> str | None:
    """Which of `wanted` a file or its folder was probably meant to be called."""
    plain = {one.lower().split(".")[0]: one for one in wanted}
    for part in (name, name.split("/")[0]):
        for near in get_close_matches(part.lower().split(".")[0], plain, n=1):
            return plain[near]
    return None
