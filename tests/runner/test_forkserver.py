"""The parent of kernels: what it holds when it forks, and that it ends with its run."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

from labelqa_lib.runner.forking import ForkServer, imported_by
from labelqa_lib.runner.isolation import isolated

LOADED = """
import gc, json, os, sys, threading
from labelqa_lib.runner.forkserver import _load
for name in ("ipykernel.kernelapp", "ipykernel_launcher", "labelqa_lib", "no_such_module"):
    _load(name)
import asyncio, duckdb, zmq
from matplotlib.figure import Figure
from matplotlib._pylab_helpers import Gcf
gc.unfreeze()
gc.collect()
print(json.dumps({
    "threads": [len(os.listdir("/proc/self/task")), len(threading.enumerate())],
    "open": [type(one).__name__ for one in gc.get_objects()
             if isinstance(one, (duckdb.DuckDBPyConnection, zmq.Context, zmq.Socket, asyncio.AbstractEventLoop, Figure))],
    "figures": len(Gcf.figs),
    "loaded": sorted({"pandas", "duckdb", "ibis", "seaborn", "babel", "labelqa_lib.page"} - set(sys.modules)),
}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are forked on Linux alone")
def test_the_parent_of_kernels_has_everything_imported_and_nothing_open(tmp_path):
    environment = {**os.environ, **isolated(tmp_path, tmp_path)}
    done = subprocess.run([sys.executable, "-c", LOADED], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"threads": [1, 1], "open": [], "figures": 0, "loaded": []}
    assert "no_such_module" in done.stderr


def test_modules_are_those_the_notebooks_import_at_their_top(tiny):
    path = tiny.notebook("page", "import json, os.path as p\nfrom csv import reader", "%time x\nimport no", "def f():\n    import no")
    assert imported_by(path) == ["json", "os.path", "csv"]
    assert imported_by(tiny.root / "none.ipynb") == []


def ask(address, **asked):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(60)
    connection.connect(str(address))
    connection.sendall(json.dumps(asked).encode() + b"\n")
    return connection


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are forked on Linux alone")
def test_a_parent_with_a_second_thread_refuses(tiny, tmp_path, monkeypatch):
    (tiny.root / "threaded.py").write_text("import threading, time\nthreading.Thread(target=time.sleep, args=(99,)).start()")
    monkeypatch.setenv("PYTHONPATH", str(tiny.root))
    server = ForkServer([tiny.notebook("page", "import threaded")], tmp_path, tmp_path)
    server.keep_up()
    try:
        answer = ask(server.address, argv=[], environment={}, folder="/").recv(4096)
    finally:
        server.end()
    assert json.loads(answer) == {"refused": "2 threads"}
