"""From aggregated cells to the metric frame: the one shape in which every number leaves this room."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labelqa_lib.metrics.metric import WEEK, Asked
from labelqa_lib.stats import survey

NUMBERS = ["estimate", "ci_low", "ci_high", "n", "n_effective", "method", "reason"]
NOT_GIVEN = "not given"
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
        if len(cells) and (cells[dimension].isna() | (cells[dimension] == NOT_GIVEN)).all():
            column = _DELIVERED_AS.get(dimension, f"annotations.{dimension}")
            return undefined(asked, f"needs {column}; not delivered", int(cells["n"].sum()))
    if not len(grid):
        return undefined(asked, f"no {of} in {asked.periods[-1]}")
    frame = grid.assign(metric=asked.metric, **{name: getattr(numbers, name) for name in NUMBERS})
    if note:
        said = frame["period"].map(note) if isinstance(note, Mapping) else note
        frame["method"] = np.where(frame["method"] == "", "", frame["method"] + " " + said)
    nothing = frame["reason"] == "no rows"
    frame["reason"] = np.where(nothing, f"no {of} in " + frame["period"], frame["reason"])
    return typed(frame, asked)


def undefined(asked: Asked, reason: str, n: int = 0) -> pd.DataFrame:
    """One row that says why there is no number."""
    row = {"metric": asked.metric, **dict.fromkeys(asked.by, NOT_GIVEN), "period": asked.periods[-1]}
    row |= dict.fromkeys(["estimate", "ci_low", "ci_high", "n_effective"], np.nan)
    return typed(pd.DataFrame([row | {"n": n, "method": "", "reason": reason}]), asked)


def typed(frame: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """The frame's columns in their order and types, rows sorted by dimensions and period."""
    texts = ["metric", *asked.by, "period", "method", "reason"]
    floats = ["estimate", "ci_low", "ci_high", "n_effective"]
    types = dict.fromkeys(texts, "str") | dict.fromkeys(floats, "float64") | {"n": "int64"}
    frame = frame[["metric", *asked.by, "period", *NUMBERS]].astype(types)
    return frame.sort_values([*asked.by, "period"], ignore_index=True)


def groups_of(cells: pd.DataFrame, asked: Asked) -> tuple[pd.DataFrame, np.ndarray]:
    """Every segment seen x every period asked for, and the row of it that each cell belongs to."""
    keys = cells[list(asked.by)].astype("str").fillna(NOT_GIVEN) if asked.by else pd.DataFrame(index=cells.index)
    keys["period"] = cells[WEEK] if asked.weekly else asked.periods[0]
    seen = keys[list(asked.by)].drop_duplicates() if asked.by else pd.DataFrame(index=[0])
    grid = seen.merge(pd.DataFrame({"period": asked.periods}), how="cross")
    grid = grid.sort_values([*asked.by, "period"], ignore_index=True)
    columns = [*asked.by, "period"]
    code = pd.MultiIndex.from_frame(grid[columns]).get_indexer(pd.MultiIndex.from_frame(keys[columns]))
    return grid, code
