"""The run's fork server, seen from the run: started with the modules that the run's notebooks import, and ended."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from labelqa_lib.runner.isolation import isolated
from labelqa_lib.runner.processes import descendants, kill_all

STARTS = 3
"""How often a server is started in one run; a page that kills it a third time leaves the rest to plain kernels."""

_SERVER = "from labelqa_lib.runner.forkserver import main; main()"


class ForkServer:
    """Starts kernels for a run's workers by forking, on systems where that is safe.

    Parameters
    ----------
    notebooks : iterable of Path
        What they import is imported once, in the server.
    scratch, cache : Path
        As in `isolation.isolated`.
    """

    def __init__(self, notebooks: Iterable[Path], scratch: Path, cache: Path):
        self.address = scratch / "fork"
        self._scratch, self._cache = scratch, cache
        self._modules = sorted({name for notebook in notebooks for name in imported_by(notebook)})
        self._process: subprocess.Popen | None = None
        self._starts = 0

    def keep_up(self) -> None:
        """Start the server where it does not run. It answers when its imports are done; until then askers wait."""
        if not sys.platform.startswith("linux") or self._starts >= STARTS or self._process and self._process.poll() is None:
            return
        self.end()
        self._starts += 1
        own = self._scratch / f"server-{self._starts}"
        own.mkdir()
        self.address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listen:
            listen.bind(str(self.address))
            listen.listen()
            told = {"modules": self._modules, "listen": listen.fileno(), "scratch": str(self._scratch)}
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SERVER, json.dumps(told)],
                env={**os.environ, **isolated(own, self._cache), "MPLBACKEND": _backend()},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[listen.fileno()],
                start_new_session=True,
            )

    def held(self) -> list[IO]:
        """What tells the server that the run is gone, when nobody holds it any more."""
        return [self._process.stdin] if self._process else []

    def end(self) -> None:
        """End the server and every kernel it has forked."""
        if self._process is None:
            return
        below = descendants(self._process.pid)
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        kill_all(below)


def _backend() -> str:
    """What a kernel would choose when it starts; matplotlib reads it once, on import."""
    return os.environ.get("MPLBACKEND") or "module://matplotlib_inline.backend_inline"


def imported_by(notebook: Path) -> list[str]:
    """Modules that a notebook's cells import at their top; none of a cell that is not plain Python.

    Parameters
    ----------
    notebook : Path
        An ``.ipynb``; one that cannot be read imports nothing here, and says so when it is run.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    found = []
    for source in sources:
        try:
            lines = ast.parse(source).body
        except SyntaxError:
            continue
        for line in lines:
            if isinstance(line, ast.Import):
                found += [alias.name for alias in line.names]
            elif isinstance(line, ast.ImportFrom) and line.module and not line.level:
                found.append(line.module)
    return found
