"""How much of a change is rate and how much is mix, dimension by dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from labelqa_lib.causes.cells import Array, Cells, coded
from labelqa_lib.errors import UsageError
from labelqa_lib.stats.change import decompose

WHOLE = "all"
COLUMNS = [
    "dimension", "value", "share_before", "share", "before", "now", "rate", "rate_low", "rate_high", "mix", "mix_low",
    "mix_high", "n_baseline", "n_current",
]  # fmt: skip


def split_change(
    baseline: Any,
    current: Any,
    dimensions: Sequence[str],
    outcome: str = "is_error",
    weight: str | None = None,
    confidence: float = 0.95,
    trials: str | None = None,
) -> pd.DataFrame:
    """Did people get worse, or did the work change? The change of the error rate, split exactly, by each dimension.

    Parameters
    ----------
    baseline, current, dimensions, outcome, weight, trials
        As for `explain_change`.
    confidence : float
        Of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        ``dimension, value, share_before, share, before, now, rate, rate_low, rate_high, mix, mix_low, mix_high,
        n_baseline, n_current``: per dimension one row per value, the largest contribution first, then one row whose
        value is ``all`` and whose `rate` and `mix` are the sums. Shares and rates in [0, 1], parts in the same unit.
        Empty where one of the periods has no rows.

    Raises
    ------
    UsageError
        As for `explain_change`, and when the confidence is not in (0, 1).

    Notes
    -----
    Shares are those of the audited rows, weighted; their sampling error is in the intervals.
    Source: Kitagawa 1955, by `labelqa_lib.stats.change.decompose`.
    """
    if not 0 < confidence < 1:
        raise UsageError(f"confidence is {confidence}; give a share between 0 and 1, such as 0.95")
    data = coded(baseline, current, dimensions, outcome, weight, trials)
    if not (len(data.baseline.trials) and len(data.current.trials)):
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(
        [
            _split(name, data.values[name], data.baseline, data.current, place, confidence)
            for place, name in enumerate(data.dimensions)
        ],
        ignore_index=True,
    )


def _split(
    name: str, values: list[Any], baseline: Cells, current: Cells, place: int, confidence: float
) -> pd.DataFrame:
    before, now = (_Side(cells, cells.codes[:, place], len(values)) for cells in (baseline, current))
    parts = decompose(before.volume, before.rate, before.n, now.volume, now.rate, now.n, shares_sampled=True)
    rows = pd.DataFrame(
        {
            "dimension": name,
            "value": pd.Series([*values, WHOLE], dtype=object),
            "share_before": [*before.volume / before.volume.sum(), 1.0],
            "share": [*now.volume / now.volume.sum(), 1.0],
            "before": [*before.rate, np.nansum(before.volume * before.rate) / before.volume.sum()],
            "now": [*now.rate, np.nansum(now.volume * now.rate) / now.volume.sum()],
            "rate": [*parts.rate, parts.rate_total],
            "mix": [*parts.mix, parts.mix_total],
            "n_baseline": [*before.rows.astype(int), int(before.rows.sum())],
            "n_current": [*now.rows.astype(int), int(now.rows.sum())],
        }
    )
    z = norm.ppf((1 + confidence) / 2)
    for part, error in (("rate", [*parts.rate_se, parts.rate_total_se]), ("mix", [*parts.mix_se, parts.mix_total_se])):
        rows[f"{part}_low"], rows[f"{part}_high"] = rows[part] - z * np.array(error), rows[part] + z * np.array(error)
    order = (rows["rate"] + rows["mix"]).abs()
    order.iloc[-1] = -1
    return rows.loc[order.sort_values(ascending=False, kind="stable").index, COLUMNS]


class _Side:
    """Volume, rate, effective number and rows of every value in one period."""

    def __init__(self, cells: Cells, code: np.ndarray, size: int):
        def total(amount: Array) -> Array:
            return np.bincount(code, amount, size)

        self.volume = total(cells.weight * cells.trials)
        with np.errstate(invalid="ignore", divide="ignore"):
            self.rate = total(cells.weight * cells.errors) / self.volume
            self.n = np.nan_to_num(self.volume**2 / total(cells.weight**2 * cells.trials))
        self.rows = total(cells.rows)
