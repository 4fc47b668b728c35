"""Where did the error rate rise, and where is it too high?"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from labelqa_lib.causes.cause import Cause, Segment
from labelqa_lib.causes.cells import AGENT, Array, Cells, Coded, coded
from labelqa_lib.errors import UsageError
from labelqa_lib.stats.expected import expected
from labelqa_lib.stats.scan import Counts, Found, Model, find_rises
from labelqa_lib.stats.scan_model import Where

NEARLY_THE_SAME = 0.99  # of the rows that either of two descriptions holds, both do


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
    """Where did the rate of errors rise, and by how much more than chance and a different mix explain?

    Parameters
    ----------
    baseline, current : pandas DataFrame or Ibis table
        A row per audited annotation. With a column `agent_id` agents are searched too, and their skill is expected of
        them; without one, rows count as independent.
    dimensions : sequence of str
        Columns to search: single values, sets of values, and combinations of up to three (two from 15 dimensions,
        none from 29). Agents are searched by themselves, alone and in sets.
    outcome : str
        0/1 or false/true, 1 for an error. Rows without it were not audited.
    weight : str or None
        How many annotations a row stands for; any scale.
    alpha : float
        Chance of any cause at all where no rate changed, in (0, 1).
    seed : int
        Of the simulated periods.
    trials : str or None
        For tables that are counted already: the column with the judgements of a row, of which `outcome` were errors.

    Returns
    -------
    list of Cause
        The most certain first, each beside the others; empty where no rate changed. Only rises are causes.

    Raises
    ------
    UsageError
        When a column is missing or holds what it cannot mean, or alpha is not in (0, 1).

    Notes
    -----
    `labelqa_lib.stats.scan` says how the search is made and whence.
    """
    _check(alpha)
    data = coded(baseline, current, dimensions, outcome, weight, trials)
    names, levels, agents = _searched(data)
    then, now = (_counts(cells, data, names) for cells in (data.baseline, data.current))
    if not len(then.trials) or not len(now.trials) or not now.events.sum() or _share(then) >= 1:
        return []  # nothing to explain
    found = find_rises(Model(then, now, levels, agents), alpha, seed)
    change = now.weight @ now.events - _share(then) * (now.weight @ now.trials)
    return [_cause(one, data, names, then, now, change) for one in found]


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
    """Where is the rate of errors higher than a target, or than the market's mix explains?

    Parameters
    ----------
    rows, dimensions, outcome, weight, alpha, seed, trials
        As for `explain_change`, for one period.
    target : float or None
        Highest error rate that is accepted, in (0, 1). None: what the whole shows is expected everywhere.
    explained_by : sequence of str
        Without a target: columns whose differences are nobody's fault (queues differ in difficulty). A segment then
        stands out beyond what its mix of these values explains.

    Returns
    -------
    list of Cause
        As of `explain_change`; `n_baseline` is 0, `rate_baseline` NaN, and `share_of_change` the excess as a part of
        all errors.

    Raises
    ------
    UsageError
        As for `explain_change`, and when the target is not in (0, 1).
    """
    _check(alpha)
    if target is not None and not 0 < target < 1:
        raise UsageError(f"target is {target}; give an error rate between 0 and 1, such as 0.05")
    wanted = list(dict.fromkeys([*dimensions, *explained_by]))
    data = coded(rows, rows, wanted, outcome, weight, trials)
    names, levels, agents = _searched(data, [*dict.fromkeys(dimensions)])
    now = _counts(data.current, data, names)
    if not _both_kinds(now):
        return []
    if target is not None:
        chance = np.full(len(now.trials), target)
    else:
        chance = _explained(data, now, [data.dimensions.index(name) for name in explained_by])
    found = find_rises(Model(now, now, levels, agents, chance), alpha, seed)
    return [_cause(one, data, names, None, now, now.weight @ now.events) for one in found]


def _check(alpha: float) -> None:
    if not isinstance(alpha, Real) or not 0 < alpha < 1:
        raise UsageError(f"alpha is {alpha!r}; give a chance between 0 and 1, such as 0.05")


def _searched(data: Coded, dimensions: Sequence[str] | None = None) -> tuple[list[str], list[int], int | None]:
    """Dimensions of the search, their numbers of values, and which of them names agents."""
    names = list(data.dimensions if dimensions is None else dimensions)
    if data.has_agents and AGENT not in names:
        names.append(AGENT)
    return names, [len(data.values[name]) for name in names], names.index(AGENT) if AGENT in names else None


def _counts(cells: Cells, data: Coded, names: Sequence[str]) -> Counts:
    columns = [
        cells.codes[:, data.dimensions.index(name)] if name in data.dimensions else cells.agent for name in names
    ]
    return Counts(np.column_stack(columns), cells.trials, cells.errors, cells.weight)


def _share(counts: Counts) -> float:
    return float(counts.weight @ counts.events / (counts.weight @ counts.trials))


def _both_kinds(counts: Counts) -> bool:
    return bool(0 < counts.events.sum() < counts.trials.sum())


def _explained(data: Coded, now: Counts, places: list[int]) -> Array:
    """Chance of an error by the columns that explain it, scaled to the errors there are."""
    if not places:
        return np.full(len(now.trials), now.weight @ now.events / (now.weight @ now.trials))
    codes = data.current.codes[:, places]
    model = expected(codes, [len(data.values[data.dimensions[place]]) for place in places], now.trials, now.events)
    return 1 / (1 + np.exp(-model.log_odds(codes)))


def _cause(one: Found, data: Coded, names: list[str], then: Counts | None, now: Counts, change: float) -> Cause:
    inside = now.within(one.where)
    volume = now.weight[inside] @ now.trials[inside]
    segment = _segment(one.where, data, names)
    rows, rate = 0, float("nan")
    if then is not None:
        before = then.within(one.where)
        rows = round(float(data.baseline.rows[before].sum()))
        if before.any():
            rate = float(then.weight[before] @ then.events[before] / (then.weight[before] @ then.trials[before]))
    return Cause(
        segment=segment,
        p_value=one.p_value,
        excess_errors=one.excess,
        ci_low=one.low,
        ci_high=one.high,
        share_of_change=float(one.excess / change) if change > 0 else float("nan"),
        n_baseline=rows,
        n_current=round(float(data.current.rows[inside].sum())),
        rate_baseline=rate,
        rate_current=float(one.events / volume),
        rate_expected=float(one.expected / volume),
        same_as=tuple(_segment(where, data, names) for where in _equivalent(one.where, then, now)),
        alternatives=tuple(_segment(where, data, names) for where in one.alternatives),
        level="agents" if AGENT in segment else "segment" if segment else "everywhere",
    )


def _segment(where: Where, data: Coded, names: list[str]) -> Segment:
    return {names[place]: [data.values[names[place]][value] for value in values] for place, values in where.items()}


def _equivalent(where: Where, then: Counts | None, now: Counts) -> list[Where]:
    """The same rows told by other values: each dimension of the segment replaced by another, or left out."""
    inside, same = now.within(where), []
    weight = now.weight * now.trials
    for place in where:
        rest = {other: values for other, values in where.items() if other != place}
        about = now.within(rest)
        if rest and _alike(inside, about, weight):
            same.append(rest)
        for other in range(now.codes.shape[1]):
            if other in where:
                continue
            values = tuple(int(value) for value in np.unique(now.codes[inside, other]))
            told = {**rest, other: values}
            if len(values) <= len(where[place]) and _alike(inside, now.within(told), weight):
                if then is None or _alike(then.within(where), then.within(told), then.weight * then.trials):
                    same.append(told)
    return same


def _alike(one: np.ndarray, other: np.ndarray, weight: Array) -> bool:
    return bool(weight[one & other].sum() >= NEARLY_THE_SAME * weight[one | other].sum())
