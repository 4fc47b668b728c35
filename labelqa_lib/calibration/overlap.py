"""The items that several people labelled: what agreement is measured on."""

from __future__ import annotations

import ibis
import pandas as pd
from ibis import _

from labelqa_lib.metrics.judged import annotated
from labelqa_lib.store import Tables, fetch

OF_ITEM = ["queue", "policy_area", "language"]
_COLUMNS = ["annotation_id", "item_id", "agent_id", "label", "site", "week", "annotated_at", "handle_seconds", *OF_ITEM]


def overlap(tables: Tables) -> pd.DataFrame:
    """Annotations of items with two or more of them; only blind ones where the delivery tells which are.

    Returns
    -------
    DataFrame
        One row per annotation, in the order made: ``annotation_id, item_id, agent_id, label, site, week, annotated_at,
        handle_seconds, queue, policy_area, language, repeated``. `repeated` marks an agent's second look at the same
        item. Queue, policy area and language are the item's: those of its first annotation, so that no cut depends on
        who disagreed. Empty where every item has one annotation.
    """
    rows = annotated(tables)
    if tables.delivered("annotations.blind"):
        rows = rows.filter(_.blind.fill_null(False))
    several = rows.group_by("item_id").having(_.count() > 1).aggregate(n=_.count())
    found = fetch(rows.semi_join(several, "item_id").select(*_COLUMNS).order_by("annotated_at", "annotation_id"))
    for name in OF_ITEM:
        found[name] = found.groupby("item_id")[name].transform("first")
    again = found.duplicated(["item_id", "agent_id"]) & found["agent_id"].notna()
    return found.assign(repeated=again)


def label_set(tables: Tables) -> pd.DataFrame:
    """The allowed labels in their order: ``label, violating, critical, title``."""
    labels = tables.labels.select("label", "violating", "critical", "order", "title")
    return fetch(labels.order_by(ibis.asc("order"), "label")).drop(columns="order")


def known_agents(rows: pd.DataFrame) -> pd.DataFrame:
    """Each agent's first answer to each item: what agreement between people is about."""
    return rows[~rows["repeated"] & rows["agent_id"].notna()]
