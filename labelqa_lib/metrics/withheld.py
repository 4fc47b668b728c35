"""What a cut snapshot's readers may not see of a frame: figures on few rows, and those that would give them away.

Tables of a cut snapshot carry the smallest number of rows that a figure may rest on (0 in a whole snapshot: nothing is
withheld). Whoever makes a frame passes it through here, so that tables, figures, findings and records all agree.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from labelqa_lib.stats.withholding import withheld
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_, say

WITHHELD = N_("withheld")
"""How the reason of every withheld figure begins."""

_KEPT = {"metric", "period", "reason"}


def withhold(frame: pd.DataFrame, tables: Tables, counts: Sequence[str] = ()) -> pd.DataFrame:
    """A metric frame without figures on too few rows, and without those that a total would give them away by.

    Parameters
    ----------
    frame : metric frame
        Further columns than a metric frame's are emptied in the rows withheld.
    tables : Tables
        Their snapshot says how many rows a figure must rest on.
    counts : sequence of str
        Further columns that count rows behind a figure; the smallest that is not 0 counts.

    Returns
    -------
    DataFrame
        The same rows; those withheld are undefined with `n` 0 and a reason, which says so of their `n`, too.
    """
    smallest = tables.snapshot.smallest_cell
    if not smallest or frame.empty:
        return frame
    names = list(frame.columns)
    dimensions = [*names[1 : names.index("period")], "period"]
    n = frame[["n", *counts]].where(frame[["n", *counts]] > 0).min(axis=1).fillna(0).to_numpy()
    small, beside = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    for rows in frame.groupby("metric", sort=False).indices.values():
        places = [frame[name].to_numpy()[rows] for name in dimensions]
        small[rows], beside[rows] = withheld(n[rows], places, smallest)
    hidden, shown = small | beside, frame.copy()
    for name in shown.columns.difference([*_KEPT, *dimensions]):
        shown.loc[hidden, name] = _nothing(shown[name])
    shown.loc[small, "reason"] = say("{withheld}: fewer than {n}", withheld=say(WITHHELD), n=smallest)
    shown.loc[beside, "reason"] = say("{withheld}: a total would tell what is withheld beside it", withheld=say(WITHHELD))
    return shown


def _nothing(column: pd.Series) -> object:
    """What stands in a column where nothing is told."""
    if pd.api.types.is_bool_dtype(column):
        return False
    if pd.api.types.is_integer_dtype(column):
        return 0
    return np.nan if pd.api.types.is_float_dtype(column) else ""


def enough(frame: pd.DataFrame, tables: Tables, *counts: str) -> pd.DataFrame:
    """Of a list that has no total, the rows that rest on enough: each column named counts as many, or nothing."""
    smallest = tables.snapshot.smallest_cell
    if not smallest or frame.empty:
        return frame
    counted = frame[list(counts)].select_dtypes("number")
    return frame[((counted == 0) | (counted >= smallest)).all(axis=1)].reset_index(drop=True)
