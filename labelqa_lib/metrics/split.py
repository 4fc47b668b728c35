"""Did people get worse, or did the work change? A change of a rate, split exactly into rate and mix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from labelqa_lib.metrics.frame import NOT_GIVEN
from labelqa_lib.metrics.judged import on_gold
from labelqa_lib.metrics.made import made
from labelqa_lib.metrics.registry import measure
from labelqa_lib.stats.change import decompose
from labelqa_lib.store import Tables

WHOLE = "all"
SPLIT_UNITS = {
    "share_before": "rate", "share": "rate", "before": "rate", "now": "rate", "rate": "points", "mix": "points",
}  # fmt: skip
"""Unit by column of `split_change`."""


def split_change(tables: Tables, by: str, confidence: float = 0.95) -> pd.DataFrame:
    """How much of the change of accuracy against the baseline weeks is the segments' own, and how much their mix?

    Parameters
    ----------
    tables : Tables
        Their last week is compared with the others, pooled.
    by : str
        A dimension of every annotation, such as ``queue``: its shares of the work are counted, not sampled.

    Returns
    -------
    DataFrame
        ``<by>, share_before, share, before, now, rate, rate_low, rate_high, mix, mix_low, mix_high``: one row per
        segment, the largest contribution first, then one row ``all`` whose `rate` and `mix` are the sums. Empty where
        there is no earlier week, or nothing was judged in one of the two periods, or only one stands on gold.

    Notes
    -----
    A segment with work in a period in which none of it was judged is left out. One that came or went is mix alone.
    """
    week, earlier = tables.weeks[-1:], tables.weeks[:-1]
    columns = [by, "share_before", "share", "before", "now", "rate", "rate_low", "rate_high", "mix", "mix_low", "mix_high"]
    if not earlier:
        return pd.DataFrame(columns=columns)
    sides = [_side(tables, by, weeks, confidence) for weeks in (earlier, week)]
    both = sides[0].merge(sides[1], on=by, how="outer", suffixes=("_before", ""))
    both = both.fillna({name: 0.0 for name in both if name.startswith(("volume", "n_effective"))})
    for side in ("_before", ""):
        both = both[(both[f"volume{side}"] == 0) | both[f"estimate{side}"].notna()]
    unlike = (on_gold(both["method"].dropna()).any()) != (on_gold(both["method_before"].dropna()).any())
    if unlike or not (both["volume"].sum() and both["volume_before"].sum()):
        return pd.DataFrame(columns=columns)
    both = both.reset_index(drop=True)
    parts = decompose(
        both["volume_before"], both["estimate_before"], both["n_effective_before"],
        both["volume"], both["estimate"], both["n_effective"],
    )  # fmt: skip
    shares = {side: both[f"volume{side}"] / both[f"volume{side}"].sum() for side in ("_before", "")}
    rows = pd.DataFrame(
        {
            by: [*both[by], WHOLE],
            "share_before": [*shares["_before"], 1.0],
            "share": [*shares[""], 1.0],
            "before": [*both["estimate_before"], (shares["_before"] * both["estimate_before"]).sum()],
            "now": [*both["estimate"], (shares[""] * both["estimate"]).sum()],
            "rate": [*parts.rate, parts.rate_total],
            "mix": [*parts.mix, parts.mix_total],
        }
    )
    z = special.ndtri((1 + confidence) / 2)
    for name, error in (("rate", [*parts.rate_se, parts.rate_total_se]), ("mix", [*parts.mix_se, parts.mix_total_se])):
        rows[f"{name}_low"], rows[f"{name}_high"] = rows[name] - z * np.array(error), rows[name] + z * np.array(error)
    order = (rows["rate"] + rows["mix"]).abs().where(rows[by] != WHOLE, -1).sort_values(ascending=False, kind="stable")
    return rows.loc[order.index, columns].reset_index(drop=True)


def _side(tables: Tables, by: str, weeks: Sequence[str], confidence: float) -> pd.DataFrame:
    """Volume of every segment with work in some weeks, and its accuracy where it was judged."""
    rates = measure(tables, "accuracy", [by], weeks, confidence)
    rates = rates[rates["estimate"].notna() & (rates[by] != NOT_GIVEN)]
    volumes = made(tables, [by], weeks)[[by, "rows"]].rename(columns={"rows": "volume"})
    volumes = volumes.dropna().astype({by: "str", "volume": "float64"})
    return volumes.merge(rates[[by, "estimate", "n_effective", "method"]], on=by, how="left")
