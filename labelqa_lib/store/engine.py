"""Engines at work: what they cannot read becomes a sentence, whichever engine it is."""

from __future__ import annotations

import sys
from collections.abc import Callable

import duckdb

from labelqa_lib.errors import DataError

_FAILURES = (("psycopg", "Error"), ("pyspark.errors", "PySparkException"), ("py4j.protocol", "Py4JError"))
"""What engines raise that are loaded only where somebody uses them."""


def working(do: Callable, *args, **kwargs):
    """Let the engine work.

    Raises
    ------
    DataError
        When it cannot read what it is asked for, or was stopped.
    """
    raised = tuple(getattr(sys.modules[module], name) for module, name in _FAILURES if module in sys.modules)
    try:
        return do(*args, **kwargs)
    except (duckdb.Error, *raised, ConnectionError) as error:
        stopped = isinstance(error, duckdb.InterruptException) or getattr(error, "sqlstate", "") == "57014"
        if stopped or "[SPARK_JOB_CANCELLED]" in str(error):  # told to stop (`Tables.interrupt`), it did not fail
            raise DataError("the question was stopped before the engine had answered it") from error
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(f"the engine could not read the snapshot: {first}") from error
