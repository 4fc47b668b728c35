"""Annotations with their segments, and those of them that were judged: the one road from rows to every rate.

Reference label: resolved appeal > tier-2 audit > tier-1 audit > gold (DATA_CONTRACT). In the rate sample are
annotations with a tier-1 audit of known chance: weight 1/π where the sampling plan gives π, else, drawn at `random` or
for no stated reason, N/n within site x week. (`stratum` is not known of annotations that were not audited, so without
π it cannot take part.) Audits drawn for other reasons without π, and annotations that only have an appeal, are left
out. Where a market has no such audits in a period, its annotations on gold items are the sample, weight 1. Weeks that
are pooled are one period: gold never mixes with audits, because it is no sample of the week's work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import ibis
import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib import periods
from labelqa_lib.metrics.annotated import annotated, looked_at, looked_at_here, needs_items, with_items, with_labels
from labelqa_lib.metrics.cells import cells, in_pandas
from labelqa_lib.metrics.frame import rate_frame
from labelqa_lib.metrics.held import Held
from labelqa_lib.metrics.joining import Rows
from labelqa_lib.metrics.made import all_agents_told
from labelqa_lib.metrics.metric import WEEK, Asked
from labelqa_lib.metrics.references import beside, held_by_place, made_by_place, with_references, with_references_held
from labelqa_lib.store import Tables
from labelqa_lib.telling import either, first_true, told_by
from labelqa_lib.translation import say

AUDITS, GOLD = "audits", "gold"
_JUDGED = (
    "reference_label", "reference_area", "reference_violating", "reference_critical", "label_violating", "label_critical",
    "audit_id", "auditor_id", "audit_label", "basis", "correct", "critical_error", "weight",
)  # fmt: skip
_JUDGED_WITH = ("drawn", "audit_weight", "second_label", "final_label", "gold_label")
_IN_PLACES = ("market", "partner", "site", WEEK, "label", "reference_label", "auditor_id")
_NOT_IN_PLACES = ("audit_id", "audit_label", "reference_area")
_READ_IN_PLACES = ("annotation_id", "item_id", "sop_version", "market", "partner", "site", WEEK, "agent_id", "label")


def judged(tables: Tables, by: Iterable[str] | None = None) -> ibis.Table:
    """The judged annotations, with ``reference_label, audit_id, auditor_id, audit_label, basis, weight`` and what a rate
    asks of the labels: ``correct, critical_error, label_violating, reference_violating``. ``labelled_area`` is the
    `policy_area` that the annotation has in `annotated`. Kept in the engine.

    Of all markets there are many: where `by` names the dimensions that are asked for, rows may hold no more than these need.
    """
    if tables.market is not None:
        return tables.keep("judged", lambda: _of_one_market(annotated(tables), tables, made_by_place(tables)))
    light = tables.looked_at is not None  # joined to nothing but labels and places
    if by is not None and set(by) <= set(_IN_PLACES) and all_agents_told(tables):
        there = made_by_place(tables)
        return tables.gather("judged in places", lambda part: _in_places(_as_judged(part, there, _READ_IN_PLACES)), light)
    if by is not None and not needs_items(tables, by, looked_at):
        return tables.gather("judged as made", lambda part: _as_judged(part, made_by_place(tables)), light)
    there = made_by_place(tables)
    return tables.gather("judged", lambda part: _with_areas(with_items(_as_made(part, there), part, *_JUDGED)))


def sample(
    tables: Tables, weeks: tuple[str, ...], weekly: bool = False, by: Iterable[str] | None = None
) -> tuple[ibis.Table, dict[str, str]]:
    """The rate sample of some weeks, chosen for each market, and in words what it stands on, by period.

    Parameters
    ----------
    weekly : bool
        Every week is a period of its own, else all of them are one.
    by
        As in `judged`.
    """
    chosen, words = _chosen(tables, weeks, weekly)
    return judged(tables, by).filter(chosen), words


def sampled(
    tables: Tables, weeks: tuple[str, ...], weekly: bool = False, by: Iterable[str] | None = None
) -> tuple[ibis.Table | Held, dict[str, str]]:
    """`sample` for whoever only sums it: held in memory where the tables are one market's, else left in the engine."""
    if tables.market is None:
        return sample(tables, weeks, weekly, by)

    def chosen_rows() -> tuple[Held, dict[str, str]]:
        chosen, words = _chosen(tables, weeks, weekly)
        return held_judged(tables).filter(chosen), words

    return tables.keep(f"sample of {weeks}, {weekly}", chosen_rows)


def _chosen(tables: Tables, weeks: tuple[str, ...], weekly: bool) -> tuple[ibis.Deferred, dict[str, str]]:
    """Which of the judged annotations are the sample of some weeks, and what it stands on."""
    there = tables.keep("markets and weeks", lambda: _markets_and_weeks(tables))
    used = [one for one in there if one.week in weeks]
    pooled = periods.span(weeks)
    audited = {(one.market, one.week if weekly else pooled) for one in used if one.basis == AUDITS}
    used = [one for one in used if one.basis == AUDITS or (one.market, one.week if weekly else pooled) not in audited]
    chosen, gold = _.basis == AUDITS, [one for one in used if one.basis == GOLD]
    for market in sorted({one.market for one in gold}):
        chosen = chosen | ((_.market == market) & _.week.isin([one.week for one in gold if one.market == market]))
    if not weekly:
        return _.week.isin(weeks) & chosen, {pooled: _stands_on(used, len(weeks))}
    return _.week.isin(weeks) & chosen, {week: _stands_on([one for one in used if one.week == week], 1) for week in weeks}


class _Place(NamedTuple):
    """Where judged annotations are, and what they stand on."""

    market: str
    week: str
    basis: str


def _markets_and_weeks(tables: Tables) -> list[_Place]:
    there = in_pandas(held_judged(tables, ()).select(*_Place._fields).distinct())
    return [_Place(*one) for one in zip(*(there[name] for name in _Place._fields), strict=True)]


def _stands_on(used: Sequence[_Place], weeks: int) -> str:
    """``audits``, ``gold`` or both by market; of how many of the weeks asked for, where some have none."""
    kinds = sorted({one.basis for one in used})
    basis = " or ".join(kinds) + (" by market" if len(kinds) > 1 else "")
    covered = len({one.week for one in used})
    return basis if covered == weeks else f"{basis} of {covered} of {weeks} weeks"


def note(asked: Asked, stands_on: dict[str, str]) -> dict[str, str]:
    """How the method of every period ends: its clusters, and what it stands on."""
    return {period: f"{clusters_of(asked)}; {words}" for period, words in stands_on.items()}


def on_gold(methods: Iterable[str]) -> np.ndarray:
    """Whether rates stand on gold alone: they then say nothing against those that stand on audits."""
    return np.array([f"; {GOLD}" in method for method in methods], dtype=bool)


def unlike(methods: Iterable[str], before: Iterable[str]) -> np.ndarray:
    """Where one of two sides stands on gold and the other on audits: their difference would be that of their items."""
    return on_gold(methods) != on_gold(before)


def only_one_on_gold(period: str, before: str) -> str:
    """Why such sides are not compared."""
    return say("only one of {week} and {before} stands on gold", week=period, before=before)


def rate(
    rows: ibis.Table | Held,
    asked: Asked,
    hit: ibis.Deferred,
    counted: ibis.Deferred | bool = True,
    *,
    of: str,
    note: str | Mapping[str, str],
    alike: str = "agent_id",
    apart: str = "item_id",
) -> pd.DataFrame:
    """Σ w·hit / Σ w over the rows that count, with clusters: summed in the engine, bounded in `stats.survey`.

    Parameters
    ----------
    rows : ibis.Table or Held
        With the columns asked for, ``weight``, `alike` and `apart`.
    hit, counted : boolean expression
        What is counted, and among which rows.
    of, note
        As in `rate_frame`.
    alike, apart : str
        Column of the clusters, and of those used instead where it is empty or is itself asked by.
    """
    used = cells(rows, asked.keys, hit, counted, cluster=cluster(asked, alike, apart), named=False)
    return rate_frame(used, asked, of, note)


def cluster(asked: Asked, alike: str = "agent_id", apart: str = "item_id") -> tuple[str, ...]:
    """What is alike inside, as columns of which the first that is told counts: rows of one agent; rows of one item
    where no agent is told, or where it is asked by."""
    return (apart,) if alike in asked.by else (alike, apart)


def clusters_of(asked: Asked, alike: str = "agent_id", otherwise: str = "item") -> str:
    """How the method names its clusters."""
    return f"by {otherwise if alike in asked.by else alike.removesuffix('_id')}"


def held_judged(tables: Tables, by: Iterable[str] | None = None) -> ibis.Table | Held:
    """`judged` for whoever only sums it: in memory where the tables are one market's, else left in the engine."""
    if tables.market is None:
        return judged(tables, by)

    def judge() -> Held:
        return _of_one_market(looked_at_here(tables), tables, held_by_place(tables)).settled()

    return tables.keep("held judged", judge)


def _of_one_market(rows: Rows, tables: Tables, there: Rows) -> Rows:
    return _with_areas(_against_references(with_references(rows, tables, there), tables))


def _in_places(rows: ibis.Table) -> ibis.Table:
    """All markets' judged annotations with what is asked most: where they were made, by whom, and how they were judged.

    Ids are as long as all of that together. None is needed where every agent is told: agents are the clusters."""
    chosen = dict.fromkeys([*_IN_PLACES, "agent_id", *_JUDGED])
    return rows.select(*(name for name in chosen if name not in _NOT_IN_PLACES), item_id=ibis.null("string"))


def _as_made(part: Tables, there: ibis.Table) -> ibis.Table:
    """Kept before their items are looked up, so that the engine knows how few they are and does not hold all items to join them."""
    return part.keep("judged as made", lambda: _as_judged(part, there))


def _as_judged(part: Tables, there: ibis.Table, columns: Sequence[str] = ()) -> ibis.Table:
    """Some markets' judged annotations without their items: `queue`, `content_type` and `language` are the annotation's own."""
    if part.looked_at is not None:
        rows = with_references_held(part, there, columns)
    else:
        rows = with_references(part.annotations.select(*columns) if columns else part.annotations, part, there)
    return _against_references(with_labels(rows, part), part)


def _against_references(rows: Rows, tables: Tables) -> Rows:
    """The rows with a reference label, what is known of it, and whether it was met."""
    rows = rows.mutate(
        basis=first_true(_.drawn, _.gold_label.notnull(), names=(AUDITS, GOLD)),
        reference_label=_.final_label.coalesce(_.second_label, _.audit_label, _.gold_label),
    )
    labels = beside(rows, tables, "labels").select(
        reference_label=_.label, reference_area=_.policy_area, reference_violating=_.violating, reference_critical=_.critical
    )
    rows = told_by(rows.filter(_.basis.notnull()), labels, ["reference_label"], always=True)
    wrong = _.label != _.reference_label
    rows = rows.mutate(
        correct=~wrong,
        critical_error=wrong & (_.label_critical | _.reference_critical),
        weight=either(_.basis == AUDITS, _.audit_weight, 1.0),
    )
    return rows.select(*(name for name in rows.columns if name not in _JUDGED_WITH))


def _with_areas(rows: Rows) -> Rows:
    rows = rows.mutate(labelled_area=_.policy_area, policy_area=_.item_area.coalesce(_.reference_area))
    return rows.select(*(name for name in rows.columns if name != "item_area"))
