"""Since when, and did a change of the instructions do it?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from labelqa_lib.causes.cause import Cause
from labelqa_lib.causes.inside import each
from labelqa_lib.stats.change_point import change_point
from labelqa_lib.stats.interrupted import jump
from labelqa_lib.stats.intervals import wilson

BLOCK_DAYS = 7
"""Days are summed to weeks counted from the day on which an instruction came into force."""

TOUCHED = 0.2
"""An instruction may be a cause where its policy area holds at least this share of the errors inside."""


def since_when(
    audited: pd.DataFrame, causes: Sequence[Cause], recent: Sequence[str], confidence: float = 0.95
) -> pd.DataFrame:
    """On which day did the errors inside each cause begin?

    Parameters
    ----------
    audited, causes, recent, confidence
        As in `kinds.confusions`.

    Returns
    -------
    DataFrame
        ``cause, day, day_low, day_high`` (Timestamp; the most likely first day, and the shortest span that holds it
        with the confidence), ``before, after`` (error rates), ``days`` (of the span).
    """
    found = []
    for name, _cause, rows in each(audited, causes, recent):
        daily = _daily(rows)
        point = change_point(daily["errors"], daily["n"], confidence)
        if point.at < 0:
            continue
        days = [daily.index[place] for place in (point.at, point.low, point.high)]
        found.append((name, *days, point.before, point.after, (days[2] - days[1]).days + 1))
    return pd.DataFrame(found, columns=["cause", "day", "day_low", "day_high", "before", "after", "days"])


def weekly(
    audited: pd.DataFrame, causes: Sequence[Cause], recent: Sequence[str], confidence: float = 0.95
) -> pd.DataFrame:
    """How did the error rate inside each cause move, week by week?

    Returns
    -------
    DataFrame
        ``cause, period, estimate, ci_low, ci_high, n``: a row per cause and week of `audited`, NaN where a week has no
        row inside. Rates are weighted, intervals Wilson's at Kish's effective count.
    """
    weeks = sorted(audited["week"].unique())
    found = []
    for name, _cause, rows in each(audited, causes, recent):
        rows = rows.assign(wrong=rows["weight"] * rows["is_error"], square=rows["weight"] ** 2)
        sums = rows.groupby("week")[["wrong", "weight", "square"]].sum().reindex(weeks, fill_value=0.0)
        n = rows.groupby("week").size().reindex(weeks, fill_value=0)
        with np.errstate(invalid="ignore"):
            rate = (sums["wrong"] / sums["weight"]).to_numpy()
            size = (sums["weight"] ** 2 / sums["square"]).fillna(0.0).to_numpy()
        low, high = wilson(np.minimum(np.nan_to_num(rate), 1.0) * size, size, confidence)
        undefined = np.isnan(rate)
        found.append(
            pd.DataFrame(
                {
                    "cause": name, "period": weeks, "estimate": rate, "ci_low": np.where(undefined, np.nan, low),
                    "ci_high": np.where(undefined, np.nan, high), "n": n.to_numpy(),
                }
            )
        )  # fmt: skip
    columns = ["cause", "period", "estimate", "ci_low", "ci_high", "n"]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)


def instructions(
    audited: pd.DataFrame,
    causes: Sequence[Cause],
    recent: Sequence[str],
    sop_versions: pd.DataFrame | None,
    confidence: float = 0.95,
    time_zone: str = "UTC",
) -> pd.DataFrame:
    """Did the error rate inside jump when a new SOP version came into force?

    Parameters
    ----------
    audited, causes, recent, confidence
        As in `kinds.confusions`.
    sop_versions : DataFrame or None
        The contract's table, times in UTC; None where it was not delivered.
    time_zone : str
        The market's, in which its days begin.

    Returns
    -------
    DataFrame
        ``cause, sop_version, policy_area, effective_from`` (the first local day of which it holds for more than half),
        ``summary, jump, jump_low, jump_high`` (of the error rate of the policy area's rows inside), ``p_value`` (times
        the versions looked at, at most 1), ``fits`` (the jump is upwards and beyond chance, and the most likely first
        day's span holds that day or the one on which it began to hold), ``method``. Only versions that came into force
        within the weeks shown, in a policy area with a `TOUCHED` share of the errors now.
    """
    columns = ["cause", "sop_version", "policy_area", "effective_from", "summary", "jump", "jump_low", "jump_high"]
    columns += ["p_value", "fits", "method"]
    if sop_versions is None or not len(audited):
        return pd.DataFrame(columns=columns)
    first, last = pd.to_datetime(audited["local_date"]).agg(["min", "max"])
    local = pd.to_datetime(sop_versions["effective_from"]).dt.tz_localize("UTC").dt.tz_convert(time_zone).dt.tz_localize(None)
    dates = sop_versions.assign(effective_from=local.dt.round("D"), began=local.dt.floor("D"))
    dates = dates[dates["effective_from"].between(first, last, inclusive="right")]
    dates = dates.sort_values(["effective_from", "sop_version"])
    spans = since_when(audited, causes, recent, confidence).set_index("cause")
    found = []
    for name, _cause, rows in each(audited, causes, recent):
        wrong = rows[rows["now"] & (rows["is_error"] == 1)]
        areas = wrong["policy_area"].value_counts(normalize=True)
        versions = dates[dates["policy_area"].map(areas).fillna(0) >= TOUCHED]
        for version in versions.itertuples():
            area = rows[rows["policy_area"] == version.policy_area]
            moved = _jump(area, version.effective_from, confidence)
            p_value = min(1.0, moved.p_value * len(versions))
            span = spans.loc[name] if name in spans.index else None
            at_that_time = span is not None and span["day_low"] <= version.effective_from and version.began <= span["day_high"]
            found.append(
                (name, version.sop_version, version.policy_area, version.effective_from, version.summary, moved.change,
                 moved.low, moved.high, p_value, bool(at_that_time and p_value < 1 - confidence and moved.change > 0),
                 moved.method or moved.reason)
            )  # fmt: skip
    return pd.DataFrame(found, columns=columns)


def _jump(rows: pd.DataFrame, date: pd.Timestamp, confidence: float):
    blocks = (pd.to_datetime(rows["local_date"]) - date).dt.days // BLOCK_DAYS
    sums = rows.groupby(blocks)["is_error"].agg(["sum", "size"])
    sums = sums.reindex(range(int(blocks.min()), int(blocks.max()) + 1), fill_value=0)
    return jump(sums["sum"], sums["size"], int((sums.index < 0).sum()), confidence)


def _daily(rows: pd.DataFrame) -> pd.DataFrame:
    """Errors and rows of every day from the first to the last, days without rows too."""
    days = pd.to_datetime(rows["local_date"])
    sums = rows.groupby(days)["is_error"].agg(errors="sum", n="size")
    if sums.empty:
        return sums
    return sums.reindex(pd.date_range(days.min(), days.max(), name="day"), fill_value=0)
