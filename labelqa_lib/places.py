"""Somewhere that files can be kept: a folder, or whatever else fsspec opens. Files there appear whole or not at all."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fsspec
from fsspec import AbstractFileSystem

from labelqa_lib.errors import UsageError


_BUCKETS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "oci", "r2", "tos"}


def _in_its_words(work: Callable) -> Callable:
    """Whatever a store's package raises, as the OSError that it is to us."""

    @functools.wraps(work)
    def told(place, *args, **kwargs):
        try:
            return work(place, *args, **kwargs)
        except OSError:
            raise
        except Exception as error:
            raise OSError(f"{place.address}: {error}") from error

    return told


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

    Notes
    -----
    Every method but `at` raises OSError, with the store's own words, when the store does not do what it is asked.
    """

    address: str
    store: AbstractFileSystem
    root: str

    @classmethod
    def at(cls, address: str) -> Place:
        """Open a place: a folder is made where it is not there yet, a bucket is not.

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
            place = cls(address, store, root.rstrip("/"))
            bucket = place.root.partition("/")[0]
            if place.in_bucket and not store.exists(bucket):
                raise UsageError(f"{address}: there is no bucket {bucket} that can be reached from here")
            place._make_folder(place.root)
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 (each store has exceptions of its own)
            raise UsageError(f"{address}: cannot be opened ({error})") from None
        return place

    @property
    def in_bucket(self) -> bool:
        """Whether it has no folders, only names with ``/`` in them, below a bucket that somebody has made."""
        return not _BUCKETS.isdisjoint(_protocols(self.store))

    @property
    def folder(self) -> Path | None:
        """The folder that it is on this machine, if it is one."""
        return Path(self.root) if "file" in _protocols(self.store) else None

    @_in_its_words
    def read(self, name: str) -> bytes:
        """A file's content.

        Raises
        ------
        FileNotFoundError
        """
        return self.store.cat_file(f"{self.root}/{name}")

    @_in_its_words
    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return self.store.exists(f"{self.root}/{name}")

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
        temporary = f"{folder}/.{last}.{mark}.tmp".lstrip("/")
        try:
            self.put(temporary, content, last)
            self.move(temporary, name)
        except BaseException:
            self.remove(temporary)
            raise

    @_in_its_words
    def put(self, name: str, content: bytes, like: str = "") -> None:
        """Write a file of which nobody knows yet.

        Parameters
        ----------
        like : str
            The name by which a store tells what it serves the file as; its own, where not given.
        """
        path = f"{self.root}/{name}"
        self._make_folder(path.rpartition("/")[0])
        with TemporaryDirectory() as folder:  # stores tell a page from a download by the name of a file they are given
            local = Path(folder) / (like or name).rpartition("/")[2]
            local.write_bytes(content)
            self.store.put_file(str(local), path)

    @_in_its_words
    def move(self, name: str, to: str) -> None:
        """Give a file another name, whether there is one of that name or not."""
        path = f"{self.root}/{to}"
        self._make_folder(path.rpartition("/")[0])
        self.store.mv(f"{self.root}/{name}", path)

    @_in_its_words
    def remove(self, name: str) -> None:
        """Take a file away, or a folder with all that is in it; nothing happens where there is none."""
        if self.store.exists(f"{self.root}/{name}"):
            self.store.rm(f"{self.root}/{name}", recursive=True)

    @_in_its_words
    def below(self, folder: str = "") -> dict[str, Mapping[str, Any]]:
        """Every file below a folder, by its name below the place, with what the store says of it."""
        start = len(self.root) + 1
        self.store.invalidate_cache()
        found = self.store.find(f"{self.root}/{folder}".rstrip("/"), detail=True)
        return {path[start:]: about for path, about in sorted(found.items())}

    def _make_folder(self, path: str) -> None:
        if not self.in_bucket:
            self.store.makedirs(path, exist_ok=True)


def _protocols(store: AbstractFileSystem) -> set[str]:
    return {store.protocol} if isinstance(store.protocol, str) else set(store.protocol)
