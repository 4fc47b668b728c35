"""Frames, findings and hostile texts that tests of figures, display and the page share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pandas as pd
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from labelqa_lib.display import show
from labelqa_lib.periods import weeks_up_to
from labelqa_lib.runner.export import to_html

WEEK = "2026-W46"
WEEKS = weeks_up_to(WEEK, 13)
STATUSES = (
    "meets", "likely meets", "likely misses", "misses", "not enough data", "no target", "not measured",
)  # fmt: skip
SITES = ("Kuala Lumpur", "Penang", "曼谷 Bangkok", "القاهرة", "नई दिल्ली", "São Paulo")
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)',
    "image": "<img src=x onerror=alert(1)>",
    "formula": '=HYPERLINK("http://example.org")',
    "right-to-left": "\u202egnp.exe\u202c \u2067abc",
    "long": "x" * 10_000,
    "nul": "a\x00b\x1b[31m",
    "emoji": "👩‍👩‍👧 🔥",
    "mathtext": "$\\frac{a}",
    "blank": "",
}


def weekly(metric: str = "accuracy", start: float = 0.95, gaps: tuple[int, ...] = ()) -> pd.DataFrame:
    """A metric frame by week, falling by a tenth of a point a week."""
    estimates = start - 0.001 * np.arange(len(WEEKS))
    frame = pd.DataFrame(
        {
            "metric": metric,
            "period": WEEKS,
            "estimate": estimates,
            "ci_low": estimates - 0.01,
            "ci_high": estimates + 0.01,
            "n": 400,
            "n_effective": 300.0,
            "method": "wilson",
            "reason": "",
        }
    )
    frame.loc[list(gaps), ["estimate", "ci_low", "ci_high"]] = np.nan
    frame.loc[list(gaps), "n"] = 0
    frame.loc[list(gaps), "reason"] = "no audits in this week"
    return frame


def segments(dim: str, names, metric: str = "accuracy", start: float = 0.9) -> pd.DataFrame:
    """A metric frame of one week with one row per name, the first the worst."""
    estimates = start + 0.09 * np.arange(len(names)) / max(len(names), 1)
    return pd.DataFrame(
        {
            "metric": metric,
            dim: list(names),
            "period": WEEK,
            "estimate": estimates,
            "ci_low": estimates - 0.01,
            "ci_high": estimates + 0.01,
            "n": 1200,
            "n_effective": 900.0,
            "method": "wilson",
            "reason": "",
        }
    )


def undefined(frame: pd.DataFrame, reason: str = "needs shifts; not delivered") -> pd.DataFrame:
    """The same rows with nothing measured."""
    return frame.assign(estimate=np.nan, ci_low=np.nan, ci_high=np.nan, n=0, reason=reason)


def confusion(labels=("benign", "spam", "hate", "nudity")) -> pd.DataFrame:
    """100 items of every reference label; every label is taken 5 times for the next one."""
    rows = []
    for place, reference in enumerate(labels):
        for given, n in ((reference, 95), (labels[(place + 1) % len(labels)], 5)):
            flips = (reference == labels[0]) != (given == labels[0])
            cost = 0.0 if given == reference else 70.0 * (2 if flips else 1)
            rows.append((reference, given, n, n / 100, n / 100 - 0.02, n / 100 + 0.02, flips, cost))
    columns = ["reference_label", "label", "n", "share", "ci_low", "ci_high", "flips", "cost"]
    return pd.DataFrame(rows, columns=columns)


def hours() -> pd.DataFrame:
    """Error rates of 24 local hours, the highest at 3 o'clock."""
    frame = segments("local_hour", range(24), "error_rate", start=0.02)
    frame.loc[3, ["estimate", "ci_low", "ci_high"]] = [0.2, 0.15, 0.25]
    return frame.assign(volume=500)


def flows() -> pd.DataFrame:
    """Arrivals, completions and backlog by week."""
    return pd.concat(
        [weekly(metric, start) for metric, start in
         (("arrivals_per_day", 6000.0), ("completions_per_day", 5900.0), ("backlog", 9000.0))],
        ignore_index=True,
    )  # fmt: skip


def headline(statuses=STATUSES, title: str = "Metric") -> pd.DataFrame:
    """One headline row per status; `not measured` has no estimate."""
    rows = []
    for place, status in enumerate(statuses):
        there = np.nan if status == "not measured" else 1.0
        rows.append(
            {
                "metric": f"metric_{place}",
                "title": f"{title} {place}",
                "unit": "rate",
                "estimate": 0.931 * there,
                "ci_low": 0.92 * there,
                "ci_high": 0.941 * there,
                "n": 2418 if there == there else 0,
                "target": np.nan if status == "no target" else 0.95,
                "better": "higher",
                "status": status,
                "status_text": "about 900 more items would settle it" if status == "not enough data" else "",
                "change": -0.012 * there,
                "change_low": -0.02 * there,
                "change_high": -0.004 * there,
                "more_than_noise": there == there,
                "change_reason": "",
                "stands_on": "",
                "history": [0.95] * 6 + [np.nan] + [0.94] * 5 + [0.931 * there],
                "history_low": [0.94] * 6 + [np.nan] + [0.93] * 5 + [0.92 * there],
                "history_high": [0.96] * 6 + [np.nan] + [0.95] * 5 + [0.941 * there],
                "reason": "" if there == there else "needs shifts; not delivered",
            }
        )
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class ExampleFinding:
    """Has the fields of a Finding that display reads."""

    severity: str
    sentence: str
    evidence: str = "accuracy-trend"
    code: str = "target:accuracy"
    size: float = 12.0
    metric: str = "accuracy"
    segment: dict = field(default_factory=dict)
    period: str = WEEK
    estimate: float = 0.9
    ci_low: float = float("nan")
    ci_high: float = 0.95
    n: int = 3
    state: str = ""
    weeks: int = 0
    since: str = ""
    recommendation: object = None


def notebook(*cells: str | Callable[[], None]) -> NotebookNode:
    """An executed notebook: texts become Markdown cells, calls become code cells with what they showed."""
    made = []
    for cell in cells:
        if isinstance(cell, str):
            made.append(new_markdown_cell(cell))
            continue
        outputs = []

        def keep(data, metadata=None, raw=False, outputs=outputs):
            outputs.append(new_output("display_data", data, metadata=metadata or {}))

        with patch.object(show, "display", keep):
            cell()
        made.append(new_code_cell("secret_code()", outputs=outputs, execution_count=1))
    return new_notebook(cells=made)


def page(*cells: str | Callable[[], None]) -> str:
    """The report's HTML of such a notebook."""
    about = SimpleNamespace(name="market_report", market="MY", week=WEEK, audience="internal", snapshot="s")
    return to_html(notebook(*cells), about)
