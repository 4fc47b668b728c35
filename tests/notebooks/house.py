"""A workspace with this repository's params and notebooks, in which the command line runs as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

from labelqa_lib.translation import speaking

REPOSITORY = Path(__file__).resolve().parents[2]


class House:
    """A workspace below `root`; its params and notebooks are this repository's."""

    def __init__(self, root: Path):
        self.root = root
        for name in ("params", "notebooks"):
            (root / name).symlink_to(REPOSITORY / name)
        (root / "home").mkdir()

    def labelqa(self, *arguments: str, code: int = 0) -> str:
        """Run the command line; its output. Fails the test when the exit code is another."""
        return self.python("-m", "labelqa_lib.cli", *arguments, code=code)

    def python(self, *arguments: str, code: int = 0, cwd: Path | None = None) -> str:
        """Run this interpreter in the workspace with an empty home."""
        environment = {**os.environ, "HOME": str(self.root / "home"), "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=cwd or self.root, env=environment, text=True, capture_output=True, check=False
        )
        told = done.stdout + done.stderr
        assert done.returncode == code, f"{arguments} ended with {done.returncode}\n{told}"
        return told

    def page(self, week: str, market: str) -> str:
        """A page's HTML."""
        return (self.root / "reports" / "internal" / week / market / "market_report.html").read_text(encoding="utf-8")

    def record(self, week: str, market: str) -> dict:
        """What a page handed on beside its HTML: headlines, findings, status."""
        path = self.root / "reports" / "internal" / week / market / "market_report.json"
        return json.loads(path.read_text(encoding="utf-8"))

    def speaking(self, market: str):
        """For a while, speak as the market's pages do."""
        params = yaml.safe_load((REPOSITORY / "params" / "markets" / f"{market}.yaml").read_text(encoding="utf-8"))
        return speaking(params["locale"])

    def incidents(self) -> dict[str, dict]:
        """What was planted in the demo, by code."""
        planted = yaml.safe_load((self.root / "data" / "demo" / "incidents.yaml").read_text(encoding="utf-8"))
        return {one["code"]: one for one in planted}
