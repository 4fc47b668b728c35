"""Accuracy as tier-1 audits see it, made surer by what the model thinks of every annotation, audited or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib.metrics.annotated import KINDS, annotated
from labelqa_lib.metrics.cells import fetched, first_told
from labelqa_lib.metrics.corrected import RAW, audited
from labelqa_lib.metrics.frame import finish, groups_of, undefined
from labelqa_lib.metrics.judged import cluster, clusters_of
from labelqa_lib.metrics.metric import WEEK, Asked
from labelqa_lib.metrics.registry import REGISTRY, ask
from labelqa_lib.metrics.withheld import withhold
from labelqa_lib.stats.assisted import assisted_rate, cross_fitted_risk
from labelqa_lib.store import Tables, fetch
from labelqa_lib.translation import N_

ASSISTED = "accuracy_assisted"

TITLES = {RAW: N_("As the QAs see it"), ASSISTED: N_("With the model's help"), "worth": N_("Worth … times the audits")}
"""Heading of each figure and column."""

DIMENSIONS = ("market", "partner", "site", "queue", "content_type", "language", "label", WEEK)
"""What is known of every annotation before it is audited. Not agents: they are the clusters."""

FOLDS = 5


def assisted(
    tables: Tables, by: Sequence[str] = (), weeks: Sequence[str] | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """How accurate are the labels in the QAs' eyes, when the model's opinion of all of them is used as well?

    Parameters
    ----------
    tables : Tables
    by : sequence of str
        Of `DIMENSIONS`; with ``week`` there is a row per week.
    weeks, confidence
        As in `measure`.

    Returns
    -------
    DataFrame
        Metric frames of ``accuracy_tier1`` and, below it, ``accuracy_assisted``, with ``worth``: how many times the
        audits the first would need for an interval as narrow as the second's; 1 where the model does not help and both
        are the same, NaN where there is no figure.

    Notes
    -----
    Kinds of annotations are the model's opinion (same label, same side of violating and benign, the other side, none)
    x the band of its score for the side of the label given. How often QAs find each kind right is learnt from the
    audits of all the tables' weeks by cross-fitting, whole agents left out together, and enters the difference
    estimator of `stats.assisted`: weights and clusters are those of the plain figure. It makes the QAs' figure surer,
    not truer: what QAs get wrong stays in it, and it is not combined with the correction by second audits.
    Tried and left: a logistic regression on opinion, score, label, queue, site, hour, tenure and handle time, cross-
    fitted alike. On the demo's last week it is worth 1.8 times the audits where kinds are 1.9, and a page has to
    explain its score.
    """
    asked = ask(tables, replace(REGISTRY["accuracy"], name=RAW, dimensions=DIMENSIONS), by, weeks, confidence)
    helped = replace(asked, metric=ASSISTED)
    if not tables.delivered("audits"):
        frames = [undefined(one, N_("needs audits; not delivered")) for one in (asked, helped)]
        return pd.concat(frames, ignore_index=True).assign(worth=np.nan)
    counts = fetch(
        annotated(tables)
        .filter(_[WEEK].isin(asked.weeks))
        .group_by(list(dict.fromkeys([*asked.by, WEEK, "kind"])))
        .aggregate(rows=_.count())
    )
    columns = [WEEK, "weight", "label", "audit_label", "kind", *cluster(asked), *asked.by]
    sample = fetched(audited(tables), columns, "annotation_id")
    sample["_cluster"] = first_told(sample, cluster(asked))
    return withhold(_beside(sample, counts, asked, helped), tables)


def _beside(sample: pd.DataFrame, counts: pd.DataFrame, asked: Asked, helped: Asked) -> pd.DataFrame:
    """Both figures of every segment that has annotations."""
    alike, _names = pd.factorize(sample["_cluster"], sort=True)
    own = sample[WEEK].isin(asked.weeks).to_numpy()
    right = (sample["audit_label"] == sample["label"]).to_numpy(dtype=float)
    fold, chances = alike % FOLDS, _chances(sample, alike % FOLDS, right)
    cells = pd.concat([counts, sample[own]], ignore_index=True)
    grid, code = groups_of(cells, asked)
    population, checked = code[: len(counts)], code[len(counts) :]
    fold, kind = fold[own], sample["kind"][own]
    score = chances[fold, kind] - _means(chances, counts, population, len(grid))[fold, checked]
    result = assisted_rate(
        checked,
        sample["weight"][own],
        right[own],
        score,
        np.zeros(len(grid)),
        cluster=alike[own],
        confidence=asked.confidence,
    )
    note = f"{clusters_of(asked)}; tier 1"
    cells["n"] = cells["rows"].isna()
    plain = finish(grid, result.plain, cells, asked, "tier-1 audits", note).assign(worth=np.nan)
    surer = finish(grid, result.assisted, cells, helped, "tier-1 audits", note)
    # a dimension that was not delivered leaves one row, without a figure
    worth = result.worth if len(surer) == len(grid) else np.nan
    return pd.concat([plain, surer.assign(worth=np.where(surer["estimate"].isna(), np.nan, worth))], ignore_index=True)


def _chances(sample: pd.DataFrame, fold: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The chance of each kind to be right, learnt from the rows outside of each fold: shape (folds, kinds).

    Without two agents nothing can be learnt that does not look at its own rows: then every chance is the same.
    """
    if fold.max(initial=0) == 0:
        return np.zeros((1, KINDS))
    return cross_fitted_risk(sample["kind"], fold, sample["weight"], right, KINDS)


def _means(chances: np.ndarray, counts: pd.DataFrame, group: np.ndarray, groups: int) -> np.ndarray:
    """Mean chance over all annotations of each group, audited or not, by fold: shape (folds, groups)."""
    rows = np.bincount(group, counts["rows"], groups)
    sums = [np.bincount(group, counts["rows"] * of_kind[counts["kind"]], groups) for of_kind in chances]
    return np.array(sums) / np.maximum(rows, 1)
