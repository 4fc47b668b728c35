"""Two periods of rows → the cells that the search counts: one per combination of values and agent that occurs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa_lib.errors import LabelqaError, UsageError

AGENT = "agent_id"
Array = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """What one period says, as counts.

    Attributes
    ----------
    codes : ndarray of int, shape (cells, dimensions)
        Position of each value in `Coded.values`.
    agent : ndarray of int, shape (cells,)
        The agent of the cell; all 0 where nobody is named.
    trials, errors : ndarray of float, shape (cells,)
        Judgements (the effective number, where weights differ within a cell) and how many of them were errors.
    weight : ndarray of float, shape (cells,)
        What one of those judgements stands for, > 0.
    rows : ndarray of float, shape (cells,)
        Judgements before weighting.
    """

    codes: Codes
    agent: Codes
    trials: Array
    errors: Array
    weight: Array
    rows: Array


@dataclass(frozen=True)
class Coded:
    """Both periods in one coding."""

    dimensions: tuple[str, ...]
    values: dict[str, list[Any]]
    has_agents: bool
    baseline: Cells
    current: Cells


def coded(
    baseline: Any, current: Any, dimensions: Sequence[str], outcome: str, weight: str | None, trials: str | None
) -> Coded:
    """Count the rows of two periods by every combination of values and agent that occurs.

    Parameters
    ----------
    baseline, current : pandas DataFrame or Ibis table
        A row per audited annotation, or per count where `trials` names its column. Columns may be in any order; a
        missing value is a value of its own, None.
    dimensions : sequence of str
    outcome : str
        0/1 or false/true; with `trials` the number of errors. Rows without it were not audited and are left out.
    weight, trials : str or None

    Raises
    ------
    UsageError
        With a sentence per problem: a column that is missing, an outcome that is no 0/1, a negative weight.
    """
    dimensions = _named(dimensions)
    problems = [] if dimensions else ["there is nothing to search; name at least one dimension"]
    if outcome in dimensions:
        problems.append(f"{outcome!r} is the outcome and says itself which rows are wrong; leave it out of the dimensions")
    sides = []
    for name, table in (("baseline", baseline), ("current", current)):
        try:
            sides.append(_counted(name, table, dimensions, outcome, weight, trials))
        except LabelqaError as error:
            problems += error.problems
    if problems:
        raise UsageError(problems)
    has_agents = all(_key(AGENT) in side and side[_key(AGENT)].notna().any() for side in sides)
    keys = [*dimensions, *([AGENT] if has_agents and AGENT not in dimensions else [])]
    both = pd.concat(sides, ignore_index=True)
    values, positions = {}, {}
    for key in keys:
        values[key], positions[key] = _positions(both[_key(key)], both["n"].to_numpy(float), both["errors"].to_numpy(float))
    agent = positions[AGENT] if has_agents else np.zeros(len(both), np.int64)
    codes = (
        np.column_stack([positions[key] for key in dimensions]) if len(both) else np.zeros((0, len(dimensions)), int)
    )
    cut = len(sides[0])
    periods = [_cells(both[part], codes[part], agent[part]) for part in (slice(None, cut), slice(cut, None))]
    return Coded(dimensions, values, has_agents, *periods)


def _named(dimensions: Any) -> tuple[str, ...]:
    """Names of columns, each once, as Python strings: an array's would be numpy's in every segment reported."""
    if isinstance(dimensions, str):
        return (dimensions,)
    if not isinstance(dimensions, Iterable):
        raise UsageError(
            f'the dimensions are {dimensions!r}; list the columns to search, such as ["site", "queue", "language"]'
        )
    names = [name.item() if isinstance(name, np.generic) else name for name in dimensions]
    for name in names:
        if not isinstance(name, Hashable):
            raise UsageError(f"{name!r} among the dimensions names no column; give one name for each dimension")
    return tuple(dict.fromkeys(names))


def _counted(
    name: str, table: Any, dimensions: Sequence[str], outcome: str, weight: str | None, trials: str | None
) -> pd.DataFrame:
    """Sums per combination of values and agent: n, errors (weighted), total and squared weights; keys by `_key`."""
    by_engine = isinstance(table, ibis.expr.types.Table)
    if not by_engine and not isinstance(table, pd.DataFrame):
        raise UsageError(f"the {name} is a {type(table).__name__}; give a pandas DataFrame or an Ibis table")
    columns = list(table.columns)
    wanted = [*dimensions, outcome, *([weight] if weight else []), *([trials] if trials else [])]
    missing = [column for column in dict.fromkeys(wanted) if column not in columns]
    if missing:
        shown = ", ".join(map(str, columns[:20])) + (", …" if len(columns) > 20 else "")
        raise UsageError(
            f"the {name} table has no column {column!r}; it has {shown}. Name columns that it has" for column in missing
        )
    keys = [*dimensions, *([AGENT] if AGENT in columns and AGENT not in dimensions else [])]
    twice = [column for column in dict.fromkeys([*keys, *wanted]) if columns.count(column) > 1]
    if twice:
        raise UsageError(f"the {name} table has more than one column {column!r}; keep one" for column in twice)
    sums = (_summed_by_engine if by_engine else _summed)(name, table, keys, outcome, weight, trials)
    _check(name, sums, outcome, weight, trials)
    return sums[sums["weight"] > 0].reset_index(drop=True)


def _key(column: str) -> str:
    """What a column to count by is called among the sums, so that none can be taken for a sum."""
    return f"of {column}"


def _summed_by_engine(
    name: str, table: ibis.Table, keys: list[str], outcome: str, weight: str | None, trials: str | None
) -> pd.DataFrame:
    numbers = [column for column in (outcome, weight, trials) if column]
    odd = [column for column in numbers if not (table[column].type().is_numeric() or table[column].type().is_boolean())]
    if odd:
        raise UsageError(
            f"column {column!r} of the {name} table is {table[column].type()}, no number; give 0 and 1 for an outcome, "
            "numbers for weights and counts" for column in odd
        )  # fmt: skip
    table = table.select(
        **{_key(column): table[column] for column in keys},
        y=_number(table[outcome]),
        rows=_number(table[trials]) if trials else ibis.literal(1.0),
        w=_number(table[weight]) if weight else ibis.literal(1.0),
    )
    table = table.filter(*(table[column].notnull() & ~table[column].isnan() for column in ("y", "rows", "w")))
    return (
        table.filter(table["w"] != 0)
        .group_by([_key(column) for column in keys])
        .aggregate(
            n=lambda t: t["rows"].sum(), errors=lambda t: (t["w"] * t["y"]).sum(),
            weight=lambda t: (t["w"] * t["rows"]).sum(), squares=lambda t: (t["w"] ** 2 * t["rows"]).sum(),
            least=lambda t: t["y"].min(), most=lambda t: (t["y"] - t["rows"]).max(), lightest=lambda t: t["w"].min(),
            heaviest=lambda t: t["w"].max(), between=lambda t: (t["y"] * (t["rows"] - t["y"])).max(),
        )
        .to_pandas()
    )  # fmt: skip


def _number(column: ibis.Column) -> ibis.FloatingColumn:
    """PostgreSQL makes no float of true and false, but an int32."""
    return (column.cast("int32") if column.type().is_boolean() else column).cast("float64")


def _summed(
    name: str, table: pd.DataFrame, keys: list[str], outcome: str, weight: str | None, trials: str | None
) -> pd.DataFrame:
    def numbers(column: str) -> pd.Series:
        try:
            return pd.to_numeric(table[column]).astype("float64")
        except (TypeError, ValueError):
            odd = next(value for value in table[column] if not isinstance(value, (int, float)))
            raise UsageError(
                f"column {column!r} of the {name} table holds {odd!r}, which is no number; give 0 and 1"
            ) from None

    for column in [column for column in keys if table[column].dtype == object]:
        odd = [value for value in table[column] if not isinstance(value, Hashable)]
        if odd:
            raise UsageError(f"column {column!r} of the {name} table holds {odd[0]!r}; give one value a row")
    y = numbers(outcome)
    n = numbers(trials) if trials else pd.Series(1.0, y.index)
    w = numbers(weight) if weight else pd.Series(1.0, y.index)
    there = y.notna() & n.notna() & w.notna() & (w != 0)
    work = table[keys].set_axis([_key(column) for column in keys], axis=1)
    work = work.assign(n=n, errors=w * y, weight=w * n, squares=w**2 * n, least=y, most=y - n, lightest=w, heaviest=w)
    work = work.assign(between=y * (n - y))[there]
    how = dict.fromkeys(("n", "errors", "weight", "squares"), "sum") | dict.fromkeys(("least", "lightest"), "min")
    how |= dict.fromkeys(("most", "heaviest", "between"), "max")
    return work.groupby([_key(column) for column in keys], dropna=False, observed=True, sort=False).agg(how).reset_index()


def _check(name: str, sums: pd.DataFrame, outcome: str, weight: str | None, trials: str | None) -> None:
    problems = []
    if not len(sums):
        return
    if sums["least"].min() < 0 or sums["most"].max() > 0 or (not trials and sums["between"].max() > 0):
        odd = sums[(sums["least"] < 0) | (sums["most"] > 0) | (sums["between"] > 0)].iloc[0]
        worst = odd["least"] if odd["least"] < 0 or odd["most"] <= 0 else odd["most"] + (1 if not trials else 0)
        among = f"between 0 and {trials!r}" if trials else "0 or 1"
        said = f"holds {worst:g}" if not trials or odd["least"] < 0 else f"exceeds {trials!r} by {worst:g}"
        problems.append(f"column {outcome!r} of the {name} table {said}; a row's errors must be {among}")
    if sums["lightest"].min() < 0 or np.isinf(sums["heaviest"].max()):
        worst = sums["lightest"].min() if sums["lightest"].min() < 0 else sums["heaviest"].max()
        problems.append(
            f"column {weight!r} of the {name} table holds {worst:g}; weights are 0 or more, and finite"
        )
    if problems:
        raise UsageError(problems)


def _positions(column: pd.Series, n: Array, errors: Array) -> tuple[list[Any], Codes]:
    """Code values by how much they occur, so that neither the order of rows nor the names decide anything."""
    given, distinct = pd.factorize(column, use_na_sentinel=False)
    distinct = [None if pd.isna(value) else getattr(value, "item", lambda value=value: value)() for value in distinct]
    counts, wrong = np.bincount(given, n, len(distinct)), np.bincount(given, errors, len(distinct))
    order = sorted(range(len(distinct)), key=lambda i: (-counts[i], -wrong[i], str(distinct[i])))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return [distinct[i] for i in order], rank[given]


def _cells(sums: pd.DataFrame, codes: Codes, agent: Codes) -> Cells:
    order = np.lexsort([*codes.T, agent])
    sums, codes, agent = sums.iloc[order], codes[order], agent[order]
    n, errors, total, squares = (sums[name].to_numpy(float) for name in ("n", "errors", "weight", "squares"))
    trials = total**2 / squares
    trials = np.where(np.isclose(trials, n, rtol=1e-9), n, trials)  # equal weights leave counts whole
    return Cells(codes, agent, trials, errors / total * trials, total / trials, n)
