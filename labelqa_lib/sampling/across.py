"""Several markets that share QA hours: one plan for all of them, so that everyone's margins grow by the same factor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import optimize

from labelqa_lib.errors import UsageError
from labelqa_lib.sampling.frontier import savings
from labelqa_lib.sampling.planning import Plan, averaged, cheapest, plan, reached
from labelqa_lib.sampling.precision import Goal
from labelqa_lib.sampling.rules import Rules
from labelqa_lib.sampling.searching import WIDEST
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_, say

_UNLIMITED = 1e9
_ROUNDS, _EXACT = 3, 0.002
"""How often the common factor is found, and how exactly its logarithm."""


@dataclass(frozen=True)
class Shared:
    """What markets get out of their own hours, and out of all hours together.

    Attributes
    ----------
    alone, together : dict of str to Plan
        By market.
    hours : float
        QA hours that all markets share.
    stretch : float
        By how much every margin of every market had to grow to fit them; 1 where all goals are reached.
    """

    alone: dict[str, Plan]
    together: dict[str, Plan]
    hours: float
    stretch: float


def plans(tables: Mapping[str, Tables], rules: Mapping[str, Mapping]) -> dict[str, Plan]:
    """What would every market audit next week with its own hours? `planning.plan` of each, by market.

    Parameters
    ----------
    tables : mapping of str to Tables
    rules : mapping of str to mapping
        Of the same markets: arguments of `Rules`.
    """
    return {market: plan(tables[market], Rules(**rules[market])) for market in sorted(tables)}


def share(alone: Mapping[str, Plan], hours: float = 0.0) -> Shared:
    """How should markets share their QA hours, so that every goal of each is reached, or missed by the same factor?

    Parameters
    ----------
    alone : mapping of str to Plan
        From `plans`.
    hours : float
        Hours to share; 0 for the sum of the markets' own.

    Raises
    ------
    UsageError
        When no market has a goal, or the hours do not make the minimum audits of all markets.

    Notes
    -----
    The cheapest audits with which every market's and every site's margin is at most `stretch` times as wide as asked
    for, at the least `stretch` that fits the hours: a convex problem. No stratum belongs to two markets, so at a given
    stretch it falls apart into one per market (`stats.allocation_goals.meet_goals`), and the stretch is found by their
    sum.
    """
    if not any(one.goals for one in alone.values()):
        raise UsageError("no market has a goal that its audits can tell; set sampling.margins in params/markets")
    own = sum(one.rules.hours for one in alone.values())
    hours = hours or own
    asked, together = {market: one.goals for market, one in alone.items()}, {}
    for _round in range(_ROUNDS):
        stretch = _common(alone, asked, hours)
        together = {market: _at(one, asked[market], stretch) for market, one in alone.items()}
        # how much wider than at the errors expected an interval is on average depends on the audits
        asked = {market: one.goals for market, one in together.items()}
    widest = max(reached(one) for one in together.values())
    return Shared(dict(alone), together, float(hours), widest if stretch > 1 else 1.0)


def _common(alone: Mapping[str, Plan], asked: Mapping[str, list[Goal]], hours: float) -> float:
    """The least factor of all margins whose cheapest audits fit the hours."""
    cost: dict[float, float] = {}

    def over(log_stretch: float) -> float:
        stretch = float(np.exp(log_stretch))
        cost[stretch] = sum(_cheapest(one, asked[market], stretch).hours for market, one in alone.items())
        return cost[stretch] / hours - 1

    if over(0.0) <= 0:
        return 1.0
    if over(float(np.log(WIDEST))) > 0:
        least = np.ceil(min(cost.values()))
        raise UsageError(
            f"{hours:g} QA hours do not make the minimum audits of {', '.join(alone)}, which take {least:.0f}; share "
            f"{least:.0f} hours or more, leave out a market, or lower sampling.minimum_agent"
        )
    optimize.brentq(over, 0.0, float(np.log(WIDEST)), xtol=_EXACT)
    return min(stretch for stretch, taken in cost.items() if taken <= hours)


def _cheapest(one: Plan, asked: list[Goal], stretch: float) -> Plan:
    """A market's cheapest audits with all margins so many times as wide as asked for."""
    goals = [replace(goal, margin=goal.margin * stretch) for goal in asked]
    return cheapest(one.past, one.joiners, replace(one.rules, hours=_UNLIMITED), goals)


def _at(one: Plan, asked: list[Goal], stretch: float) -> Plan:
    """The same as a plan of its own, that promises on average what it asks for."""
    made = _cheapest(one, asked, stretch)
    made = averaged(replace(made, goals=asked, rules=replace(one.rules, hours=made.hours)))
    return replace(made, stretch=max(reached(made), 1.0) if stretch > 1 else 1.0)


def by_market(shared: Shared) -> pd.DataFrame:
    """What each market gets alone and together.

    Returns
    -------
    DataFrame
        One row per market: ``market, annotations, own_hours, used`` (of them), ``own_stretch``, ``shared_hours``,
        ``audits, stretch`` (of its margins; 1 where all goals are reached) and ``moved`` (hours that come in, or go).
    """
    rows = []
    for market, own in shared.alone.items():
        now = shared.together[market]
        rows.append((
            market, own.past.strata["population"].sum(), own.rules.hours, own.hours, own.stretch, now.hours, now.audits,
            now.stretch, now.hours - own.rules.hours,
        ))  # fmt: skip
    columns = ["market", "annotations", "own_hours", "used", "own_stretch", "shared_hours", "audits", "stretch", "moved"]
    frame = pd.DataFrame(rows, columns=columns)
    whole = ["annotations", "audits"]
    frame[whole] = frame[whole].round().astype("int64")
    return frame.round({"used": 1, "own_stretch": 2, "shared_hours": 1, "stretch": 2, "moved": 1})


def goals_of(shared: Shared) -> pd.DataFrame:
    """Every goal of every market and site: ``market, goal, wanted, alone, together`` (half-widths promised)."""
    parts = []
    for market, now in shared.together.items():
        own = shared.alone[market].promises.rename(columns={"promised": "alone"})
        told = now.promises.rename(columns={"promised": "together"})
        parts.append(own[["goal", "wanted", "alone"]].merge(told[["goal", "together"]], on="goal").assign(market=market))
    return pd.concat(parts, ignore_index=True)[["market", "goal", "wanted", "alone", "together"]]


def dearest(shared: Shared, rows: int = 12) -> pd.DataFrame:
    """Which goals of which market would save most when dropped: ``market, goal, saved_hours``, the dearest first."""
    parts = [savings(one).assign(market=market) for market, one in shared.together.items()]
    frame = pd.concat(parts, ignore_index=True).rename(columns={"saved": "saved_hours"})
    frame = frame[frame["saved_hours"] > 0].sort_values(["saved_hours", "market"], ascending=[False, True])
    return frame[["market", "goal", "saved_hours"]].head(rows).round({"saved_hours": 1}).reset_index(drop=True)


def shared_facts(shared: Shared) -> dict[str, str]:
    """What the markets asked for, for how the page was made."""
    told = []
    for market, one in shared.alone.items():
        asked = (say("{metric} to ±{margin} pt", metric=goal.title, margin=f"{100 * goal.margin:g}") for goal in one.goals)
        told.append(f"{market}: " + say(", ").join([_hours(one.rules.hours), *asked]))
    return {N_("Shared"): _hours(shared.hours), N_("Goals"): say("; ").join(told)}


def _hours(hours: float) -> str:
    return say("{n} hours", n=f"{hours:g}")
