"""How the worker talks to a page's kernel: papermill and nbclient run the cells, messages are read where they arrive.

The stock clients wait for messages by an event loop: two tasks, a timer and a dozen turns a cell, half of what they take.
A worker has one page at a time and nothing else to do meanwhile, so it waits at the sockets themselves: for a cell's answer,
and then takes all that the cell has shown at once.
"""

from __future__ import annotations

import re
import time
from datetime import datetime
from hmac import compare_digest
from queue import Empty
from typing import Any

import zmq
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.channels import ZMQSocketChannel
from jupyter_client.session import Session
from jupyter_core.utils import run_sync
from nbclient.client import timestamp
from nbclient.exceptions import CellExecutionComplete, CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.notebooknode import from_dict
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager
from papermill.log import logger
from traitlets import Type

LOOKS = 1.0
"""Seconds without a message after which it is seen whether the kernel lives."""

KNOCKS = 5
"""Milliseconds after which a channel that the kernel has not opened yet is tried again; with the stock 100 a page waits 0.14 s."""


class PageSession(Session):
    """Signed messages, without a search for dates in all of their heads' texts: only one is ever asked for."""

    def deserialize(self, msg_list: list[bytes], content: bool = True, copy: bool = True) -> dict[str, Any]:
        """A message from its parts, as they came over the socket.

        Raises
        ------
        ValueError
            When it was not signed with the kernel's key.
        """
        signature, *signed = msg_list[:5]
        if not compare_digest(signature, self.sign(signed)):
            raise ValueError(f"a message's signature {signature!r} is not of this kernel's key")
        header, parent, metadata, told = self.unpack(b"[%b]" % b",".join(signed))
        header["date"] = datetime.fromisoformat(header["date"])
        return {
            "header": header, "msg_id": header["msg_id"], "msg_type": header["msg_type"], "parent_header": parent,
            "metadata": metadata, "content": told, "buffers": [memoryview(part) for part in msg_list[5:]],
        }  # fmt: skip


class _Channel(ZMQSocketChannel):
    """A socket that is waited at."""

    _patience = -1

    def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next message; `queue.Empty` where none comes within so many seconds."""
        patience = -1 if timeout is None else int(timeout * 1000)
        if patience != self._patience:
            self.socket.rcvtimeo = self._patience = patience
        _, message = self.session.recv(self.socket, mode=0)
        if message is None:
            raise Empty
        return message


class PageClient(BlockingKernelClient):
    """Talks to a page's kernel: asks on one channel, hears what it shows on the other. No page is asked for input."""

    shell_channel_class = iopub_channel_class = Type(_Channel)

    def start_channels(self, **which: bool) -> None:
        """Open the two channels; a kernel whose process we hold needs no heartbeat.

        What a kernel shows waits here, however much it is, until we look: the less often we wake, the better.
        """
        self.context.setsockopt(zmq.RCVHWM, 0)
        self.context.setsockopt(zmq.RECONNECT_IVL, KNOCKS)
        super().start_channels(stdin=False, hb=False, control=False)

    def stop_channels(self) -> None:
        """Close them; the stock client opens the other three for it."""
        self.shell_channel.stop()
        self.iopub_channel.stop()
        self.context.destroy(linger=100)

    async def is_alive(self) -> bool:
        """Whether the kernel's process runs."""
        return await self.parent.is_alive()

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for the kernel's first answer and its first message to everybody.

        The stock client then listens for another 0.2 s, in case somebody else has asked the kernel for something.
        """
        end = time.monotonic() + (timeout or 60)
        while time.monotonic() < end:
            self.kernel_info()
            answer = _message(self.shell_channel, 1)
            if answer and answer["msg_type"] == "kernel_info_reply" and _message(self.iopub_channel, 0.2):
                return self._handle_kernel_info_reply(answer)
            if not await self.is_alive():
                raise DeadKernelError("the kernel died before it answered")
        raise DeadKernelError(f"the kernel did not answer within {timeout} seconds")


def _message(channel: _Channel, seconds: float) -> dict | None:
    try:
        return channel.get_msg(timeout=seconds)
    except Empty:
        return None


_JSON = re.compile(r"application/(.*\+)?json")


def plain(msg: dict[str, Any]) -> NotebookNode | None:
    """The output that a message shows; None where it takes a look at the schema to see that it is one, or that it is none."""
    kind, told = msg["header"]["msg_type"], msg["content"]
    if kind == "stream" and isinstance(told["text"], str) and told["name"] in ("stdout", "stderr"):
        return NotebookNode(output_type=kind, name=told["name"], text=told["text"])
    if kind != "display_data" or not (isinstance(told["data"], dict) and isinstance(told["metadata"], dict)):
        return None
    if not all(isinstance(value, str) or _JSON.fullmatch(mime) for mime, value in told["data"].items()):
        return None
    return NotebookNode(output_type=kind, metadata=from_dict(told["metadata"]), data=from_dict(told["data"]))


class PageCells(PapermillNotebookClient):
    """Runs a page's cells one after the other; what a message means is nbclient's to say.

    Of nbclient's hooks for cells only ``on_cell_execute`` is called, and of its limits none is kept: `limits` watches pages.
    """

    def execute_cell(self, cell: NotebookNode, cell_index: int, **options: Any) -> NotebookNode:
        """Run one cell to its end, as `nbclient.NotebookClient.async_execute_cell` does.

        Raises
        ------
        CellExecutionError
            When the cell does and is not tagged ``raises-exception``.
        CellTimeoutError
            When the kernel has answered and does not say that it is done.
        DeadKernelError
        """
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or self.skip_cells_with_tag in tags:
            return cell
        cell.metadata["execution"], cell.outputs, self.clear_before_next_output = {}, [], False
        if self.on_cell_execute:
            self.on_cell_execute(cell=cell, cell_index=cell_index)
        may_fail = "raises-exception" in tags
        asked = self.kc.execute(cell.source, stop_on_error=not may_fail)
        self.code_cells_executed += 1
        done = False
        while (reply := self._reply(asked)) is None:
            lives = self._lives()
            done = done or self._take(asked, cell, cell_index, 0)
            if not lives:
                raise DeadKernelError("Kernel died")
        if not done and not self._take(asked, cell, cell_index, self.iopub_timeout):
            if self._lives():
                raise CellTimeoutError.error_from_timeout_and_cell("Timeout waiting for IOPub output", self.iopub_timeout, cell)
            raise DeadKernelError("Kernel died")
        cell.metadata["execution"]["shell.execute_reply"] = timestamp(reply)
        cell.execution_count = reply["content"].get("execution_count")
        if reply["content"]["status"] == "error" and not may_fail:
            raise CellExecutionError.from_cell_and_msg(cell, reply["content"])
        return cell

    def output(self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int) -> NotebookNode | None:
        """Add what a message shows to a cell's outputs; what is not plain, as nbclient does.

        The stock way puts every output to the schema of notebooks, 0.6 ms each.
        """
        shown = None if display_id or self.clear_before_next_output else plain(msg)
        if shown is None or self.output_hook_stack[msg["parent_header"]["msg_id"]]:
            return super().output(outs, msg, display_id, cell_index)
        outs.append(shown)
        return shown

    def _take(self, asked: str, cell: NotebookNode, cell_index: int, patience: float) -> bool:
        """Take what the kernel shows until so many seconds pass without anything; whether it said that the cell is done."""
        while (message := _message(self.kc.iopub_channel, patience)) is not None:
            if message["parent_header"].get("msg_id") == asked:
                try:
                    self.process_message(message, cell, cell_index)
                except CellExecutionComplete:
                    return True
        return False

    def _reply(self, asked: str) -> dict | None:
        """The answer to what was asked, if it comes within `LOOKS`; other answers are old."""
        while (message := _message(self.kc.shell_channel, LOOKS)) is not None:
            if message["parent_header"].get("msg_id") == asked:
                return message
        return None

    def _lives(self) -> bool:
        return run_sync(self.km.is_alive)()


class _Book(NotebookExecutionManager):
    """Papermill's notes of when cells ran."""

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **_: Any) -> None:
        """As in papermill, which has dateutil guess how the time is written that it wrote itself (0.1 ms)."""
        noted, end = cell.metadata.papermill, self.now()
        noted["end_time"] = end.isoformat()
        noted["duration"] = (end - datetime.fromisoformat(noted["start_time"])).total_seconds()
        if noted["status"] != self.FAILED:
            noted["status"] = self.COMPLETED


class PageEngine(NBClientEngine):
    """Papermill's engine, for whoever waits at sockets."""

    @classmethod
    def execute_notebook(cls, nb: NotebookNode, kernel_name: str, **options: Any) -> NotebookNode:
        """Run a notebook's cells in a kernel of their own, and note when each began and ended, on nobody's terminal or disk.

        Parameters
        ----------
        options
            Of `nbclient.NotebookClient`.
        """
        book = _Book(nb, progress_bar=False, autosave_cell_every=0)
        book.notebook_start()
        try:
            PageCells(book, kernel_name=kernel_name, log=logger, **options).execute()
        finally:
            book.notebook_complete()
        return book.nb
