"""Has a metric left its usual range? Its weeks on a control chart whose limits come from the weeks before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib.metrics.judged import on_gold
from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.metrics.registry import REGISTRY, measure
from labelqa_lib.periods import Week
from labelqa_lib.stats import control
from labelqa_lib.store import Tables, fetch

FEWEST_WEEKS = 8
"""Baseline weeks that limits need, and that each phase needs to have limits of its own."""


def control_chart(
    tables: Tables,
    metric: str,
    rules: str = "nhs",
    confidence: float = 0.95,
    denominators: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Is the last week unlike the weeks before it, and by which rule?

    Parameters
    ----------
    tables : Tables
        Every week before the last one is baseline: its limits are frozen before the last week is judged.
    metric : str
        A name in `REGISTRY`.
    rules : {"nhs", "western_electric"}
        Run rules.
    confidence, denominators
        As in `measure`.

    Returns
    -------
    DataFrame
        The metric frame by week, and ``centre, lower, upper`` in the metric's unit (NaN with a reason where there are
        none), ``signal`` (the rules complete in that week, in words, "" else) and ``phase`` (the SOP versions since
        which new limits hold, "" before).

    Notes
    -----
    A rate with an effective count has p chart limits on that count, p̄ ± 3 √(p̄ (1 − p̄) / n_effective), or those of a
    Laney p′ chart where they are wider: a dozen weeks tell the spread between weeks badly, and by luck it is narrower
    than counting noise (noise alone sets off the last of 13 weeks once in 100, with p′ alone once in 30). What has no
    count behind it (seconds, minutes over minutes) has XmR limits. A new phase starts where an SOP version takes
    effect, if at least `FEWEST_WEEKS` baseline weeks lie before it in its phase and as many after it; a change nearer
    than that to the report's week is judged by the limits from before, as a change ought to be.
    """
    frame = _like_the_last(measure(tables, metric, [WEEK], confidence=confidence, denominators=denominators))
    baseline = (frame["estimate"].notna() & (frame["period"] < tables.weeks[-1])).to_numpy()
    reason = ""
    if baseline.sum() < FEWEST_WEEKS:
        reason = f"limits need figures of {FEWEST_WEEKS} weeks before this one; there are {baseline.sum()}"
        baseline = np.zeros(len(frame), dtype=bool)
    phases = _phases(tables, frame["period"].tolist())
    counted = REGISTRY[metric].unit == "rate" and frame["n_effective"].notna().any()
    values, n = frame["estimate"].to_numpy(), frame["n_effective"].fillna(0).to_numpy()
    if counted:
        chart = _counted(np.nan_to_num(values), n, baseline, list(phases), rules)
    else:
        chart = control.xmr_chart(values, baseline, list(phases), rules)
    limited = ~np.isnan(chart.upper)
    why = np.where(frame["reason"] != "", frame["reason"], np.where(limited, "", reason or chart.reason))
    said = "; wider of p and Laney p′ limits" if counted else "; XmR limits"
    return frame.assign(
        method=(frame["method"] + np.where(limited, said, "")).astype("str"),
        reason=pd.Series(why, dtype="str"),
        centre=chart.centre,
        lower=chart.lower,
        upper=chart.upper,
        signal=pd.Series(chart.signals, dtype="str"),
        phase=pd.Series(phases, dtype="str").reindex(frame.index).ffill().fillna(""),
    )


def _like_the_last(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame without figures of weeks on gold where the last stands on audits, and the other way round."""
    gold = on_gold(frame["method"])
    unlike = frame["estimate"].notna() & (gold != gold.iloc[-1])
    basis = np.where(gold, "on gold, unlike the last week", "on audits, unlike the last week")
    words = {"reason": frame["reason"].mask(unlike, basis), "method": frame["method"].mask(unlike, "")}
    numbers = frame[["estimate", "ci_low", "ci_high", "n_effective"]].mask(unlike)
    return frame.assign(**words, **numbers)


def _counted(rate: np.ndarray, n: np.ndarray, baseline: np.ndarray, phases: list[int], rules: str) -> control.Chart:
    """A rate's chart with the wider of p and Laney p′ limits."""
    plain, laney = (control.p_chart(rate * n, n, baseline, phases, rules, laney) for laney in (False, True))
    sigma = np.fmax(plain.sigma, laney.sigma)
    return control.shewhart(plain.values, plain.centre, sigma, phases, rules, bounds=(0, 1))


def _phases(tables: Tables, weeks: list[str]) -> dict[int, str]:
    """Where new limits start, and the SOP versions that are why."""
    if tables.sop_versions is None:
        return {}
    versions = fetch(tables.sop_versions.select("sop_version", "effective_from").filter(_.effective_from.notnull()))
    versions[WEEK] = [str(Week.of(pd.Timestamp(day).date())) for day in versions["effective_from"]]
    starts = {}
    for week, part in versions[versions[WEEK].isin(weeks)].groupby(WEEK):
        place, last = weeks.index(week), max(starts, default=0)
        if min(place - last, len(weeks) - 1 - place) >= FEWEST_WEEKS:
            starts[place] = f"SOP {', '.join(sorted(part['sop_version'].unique()))}"
    return starts
