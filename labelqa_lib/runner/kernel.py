"""The kernel a page runs in: this interpreter, a process of its own, nothing of the user's configuration.

Where the run has a fork server the kernel is forked from it, ready in milliseconds; otherwise it is started plainly.
Both are the same kernel to the page.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from traitlets import Type

from labelqa_lib.runner.isolation import FORK_SERVER
from labelqa_lib.runner.limits import Watch
from labelqa_lib.runner.processes import cpu_of, kill_tree
from labelqa_lib.runner.talking import PageClient, PageSession

PROVISIONER = "labelqa-forked"
KernelProvisionerFactory.provisioners[PROVISIONER] = EntryPoint(
    PROVISIONER, f"{__name__}:ForkedKernel", KernelProvisionerFactory.GROUP_NAME
)
PATIENCE = {"start": 120, "end": 10}
"""Seconds in which the fork server must have forked, its own imports included, or ended a kernel."""


class PageKernel(AsyncKernelManager):
    """A kernel of the interpreter that runs labelqa, talked to over sockets in the worker's scratch folder.

    No kernel spec needs to be installed. TCP ports are picked before the kernel binds them, so that kernels started
    at once collide now and then (jupyter_client issue 487); file sockets cannot.
    """

    client_factory = Type(PageClient)
    watch: Watch | None = None
    """Who looks after the kernel; see `watched`."""

    def __init__(self, **traits):
        place = Path(os.environ["JUPYTER_RUNTIME_DIR"]) / "k"
        super().__init__(transport="ipc", ip=str(place), session=PageSession(), **traits)

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"],
            display_name="labelqa",
            language="python",
            metadata={"kernel_provisioner": {"provisioner_name": PROVISIONER}},
        )

    async def _async_post_start_kernel(self, **options) -> None:
        await super()._async_post_start_kernel(**options)
        if self.watch:
            self.watch.follow(self.provisioner.pid)

    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """Kill it and see it gone; whoever runs cells cleans up next. Nobody interrupts a page's kernel, nor asks it to leave, and the
        stock way sleeps for a hundredth of a second afterwards, for tests of its own."""
        await self._async_kill_kernel(restart=restart)

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart)
        if self.watch and self.provisioner:
            self.watch.leave(**self.provisioner.used)

    cleanup_resources = _async_cleanup_resources


def watched(watch: Watch) -> type[PageKernel]:
    """A class of kernels that `watch` looks after; papermill takes a class and makes the kernel itself."""
    return type("WatchedKernel", (PageKernel,), {"watch": watch})


class ForkedKernel(LocalProvisioner):
    """Has the kernel forked by the run's fork server; starts it plainly where there is none, or where it refuses.

    Attributes
    ----------
    used : dict
        Of a kernel that has ended: ``cpu`` (seconds) and, of a forked one, ``memory`` (bytes at its peak).
    """

    def __init__(self, **traits):
        super().__init__(**traits)
        self.used: dict[str, float] = {}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict:
        """Start the kernel and give its connection."""
        kwargs["env"].pop("JPY_PARENT_PID", None)  # of a notebook from which the run was started
        try:
            self.process = Leased(cmd[3:], kwargs["env"], kwargs.get("cwd") or os.getcwd())
        except (OSError, ValueError, KeyError):
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel with its children, and see it gone."""
        if isinstance(self.process, Leased):
            self.process.end()
            self.used = self.process.used
        elif self.process:
            self.used = {"cpu": cpu_of(self.pid)}
            kill_tree(self.pid)
            self.process.wait()
        self.process = None

    async def cleanup(self, restart: bool = False) -> None:
        """Give back what is left of a kernel that ended by itself."""
        await self.kill()
        await super().cleanup(restart)


class Leased:
    """A kernel that the fork server holds for us, with what `subprocess.Popen` has of it.

    Raises
    ------
    OSError, ValueError, KeyError
        When there is no server, it ends, or it refuses.
    """

    stdin = stdout = stderr = None

    def __init__(self, argv: list[str], environment: dict[str, str], folder: str):
        self.returncode: int | None = None
        self.used: dict[str, float] = {}
        self.connection = socket.socket(socket.AF_UNIX)
        try:
            self.connection.connect(os.environ.get(FORK_SERVER, ""))
            asked = {"argv": argv, "environment": environment, "folder": folder}
            self.connection.sendall(json.dumps(asked).encode() + b"\n")
            self.pid = self._heard(PATIENCE["start"])["kernel"]
        except BaseException:
            self.connection.close()
            raise

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        try:
            if self.returncode is None:
                self._ended(self._heard(0))
        except BlockingIOError:
            pass
        return self.returncode

    def wait(self) -> int | None:
        """Its exit code, once it has ended."""
        return self.poll() if self.returncode is None else self.returncode

    def send_signal(self, number: int) -> None:
        """Signal it alone; its group has been tried."""
        os.kill(self.pid, number)

    def end(self) -> None:
        """Have it killed with its children, and hear what it used."""
        if self.returncode is None:
            try:
                self.connection.sendall(b"end\n")
                self._ended(self._heard(PATIENCE["end"]))
            except OSError:  # the server is gone, and the kernel with it
                self._ended({})
        self.connection.close()

    def _heard(self, seconds: float | None) -> dict:
        """The server's next line; none where it has closed."""
        self.connection.settimeout(seconds)
        line = b""
        while not line.endswith(b"\n"):
            part = self.connection.recv(4096)
            if not part:
                return {}
            line += part
        return json.loads(line)

    def _ended(self, told: dict) -> None:
        if self.returncode is None:
            self.returncode, self.used = told.pop("ended", -signal.SIGKILL), told
