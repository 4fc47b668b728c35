"""What to do about a finding of a sampling plan, and what that costs: intervals are gained by audits, in hours of QAs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.catalogue import auditing
from labelqa_lib.findings.finding import Finding, Recommendation
from labelqa_lib.findings.sampling import FEWER
from labelqa_lib.findings.settling import EVERY
from labelqa_lib.findings.worth import costs
from labelqa_lib.sampling import Plan, Shared
from labelqa_lib.sampling.precision import Goal
from labelqa_lib.translation import say


def plan_advice(
    findings: Sequence[Finding], plan: Plan, kept: pd.DataFrame, frontier: pd.DataFrame, next_lots: pd.DataFrame
) -> list[Finding]:
    """The findings of a plan with what would mend each, where audits or hours would.

    Parameters
    ----------
    findings : sequence of Finding
        From `plan_findings`.
    plan, kept, frontier, next_lots
        From the functions of `sampling` with these names.

    Returns
    -------
    list of Finding
        In their order. What is gained is a narrower interval, said in the sentence, and no better labels: `gain` is NaN.
        Hours are those of the plan's own audits, on average.
    """
    minutes = 60 * plan.hours / plan.audits if plan.audits else np.nan
    staff = pd.DataFrame({"minutes": [minutes]})
    advice = {**_hours(plan, frontier), **_made(plan, kept, staff), **_inspected(next_lots, staff)}
    return [replace(one, recommendation=advice.get(one.code)) for one in findings]


def share_advice(findings: Sequence[Finding], shared: Shared, told: pd.DataFrame) -> list[Finding]:
    """The findings of shared hours with the move that each asks for.

    Parameters
    ----------
    findings : sequence of Finding
        From `shared_findings`.
    shared : Shared
    told : DataFrame
        From `sampling.across.by_market`.
    """
    givers = wording.listed(told.loc[told["moved"] < 0, "market"].tolist())
    advice = {}
    for row in told[told["moved"] > 0].itertuples():
        values = {"hours": wording.amount(row.moved, "hours"), "market": row.market, "givers": givers}
        if givers:
            action = say("Move {hours} of QA time a week to {market}, from {givers}", **values)
        else:
            action = say("Give {market} {hours} more of QA time a week, of those that are free", **values)
        sentence = wording.sentences(say("{action}.", action=action), say("Costs no further hours."))
        advice[f"sampling:share:{row.market}"] = _advised("move", action, 0.0, "", sentence)
    return [replace(one, recommendation=advice.get(one.code)) for one in findings]


def _hours(plan: Plan, frontier: pd.DataFrame) -> dict[str, Recommendation]:
    whole = frontier.loc[frontier["stretch"] == 1, "hours"]
    if whole.empty or not whole.iloc[0] > plan.rules.hours:
        return {}
    more = float(whole.iloc[0] - plan.rules.hours)
    action = say("Plan {hours} more of QA time a week", hours=wording.amount(more, "hours"))
    sentence = wording.sentences(say("{action}: every goal is then reached.", action=action), costs(more, say("every week")))
    return {"sampling:hours": _advised("audit", action, more, say("every week"), sentence)}


def _made(plan: Plan, kept: pd.DataFrame, staff: pd.DataFrame) -> dict[str, Recommendation]:
    found = {}
    goals = {one.title: one for one in plan.goals}
    keys = {title: one.key for title, one in goals.items()}
    for row in kept[kept["made"] < FEWER * kept["planned"]].itertuples():
        missing = _missing(row, kept, goals, plan)
        if not missing > 0:  # all were made, and chance put fewer among them that count
            continue
        action = wording.count(missing, "Make all audits planned: {n} more than last week", "Make all audits planned: {n} more than last week")
        hours, how = auditing(missing, staff)
        sentence = wording.sentences(
            say("{action}; the interval was ±{achieved} pt and is promised as ±{promised} pt.", action=action,
                achieved=wording.number(row.achieved, "rate", 1), promised=wording.number(row.promised, "rate", 1)),
            costs(hours, how),
        )  # fmt: skip
        found[f"sampling:kept:{keys.get(row.goal, row.goal)}"] = _advised("audit", action, hours, how, sentence)
    return found


def _missing(row, kept: pd.DataFrame, goals: Mapping[str, Goal], plan: Plan) -> float:
    """How many audits are missing where a goal counts only some of them, such as those of violating items.

    As many as for a goal of the same place that counts all; without one, those of which the goal would count what it
    misses, as the next week's plan has them."""
    missing, goal = row.planned - row.made, goals.get(row.goal)
    if goal is None or goal.metric in EVERY["quality"]:
        return missing
    for other in kept.itertuples():
        beside = goals.get(other.goal)
        if beside is not None and beside.metric in EVERY["quality"] and beside.site == goal.site:
            return other.planned - other.made
    stratum, audits = plan.cells["stratum"].to_numpy(), plan.cells["audits"].to_numpy()
    counted = (audits * goal.counted[stratum]).sum()
    return missing * (audits * goal.inside[stratum]).sum() / counted if counted else missing


def _inspected(next_lots: pd.DataFrame, staff: pd.DataFrame) -> dict[str, Recommendation]:
    found = {}
    for row in next_lots[next_lots["inspection"].isin(["tightened", "stopped"])].itertuples():
        hours, how = auditing(row.n, staff)
        action = wording.count(row.n, "Inspect {site}'s next week with {n} audit", "Inspect {site}'s next week with {n} audits", site=row.site)
        sentence = wording.sentences(say("{action}.", action=action), costs(hours, how))
        found[f"sampling:lots:{row.site}"] = _advised("audit", action, hours, how, sentence)
    return found


def _advised(kind: str, action: str, hours: float, how: str, sentence: str) -> Recommendation:
    return Recommendation(kind, action, "", "points", np.nan, np.nan, np.nan, 0.0, hours, how, sentence)
