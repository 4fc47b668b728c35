"""Files as they leave the house: whole or not at all, one writer at a time, and no text of them a spreadsheet's formula."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labelqa_lib.errors import UsageError

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, or lets slip before one."""

PATIENCE = 10
"""Seconds that a writer waits for another."""


def starts_formula(text: str) -> bool:
    """Would a spreadsheet run this text?"""
    return text.lstrip(" ")[:1] in FORMULA_SIGNS


def inert(value: object) -> object:
    """`value` as a spreadsheet may open it: text that would start a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and starts_formula(value.lstrip("'")) else value


def bare(text: str) -> str:
    """The text that `inert` was given."""
    return text[1:] if text[:1] == "'" and starts_formula(text.lstrip("'")) else text


def write_whole(path: Path, text: str | bytes) -> str:
    """Write a file so that a reader sees the old one or the new one, never a part; the SHA-256 of its bytes."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        content = text.encode() if isinstance(text, str) else text
        with open(temporary, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
        return hashlib.sha256(content).hexdigest()
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Nobody else writes the file meanwhile.

    Raises
    ------
    UsageError
        When somebody else goes on writing it for longer than `PATIENCE`.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=PATIENCE)
    try:
        lock.acquire()
    except Timeout:
        raise UsageError(f"{path}: somebody else is writing it; try again when they are done") from None
    try:
        yield
    finally:
        lock.release()
