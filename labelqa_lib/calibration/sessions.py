"""Which items are worth an hour of a room?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa_lib.stats.consensus import Consensus, majority_vote

MINUTES_AN_ITEM = 3


def session_items(
    rows: pd.DataFrame,
    labels: pd.DataFrame,
    found: Consensus | None = None,
    minutes: int = 60,
    weeks: int = 1,
) -> pd.DataFrame:
    """The items whose discussion settles most: how open an item is, times how much work it stands for, times its cost.

    Parameters
    ----------
    rows : DataFrame
        From `overlap`.
    labels : DataFrame
        From `label_set`.
    found : Consensus, optional
        From `people_consensus`: how open an item is after weighing who said what; its votes alone without.
    minutes : int
        Length of the session; an item takes `MINUTES_AN_ITEM`.
    weeks : int
        Weeks that `rows` span, so that volume is a week's.

    Returns
    -------
    DataFrame
        ``item_id, policy_area, queue, labels`` (those given, with votes), ``open`` (entropy, bits), ``volume``
        (disputed items of the same two labels and queue a week), ``cost, value``; the most valuable first.

    Notes
    -----
    value = entropy x volume x cost / k, for the k-th item of one dispute: the second item of the same dispute teaches
    less than the first. Cost: 1, doubled where the dispute is violating against benign, doubled again where one of the
    labels is critical.
    """
    columns = ["item_id", "policy_area", "queue", "labels", "open", "volume", "cost", "value"]
    first = rows[~rows["repeated"]]
    split = first[first.groupby("item_id")["label"].transform("nunique") > 1]
    if not len(split):
        return pd.DataFrame(columns=columns)
    votes = split.groupby(["item_id", "label"]).size().rename("votes").reset_index()
    votes = votes.sort_values(["item_id", "votes", "label"], ascending=[True, False, True], kind="stable")
    told = votes["label"] + " " + votes["votes"].astype(str)
    items = pd.DataFrame({
        "labels": told.groupby(votes["item_id"]).agg(", ".join),
        "dispute": votes.groupby("item_id")["label"].agg(lambda given: "\n".join(sorted(given.head(2)))),
    })  # fmt: skip
    of_item = first.drop_duplicates("item_id").set_index("item_id")[["policy_area", "queue"]]
    items = items.join(of_item).reset_index()
    opened = (found.labels if found is not None else majority_vote(split)).set_index("item_id")["entropy"]
    items["open"] = opened.reindex(items["item_id"]).to_numpy()
    items["cost"] = items["dispute"].map({dispute: _cost(dispute, labels) for dispute in items["dispute"].unique()})
    kind = [items["dispute"], items["queue"].fillna("")]
    items["volume"] = items.groupby(kind)["item_id"].transform("size") / weeks
    items["value"] = items["open"] * items["volume"] * items["cost"]
    items = items.sort_values(["value", "item_id"], ascending=[False, True], kind="stable")
    items["value"] /= items.groupby([items["dispute"], items["queue"].fillna("")]).cumcount() + 1
    ranked = items.sort_values(["value", "item_id"], ascending=[False, True], kind="stable")
    return ranked[columns].head(max(1, minutes // MINUTES_AN_ITEM)).reset_index(drop=True)


def _cost(dispute: str, labels: pd.DataFrame) -> int:
    both = labels[labels["label"].isin(dispute.split("\n"))]
    flips = both["violating"].nunique() > 1
    return int(np.where(flips, 2, 1) * np.where(both["critical"].any(), 2, 1))
