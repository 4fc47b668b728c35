"""From aggregated cells to the metric frame: the one shape in which every number leaves this room."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labelqa_lib.metrics.metric import WEEK, Asked
from labelqa_lib.stats import survey
from labelqa_lib.translation import N_, say

NUMBERS = ["estimate", "ci_low", "ci_high", "n", "n_effective", "method", "reason"]
_FLOATS = ["estimate", "ci_low", "ci_high", "n_effective"]
NOT_GIVEN = N_("not given")
"""Value of a dimension where the delivery leaves it empty."""

_DELIVERED_AS = {"policy_area": "items.policy_area", "auditor_id": "audits.auditor_id"}


def rate_frame(cells: pd.DataFrame, asked: Asked, of: str, note: str | Mapping[str, str]) -> pd.DataFrame:
    """Shares with Wilson intervals from cells of sums.

    Parameters
    ----------
    cells : DataFrame
        One row per dimensions x week (when asked for) x cluster: ``weight`` = Σw, ``weight_squared`` = Σw²,
        ``outcome`` = Σwy, ``n`` = rows, all over the rows that count in the denominator. A cell without such rows
        still tells that its segment exists.
    of : str
        What the denominator counts, for the reason of an undefined rate.
    note : str, or str by period
        Ends the method: what was sampled, what the clusters are.
    """
    grid, code = groups_of(cells, asked)
    counted = (cells["n"] > 0).to_numpy()
    used = cells[counted]
    rates = survey.clustered_rate(
        code[counted],
        used["weight"],
        np.minimum(used["outcome"], used["weight"]),
        used["n"],
        confidence=asked.confidence,
        weight_squared=used["weight_squared"],
        groups=len(grid),
    )
    return finish(grid, rates, cells, asked, of, note)


def mean_frame(cells: pd.DataFrame, asked: Asked, of: str, note: str) -> pd.DataFrame:
    """Ratios of sums with t intervals from cells of ``total`` (numerator), ``size`` (denominator) and ``n`` rows."""
    grid, code = groups_of(cells, asked)
    means = survey.clustered_mean(
        code, cells["total"], cells["size"], cells["n"], confidence=asked.confidence, groups=len(grid)
    )
    return finish(grid, means, cells, asked, of, note)


def exact_frame(values: pd.DataFrame, asked: Asked, of: str, method: str) -> pd.DataFrame:
    """Rows that are computed already, one per dimensions x week: ``estimate, ci_low, ci_high, n``."""
    grid, code = groups_of(values, asked)
    filled = values.set_index(code)[["estimate", "ci_low", "ci_high", "n"]].reindex(grid.index)
    filled["n"] = filled["n"].fillna(0).astype("int64")
    defined = filled["estimate"].notna()
    numbers = filled.assign(
        n_effective=np.nan, method=np.where(defined, method, ""), reason=np.where(defined, "", "no rows")
    )
    return finish(grid, numbers, values, asked, of, "")


def finish(
    grid: pd.DataFrame, numbers, cells: pd.DataFrame, asked: Asked, of: str, note: str | Mapping[str, str]
) -> pd.DataFrame:
    """Put estimates beside their dimensions and period, with a sentence wherever one is undefined."""
    for dimension in asked.by:
        if len(cells) and (grid[dimension] == NOT_GIVEN).all():
            column = _DELIVERED_AS.get(dimension, f"annotations.{dimension}")
            return undefined(asked, say("needs {table}; not delivered", table=column), int(cells["n"].sum()))
    if not len(grid):
        return undefined(asked, _none(of, asked.periods[-1]))
    method, reason = (np.asarray(getattr(numbers, name), dtype=object) for name in ("method", "reason"))
    periods = grid["period"].to_numpy(dtype=object)
    if note:
        said = np.array([note[period] for period in periods], dtype=object) if isinstance(note, Mapping) else note
        method = np.where(method == "", "", method + " " + said)
    reason = np.where(reason == "no rows", [_none(of, period) for period in periods], reason)
    measured = {name: np.asarray(getattr(numbers, name), dtype="float64") for name in _FLOATS}
    measured |= {"n": np.asarray(numbers.n).astype("int64"), "method": _text(method), "reason": _text(reason)}
    # the grid is in its order already
    segments = {"metric": _text([asked.metric] * len(grid)), **{name: grid[name] for name in (*asked.by, "period")}}
    return pd.DataFrame(segments | {name: measured[name] for name in NUMBERS})


def _none(of: str, period: str) -> str:
    return say("no {rows} in {period}", rows=say(of), period=period)


def _text(values) -> pd.api.extensions.ExtensionArray:
    return pd.array(values, dtype="str")


def undefined(asked: Asked, reason: str, n: int = 0) -> pd.DataFrame:
    """One row that says why there is no number."""
    row = {"metric": asked.metric, **dict.fromkeys(asked.by, NOT_GIVEN), "period": asked.periods[-1]}
    row |= dict.fromkeys(["estimate", "ci_low", "ci_high", "n_effective"], np.nan)
    return typed(pd.DataFrame([row | {"n": n, "method": "", "reason": reason}]), asked)


def typed(frame: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """The frame's columns in their order and types, rows sorted by dimensions and period."""
    texts = ["metric", *asked.by, "period", "method", "reason"]
    types = dict.fromkeys(texts, "str") | dict.fromkeys(_FLOATS, "float64") | {"n": "int64"}
    frame = frame[["metric", *asked.by, "period", *NUMBERS]].astype(types)
    return frame.sort_values([*asked.by, "period"], ignore_index=True)


def groups_of(cells: pd.DataFrame, asked: Asked) -> tuple[pd.DataFrame, np.ndarray]:
    """Every segment seen x every period asked for, in order, and the row of it that each cell belongs to."""
    coded = [_coded(cells[name]) for name in asked.by]
    shape = [len(levels) for _code, levels in coded]
    if coded and len(cells):
        seen, segment = np.unique(np.ravel_multi_index([code for code, _levels in coded], shape), return_inverse=True)
        places = np.unravel_index(seen, shape)
    else:
        places, segment = [np.zeros(0, dtype=int)] * len(coded), np.zeros(len(cells), dtype=int)
    segments, periods = (len(places[0]) if coded else 1), np.array(asked.periods, dtype=object)
    columns = {
        name: _text(np.repeat(levels[place], len(periods)))
        for name, place, (_code, levels) in zip(asked.by, places, coded, strict=True)
    }
    grid = pd.DataFrame(columns | {"period": _text(np.tile(periods, segments))})
    period = pd.Index(periods).get_indexer(cells[WEEK].to_numpy(dtype=object)) if asked.weekly else 0
    return grid, np.where(period < 0, -1, segment * len(periods) + period)


def _coded(values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """A dimension's values as sorted texts, and which of them each row has."""
    code, seen = pd.factorize(values)
    texts = np.array([*pd.Index(seen).astype("str"), NOT_GIVEN], dtype=object)
    levels, place = np.unique(texts, return_inverse=True)
    return place[code], levels
