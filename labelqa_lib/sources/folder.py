"""The files of a delivery's folder, by name: hidden ones aside, linked folders with them, and what cannot be looked into."""

from __future__ import annotations

import os
from pathlib import Path


def listed(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Every file below `folder`, as text with forward slashes; and what leads to no file, with a sentence each.

    Whatever lies below a name that begins with a dot is hidden (``.ipynb_checkpoints/``). Linked folders are looked into, but
    for those that lead back into a folder on the way to them.
    """
    found, unseen = [], {}

    def name(path: str | Path) -> str:
        return Path(path).relative_to(folder).as_posix()

    def forbidden(error: OSError) -> None:
        told = str(folder) if error.filename == str(folder) else name(error.filename)
        unseen[told] = f"{told}: may not be looked into ({error.strerror})"

    ways = {str(folder): (os.path.realpath(folder),)}
    for here, folders, files in os.walk(folder, onerror=forbidden, followlinks=True):
        way = ways.pop(here)
        inside = {one: os.path.realpath(os.path.join(here, one)) for one in folders if not one.startswith(".")}
        folders[:] = [one for one, real in inside.items() if real not in way]
        ways |= {os.path.join(here, one): (*way, inside[one]) for one in folders}
        for path in (Path(here, one) for one in files if not one.startswith(".")):
            if path.is_symlink() and not os.path.exists(path):
                unseen[name(path)] = (
                    f"{name(path)}: is a link to {os.readlink(path)}, where nothing can be read; deliver what it stands for, "
                    "or take the link away"
                )
            elif os.path.isfile(path):
                found.append(path)
    return [name(path) for path in sorted(found)], dict(sorted(unseen.items()))
