"""Do people who label the same items give the same labels, beyond chance? Coefficients of a long table of annotations.

Each takes one row per annotation with the columns ``item_id, agent_id, label``, with any number of agents and
annotations an item; what is missing is simply not there. Every row counts: two rows of one agent on one item are a
pair like any other, so leave one out where self-agreement is not what is asked. `agreement_coefficients` holds the
numbers on arrays, `agreement_weights` what two different labels have in common, `agreement_intervals` how sure it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labelqa_lib.errors import UsageError
from labelqa_lib.stats import agreement_coefficients as coefficients
from labelqa_lib.stats import agreement_intervals as intervals
from labelqa_lib.stats.agreement_weights import level_matrix, weight_matrix
from labelqa_lib.stats.answers import Answers, read_answers
from labelqa_lib.translation import N_


@dataclass(frozen=True)
class Agreement:
    """A coefficient with its interval.

    Attributes
    ----------
    coefficient : str
        Its name.
    estimate, ci_low, ci_high : float
        1 is perfect, 0 is chance; below 0 is worse than chance. NaN where undefined.
    std_error : float
        Of the estimate; 0 where everybody agrees.
    observed, chance : float
        Agreement seen, and agreement expected by chance; the estimate is (observed − chance) / (1 − chance).
    n_items : int
        Items with two annotations or more: the ones that tell about agreement.
    n_annotations : int
        Annotations that entered, those of items with one annotation among them where they tell about chance.
    method : str
        How the interval was made.
    reason : str
        Why the estimate, or its interval alone, is NaN; empty otherwise.
    """

    coefficient: str
    estimate: float
    ci_low: float
    ci_high: float
    std_error: float
    observed: float
    chance: float
    n_items: int
    n_annotations: int
    method: str
    reason: str = ""


def krippendorff_alpha(
    annotations: pd.DataFrame, level: str = "nominal", labels: Sequence | None = None, **interval
) -> Agreement:
    """Krippendorff's alpha: for publication, any number of agents, any data missing.

    Parameters
    ----------
    annotations : DataFrame
        One row per annotation: ``item_id, label``; who gave a label does not matter.
    level : {"nominal", "ordinal", "interval", "ratio"}
        What two different labels have in common. "ordinal" is Krippendorff's own distance, which counts annotations
        between two labels; Gwet's ordinal weights give other figures.
    labels : sequence, optional
        The label set in its order, lowest first; needed for texts that are ordered, unless the column is an ordered
        categorical. Sorted labels by default.
    **interval
        ``confidence`` (0.95), ``cluster`` (a column), ``resamples`` (0), ``seed`` (0), ``singles`` ("gwet"), as in
        `agreement_intervals.bounds`.

    Returns
    -------
    Agreement

    Raises
    ------
    UsageError
        When a column, level or label does not fit; the sentence says which.

    Notes
    -----
    1 − observed disagreement / expected disagreement. Items with one annotation are left out.
    Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability; interval: Gwet (2014), section 6.3, the
    distances taken as given.
    """
    answers = read_answers(annotations, labels)
    ratings = _ratings(answers)
    counts = ratings.counts.T @ (ratings.paired * 1.0)
    weights = level_matrix(level, answers.labels, answers.ordered, counts)
    entered = int(ratings.size[ratings.paired].sum())
    return _agreement(f"Krippendorff's alpha, {level}", annotations, ratings, entered, interval,
                      lambda times: coefficients.krippendorff(ratings, weights, times))  # fmt: skip


def gwet_ac(
    annotations: pd.DataFrame, weights: str = "identity", labels: Sequence | None = None, **interval
) -> Agreement:
    """Gwet's AC1 (AC2 with weights): holds its meaning where one label is rare, as violations are.

    Parameters
    ----------
    annotations, labels, **interval
        As in `krippendorff_alpha`. Chance depends on how many labels there are: give the label set where not all of
        them were used.
    weights : {"identity", "linear", "quadratic", "ordinal", "ratio"}
        Credit for two labels that differ.

    Source: Gwet (2008), Br J Math Stat Psychol 61:29; Gwet (2014), Handbook, 4th ed., ch. 5.
    """
    name = "Gwet's AC1" if weights == "identity" else f"Gwet's AC2, {weights}"
    return _weighted(name, annotations, weights, labels, coefficients.gwet, interval)


def fleiss_kappa(
    annotations: pd.DataFrame, weights: str = "identity", labels: Sequence | None = None, **interval
) -> Agreement:
    """Fleiss' kappa (Scott's pi for two agents): chance is the distribution of labels over all annotations.

    Parameters
    ----------
    annotations, weights, labels, **interval
        As in `gwet_ac`.

    Source: Fleiss (1971), Psychological Bulletin 76:378; with missing annotations Gwet (2014), section 2.4.
    """
    return _weighted(f"Fleiss' kappa{_said(weights)}", annotations, weights, labels, coefficients.fleiss, interval)


def cohen_kappa(
    annotations: pd.DataFrame, weights: str = "identity", labels: Sequence | None = None, **interval
) -> Agreement:
    """Cohen's kappa of two agents, Conger's of more: chance is each agent's own distribution of labels.

    Parameters
    ----------
    annotations, weights, labels, **interval
        As in `gwet_ac`; here the column ``agent_id`` must be there and filled.

    Source: Cohen (1960), Educ Psychol Meas 20:37, weighted (1968), Psychological Bulletin 70:213; Conger (1980),
    Psychological Bulletin 88:322.
    """
    name = f"Cohen's kappa{_said(weights)}"
    return _weighted(name, annotations, weights, labels, coefficients.conger, interval, needs_agents=True)


def brennan_prediger(
    annotations: pd.DataFrame, weights: str = "identity", labels: Sequence | None = None, **interval
) -> Agreement:
    """Brennan and Prediger's coefficient: chance is every label alike. It depends on how many labels there are.

    Parameters
    ----------
    annotations, weights, labels, **interval
        As in `gwet_ac`.

    Source: Brennan & Prediger (1981), Educ Psychol Meas 41:687.
    """
    return _weighted(f"Brennan–Prediger{_said(weights)}", annotations, weights, labels, coefficients.uniform, interval)


def percent_agreement(
    annotations: pd.DataFrame, weights: str = "identity", labels: Sequence | None = None, **interval
) -> Agreement:
    """The share of pairs of annotations that agree, item by item, averaged over items: what is seen, chance included.

    Parameters
    ----------
    annotations, weights, labels, **interval
        As in `gwet_ac`.
    """
    return _weighted(f"Percent agreement{_said(weights)}", annotations, weights, labels, coefficients.none, interval)


def _said(weights: str) -> str:
    return "" if weights == "identity" else f", {weights}"


def _weighted(name, annotations, weights, labels, chance, interval, needs_agents=False) -> Agreement:
    answers = read_answers(annotations, labels, needs_agents)
    ratings = _ratings(answers)
    matrix = weight_matrix(weights, answers.labels, answers.ordered)
    return _agreement(name, annotations, ratings, len(answers.item), interval,
                      lambda times: coefficients.coefficient(ratings, matrix, chance, times))  # fmt: skip


def _ratings(answers: Answers) -> coefficients.Ratings:
    return coefficients.Ratings(answers.item, answers.agent, answers.label, len(answers.items), len(answers.labels))


def _agreement(name, annotations, ratings, entered, interval, estimate) -> Agreement:
    unknown = sorted(set(interval) - {"confidence", "cluster", "resamples", "seed", "singles"})
    if unknown:
        raise UsageError(f"{', '.join(unknown)}: no such option; there are confidence, cluster, resamples, seed, singles")
    found = estimate(None)
    cluster = _clusters(annotations, ratings, interval.pop("cluster", None))
    limits = intervals.bounds(found, ratings.paired, cluster, estimate, **interval)
    return Agreement(
        name, found.value, limits.low, limits.high, limits.std_error, found.observed, found.chance,
        int(ratings.paired.sum()), entered, limits.method, _reason(found, ratings, limits),
    )  # fmt: skip


def _reason(found: coefficients.Coefficient, ratings: coefficients.Ratings, limits: intervals.Bounds) -> str:
    if not np.isnan(found.value):
        return N_("too few items, or clusters of them, for an interval") if np.isnan(limits.low) else ""
    if not ratings.paired.any():
        return N_("no item has two annotations")
    return N_("all annotations have one label: chance alone agrees as much")


def _clusters(annotations: pd.DataFrame, ratings: coefficients.Ratings, column: str | None) -> np.ndarray:
    """The cluster of each item: the item itself, or the value of a column."""
    if column is None:
        return np.arange(ratings.items)
    if column not in annotations.columns:
        raise UsageError(f"annotations have no column {column!r} to cluster by; they have {', '.join(annotations)}")
    code, _ = pd.factorize(annotations.loc[annotations["label"].notna(), column], use_na_sentinel=False)
    cluster = np.zeros(ratings.items, dtype=np.int64)
    cluster[ratings.item] = code
    if (cluster[ratings.item] != code).any():
        raise UsageError(f"an item has several values of {column!r}; cluster by a column that an item has one of")
    return cluster
