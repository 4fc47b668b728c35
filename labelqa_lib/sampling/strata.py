"""The strata of a week's annotations, and what the past says of each: how many, how often wrong, how long an audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib.metrics.annotated import annotated
from labelqa_lib.metrics.cells import fetched, first_told
from labelqa_lib.metrics.judged import AUDITS, sampled
from labelqa_lib.metrics.quality import SHARES
from labelqa_lib.sampling.rules import PLANNED, Rules
from labelqa_lib.store import Tables, fetch
from labelqa_lib.translation import N_, say

PLACE = ["site", "queue", "policy_area"]
DOUBT = "doubt"
KEYS = [*PLACE, DOUBT]

DOUBTS = {N_("low"): 0.0, N_("some"): 0.1, N_("high"): 0.5}
"""How much the model speaks against the label given, by the least probability of the other side of the line. Labels
that the model doubts are wrong ten times as often, so rare errors are drawn for there."""

UNSCORED, NOT_GIVEN = N_("no score"), N_("not given")

VOLUME_WEEKS = 4
"""Next week's volume is the mean of so many last weeks."""

PRIOR_AUDITS = 20
"""A stratum's own error rate is trusted as much as that of all strata of its doubt from so many audits on: no errors
among ten audits do not make a stratum that needs none (half an audit more goes either way: no rate is 0)."""

UNKNOWN_RATE = 0.5
"""Assumed of a rate that nothing is known of: no other needs more audits."""


@dataclass(frozen=True)
class Past:
    """What the weeks so far tell about the next.

    Attributes
    ----------
    strata : DataFrame
        One row per stratum: `KEYS`, ``population`` (annotations expected in the week), ``audited`` (in the past
        weeks), ``minutes`` (of an audit), and for each of `PLANNED` the shares of its annotations that are
        ``<metric>_hit`` and ``<metric>_miss``; both are 0 for an annotation outside the metric's denominator.
    cells : DataFrame
        One row per agent and stratum with annotations expected: ``agent_id, stratum`` (its row in `strata`),
        ``population``.
    audits : DataFrame
        The judged annotations of the past weeks, a row each: ``annotation_id, week, agent_id, cluster, stratum,
        weight, suspicion, kind`` (what the model says of the label, as in `metrics.assisted`) and
        ``<metric>_hit, <metric>_miss``.
    last : str
        The last of the past weeks.
    by_audits : bool
        Whether audits judged them; where nothing was audited, gold items stand in.
    """

    strata: pd.DataFrame
    cells: pd.DataFrame
    audits: pd.DataFrame
    last: str
    by_audits: bool


def of_queues(past: Past, queues: Sequence[str]) -> Past:
    """The past of some queues alone."""
    kept = past.strata["queue"].isin(queues).to_numpy()
    place = np.where(kept, np.cumsum(kept) - 1, -1)
    cells, audits = (
        rows[kept[rows["stratum"]]].assign(stratum=lambda left: place[left["stratum"]]).reset_index(drop=True)
        for rows in (past.cells, past.audits)
    )
    return Past(past.strata[kept].reset_index(drop=True), cells, audits, past.last, past.by_audits)


def stratum_name(rows: pd.DataFrame) -> pd.Series:
    """``KUL / comments / safety / model doubt high``."""
    doubt = rows["doubt"].map(lambda one: say("model doubt {level}", level=say(one)))
    return rows["site"] + " / " + rows["queue"] + " / " + rows["policy_area"] + " / " + doubt


def stratified(tables: Tables) -> ibis.Table:
    """Annotations with their stratum (`KEYS`) and ``suspicion``: the model's probability that the label lies on the
    wrong side of the line between violating and benign (NULL without a score)."""
    rows = annotated(tables)
    bands = [(rows.suspicion >= least, name) for name, least in reversed(DOUBTS.items())]
    given = {name: rows[name].cast("string").fill_null(NOT_GIVEN) for name in PLACE}
    return rows.mutate(**given, doubt=ibis.cases(*bands, else_=UNSCORED))


def past(tables: Tables, rules: Rules, weeks: tuple[str, ...]) -> Past:
    """What do these weeks tell about the week after them?

    Volumes are the mean of the last `VOLUME_WEEKS` weeks, error shares come from every judged annotation of all weeks,
    weighted by its design and drawn towards the strata of the same doubt (`PRIOR_AUDITS`).
    """
    cells = _volumes(tables, weeks)
    strata = cells.groupby(KEYS, as_index=False).agg(
        population=("population", "sum"), handle_minutes=("handle_minutes", "sum"), timed=("timed", "sum"),
        content_type=("content_type", "first"),
    )  # fmt: skip
    strata["minutes"] = _minutes(strata, rules)
    place = strata[KEYS].reset_index(names="stratum")
    audits, by_audits = _audits(tables, weeks)
    audits = audits.merge(place, on=KEYS, how="left").drop(columns=KEYS)
    # strata without volume in the last weeks are no part of the next
    audits = audits[audits["stratum"].notna()].astype({"stratum": "int64"}).reset_index(drop=True)
    cells = cells.merge(place, on=KEYS)[["agent_id", "stratum", "population"]]
    return Past(_with_shares(strata, audits), cells, audits, weeks[-1], by_audits)


def weekly_volumes(tables: Tables, weeks: tuple[str, ...]) -> pd.DataFrame:
    """Annotations of each of some weeks by agent and stratum: ``week, *KEYS, agent_id, rows, handle_minutes, timed,
    content_type``. The tables' last weeks are fetched once for whoever asks for some of them."""
    last = tables.weeks[-VOLUME_WEEKS - 1 :]
    known = last if set(weeks) <= set(last) else weeks
    keys = ["week", *KEYS, "agent_id"]

    def counted() -> pd.DataFrame:
        sums = stratified(tables).filter(_.week.isin(known)).group_by(keys).aggregate(
            rows=_.count(),
            handle_minutes=_.handle_seconds.sum() / 60,
            timed=_.handle_seconds.count(),
            content_type=_.content_type.min(),
        )  # fmt: skip
        return fetch(sums.order_by(keys))

    volumes = tables.keep(f"volumes of {known}", counted)
    return volumes[volumes["week"].isin(weeks)]


def _volumes(tables: Tables, weeks: tuple[str, ...]) -> pd.DataFrame:
    """Annotations of a usual week by agent and stratum."""
    weeks = weeks[-VOLUME_WEEKS:]
    made = weekly_volumes(tables, weeks)
    # the least of texts, of many groups, is found among the places that the texts have in their order
    place, kinds = pd.factorize(made["content_type"], sort=True)
    made = made.assign(place=np.where(place < 0, len(kinds), place))
    cells = made.groupby([*KEYS, "agent_id"], as_index=False, dropna=False).agg(
        population=("rows", "sum"), handle_minutes=("handle_minutes", "sum"), timed=("timed", "sum"), place=("place", "min")
    )
    content_type = kinds.append(pd.Index([None], dtype="str"))[cells["place"]]
    return cells.drop(columns="place").assign(population=cells["population"] / len(weeks), content_type=content_type)


def _minutes(strata: pd.DataFrame, rules: Rules) -> np.ndarray:
    """Minutes of an audit: params by queue, by content type, else from the handle time, else the default."""
    by_place = strata.groupby(PLACE)[["handle_minutes", "timed"]].transform("sum")
    handled = by_place["handle_minutes"] / by_place["timed"].where(by_place["timed"] > 0)
    known = strata["queue"].map(rules.minutes).astype(float)
    known = known.fillna(strata["content_type"].map(rules.minutes).astype(float))
    return known.fillna(handled * rules.minutes_factor).fillna(rules.minutes_default).to_numpy()


def _audits(tables: Tables, weeks: tuple[str, ...]) -> tuple[pd.DataFrame, bool]:
    rows, basis = sampled(tables, weeks)
    by_audits = any(words.startswith(AUDITS) for words in basis.values())
    marks = {}
    for metric in PLANNED:
        share = SHARES[metric]
        marks[f"{metric}_hit"] = share.counted & share.hit
        marks[f"{metric}_miss"] = share.counted & ~share.hit
    place = {"site": "site", "queue": "queue", "labelled_area": "policy_area"}
    columns = ["week", "agent_id", "item_id", "weight", "kind", "suspicion", *place, *marks]
    audits = fetched(rows.mutate(**marks), columns, "annotation_id").astype(dict.fromkeys(marks, "float64")).rename(columns=place)
    audits["cluster"] = first_told(audits, ("agent_id", "item_id"))
    audits = audits.drop(columns="item_id").fillna(dict.fromkeys(PLACE, NOT_GIVEN))
    bands = [audits["suspicion"] >= least for least in reversed(DOUBTS.values())]
    audits[DOUBT] = np.select(bands, list(reversed(DOUBTS)), UNSCORED)
    return audits, by_audits


def _with_shares(strata: pd.DataFrame, audits: pd.DataFrame) -> pd.DataFrame:
    """The strata with what share of their annotations each metric counts, as a hit or a miss."""
    names = [f"{metric}_{side}" for metric in PLANNED for side in ("hit", "miss")]
    strata = strata.drop(columns=["handle_minutes", "timed", "content_type"])
    strata["audited"] = np.bincount(audits["stratum"], minlength=len(strata))
    if audits.empty:
        return strata.assign(**dict.fromkeys(names, UNKNOWN_RATE))
    weight = audits["weight"].to_numpy()
    own = np.bincount(audits["stratum"], weights=weight, minlength=len(strata))
    doubt, bands = pd.factorize(strata[DOUBT])
    by_doubt = np.bincount(doubt, weights=own, minlength=len(bands))
    prior = PRIOR_AUDITS * weight.mean()
    for name in names:
        hits = np.bincount(audits["stratum"], weights=weight * audits[name], minlength=len(strata))
        overall = (hits.sum() + weight.mean() / 2) / (weight.sum() + weight.mean())
        usual = (np.bincount(doubt, weights=hits, minlength=len(bands)) + prior * overall) / (by_doubt + prior)
        strata[name] = (hits + prior * usual[doubt]) / (own + prior)
    return strata
