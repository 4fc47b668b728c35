"""What precision costs: hours against margins, and what each goal adds to the bill."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from labelqa_lib.sampling.expected import average_width
from labelqa_lib.sampling.planning import Plan, cheapest, plan_from
from labelqa_lib.sampling.precision import Goal, by_cluster
from labelqa_lib.sampling.rules import Rules
from labelqa_lib.sampling.searching import overhead
from labelqa_lib.sampling.strata import Past
from labelqa_lib.stats import survey
from labelqa_lib.translation import N_, say

STRETCHES = (0.75, 0.83, 0.91, 1.0, 1.1, 1.25, 1.45, 1.75, 2.2)
"""Of all margins together, times the plan's own stretch: points of the frontier."""

_UNLIMITED, _SMOOTH = 1e9, 512
_FLOORS = {
    "minimum_agent": N_("Audits of every agent"),
    "minimum_new_joiner": N_("More audits of new joiners"),
    "minimum_stratum": N_("Audits in every stratum"),
    "risk_share": N_("Risk checks"),
    "reaudit_share": N_("Re-audits"),
}


def frontier(plan: Plan) -> pd.DataFrame:
    """How many hours would narrower or wider intervals take?

    Returns
    -------
    DataFrame
        One row per point, cheapest last: ``stretch`` (of all margins asked for), ``audits, hours, promised``
        (half-width of the first goal).
    """
    rules, rows = replace(plan.rules, hours=_UNLIMITED), []
    for stretch in sorted({1.0, *(plan.stretch * one for one in STRETCHES)}):
        goals = [replace(goal, margin=goal.margin * stretch) for goal in plan.goals]
        if stretch == plan.stretch:
            other = plan
        elif stretch == 1.0:
            # told as the hours that reach every goal, so found to the end
            other = plan_from(plan.past, plan.joiners, rules, [replace(goal, widening=1.0) for goal in goals])
        else:
            other = cheapest(plan.past, plan.joiners, rules, goals)
        rows.append((stretch, other.audits, other.hours, first_promise(other)))
    return pd.DataFrame(rows, columns=["stretch", "audits", "hours", "promised"])


def first_promise(plan: Plan) -> float:
    """The half-width promised for the first goal; NaN where no goal can be answered."""
    if not plan.goals:
        return np.nan
    return average_width(plan.goals[0], plan.cells, plan.rules.confidence, _SMOOTH)


def savings(plan: Plan) -> pd.DataFrame:
    """What would it save to do without each goal?

    Returns
    -------
    DataFrame
        One row per goal, minimum and part of the list that costs anything: ``goal, hours`` (of all others together),
        ``saved`` (hours), the dearest first. Hours are those of all goals in full, whatever hours there are.
    """
    rules = replace(plan.rules, hours=_UNLIMITED)

    def hours(rules: Rules, goals: list[Goal]) -> float:
        return cheapest(plan.past, plan.joiners, rules, goals).hours

    full, rows = hours(rules, plan.goals), []
    for dropped in plan.goals:
        rows.append((_title(dropped), hours(rules, [goal for goal in plan.goals if goal is not dropped])))
    for name, title in _FLOORS.items():
        if getattr(rules, name):
            rows.append((title, hours(replace(rules, **{name: 0}), plan.goals)))
    frame = pd.DataFrame(rows, columns=["goal", "hours"])
    # without a goal the plan may stay as it is: it never costs more
    frame["saved"] = (full - frame["hours"]).clip(lower=0)
    frame["hours"] = (plan.hours if plan.stretch == 1 else full) - frame["saved"]
    return frame.sort_values(["saved", "goal"], ascending=[False, True], ignore_index=True)


def _title(goal: Goal) -> str:
    return goal.title if goal.site else say("{metric} of the market", metric=goal.title)


def today(past: Past, goals: list[Goal], rules: Rules) -> pd.DataFrame:
    """What did the audits of the last week buy?

    Returns
    -------
    DataFrame
        One row per goal: ``goal, rate, audits`` (that count for it), ``hours`` (of all audits at the plan's minutes,
        with as many risk checks and re-audits), ``achieved`` (half-width of the interval; NaN without audits),
        ``design_effect``. Empty where gold stands in for audits.
    """
    rows = past.audits[past.audits["week"] == past.last]
    cluster, _names = pd.factorize(rows["cluster"], sort=True)
    hours = past.strata["minutes"].to_numpy()[rows["stratum"]].sum() / 60 * overhead(rules)
    asked = goals if past.by_audits else []
    return pd.DataFrame(
        [(goal.title, *_achieved(rows, cluster, goal, rules.confidence, hours)) for goal in asked],
        columns=["goal", "rate", "audits", "hours", "achieved", "design_effect"],
    )


def _achieved(rows: pd.DataFrame, cluster: np.ndarray, goal: Goal, confidence: float, hours: float) -> tuple[float, ...]:
    """What a goal's row says after its title; `cluster` are codes of who stands for each of the rows."""
    hit, miss, weight, stratum = (rows[name].to_numpy() for name in (f"{goal.metric}_hit", f"{goal.metric}_miss", "weight", "stratum"))
    kept = np.flatnonzero((hit + miss > 0) & goal.inside[stratum])
    if not len(kept):
        return np.nan, 0, hours, np.nan, np.nan
    weight, hit = weight[kept], hit[kept]
    n, weights, outcome, squares = by_cluster(cluster[kept], weight, weight * hit, weight**2)
    told = survey.clustered_rate(
        np.zeros(len(n), dtype=int), weights, np.minimum(outcome, weights), n, confidence=confidence, weight_squared=squares
    )
    half_width = float(told.ci_high[0] - told.ci_low[0]) / 2
    return float(told.estimate[0]), len(kept), hours, half_width, float(told.design_effect[0])
