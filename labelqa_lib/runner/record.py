"""A page's record: what became of it, in one JSON file beside its HTML; every file appears whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from labelqa_lib.errors import UsageError
from labelqa_lib.files import write_whole
from labelqa_lib.runner.plan import PlannedPage

RENDERED, FAILED = "rendered", "failed"
DIED, WORKER_DIED, TOO_LONG, TOO_MUCH_MEMORY = "KernelDied", "WorkerDied", "TooLong", "TooMuchMemory"
PASSING = (DIED, WORKER_DIED, TOO_LONG, TOO_MUCH_MEMORY)
"""Errors that are the machine's as likely as the page's: such a page is tried a second time."""


@dataclass(frozen=True)
class PageError:
    """Why a page failed.

    Attributes
    ----------
    name, message : str
        The error and what it says.
    cell : int or None
        The ``n`` of ``In [n]`` as the failed notebook shows it; None where no cell was running.
    line : str
        The line of that cell.
    """

    name: str
    message: str
    cell: int | None = None
    line: str = ""

    @property
    def passing(self) -> bool:
        """Whether a second attempt may end otherwise."""
        return self.name in PASSING

    def __str__(self) -> str:
        where = f"cell [{self.cell}] `{self.line}`: " if self.cell else ""
        return f"{where}{self.name}: {self.message}"


@dataclass(frozen=True)
class Making:
    """When, by whom and at what cost a page was made.

    Attributes
    ----------
    run : str
        When its run began, in UTC; also the run's name.
    began : float
        Seconds after that.
    worker : int
        Which of the run's workers, from 1.
    attempt : int
        2 where a first one was killed, or ended by itself.
    cpu : float
        CPU seconds of its kernel and of the worker.
    memory : int
        The most that its kernel held, in bytes.
    """

    run: str
    began: float
    worker: int
    attempt: int = 1
    cpu: float = 0.0
    memory: int = 0


@dataclass(frozen=True)
class PageRecord:
    """What became of a page.

    Attributes
    ----------
    title : str
        The page's own in English; empty where it failed.
    language : str
        Of what the page says, as HTML names it: ``es-MX``.
    headlines, findings : list of dict
        What the page said in its outputs of the two mime types, in order.
    warnings : list of str
        What its cells wrote to stderr, which the HTML leaves out.
    making : Making or None
        None in records of earlier versions.
    key : dict
        What the page was made from, as in `PlannedPage`.
    sha256 : str
        Of its HTML; empty where it failed.
    beside : dict
        How the name of a file beside it ends -> its SHA-256.
    """

    notebook: str
    market: str
    week: str
    audience: str
    snapshot: str
    status: str
    seconds: float
    title: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    headlines: list[dict] = field(default_factory=list)
    findings: list[dict] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: PageError | None = None
    making: Making | None = None
    key: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"

    @classmethod
    def of(cls, page: PlannedPage, seconds: float, error: PageError | None = None, **said) -> PageRecord:
        """The record of `page`: failed when there is an `error`, else rendered."""
        status = FAILED if error else RENDERED
        return cls(
            page.name, page.market, page.week, page.audience, page.snapshot,
            status, round(seconds, 2), parameters=dict(page.parameters), error=error, key=page.key, **said,
        )  # fmt: skip

    @property
    def failed(self) -> bool:
        return self.status == FAILED

    def shareable(self) -> PageRecord:
        """The record as others may read it: no paths, no code, no text of an error, nothing that differs by chance."""
        error = PageError("PageFailed", "this page could not be made; ask for it to be made again")
        parameters = {name: value for name, value in self.parameters.items() if name not in ("data", "snapshot")}
        return replace(
            self, seconds=0.0, parameters=parameters, warnings=[], error=error if self.failed else None, making=None
        )


def publish(
    page: PlannedPage,
    record: PageRecord,
    html: str | None = None,
    failed: str | None = None,
    beside: Mapping[str, bytes | None] | None = None,
) -> PageRecord:
    """Write a page's files, the record last; where they cannot be written, the record says so.

    On disk a page for others has its `shareable` record; the one given back tells everything.

    Parameters
    ----------
    html : str, optional
        The page of a success; it also removes what an earlier failure left.
    failed : str, optional
        The notebook of a failure as JSON. The HTML of an earlier success stays; index and record tell its age.
    beside : mapping, optional
        Files that lie beside the page, by how their names end; None for one that it does not have any more.
    """
    try:
        page.folder.mkdir(parents=True, exist_ok=True)
        written = {}
        if html is not None:
            record = replace(record, sha256=write_whole(page.html, html))
            ending = page.findings.name.removeprefix(page.name)
            written[ending] = write_whole(page.findings, findings_json(page, record.findings))
        for ending, content in (beside or {}).items():
            path = page.folder / f"{page.name}{ending}"
            if content is None:
                path.unlink(missing_ok=True)
            else:
                written[ending] = write_whole(path, content)
        record = replace(record, beside=written)
        if failed is not None:
            page.failed.parent.mkdir(parents=True, exist_ok=True)
            write_whole(page.failed, failed)
        write_record(page, record)
        if not record.failed:
            page.failed.unlink(missing_ok=True)
        return record
    except OSError as error:
        if record.failed:
            return record
        reason = PageError(type(error).__name__, f"{page.folder} cannot be written ({error.strerror})")
        return publish(page, PageRecord.of(page, record.seconds, reason))


def write_record(page: PlannedPage, record: PageRecord) -> None:
    """Write a page's record, of a page for others as they may read it."""
    told = record.shareable() if page.shared else record
    write_whole(page.record, json.dumps(asdict(told), indent=1, ensure_ascii=False) + "\n")


def findings_json(page: PlannedPage, findings: Sequence[Mapping[str, Any]]) -> str:
    """A page's findings as `docs/findings.md` describes them: for programs, and for the report of the week after."""
    about = {"schema": 1, "market": page.market, "week": page.week, "audience": page.audience, "notebook": page.name, "simulated": page.simulated}
    return json.dumps({**about, "findings": list(findings)}, indent=1, ensure_ascii=False) + "\n"


def check_writable(folder: Path) -> None:
    """Make sure, before anything runs, that reports can be written.

    Raises
    ------
    UsageError
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable.{os.getpid()}.tmp"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(f"{folder}: reports cannot be written there ({error.strerror})") from None


def sweep(folder: Path, process: int) -> None:
    """Remove what a killed process was about to write."""
    for temporary in folder.glob(f".*.{process}.tmp"):
        temporary.unlink(missing_ok=True)


def read_record(path: Path) -> PageRecord | None:
    """A page's record; None where there is none, or the file is no record (by another program, of another version)."""
    try:
        return record_of(path.read_bytes())
    except OSError:
        return None


def record_of(content: bytes) -> PageRecord | None:
    """A record as it stands in its file; None where that is none."""
    try:
        told = json.loads(content)
        error, making = told.pop("error"), told.pop("making", None)
        return PageRecord(**told, error=error and PageError(**error), making=making and Making(**making))
    except (ValueError, TypeError, AttributeError, KeyError):
        return None


def read_records(folder: Path) -> Iterator[PageRecord]:
    """Every record below ``<folder>/<week>/<market>/``, in order of week, market and notebook."""
    return filter(None, map(read_record, sorted(folder.glob("*/*/*.json"))))
