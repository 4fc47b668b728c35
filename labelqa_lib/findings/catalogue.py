"""What can be done about a finding: the kinds of recommendation, and what each costs of people's time."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.translation import N_forms

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
    "retrain": Kind("Retrain on label pairs", 2.0, 1.0, "agents"),
    "recalibrate": Kind("Recalibrate QAs", 1.0, 1.5, "auditors"),
    "clarify": Kind("Clarify an SOP clause", 4.0, 0.25, "agents"),
    "audit": Kind("Audit more", 0.5),
    "move": Kind("Move capacity", 2.0),
    "tool": Kind("Check the tool", 3.0),
    "gold": Kind("Correct the gold", 3.0),
    "look": Kind("Look into it with the leads", 2.0),
}
"""Kinds by name, with hours as a lead would plan them: a starting point, and the same for every market, so that costs
are compared and not bargained. An audit's minutes come from the market itself."""

_WHO = {"agents": N_forms("{n} agent", "{n} agents"), "auditors": N_forms("{n} QA", "{n} QAs")}


def cost(kind: str, staff: pd.DataFrame, site: str = MARKET, people: float | None = None) -> tuple[float, str]:
    """How many hours does it take, and how are they counted?

    Parameters
    ----------
    kind : str
    staff : DataFrame
        From `metrics.staff`; empty where nobody is told apart.
    site : str
        Where; everywhere where it is empty or not known.
    people : float, optional
        How many it is about, where that is known better.
    """
    known = KINDS[kind]
    if not known.people:
        return known.prepare, f"{wording.amount(known.prepare, 'hours')} to prepare"
    if people is None:
        rows = staff[staff["site"] == site] if len(staff) else staff
        rows = rows if len(rows) else staff[staff["site"] == MARKET] if len(staff) else staff
        people = float(rows[known.people].iloc[0]) if len(rows) else 0.0
    hours = known.prepare + known.each * people
    each = f"{wording.count(people, *_WHO[known.people])} × {60 * known.each:.0f} min"
    return hours, f"{each}, and {wording.amount(known.prepare, 'hours')} to prepare"


def auditing(audits: float, staff: pd.DataFrame) -> tuple[float, str]:
    """Hours of more audits, and how they are counted; NaN where nobody knows how long one takes."""
    minutes = float(staff["minutes"].iloc[0]) if len(staff) else float("nan")
    hours = audits * minutes / 60
    said = wording.count(audits, "{n} audit", "{n} audits")
    return hours, f"{said} × {minutes:.1f} min" if hours == hours else said
