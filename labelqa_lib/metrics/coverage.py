"""What there was to measure with, week by week: for the data-quality section of a page."""

from __future__ import annotations

import pandas as pd
from ibis import Table, _

from labelqa_lib.metrics.agreement import blind_pairs
from labelqa_lib.metrics.annotated import annotated, looked_at_here
from labelqa_lib.metrics.cells import cells, held
from labelqa_lib.metrics.held import Held
from labelqa_lib.metrics.judged import AUDITS, held_judged, judged
from labelqa_lib.metrics.made import made
from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.metrics.references import audits_by_reason, beside
from labelqa_lib.periods import calendar
from labelqa_lib.store import Tables, fetch
from labelqa_lib.telling import among


def coverage(tables: Tables) -> pd.DataFrame:
    """How many annotations are there per week, and how many of them were judged, and how?

    Returns
    -------
    DataFrame
        One row per calendar week from the first to the last: ``week, annotations, audited`` (in the rate sample by an
        audit), ``excluded_audits`` (tier 1 and 2, in no rate), ``on_gold`` (annotations of gold items),
        ``blind_pairs``. Counts; 0 where there is none, NA where a cut snapshot's readers may not see so few.
    """
    counts = {}
    if tables.audits is not None or tables.gold is not None:
        counts["audited"] = _counted(held_judged(tables, ()).filter(_.basis == AUDITS))
    if tables.gold is not None:
        rows = annotated(tables) if tables.market is None else looked_at_here(tables)
        on_gold = rows.filter(among(rows, "item_id", beside(rows, tables, "gold")))
        counts["on_gold"] = _counted(on_gold.select(WEEK).mutate(weight=1.0))
    if tables.delivered("annotations.agent_id") and tables.delivered("annotations.blind"):
        pairs = held(tables, "blind pairs", blind_pairs).select(WEEK, "left_id", "right_id").distinct()
        counts["blind_pairs"] = _counted(pairs.mutate(weight=1.0))
    counts["annotations"] = made(tables, [WEEK], tables.weeks).set_index(WEEK)["rows"]
    counts["excluded_audits"] = excluded_audits(tables).groupby(WEEK)["n"].sum()
    columns = ["annotations", "audited", "excluded_audits", "on_gold", "blind_pairs"]
    frame = pd.DataFrame(counts, index=list(calendar(tables.weeks))).reindex(columns=columns).fillna(0).astype("int64")
    if tables.snapshot.smallest_cell:
        frame = frame.astype("Int64").mask((frame > 0) & (frame < tables.snapshot.smallest_cell))
    return frame.rename_axis(WEEK).reset_index()


def _counted(rows: Table | Held) -> pd.Series:
    """How many rows there are of each week."""
    return cells(rows, [WEEK], True, cluster=(WEEK,)).frame().set_index(WEEK)["n"]


def volume(tables: Tables) -> int:
    """How many annotations were made in the last week?"""
    return int(made(tables, [], tables.weeks[-1:])["rows"].iloc[0])


def volumes(tables: Tables) -> pd.DataFrame:
    """How much does every market label, and how much of it is audited?

    Returns
    -------
    DataFrame
        One row per market with annotations in the last week: ``market, annotations, usual`` (the mean of the weeks before
        that have any, NaN without one), ``audited`` (in the rate sample by an audit) and ``share`` (audited of
        annotations).
    """
    keys = ["market", WEEK]
    counts = made(tables, keys, tables.weeks).set_index(keys)["rows"]
    audited = pd.Series(dtype=float)
    if tables.audits is not None or tables.gold is not None:
        rows = judged(tables, ()).filter((_.basis == AUDITS) & (_[WEEK] == tables.weeks[-1]))
        audited = fetch(rows.aggregate(n=_.count(), by="market")).set_index("market")["n"]
    weekly = counts.unstack(WEEK).reindex(columns=list(tables.weeks))
    now = weekly[tables.weeks[-1]].dropna().astype("int64")
    frame = pd.DataFrame({"annotations": now, "usual": weekly[list(tables.weeks[:-1])].mean(axis=1).reindex(now.index)})
    frame["audited"] = audited.reindex(now.index).fillna(0).astype("int64")
    return frame.assign(share=frame["audited"] / frame["annotations"]).sort_index().rename_axis("market").reset_index()


def excluded_audits(tables: Tables) -> pd.DataFrame:
    """Which audits enter no rate, because nobody knows the chance with which they were drawn?

    Returns
    -------
    DataFrame
        ``week, tier, sampling_reason, n``; empty where there is none.
    """
    keys = [WEEK, "tier", "sampling_reason"]
    if tables.audits is None:
        return pd.DataFrame(columns=[*keys, "n"]).astype({"n": "int64"})
    audits = audits_by_reason(tables)
    return audits.loc[~audits["known"], [*keys, "n"]].sort_values(keys, ignore_index=True)
