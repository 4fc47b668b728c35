"""What are items really, and how does each agent err? Expectation–maximisation on codes, all items at once.

One sparse matrix holds how often each item got each answer (an agent's label); both steps are products with it, so
that memory grows with annotations + items x labels + agents x labels².
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

Array = NDArray[np.float64]
_LEAST = 1e-300


@dataclass(frozen=True)
class Fit:
    """Where the iteration stopped.

    Attributes
    ----------
    posterior : array of float, shape (items, labels)
        Probability that an item's true label is this.
    prevalence : array of float, shape (labels,)
    confusion : array of float, shape (agents, labels, labels)
        Chance that an agent gives the second label to an item that is really the first.
    expected : array of float, shape (agents, labels, labels)
        Annotations behind it, shared out by `posterior`.
    behind : array of float, shape (agents, labels, 1)
        How many annotations each row of `confusion` rests on, those of the prior among them.
    log_likelihood : float
        Of the annotations, without the prior.
    iterations : int
    converged : bool
    """

    posterior: Array
    prevalence: Array
    confusion: Array
    expected: Array
    behind: Array
    log_likelihood: float
    iterations: int
    converged: bool


def dawid_skene(
    item: NDArray[np.int64],
    agent: NDArray[np.int64],
    label: NDArray[np.int64],
    shape: tuple[int, int, int],
    known: NDArray[np.int64],
    prior: float | Array,
    one_coin: bool,
    tolerance: float,
    iterations: int,
) -> Fit:
    """Maximise the posterior of agents' confusions and labels' prevalence.

    Parameters
    ----------
    item, agent, label : array of int, shape (annotations,)
    shape : tuple of int
        How many items, agents and labels there are.
    known : array of int, shape (items,)
        Code of the true label where it is known, else −1.
    prior : float or array of float, shape (labels, labels)
        Annotations that each agent is taken to have made before the first one, by true and given label.
    one_coin : bool
        One accuracy an agent, errors spread evenly over the other labels, instead of a whole matrix.
    tolerance : float
        Stop when an iteration raises the log posterior by less than this per annotation.
    iterations : int
        Stop after so many at the latest.
    """
    items, agents, labels = shape
    answers = sparse.csr_array(
        sparse.coo_array((np.ones(len(item)), (item, agent * labels + label)), shape=(items, agents * labels))
    )
    transposed = sparse.csr_array(answers.T)
    before = np.broadcast_to(np.asarray(prior, dtype=float), (labels, labels))
    posterior = _shares(item, label, items, labels)
    _fix(posterior, known)
    last, converged, done = -np.inf, False, 0
    while not converged and done < iterations:
        done += 1
        expected = (transposed @ posterior).reshape(agents, labels, labels).transpose(0, 2, 1)
        prevalence = _normalised(posterior.sum(axis=0) + before.mean())
        confusion = _coins(expected + before) if one_coin else _normalised(expected + before)
        logs = np.log(np.maximum(confusion, _LEAST))
        joint = answers @ logs.transpose(0, 2, 1).reshape(agents * labels, labels)
        joint += np.log(np.maximum(prevalence, _LEAST))
        reached = _log_likelihood(joint, known)
        posterior = special.softmax(joint, axis=1)
        _fix(posterior, known)
        objective = reached + (before * logs).sum()
        converged = objective - last < tolerance * len(item)
        last = objective
    expected = (transposed @ posterior).reshape(agents, labels, labels).transpose(0, 2, 1)
    counted = expected + before
    behind = np.broadcast_to(counted.sum(axis=(1, 2) if one_coin else 2).reshape(agents, -1, 1), (agents, labels, 1))
    return Fit(posterior, prevalence, confusion, expected, behind, reached, done, bool(converged))


def _shares(item, label, items: int, labels: int) -> Array:
    """Each item's own shares of labels: where the iteration starts, as Dawid and Skene did."""
    return _normalised(
        np.bincount(item * labels + label, minlength=items * labels).reshape(items, labels).astype(float)
    )


def _fix(posterior: Array, known: NDArray[np.int64]) -> None:
    there = known >= 0
    posterior[there] = np.eye(posterior.shape[1])[known[there]]


def _log_likelihood(joint: Array, known: NDArray[np.int64]) -> float:
    there = known >= 0
    return float(special.logsumexp(joint[~there], axis=1).sum() + joint[there, known[there]].sum())


def _normalised(counts: Array) -> Array:
    """Shares along the last axis; all alike where nothing was counted."""
    total = counts.sum(axis=-1, keepdims=True)
    return np.divide(counts, total, out=np.full(counts.shape, 1 / counts.shape[-1]), where=total > 0)


def _coins(counts: Array) -> Array:
    """Confusion of one accuracy an agent, the same for every true label."""
    agents, labels, _ = counts.shape
    right = np.trace(counts, axis1=1, axis2=2)
    total = counts.sum(axis=(1, 2))
    accuracy = np.divide(right, total, out=np.full(agents, 1 / labels), where=total > 0)[:, None, None]
    same = np.eye(labels, dtype=bool)
    return np.where(same, accuracy, (1 - accuracy) / max(labels - 1, 1))
