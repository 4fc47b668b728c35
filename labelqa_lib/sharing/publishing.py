"""An audience's tree copied elsewhere, so that a reader there never meets half of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from labelqa_lib.errors import UsageError
from labelqa_lib.places import Place

MANIFEST = "labelqa-published.json"
"""Says for whom a place is, and which files in it are ours."""

SHARED = {".html", ".json", ".xlsx", ".csv", ".pdf"}
"""What a tree for others may hold."""

_STAGING = ".labelqa-staging"
_UNKNOWN = ""
"""In place of a digest: the file may be the one of before, that of a copy which was interrupted, or not there."""


@dataclass(frozen=True)
class Published:
    """What became of a copy: how many files were written, were there already, and were taken away; where it begins."""

    written: int
    unchanged: int
    removed: int
    index: str


def publish(tree: Path, audience: str, destination: str) -> Published:
    """Copy an audience's tree to a folder or an object store.

    Parameters
    ----------
    tree : Path
        ``reports/<audience>``.
    audience : str
    destination : str
        A folder, or an address that fsspec knows: ``file:///…``, ``memory://…``, ``s3://…`` where its package is installed.

    Raises
    ------
    UsageError
        When there is no tree, the destination cannot be opened, lies in the tree, is another audience's, holds files
        that nobody published, or a manifest that says nothing.

    Notes
    -----
    Every changed file is first copied beside its place, under a name that no page links to; only when all are there,
    each is moved to its place: pages, then the index of each week, then the index of all. What the tree does not hold any
    more goes last. At every moment an index links to pages that are there and whole, and a copy that is interrupted
    leaves the earlier one to be read; run again, it is completed, whatever the tree holds by then: before anything is
    moved, the manifest says of every file that will be that it is ours, and that nobody knows what is in it.
    """
    files = _files(tree, audience)
    place = _opened(destination, tree)
    before = _manifest(place, audience)
    there = place.below()
    changed = [name for name, digest in files.items() if before.get(name) != digest or name not in there]
    gone = [name for name in before if name not in files and name in there]
    place.remove(_STAGING)
    try:
        for name in changed:
            place.put(f"{_STAGING}/{name}", (tree / name).read_bytes())
        if changed:
            _tell(place, audience, before | dict.fromkeys(changed, _UNKNOWN))
        for name in sorted(changed, key=_turn):
            place.move(f"{_STAGING}/{name}", name)
        for name in gone:
            place.remove(name)
        _tell(place, audience, files)
    finally:
        place.remove(_STAGING)
    return Published(len(changed), len(files) - len(changed), len(gone), f"{destination.rstrip('/')}/index.html")


def _files(tree: Path, audience: str) -> dict[str, str]:
    """What is copied, by name, with its SHA-256: nothing hidden, and of a tree for others only what they may have."""
    if not (tree / "index.html").is_file():
        raise UsageError(f"{tree}: there are no pages for {audience} yet; make them with `labelqa run --audience {audience}`")
    names = [path.relative_to(tree) for path in sorted(tree.rglob("*")) if path.is_file()]
    names = [name for name in names if not any(part.startswith(".") for part in name.parts)]
    if audience != "internal":
        names = [name for name in names if name.suffix in SHARED]
    return {name.as_posix(): hashlib.sha256((tree / name).read_bytes()).hexdigest() for name in names}


def _opened(destination: str, tree: Path) -> Place:
    place = Place.at(destination)
    if place.folder and place.folder.resolve().is_relative_to(tree.parent.resolve()):
        raise UsageError(f"{destination}: lies among the reports themselves; name a folder elsewhere")
    return place


def _manifest(place: Place, audience: str) -> dict[str, str]:
    """The files published there before, by name, with their digests; none in an empty place."""
    if not place.exists(MANIFEST):
        if any(not name.startswith(f"{_STAGING}/") for name in place.below()):
            raise UsageError(f"{place.address}: holds files that labelqa did not publish; name an empty folder")
        _tell(place, audience, {})  # at once: a copy that is interrupted must know its own files again
        return {}
    try:
        told = json.loads(place.read(MANIFEST))
        owner, files = told["audience"], dict(told["files"])
    except (ValueError, KeyError, TypeError):  # for whom the place is and what must go from it: nobody guesses that
        raise UsageError(f"{place.address}: {MANIFEST} there cannot be read, so nobody knows for whom the place is and which "
                         "files in it are old; empty the place and publish again, or name another") from None  # fmt: skip
    if owner != audience:
        raise UsageError(f"{place.address}: is where pages for {owner} lie; those for {audience} need a place of their own")
    return files


def _tell(place: Place, audience: str, files: dict[str, str]) -> None:
    """Write the manifest, whole or not at all; what a killed copy leaves of it lies where the next one sweeps."""
    told = json.dumps({"audience": audience, "files": files}, indent=1, sort_keys=True) + "\n"
    place.put(f"{_STAGING}/{MANIFEST}", told.encode())
    place.move(f"{_STAGING}/{MANIFEST}", MANIFEST)


def _turn(name: str) -> tuple[int, str]:
    """Pages before the index of their week, that before the index of all."""
    return {"index.html": 2}.get(name, 1 if name.endswith("/index.html") else 0), name
