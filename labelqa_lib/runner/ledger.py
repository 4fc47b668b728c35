"""`run.json`: what a run did, page by page, and what it cost."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.files import write_whole
from labelqa_lib.runner.record import PageRecord


@dataclass
class Ledger:
    """Gathers the pages of a run.

    Attributes
    ----------
    pages : sequence of (PlannedPage, str)
        All that were asked for, and why each is rendered; an empty reason where it is not.
    jobs : int
        Workers.
    began : datetime
    scheduler : str
        Address of the cluster that renders; empty for this machine.
    done : dict
        (notebook, market) -> its record.
    """

    pages: Sequence[tuple[PlannedPage, str]]
    jobs: int
    began: datetime
    scheduler: str = ""
    done: dict[tuple[str, str], PageRecord] = field(default_factory=dict)

    def add(self, record: PageRecord) -> None:
        """Note that a page is done."""
        self.done[record.notebook, record.market] = record

    @property
    def path(self) -> Path:
        """Beside the week's index; for an audience that others see, in the workspace's own cache."""
        page = self.pages[0][0]
        own = page.reports / ".cache" / "runs" / page.audience / page.week
        return (own if page.shared else page.folder.parent) / "run.json"

    def write(self) -> None:
        """Write the file: whole, or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, json.dumps(self._content(), indent=1, ensure_ascii=False) + "\n")

    def _content(self) -> dict[str, Any]:
        pages = [self._page(page, reason) for page, reason in self.pages]
        states = [page["status"] for page in pages]
        elsewhere = sum(page.get("cpu", 0) for page in pages) if self.scheduler else 0
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return {
            "run": self.began.isoformat(timespec="milliseconds"),
            "week": self.pages[0][0].week,
            "audience": self.pages[0][0].audience,
            "workers": self.jobs,
            **({"scheduler": self.scheduler} if self.scheduler else {}),
            "cores": os.cpu_count(),
            "seconds": round((datetime.now(UTC) - self.began).total_seconds(), 2),
            "cpu": round(sum(one.ru_utime + one.ru_stime for one in used) + elsewhere, 2),
            "memory": max((page.get("memory", 0) for page in pages), default=0),
            **{state: states.count(state) for state in ("rendered", "failed", "unchanged", "not reached")},
            "pages": pages,
        }

    def _page(self, page: PlannedPage, reason: str) -> dict[str, Any]:
        told = {"market": page.market, "notebook": page.name}
        record = self.done.get((page.name, page.market))
        if not record:
            return {**told, "status": "not reached" if reason else "unchanged", "reason": reason, "size": _size(page.html)}
        making = record.making
        cost = {name: getattr(making, name) for name in ("worker", "began", "attempt", "cpu", "memory")} if making else {}
        return {
            **told, "status": record.status, "reason": reason, "seconds": record.seconds, **cost, "size": _size(page.html),
            **({"error": str(record.error)} if record.failed else {}),
        }  # fmt: skip


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
