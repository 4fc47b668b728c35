"""Did it work? What the last week's plan promised against what its audits gave, and who was left out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa_lib.metrics.made import made as made_before
from labelqa_lib.sampling.frontier import today
from labelqa_lib.sampling.planning import Plan, plan
from labelqa_lib.sampling.rules import Rules
from labelqa_lib.sampling.starting import Outlook
from labelqa_lib.sampling.strata import KEYS, stratum_name, weekly_volumes
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_

AGENT, STRATUM = N_("agent"), N_("stratum")


def earlier_plan(tables: Tables, rules: Rules) -> Plan | None:
    """The plan for the tables' last week, as the weeks before it gave it; None where there is no week before."""
    before = tables.weeks[:-1]
    return plan(tables, rules, before) if before else None


def kept(earlier: Plan | None, now: Outlook) -> pd.DataFrame:
    """Did the last week's audits reach what was planned?

    Parameters
    ----------
    earlier : Plan or None
        For the last week, from `earlier_plan`.
    now : Outlook
        On the week after it: knows the last week's audits.

    Returns
    -------
    DataFrame
        One row per goal: ``goal, expected_rate, rate, wanted, promised`` and ``achieved`` (half-widths),
        ``planned, made`` (audits that count), ``planned_effect, achieved_effect`` (design effects). Empty without an
        earlier plan.
    """
    columns = ["goal", "expected_rate", "rate", "wanted", "promised", "achieved", "planned", "made", "planned_effect",
               "achieved_effect"]  # fmt: skip
    if earlier is None:
        return pd.DataFrame(columns=columns)
    planned = earlier.promises.rename(
        columns={"audits": "planned", "design_effect": "planned_effect", "rate": "expected_rate"}
    )
    made = today(now.past, now.goals, now.rules)
    made = made.rename(columns={"audits": "made", "design_effect": "achieved_effect"})
    return planned.merge(made, on="goal")[columns].round({"planned_effect": 2, "achieved_effect": 2})


def uncovered(tables: Tables, now: Outlook) -> pd.DataFrame:
    """Which agents and strata of the last week had fewer audits than the rules ask for, and why?

    Parameters
    ----------
    tables : Tables
        The market's weeks.
    now : Outlook
        On the week after them.

    Returns
    -------
    DataFrame
        ``kind`` (``agent`` or ``stratum``), ``name, site, annotations, audits, minimum, why``; those without any
        audit first. Empty where nothing was audited.
    """
    columns = ["kind", "name", "site", "annotations", "audits", "minimum", "why"]
    if not now.past.by_audits:
        return pd.DataFrame(columns=columns)
    week = tables.weeks[-1]
    made = weekly_volumes(tables, (week,)).rename(columns={"rows": "annotations"})
    audits = now.past.audits[now.past.audits["week"] == week]
    audits = audits.merge(now.past.strata[KEYS], left_on="stratum", right_index=True)
    parts = [
        _short(made, audits, ["agent_id"], AGENT, _agents_minimum(now)),
        _short(made, audits, KEYS, STRATUM, now.rules.minimum_stratum),
    ]
    short = pd.concat(parts, ignore_index=True)
    sites = set(audits["site"])
    earlier = made_before(tables, ["agent_id"], tables.weeks[:-1])["agent_id"]
    short["why"] = np.select(
        [
            ~short["site"].isin(sites),
            (short["kind"] == AGENT) & ~short["name"].isin(set(earlier)),
            short["annotations"] <= short["wanted"],
            short["kind"] == AGENT,
        ],
        [
            N_("no random audit was made at the site"),
            N_("first week"),
            N_("too few annotations to audit more"),
            N_("not drawn often enough"),
        ],
        N_("not drawn often enough"),
    )
    return short.sort_values(["audits", "annotations", "name"], ascending=[True, False, True])[columns].reset_index(
        drop=True
    )


def _agents_minimum(now: Outlook) -> pd.Series:
    rules = now.rules
    wanted = pd.Series(rules.minimum_agent, index=now.past.cells["agent_id"].dropna().unique())
    wanted[wanted.index.isin(now.joiners)] = max(rules.minimum_new_joiner, rules.minimum_agent)
    return wanted


def _short(made: pd.DataFrame, audits: pd.DataFrame, by: list[str], kind: str, minimum) -> pd.DataFrame:
    """Groups with fewer audits than their minimum, or than annotations where those are fewer."""
    told = made.groupby(by, as_index=False).agg(annotations=("annotations", "sum"), place=("site", "first"))
    counted = audits.groupby(by).size()
    key = told[by[0]] if len(by) == 1 else pd.MultiIndex.from_frame(told[by])
    told["audits"] = counted.reindex(key, fill_value=0).to_numpy()
    told["wanted"] = told[by[0]].map(minimum).fillna(0).to_numpy() if isinstance(minimum, pd.Series) else minimum
    told["minimum"] = np.minimum(told["wanted"], told["annotations"]).astype(int)
    told["name"] = told[by[0]] if len(by) == 1 else stratum_name(told)
    short = told[told["audits"] < told["minimum"]]
    return short.assign(kind=kind, site=short["place"])[
        ["kind", "name", "site", "annotations", "audits", "minimum", "wanted"]
    ]
