"""Benchmarks are run by hand: their own processes must find what they import, or nobody notices until they are wanted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROCESSES = "import bench_frame; assert bench_frame.nothing()['cpu'] > 0"


@pytest.mark.slow
def test_the_processes_of_the_frames_benchmark_find_its_modules():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", PROCESSES], cwd=HERE, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
