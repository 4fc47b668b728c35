"""A process that has imported everything pages need, and forks a kernel for each of them.

It runs alone, with a single thread, and speaks over one Unix socket: a line of JSON asks for a kernel, the answer is
its process id, and when the kernel has ended, what it used. A connection is a lease: when it closes, by a worker that
was killed as well, the kernel and its children are killed. When the run is gone, the server ends itself and them.

The parent of kernels must hold nothing that a fork would tear apart: no thread, no engine, no event loop, no figure.
Before every fork it counts its threads, and refuses when there is a second one; the page then starts a plain kernel.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

import psutil

from labelqa_lib.runner import kernelapp
from labelqa_lib.runner.processes import adopt_orphans, descendants, die_with_parent, kill_all, threads

READ_AT_ONCE = 1 << 16
PLACE = "JUPYTER_RUNTIME_DIR"
FILES = 512
"""That a kernel may open at once before its table of them grows."""


def main() -> None:
    """The server's life; what it needs to know is the JSON of its first argument."""
    told = json.loads(sys.argv[1])
    sys.path.remove("")  # the folder that it was started in, which ``python -c`` has put there
    sys.argv[1:] = []
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run decides what an interrupt ends
    signal.pthread_sigmask(signal.SIG_SETMASK, [])  # it was started with interrupts held, which kernels would inherit
    die_with_parent()
    sys.modules["rfc3987_syntax"] = None  # as in workers; whatever else these do without, a page may want
    gc.disable()  # a seventh of the imports' time, for garbage that is not there
    for name in ("ipykernel_launcher", *told["modules"]):
        _load(name)
    kernelapp.warm_up()
    die_with_parent(0)  # from here on it sees its parent go, and has kernels to end first
    adopt_orphans()
    gc.collect()
    gc.freeze()  # what is shared with kernels stays shared: their collector leaves it alone
    gc.enable()
    Server(socket.socket(fileno=told["listen"]), Path(told["scratch"])).serve()


def _load(name: str) -> None:
    """Import a module and, of a door that opens on first use, everything behind it; then let it warm itself up.

    What cannot be imported is not reported here: the page that asks for it says so itself.
    """
    try:
        module = importlib.import_module(name)
        inside = vars(module)
        if "__getattr__" in inside:
            for behind in getattr(module, "__all__", ()):
                getattr(module, behind)
            if "warm_up" in getattr(module, "__all__", ()):
                gc.freeze()  # imports leave hardly any garbage: what is searched for it later is what this leaves
                module.warm_up()
    except Exception:  # noqa: BLE001 (a notebook may import anything)
        traceback.print_exc()


@dataclass(eq=False)
class _Lease:
    """A connection, what it has asked for so far, and the kernel it got: its process id and a handle on its end.

    `place` is the worker's own folder: a worker has one kernel at a time, and whatever that starts inherits the name.
    """

    connection: socket.socket
    asked: bytes = b""
    kernel: int = 0
    ended: int = -1
    place: str = ""


class Server:
    """Forks kernels for whoever connects to `listen`, until its standard input closes."""

    def __init__(self, listen: socket.socket, scratch: Path):
        self.listen, self.scratch = listen, scratch
        self.events = selectors.DefaultSelector()
        self.leases: set[_Lease] = set()

    def serve(self) -> None:
        """Answer until the run closes standard input, or is gone; then end every kernel and what is left of the run."""
        self.events.register(self.listen, selectors.EVENT_READ, None)
        self.events.register(0, selectors.EVENT_READ, None)
        while True:
            for key, _ready in self.events.select():
                if key.fileobj == 0:
                    return self._leave()
                if key.fileobj is self.listen:
                    lease = _Lease(self.listen.accept()[0])
                    self.leases.add(lease)
                    self.events.register(lease.connection, selectors.EVENT_READ, lease)
                elif key.data in self.leases:
                    self._answer(key.data, key.fileobj)

    def _answer(self, lease: _Lease, source) -> None:
        if source == lease.ended:
            return self._end(lease)
        try:
            said = lease.connection.recv(READ_AT_ONCE)
        except OSError:
            said = b""
        lease.asked += said
        if not said or lease.kernel:  # closed, or asked to end it
            self._end(lease)
        elif lease.asked.endswith(b"\n"):
            self._fork(lease)

    def _fork(self, lease: _Lease) -> None:
        if (running := threads()) > 1:
            self._tell(lease, {"refused": f"{running} threads"})
            return self._drop(lease)
        asked, server = json.loads(lease.asked), os.getpid()
        lease.place = asked["environment"].get(PLACE, "")
        kernel = os.fork()
        if not kernel:
            self._become_kernel(asked, server)
        lease.kernel, lease.ended = kernel, os.pidfd_open(kernel)
        self.events.register(lease.ended, selectors.EVENT_READ, lease)
        self._tell(lease, {"kernel": kernel})

    def _become_kernel(self, asked: dict, server: int) -> None:
        """In the child: let go of everything that is the server's, then be what a plainly started kernel is."""
        code = 1
        try:
            os.setsid()
            die_with_parent()
            self.events.close()
            self.listen.close()
            for lease in self.leases:
                lease.connection.close()
                if lease.kernel:
                    os.close(lease.ended)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            os.close(null)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if os.getppid() == server:
                _run_kernel(**asked)
                code = 0
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else int(left.code is not None)
        except BaseException:  # noqa: BLE001 (this stack is the server's: nothing may go on above)
            traceback.print_exc()
        finally:
            os._exit(code)

    def _end(self, lease: _Lease) -> None:
        """Kill a lease's kernel and its children, tell what the kernel used, and forget both."""
        if lease.kernel:
            below = descendants(lease.kernel)
            _kill_group(lease.kernel)
            kill_all([*below, *self._orphans(lease)])
            _, status, used = os.wait4(lease.kernel, 0)
            self.events.unregister(lease.ended)
            os.close(lease.ended)
            self._reap()
            self._tell(lease, {
                "ended": os.waitstatus_to_exitcode(status),
                "cpu": used.ru_utime + used.ru_stime,
                "memory": used.ru_maxrss * 1024,
            })  # fmt: skip
        self._drop(lease)

    def _drop(self, lease: _Lease) -> None:
        self.events.unregister(lease.connection)
        lease.connection.close()
        self.leases.discard(lease)

    @staticmethod
    def _tell(lease: _Lease, answer: dict) -> None:
        try:
            lease.connection.sendall(json.dumps(answer).encode() + b"\n")
        except OSError:  # nobody is there to hear it
            return

    def _orphans(self, lease: _Lease) -> list[psutil.Process]:
        """What a kernel started in sessions of their own, and left to us when it, or whoever it had start them, ended."""
        kernels = {one.kernel for one in self.leases}
        found = []
        for child in psutil.Process().children():
            try:
                if child.pid not in kernels and lease.place and child.environ().get(PLACE) == lease.place:
                    found += [child, *child.children(recursive=True)]
            except psutil.Error:  # it has ended meanwhile
                continue
        return found

    def _reap(self) -> None:
        """Let go of the dead that were left to us; a kernel is waited for by its lease."""
        kernels = {lease.kernel for lease in self.leases}
        for child in psutil.Process().children():
            if child.pid not in kernels:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(child.pid, os.WNOHANG)

    def _leave(self) -> None:
        kill_all(descendants(os.getpid()))
        shutil.rmtree(self.scratch, ignore_errors=True)
        os._exit(0)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except OSError:
        return


def _run_kernel(argv: list[str], environment: dict[str, str], folder: str) -> None:
    """Be the kernel that ``python -m ipykernel_launcher <argv>`` would be in this environment and folder."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    tempfile.tempdir = None
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # the old global generator: without this, every page would draw the same numbers
    sys.argv[:] = [sys.modules["ipykernel_launcher"].__file__, *argv]
    _make_room_for_files()

    kernelapp.PageKernelApp.launch_instance(argv)


def _make_room_for_files() -> None:
    """Let the process open `FILES` without growing its table of them: once it has threads, each doubling stops it for 10 to 20 ms."""
    import fcntl  # on Windows there is none, and nothing is forked

    with contextlib.suppress(OSError):  # it may open fewer
        os.close(fcntl.fcntl(0, fcntl.F_DUPFD, FILES - 1))  # the next that is free, from there on
