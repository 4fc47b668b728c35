"""Annotations with every dimension, and what the model thinks of the label given, whoever looked at it since."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import ibis
from ibis import _

from labelqa_lib.derived import is_looked_at
from labelqa_lib.metrics.held import Held
from labelqa_lib.store import Tables, all_told, fetch

CONFIDENT = (0.05, 0.2, 0.5, 0.8, 0.95)
"""Bands of the model's chance that the label given is on the right side of violating and benign."""

_OPINIONS = 4
_BANDS = len(CONFIDENT) + 2
KINDS = _OPINIONS * _BANDS
"""How many kinds of annotations there are."""

_AS_MADE = (
    "annotation_id", "item_id", "week", "local_date", "local_hour", "annotated_at", "market", "partner", "site",
    "agent_id", "label", "label_violating", "label_critical", "handle_seconds", "sop_version", "blind",
)  # fmt: skip
_ASKED_AS_MADE = (
    "annotation_id", "item_id", "market", "partner", "site", "week", "agent_id", "label", "queue", "content_type", "language",
)  # fmt: skip
_ELSE_OF_ITEM = {"queue": "item_queue", "content_type": "item_content", "language": "item_language"}
_OF_ITEM = ("item_area", "policy_area", "suspicion", "kind")


def annotated(tables: Tables, *among: ibis.Deferred, by: Iterable[str] | None = None) -> ibis.Table:
    """Annotations with every dimension filled from where it is delivered; those for which every condition on a column
    of the table `annotations` is true.

    One market's are kept in the engine. All markets' are too many to be held beside their items: conditions choose among
    them before they are joined, and where `by` names the columns that are asked for, only what these need is joined.

    `queue`, `content_type` and `language` are the annotation's, else the item's. `policy_area` is the item's, else
    that of the given label; `judged` puts the reference label's there. ``suspicion`` is the model's probability that
    the label lies on the wrong side of the line between violating and benign (NULL without a score), ``kind`` what it
    says of the label, 0 to `KINDS` − 1.
    """
    if tables.market is not None:
        rows = tables.gather("annotated", lambda part: described(part.annotations, part))
        return rows.filter(*among) if among else rows
    rows = tables.annotations.filter(*among) if among else tables.annotations
    if by is None:
        return described(rows, tables)
    by = list(dict.fromkeys(by))
    if needs_items(tables, by):
        return described(rows, tables).select(by)
    return (rows if set(by) <= set(rows.columns) else with_labels(rows, tables)).select(by)


def every(tables: Tables) -> ibis.Table:
    """All annotations."""
    return tables.annotations


def looked_at(tables: Tables) -> ibis.Table:
    """The annotations among which are all that somebody looked at, by an audit, an appeal or gold: a tenth of all markets', where
    the snapshot holds them apart."""
    return tables.annotations if tables.looked_at is None else tables.looked_at.select(*tables.annotations.columns)


def looked_at_here(tables: Tables) -> Held:
    """One market's `annotated` that somebody looked at, by an audit, an appeal or gold: whatever judges annotations finds them
    among these, a tenth of all. In memory."""
    return tables.keep("held looked at", lambda: Held.fetched(_looked_at_here(tables)))


def _looked_at_here(tables: Tables) -> ibis.Table:
    rows = annotated(tables)
    looked = is_looked_at(rows, tables.audits, tables.gold, tables.appeals)
    return rows.filter(ibis.literal(False) if looked is None else looked)


def held_chosen(
    tables: Tables, name: str, choose: Callable[[Held, Tables], Held], otherwise: Callable[[], ibis.Table]
) -> ibis.Table | Held:
    """`chosen` for whoever only sums it: in memory where the tables are one market's, else what is `otherwise` in the engine."""
    if tables.market is None:
        return otherwise()
    return tables.keep(f"held {name}", lambda: choose(looked_at_here(tables), tables).settled())


def needs_items(tables: Tables, by: Iterable[str], rows: Callable[[Tables], ibis.Table] = every) -> bool:
    """Whether a column of `described` cannot be told of `rows` without the items."""
    asked = set(by)
    return bool(asked.intersection(_OF_ITEM)) or any(_some_untold(tables, name, rows) for name in _ELSE_OF_ITEM if name in asked)


def _some_untold(tables: Tables, name: str, rows: Callable[[Tables], ibis.Table]) -> bool:
    """Whether annotations leave to their items what these may tell."""
    if tables.items is None:
        return False
    told = rows(tables).aggregate(untold=_[name].isnull().any())
    return bool(tables.keep(f"untold {name} of {rows.__name__}", lambda: fetch(told)["untold"].fillna(False).iloc[0]))


def chosen(
    tables: Tables,
    name: str,
    choose: Callable[[ibis.Table, Tables], ibis.Table],
    more: Iterable[str],
    by: Iterable[str] | None,
    among: Callable[[Tables], ibis.Table] = every,
) -> ibis.Table:
    """What `choose` makes of annotations, with their dimensions and the columns of `more` that it adds. Kept in the engine.

    One market's are chosen among `annotated`. All markets' are chosen first, a few markets at a time, and only what is
    left is joined to its items, if what is asked `by` needs them at all.

    Parameters
    ----------
    choose : callable
        Of the rows of the table `annotations`, or of `annotated`: those chosen, with all columns and `more`.
    by : iterable of str, optional
        The dimensions that are asked for; every column where None.
    among : callable
        Of which annotations of all markets it chooses: `every`, or those `looked_at`.
    """
    if tables.market is not None:
        return tables.keep(name, lambda: choose(annotated(tables), tables))
    if by is not None and not needs_items(tables, by, among):
        columns = list(dict.fromkeys([*_ASKED_AS_MADE, *more]))
        return tables.gather(f"{name} as made", lambda part: choose(among(part), part).select(columns))

    def make(part: Tables) -> ibis.Table:
        # kept before items are looked up: the engine then knows how few they are, and does not hold all items to join them
        few = part.keep(f"{name} with labels", lambda: with_labels(choose(among(part), part), part))
        return with_items(few, part, *more)

    return tables.gather(name, make)


def described(rows: ibis.Table, tables: Tables, *more: str) -> ibis.Table:
    """Rows of the table `annotations` with every dimension, as `annotated` says, and `more` columns that they have."""
    return with_items(with_labels(rows, tables), tables, *more)


def with_labels(rows: ibis.Table, tables: Tables) -> ibis.Table:
    """Rows of the table `annotations` with what is known of the label given: its area, its side, whether it is critical."""
    labels = tables.labels.select(
        "label", label_area="policy_area", label_violating="violating", label_critical="critical"
    )
    return rows.left_join(labels, "label").drop("label_right")


def with_items(rows: ibis.Table, tables: Tables, *more: str) -> ibis.Table:
    """Rows of `with_labels` with every dimension, as `annotated` says, and `more` columns that they have."""
    if tables.items is None:
        nothing = ibis.null("string")
        rows = rows.mutate(
            item_queue=nothing, item_area=nothing, item_content=nothing, item_language=nothing, model_label=nothing,
            model_score=ibis.null("float64"),
        )  # fmt: skip
    else:
        items = tables.items.select(
            "item_id",
            "market",
            "model_label",
            "model_score",
            item_queue="queue",
            item_area="policy_area",
            item_content="content_type",
            item_language="language",
        )
        # of its own market: a market's page knows no other
        rows = rows.left_join(items, ["item_id", "market"], rname="{name}_of_item")
    sides = tables.labels.select(model_label="label", model_violating="violating")
    rows = rows.left_join(sides, "model_label", rname="{name}_of_model")
    return rows.select(
        *dict.fromkeys([*_AS_MADE, "item_area", *more]),
        **{name: _[name] if all_told(tables.footers, name) else _[name].coalesce(_[items]) for name, items in _ELSE_OF_ITEM.items()},
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
