"""A forked kernel: it starts without importing anything, and what a page prints or fails by arrives as from a plain one."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from labelqa_lib.runner import Limits, plan, render
from labelqa_lib.runner.isolation import isolated

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are forked on Linux alone"),
]

STARTS = """
import json, os, sys
import labelqa_lib.runner.kernelapp as own
own.IPKernelApp.start = lambda app: app.kernel.start()
own.warm_up()
before = set(sys.modules)
own.PageKernelApp.launch_instance(["-f", "kernel.json", "--HistoryManager.enabled=False"])
said = json.dumps([sorted(set(sys.modules) - before), "debugpy" in sys.modules])
os.write(sys.stdout._original_stdstream_copy, said.encode())
os._exit(0)
"""


def test_a_kernel_imports_nothing_when_it_starts(tmp_path):
    environment = {**os.environ, **isolated(tmp_path, tmp_path)}
    environment.pop("PYTEST_CURRENT_TEST", None)  # with it, a kernel does not look at what commands print
    done = subprocess.run([sys.executable, "-c", STARTS], env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [[], False]


PRINTS = (
    "import asyncio, logging, os, sys, threading, time",
    "print('one', end='')\nprint(' two', flush=True)\nprint('three', file=sys.stderr)\nsys.stdout.write('four')",
    "print('before')\ntime.sleep(0.3)\nprint('after')\ndisplay('between')\nprint('end')",  # beyond the stream's own interval
    "os.system('echo from a command')\ntime.sleep(0.2)",
    "thread = threading.Thread(target=lambda: [print('from a thread'), time.sleep(0.25), print('again')])\nthread.start()\nthread.join()",
    "child = os.fork()\nif not child:\n    print('from a child')\n    os._exit(0)\nos.waitpid(child, 0)\ntime.sleep(0.2)",
    "async def later():\n    await asyncio.sleep(0.01)\n    print('later')\nawait later()\nawait asyncio.gather(later(), later())",
    "logging.getLogger().warning('logged')",
    "shown = display('first', display_id='shown')\nshown.update('second')\n1 + 1",
    "for number in range(3):\n    print(number)",
    "print('replaced')\nfrom IPython.display import clear_output\nclear_output()\nprint('kept')",
    "from importlib.util import find_spec\nprint(bool(find_spec('debugpy')))",
    "import ipywidgets\nbox = ipywidgets.Output()\nwith box:\n    print('inside')\nipywidgets.IntSlider(value=3).value",
    "print(get_ipython().execution_count)",
)
FAILS = {
    "asks": ("print('asks')", "input('who? ')"),
    "fails": ("print('before')", "1 / 0", "print('never')"),
    "fails_later": ("async def later():\n    raise ValueError('later')\nawait later()", "print('never')"),
}


def test_what_a_page_prints_arrives_as_from_a_plain_kernel(tiny, monkeypatch):
    tiny.notebook("prints", *PRINTS)
    for name, cells in FAILS.items():
        tiny.notebook(name, *cells)
    made = plan(
        tiny.root, reports=tiny.reports, data="data/snapshots", snapshot="S1", week="2026-W46", notebooks=["prints", *FAILS],
        weeks_of={"MY": ["2026-W46"]},
    )  # fmt: skip
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # with it, a kernel does not look at what commands print
    seen = []
    for starts in (9, 0):
        monkeypatch.setattr("labelqa_lib.runner.forking.STARTS", starts)
        records = {record.notebook: record for record in render(made.pages, 1, Limits(seconds=30))}
        assert not records["prints"].error
        failed = [records[name].error for name in FAILS]
        seen.append([(tiny.week / "MY" / "prints.html").read_text(), records["prints"].warnings, *failed])
    forked, plain = seen
    assert forked == plain
    for text in ("one two", "from a command", "from a thread", "again", "from a child", "later\nlater\nlater", "second", "kept", "True"):
        assert text in forked[0], text
    assert "replaced" not in forked[0]
    assert forked[1] == ["three\n", "logged\n"]
    assert [error.name for error in forked[2:]] == ["StdinNotImplementedError", "ZeroDivisionError", "ValueError"]
