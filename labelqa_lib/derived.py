"""Tables that follow from others, as Ibis expressions: what each annotation is judged by, and how much was made.

Whom an audit, gold or an appeal tells of is said in the words of `telling`, which also rows in memory follow.

Intake writes them down beside the tables of a snapshot (`intake.following`), so that a question about all markets reads the
tenth of the annotations that somebody looked at, and counts none. Where a snapshot has none of them, cut for a partner, in a
database, or made by an earlier version, metrics ask for the same of the tables themselves.
"""

from __future__ import annotations

from collections.abc import Callable

import ibis
from ibis import _

from labelqa_lib.telling import first_of_each, only_where, told_by

VERSION = 1
"""Goes up with every change of what these tables hold: those written by another version are not read, and made anew."""

Keep = Callable[[str, ibis.Table], ibis.Table]
"""What makes a table before the next is asked of it: name and table -> the same table."""

MADE_BY = ("market", "partner", "site", "week", "agent_id")
"""What `made` sums by."""

_REFERENCES = ("audit_id", "auditor_id", "audit_label", "second_label", "final_label")
_PARTS = 2**62
"""Handle times are added up as whole seconds and whole parts of one, of which every float is made. Floats themselves add up
differently in another order, and a week that is written again must give the same bytes."""


def made(annotations: ibis.Table) -> ibis.Table:
    """What every agent made where in a week: ``market, partner, site, week, agent_id, rows, timed`` (annotations with a
    handle time) and ``seconds`` (of those together; NULL where there are none)."""
    whole = annotations.handle_seconds.floor()
    parts = ((annotations.handle_seconds - whole) * _PARTS).round().cast("decimal(38, 0)")
    seconds = whole.sum().cast("float64") + parts.sum().cast("float64") / _PARTS
    return annotations.group_by(list(MADE_BY)).aggregate(rows=_.count(), timed=_.handle_seconds.count(), seconds=seconds)


def looked_at(
    annotations: ibis.Table,
    audits: ibis.Table | None,
    gold: ibis.Table | None,
    appeals: ibis.Table | None,
    keep: Keep = lambda _name, table: table,
) -> ibis.Table | None:
    """Those annotations that somebody looked at, by an audit, an appeal or on an item that has gold, and what was found:
    ``audit_id, auditor_id, audit_label, drawn, inclusion_probability`` of the tier-1 audit that counts, ``second_label,
    gold_label, final_label``. None where nobody can have looked.

    An annotation is told by the rows of its own market and week, and by gold and appeals of any.

    Parameters
    ----------
    keep : Keep
        An engine with little memory keeps what the rows are put together from, one after the other.
    """
    looked = is_looked_at(annotations, audits, gold, appeals)
    if looked is None:
        return None
    few = keep("few", annotations.filter(looked))
    parts = [*gold_by_item(gold), *last_appeals(appeals)]
    if audits is not None:
        parts = [(audits_by_annotation(audits, keep), ["annotation_id"]), *parts]
    found = joined(few, [(keep(f"part_{number}", part), keys) for number, (part, keys) in enumerate(parts)])
    told = {name: found[name] if name in found.columns else ibis.null("string") for name in _REFERENCES}
    told["gold_label"] = ibis.null("string") if gold is None else gold_label(found)
    told["drawn"] = ibis.literal(False) if audits is None else found.drawn.fill_null(False)
    told["inclusion_probability"] = ibis.null("float64") if audits is None else found.inclusion_probability
    return found.select(*annotations.columns, **told)


def is_looked_at(
    rows: ibis.Table, audits: ibis.Table | None, gold: ibis.Table | None, appeals: ibis.Table | None
) -> ibis.BooleanValue | None:
    """Whether somebody looked at an annotation, by an audit, an appeal or on an item that has gold; None where nobody can have."""
    named = [table.select("annotation_id") for table in (audits, appeals) if table is not None]
    looks = [rows.annotation_id.isin((ibis.union(*named) if len(named) > 1 else named[0]).annotation_id)] if named else []
    looks += [rows.item_id.isin(gold.item_id)] if gold is not None else []
    return ibis.or_(*looks) if looks else None


def drawn_with_known_chance(audits: ibis.Table | ibis.Deferred) -> ibis.BooleanValue:
    """Whether an audit may enter a rate: π is given, or it was drawn at random (or for no stated reason)."""
    return audits.inclusion_probability.notnull() | (audits.sampling_reason.fill_null("random") == "random")


def first_audits(audits: ibis.Table) -> ibis.Table:
    """The tier-1 audit of each annotation: of several the one drawn with known chance, then the earliest."""
    first = audits.filter(_.tier == 1).mutate(drawn=drawn_with_known_chance(_))
    first = first_of_each(first, "annotation_id", ("-drawn", "audited_at", "audit_id"))
    return first.select("annotation_id", "audit_id", "auditor_id", "audit_label", "drawn", "inclusion_probability")


def second_audits(audits: ibis.Table) -> ibis.Table:
    """The second audit of each annotation, ``annotation_id, second_label``: of several the latest."""
    second = first_of_each(audits.filter(_.tier == 2), "annotation_id", ("-audited_at", "audit_id"))
    return second.select("annotation_id", second_label=_.audit_label)


def audits_by_annotation(audits: ibis.Table, keep: Keep = lambda _name, table: table) -> ibis.Table:
    """`first_audits` with the ``second_label`` of those that were audited twice. `keep` as in `looked_at`."""
    first, second = keep("first", first_audits(audits)), keep("second", second_audits(audits))
    return told_by(first, second, ["annotation_id"])


def gold_by_item(gold: ibis.Table | None) -> list[tuple[ibis.Table, list[str]]]:
    """Gold of the annotation's SOP version, else gold that holds for every version; the latest where the annotation
    does not tell its version. Each with the columns by which an annotation finds it."""
    if gold is None:
        return []
    exact = gold.filter(_.sop_version.notnull()).select("item_id", "sop_version", exact_label=_.gold_label)
    general = first_of_each(gold.filter(_.sop_version.isnull()), "item_id", ("-set_at",))
    latest = first_of_each(gold, "item_id", ("-set_at", "-sop_version"))
    return [
        (exact, ["item_id", "sop_version"]),
        (general.select("item_id", general_label=_.gold_label), ["item_id"]),
        (latest.select("item_id", latest_label=_.gold_label), ["item_id"]),
    ]


def gold_label(found: ibis.Table | ibis.Deferred) -> ibis.StringValue:
    """The gold label of annotations to which `gold_by_item` was joined."""
    return found.exact_label.coalesce(found.general_label, only_where(found.sop_version.isnull(), found.latest_label))


def last_appeals(appeals: ibis.Table | None) -> list[tuple[ibis.Table, list[str]]]:
    """The last resolved appeal of each annotation, ``annotation_id, final_label``, and by which column it is found."""
    if appeals is None:
        return []
    resolved = appeals.filter(_.outcome.isin(["upheld", "overturned"]) & _.final_label.notnull())
    last = first_of_each(resolved, "annotation_id", ("-resolved_at", "appeal_id"))
    return [(last.select("annotation_id", "final_label"), ["annotation_id"])]


def joined(rows: ibis.Table, parts: list[tuple[ibis.Table, list[str]]]) -> ibis.Table:
    """The rows with what tables know of each, found by the columns beside them."""
    for part, keys in parts:
        rows = told_by(rows, part, keys)
    return rows
