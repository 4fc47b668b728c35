"""What a forked kernel is: ipykernel's own application, without what nobody asks of a page's kernel.

A page looks the same whether its kernel is this one or a plain one; only what it takes to answer a cell differs.
"""

from __future__ import annotations

import importlib
import sys
import threading
from functools import lru_cache
from typing import Any

import zmq
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from traitlets.config.loader import KVArgParseConfigLoader

AT_START = (
    "encodings.idna", "encodings.latin_1", "encodings.utf_8_sig", "faulthandler", "IPython.core.completerlib", "IPython.core.debugger",
    "IPython.core.logger", "IPython.core.oinspect", "IPython.extensions.storemagic", "pdb", "tornado.platform.asyncio",
    "tornado.queues",
)  # fmt: skip
"""What ipykernel imports only when a kernel starts or answers its first cell."""


def warm_up() -> None:
    """Import what a kernel would import when it starts, but for the debugger: a hundred modules, which a page may still import."""
    sys.modules["debugpy"] = None
    importlib.import_module("ipykernel.debugger")  # looks once whether there is one
    del sys.modules["debugpy"]
    for name in AT_START:
        importlib.import_module(name)


class PageStream(OutStream):
    """Standard output or error of a page.

    The stock one is flushed four times a cell, and each time another thread is woken to say that there was nothing to send.
    """

    _last: object = None
    _sent: object = None

    def write(self, string: str) -> int | None:
        """Take a text, to be sent by the next flush."""
        taken = super().write(string)
        self._last = object()
        return taken

    def flush(self) -> None:
        """Send what was written since the last flush, and return when it is on its way."""
        last = self._last
        if last is not self._sent:
            super().flush()
            self._sent = last


class _NoThread:
    """In place of the thread that hands messages on to subshells: there is none, and the kernel may ask which thread would have started it."""

    parent_thread = threading.main_thread()

    def __bool__(self) -> bool:
        return False


class PageIPythonKernel(IPythonKernel):
    """A kernel without subshells, which reads itself what it is asked, and tells only what a page shows and when a cell is done.

    The stock one has a thread that reads each message first, in case it is for a subshell, and tells whoever listens what it was
    asked and that it has begun. Here nobody listens but the worker who asked.
    """

    _supports_kernel_subshells = False

    def _publish_status(self, status: str, channel: str, parent: dict[str, Any] | None = None) -> None:
        if status == "idle":
            super()._publish_status(status, channel, parent)

    def _publish_execute_input(self, code: str, parent: dict[str, Any], execution_count: int) -> None:
        return


class PageKernelApp(IPKernelApp):
    """A kernel that nobody debugs."""

    kernel_class = PageIPythonKernel
    outstream_class = f"{__name__}.PageStream"

    def _create_loader(self, argv: list[str], aliases: dict, flags: dict, classes: list) -> KVArgParseConfigLoader:
        """Read ``-f FILE`` and ``--Class.trait=value``, with which kernels are started, without help on all traits there are (0.02 s)."""
        return super()._create_loader(argv, {"f": aliases["f"]}, {}, [])

    def init_control(self, context: zmq.Context) -> None:
        """Do without the thread for subshells."""
        super().init_control(context)
        self.shell_channel_thread = _NoThread()

    def init_kernel(self) -> None:
        """Do without the task that waits for the debugger, and without records of what no handler shows."""
        super().init_kernel()
        self.kernel.debugpy_stream = None
        self.log.setLevel(self.log_level)

    def init_shell(self) -> None:
        """Put a cell into plain Python once: the kernel asks for it, and then the shell asks again."""
        super().init_shell()
        self.shell.transform_cell = lru_cache(maxsize=1)(self.shell.transform_cell)
