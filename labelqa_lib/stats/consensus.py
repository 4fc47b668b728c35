"""What is an item really when its annotations differ, and whom can one believe? Consensus of a long table.

Each takes one row per annotation with the columns ``item_id, agent_id, label``. Gold is used when it is given and
never needed. `consensus_em` holds the iteration on arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from labelqa_lib.errors import UsageError
from labelqa_lib.stats import consensus_em
from labelqa_lib.stats.answers import ITEM, LABEL, Answers, read_answers
from labelqa_lib.stats.intervals import wilson

TIES = ("first", "last", "random", "none")
GOLD_LABEL = "gold_label"
_NOTHING = 1e-9  # fewer expected annotations than this are none


def majority_vote(
    annotations: pd.DataFrame, ties: str = "first", labels: Sequence | None = None, seed: int = 0
) -> pd.DataFrame:
    """The label that most annotations of an item give.

    Parameters
    ----------
    annotations : DataFrame
        One row per annotation: ``item_id, label``.
    ties : {"first", "last", "random", "none"}
        Which of several labels with equally many votes is taken: the first or the last of the label set, one drawn
        at random with `seed`, or none (NaN).
    labels : sequence, optional
        The label set in its order; the labels seen, sorted, by default.

    Returns
    -------
    DataFrame
        One row per item, in order of appearance: ``item_id, label, probability`` (its share of the votes), ``entropy``
        (of the votes, in bits), ``tied, n_annotations``.

    Raises
    ------
    UsageError
        When there is no such tie rule, or the table does not fit.
    """
    if ties not in TIES:
        raise UsageError(f"there is no tie rule {ties!r}; there are {', '.join(TIES)}")
    answers = read_answers(annotations, labels)
    if not len(answers.items):
        return pd.DataFrame(columns=[ITEM, LABEL, "probability", "entropy", "tied", "n_annotations"])
    votes = _votes(answers)
    best = votes == votes.max(axis=1, keepdims=True)
    tied = best.sum(axis=1) > 1
    preference = np.arange(len(answers.labels), dtype=float)[None, :] * (1 if ties == "last" else -1)
    if ties == "random":
        preference = np.random.default_rng(seed).random(votes.shape)
    chosen = np.where(best, preference, -np.inf).argmax(axis=1)
    frame = _labels_frame(answers, votes / votes.sum(axis=1, keepdims=True), chosen)
    frame.insert(4, "tied", tied)
    if ties == "none":
        frame["label"] = frame["label"].where(~tied)
    return frame


@dataclass(frozen=True)
class Consensus:
    """What items are likely to be, and how agents err.

    Attributes
    ----------
    labels : DataFrame
        One row per item, in order of appearance: ``item_id, label`` (the likeliest), ``probability, entropy`` (in
        bits), ``n_annotations``.
    probabilities : DataFrame
        One row per item, one column per label, in the order of the label set.
    confusion : DataFrame
        One row per agent, true label and given label: ``agent_id, true_label, label, probability, ci_low, ci_high, n``;
        `n` is the expected number of the agent's annotations on items of that true label.
    agents : DataFrame
        One row per agent: ``agent_id, accuracy, ci_low, ci_high, n``, the expected share of right annotations.
    prevalence : Series
        Share of each true label among items.
    log_likelihood : float
    iterations : int
    converged : bool
        False where the iteration was cut off; take its figures with care.
    """

    labels: pd.DataFrame
    probabilities: pd.DataFrame
    confusion: pd.DataFrame
    agents: pd.DataFrame
    prevalence: pd.Series
    log_likelihood: float
    iterations: int
    converged: bool


def dawid_skene(
    annotations: pd.DataFrame,
    gold: Mapping | pd.Series | pd.DataFrame | None = None,
    *,
    labels: Sequence | None = None,
    prior: ArrayLike = 1e-4,
    tolerance: float = 1e-7,
    iterations: int = 1000,
    confidence: float = 0.95,
) -> Consensus:
    """The likeliest true labels when every agent errs in their own way (a confusion matrix each).

    Parameters
    ----------
    annotations : DataFrame
        One row per annotation: ``item_id, agent_id, label``. Repeated annotations count as often as they occur.
    gold : mapping, Series or DataFrame, optional
        True label by item, or the columns ``item_id`` and ``gold_label`` (or ``label``). Such items are taken as known; others are not touched.
        Gold of items without annotations is ignored.
    labels : sequence, optional
        The label set in its order; the labels seen, sorted, by default.
    prior : float or array of float, shape (labels, labels)
        Annotations that each agent is taken to have made before, by true and given label. The default is next to
        none: it only keeps a label that an agent never gave from being ruled out. 0 is plain maximum likelihood, 1
        suits agents with few annotations, a heavy diagonal says that agents are known to be good.
    tolerance : float
        The iteration stops when it raises the log posterior by less than this per annotation,
    iterations : int
        or after so many steps (then `converged` is False).
    confidence : float
        Of the intervals, in (0, 1).

    Returns
    -------
    Consensus

    Raises
    ------
    UsageError
        When the table, the label set, gold or an option does not fit.

    Notes
    -----
    Starts from each item's own shares of labels. Intervals are Wilson's on expected counts, the prior's among them;
    they leave out that the true labels are themselves estimated. Agents are taken to err independently of each other;
    where they were misled together, probabilities are too near 1.
    Source: Dawid & Skene (1979), Appl. Statist. 28:20.
    """
    return _consensus(annotations, gold, labels, prior, False, tolerance, iterations, confidence)


def one_coin(
    annotations: pd.DataFrame,
    gold: Mapping | pd.Series | pd.DataFrame | None = None,
    *,
    labels: Sequence | None = None,
    prior: ArrayLike = 1e-4,
    tolerance: float = 1e-7,
    iterations: int = 1000,
    confidence: float = 0.95,
) -> Consensus:
    """The same with one accuracy an agent and errors spread evenly: for agents with few annotations.

    Parameters, Returns, Raises
        As `dawid_skene`.

    Source: Zhang, Chen, Zhou & Jordan (2016), JMLR 17:1, section 2 (the one-coin model).
    """
    return _consensus(annotations, gold, labels, prior, True, tolerance, iterations, confidence)


def _consensus(annotations, gold, labels, prior, one_coin, tolerance, iterations, confidence) -> Consensus:
    truth = _gold(gold)
    answers = read_answers(annotations, labels, needs_agents=True)
    try:
        unseen = set(truth) - set(answers.labels)
        if labels is None and unseen:
            answers = read_answers(annotations, sorted(unseen.union(answers.labels)), needs_agents=True)
    except TypeError:
        raise UsageError("gold labels are of another kind than those of the annotations; write both alike") from None
    items, agents, count = len(answers.items), len(answers.agents), len(answers.labels)
    if iterations < 1:
        raise UsageError(f"iterations is {iterations}; at least 1 is needed")
    if np.shape(prior) not in ((), (count, count)) or np.min(prior) < 0:
        raise UsageError(f"the prior must be one count of 0 or more, or one for each of {count} x {count} labels")
    if not items:
        raise UsageError("there are no annotations to find a consensus of")
    known = _known(answers, truth)
    fit = consensus_em.dawid_skene(
        answers.item,
        answers.agent,
        answers.label,
        (items, agents, count),
        known,
        prior,
        one_coin,
        tolerance,
        iterations,
    )
    return Consensus(
        labels=_labels_frame(answers, fit.posterior, fit.posterior.argmax(axis=1)),
        probabilities=pd.DataFrame(fit.posterior, index=answers.items.rename(ITEM), columns=answers.labels),
        confusion=_confusion_frame(answers, fit, confidence),
        agents=_agents_frame(answers, fit.posterior, confidence),
        prevalence=pd.Series(fit.prevalence, index=pd.Index(answers.labels, name=LABEL), name="prevalence"),
        log_likelihood=fit.log_likelihood,
        iterations=fit.iterations,
        converged=fit.converged,
    )


def entropy(probabilities: ArrayLike) -> NDArray[np.float64]:
    """How undecided is each item, in bits? 0 where one label is sure, 1 where two are as likely.

    Parameters
    ----------
    probabilities : array of float, shape (..., labels)
    """
    shares = np.asarray(probabilities, dtype=float)
    bits = np.zeros(shares.shape)
    np.log2(shares, out=bits, where=shares > 0)
    return np.maximum(-(shares * bits).sum(axis=-1), 0.0)


def _votes(answers: Answers) -> NDArray[np.float64]:
    items, labels = len(answers.items), len(answers.labels)
    cell = answers.item * labels + answers.label
    return np.bincount(cell, minlength=items * labels).reshape(items, labels).astype(float)


def _labels_frame(answers: Answers, probabilities: NDArray, chosen: NDArray) -> pd.DataFrame:
    items = len(answers.items)
    columns = {
        ITEM: answers.items,
        LABEL: pd.Index(answers.labels).take(chosen),
        "probability": probabilities[np.arange(items), chosen],
        "entropy": entropy(probabilities),
        "n_annotations": np.bincount(answers.item, minlength=items),
    }
    return pd.DataFrame(columns)


def _confusion_frame(answers: Answers, fit: consensus_em.Fit, confidence: float) -> pd.DataFrame:
    agents, labels, _ = fit.expected.shape
    behind = np.where(fit.behind < _NOTHING, 0.0, fit.behind)
    low, high = wilson(np.minimum(fit.confusion * behind, behind), behind, confidence)
    total = np.broadcast_to(fit.expected.sum(axis=2, keepdims=True), fit.expected.shape)
    names = pd.Index(answers.labels)
    columns = {
        "agent_id": answers.agents.repeat(labels * labels),
        "true_label": names.take(np.tile(np.repeat(np.arange(labels), labels), agents)),
        LABEL: names.take(np.tile(np.arange(labels), agents * labels)),
        "probability": fit.confusion.ravel(),
        "ci_low": low.ravel(),
        "ci_high": high.ravel(),
        "n": total.ravel(),
    }
    return pd.DataFrame(columns)


def _agents_frame(answers: Answers, posterior: NDArray, confidence: float) -> pd.DataFrame:
    n = np.bincount(answers.agent, minlength=len(answers.agents))
    right = np.bincount(answers.agent, posterior[answers.item, answers.label], len(answers.agents))
    low, high = wilson(np.minimum(right, n), n, confidence)
    return pd.DataFrame({"agent_id": answers.agents, "accuracy": right / n, "ci_low": low, "ci_high": high, "n": n})


def _gold(gold) -> pd.Series:
    if gold is None:
        return pd.Series(dtype=object)
    if isinstance(gold, pd.DataFrame):
        label = GOLD_LABEL if GOLD_LABEL in gold.columns else LABEL
        missing = [name for name in (ITEM, label) if name not in gold.columns]
        if missing:
            raise UsageError(f"gold has no column {', '.join(missing)}; give {ITEM} and {GOLD_LABEL}, or a label by item")
        gold = gold.set_index(ITEM)[label]
    if not isinstance(gold, (Mapping, pd.Series)):
        raise UsageError(f"gold is a {type(gold).__name__}; give a label by item, or a table of {ITEM} and {GOLD_LABEL}")
    truth = pd.Series(gold).dropna()
    if truth.index.has_duplicates:
        twice = truth.index[truth.index.duplicated()][0]
        raise UsageError(f"gold names item {twice} twice; keep the label that holds")
    return truth


def _known(answers: Answers, truth: pd.Series) -> NDArray[np.int64]:
    known = np.full(len(answers.items), -1, dtype=np.int64)
    codes = {label: code for code, label in enumerate(answers.labels)}
    strange = sorted({str(label) for label in truth if label not in codes})
    if strange:
        raise UsageError(f"gold: {', '.join(strange)}: not in the label set, which is {', '.join(map(str, codes))}")
    place = answers.items.get_indexer(truth.index)
    there = place >= 0
    known[place[there]] = [codes[label] for label in truth[there]]
    return known
