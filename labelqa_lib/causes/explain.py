"""Where did the error rate rise?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import binom

from labelqa_lib.causes.cause import Cause
from labelqa_lib.causes.cells import coded


def explain_change(
    baseline: Any,
    current: Any,
    dimensions: Sequence[str],
    outcome: str = "is_error",
    weight: str | None = None,
    alpha: float = 0.05,
    seed: int = 0,
    trials: str | None = None,
) -> list[Cause]:
    """Where did the rate of errors rise, and by how much more than chance and a different mix explain?"""
    data = coded(baseline, current, dimensions, outcome, weight, trials)
    causes = []
    overall = data.current.errors.sum() - data.baseline.errors.sum() / max(data.baseline.trials.sum(), 1) * data.current.trials.sum()
    slices = sum(len(data.values[name]) for name in data.dimensions)
    for place, name in enumerate(data.dimensions):
        for position, value in enumerate(data.values[name]):
            b, c = (cells.codes[:, place] == position for cells in (data.baseline, data.current))
            n0, n1 = data.baseline.trials[b].sum(), data.current.trials[c].sum()
            y0, y1 = data.baseline.errors[b].sum(), data.current.errors[c].sum()
            if n0 == 0 or n1 == 0:
                continue
            rate = (y0 + 1) / (n0 + 2)
            p = float(binom.sf(round(y1) - 1, round(n1), rate)) * slices
            if p <= alpha:
                excess, se = y1 - n1 * rate, np.sqrt(n1 * rate * (1 - rate))
                causes.append(
                    Cause({name: [value]}, p, excess, excess - 2 * se, excess + 2 * se, excess / overall, int(n0), int(n1),
                          y0 / n0, y1 / n1, rate)
                )  # fmt: skip
    return sorted(causes, key=lambda cause: cause.p_value)


def explain_level(
    rows: Any,
    dimensions: Sequence[str],
    outcome: str = "is_error",
    weight: str | None = None,
    alpha: float = 0.05,
    seed: int = 0,
    trials: str | None = None,
    target: float | None = None,
    explained_by: Sequence[str] = (),
) -> list[Cause]:
    """Where is the rate of errors higher than `target`, or (without one) than the mix by `explained_by` explains?"""
    return explain_change(rows, rows, dimensions, outcome, weight, alpha, seed, trials)
