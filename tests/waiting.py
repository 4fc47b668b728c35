"""Waiting for what another process does."""

from __future__ import annotations

import time


def wait_until(happened, seconds=60):
    end = time.monotonic() + seconds
    while not (result := happened()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.1)
    return result
