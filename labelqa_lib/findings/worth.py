"""What a recommendation gains and costs, in words, and which three are worth most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.finding import Finding, Recommendation
from labelqa_lib.metrics import REGISTRY
from labelqa_lib.translation import N_, say


def worded(
    kind: str, action: str, metric: str, gains: Sequence[float], volume: float, hours: float, how: str
) -> Recommendation:
    """A recommendation from its parts; `gains` are the gain in the metric and its interval's ends, positive."""
    known = REGISTRY.get(metric)
    unit = "points" if known is None or known.unit == "rate" else known.unit
    gain, low, high = map(float, gains)
    better = known.better if known else "higher"
    said = say("{action}.", action=action)
    if np.isfinite(gain):
        size = wording.difference(gain if better == "higher" else -gain, "rate" if unit == "points" else unit)
        span = wording.ends(*((low, high) if better == "higher" else (-high, -low)), unit)
        of = N_("{action}: up to {size} of {metric}.") if span == wording.UNDEFINED else N_("{action}: up to {size} of {metric} ({span}).")
        said = say(of, action=action, size=size, metric=title_of(metric), span=span)
    items = gain * volume if metric == "accuracy" and np.isfinite(gain) else 0.0
    return Recommendation(kind, action, metric, unit, gain, low, high, items, hours, how, wording.sentences(said, costs(hours, how)))


def costs(hours: float, how: str) -> str:
    """What it takes of people's time, in a sentence."""
    if np.isfinite(hours):
        return say("Costs about {hours} ({how}).", hours=wording.amount(hours, "hours"), how=how)
    return say("Costs {how}.", how=how)


BEST = 3
BEST_TITLES = {
    "action": N_("What to do"), "gain": N_("Gains at most"), "title": N_("Metric"), "hours": N_("Hours, about"),
    "cost": N_("Counted as"),
}  # fmt: skip


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
        (one.action, one.gain, one.gain_low, one.gain_high, one.unit, title_of(one.metric), one.hours, one.cost)
        for one in order[:most]
    ]
    return pd.DataFrame(rows, columns=["action", "gain", "gain_low", "gain_high", "unit", "title", "hours", "cost"])


def title_of(metric: str) -> str:
    """A metric's title in the language that is spoken."""
    return say(REGISTRY[metric].title) if metric in REGISTRY else metric.replace("_", " ").capitalize()
