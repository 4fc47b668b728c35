"""A Dask scheduler and workers as processes of their own, for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil


class Cluster:
    """A scheduler below `folder`; workers are started on it by name."""

    def __init__(self, folder: Path, **settings: str):
        self.folder, self.file, self.workers = folder, folder / "scheduler.json", {}
        self.environment = {**os.environ, "TMPDIR": str(folder), **settings}
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(self.file), "--no-dashboard")
        end = time.monotonic() + 60
        while not self.file.exists() or not self.file.read_text():
            assert time.monotonic() < end and self.scheduler.poll() is None, "no scheduler"
            time.sleep(0.1)
        self.address = json.loads(self.file.read_text())["address"]

    def worker(self, name: str, *options: str, pages: int = 1, **settings: str) -> subprocess.Popen:
        """Start a worker that renders so many pages at a time; 0 where it offers none."""
        offers = ["--resources", f"page={pages}"] if pages else []
        self.environment |= settings
        self.workers[name] = self._start(
            "worker", self.address, "--name", name, "--nthreads", "1", "--no-dashboard", *offers, *options,
            "--local-directory", str(self.folder / name),
        )  # fmt: skip
        for setting in settings:
            del self.environment[setting]
        return self.workers[name]

    def _start(self, what: str, *arguments: str) -> subprocess.Popen:
        log = (self.folder / "log").open("a")
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments], env=self.environment, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip

    def wait_for(self, workers: int) -> None:
        """Wait until so many have come."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)

    def end(self) -> None:
        """End every process of it."""
        started = [self.scheduler, *self.workers.values()]
        below = [one for process in started if psutil.pid_exists(process.pid) for one in psutil.Process(process.pid).children(recursive=True)]
        for process in started:
            process.kill()
            process.wait()
        for one in below:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                continue
