"""What is the right label of an item, as far as somebody settled it?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from ibis import _

from labelqa_lib.metrics.judged import judged
from labelqa_lib.store import Tables, fetch


def item_key(tables: Tables, items: Sequence[str]) -> pd.Series:
    """The adjudicated key of items: the reference label of their annotations (resolved appeal, else second audit, else
    audit, else gold).

    Parameters
    ----------
    items : sequence of str
        Their ids.

    Returns
    -------
    Series of str
        By item id, in order. An item that nobody judged has none, nor has one whose judges differ: it is not settled.
    """
    rows = judged(tables).filter(_.item_id.isin(list(items))).select("item_id", "reference_label").distinct()
    told = fetch(rows.order_by("item_id", "reference_label"))
    return told.drop_duplicates("item_id", keep=False).set_index("item_id")["reference_label"]
