"""How accurate moderation is, stated as authorities ask for it: a table on the page, and rows for a CSV file beside it."""

from __future__ import annotations

import math

import pandas as pd

from labelqa_lib.display.show import records
from labelqa_lib.display.tables import table

STATEMENT_MIME = "application/vnd.labelqa.statement+json"
"""Under this type the notebook carries the statement's rows."""


def statement(frame: pd.DataFrame, market: str, id: str, caption: str, **options) -> None:
    """Show accuracy by official language, and carry it as rows of numerator and denominator.

    Parameters
    ----------
    frame : metric frame by ``language``
        From `metrics.by_official_language`.
    market : str
        Code of the market.
    id, caption
        As in `table`, as are the further options.
    """
    table(frame, id, caption, data={STATEMENT_MIME: records(_rows(frame, market))}, **options)


def _rows(frame: pd.DataFrame, market: str) -> list[dict]:
    """A row per figure. The numerator is the estimate's share of the denominator: of rows drawn with unequal chances that
    is no whole number. A figure that may not be told has neither."""
    rows = []
    for row in frame.itertuples():
        defined = math.isfinite(row.estimate)
        rows.append({
            "metric": row.metric,
            "market": market,
            "official_language": row.language,
            "numerator": round(row.estimate * row.n, 2) if defined else None,
            "denominator": row.n if defined else None,
            "estimate": row.estimate,
            "interval_low": row.ci_low,
            "interval_high": row.ci_high,
            "period": row.period,
        })  # fmt: skip
    return rows
