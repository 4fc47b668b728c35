"""What to do about each finding, what undoing it would gain, and which three are worth most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.catalogue import MARKET, auditing, cost
from labelqa_lib.findings.finding import Finding, Recommendation
from labelqa_lib.metrics import REGISTRY
from labelqa_lib.translation import N_forms

PAIRS = 2
"""So many confusions are trained on at once."""

CONTENT = {"label", "reference_label", "policy_area", "queue", "content_type", "language"}
"""Dimensions of the work: what got worse along these alone got worse at every site, and is not one site's to mend."""

_QUALITY = {"accuracy", "critical_accuracy", "error_rate", "fpr", "fnr"}
_AUDITING = {"ata_accuracy", "missed_error_rate", "false_error_rate", "accuracy_corrected"}
_SERVICE = {"sla_attainment", "backlog", "backlog_days", "utilization"}


@dataclass(frozen=True)
class Circumstances:
    """What recommendations are counted from; every part may be missing.

    Attributes
    ----------
    volume : float
        Annotations of the week.
    confusion : DataFrame or None
        From `metrics.confusion`.
    staff : DataFrame
        From `metrics.staff`.
    people : sequence of DataFrame
        From `metrics.spread`, by agent or by site.
    """

    volume: float
    confusion: pd.DataFrame | None = None
    staff: pd.DataFrame = field(default_factory=pd.DataFrame)
    people: Sequence[pd.DataFrame] = ()


def recommend(
    findings: Sequence[Finding],
    volume: float,
    confusion: pd.DataFrame | None = None,
    staff: pd.DataFrame | None = None,
    people: Sequence[pd.DataFrame] = (),
) -> list[Finding]:
    """The same findings, each with what to do about it where the catalogue knows of something.

    Parameters
    ----------
    findings : sequence of Finding
        From `find`.
    volume : float
        Annotations of the week.
    confusion : DataFrame, optional
        From `metrics.confusion`: which label pairs to train on.
    staff : DataFrame, optional
        From `metrics.staff`: whom it would take.
    people : sequence of DataFrame
        From `metrics.spread`, as given to `find`.

    Returns
    -------
    list of Finding
        In their order. Good news, and a mere shift of the mix of work, need nothing done.

    Notes
    -----
    Gain: the finding undone altogether, that is the segment back at what it was before, the confusions gone, or the
    target just met; so it is what can be gained at most. Its interval is that of the finding.
    """
    told = Circumstances(volume, confusion, pd.DataFrame() if staff is None else staff, people)
    moved = {one.metric for one in findings if one.code.startswith("move:") and one.segment and _asks(one)}
    return [replace(one, recommendation=_one(one, told, moved)) if _asks(one) else one for one in findings]


def _asks(one: Finding) -> bool:
    return one.severity in ("act", "watch") or one.code.startswith("target:")


def _one(one: Finding, told: Circumstances, moved: set[str]) -> Recommendation | None:
    if one.audits:
        return _more_audits(one, told)
    if one.code.startswith("stands-out:"):
        return _coached(one, told)
    if one.code.startswith(("split:", "gold:", "audits:")):
        return _calibrated(one, told)
    if one.metric in _QUALITY:
        return _quality(one, told, moved)
    if one.metric in _AUDITING:
        where = f" at site {one.segment['site']}" if "site" in one.segment else ""
        return _worded(one, told, "recalibrate", f"Recalibrate the QAs{where} on what second audits found", one.metric)
    if one.metric in _SERVICE:
        where = f"to queue {one.segment['queue']}" if "queue" in one.segment else "to where work waits"
        return _worded(one, told, "move", f"Move capacity {where}", one.metric)
    if one.metric == "aht" and one.gap > 0:
        return _worded(one, told, "tool", f"Check the tool and the queue{_at(one)}: the same work takes longer", one.metric)
    if one.metric == "overturn_rate":
        return _worded(one, told, "gold", f"Take overturned appeals{_at(one)} into calibration, and correct the gold", one.metric)
    if one.metric == "inconsistency_rate":
        return _worded(one, told, "clarify", "Clarify the SOP clauses on which blind pairs disagree", one.metric)
    return None


def _calibrated(one: Finding, told: Circumstances) -> Recommendation | None:
    """What a finding of the calibration page asks for; what that gains stands in no figure of it."""
    kind, *parts = one.code.split(":")
    if kind == "gold":
        return _worded(one, told, "gold", "Look at the suspected gold items again, and correct the gold", one.metric)
    if kind == "audits":
        return _worded(one, told, "recalibrate", "Recalibrate all QAs with tier 2", one.metric)
    pair = " taken for ".join(parts[1:])
    if parts[0] == "training":
        return _worded(one, told, "retrain", f"Retrain site {one.segment['site']} on {pair}", one.metric)
    if parts[0] == "unclear_SOP":
        return _worded(one, told, "clarify", f"Clarify the SOP of {one.segment['policy_area']} on {pair}", one.metric)
    return None


def _quality(one: Finding, told: Circumstances, moved: set[str]) -> Recommendation | None:
    kind = one.code.partition(":")[0]
    if kind in ("control", "drift"):  # a segment that moved explains it better
        if moved & _QUALITY or one.metric != "accuracy":
            return None
        return _worded(one, told, "tool", "Check the tool and what else changed for everybody at once", "accuracy")
    if kind == "target" or not one.segment:
        return _on_pairs(one, told)
    sites = dict.fromkeys(other["site"] for other in (one.segment, *one.also) if "site" in other)
    if set(one.segment) <= CONTENT and not sites:
        return _worded(one, told, "clarify", f"Clarify the SOP{_at(one)}, then quiz agents", "accuracy", _share(one, told))
    site = next(iter(sites), MARKET)
    pair = _pair_of(one, told)
    on = f" on {pair}" if pair else f" on {_where(one)}" if _where(one) else ""
    action = f"Retrain {f'site {site}' if site else 'all agents'}{on}"
    return _worded(one, told, "retrain", action, "accuracy", _share(one, told), site=site)


def _at(one: Finding) -> str:
    said = _where(one)
    site = f" at site {one.segment['site']}" if "site" in one.segment else ""
    return f"{site}{f' on {said}' if said else ''}"


def _where(one: Finding) -> str:
    """The segment in words, its site left out."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in one.segment.items() if name != "site")


def _share(one: Finding, told: Circumstances) -> float:
    """What a segment's rate counts for in the market's: its part of the week's items."""
    return one.size / one.gap / told.volume if one.gap > 0 and told.volume else np.nan


def _pairs(one: Finding, told: Circumstances, most: int | None = PAIRS) -> pd.DataFrame:
    """The confusions that make the finding's metric what it is, the costliest first."""
    if told.confusion is None or not len(told.confusion):
        return pd.DataFrame()
    wrong = told.confusion[(told.confusion["rank"] > 0) & (told.confusion["share"] > 0)].sort_values("rank")
    chosen = {
        "critical_accuracy": wrong["critical"], "fpr": wrong["flips"] & ~wrong["violating"],
        "fnr": wrong["flips"] & wrong["violating"],
    }.get(one.metric, wrong["rank"] > 0)  # fmt: skip
    return wrong[chosen].head(len(wrong) if most is None else most)


def _on_pairs(one: Finding, told: Circumstances) -> Recommendation | None:
    pairs = _pairs(one, told)
    if pairs.empty:
        return _worded(one, told, "look", f"Look at the errors behind {REGISTRY[one.metric].title} with the leads", one.metric)
    named = [f"{row.reference_label} taken for {row.label}" for row in pairs.itertuples()]
    action = f"Retrain on {', '.join(named[:-1])}{' and ' if named[1:] else ''}{named[-1]}"
    ends = [float((pairs["errors"] * pairs[name] / pairs["share"]).sum()) for name in ("share", "ci_low", "ci_high")]
    return _worded(one, told, "retrain", action, "accuracy", gains=tuple(np.array(ends) / told.volume))


def _pair_of(one: Finding, told: Circumstances) -> str:
    """What the finding's label is most often taken for in the market, where it names one."""
    pairs = _pairs(one, told, most=None)
    for column in ("reference_label", "label"):
        if column in one.segment and len(pairs):
            own = pairs[pairs[column] == one.segment[column]]
            if len(own):
                return f"{own['reference_label'].iloc[0]} taken for {own['label'].iloc[0]}"
    return ""


_FLAGGED = {
    "agent_id": N_forms("{n} flagged agent", "{n} flagged agents"),
    "auditor_id": N_forms("{n} flagged auditor", "{n} flagged auditors"),
    "site": N_forms("{n} flagged site", "{n} flagged sites"),
}


def _coached(one: Finding, told: Circumstances) -> Recommendation | None:
    dimension = next(iter(one.segment))
    frame = next((people for people in told.people if people.columns[1] == dimension), None)
    if frame is None or one.metric != "error_rate":
        return None
    flagged, items = frame[frame["flagged"]], frame["n"].sum()
    names = ("shrunken", "shrunken_low", "shrunken_high")
    gains = tuple(float(((flagged[name] - flagged["expected"]).clip(lower=0) * flagged["n"]).sum() / items) for name in names)
    noun = dimension.removesuffix("_id").replace("_", " ")
    whom = f"{noun} {one.segment[dimension]}" if len(flagged) == 1 else wording.count(len(flagged), *_FLAGGED[dimension])
    people = len(flagged) if dimension == "agent_id" else None
    site = one.segment[dimension] if dimension == "site" else MARKET
    return _worded(one, told, "retrain", f"Coach {whom} on the errors found", "accuracy", gains=gains, people=people, site=site)


def _more_audits(one: Finding, told: Circumstances) -> Recommendation:
    half = (one.ci_high - one.ci_low) / 2
    hours, how = auditing(one.audits, told.staff)
    title = REGISTRY[one.metric].title
    action = f"Audit {wording.count(one.audits, '{n} more item', '{n} more items')}"
    said = f"{action}: {title} is then known well enough to judge it, where it now is by ±{wording.amount(half, 'rate')}. {_hours(hours, how)}"
    return Recommendation("audit", action, one.metric, "points", np.nan, np.nan, np.nan, 0.0, hours, how, said)


def _worded(
    one: Finding, told: Circumstances, kind: str, action: str, metric: str, share: float = 1.0,
    gains: tuple[float, float, float] | None = None, people: float | None = None, site: str | None = None,
) -> Recommendation:  # fmt: skip
    gains = np.array(gains if gains else (one.gap, max(one.gap_low, 0.0), one.gap_high)) * (1.0 if gains else share)
    hours, how = cost(kind, told.staff, one.segment.get("site", MARKET) if site is None else site, people)
    return worded(kind, action, metric, gains, told.volume, hours, how)


def worded(
    kind: str, action: str, metric: str, gains: Sequence[float], volume: float, hours: float, how: str
) -> Recommendation:
    """A recommendation from its parts; `gains` are the gain in the metric and its interval's ends, positive."""
    known = REGISTRY.get(metric)
    unit = "points" if known is None or known.unit == "rate" else known.unit
    gain, low, high = map(float, gains)
    title = known.title if known else metric.replace("_", " ").capitalize()
    better = known.better if known else "higher"
    said = ""
    if np.isfinite(gain):
        size = wording.difference(gain if better == "higher" else -gain, "rate" if unit == "points" else unit)
        span = wording.ends(*((low, high) if better == "higher" else (-high, -low)), unit)
        said = f": up to {size} of {title}{f' ({span})' if span != wording.UNDEFINED else ''}"
    items = gain * volume if metric == "accuracy" and np.isfinite(gain) else 0.0
    return Recommendation(kind, action, metric, unit, gain, low, high, items, hours, how, f"{action}{said}. {_hours(hours, how)}")


def _hours(hours: float, how: str) -> str:
    return f"Costs about {wording.amount(hours, 'hours')} ({how})." if np.isfinite(hours) else f"Costs {how}."


BEST = 3
BEST_TITLES = {"action": "What to do", "gain": "Gains at most", "title": "In", "hours": "Hours, about", "cost": "Counted as"}


def best(findings: Sequence[Finding], most: int = BEST) -> pd.DataFrame:
    """The recommendations that gain most: labels made right first, then what else can be had.

    Returns
    -------
    DataFrame
        ``action, gain, gain_low, gain_high, unit, title`` (of the metric), ``hours, cost``; every action once, at most
        `most` rows.
    """
    made = {one.recommendation.action: one.recommendation for one in reversed(findings) if one.recommendation}
    order = sorted(list(made.values())[::-1], key=lambda one: -one.items)
    rows = [
        (one.action, one.gain, one.gain_low, one.gain_high, one.unit, _title(one.metric), one.hours, one.cost)
        for one in order[:most]
    ]
    return pd.DataFrame(rows, columns=["action", "gain", "gain_low", "gain_high", "unit", "title", "hours", "cost"])


def _title(metric: str) -> str:
    return REGISTRY[metric].title if metric in REGISTRY else metric.replace("_", " ").capitalize()
