"""The register as a frame: beside a delivery's actions, and as it stood at the end of a week."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from labelqa_lib.periods import Week
from labelqa_lib.register.file import COLUMNS, DAYS, OPEN, checked


def read(path: Path) -> pd.DataFrame:
    """The register, checked.

    Returns
    -------
    DataFrame
        `COLUMNS`: days as timestamps, `expected_gain` as a number, the rest text; what is not given is missing.

    Raises
    ------
    UsageError
        With a sentence for every cell that is not what it must be.
    """
    return typed(pd.DataFrame(checked(path), columns=list(COLUMNS)))


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the register, or of a delivery's `actions`, in one set of types and columns."""
    frame = frame.reindex(columns=list(COLUMNS))
    days = {name: pd.to_datetime(frame[name].replace("", None)) for name in DAYS}
    texts = {name: frame[name].astype(object).where(frame[name].notna(), "").astype(str) for name in COLUMNS if name not in DAYS}
    texts["expected_gain"] = pd.to_numeric(frame["expected_gain"].replace("", None)).astype(float)
    return pd.DataFrame({name: days.get(name, texts.get(name)) for name in COLUMNS})


def merged(delivered: pd.DataFrame | None, own: pd.DataFrame, market: str = "") -> pd.DataFrame:
    """A delivery's actions and the workspace's own, by market and day; of one id the workspace's holds."""
    every = [own] if delivered is None else [own, typed(delivered)]
    frame = pd.concat(every, ignore_index=True).drop_duplicates("action_id")
    frame = frame[frame["market"] == market] if market else frame
    return frame.sort_values(["market", "opened_on", "action_id"], kind="stable", ignore_index=True)


def as_of(actions: pd.DataFrame, week: str) -> pd.DataFrame:
    """The register as it stood at the end of a week.

    Returns
    -------
    DataFrame
        Actions opened by the week's Sunday, with `status` ``open`` where it was closed only later, and ``overdue``: days
        since it was due, 0 where it is closed or not due yet.
    """
    end = pd.Timestamp(Week.parse(week).sunday)
    known = actions[actions["opened_on"] <= end].reset_index(drop=True)
    later = known["closed_on"] > end
    status, closed = known["status"].where(~later, "open"), known["closed_on"].where(~later)
    late = (end - known["due_on"]).dt.days.where(status.isin(OPEN), 0).clip(lower=0).fillna(0).astype("int64")
    return known.assign(status=status, closed_on=closed, overdue=late)


def as_text(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Typed rows as the CSV holds them."""
    shown = frame.assign(**{name: frame[name].dt.strftime("%Y-%m-%d") for name in DAYS})
    shown["expected_gain"] = ["" if pd.isna(gain) else f"{gain:g}" for gain in frame["expected_gain"]]
    return shown.fillna("").astype(str)[list(COLUMNS)].to_dict("records")
