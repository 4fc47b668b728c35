"""Has a metric left its usual range? Its weeks on a control chart whose limits come from the weeks before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib.metrics.inside import measure_inside
from labelqa_lib.metrics.judged import on_gold
from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.metrics.registry import REGISTRY, measure
from labelqa_lib.periods import Week
from labelqa_lib.stats import control, drift
from labelqa_lib.store import Tables, fetch
from labelqa_lib.translation import N_, say

FEWEST_WEEKS = 8
"""Baseline weeks that limits need, and that a phase needs to have XmR limits of its own."""

_PER = 1000

FEWEST_COUNTED = 4
"""Baseline weeks that a phase needs to have p limits of its own: those rest on counts, not on how few weeks vary."""


def control_chart(
    tables: Tables,
    metric: str,
    rules: str = "nhs",
    confidence: float = 0.95,
    denominators: Mapping[str, str] | None = None,
    segment: Mapping[str, str] | None = None,
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
    segment : mapping of str to str, optional
        As in `measure_inside`.

    Returns
    -------
    DataFrame
        The metric frame by week, and ``centre, lower, upper`` in the metric's unit (NaN with a reason where there are
        none), ``signal`` (the rules complete in that week, in words, "" else), ``level, level_low, level_high`` (the
        weighted mean of the weeks up to this one, and its limits), ``drift`` (what small deviations have come to, in
        words, "" else) and ``phase`` (the SOP versions since which new limits hold, "" before).

    Notes
    -----
    A rate with an effective count has p chart limits on that count, p̄ ± 3 √(p̄ (1 − p̄) / n_effective), or those of a
    Laney p′ chart where they are wider: a dozen weeks tell the spread between weeks badly, and by luck it is narrower
    than counting noise (noise alone sets off the last of 13 weeks once in 100, with p′ alone once in 30). What has no
    count behind it (seconds, minutes over minutes) has XmR limits. A new phase starts with the first week of which an
    SOP version holds for more than half, in the market's time zone, if at least `FEWEST_COUNTED` baseline weeks
    (`FEWEST_WEEKS` for XmR limits) lie before it in its phase and as many after it; a change nearer than that to the
    report's week is judged by the limits from before, as a change ought to be.
    Drift: EWMA and CUSUM (`stats.drift`) of the same chart. With 400 audits a week, accuracy that lies 2 points lower
    for four weeks sets off the rules in 11 % of cases and these in 15 %, the two together in 19 %; noise alone sets
    off these once in 2,000 weeks.
    """
    frame = measure_inside(tables, metric, segment or {}, [WEEK], confidence=confidence, denominators=denominators)
    unlike = _unlike_the_others(frame)
    baseline = (frame["estimate"].notna() & ~unlike & (frame["period"] < tables.weeks[-1])).to_numpy()
    reason = ""
    if baseline.sum() < FEWEST_WEEKS:
        reason = _too_few(FEWEST_WEEKS, baseline)
        baseline = np.zeros(len(frame), dtype=bool)
    counted = REGISTRY[metric].unit == "rate" and frame["n_effective"].notna().any()
    phases = _phases(tables, frame["period"].tolist(), FEWEST_COUNTED if counted else FEWEST_WEEKS)
    values, n = frame["estimate"].mask(unlike).to_numpy(), frame["n_effective"].mask(unlike).fillna(0).to_numpy()
    if counted:
        chart = _counted(np.nan_to_num(values), n, baseline, list(phases), rules)
    else:
        chart = control.xmr_chart(values, baseline, list(phases), rules)
    said, bounds = ("; wider of p and Laney p′ limits", (0, 1)) if counted else ("; XmR limits", (-np.inf, np.inf))
    charted = _charted(frame, chart, phases, said, bounds, reason)
    on_audits, gold = N_("it stands on audits, the other weeks on gold"), on_gold(frame["method"])
    why = np.where(gold, N_("it stands on gold, the other weeks on audits"), on_audits)
    return charted.assign(reason=charted["reason"].mask(unlike, pd.Series(why, dtype="str")))


def appeals_chart(tables: Tables, rules: str = "nhs", confidence: float = 0.95) -> pd.DataFrame:
    """Are more labels appealed than usual? Counts of appeals on the annotations that a week made.

    Parameters
    ----------
    tables, rules, confidence
        As in `control_chart`.

    Returns
    -------
    DataFrame
        As `control_chart` gives it, per 1,000 annotations.

    Notes
    -----
    A u chart: what is appealed this week was in part made before, so appeals are counts on an exposure and no share of
    it. Limits ū ± 3 √(ū / thousands of annotations), or those of Laney's u′ chart where they are wider.
    """
    frame = measure(tables, "appeal_rate", [WEEK], confidence=confidence)
    rates = ["estimate", "ci_low", "ci_high"]
    frame[rates] *= _PER
    baseline = (frame["estimate"].notna() & (frame["period"] < tables.weeks[-1])).to_numpy()
    reason = ""
    if baseline.sum() < FEWEST_COUNTED:
        reason = _too_few(FEWEST_COUNTED, baseline)
        baseline = np.zeros(len(frame), dtype=bool)
    exposure = frame["n"].where(frame["estimate"].notna(), 0).to_numpy() / _PER
    events = np.nan_to_num(frame["estimate"].to_numpy()) * exposure
    plain, laney = (control.u_chart(events, exposure, baseline, (), rules, laney) for laney in (False, True))
    chart = control.shewhart(plain.values, plain.centre, np.fmax(plain.sigma, laney.sigma), (), rules, (0, np.inf))
    return _charted(frame, chart, {}, "; wider of u and Laney u′ limits", (0, np.inf), reason)


def _too_few(needed: int, baseline: np.ndarray) -> str:
    return say("limits need figures of {n} weeks before this one; there are {known}", n=needed, known=int(baseline.sum()))


def _charted(
    frame: pd.DataFrame,
    chart: control.Chart,
    phases: Mapping[int, str],
    said: str,
    bounds: tuple[float, float],
    reason: str,
) -> pd.DataFrame:
    """A metric frame by week with its chart's lines, signals and drift, as `control_chart` describes them."""
    smoothed = drift.ewma(chart, bounds=bounds)
    drifted = pd.Series(smoothed.signals).str.cat(drift.cusum(chart).signals.tolist(), sep="; ").str.strip("; ")
    limited = ~np.isnan(chart.upper)
    why = np.where(frame["reason"] != "", frame["reason"], np.where(limited, "", reason or chart.reason))
    return frame.assign(
        method=(frame["method"] + np.where(limited, said, "")).astype("str"),
        reason=pd.Series(why, dtype="str"),
        centre=chart.centre,
        lower=chart.lower,
        upper=chart.upper,
        signal=pd.Series(chart.signals, dtype="str"),
        level=smoothed.values,
        level_low=smoothed.lower,
        level_high=smoothed.upper,
        drift=drifted.astype("str"),
        phase=pd.Series(phases, dtype="str").reindex(frame.index).ffill().fillna(""),
    )


def _unlike_the_others(frame: pd.DataFrame) -> pd.Series:
    """Weeks on gold where most of the weeks before the last stand on audits, and the other way round."""
    known, gold = frame["estimate"].notna(), on_gold(frame["method"])
    before = gold[known][:-1] if known.iloc[-1] else gold[known]
    return known & (gold != (before.sum() > 0.5 * len(before)))


def _counted(rate: np.ndarray, n: np.ndarray, baseline: np.ndarray, phases: list[int], rules: str) -> control.Chart:
    """A rate's chart with the wider of p and Laney p′ limits."""
    plain, laney = (control.p_chart(rate * n, n, baseline, phases, rules, laney) for laney in (False, True))
    sigma = np.fmax(plain.sigma, laney.sigma)
    return control.shewhart(plain.values, plain.centre, sigma, phases, rules, bounds=(0, 1))


def _phases(tables: Tables, weeks: list[str], fewest: int) -> dict[int, str]:
    """Where new limits start, and the SOP versions that are why."""
    if tables.sop_versions is None:
        return {}
    versions = fetch(tables.sop_versions.select("sop_version", "effective_from").filter(_.effective_from.notnull()))
    zone = tables.snapshot.time_zone(tables.market)
    local = pd.to_datetime(versions["effective_from"]).dt.tz_localize("UTC").dt.tz_convert(zone)
    versions[WEEK] = [str(Week.of(day)) for day in (local + pd.Timedelta(days=3.5)).dt.date]
    starts = {}
    for week, part in versions[versions[WEEK].isin(weeks)].groupby(WEEK):
        place, last = weeks.index(week), max(starts, default=0)
        if min(place - last, len(weeks) - 1 - place) >= fewest:
            starts[place] = f"SOP {', '.join(sorted(part['sop_version'].unique()))}"
    return starts
