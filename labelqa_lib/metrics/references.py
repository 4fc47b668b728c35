"""What an annotation is judged by: its audits, gold and appeals, and the weight that its audit carries."""

from __future__ import annotations

import ibis
import pandas as pd
from ibis import _

from labelqa_lib.metrics.made import made_in_all
from labelqa_lib.store import Tables, fetch

PLACE = ("market", "site", "week")
_REFERENCES = ("audit_id", "auditor_id", "audit_label", "second_label", "gold_label", "final_label")


def first_of_each(rows: ibis.Table, key: str | list[str], order: list) -> ibis.Table:
    """One row per key: the first in `order`."""
    ranked = rows.mutate(_place=ibis.row_number().over(group_by=key, order_by=order))
    return ranked.filter(ranked._place == 0).drop("_place")


def drawn_with_known_chance(audits: ibis.Table) -> ibis.BooleanValue:
    """Whether an audit may enter a rate: π is given, or it was drawn at random (or for no stated reason)."""
    return audits.inclusion_probability.notnull() | (audits.sampling_reason.fill_null("random") == "random")


def audits_by_reason(tables: Tables) -> pd.DataFrame:
    """How many audits of each week and tier were drawn, why, and whether with a chance that is known: ``week, tier,
    sampling_reason, known, n``."""
    audits = tables.audits.mutate(known=drawn_with_known_chance(tables.audits))
    counts = audits.group_by(["week", "tier", "sampling_reason", "known"]).aggregate(n=_.count())
    return tables.keep("audits by reason", lambda: fetch(counts))


def first_audits(audits: ibis.Table) -> ibis.Table:
    """The tier-1 audit of each annotation: of several the one drawn with known chance, then the earliest."""
    first = audits.filter(_.tier == 1)
    first = first.mutate(drawn=drawn_with_known_chance(first))
    first = first_of_each(first, "annotation_id", [first.drawn.desc(), first.audited_at, first.audit_id])
    return first.select("annotation_id", "audit_id", "auditor_id", "audit_label", "drawn", "inclusion_probability")


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
        audits = _joined(first_audits(tables.audits).filter(_.drawn), [*_second(tables), *_appeals(tables)])
        found = rows.inner_join(audits, "annotation_id")
    else:
        chosen, parts = rows.item_id.isin(tables.gold.item_id), [*_gold(tables), *_appeals(tables)]
        if tables.audits is not None:
            audits = tables.keep("first and second audits", lambda: _joined(first_audits(tables.audits), _second(tables)))
            chosen = chosen | rows.annotation_id.isin(audits.filter(_.drawn).annotation_id)
            parts = [(audits, "annotation_id"), *parts]
        few = rows.filter(chosen)
        if tables.market is None:
            # kept, so that the engine knows how few they are: it would hold what they are joined to the wrong way round
            few = tables.keep(f"chosen, with {', '.join(rows.columns)}", lambda: few)
        found = _joined(few, parts)
        unversioned = ibis.ifelse(found.sop_version.isnull(), found.latest_label, nothing)
        told["gold_label"] = ibis.coalesce(found.exact_label, found.general_label, unversioned)
    same_place = [found.market == there.market, found.site.identical_to(there.site), found.week == there.week]
    found = found.left_join(there, same_place, rname="{name}_there")
    told = {name: found[name] if name in found.columns else nothing for name in _REFERENCES} | told
    told["drawn"] = found.drawn if "drawn" in found.columns else ibis.literal(False)
    chance = found.inclusion_probability if "inclusion_probability" in found.columns else ibis.null("float64")
    found = found.select(*rows.columns, "_there", **told, inclusion_probability=chance)
    return found.mutate(audit_weight=design_weight(found, found._there)).drop("inclusion_probability", "_there")


def _joined(rows: ibis.Table, parts: list[tuple[ibis.Table, object]]) -> ibis.Table:
    """The rows with what tables know of each, found by the columns beside them."""
    for number, (part, keys) in enumerate(parts):
        rows = rows.left_join(part, keys, rname=f"{{name}}_{number}")
    return rows


def made_by_place(tables: Tables) -> ibis.Table:
    """How many annotations every place made. Counted apart from what is judged: an engine may write down a table that one
    query reads twice, here all annotations."""

    def count() -> ibis.Table:
        if tables.market is None:
            return made_in_all(tables).group_by(PLACE).aggregate(_there=_.rows.sum())
        return tables.annotations.group_by(PLACE).aggregate(_there=_.count())

    return tables.keep("made by place", count)


def _second(tables: Tables) -> list[tuple[ibis.Table, object]]:
    """The second audit of each annotation, and by which columns it is found."""
    second = tables.audits.filter(_.tier == 2)
    second = first_of_each(second, "annotation_id", [second.audited_at.desc(), second.audit_id])
    return [(second.select("annotation_id", second_label="audit_label"), "annotation_id")]


def _gold(tables: Tables) -> list[tuple[ibis.Table, object]]:
    """Gold of the annotation's SOP version, else gold that holds for every version; the latest where the annotation
    does not tell its version."""
    if tables.gold is None:
        return []
    gold = tables.gold
    exact = gold.filter(gold.sop_version.notnull()).select("item_id", "sop_version", exact_label="gold_label")
    general = first_of_each(gold.filter(gold.sop_version.isnull()), "item_id", [gold.set_at.desc()])
    latest = first_of_each(gold, "item_id", [gold.set_at.desc(), gold.sop_version.desc()])
    return [
        (exact, ["item_id", "sop_version"]),
        (general.select("item_id", general_label="gold_label"), "item_id"),
        (latest.select("item_id", latest_label="gold_label"), "item_id"),
    ]


def _appeals(tables: Tables) -> list[tuple[ibis.Table, object]]:
    """The last resolved appeal of each annotation."""
    if tables.appeals is None:
        return []
    resolved = tables.appeals.filter(_.outcome.isin(["upheld", "overturned"]) & _.final_label.notnull())
    last = first_of_each(resolved, "annotation_id", [resolved.resolved_at.desc(), resolved.appeal_id])
    return [(last.select("annotation_id", "final_label"), "annotation_id")]
