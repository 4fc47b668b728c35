"""Markets side by side: who stands where for sure, against its own targets, and what needs a reader in which of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.finding import SEVERITIES, Finding
from labelqa_lib.findings.moves import moved
from labelqa_lib.findings.standing import against_targets, headline
from labelqa_lib.translation import N_, N_forms, say

LEAGUE_TITLES = {"place": N_("Place"), "change": N_("Change on last week"), "target": N_("Target"), "status": N_("Status")}
EVIDENCE = {"accuracy": "league"}
"""Id of the overview's table in which a metric is seen; `figures` holds the others."""


def standings(weekly: pd.DataFrame, targets: Mapping[str, Mapping], confidence: float = 0.95) -> pd.DataFrame:
    """Where does every market stand this week, against its own targets?

    Parameters
    ----------
    weekly : metric frame
        Of several metrics by market and week; the last week is the page's. Markets without it are left out.
    targets : mapping of market to (metric name to Target)
    confidence : float
        Of the frame's intervals.

    Returns
    -------
    DataFrame
        ``market`` before the columns of `headline`; a row per market and metric.
    """
    last = weekly["period"].max()
    parts = []
    for market, rows in weekly.groupby("market", sort=True):
        if (rows["period"] == last).any() and market in targets:
            standing = headline(rows.drop(columns="market"), targets[market], confidence)
            parts.append(standing.assign(market=market))
    every = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["market", "metric"])
    return every[["market", *(name for name in every.columns if name != "market")]]


def league(standing: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Which market is how good, best first, and which places do the intervals leave open?

    Parameters
    ----------
    standing : DataFrame
        From `standings`.
    metric : str
        By which markets are ranked.

    Returns
    -------
    DataFrame
        ``metric, place, market, period, estimate, ci_low, ci_high, n, target, status, change, change_low, change_high``.
        `place` runs from 1 + the markets that are better for sure to all but those that are worse for sure: intervals
        that overlap leave both orders open. Markets without a figure stand last, without a place.
    """
    rows = standing[standing["metric"] == metric]
    sign = -1 if len(rows) and rows["better"].iloc[0] == "lower" else 1
    known = rows["estimate"].notna()
    low, high = (rows[end].where(known).to_numpy(float) for end in ("ci_low", "ci_high"))
    near, far = (low, high) if sign > 0 else (-high, -low)  # the worse end, then the better one
    best = 1 + (near[None, :] > far[:, None]).sum(axis=1)
    worst = known.sum() - (far[None, :] < near[:, None]).sum(axis=1)
    places = [_place(*ends) if there else "" for *ends, there in zip(best, worst, known, strict=True)]
    ranked = rows.assign(place=places, order=np.where(known, -sign * rows["estimate"], np.inf))
    ranked = ranked.sort_values(["order", "market"], ignore_index=True)
    return ranked[["metric", "place", "market", "period", "estimate", "ci_low", "ci_high", "n", "target", "status", "change",
                   "change_low", "change_high"]]  # fmt: skip


def _place(best: int, worst: int) -> str:
    return str(best) if best == worst else say("{low} to {high}", low=best, high=worst)


def league_sentence(ranked: pd.DataFrame, title: str) -> str:
    """How many markets meet their target of the league's metric, and which miss it for sure?

    Parameters
    ----------
    ranked : DataFrame
        From `league`.
    title : str
        Of its metric.
    """
    held = ranked[~ranked["status"].isin(["no target", "not measured"])]
    if held.empty:
        return say("No market can be held to a target of {metric} this week.", metric=say(title))
    met = held["status"].isin(["meets", "likely meets"]).sum()
    said = wording.count(len(held), *_MET, metric=say(title), met=wording.whole(met))
    missed = held.loc[held["status"] == "misses", "market"].tolist()
    surely = say("missed for sure in {markets}", markets=wording.listed(missed)) if missed else say("missed for sure in none")
    return say("{said}; {surely}.", said=said, surely=surely)


_MET = N_forms(
    "{metric}: {met} of {n} market meets its target or likely does",
    "{metric}: {met} of {n} markets meet their target or likely do",
)


def market_findings(
    standing: pd.DataFrame, moves: Sequence[pd.DataFrame], volumes: Mapping[str, float]
) -> list[Finding]:
    """What needs a reader in any market: targets missed, and segments of markets that moved by more than noise.

    A market whose figure moved for the worse as a whole is told once, by its move.

    Parameters
    ----------
    standing : DataFrame
        From `standings`.
    moves : sequence of DataFrame
        From `metrics.compare_segments` of all markets together, every search by market: the false discovery rate holds
        over all segments of all markets.
    volumes : mapping of market to float
        Annotations of the week.
    """
    found = moved(moves)
    told = {(one.metric, one.segment.get("market")) for one in found if len(one.segment) == 1 and one.severity != "good"}
    for market, rows in standing.groupby("market", sort=True):
        missed = [one for one in against_targets(rows, volumes.get(market, 0.0)) if one.severity != "know"]
        found += [_in_market(one, market) for one in missed if (one.metric, market) not in told]
    placed = [replace(one, evidence=EVIDENCE.get(one.metric, "figures")) for one in found]
    return sorted(placed, key=lambda one: (SEVERITIES.index(one.severity), -one.size))


def _in_market(one: Finding, market: str) -> Finding:
    sentence = say("{market}: {sentence}", market=market, sentence=one.sentence)
    return replace(one, code=f"{one.code}:market={market}", segment={"market": market}, sentence=sentence)
