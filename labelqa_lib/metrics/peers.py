"""A partner's figures beside those of its peers, where its snapshot holds a benchmark."""

from __future__ import annotations

import pandas as pd
from ibis import _

from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.store import Tables, fetch
from labelqa_lib.translation import N_, say

PEERS_TITLES = {"estimate": N_("This partner"), "peers": N_("Other partners together")}
"""Heading of each figure."""

_FIGURES = {"estimate": "peers", "ci_low": "peers_low", "ci_high": "peers_high"}


def against_peers(tables: Tables, weekly: pd.DataFrame) -> pd.DataFrame:
    """How does a partner do beside the other partners of its market?

    Parameters
    ----------
    tables : Tables
        Of a snapshot that was cut for a partner; `benchmark` of any other is None.
    weekly : metric frame
        The partner's metrics by week; the last week is compared.

    Returns
    -------
    DataFrame
        The metric frame of the last week with ``peers, peers_low, peers_high``, the pooled figure of all other partners:
        a row per metric that has one. Empty where there is no benchmark.
    """
    now = weekly[weekly["period"] == tables.weeks[-1]]
    if tables.benchmark is None:
        return now.iloc[:0].assign(**dict.fromkeys(_FIGURES.values(), pd.Series(dtype="float64")))
    peers = fetch(tables.benchmark.filter(_[WEEK] == tables.weeks[-1]).select("metric", *_FIGURES))
    return now.merge(peers.rename(columns=_FIGURES), on="metric").reset_index(drop=True)


def no_benchmark(tables: Tables) -> list[tuple[str, str]]:
    """What a partner's page says in the place of a benchmark: the question and what is missing; nothing elsewhere."""
    if tables.snapshot.audience == "internal" or tables.benchmark is not None:
        return []
    return [(say("How does this partner do beside its peers?"), say("needs enough other partners in this market, so that no "
             "figure is one partner's own"))]  # fmt: skip
