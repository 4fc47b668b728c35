"""Accuracy as tier-1 audits see it, beside what it is once their own errors are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib import periods
from labelqa_lib.metrics.auditor import held_reaudited
from labelqa_lib.metrics.cells import fetched, first_told
from labelqa_lib.metrics.frame import framed, groups_of, undefined
from labelqa_lib.metrics.held import Held
from labelqa_lib.metrics.judged import AUDITS, cluster, clusters_of, held_judged, rate
from labelqa_lib.metrics.metric import SEGMENTS, WEEK, Asked
from labelqa_lib.metrics.registry import REGISTRY, ask
from labelqa_lib.metrics.withheld import withhold
from labelqa_lib.stats.survey import equivalent_size
from labelqa_lib.stats.two_phase import corrected_rate, rogan_gladen
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_

RAW, CORRECTED = "accuracy_tier1", "accuracy_corrected"

FEWEST_REAUDITS = 100
"""Re-audits that a correction rests on: with fewer in its weeks, those of the weeks just before are pooled in."""

DIMENSIONS = (*SEGMENTS, "auditor_id", "label")
"""What both figures may be measured by: nothing that depends on which audit is believed."""

TITLES = {
    RAW: N_("As the QAs see it"), CORRECTED: N_("Corrected for QAs' errors"), "moved": N_("Moved by"), "reaudits": N_("Second audits"),
}  # fmt: skip
"""Heading of each figure and column."""

_COLUMNS = (WEEK, "weight", "label", "audit_label")


def corrected(
    tables: Tables,
    by: Sequence[str] = (),
    weeks: Sequence[str] | None = None,
    confidence: float = 0.95,
    auditors: Mapping[str, float | None] | None = None,
) -> pd.DataFrame:
    """How accurate are the labels once it is counted that auditors err, and how much does that move the figure?

    Parameters
    ----------
    tables : Tables
    by : sequence of str
        Dimensions of an annotation; with ``week`` there is a row per week.
    weeks, confidence
        As in `measure`.
    auditors : mapping, optional
        ``sensitivity, specificity`` of the tier-1 auditors and, where they were measured, ``sensitivity_n,
        specificity_n``: what corrects a segment without second audits.

    Returns
    -------
    DataFrame
        Metric frames of ``accuracy_tier1`` (tier 1 taken as the truth; no tier 2, appeal or gold) and, below it,
        ``accuracy_corrected``, with ``moved`` (corrected − tier 1; NaN where there is none) and ``reaudits`` (how many
        second audits stand behind it). Where there are none and nothing is known of the auditors, the corrected figure
        is NaN with its reason.

    Notes
    -----
    The two-phase difference estimator of `stats.two_phase.corrected_rate`: both audits weighted by their design, the
    variance of both. A segment with fewer than `FEWEST_REAUDITS` re-audits in its weeks takes in those of earlier
    weeks, one week after the other until there are enough; `method` names them. That assumes that auditors erred then
    as they do now, and nothing about the labels of then: the rate of errors marked is of the weeks asked for alone.
    By `auditors`: `stats.two_phase.rogan_gladen`.
    """
    asked = ask(tables, replace(REGISTRY["accuracy"], name=RAW, dimensions=DIMENSIONS), by, weeks, confidence)
    if not tables.delivered("audits"):
        frames = [undefined(replace(asked, metric=name), N_("needs audits; not delivered")) for name in (RAW, CORRECTED)]
        return pd.concat(frames, ignore_index=True).assign(moved=np.nan, reaudits=0)
    rows = audited(tables)
    first = rows.filter(_[WEEK].isin(asked.weeks))
    note = f"{clusters_of(asked)}; tier 1"
    raw = rate(first, asked, _.audit_label == _.label, of=N_("tier-1 audits"), note=note).assign(moved=np.nan, reaudits=0)
    silent = raw[raw["estimate"].isna()]
    parts = [silent.assign(metric=CORRECTED)]
    if len(silent) < len(raw):
        second = fetched(held_reaudited(tables), ["second_label", "weight"], "annotation_id")
        sample = fetched(rows, [*_COLUMNS, *cluster(asked), *asked.by], "annotation_id")
        sample = sample.merge(second.rename(columns={"weight": "second_weight"}), on="annotation_id", how="left")
        # of other weeks only what was audited again can be lent
        sample = sample[sample[WEEK].isin(asked.weeks) | sample["second_label"].notna()]
        sample = sample.assign(_cluster=first_told(sample, cluster(asked)))
        spans = [(week,) for week in asked.weeks] if asked.weekly else [asked.weeks]
        parts += [_corrected(sample, replace(asked, metric=CORRECTED, weekly=False, weeks=span)) for span in spans]
    below = pd.concat([part for part in parts if len(part)]).sort_values([*asked.by, "period"], ignore_index=True)
    if auditors is not None:
        below = _by_known_quality(raw, below, auditors, confidence)
    return withhold(pd.concat([raw, below], ignore_index=True), tables, ["reaudits"])


def audited(tables: Tables) -> ibis.Table | Held:
    """Judged annotations with a tier-1 audit of known chance, and its ``audit_label``."""
    return held_judged(tables).filter(_.basis == AUDITS)


def _corrected(sample: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """The corrected rows of one period, one per segment with tier-1 audits in it."""
    rows = sample.assign(own=sample[WEEK].isin(asked.weeks), again=sample["second_label"].notna())
    rows["group"] = groups_of(rows, asked)[1]
    rows = rows[rows["own"] | _lent(rows, asked.weeks[0])]
    rows = rows[rows["group"].isin(rows.loc[rows["own"], "group"])]
    if rows.empty:
        return rows
    grid, rows["group"] = groups_of(rows, asked)
    result = corrected_rate(
        rows["group"],
        rows["weight"],
        (rows["audit_label"] != rows["label"]).astype(float),
        (rows["second_label"] != rows["label"]).where(rows["again"]).astype(float),
        rows["second_weight"],
        only_second=~rows["own"],
        cluster=pd.factorize(rows["_cluster"])[0],
        confidence=asked.confidence,
        groups=len(grid),
    )
    errors, known = result.corrected, result.rechecked > 0
    since = rows[~rows["own"]].groupby("group")[WEEK].min()
    method = [f"{errors.method[group]} {_basis(since.get(group), asked)}" for group in range(len(grid))]
    frame = framed(grid, asked, SimpleNamespace(
        estimate=1 - errors.estimate,
        ci_low=1 - errors.ci_high,
        ci_high=1 - errors.ci_low,
        n=errors.n,
        n_effective=errors.n_effective,
        method=np.where(known, method, ""),
        reason=np.where(known, "", N_("needs tier-2 audits; none of these annotations had one")),
    ))  # fmt: skip
    return frame.assign(moved=result.false_share - result.missed_share, reaudits=result.rechecked)


def _by_known_quality(raw: pd.DataFrame, below: pd.DataFrame, auditors: Mapping, confidence: float) -> pd.DataFrame:
    """The corrected rows, those without second audits filled by what is known of the auditors."""
    lacking = (raw["estimate"].notna() & below["estimate"].isna()).to_numpy()
    seen = raw[lacking]
    errors = rogan_gladen(1 - seen["estimate"], seen["n_effective"], **auditors, confidence=confidence)
    cut = np.where(errors.truncated, ", cut to 0 to 100 %", "")
    filled = below[lacking].assign(
        estimate=1 - errors.estimate,
        ci_low=1 - errors.ci_high,
        ci_high=1 - errors.ci_low,
        n_effective=equivalent_size(errors.estimate, errors.ci_high - errors.ci_low, confidence),
        method=[f"{errors.method}{said}" for said in cut],
        reason="",
        moved=1 - errors.estimate - seen["estimate"].to_numpy(),
    )
    return pd.concat([below[~lacking], filled.astype(below.dtypes)]).sort_index()


def _basis(since: str | None, asked: Asked) -> str:
    """What the method says of clusters, and of re-audits taken from earlier weeks."""
    pooled = f"; re-audits pooled over {periods.span([since, asked.weeks[-1]])}" if since else ""
    return clusters_of(asked) + pooled


def _lent(rows: pd.DataFrame, first_week: str) -> np.ndarray:
    """Which re-audits of earlier weeks make up for too few in the weeks themselves: whole weeks, the latest first."""
    own = rows[rows["own"] & rows["again"]].groupby("group").size()
    earlier = rows[rows["again"] & (rows[WEEK] < first_week)]
    place = pd.Series(pd.factorize(earlier[WEEK], sort=True)[0], index=earlier.index)
    later = place.groupby(earlier["group"]).rank(method="min", ascending=False) - 1
    there = earlier["group"].map(own).fillna(0) + later
    return rows.index.isin(earlier.index[there < FEWEST_REAUDITS])
