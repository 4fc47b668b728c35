"""What a week offers to draw from: annotations nobody has drawn yet, and tier-1 audits nobody has looked at again."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib.derived import drawn_with_known_chance, first_audits
from labelqa_lib.metrics.auditor import reaudited
from labelqa_lib.sampling.strata import KEYS, stratified
from labelqa_lib.store import Tables, fetch

VERDICTS = ("marked error", "passed, model doubts", "passed")
"""Strata of re-audits: what tier 1 said, and whether the model speaks against it."""


def candidates(tables: Tables, week: str) -> pd.DataFrame:
    """Annotations of the week that no draw has taken, by `annotation_id`.

    Returns
    -------
    DataFrame
        ``annotation_id, item_id, agent_id, label``, the strata's `KEYS`, ``suspicion, content_ref``, and ``audited``:
        whether a tier-1 audit of unknown chance (an appeal, a risk check) exists. Those stay candidates for the random
        part, since they are wrong more often than others and the rate would look better without them.
    """
    rows = stratified(tables).filter(_.week == week)
    rows = rows.select("annotation_id", "item_id", "agent_id", "label", *KEYS, "suspicion")
    if tables.items is not None:
        rows = rows.left_join(tables.items.select("item_id", "content_ref"), "item_id").drop("item_id_right")
    else:
        rows = rows.mutate(content_ref=ibis.null("string"))
    if tables.audits is None:
        return fetch(rows.mutate(audited=ibis.literal(False)).order_by("annotation_id"))
    first = tables.audits.filter(_.tier == 1)
    drawn = first.filter(drawn_with_known_chance(first))
    rows = rows.anti_join(drawn, "annotation_id")
    seen = first.select("annotation_id").distinct().mutate(audited=True)
    rows = rows.left_join(seen, "annotation_id").drop("annotation_id_right")
    return fetch(rows.mutate(audited=_.audited.fill_null(False)).order_by("annotation_id"))


def audited_once(tables: Tables, weeks: tuple[str, ...]) -> pd.DataFrame:
    """Tier-1 audits of known chance, of annotations of these weeks, that tier 2 has not looked at.

    Returns
    -------
    DataFrame
        The columns of `candidates` without ``audited``, ``auditor_id`` (of tier 1) and ``verdict`` (of `VERDICTS`).
    """
    columns = ["annotation_id", "item_id", "agent_id", "label", *KEYS, "auditor_id", "verdict", "content_ref"]
    if tables.audits is None:
        return pd.DataFrame(columns=columns)
    first = first_audits(tables.audits).filter(_.drawn).anti_join(tables.audits.filter(_.tier == 2), "annotation_id")
    rows = stratified(tables).filter(_.week.isin(weeks)).inner_join(first, "annotation_id")
    if tables.items is not None:
        rows = rows.left_join(tables.items.select("item_id", "content_ref"), "item_id").drop("item_id_right")
    else:
        rows = rows.mutate(content_ref=ibis.null("string"))
    return fetch(rows.mutate(verdict=_verdict(rows)).select(*columns).order_by("auditor_id", "annotation_id"))


def upset(tables: Tables, weeks: tuple[str, ...]) -> np.ndarray:
    """How often tier 2 overturned each of `VERDICTS`: a rate per verdict, with one of each outcome added."""
    if tables.audits is None:
        return np.full(len(VERDICTS), 0.5)
    doubts = stratified(tables).select("annotation_id", "doubt")
    rows = reaudited(tables).filter(_.week.isin(weeks)).inner_join(doubts, "annotation_id")
    rows = rows.mutate(verdict=_verdict(rows), overturned=rows.audit_label != rows.second_label)
    told = fetch(rows.group_by("verdict").aggregate(n=_.count(), overturned=_.overturned.sum()))
    told = told.set_index("verdict").reindex(VERDICTS).fillna(0)
    return ((told["overturned"] + 1) / (told["n"] + 2)).to_numpy(dtype=float)


def _verdict(rows: ibis.Table) -> ibis.StringValue:
    marked, doubted, passed = VERDICTS
    return ibis.cases((rows.audit_label != rows.label, marked), (rows.doubt == "high", doubted), else_=passed)


def auditors(tables: Tables, weeks: tuple[str, ...]) -> pd.DataFrame:
    """Who may audit, by tier: ``auditor_id, tier, site`` (of the person; NULL where it is not known).

    QAs and auditors of `people` who have not left; without `people`, whoever audited in these weeks.
    """
    if tables.people is not None:
        people = tables.people.filter(tables.people.role.isin(["qa", "auditor"]) & tables.people.left_on.isnull())
        tier = ibis.ifelse(people.role == "qa", 1, 2)
        chosen = people.select("site", auditor_id="person_id", tier=tier)
    elif tables.audits is not None:
        audits = tables.audits.filter(_.week.isin(weeks))
        chosen = audits.select("auditor_id", "tier", site=ibis.null("string")).distinct()
    else:
        return pd.DataFrame({"auditor_id": [], "tier": [], "site": []})
    return fetch(chosen.order_by("tier", "auditor_id"))
