"""What can be done about a finding: the kinds of recommendation, and what each costs of people's time."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.translation import N_, N_forms, say

MARKET = ""
"""The site under which `metrics.staff` counts everybody."""


@dataclass(frozen=True)
class Kind:
    """One kind of recommendation.

    Attributes
    ----------
    title : str
        As the table of what works names it.
    prepare : float
        Hours of whoever prepares it, once.
    each : float
        Hours of each person whom it is about.
    people : {"", "agents", "auditors"}
        Who these are, as columns of `metrics.staff`.
    """

    title: str
    prepare: float
    each: float = 0.0
    people: str = ""


KINDS = {
    "retrain": Kind(N_("Retrain on label pairs"), 2.0, 1.0, "agents"),
    "recalibrate": Kind(N_("Recalibrate QAs"), 1.0, 1.5, "auditors"),
    "clarify": Kind(N_("Clarify an SOP clause"), 4.0, 0.25, "agents"),
    "audit": Kind(N_("Audit more"), 0.5),
    "move": Kind(N_("Move capacity"), 2.0),
    "tool": Kind(N_("Check the tool"), 3.0),
    "gold": Kind(N_("Correct the gold"), 3.0),
    "look": Kind(N_("Look into it with the leads"), 2.0),
}
"""Kinds by name, with hours as a lead would plan them: a starting point, and the same for every market, so that costs
are compared and not bargained. An audit's minutes come from the market itself."""

_WHO = {"agents": N_forms("{n} agent", "{n} agents"), "auditors": N_forms("{n} QA", "{n} QAs")}


def cost(
    kind: str, staff: pd.DataFrame, site: str | list[str] = MARKET, people: float | None = None
) -> tuple[float, str]:
    """How many hours does it take, and how are they counted?

    Parameters
    ----------
    kind : str
    staff : DataFrame
        From `metrics.staff`; empty where nobody is told apart.
    site : str or list of str
        Where, at one site or at several; everywhere where it is empty or one is not known.
    people : float, optional
        How many it is about, where that is known better.
    """
    known = KINDS[kind]
    if not known.people:
        return known.prepare, say("{hours} to prepare", hours=wording.amount(known.prepare, "hours"))
    if people is None:
        sites = [site] if isinstance(site, str) else site
        rows = staff[staff["site"].isin(sites)] if len(staff) else staff
        rows = rows if len(rows) == len(sites) else staff[staff["site"] == MARKET] if len(staff) else staff
        people = float(rows[known.people].sum()) if len(rows) else 0.0
    hours = known.prepare + known.each * people
    who, minutes = wording.count(people, *_WHO[known.people]), wording.whole(60 * known.each)
    prepare = wording.amount(known.prepare, "hours")
    return hours, say("{who} × {minutes} min, and {hours} to prepare", who=who, minutes=minutes, hours=prepare)


def auditing(audits: float, staff: pd.DataFrame) -> tuple[float, str]:
    """Hours of more audits, and how they are counted; NaN where nobody knows how long one takes."""
    minutes = float(staff["minutes"].iloc[0]) if len(staff) else float("nan")
    hours = audits * minutes / 60
    said = wording.count(audits, "{n} audit", "{n} audits")
    if hours != hours:
        return hours, said
    return hours, say("{audits} × {minutes} min", audits=said, minutes=wording.written(f"{minutes:.1f}"))
