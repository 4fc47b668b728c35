"""A plan as tables: the rows that a reader compares, with their headings and units."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa_lib.sampling.frontier import first_promise
from labelqa_lib.sampling.planning import Plan
from labelqa_lib.sampling.strata import DOUBT, PLACE

TITLES = {
    "doubted": "Of them doubted by the model", "share": "Share audited", "minutes": "Minutes each", "rate": "Rate",
    "expected_rate": "Expected rate", "wanted": "Asked for ±", "promised": "Promised ±", "achieved": "Achieved ±",
    "design_effect": "Design effect",
    "audits": "Audits", "planned": "Audits planned", "made": "Audits made", "planned_effect": "Design effect planned",
    "achieved_effect": "Design effect achieved", "came_out": "Came out ±", "coverage": "Held the truth",
    "saved": "Audits saved", "runs": "Draws", "way": "Audited", "coverage_low": "By chance from",
    "coverage_high": "By chance to", "saved_hours": "Hours saved", "without": "Hours without it",
    "safe": "Accepts 95 of 100 at", "ltpd": "Accepts 10 of 100 at (LTPD)", "aoql": "Leaves at worst (AOQL)",
    "own_hours": "Own hours", "used": "Of them used", "own_stretch": "× as asked, alone", "shared_hours": "Shared hours",
    "stretch": "× as asked, together", "moved": "Hours moved", "alone": "Alone ±", "together": "Together ±",
    "size": "Annotations", "accept": "Accept up to", "reject": "Reject from", "letter": "Code letter",
    "zero": "Audits accepting none", "risks": "Found by two risks",
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
    minutes = ", ".join(f"{name} {value:g}" for name, value in sorted(rules.minutes.items()))
    return {
        "Sampling": f"{rules.hours:g} QA hours; minutes of an audit {minutes + ', else ' if minutes else ''}"
        f"{rules.minutes_factor:g} × handle time; at least {rules.minimum_stratum} audits a stratum, "
        f"{rules.minimum_agent} an agent, {rules.minimum_new_joiner} a new joiner "
        f"(under {rules.new_joiner_weeks} weeks); risk checks {rules.risk_share:g}, re-audits {rules.reaudit_share:g}, "
        f"blind {rules.blind_share:g} of the audits; AQL {rules.aql:g} %, level {rules.level}; seed {rules.seed}",
    }


def points(plan: Plan, today: pd.DataFrame) -> dict:
    """Where the plan and last week's audits lie, (hours, half-width), and of which goal: arguments of the frontier."""
    at = today.iloc[0] if len(today) else {"hours": np.nan, "achieved": np.nan}
    goal = {"goal": plan.goals[0].title} if plan.goals else {}
    return {"plan": (plan.hours, first_promise(plan)), "today": (at["hours"], at["achieved"]), **goal}
