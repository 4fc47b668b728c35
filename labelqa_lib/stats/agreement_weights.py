"""How much do two different labels agree? Weight matrices: 1 for the same label, 0 for the furthest apart."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from labelqa_lib.errors import UsageError

Array = NDArray[np.float64]

WEIGHTS = ("identity", "linear", "quadratic", "ordinal", "ratio")
LEVELS = ("nominal", "ordinal", "interval", "ratio")


def weight_matrix(name: str, labels: Sequence, ordered: bool) -> Array:
    """Partial credit for neighbouring labels, as weighted kappa and AC2 take it.

    Parameters
    ----------
    name : {"identity", "linear", "quadratic", "ordinal", "ratio"}
    labels : sequence
        In their order. Numbers are taken at their value, texts at their place.
    ordered : bool
        Whether the order was given by the caller: the alphabet is not a scale.

    Returns
    -------
    array of float, shape (labels, labels)

    Notes
    -----
    1 − d/max d, with d: identity 1, linear \\|a − b\\|, quadratic (a − b)², ordinal the number of pairs of labels
    from a to b, ratio ((a − b)/(a + b))². Source: Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., ch. 3.
    """
    if name not in WEIGHTS:
        raise UsageError(f"there are no weights {name!r}; there are {', '.join(WEIGHTS)}")
    if name == "identity":
        return np.eye(len(labels))
    values = _values(labels, f"weights {name!r}", ordered, numbers_only=name == "ratio")
    if name == "ordinal":
        steps = np.abs(np.subtract.outer(np.arange(len(labels)), np.arange(len(labels))))
        return _credit(steps * (steps + 1) / 2)
    if name == "linear":
        return _credit(np.abs(np.subtract.outer(values, values)))
    return _credit(_squared(values, name))


def level_matrix(level: str, labels: Sequence, ordered: bool, counts: Array) -> Array:
    """The same for the difference functions of Krippendorff's alpha.

    Parameters
    ----------
    level : {"nominal", "ordinal", "interval", "ratio"}
    labels, ordered
        As in `weight_matrix`.
    counts : array of float, shape (labels,)
        How often each label occurs on items with two annotations or more: the ordinal distance counts them.

    Notes
    -----
    δ²: nominal 1; ordinal (Σ_{g=a..b} n_g − (n_a + n_b)/2)²; interval (a − b)²; ratio ((a − b)/(a + b))². Alpha does
    not depend on their scale. Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section E.
    """
    if level not in LEVELS:
        raise UsageError(f"there is no level {level!r}; there are {', '.join(LEVELS)}")
    if level == "nominal":
        return np.eye(len(labels))
    values = _values(labels, f"level {level!r}", ordered, numbers_only=level != "ordinal")
    if level == "ordinal":
        middle = np.cumsum(counts) - np.asarray(counts) / 2
        return _credit(np.subtract.outer(middle, middle) ** 2)
    return _credit(_squared(values, level))


def _squared(values: Array, name: str) -> Array:
    difference = np.subtract.outer(values, values)
    if name != "ratio":
        return difference**2
    total = np.add.outer(values, values)
    return np.divide(difference, total, out=np.zeros_like(difference), where=total != 0) ** 2


def _credit(distance: Array) -> Array:
    """1 for no distance, 0 for the largest there is."""
    return 1 - distance / max(distance.max(initial=0.0), np.finfo(float).tiny)


def _values(labels: Sequence, what: str, ordered: bool, numbers_only: bool) -> Array:
    if all(isinstance(label, Real) for label in labels):
        values = np.array(labels, dtype=float)
        if not np.isfinite(values).all():
            raise UsageError(f"{what} needs labels that are finite numbers; {values[~np.isfinite(values)][0]:g} is none")
        if numbers_only and what.endswith("'ratio'") and (values < 0).any():
            raise UsageError(f"{what} needs labels of 0 or more; {values.min():g} is none")
        return values
    if numbers_only:
        raise UsageError(f"{what} needs labels that are numbers; {str(next(iter(labels)))!r} is none")
    if not ordered:
        raise UsageError(f"{what} needs the labels' order; give it, lowest first: labels=[…]")
    return np.arange(1, len(labels) + 1, dtype=float)
