"""What in a delivery makes agreement look better, or worse, than it is."""

from __future__ import annotations

import pandas as pd
from ibis import _

from labelqa_lib.metrics.judged import annotated
from labelqa_lib.store import Tables, fetch, open_tables

DOMINANT_SHARE, DOMINANT_FOLD = 0.05, 10
"""An agent with so large a share of all labels, and so many times the median agent's, decides what the market's figures
say."""


def traps(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Were labels merged before delivery, rows delivered twice, does one agent dominate, do repeats conflict?

    Parameters
    ----------
    tables : Tables
    rows : DataFrame
        From `overlap`.

    Returns
    -------
    DataFrame
        ``trap, n, of, detail``, one row per trap that was met:

        - ``aggregated``: all `n` items with several annotations have one label only, of `of` items,
        - ``two_markets``: `n` of the market's `of` annotations are also in another market (`detail`),
        - ``dominant``: agent `detail` made `n` of `of` labels,
        - ``repeated``: agents saw `of` items twice, and gave `n` of them different labels.
    """
    found = [*_aggregated(rows), *_two_markets(tables), *_dominant(tables), *_repeated(rows)]
    return pd.DataFrame(found, columns=["trap", "n", "of", "detail"])


def _aggregated(rows: pd.DataFrame) -> list[tuple]:
    first = rows[~rows["repeated"]]
    items = first.groupby("item_id")["label"].agg(["size", "nunique"]).query("size > 1")
    if len(items) < 30 or (items["nunique"] > 1).any():
        return []
    return [("aggregated", len(items), len(items), "")]


def _two_markets(tables: Tables) -> list[tuple]:
    """Rows of the same item, agent, label and time in another market of the same snapshot."""
    if tables.snapshot.place is None or len(tables.snapshot.markets) < 2:
        return []
    every = open_tables(tables.snapshot.place, None, tables.weeks, tables.snapshot.id).annotations
    same = ["item_id", "agent_id", "label", "annotated_at", "handle_seconds"]
    here, there = every.filter(_.market == tables.market), every.filter(_.market != tables.market)
    shared = there.select("item_id").semi_join(here.select("item_id"), "item_id")
    # Nearly always no item is in two markets, and no row needs comparing. Counted: asked for one row, PostgreSQL looks for it
    # pair by pair.
    if not fetch(shared.aggregate(n=_.count()))["n"].iloc[0]:
        return []
    columns = [*same, "market"]
    rows = fetch(every.semi_join(shared, "item_id").select(*columns).order_by(*columns))
    mine = rows[rows["market"] == tables.market].drop(columns="market")
    other = rows[rows["market"] != tables.market].drop_duplicates(same)
    twice = mine.merge(other, on=same)
    if not len(twice):
        return []
    total = int(fetch(tables.annotations.aggregate(n=_.count()))["n"].iloc[0])
    return [("two_markets", len(twice), total, ", ".join(sorted(twice["market"].unique())))]


def _dominant(tables: Tables) -> list[tuple]:
    if not tables.delivered("annotations.agent_id"):
        return []
    rows = annotated(tables).filter(_.agent_id.notnull())
    made = fetch(rows.aggregate(n=_.count(), by="agent_id").order_by(_.n.desc(), "agent_id"))
    total, top = int(made["n"].sum()), int(made["n"].max())
    if len(made) < 10 or top < DOMINANT_SHARE * total or top < DOMINANT_FOLD * made["n"].median():
        return []
    return [("dominant", top, total, made["agent_id"].iloc[0])]


def _repeated(rows: pd.DataFrame) -> list[tuple]:
    known = rows[rows["agent_id"].notna()]
    pairs = known.groupby(["item_id", "agent_id"])["label"].agg(["size", "nunique"]).query("size > 1")
    if not len(pairs):
        return []
    return [("repeated", int((pairs["nunique"] > 1).sum()), len(pairs), "")]
