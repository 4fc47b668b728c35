"""Annotations with their segments, and those of them that were judged: the one road from rows to every rate.

Reference label: resolved appeal > tier-2 audit > tier-1 audit > gold (DATA_CONTRACT). In the rate sample are
annotations with a tier-1 audit of known chance: weight 1/π where the sampling plan gives π, else, drawn at `random` or
for no stated reason, N/n within site x week. (`stratum` is not known of annotations that were not audited, so without
π it cannot take part.) Audits drawn for other reasons without π, and annotations that only have an appeal, are left
out. Where a market has no such audits in a period, its annotations on gold items are the sample, weight 1. Weeks that
are pooled are one period: gold never mixes with audits, because it is no sample of the week's work.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import pandas as pd
from ibis import _

from labelqa_lib import periods
from labelqa_lib.metrics.cells import Held, cells, held
from labelqa_lib.metrics.frame import rate_frame
from labelqa_lib.metrics.metric import WEEK, Asked
from labelqa_lib.store import Tables, fetch

AUDITS, GOLD = "audits", "gold"


def annotated(tables: Tables) -> ibis.Table:
    """Annotations with every dimension filled from where it is delivered, kept in the engine.

    `queue`, `content_type` and `language` are the annotation's, else the item's. `policy_area` is the item's, else
    that of the given label; `judged` puts the reference label's there.
    """
    return tables.keep("annotated", lambda: _annotated(tables))


def judged(tables: Tables) -> ibis.Table:
    """The judged annotations, with ``reference_label, audit_id, auditor_id, basis, weight`` and what a rate asks of the
    labels: ``correct, critical_error, label_violating, reference_violating``. Kept in the engine."""
    return tables.keep("judged", lambda: _judged(tables))


def sample(tables: Tables, weeks: tuple[str, ...], weekly: bool = False) -> tuple[ibis.Table, dict[str, str]]:
    """The rate sample of some weeks, chosen for each market, and in words what it stands on, by period.

    Parameters
    ----------
    weekly : bool
        Every week is a period of its own, else all of them are one.
    """
    chosen, words = _chosen(tables, weeks, weekly)
    return judged(tables).filter(chosen), words


def sampled(tables: Tables, weeks: tuple[str, ...], weekly: bool = False) -> tuple[ibis.Table | Held, dict[str, str]]:
    """`sample` for whoever only sums it: held in memory where the tables are one market's, else left in the engine."""
    if tables.market is None:
        return sample(tables, weeks, weekly)

    def chosen_rows() -> tuple[Held, dict[str, str]]:
        chosen, words = _chosen(tables, weeks, weekly)
        return held(tables, "judged", judged).filter(chosen), words

    return tables.keep(f"sample of {weeks}, {weekly}", chosen_rows)


def _chosen(tables: Tables, weeks: tuple[str, ...], weekly: bool) -> tuple[ibis.Deferred, dict[str, str]]:
    """Which of the judged annotations are the sample of some weeks, and what it stands on."""
    there = tables.keep("markets and weeks", lambda: fetch(judged(tables).select("market", WEEK, "basis").distinct()))
    there = there[there[WEEK].isin(weeks)]
    pooled = periods.span(weeks)
    there = there.assign(period=there[WEEK] if weekly else pooled)
    audited = there[there["basis"] == AUDITS]
    chosen, gold = _.basis == AUDITS, there[there["basis"] == GOLD]
    with_audits = pd.MultiIndex.from_frame(audited[["market", "period"]])
    gold = gold[~pd.MultiIndex.from_frame(gold[["market", "period"]]).isin(with_audits)]
    for market, part in gold.groupby("market"):
        chosen = chosen | ((_.market == market) & _.week.isin(part[WEEK].tolist()))
    used = pd.concat([audited, gold])
    words = {period: _stands_on(used[used["period"] == period], 1 if weekly else len(weeks))
             for period in (weeks if weekly else [pooled])}  # fmt: skip
    return _.week.isin(weeks) & chosen, words


def _stands_on(used: pd.DataFrame, weeks: int) -> str:
    """``audits``, ``gold`` or both by market; of how many of the weeks asked for, where some have none."""
    basis = " or ".join(sorted(used["basis"].unique()))
    basis += " by market" if used["basis"].nunique() > 1 else ""
    covered = used[WEEK].nunique()
    return basis if covered == weeks else f"{basis} of {covered} of {weeks} weeks"


def note(asked: Asked, stands_on: dict[str, str]) -> dict[str, str]:
    """How the method of every period ends: its clusters, and what it stands on."""
    return {period: f"{clusters_of(asked)}; {words}" for period, words in stands_on.items()}


def on_gold(method: pd.Series) -> pd.Series:
    """Whether a rate stands on gold alone: it then says nothing against one that stands on audits."""
    return method.str.contains(f"; {GOLD}")


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
    used = cells(rows, asked.keys, hit, counted, cluster=cluster(asked, alike, apart))
    return rate_frame(used, asked, of, note)


def cluster(asked: Asked, alike: str = "agent_id", apart: str = "item_id") -> tuple[str, ...]:
    """What is alike inside, as columns of which the first that is told counts: rows of one agent; rows of one item
    where no agent is told, or where it is asked by."""
    return (apart,) if alike in asked.by else (alike, apart)


def clusters_of(asked: Asked, alike: str = "agent_id", otherwise: str = "item") -> str:
    """How the method names its clusters."""
    return f"by {otherwise if alike in asked.by else alike.removesuffix('_id')}"


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


def design_weight(rows: ibis.Table) -> ibis.FloatingValue:
    """1/π where the plan gives it, else N/n of the rows ``drawn`` without it, within market x site x week of `rows`."""
    place = ibis.window(group_by=["market", "site", "week"])
    plain = (rows.drawn & rows.inclusion_probability.isnull()).fill_null(False)
    share = rows.annotation_id.count().over(place) / plain.cast("int64").sum().over(place).nullif(0)
    return ibis.ifelse(plain, share, 1 / rows.inclusion_probability)


def _annotated(tables: Tables) -> ibis.Table:
    rows = tables.annotations
    if tables.items is None:
        nothing = ibis.null("string")
        rows = rows.mutate(item_queue=nothing, item_area=nothing, item_content=nothing, item_language=nothing)
    else:
        items = tables.items.select(
            "item_id",
            item_queue="queue",
            item_area="policy_area",
            item_content="content_type",
            item_language="language",
        )
        rows = rows.left_join(items, "item_id").drop("item_id_right")
    labels = tables.labels.select(
        "label", label_area="policy_area", label_violating="violating", label_critical="critical"
    )
    return rows.left_join(labels, "label").select(
        "annotation_id",
        "item_id",
        "week",
        "local_date",
        "local_hour",
        "annotated_at",
        "market",
        "partner",
        "site",
        "agent_id",
        "label",
        "label_violating",
        "label_critical",
        "handle_seconds",
        "sop_version",
        "blind",
        "item_area",
        queue=_.queue.coalesce(_.item_queue),
        content_type=_.content_type.coalesce(_.item_content),
        language=_.language.coalesce(_.item_language),
        policy_area=_.item_area.coalesce(_.label_area),
    )


def _judged(tables: Tables) -> ibis.Table:
    rows = _with_audits(annotated(tables), tables)
    rows = _with_gold(rows, tables)
    rows = _with_appeals(rows, tables)
    rows = rows.mutate(
        basis=ibis.cases((rows.drawn.fill_null(False), AUDITS), (rows.gold_label.notnull(), GOLD)),
        reference_label=ibis.coalesce(rows.final_label, rows.second_label, rows.audit_label, rows.gold_label),
    )
    labels = tables.labels.select(
        reference_label="label",
        reference_area="policy_area",
        reference_violating="violating",
        reference_critical="critical",
    )
    rows = rows.filter(rows.basis.notnull()).inner_join(labels, "reference_label")
    wrong = rows.label != rows.reference_label
    return rows.mutate(
        correct=~wrong,
        critical_error=wrong & (rows.label_critical | rows.reference_critical),
        policy_area=rows.item_area.coalesce(rows.reference_area),
        weight=ibis.ifelse(rows.basis == AUDITS, rows.audit_weight, 1.0),
    ).drop("drawn", "audit_weight", "item_area", "audit_label", "second_label", "final_label", "gold_label")


def _with_audits(rows: ibis.Table, tables: Tables) -> ibis.Table:
    if tables.audits is None:
        nothing = ibis.null("string")
        return rows.mutate(
            drawn=ibis.literal(False), audit_weight=1.0, audit_id=nothing, audit_label=nothing, auditor_id=nothing,
            second_label=nothing,
        )  # fmt: skip
    first = first_audits(tables.audits)
    second = tables.audits.filter(_.tier == 2)
    second = first_of_each(second, "annotation_id", [second.audited_at.desc(), second.audit_id])
    second = second.select("annotation_id", second_label="audit_label")
    rows = rows.left_join(first, "annotation_id").drop("annotation_id_right")
    rows = rows.left_join(second, "annotation_id").drop("annotation_id_right")
    return rows.mutate(audit_weight=design_weight(rows)).drop("inclusion_probability")


def _with_gold(rows: ibis.Table, tables: Tables) -> ibis.Table:
    """Gold of the annotation's SOP version, else gold that holds for every version; the latest where the annotation
    does not tell its version."""
    if tables.gold is None:
        return rows.mutate(gold_label=ibis.null("string"))
    gold = tables.gold
    exact = gold.filter(gold.sop_version.notnull()).select("item_id", "sop_version", exact_label="gold_label")
    general = first_of_each(gold.filter(gold.sop_version.isnull()), "item_id", [gold.set_at.desc()])
    latest = first_of_each(gold, "item_id", [gold.set_at.desc(), gold.sop_version.desc()])
    rows = rows.left_join(exact, ["item_id", "sop_version"]).drop("item_id_right", "sop_version_right")
    for name, part in (("general_label", general), ("latest_label", latest)):
        rows = rows.left_join(part.select("item_id", **{name: "gold_label"}), "item_id").drop("item_id_right")
    unversioned = ibis.ifelse(rows.sop_version.isnull(), rows.latest_label, ibis.null("string"))
    label = ibis.coalesce(rows.exact_label, rows.general_label, unversioned)
    return rows.mutate(gold_label=label).drop("exact_label", "general_label", "latest_label")


def _with_appeals(rows: ibis.Table, tables: Tables) -> ibis.Table:
    if tables.appeals is None:
        return rows.mutate(final_label=ibis.null("string"))
    resolved = tables.appeals.filter(_.outcome.isin(["upheld", "overturned"]) & _.final_label.notnull())
    last = first_of_each(resolved, "annotation_id", [resolved.resolved_at.desc(), resolved.appeal_id])
    return rows.left_join(last.select("annotation_id", "final_label"), "annotation_id").drop("annotation_id_right")
