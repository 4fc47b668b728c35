"""What an annotation is judged by: its audits, gold and appeals, and the weight that its audit carries."""

from __future__ import annotations

import functools
import operator

import ibis
from ibis import _

from labelqa_lib.store import Tables

PLACE = ("market", "site", "week")
_REFERENCES = ("audit_id", "auditor_id", "audit_label", "second_label", "gold_label", "final_label")


def first_of_each(rows: ibis.Table, key: str | list[str], order: list) -> ibis.Table:
    """One row per key: the first in `order`."""
    ranked = rows.mutate(_place=ibis.row_number().over(group_by=key, order_by=order))
    return ranked.filter(ranked._place == 0).drop("_place")


def drawn_with_known_chance(audits: ibis.Table) -> ibis.BooleanValue:
    """Whether an audit may enter a rate: π is given, or it was drawn at random (or for no stated reason)."""
    return audits.inclusion_probability.notnull() | (audits.sampling_reason.fill_null("random") == "random")


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


def with_references(rows: ibis.Table, tables: Tables) -> ibis.Table:
    """Those annotations that an audit drawn with known chance or gold may judge, and by what: ``drawn, audit_weight,
    audit_id, auditor_id, audit_label, second_label, gold_label, final_label``.

    What cannot be judged is left out before anything is joined: it is nine annotations of ten, and the joins are wide.
    """
    # counted apart: an engine may write down a table that one query reads twice, here all annotations
    there = tables.keep("made by place", lambda: tables.annotations.group_by(PLACE).aggregate(_there=_.count()))
    chosen = []
    if tables.audits is not None:
        chosen.append(rows.annotation_id.isin(first_audits(tables.audits).filter(_.drawn).annotation_id))
    if tables.gold is not None:
        chosen.append(rows.item_id.isin(tables.gold.item_id))
    left = rows.filter(functools.reduce(operator.or_, chosen, ibis.literal(False)))
    same_place = [left.market == there.market, left.site.identical_to(there.site), left.week == there.week]
    found = left.left_join(there, same_place, rname="{name}_there")
    for number, (part, keys) in enumerate([*_audits(tables), *_gold(tables), *_appeals(tables)]):
        found = found.left_join(part, keys, rname=f"{{name}}_{number}")
    nothing = ibis.null("string")
    told = {name: found[name] if name in found.columns else nothing for name in _REFERENCES}
    told["drawn"] = found.drawn if tables.audits is not None else ibis.literal(False)
    told["inclusion_probability"] = found.inclusion_probability if tables.audits is not None else ibis.null("float64")
    if tables.gold is not None:
        unversioned = ibis.ifelse(left.sop_version.isnull(), found.latest_label, nothing)
        told["gold_label"] = ibis.coalesce(found.exact_label, found.general_label, unversioned)
    found = found.select(*rows.columns, "_there", **told)
    return found.mutate(audit_weight=design_weight(found, found._there)).drop("inclusion_probability", "_there")


def _audits(tables: Tables) -> list[tuple[ibis.Table, object]]:
    """The first and the second audit of each annotation, and by which columns they are found."""
    if tables.audits is None:
        return []
    second = tables.audits.filter(_.tier == 2)
    second = first_of_each(second, "annotation_id", [second.audited_at.desc(), second.audit_id])
    second = second.select("annotation_id", second_label="audit_label")
    return [(first_audits(tables.audits), "annotation_id"), (second, "annotation_id")]


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
