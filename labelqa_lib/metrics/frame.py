"""From aggregated cells to the metric frame: the one shape in which every number leaves this room."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
import pandas as pd

from labelqa_lib.metrics.metric import WEEK, Asked
from labelqa_lib.metrics.summed import Summed, text_column
from labelqa_lib.stats import survey
from labelqa_lib.translation import N_, say

NUMBERS = ["estimate", "ci_low", "ci_high", "n", "n_effective", "method", "reason"]
_FLOATS = ["estimate", "ci_low", "ci_high", "n_effective"]
NOT_GIVEN = N_("not given")
"""Value of a dimension where the delivery leaves it empty."""

_DELIVERED_AS = {"policy_area": "items.policy_area", "auditor_id": "audits.auditor_id"}

Cells = Summed | pd.DataFrame


class Grid:
    """Every segment seen x every period asked for, in order: texts by dimension, and ``period``."""

    def __init__(self, columns: Mapping[str, np.ndarray]):
        self._columns = dict(columns)

    def __len__(self) -> int:
        return len(self._columns["period"])

    def __getitem__(self, name: str) -> np.ndarray:
        return self._columns[name]


def rate_frame(cells: Cells, asked: Asked, of: str, note: str | Mapping[str, str]) -> pd.DataFrame:
    """Shares with Wilson intervals from cells of sums.

    Parameters
    ----------
    cells : Summed or DataFrame
        One row per dimensions x week (when asked for) x cluster: ``weight`` = Σw, ``weight_squared`` = Σw²,
        ``outcome`` = Σwy, ``n`` = rows, all over the rows that count in the denominator. A cell without such rows
        still tells that its segment exists.
    of : str
        What the denominator counts, for the reason of an undefined rate.
    note : str, or str by period
        Ends the method: what was sampled, what the clusters are.
    """
    grid, code = groups_of(cells, asked)
    n, weight, squares, outcome = (np.asarray(cells[name]) for name in ("n", "weight", "weight_squared", "outcome"))
    counted = np.flatnonzero(n > 0)
    rates = survey.clustered_rate(
        code[counted],
        weight[counted],
        np.minimum(outcome, weight)[counted],
        n[counted],
        confidence=asked.confidence,
        weight_squared=squares[counted],
        groups=len(grid),
    )
    return finish(grid, rates, cells, asked, of, note)


def mean_frame(cells: Cells, asked: Asked, of: str, note: str) -> pd.DataFrame:
    """Ratios of sums with t intervals from cells of ``total`` (numerator), ``size`` (denominator) and ``n`` rows."""
    grid, code = groups_of(cells, asked)
    means = survey.clustered_mean(
        code, cells["total"], cells["size"], cells["n"], confidence=asked.confidence, groups=len(grid)
    )
    return finish(grid, means, cells, asked, of, note)


def exact_frame(values: Cells, asked: Asked, of: str, method: str) -> pd.DataFrame:
    """Rows that are computed already, one per dimensions x week: ``estimate, ci_low, ci_high, n``."""
    grid, code = groups_of(values, asked)
    n, numbers, asked_for = np.zeros(len(grid), dtype="int64"), {}, code >= 0
    for name in ("estimate", "ci_low", "ci_high"):
        numbers[name] = np.full(len(grid), np.nan)
        numbers[name][code[asked_for]] = np.asarray(values[name])[asked_for]
    n[code[asked_for]] = np.asarray(values["n"])[asked_for]
    defined = ~np.isnan(numbers["estimate"])
    words = {"method": np.where(defined, method, ""), "reason": np.where(defined, "", "no rows")}
    numbers = SimpleNamespace(**numbers, **words, n=n, n_effective=np.full(len(grid), np.nan))
    return finish(grid, numbers, values, asked, of, "")


def finish(grid: Grid, numbers: object, cells: Cells, asked: Asked, of: str, note: str | Mapping[str, str]) -> pd.DataFrame:
    """Put estimates (attributes of `numbers`, one entry per row of the grid) beside their dimensions and period, with a
    sentence wherever one is undefined."""
    for dimension in asked.by:
        if len(cells) and (grid[dimension] == NOT_GIVEN).all():
            column = _DELIVERED_AS.get(dimension, f"annotations.{dimension}")
            return undefined(asked, say("needs {table}; not delivered", table=column), int(cells["n"].sum()))
    if not len(grid):
        return undefined(asked, _none(of, asked.periods[-1]))
    method, reason = (np.array(getattr(numbers, name), dtype=object) for name in ("method", "reason"))
    periods = grid["period"]
    if note:
        said = [note[period] for period in periods] if isinstance(note, Mapping) else [note] * len(grid)
        method = np.array([f"{one} {more}" if one else "" for one, more in zip(method, said, strict=True)], dtype=object)
    silent = reason == "no rows"
    reason[silent] = [_none(of, period) for period in periods[silent]]
    words = {"method": method, "reason": reason, "n": numbers.n}
    floats = {name: getattr(numbers, name) for name in _FLOATS} | {"degrees": getattr(numbers, "degrees", np.inf)}
    return framed(grid, asked, SimpleNamespace(**words, **floats))


def framed(grid: Grid, asked: Asked, numbers: object) -> pd.DataFrame:
    """Numbers (attributes, one entry per row of the grid) as a metric frame; the grid is in its order already."""
    columns = {"metric": np.full(len(grid), asked.metric, dtype=object)}
    columns |= {name: grid[name] for name in (*asked.by, "period")} | {name: getattr(numbers, name) for name in NUMBERS}
    frame = pd.DataFrame({name: _typed(name, values) for name, values in columns.items()})
    return frame.assign(degrees=np.broadcast_to(numbers.degrees, len(frame)).astype("float64")) if asked.degrees else frame


def _typed(name: str, values: object) -> object:
    if name in _FLOATS:
        return np.asarray(values, dtype="float64")
    return np.asarray(values).astype("int64") if name == "n" else text_column(values)


def _none(of: str, period: str) -> str:
    return say("no {rows} in {period}", rows=say(of), period=period)


def undefined(asked: Asked, reason: str, n: int = 0) -> pd.DataFrame:
    """One row that says why there is no number."""
    row = {"metric": asked.metric, **dict.fromkeys(asked.by, NOT_GIVEN), "period": asked.periods[-1]}
    row |= dict.fromkeys(["estimate", "ci_low", "ci_high", "n_effective"], np.nan)
    frame = typed(pd.DataFrame([row | {"n": n, "method": "", "reason": reason}]), asked)
    return frame.assign(degrees=np.inf) if asked.degrees else frame


def typed(frame: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """The frame's columns in their order and types, rows sorted by dimensions and period."""
    texts = ["metric", *asked.by, "period", "method", "reason"]
    types = dict.fromkeys(texts, "str") | dict.fromkeys(_FLOATS, "float64") | {"n": "int64"}
    frame = frame[["metric", *asked.by, "period", *NUMBERS]].astype(types)
    return frame.sort_values([*asked.by, "period"], ignore_index=True)


def groups_of(cells: Cells, asked: Asked) -> tuple[Grid, np.ndarray]:
    """Every segment seen x every period asked for, in order, and the row of it that each cell belongs to."""
    cells = Summed.of(cells, asked.keys) if isinstance(cells, pd.DataFrame) else cells
    coded = [_by_level(cells, name) for name in asked.by]
    shape = [len(levels) for _code, levels in coded]
    if coded and len(cells):
        seen, segment = np.unique(np.ravel_multi_index([code for code, _levels in coded], shape), return_inverse=True)
        places = np.unravel_index(seen, shape)
    else:
        places, segment = [np.zeros(0, dtype=int)] * len(coded), np.zeros(len(cells), dtype=int)
    segments, periods = (len(places[0]) if coded else 1), np.array(asked.periods, dtype=object)
    columns = {
        name: np.repeat(levels[place], len(periods))
        for name, place, (_code, levels) in zip(asked.by, places, coded, strict=True)
    }
    grid = Grid(columns | {"period": np.tile(periods, segments)})
    if not asked.weekly:
        return grid, segment
    _code, weeks = cells.coded(WEEK)
    period = np.append(pd.Index(periods).get_indexer(weeks), -1)[cells.numbered(WEEK)]
    return grid, np.where(period < 0, -1, segment * len(periods) + period)


def _by_level(cells: Summed, dimension: str) -> tuple[np.ndarray, np.ndarray]:
    """A dimension's codes of its values as codes of sorted texts, and those."""
    _code, values = cells.coded(dimension)
    texts = values if isinstance(values, np.ndarray) else values.astype("str")
    levels, place = np.unique(np.array([*texts, NOT_GIVEN], dtype=object), return_inverse=True)
    return place[cells.numbered(dimension)], levels
