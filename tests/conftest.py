"""What tests of several rooms share: a workspace with notebooks of a few lines, and the command line run in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

pd.options.mode.string_storage = "python"  # as whoever opens tables finds it: in which order tests run makes no difference

SNAPSHOT = {
    "id": "20261116T000000-aaaaaaaa", "source": "tiny", "made_at": "2026-11-18T06:00:00Z", "parent": None,
    "tables": {}, "partitions": {}, "missing": [], "notes": [],
}  # fmt: skip
PARAMETERS = """\
market: str = ""  # which market
week: str = ""
audience: str = "internal"
data: str = ""
snapshot: str = ""
top: int = 3  # how many
"""


LONGEST = ("notebooks", "faults", "statistics", "browser")
"""Folders whose files take minutes: started first, so that no worker is left alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.parent.name, len(LONGEST)))


def _as_from_a_terminal() -> None:
    """Let an interrupt reach the process: it is ignored where the tests themselves run in a shell's background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class TinyWorkspace:
    """A workspace below `root` whose notebooks are given as the sources of their code cells."""

    def __init__(self, root: Path):
        self.root = root
        self.started: list[subprocess.Popen] = []
        for folder in ("params", "notebooks", "home"):
            (root / folder).mkdir(parents=True)
        (root / "params" / "workspace.yaml").write_text("notebooks: [page]\n")
        self.snapshot({"MY": ["2026-W45", "2026-W46"]})

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def week(self) -> Path:
        return self.reports / "internal" / "2026-W46"

    def snapshot(self, weeks_of: dict[str, list[str]]) -> str:
        """Describe a current snapshot with these weeks of each market; it has no rows."""
        folder = self.root / "data" / "snapshots" / SNAPSHOT["id"]
        folder.mkdir(parents=True, exist_ok=True)
        markets = {market: {"weeks": weeks, "time_zone": "Asia/Kuala_Lumpur"} for market, weeks in weeks_of.items()}
        (folder / "snapshot.json").write_text(json.dumps({**SNAPSHOT, "markets": markets}))
        (folder.parent / "CURRENT").write_text(SNAPSHOT["id"])
        return SNAPSHOT["id"]

    def notebook(self, name: str, *cells: str, parameters: str = PARAMETERS, tags: tuple[str, ...] = ()) -> Path:
        """Write a notebook: a title, the parameters cell (with further `tags`), then `cells`."""
        nodes = [{"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# A tiny page"}]
        nodes += [
            {
                "cell_type": "code", "id": f"code-{number}", "execution_count": None, "outputs": [], "source": source,
                "metadata": {"tags": ["parameters", *tags]} if number == 0 else {},
            }
            for number, source in enumerate((parameters, *cells))
        ]  # fmt: skip
        path = self.root / "notebooks" / f"{name}.ipynb"
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": nodes}))
        return path

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen:
        """Start ``labelqa <arguments>`` in the workspace, with an empty home, in a session of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "labelqa_lib.cli", *arguments],
            cwd=self.root,
            env={**os.environ, "HOME": str(self.root / "home"), "COLUMNS": "200", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_as_from_a_terminal,
        )
        self.started.append(process)
        return process

    def labelqa(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """Run ``labelqa <arguments>`` to its end."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@pytest.fixture
def tiny(tmp_path):
    workspace = TinyWorkspace(tmp_path / "workspace")
    yield workspace
    for process in workspace.started:
        process.kill()
        process.communicate()
