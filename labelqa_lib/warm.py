"""Does once what libraries put off until they are first used, so that processes forked from this one need not."""

from __future__ import annotations

import importlib
from contextlib import suppress

import ibis
import pandas as pd
import pyarrow.dataset  # noqa: F401 (DuckDB loads it on first use)
import seaborn  # noqa: F401 (a second to import, which figures leave to who draws with it)

import labelqa_lib.register.frame  # noqa: F401 (this and the next: rooms open their rarer files on first use)
import labelqa_lib.store.rejects  # noqa: F401
from labelqa_lib.display.show import image_of
from labelqa_lib.figures import trend
from labelqa_lib.figures.canvas import set_ahead
from labelqa_lib.models import time_zones
from labelqa_lib.translation import LANGUAGES, catalogue

_NUMBERS = (*range(10), *range(10, 100, 5), *(2.5 + step for step in range(0, 100, 5)), 100, 125, 150, 200, 250, 300, 400, 500, 600, 750)
_ON_SCALES = ("%", *(f"W{week:02d}" for week in range(1, 54)), *(f"{hour:02d}:00" for hour in range(0, 24, 3)))
"""What stands along the axes of nearly all figures. FreeType takes a quarter of a millisecond for each."""

_LATE = ("importlib.resources.readers", "pandas.core.methods.to_dict", "pandas.core.reshape.reshape", "zmq.utils.garbage")
"""What libraries import at a page's first table, largest message and the like; nothing is lost where a version has it elsewhere."""


def warm_up() -> None:
    """Read the catalogues, run a query, draw a figure, pack it, and set what scales say; nothing stays open, no thread is left."""
    for name in _LATE:
        with suppress(ImportError):
            importlib.import_module(name)
    time_zones()
    for language in LANGUAGES:
        catalogue(language)
    engine = ibis.duckdb.connect(threads=1)
    rows = ibis.memtable({"week": ["2026-W45", "2026-W46"], "correct": [1, 0]})
    counted = engine.execute(rows.group_by("week").agg(n=rows.count(), estimate=rows.correct.mean()).order_by("week"))
    engine.disconnect()
    frame = pd.DataFrame(counted).assign(metric="accuracy", period=counted["week"], ci_low=0.4, ci_high=0.6)
    image_of(trend(frame.assign(n_effective=1.0, method="", reason=""), title="Accuracy"))
    set_ahead([*_ON_SCALES, *(f"{number:g}" for number in _NUMBERS)])
    set_ahead(map(str, range(10)), size=8)
