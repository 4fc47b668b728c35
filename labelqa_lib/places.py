"""Somewhere that files can be kept: a folder, or whatever else fsspec opens. Files there appear whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import fsspec
from fsspec import AbstractFileSystem

from labelqa_lib.errors import UsageError


@dataclass(frozen=True)
class Place:
    """A folder or a prefix of an object store.

    Attributes
    ----------
    address : str
        As it was given.
    store : AbstractFileSystem
    root : str
        Where it begins there.
    """

    address: str
    store: AbstractFileSystem
    root: str

    @classmethod
    def at(cls, address: str) -> Place:
        """Open a place, made where it is not there yet.

        Parameters
        ----------
        address : str
            A folder, or an address that fsspec knows: ``file:///…``, ``memory://…``, ``s3://…`` where its package is installed.

        Raises
        ------
        UsageError
            When it cannot be opened.
        """
        try:
            store, root = fsspec.url_to_fs(address)
            store.makedirs(root, exist_ok=True)
        except (ImportError, ValueError, OSError) as error:
            raise UsageError(f"{address}: cannot be opened ({error})") from None
        return cls(address, store, root.rstrip("/"))

    def path(self, name: str) -> str:
        """The store's own path of a file, whose folder is made where it is not there yet."""
        path = f"{self.root}/{name}"
        self.store.makedirs(path.rpartition("/")[0], exist_ok=True)
        return path

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises
        ------
        FileNotFoundError
        """
        return self.store.cat_file(f"{self.root}/{name}")

    def write(self, name: str, content: bytes, mark: str) -> None:
        """Write a file so that a reader sees the old one or the new one, never a part.

        Parameters
        ----------
        name : str
            Below the place, with ``/`` between its parts.
        content : bytes
        mark : str
            No two that write the same file at once have the same.
        """
        folder, _, last = name.rpartition("/")
        temporary = self.path(f"{folder}/.{last}.{mark}.tmp".lstrip("/"))
        try:
            self.store.pipe_file(temporary, content)
            self.store.mv(temporary, f"{self.root}/{name}")
        except BaseException:
            if self.store.exists(temporary):
                self.store.rm(temporary)
            raise

    def remove(self, name: str) -> None:
        """Take a file away; nothing happens where there is none."""
        if self.store.exists(f"{self.root}/{name}"):
            self.store.rm(f"{self.root}/{name}")

    def below(self, folder: str) -> dict[str, Mapping[str, Any]]:
        """Every file below a folder, by its name below the place, with what the store says of it."""
        start = len(self.root) + 1
        self.store.invalidate_cache()
        found = self.store.find(f"{self.root}/{folder}", detail=True)
        return {path[start:]: about for path, about in sorted(found.items())}
