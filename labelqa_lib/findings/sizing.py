"""What single questions cost in audits: a precise rate, a verdict, a drop, something rare, agreement, re-audits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.errors import UsageError
from labelqa_lib.sampling import Plan
from labelqa_lib.stats import sizing
from labelqa_lib.translation import say

POWER = 0.8
RARE_EVENTS, MISSED = 10, 0.05
"""Rare errors to see in a week; errors that tier 1 passes, where nothing is known of that."""


def audit_sizes(plan: Plan, targets: Mapping) -> pd.DataFrame:
    """How many audits of a week would each question take at this market's rates and design effect?

    Parameters
    ----------
    plan : Plan
    targets : mapping
        Of the market, by metric: each has a ``value``.

    Returns
    -------
    DataFrame
        ``question, audits`` (NaN where none do) ``, how``: what was assumed, or why there is no number.
    """
    if not plan.goals:
        return pd.DataFrame(columns=["question", "audits", "how"])
    goal, effect = plan.goals[0], float(plan.promises["design_effect"].iloc[0])
    rate, title, usual = goal.rate, goal.title, {"design_effect": effect}
    confidence = plan.rules.confidence
    asked = []
    for margin in (0.03, 0.02, 0.01):
        to = say("{metric} to ±{margin} pt", metric=title, margin=wording.number(margin, "rate", 1))
        asked.append(_asked(to, sizing.size_for_margin, rate, margin, confidence, **usual))
    target = targets.get(goal.metric)
    if target is not None:
        asked.append(_apart(plan, title, rate, target.value, effect))
    drop = say("A drop of 2 pt of {metric} from one week to the next", metric=title.lower())
    asked.append(_asked(drop, sizing.size_for_difference, rate, 0.02, POWER, **usual))
    return pd.DataFrame(
        [*asked, *_rare(plan), _agreement(), *_reaudits(plan, effect)], columns=["question", "audits", "how"]
    )


def settle(title: str, figure: Mapping, target: float, confidence: float) -> pd.DataFrame:
    """How many audits of a segment would settle what its figure leaves open?

    Parameters
    ----------
    title : str
        Of the metric, a rate.
    figure : mapping
        ``estimate, ci_low, ci_high, n, n_effective, baseline, difference``, as `metrics.against` gives them.
    target : float
        In [0, 1]; NaN where there is none.
    confidence : float
        Of the intervals, in (0.5, 1).

    Returns
    -------
    DataFrame
        As `audit_sizes`, at the segment's own rate and design effect.
    """
    columns = ["question", "audits", "how"]
    if np.isnan(figure["estimate"]) or not figure["n_effective"] > 0:
        return pd.DataFrame(columns=columns)
    rate, usual = figure["estimate"], {"design_effect": max(1.0, figure["n"] / figure["n_effective"])}
    half = (figure["ci_high"] - figure["ci_low"]) / 4
    to = say("{metric} to ±{margin} pt, half of today's margin", metric=title, margin=wording.number(half, "rate", 1))
    asked = [_asked(to, sizing.size_for_margin, rate, half, confidence, **usual)]
    if not np.isnan(target):
        apart = say(
            "{metric} at {rate} told apart from its target {target}",
            metric=title, rate=wording.amount(rate, "rate"), target=wording.amount(target, "rate"),
        )
        asked.append(_asked(apart, sizing.size_for_target, rate, target, POWER, confidence, **usual))
    if not np.isnan(figure["difference"]) and figure["difference"] != 0:
        moved = say("A change of {change} shown to be one", change=wording.difference(figure["difference"], "rate"))
        asked.append(_asked(moved, sizing.size_for_difference, figure["baseline"], -figure["difference"], POWER, confidence, **usual))
    return pd.DataFrame(asked, columns=columns)


def _asked(question: str, size, *given, **more) -> tuple[str, float, str]:
    try:
        made = size(*given, **more)
    except UsageError as error:
        return question, np.nan, error.problems[0]
    return question, made.n, made.reason


def _apart(plan: Plan, title: str, rate: float, target: float, effect: float) -> tuple[str, float, str]:
    """A verdict on the target; where no week's audits give one, the nearest rates on which they do."""
    now, wanted = (wording.amount(value, "rate") for value in (rate, target))
    question = say("{metric} at its present {now} told apart from its target {target}", metric=title, now=now, target=wanted)
    confidence, week = plan.rules.confidence, plan.past.strata["population"].sum()
    try:
        made = sizing.size_for_target(rate, target, POWER, confidence, design_effect=effect)
        if made.n <= week:
            return question, made.n, made.reason
    except UsageError:
        pass  # on the target, or next to it
    told = [
        f"{side} {wording.amount(edge, 'rate')}"
        for side, edge in _tellable(target, plan.audits / effect, confidence).items()
    ]
    nearest = [say("the plan's audits tell {rates}", rates=wording.listed(told, wording.OR))] if told else []
    return question, np.nan, say("; ").join([say("too near for a week's audits"), *nearest])


def _tellable(target: float, effective: float, confidence: float) -> dict[str, float]:
    """The rates nearest to a target that so many plain rows tell from it with probability `POWER`."""
    found = {}
    for side, end in (("≤", 0.0), ("≥", 1.0)):
        near, far = 0.0, abs(end - target)
        sign = np.sign(end - target)

        def power(apart: float, sign=sign) -> float:
            return float(sizing.power_against_target(max(round(effective), 1), target + sign * apart, target, confidence))

        if not 0 < target < 1 or power(far) < POWER:
            continue
        for _halving in range(30):
            middle = (near + far) / 2
            near, far = (near, middle) if power(middle) >= POWER else (middle, far)
        found[side] = target + sign * far
    return found


def _rare(plan: Plan) -> list[tuple[str, float, str]]:
    """Critical errors, where the model's doubt says where to look."""
    strata = plan.past.strata
    doubts = (
        strata.assign(errors=strata["critical_accuracy_miss"] * strata["population"])
        .groupby("doubt")[["errors", "population"]]
        .sum()
    )
    doubts = doubts[doubts["population"] >= 1]
    question = say(
        "At least {n} critical errors seen, drawn where the model doubts the label", n=RARE_EVENTS
    )
    try:
        made = sizing.size_for_rare(RARE_EVENTS, (doubts["errors"] / doubts["population"]).to_numpy(),
                                    doubts["population"].astype(int).to_numpy())  # fmt: skip
    except UsageError as error:
        return [(question, np.nan, error.problems[0])]
    if made.simple is None:
        simple = say("no simple draw of a week would do")
    else:
        simple = say("{n} in a simple draw", n=wording.whole(made.simple))
    rate = doubts["errors"].sum() / doubts["population"].sum()
    shown = sizing.size_for_demonstration(2 * rate)
    return [
        (question, made.n, simple),
        (
            say("Fewer than {rate} critical errors, shown by finding none", rate=wording.amount(2 * rate, "rate")),
            shown.n,
            shown.reason,
        ),
    ]


def _agreement() -> tuple[str, float, str]:
    return _asked(say("Agreement (alpha 0.8) of two agents to ±0.05"), sizing.size_for_agreement, 0.8, 0.05, [0.7, 0.3])


def _reaudits(plan: Plan, effect: float) -> list[tuple[str, float, str]]:
    checked, rate = round(plan.audits), plan.past.strata["accuracy_miss"].mean()
    question = say("Second audits of {n}, so that correcting makes less than half the doubt", n=checked)
    made = sizing.size_for_reaudits(checked, rate, 0.95, MISSED / 10, design_effect=effect)
    how = say("{n} of audits that marked an error, {passed} of those that passed", n=made.flagged, passed=made.passed)
    return [(question, made.n, how)]
