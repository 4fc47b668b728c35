"""A real JupyterLab over a workspace, its notebooks in a page of the browser."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS = 120


@dataclass(frozen=True)
class Lab:
    """JupyterLab at work: where it answers, its process, and what it wrote."""

    port: int
    process: subprocess.Popen
    log: Path

    def open(self, browser, notebook: str, height: int = 1700):
        """A notebook in a page of the browser, once the server answers and its kernel is idle."""
        page = browser.new_page(viewport={"width": 1280, "height": height})
        page.set_default_timeout(1000 * SECONDS)
        self.go(page, notebook)
        return page

    def go(self, page, notebook: str) -> None:
        """Another notebook in this page."""
        from playwright.sync_api import Error

        until = time.monotonic() + SECONDS
        while True:
            try:
                page.goto(f"http://127.0.0.1:{self.port}/lab/tree/{notebook}.ipynb?token=t0k&reset")
                break
            except Error:
                if time.monotonic() > until:
                    raise
                if self.process.poll() is not None:
                    raise AssertionError(f"the server has ended: {self.log.read_text(encoding='utf-8')[-2000:]}") from None
                time.sleep(0.5)
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        page.wait_for_selector(":text('Python 3 (ipykernel) | Idle')")

    def kernels(self) -> list[psutil.Process]:
        """The kernels' processes, the youngest last."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return sorted((one for one in children if "ipykernel_launcher" in " ".join(one.cmdline())), key=lambda one: one.create_time())


@contextmanager
def lab(root: Path) -> Iterator[Lab]:
    """JupyterLab over a workspace, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (root / "home").mkdir(exist_ok=True)
    environment = {**os.environ, "HOME": str(root / "home"), "PYTHONPATH": str(REPOSITORY), "OPENBLAS_NUM_THREADS": "1"}
    arguments = ["jupyter", "lab", "notebooks/start_here.ipynb", "--allow-root", "--no-browser", f"--port={port}",
                 "--ServerApp.port_retries=0", "--IdentityProvider.token=t0k"]  # fmt: skip
    with open(root / "lab.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen([sys.executable, "-m", *arguments], cwd=root, env=environment, stdout=log,
                                  stderr=subprocess.STDOUT)  # fmt: skip
    try:
        yield Lab(port, server, root / "lab.log")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(SECONDS)


def tracebacks(log: str) -> list[str]:
    """Entries of a server's log that hold a traceback, but for those of a browser that had gone: Tornado writes one where
    a page of the test before was closed while a message was under way."""
    entries = re.split(r"^(?=\[[A-Z] \d{4}-)", log, flags=re.MULTILINE)
    return [one for one in entries if "Traceback" in one and not one.rstrip().endswith("tornado.websocket.WebSocketClosedError")]


def run_cells(page, count: int) -> None:
    """Run the first cells of the notebook."""
    page.click(".jp-Notebook .jp-CodeCell .jp-InputArea-editor")
    for _cell in range(count):
        page.keyboard.press("Shift+Enter")
