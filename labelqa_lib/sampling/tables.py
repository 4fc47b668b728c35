"""A plan as tables: the rows that a reader compares, with their headings and units."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa_lib.sampling.frontier import first_promise
from labelqa_lib.sampling.planning import Plan
from labelqa_lib.sampling.strata import DOUBT, PLACE
from labelqa_lib.translation import N_, say

TITLES = {
    "doubted": N_("Of them doubted by the model"), "share": N_("Share audited"), "minutes": N_("Minutes each"), "rate": N_("Rate"),
    "expected_rate": N_("Expected rate"), "wanted": N_("Asked for ±"), "promised": N_("Promised ±"), "achieved": N_("Achieved ±"),
    "design_effect": N_("Design effect"),
    "audits": N_("Audits"), "planned": N_("Audits planned"), "made": N_("Audits made"), "planned_effect": N_("Design effect planned"),
    "achieved_effect": N_("Design effect achieved"), "came_out": N_("Came out ±"), "coverage": N_("Held the truth"),
    "saved": N_("Audits saved"), "runs": N_("Draws"), "way": N_("Audited"), "coverage_low": N_("By chance from"),
    "coverage_high": N_("By chance to"), "saved_hours": N_("Hours saved"), "without": N_("Hours without it"),
    "safe": N_("Accepts 95 of 100 at"), "ltpd": N_("Accepts 10 of 100 at (LTPD)"), "aoql": N_("Leaves at worst (AOQL)"),
    "own_hours": N_("Own hours"), "used": N_("Of them used"), "own_stretch": N_("× as asked, alone"), "shared_hours": N_("Shared hours"),
    "stretch": N_("× as asked, together"), "moved": N_("Hours moved"), "alone": N_("Alone ±"), "together": N_("Together ±"),
    "size": N_("Annotations"), "accept": N_("Accept up to"), "reject": N_("Reject from"), "letter": N_("Code letter"),
    "zero": N_("Audits accepting none"), "risks": N_("Found by two risks"),
}  # fmt: skip

UNITS = dict.fromkeys(
    ["share", "rate", "expected_rate", "wanted", "promised", "achieved", "truth", "coverage", "coverage_low",
     "coverage_high", "came_out", "alone", "together", "saved", "safe", "ltpd", "aoql"], "rate",
) | dict.fromkeys(["audits", "planned", "made"], "count")  # fmt: skip


def by_place(plan: Plan) -> pd.DataFrame:
    """Annotations expected, random audits and hours of every site × queue × policy area, and of all.

    Returns
    -------
    DataFrame
        `PLACE`, ``annotations, audits, doubted`` (audits of labels that the model doubts), ``share, minutes, hours``.
    """
    strata = plan.strata
    strata["doubted"] = strata["audits"].where(strata[DOUBT] == "high", 0.0)
    sums = strata.groupby(PLACE, as_index=False)[["population", "audits", "doubted", "hours"]].sum()
    total = sums[["population", "audits", "doubted", "hours"]].sum()
    sums.loc[len(sums)] = {"site": "all", "queue": "", "policy_area": "", **total}
    frame = sums.rename(columns={"population": "annotations"})
    frame["share"] = frame["audits"] / frame["annotations"]
    frame["minutes"] = 60 * frame["hours"] / frame["audits"].where(frame["audits"] > 0)
    whole = ["annotations", "audits", "doubted"]
    frame[whole] = frame[whole].round().astype("int64")
    frame[["minutes", "hours"]] = frame[["minutes", "hours"]].round(1)
    return frame[[*PLACE, "annotations", "audits", "doubted", "share", "minutes", "hours"]]


def promises(plan: Plan) -> pd.DataFrame:
    """What every goal is promised: ``goal, expected_rate, wanted, promised, audits, design_effect``."""
    return (
        plan.promises.drop(columns=["metric", "site"])
        .rename(columns={"rate": "expected_rate"})
        .round({"design_effect": 2})
    )


def dropped(savings: pd.DataFrame) -> pd.DataFrame:
    """`frontier.savings` to a tenth of an hour: ``goal, without, saved_hours``."""
    told = savings.rename(columns={"hours": "without", "saved": "saved_hours"})
    return told.round({"without": 1, "saved_hours": 1})


def facts(plan: Plan) -> dict[str, str]:
    """The rules that the plan follows, for how the page was made."""
    rules = plan.rules
    minutes = [f"{name} {value:g}" for name, value in sorted(rules.minutes.items())]
    factor = f"{rules.minutes_factor:g}"
    took = [*minutes, say("else {factor} × handle time", factor=factor) if minutes else say("{factor} × handle time", factor=factor)]
    told = say(
        "{hours} QA hours; minutes of an audit {minutes}; at least {stratum} audits a stratum, {agent} an agent, {joiner} a new "
        "joiner (under {weeks} weeks); risk checks {risk}, re-audits {reaudits}, blind {blind} of the audits; AQL {aql} %, "
        "level {level}; seed {seed}",
        hours=f"{rules.hours:g}", minutes=say(", ").join(took), stratum=rules.minimum_stratum, agent=rules.minimum_agent,
        joiner=rules.minimum_new_joiner, weeks=rules.new_joiner_weeks, risk=f"{rules.risk_share:g}",
        reaudits=f"{rules.reaudit_share:g}", blind=f"{rules.blind_share:g}", aql=f"{rules.aql:g}", level=rules.level,
        seed=rules.seed,
    )  # fmt: skip
    return {N_("Sampling"): told}


def points(plan: Plan, today: pd.DataFrame) -> dict:
    """Where the plan and last week's audits lie, (hours, half-width), and of which goal: arguments of the frontier."""
    at = today.iloc[0] if len(today) else {"hours": np.nan, "achieved": np.nan}
    goal = {"goal": plan.goals[0].title} if plan.goals else {}
    return {"plan": (plan.hours, first_promise(plan)), "today": (at["hours"], at["achieved"]), **goal}
