"""Annotations with every dimension, and what the model thinks of the label given, whoever looked at it since."""

from __future__ import annotations

import ibis
from ibis import _

from labelqa_lib.store import Tables

CONFIDENT = (0.05, 0.2, 0.5, 0.8, 0.95)
"""Bands of the model's chance that the label given is on the right side of violating and benign."""

_OPINIONS = 4
_BANDS = len(CONFIDENT) + 2
KINDS = _OPINIONS * _BANDS
"""How many kinds of annotations there are."""

_AS_MADE = (
    "annotation_id", "item_id", "week", "local_date", "local_hour", "annotated_at", "market", "partner", "site",
    "agent_id", "label", "label_violating", "label_critical", "handle_seconds", "sop_version", "blind", "item_area",
)  # fmt: skip


def annotated(tables: Tables, *among: ibis.Deferred) -> ibis.Table:
    """Annotations with every dimension filled from where it is delivered; those for which every condition on a column
    of the table `annotations` is true.

    One market's are kept in the engine. All markets' are too many to be held beside their items: conditions choose among
    them before they are joined.

    `queue`, `content_type` and `language` are the annotation's, else the item's. `policy_area` is the item's, else
    that of the given label; `judged` puts the reference label's there. ``suspicion`` is the model's probability that
    the label lies on the wrong side of the line between violating and benign (NULL without a score), ``kind`` what it
    says of the label, 0 to `KINDS` − 1.
    """
    if tables.market is None:
        return described(tables.annotations.filter(*among) if among else tables.annotations, tables)
    rows = tables.keep("annotated", lambda: described(tables.annotations, tables))
    return rows.filter(*among) if among else rows


def described(rows: ibis.Table, tables: Tables, *more: str) -> ibis.Table:
    """Rows of the table `annotations` with every dimension, as `annotated` says, and `more` columns that they have."""
    if tables.items is None:
        nothing = ibis.null("string")
        rows = rows.mutate(
            item_queue=nothing, item_area=nothing, item_content=nothing, item_language=nothing, model_label=nothing,
            model_score=ibis.null("float64"),
        )  # fmt: skip
    else:
        items = tables.items.select(
            "item_id",
            "model_label",
            "model_score",
            item_queue="queue",
            item_area="policy_area",
            item_content="content_type",
            item_language="language",
        )
        rows = rows.left_join(items, "item_id", rname="{name}_of_item")
    labels = tables.labels.select(
        "label", label_area="policy_area", label_violating="violating", label_critical="critical"
    )
    sides = tables.labels.select(model_label="label", model_violating="violating")
    rows = rows.left_join(labels, "label").left_join(sides, "model_label", rname="{name}_of_model")
    return rows.select(
        *_AS_MADE,
        *more,
        queue=_.queue.coalesce(_.item_queue),
        content_type=_.content_type.coalesce(_.item_content),
        language=_.language.coalesce(_.item_language),
        policy_area=_.item_area.coalesce(_.label_area),
        suspicion=ibis.ifelse(_.label_violating, 1 - _.model_score, _.model_score),
        kind=_kind(_),
    )


def _kind(rows: ibis.Deferred) -> ibis.Deferred:
    opinion = ibis.cases(
        (rows.model_label.isnull(), _OPINIONS - 1),
        (rows.model_label == rows.label, 0),
        (rows.model_violating == rows.label_violating, 1),
        else_=2,
    )
    chance = ibis.ifelse(rows.label_violating, rows.model_score, 1 - rows.model_score)
    lower = reversed(list(enumerate(CONFIDENT, start=1)))
    band = ibis.cases((chance.isnull(), _BANDS - 1), *((chance >= edge, place) for place, edge in lower), else_=0)
    return (opinion * _BANDS + band).cast("int64")
