"""Is a segment worse week after week, or was it once?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from labelqa_lib.causes.cause import Cause
from labelqa_lib.causes.inside import inside, names


def persistence(audited: pd.DataFrame, causes: Sequence[Cause]) -> pd.DataFrame:
    """In how many of the weeks was the error rate inside each segment above that of all other rows?

    Parameters
    ----------
    audited : DataFrame
        ``week, is_error, weight`` and the segments' columns: the weeks looked at.
    causes : sequence of Cause
        From `explain_level`.

    Returns
    -------
    DataFrame
        ``cause, weeks_above, weeks`` (with rows inside and outside).
    """
    found = []
    for name, cause in zip(names(causes), causes, strict=True):
        belongs = inside(audited, cause.segment)
        rates = [_weekly_rate(audited[part]) for part in (belongs, ~belongs)]
        both = pd.concat(rates, axis=1, keys=["inside", "outside"]).dropna()
        found.append((name, int((both["inside"] > both["outside"]).sum()), len(both)))
    return pd.DataFrame(found, columns=["cause", "weeks_above", "weeks"])


def _weekly_rate(rows: pd.DataFrame) -> pd.Series:
    wrong = (rows["weight"] * rows["is_error"]).groupby(rows["week"]).sum()
    return wrong / rows["weight"].groupby(rows["week"]).sum().replace(0, np.nan)
