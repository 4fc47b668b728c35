"""What an annotation is judged by: its audits, gold and appeals, and the weight that its audit carries."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import pandas as pd
from ibis import _

from labelqa_lib.derived import audits_by_annotation, drawn_with_known_chance, gold_by_item, gold_label, joined, last_appeals
from labelqa_lib.metrics.made import made_in_all
from labelqa_lib.store import Tables, fetch

PLACE = ("market", "site", "week")
_REFERENCES = ("audit_id", "auditor_id", "audit_label", "second_label", "gold_label", "final_label")


def audits_by_reason(tables: Tables) -> pd.DataFrame:
    """How many audits of each week and tier were drawn, why, and whether with a chance that is known: ``week, tier,
    sampling_reason, known, n``."""
    audits = tables.audits.mutate(known=drawn_with_known_chance(tables.audits))
    counts = audits.group_by(["week", "tier", "sampling_reason", "known"]).aggregate(n=_.count())
    return tables.keep("audits by reason", lambda: fetch(counts))


def design_weight(rows: ibis.Table, there: ibis.Value | None = None) -> ibis.FloatingValue:
    """1/π where the plan gives it, else N/n of the rows ``drawn`` without it, within market x site x week of `rows`.

    `there` is N where `rows` are not all rows of their place.
    """
    place = ibis.window(group_by=PLACE)
    plain = (rows.drawn & rows.inclusion_probability.isnull()).fill_null(False)
    there = rows.annotation_id.count().over(place) if there is None else there
    share = there / ibis.ifelse(plain, 1, 0).sum().over(place).nullif(0)
    return ibis.ifelse(plain, share, 1 / rows.inclusion_probability)


def with_references(rows: ibis.Table, tables: Tables, there: ibis.Table) -> ibis.Table:
    """Those annotations that an audit drawn with known chance or gold may judge, and by what: ``drawn, audit_weight,
    audit_id, auditor_id, audit_label, second_label, gold_label, final_label``. `there` is `made_by_place`.

    What cannot be judged is left out before anything is joined: it is nine annotations of ten, and the joins are wide.
    What is known of an audited annotation is put together among the few audits, so that annotations are gone through once.
    """
    nothing, told = ibis.null("string"), {}
    if tables.gold is None and tables.audits is None:
        left = rows.filter(ibis.literal(False))
        found = left.mutate(**dict.fromkeys(_REFERENCES, nothing), drawn=False, inclusion_probability=ibis.null("float64"))
    elif tables.gold is None:
        audits = joined(audits_by_annotation(tables.audits).filter(_.drawn), last_appeals(tables.appeals))
        found = rows.inner_join(audits, "annotation_id")
    else:
        chosen, parts = rows.item_id.isin(tables.gold.item_id), [*gold_by_item(tables.gold), *last_appeals(tables.appeals)]
        if tables.audits is not None:
            audits = tables.keep("first and second audits", lambda: audits_by_annotation(tables.audits))
            chosen = chosen | rows.annotation_id.isin(audits.filter(_.drawn).annotation_id)
            parts = [(audits, "annotation_id"), *parts]
        few = rows.filter(chosen)
        if tables.market is None:
            # kept, so that the engine knows how few they are: it would hold what they are joined to the wrong way round
            few = tables.keep(f"chosen, with {', '.join(rows.columns)}", lambda: few)
        found = joined(few, parts)
        told["gold_label"] = gold_label(found)
    found = found.left_join(there, _same_place(found, there), rname="{name}_there")
    told = {name: found[name] if name in found.columns else nothing for name in _REFERENCES} | told
    told["drawn"] = found.drawn if "drawn" in found.columns else ibis.literal(False)
    chance = found.inclusion_probability if "inclusion_probability" in found.columns else ibis.null("float64")
    found = found.select(*rows.columns, "_there", **told, inclusion_probability=chance)
    return found.mutate(audit_weight=design_weight(found, found._there)).drop("inclusion_probability", "_there")


def with_references_held(tables: Tables, there: ibis.Table, columns: Sequence[str] = ()) -> ibis.Table:
    """The rows of `with_references` of all markets, where the snapshot holds what was found: `Tables.looked_at`; all `columns` of
    annotations where none are named."""
    columns = columns or tables.annotations.columns
    rows = tables.looked_at.select(*dict.fromkeys([*PLACE, *columns]), "drawn", "inclusion_probability", *_REFERENCES)
    rows = rows.filter(_.drawn | _.gold_label.notnull())
    plain = rows.filter(_.drawn & _.inclusion_probability.isnull()).group_by(PLACE).aggregate(_plain=_.count())
    places = tables.keep("weights by place", lambda: there.left_join(plain, _same_place(there, plain)).select(*PLACE, _share=_._there / _._plain))
    rows = rows.left_join(places, _same_place(rows, places), rname="{name}_there")
    weight = ibis.ifelse(rows.inclusion_probability.isnull(), rows._share, 1 / rows.inclusion_probability)
    return rows.select(*columns, "drawn", *_REFERENCES, audit_weight=weight)


def _same_place(left: ibis.Table, right: ibis.Table) -> list[ibis.BooleanValue]:
    return [left.market == right.market, left.site.identical_to(right.site), left.week == right.week]


def made_by_place(tables: Tables) -> ibis.Table:
    """How many annotations every place made. Counted apart from what is judged: an engine may write down a table that one
    query reads twice, here all annotations."""

    def count() -> ibis.Table:
        if tables.market is None:
            return made_in_all(tables).group_by(PLACE).aggregate(_there=_.rows.sum())
        return tables.annotations.group_by(PLACE).aggregate(_there=_.count())

    return tables.keep("made by place", count)
