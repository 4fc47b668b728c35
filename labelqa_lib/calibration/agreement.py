"""How much do people agree, beyond chance, and where less? Frames in the shape of the metric frame."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from labelqa_lib.periods import span
from labelqa_lib.stats import agreement as coefficients
from labelqa_lib.translation import N_, say

COEFFICIENTS = {
    "percent_agreement": coefficients.percent_agreement,
    "gwet_ac1": coefficients.gwet_ac,
    "krippendorff_alpha": coefficients.krippendorff_alpha,
    "fleiss_kappa": coefficients.fleiss_kappa,
    "brennan_prediger": coefficients.brennan_prediger,
    "cohen_kappa": coefficients.cohen_kappa,
}
UNITS = dict.fromkeys(COEFFICIENTS, "coefficient") | {"percent_agreement": "rate"}
TITLES = {
    "percent_agreement": N_("Percent agreement"), "gwet_ac1": N_("Gwet's AC1"), "krippendorff_alpha": N_("Krippendorff's alpha"),
    "fleiss_kappa": N_("Fleiss' kappa"), "brennan_prediger": "Brennan–Prediger", "cohen_kappa": N_("Cohen's kappa (Conger's)"),
    "self_agreement": N_("Self-agreement"), "gold_accuracy": N_("Accuracy on gold"),
}  # fmt: skip
NUMBERS = ["period", "estimate", "ci_low", "ci_high", "n", "n_effective", "method", "reason"]
FEWEST_ITEMS = 10
"""A segment with fewer items is left out of a table of segments: its interval would span nearly everything."""


def agreement(
    rows: pd.DataFrame,
    labels: Sequence[str],
    by: str = "",
    metrics: Sequence[str] = ("percent_agreement", "gwet_ac1", "krippendorff_alpha"),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How much do different people agree on the same item, and in which segment less?

    Parameters
    ----------
    rows : DataFrame
        From `overlap`; an agent's first answer to an item counts.
    labels : sequence of str
        The label set.
    by : str
        Empty for the market; ``label`` (each label against all others), ``site`` (people of one site among
        themselves), ``week`` (of an item's last annotation), or a column of the item.
    metrics : sequence of str
        Names in `COEFFICIENTS`.
    confidence : float
        Of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        ``metric, <by>, period, estimate, ci_low, ci_high, n, n_effective, method, reason``; `n` counts items with two
        annotations or more. Segments with fewer than `FEWEST_ITEMS` items are left out, weeks are periods.
    """
    first = rows[~rows["repeated"]]
    parts = _parts(first, by)
    found = []
    for name in metrics:
        for value, part in parts:
            known = [value, _OTHERS] if by == "label" else labels
            found.append(_row(name, by, value, part, known, confidence, span(sorted(rows["week"].unique()) or [""])))
    enough = [row for row in found if row["n"] >= FEWEST_ITEMS or not by]
    columns = ["metric", *([by] if by and by != "week" else []), *NUMBERS]
    return pd.DataFrame(enough, columns=columns)


_OTHERS = N_("any other label")


def _parts(rows: pd.DataFrame, by: str) -> list[tuple[str, pd.DataFrame]]:
    if not by:
        return [("", rows)]
    if by == "label":
        seen = sorted(rows["label"].unique())
        return [(label, rows.assign(label=rows["label"].where(rows["label"] == label, _OTHERS))) for label in seen]
    if by == "week":
        return list(rows.groupby(rows.groupby("item_id")["week"].transform("max")))
    return list(rows.dropna(subset=by).groupby(by))


def _row(
    metric: str, by: str, value: str, part: pd.DataFrame, labels: Sequence, confidence: float, period: str
) -> dict:
    if metric == "cohen_kappa" and part["agent_id"].isna().any():
        dimension = {by: value} if by and by != "week" else {}
        return {"metric": metric, **dimension, "period": value if by == "week" else period, "n": 0, "method": "",
                "reason": N_("needs annotations.agent_id; not delivered")} | dict.fromkeys(_FLOATS, np.nan)  # fmt: skip
    told = COEFFICIENTS[metric](part, labels=labels, confidence=confidence, singles="ratio")
    return {
        "metric": metric,
        **({by: value} if by and by != "week" else {}),
        "period": value if by == "week" else period,
        "estimate": told.estimate,
        "ci_low": told.ci_low,
        "ci_high": told.ci_high,
        "n": told.n_items,
        "n_effective": float(told.n_items),
        "method": told.method,
        "reason": told.reason,
    }


_FLOATS = ["estimate", "ci_low", "ci_high", "n_effective"]


def between_sites(rows: pd.DataFrame, labels: Sequence[str], confidence: float = 0.95) -> pd.DataFrame:
    """Do people of two sites agree with each other as much as within each site?

    Returns
    -------
    DataFrame
        As `agreement`, by ``site_pair``: ``KUL and MNL``, or ``KUL`` among itself. Of an item with several annotations
        of one site, the first stands for the site in a pair with another.
    """
    first = rows[~rows["repeated"] & rows["site"].notna()]
    found = []
    for one, other in combinations_with_replacement(sorted(first["site"].unique()), 2):
        part = first[first["site"].isin([one, other])]
        if one != other:
            part = part.drop_duplicates(["item_id", "site"])
        pair = one if one == other else say("{some} and {last}", some=one, last=other)
        for metric in ("percent_agreement", "gwet_ac1"):
            period = span(sorted(rows["week"].unique()))
            found.append(_row(metric, "site_pair", pair, part, labels, confidence, period))
    return pd.DataFrame([row for row in found if row["n"] >= FEWEST_ITEMS], columns=["metric", "site_pair", *NUMBERS])


def self_agreement(rows: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Where an agent saw an item twice, did they say the same? One row; clusters are agents.

    Returns
    -------
    DataFrame
        As `agreement`; `n` counts pairs of agent and item that occur more than once.
    """
    twice = rows[rows["agent_id"].notna() & rows.duplicated(["item_id", "agent_id"], keep=False)]
    both = twice.assign(item_id=twice["item_id"].astype(str) + "\n" + twice["agent_id"].astype(str))
    period = span(sorted(rows["week"].unique()) or [""])
    told = coefficients.percent_agreement(both, confidence=confidence, cluster="agent_id")
    reason = "" if len(both) else N_("no agent saw an item twice")
    values = [told.estimate, told.ci_low, told.ci_high, told.n_items, np.nan, told.method, reason or told.reason]
    return pd.DataFrame([["self_agreement", period, *values]], columns=["metric", *NUMBERS])
