"""Reports that are kept elsewhere than in the workspace: a shared folder or an object store, with a copy at hand.

The copy is what a run compares with, indexes and prints from, exactly as if the reports were kept there.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from labelqa_lib.files import write_whole
from labelqa_lib.places import Place
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import PageRecord

_STATE = ".cache/outputs.json"


class Outputs:
    """Where a run's reports go.

    Parameters
    ----------
    reports : Path
        The folder of all reports that the run sees.
    address : str
        Where they are kept; empty where that is this very folder.
    """

    def __init__(self, reports: Path, address: str = ""):
        self.reports, self.address = reports, address or str(reports)
        self.elsewhere = bool(address)
        self.place = Place.at(address) if address else None
        self.same: dict[str, dict[str, str]] = {}

    @classmethod
    def beside(cls, reports: Path, address: str) -> Outputs:
        """Reports that are kept at an address, with the copy in the cache of the workspace's own."""
        name = hashlib.sha256(address.rstrip("/").encode()).hexdigest()[:12]
        return cls(reports / ".cache" / "outputs" / name, address)

    def name_of(self, path: Path) -> str:
        """Where a file of the reports is kept, as one would open it."""
        if not self.elsewhere:
            return str(path)
        return f"{self.address.rstrip('/')}/{path.relative_to(self.reports).as_posix()}"

    def fetch(self, audience: str) -> None:
        """Bring the copy of an audience's reports up to date.

        What is not kept there any more goes. What was made since and is not kept there yet stays: another run of this machine may
        be making pages in the copy, or was killed before it kept those that it had made.

        Raises
        ------
        OSError
        """
        if not self.elsewhere:
            return
        with self._alone():
            self.same, there = self._read(), self.place.below(audience)
            for name in [one for one in self.same if one.startswith(f"{audience}/") and one not in there]:
                if self._is_as_kept(name):
                    (self.reports / name).unlink(missing_ok=True)
                del self.same[name]
            for name, about in there.items():
                if self.same.get(name, {}).get("told") != _told(about) or not (self.reports / name).exists():
                    if not name.endswith(".tmp"):
                        self._take(name, _told(about))
            self._keep()

    def fetch_page(self, page: PlannedPage) -> None:
        """Bring the copy of one page up to date."""
        if not self.elsewhere:
            return
        for file in (path for path in page.folder.glob(f"{page.name}.*") if path.is_file()):
            file.unlink()
        for folder in (page.folder, page.failed.parent):
            for name, about in self.place.below(folder.relative_to(self.reports).as_posix()).items():
                if name.rpartition("/")[2].startswith(f"{page.name}."):
                    self._take(name, _told(about))

    def put_record(self, page: PlannedPage) -> None:
        """Keep a page's record as it stands in the copy."""
        if self.elsewhere:
            self._give(page.record.relative_to(self.reports).as_posix())

    def keep(self, audience: str) -> None:
        """Bring what is kept up to date with what the run wrote into its copy: pages first, indexes last."""
        if not self.elsewhere:
            return
        with self._alone():
            names = [path.relative_to(self.reports).as_posix() for path in (self.reports / audience).rglob("*") if path.is_file()]
            names = [name for name in names if not name.rpartition("/")[2].startswith(".")]
            for name in sorted(names, key=lambda name: (-name.count("/"), name)):
                self._give(name)
            for name in [one for one in self.same if one.startswith(f"{audience}/") and one not in names]:
                self.place.remove(name)
            there = self.place.below(audience)
            known = {name: {**self.same[name], "told": _told(there[name])} for name in names if name in there and name in self.same}
            self.same = {name: told for name, told in self._read().items() if not name.startswith(f"{audience}/")} | known
            self._keep()

    def _give(self, name: str) -> None:
        """Write one file of the copy to where it is kept, if it is another there."""
        try:
            content = (self.reports / name).read_bytes()
        except FileNotFoundError:  # removed by another run in the same copy between two looks
            return
        digest = hashlib.sha256(content).hexdigest()
        if self.same.get(name, {}).get("sha256") != digest:
            self.place.write(name, content, mark())
            self.same[name] = {"told": "", "sha256": digest}

    def _take(self, name: str, told: str) -> None:
        try:
            content = self.place.read(name)
        except FileNotFoundError:  # removed by another run between two looks
            return
        path = self.reports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.same[name] = {"told": told, "sha256": write_whole(path, content)}

    def _alone(self) -> FileLock:
        """Held while the copy and what is kept are brought together: who looks at once with another run would undo its pages."""
        lock = self.reports / f"{_STATE}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(lock)

    def _is_as_kept(self, name: str) -> bool:
        """Whether a file of the copy is the one that was kept, and not one that was made since."""
        try:
            return hashlib.sha256((self.reports / name).read_bytes()).hexdigest() == self.same[name]["sha256"]
        except FileNotFoundError:
            return False

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            return json.loads((self.reports / _STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def _keep(self) -> None:
        path = self.reports / _STATE
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(self.same, indent=0, sort_keys=True))


def put_page(address: str, made: PlannedPage, record: PageRecord) -> None:
    """Write a page that was made in another folder to where reports are kept: its record last, then what it left behind.

    Parameters
    ----------
    address : str
        Of `Outputs`, as this machine sees it.
    made : PlannedPage
        As it was made, its files in place.
    record : PageRecord
        A failure leaves the HTML of an earlier success where it is.

    Raises
    ------
    OSError, UsageError
    """
    place, known = Place.at(address), made.record.relative_to(made.reports).as_posix()
    files = [path for folder in {made.folder, made.failed.parent} for path in folder.glob(f"{made.name}.*") if path.is_file()]
    names = {path.relative_to(made.reports).as_posix(): path for path in files}
    for name in sorted(names, key=lambda name: (name == known, name)):
        place.write(name, names[name].read_bytes(), mark())
    if record.failed:
        return
    for folder in {made.folder, made.failed.parent}:
        for name in place.below(folder.relative_to(made.reports).as_posix()):
            if name not in names and name.rpartition("/")[2].startswith(f"{made.name}."):
                place.remove(name)


def mark() -> str:
    """What nobody else writes under at this moment: machine, process and thread."""
    return f"{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}"


def _told(about: Mapping[str, Any]) -> str:
    """What a store says of a file, as long as it is the same file."""
    return hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()
