"""What a forked kernel is: ipykernel's own application, without what nobody asks of a page's kernel.

A page looks the same whether its kernel is this one or a plain one; only what it takes to answer a cell differs.
"""

from __future__ import annotations

import importlib
import sys
from functools import lru_cache

from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp

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


class PageKernelApp(IPKernelApp):
    """A kernel that nobody debugs."""

    outstream_class = f"{__name__}.PageStream"

    def init_kernel(self) -> None:
        """Do without the task that waits for the debugger, and without records of what no handler shows."""
        super().init_kernel()
        self.kernel.debugpy_stream = None
        self.log.setLevel(self.log_level)

    def init_shell(self) -> None:
        """Put a cell into plain Python once: the kernel asks for it, and then the shell asks again."""
        super().init_shell()
        self.shell.transform_cell = lru_cache(maxsize=1)(self.shell.transform_cell)
