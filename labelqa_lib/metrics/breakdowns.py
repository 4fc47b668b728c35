"""What judged annotations say beyond one rate: confused labels, hours of the day, time since joining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib.errors import UsageError
from labelqa_lib.metrics.cells import cells
from labelqa_lib.metrics.frame import rate_frame, undefined
from labelqa_lib.metrics.inside import rows_inside
from labelqa_lib.metrics.judged import annotated, cluster, note, sampled
from labelqa_lib.metrics.metric import WEEK, Asked
from labelqa_lib.metrics.quality import SHARES
from labelqa_lib.metrics.registry import REGISTRY, ask
from labelqa_lib.metrics.summed import Summed
from labelqa_lib.metrics.withheld import withhold
from labelqa_lib.stats import survey
from labelqa_lib.stats.withholding import withheld
from labelqa_lib.store import Tables, fetch
from labelqa_lib.translation import N_, say

TENURES = {N_("0-2 weeks"): 0, N_("3-5 weeks"): 3, N_("6-11 weeks"): 6, N_("12+ weeks"): 12}
"""Bands of whole weeks since an agent started, by their first week."""

FLIP_COST = 2
"""A confusion of violating with benign costs this many times one inside either class."""


def confusion(
    tables: Tables,
    weeks: Sequence[str] | None = None,
    confidence: float = 0.95,
    costs: Mapping[str, Mapping[str, float]] | None = None,
    segment: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """What is each label taken for, and which confusions cost most?

    Parameters
    ----------
    tables, weeks, confidence
        As in `measure`; several weeks are pooled.
    costs : mapping, optional
        What a confusion costs, by reference label and label given. Those not named cost 1, or `FLIP_COST` where they
        swap violating and benign.
    segment : mapping of str to str, optional
        Dimensions of a judged annotation; only rows inside it are counted.

    Returns
    -------
    DataFrame
        One row per pair seen, in the order of the label set: ``reference_label, label, n`` (annotations judged so),
        ``n_reference`` (with this reference label), ``share, ci_low, ci_high`` (weighted, of the reference label),
        ``violating`` (the reference label), ``flips`` (violating taken for benign or the reverse), ``critical`` (an error
        with a critical label), ``errors`` (estimated in a week's population), ``cost`` (those times what each costs) and
        ``rank`` (1 = costliest; 0 = right). Of a cut snapshot, pairs on too few rows are there with `n` 0 and no share.

    Raises
    ------
    UsageError
        When `costs` names a label that the label set does not have.
    """
    asked = ask(tables, REGISTRY["accuracy"], (), weeks, confidence)
    rows, _stands_on = sampled(tables, asked.weeks)
    rows = rows_inside(rows, segment or {}, N_("judged annotations"))
    found = cells(rows, ["reference_label", "label"], True, cluster=cluster(asked))
    pairs, whole = found.by("reference_label", "label"), found.by("reference_label", "_cluster")
    pair, row, outcome = _against_all(found, pairs, whole)
    shares = survey.clustered_rate(
        pair, whole["weight"][row], np.minimum(outcome, whole["weight"][row]), whole["n"][row],
        confidence=confidence, weight_squared=whole["weight_squared"][row], groups=len(pairs),
    )  # fmt: skip
    frame, labels = pairs.instead(n=pairs["n"], weight=pairs["weight"] / len(asked.weeks)).frame(), tables.fetched("labels")
    frame = frame.assign(share=shares.estimate, ci_low=shares.ci_low, ci_high=shares.ci_high, n_reference=shares.n)
    return _withheld(_ranked(frame, labels, _known(costs or {}, labels["label"])), tables)


def _against_all(found: Summed, pairs: Summed, whole: Summed) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every pair against all clusters of its reference label, those without this confusion too: which pair, which row of
    `whole`, and the pair's weight there."""
    truth, of = pairs.numbered("reference_label"), whole.numbered("reference_label")
    each = np.bincount(of, minlength=truth.max(initial=-1) + 1)[truth]
    pair = np.repeat(np.arange(len(pairs)), each)
    row = np.arange(len(pair)) + np.repeat(np.searchsorted(of, truth) - np.cumsum(each) + each, each)
    labels = len(found.coded("label")[1]) + 1
    _seen, place = np.unique(found.numbered("reference_label") * labels + found.numbered("label"), return_inverse=True)
    weight = np.zeros((len(pairs), found.numbered("_cluster").max(initial=0) + 1))
    weight[place, found.numbered("_cluster")] = found["outcome"]
    return pair, row, weight[pair, whole.numbered("_cluster")[row]]


def _known(costs: Mapping[str, Mapping[str, float]], labels: pd.Series) -> dict[tuple[str, str], float]:
    """Cost by pair of labels; every label is one of the label set."""
    by_pair = {(truth, given): cost for truth, row in costs.items() for given, cost in row.items()}
    unknown = sorted({label for pair in by_pair for label in pair} - set(labels))
    if unknown:
        known = ", ".join(sorted(labels))
        raise UsageError([f"costs: {label!r} is not in the label set; it has {known}" for label in unknown])
    return by_pair


def _ranked(pairs: pd.DataFrame, labels: pd.DataFrame, costs: Mapping[tuple[str, str], float]) -> pd.DataFrame:
    place = pd.Index(labels["label"])
    truth, given = place.get_indexer(pairs["reference_label"]), place.get_indexer(pairs["label"])
    violating, serious, order = labels["violating"].to_numpy(dtype=bool), labels["critical"].to_numpy(dtype=bool), labels["order"].to_numpy()
    wrong, flips, weight = truth != given, violating[truth] != violating[given], pairs["weight"].to_numpy()
    usual = np.where(flips, FLIP_COST, 1)
    seen = zip(pairs["reference_label"], pairs["label"], usual, strict=True)
    each = np.array([costs.get((one, other), otherwise) for one, other, otherwise in seen], dtype=float)
    cost, rank = np.where(wrong, weight * each, 0.0), np.empty(len(pairs), dtype="int64")
    rank[np.argsort(-cost, kind="stable")] = np.arange(1, len(pairs) + 1)
    ranked = {
        **{name: pairs[name].array for name in ("reference_label", "label", "n", "n_reference", "share", "ci_low", "ci_high")},
        "violating": violating[truth], "flips": flips, "critical": (serious[truth] | serious[given]) & wrong,
        "errors": np.where(wrong, weight, 0.0), "cost": cost, "rank": np.where(wrong, rank, 0),
    }  # fmt: skip
    place = np.lexsort((order[given], order[truth]))
    return pd.DataFrame({name: values[place] for name, values in ranked.items()})


def _withheld(pairs: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """With nothing told of pairs seen too rarely, and of those that a label's total would give them away by."""
    labels = [pairs["reference_label"], pairs["label"]]
    small, beside = withheld(pairs["n"].to_numpy(), labels, tables.snapshot.smallest_cell)
    if not (small | beside).any():
        return pairs
    nothing = dict.fromkeys(["n", "n_reference", "rank"], 0) | dict.fromkeys(["share", "ci_low", "ci_high"], np.nan)
    shown = pairs.copy()
    for name, value in (nothing | {"errors": 0.0, "cost": 0.0}).items():
        shown.loc[small | beside, name] = value
    return shown


def by_hour(
    tables: Tables, metric: str = "error_rate", weeks: Sequence[str] | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """At which local hours do errors happen, and how much is labelled then?

    Parameters
    ----------
    metric : str
        A share of the quality family.
    tables, weeks, confidence
        As in `measure`; several weeks are pooled.

    Returns
    -------
    DataFrame
        A metric frame by ``local_hour`` (int, 0 to 23) with ``volume``, the annotations made in that hour. Hours with
        annotations of which none was judged are undefined, with the reason.
    """
    if metric not in SHARES:
        raise UsageError(f"{metric!r} cannot be measured by hour; these can: {', '.join(SHARES)}")
    asked = ask(tables, REGISTRY[metric], (), weeks, confidence)
    if not any(map(tables.delivered, ("audits", "gold"))):
        return undefined(asked, N_("needs audits or gold; neither was delivered")).assign(local_hour=0, volume=0)
    hourly = Asked(metric, ("local_hour",), False, asked.weeks, confidence)
    rows, stands_on = sampled(tables, asked.weeks)
    share = SHARES[metric]
    judged = cells(rows, ["local_hour"], share.hit, share.counted, cluster=cluster(hourly)).frame()
    made = annotated(tables).filter(_[WEEK].isin(asked.weeks)).group_by("local_hour").aggregate(volume=_.count())
    made = fetch(made)
    # hours in which nothing was judged are there with n 0
    silent = made[["local_hour"]].assign(weight=0.0, weight_squared=0.0, outcome=0.0, n=0)
    frame = rate_frame(pd.concat([judged, silent]), hourly, share.of, note(hourly, stands_on))
    if made.empty:
        return frame.assign(local_hour=0, volume=0)
    frame["local_hour"] = frame["local_hour"].astype("int64")
    frame = frame.merge(made, on="local_hour", how="left").sort_values("local_hour", ignore_index=True)
    return withhold(frame, tables, ["volume"])


def tenure(tables: Tables, weeks: Sequence[str] | None = None, confidence: float = 0.95) -> pd.DataFrame:
    """How accurate are agents in their first weeks?

    Returns
    -------
    DataFrame
        A metric frame of accuracy by ``tenure``, the whole weeks between an agent's start and the annotation, in
        bands. Annotations of agents whose start is unknown, or still to come, are left out.
    """
    asked = ask(tables, REGISTRY["accuracy"], (), weeks, confidence)
    banded = Asked("accuracy", ("tenure",), False, asked.weeks, confidence)
    for need in ("people", "annotations.agent_id"):
        if not tables.delivered(need):
            return undefined(banded, say("needs {table}; not delivered", table=need))
    rows, stands_on = sampled(tables, asked.weeks)
    rows = rows.filter(_.agent_id.notnull())
    used = cells(rows, ["agent_id"], _.correct, cluster=("local_date",)).frame()
    started = tables.fetched("people")[["person_id", "started_on"]]
    used = used.merge(started.rename(columns={"person_id": "agent_id"}), on="agent_id")
    since = (pd.to_datetime(used["_cluster"]) - pd.to_datetime(used["started_on"])).dt.days // 7
    used["tenure"] = pd.cut(since, [*TENURES.values(), np.inf], right=False, labels=list(TENURES)).astype("str")
    used = used[since >= 0].groupby(["tenure", "agent_id"], as_index=False)
    used = used[["weight", "weight_squared", "outcome", "n"]].sum()
    frame = rate_frame(used, banded, N_("judged annotations of agents with a known start"), note(banded, stands_on))
    return withhold(frame.sort_values("tenure", key=lambda bands: bands.map(TENURES), ignore_index=True), tables)
