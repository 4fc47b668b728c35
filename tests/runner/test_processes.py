"""What a process and everything below it hold, beside psutil's own count."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil

from labelqa_lib.runner.processes import memory_of_tree

_BELOW = """
import subprocess, sys, threading
def start():
    subprocess.Popen([sys.executable, "-c", "held = bytearray(30 << 20); print('there', flush=True); input()"])
thread = threading.Thread(target=lambda: (start(), sys.stdin.readline()))
thread.start()
thread.join()
"""


def test_memory_is_that_of_all_processes_below_whichever_thread_started_them():
    with subprocess.Popen([sys.executable, "-c", _BELOW], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            there = psutil.Process(process.pid)
            family = [there, *there.children(recursive=True)]
            assert len(family) == 2
            assert memory_of_tree(process.pid) == sum(one.memory_info().rss for one in family) > 30 << 20
            assert memory_of_tree(os.getpid()) >= memory_of_tree(process.pid)
        finally:
            for one in reversed(family):
                one.kill()
    assert memory_of_tree(process.pid) == 0
