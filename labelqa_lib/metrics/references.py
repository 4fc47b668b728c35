"""What an annotation is judged by: its audits, gold and appeals, and the weight that its audit carries."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import pandas as pd
from ibis import _

from labelqa_lib.derived import drawn_with_known_chance, first_audits, gold_by_item, gold_label, joined, last_appeals, second_audits
from labelqa_lib.metrics.cells import in_pandas
from labelqa_lib.metrics.held import Columns, Held
from labelqa_lib.metrics.joining import Rows
from labelqa_lib.metrics.made import made_in_all, made_sums
from labelqa_lib.metrics.texts import Text
from labelqa_lib.store import Tables
from labelqa_lib.telling import among, either, sums_by, told_by, untold, with_counts

PLACE = ("market", "site", "week")
_TELLS = {
    "audits": ("annotation_id", "audit_id", "auditor_id", "audit_label", "tier", "audited_at", "sampling_reason", "inclusion_probability", "week"),
    "gold": ("item_id", "gold_label", "sop_version", "set_at"),
    "labels": ("label", "policy_area", "violating", "critical"),
}
"""Columns that are asked for of tables beside rows in memory; all where nothing is said."""

_REFERENCES = ("audit_id", "auditor_id", "audit_label", "second_label", "gold_label", "final_label")


def audits_by_reason(tables: Tables) -> pd.DataFrame:
    """How many audits of each week and tier were drawn, why, and whether with a chance that is known: ``week, tier,
    sampling_reason, known, n``."""

    def counted() -> pd.DataFrame:
        audits = tables.audits if tables.market is None else _in_memory(tables, "audits")
        audits = audits.mutate(known=drawn_with_known_chance(_), one=1)
        return in_pandas(sums_by(audits, ["week", "tier", "sampling_reason", "known"], n=_.one)).astype({"n": "int64"})

    return tables.keep("audits by reason", counted)


def beside(rows: Rows, tables: Tables, name: str) -> Rows:
    """A table that tells of rows, where the rows are: in the engine, or in memory."""
    return _in_memory(tables, name) if isinstance(rows, Held) and getattr(tables, name) is not None else getattr(tables, name)


def _in_memory(tables: Tables, name: str) -> Held:
    rows = getattr(tables, name)
    return tables.keep(f"held rows of {name}", lambda: Held.fetched(rows.select(_TELLS.get(name, rows.columns))))


def first_audits_beside(rows: Rows, tables: Tables) -> Rows:
    """`first_audits`, where the rows are. In memory kept: whoever judges annotations asks for them, and whoever judges audits."""
    audits = beside(rows, tables, "audits")
    return tables.keep("held first audits", lambda: first_audits(audits)) if isinstance(rows, Held) else first_audits(audits)


def weighed(rows: Rows, name: str, there: str = "") -> Rows:
    """The rows with their weight: 1/π where the plan gives it, else N/n of the rows ``drawn`` without it, within market x
    site x week of `rows`. `there` is the column that tells N, where `rows` are not all rows of their place.
    """
    plain = _.drawn & _.inclusion_probability.isnull()
    counts = {"_plain": plain} if there else {"_plain": plain, "_all": _.annotation_id.notnull()}
    share = _[there or "_all"] / _._plain
    rows = with_counts(rows, PLACE, **counts).mutate(**{name: either(plain, share, 1 / _.inclusion_probability)})
    return rows.select(*(column for column in rows.columns if column not in counts))


def with_references(rows: Rows, tables: Tables, there: Rows) -> Rows:
    """Those annotations that an audit drawn with known chance or gold may judge, and by what: ``drawn, audit_weight,
    audit_id, auditor_id, audit_label, second_label, gold_label, final_label``. `there` is `made_by_place`.

    What cannot be judged is left out before anything is joined: it is nine annotations of ten, and the joins are wide.
    What is known of an audited annotation is put together among the few audits, so that annotations are gone through once.
    """
    gold, appeals = beside(rows, tables, "gold"), last_appeals(beside(rows, tables, "appeals"))
    if tables.gold is None and tables.audits is None:
        found = rows.filter(_.annotation_id.isnull()).mutate(drawn=False)  # none of them: each has its id
    elif tables.gold is None:
        audits = joined(_both_audits(rows, tables).filter(_.drawn), appeals)
        found = told_by(rows, audits, ["annotation_id"], always=True)
    else:
        chosen, parts = among(rows, "item_id", gold), [*gold_by_item(gold), *appeals]
        if tables.audits is not None:
            audits = tables.keep(f"first and second audits, {type(rows).__name__}", lambda: _both_audits(rows, tables))
            chosen = chosen | among(rows, "annotation_id", audits.filter(_.drawn))
            parts = [(audits, ["annotation_id"]), *parts]
        few = rows.filter(chosen)
        if tables.market is None:
            # kept, so that the engine knows how few they are: it would hold what they are joined to the wrong way round
            few = tables.keep(f"chosen, with {', '.join(rows.columns)}", lambda: few)
        found = joined(few, parts).mutate(gold_label=gold_label(_))
        found = found if tables.audits is not None else found.mutate(drawn=False)
    missing = [name for name in (*_REFERENCES, "inclusion_probability") if name not in found.columns]
    found = untold(found, [name for name in missing if name in _REFERENCES], [name for name in missing if name not in _REFERENCES])
    found = weighed(told_by(found, there, ["market", "week"], alike=["site"]), "audit_weight", "_there")
    return found.select(*rows.columns, "drawn", *_REFERENCES, "audit_weight")


def _both_audits(rows: Rows, tables: Tables) -> Rows:
    return told_by(first_audits_beside(rows, tables), second_audits(beside(rows, tables, "audits")), ["annotation_id"])


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


def held_by_place(tables: Tables) -> Held:
    """`made_by_place` in memory: added up from what every agent made, which a page asks for anyway."""
    sums = made_sums(tables, PLACE, tables.weeks)
    return Held(Columns({name: Text.coded(*sums.coded(name)) for name in PLACE} | {"_there": sums["rows"]}))


def made_by_place(tables: Tables) -> ibis.Table:
    """How many annotations every place made. Counted apart from what is judged: an engine may write down a table that one
    query reads twice, here all annotations."""

    def count() -> ibis.Table:
        if tables.market is None:
            return made_in_all(tables).group_by(PLACE).aggregate(_there=_.rows.sum())
        return tables.annotations.group_by(PLACE).aggregate(_there=_.count())

    return tables.keep("made by place", count)
