"""Next week's plan: how many audits in which stratum and of which agent, what they cost, and what they buy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from labelqa_lib.errors import UsageError
from labelqa_lib.periods import Week
from labelqa_lib.sampling.expected import Weeks, average_width
from labelqa_lib.sampling.precision import Goal, at_expected, promised, variances_of
from labelqa_lib.sampling.rules import Rules
from labelqa_lib.sampling.searching import WIDEST, Search, expected, overhead
from labelqa_lib.sampling.starting import Outlook, outlook
from labelqa_lib.sampling.strata import KEYS, Past
from labelqa_lib.store import Tables

_AVERAGED, _NEARLY = 5, 1.005
"""How often a plan is made anew because its intervals are wider on average than asked for, by more than so much."""

_FLOOR_SHARE = 0.5
"""Of the hours, what minimums get that do not fit them all; the rest serves the goals."""


@dataclass(frozen=True)
class Plan(Outlook):
    """What to audit in a week, beside what it was made from.

    Attributes
    ----------
    week : str
        The week that the plan is for.
    base : array
        Audits of each stratum that the goals take, before agents' minimums.
    cells : DataFrame
        ``agent_id, stratum, population`` as in `Past`, and ``audits``: how many are expected to be drawn there.
    agents : DataFrame
        One row per agent: ``agent_id, site, population, new_joiner, minimum, audits``.
    stretch : float
        By how much every margin had to grow to fit the hours; 1 where all goals are reached.
    floor : float
        Share of the minimums that is kept: 1 where they fit the hours, else as much as takes half of them.
    """

    week: str
    base: np.ndarray
    cells: pd.DataFrame
    agents: pd.DataFrame
    stretch: float
    floor: float

    @property
    def audits(self) -> float:
        """Random audits of the week."""
        return float(self.cells["audits"].sum())

    @property
    def hours(self) -> float:
        """QA hours of the week: random audits, risk checks and re-audits."""
        return hours_of(self.past, self.rules, self.cells["audits"].to_numpy())

    @property
    def strata(self) -> pd.DataFrame:
        """One row per stratum: `KEYS`, ``population, audited, minutes, audits, share, hours``."""
        strata = self.past.strata[[*KEYS, "population", "audited", "minutes"]].copy()
        strata["audits"] = np.bincount(self.cells["stratum"], weights=self.cells["audits"], minlength=len(strata))
        strata["share"] = strata["audits"] / strata["population"]
        return strata.assign(hours=strata["audits"] * strata["minutes"] / 60)

    @property
    def promises(self) -> pd.DataFrame:
        """One row per goal: ``goal, metric, site, rate, wanted, promised, audits`` (that count for it),
        ``design_effect``."""
        audits, stratum = self.cells["audits"].to_numpy(), self.cells["stratum"].to_numpy()
        rows = []
        told = variances_of(self.goals, self.cells, self.rules.confidence)
        for goal, variance, effect in zip(self.goals, *told, strict=True):
            width = promised(goal, variance, self.rules.confidence)
            counted = (audits * goal.counted[stratum]).sum()
            rows.append((goal.title, goal.metric, goal.site, goal.rate, goal.margin, width, counted, effect))
        columns = ["goal", "metric", "site", "rate", "wanted", "promised", "audits", "design_effect"]
        return pd.DataFrame(rows, columns=columns)


def plan(tables: Tables, rules: Rules | None = None, weeks: Sequence[str] | None = None) -> Plan:
    """What should be audited in the week after these weeks?

    Parameters
    ----------
    tables, rules, weeks
        As in `starting.outlook`.

    Raises
    ------
    UsageError
        When the hours buy no audit at all.

    Notes
    -----
    The cheapest audits with which every goal's interval is as narrow as wanted (a convex problem, see
    `stats.allocation`), at least the minimum of every stratum. Agents whose share of those falls below their own
    minimum are drawn from more densely. Where that takes more than the hours, all margins grow by one factor.
    """
    start = outlook(tables, rules, weeks)
    return plan_from(start.past, start.joiners, start.rules, start.goals)


def plan_from(known: Past, new: frozenset[str], rules: Rules, asked: list[Goal]) -> Plan:
    """The plan from what is known of the past, who is new, and the goals; see `plan`.

    Notes
    -----
    The cheapest audits are found for the errors expected, then the average interval that they give; where that is wider
    than asked for, once more with goals as much narrower, as long as that comes nearer. Of the plans looked at the one whose
    widest promise is narrowest is taken.
    """
    floors = Floors.of(known, new, rules)
    made = best = averaged(cheapest(known, new, rules, asked, floors=floors))
    for _round in range(_AVERAGED):
        widest = reached(made)
        if widest <= _NEARLY * made.stretch and made.stretch <= _NEARLY * max(widest, 1.0):
            break
        asked = [replace(goal, widening=wide) for goal, wide in zip(made.goals, _to_ask(made, asked), strict=True)]
        made = averaged(cheapest(known, new, rules, asked, made.stretch, floors))
        if reached(made) >= widest:
            break  # as near as simulated weeks can tell
        best = made
    # what all goals have in the end, not what the last round started from
    return replace(best, stretch=max(reached(best), 1.0)) if 1 < best.stretch < WIDEST else best


def _to_ask(made: Plan, asked: list[Goal]) -> list[float]:
    """What to reckon each goal's interval to be widened by, so that it comes out as wanted: as it is on average, or more
    where it came out wider than what was asked for made believe."""
    pairs = zip(made.goals, asked, _widths(made), strict=True)
    return [max(goal.widening, before.widening * wide / (goal.margin * made.stretch)) for goal, before, wide in pairs]


def reached(made: Plan) -> float:
    """How many times as wide as asked for is the widest promise? 0 without goals."""
    return max((wide / goal.margin for wide, goal in zip(_widths(made), made.goals, strict=True)), default=0.0)


def _widths(made: Plan) -> list[float]:
    """The half-width that each goal is promised."""
    variances, _effects = variances_of(made.goals, made.cells, made.rules.confidence)
    return [promised(*one, made.rules.confidence) for one in zip(made.goals, variances, strict=True)]


def averaged(made: Plan) -> Plan:
    """The same audits, with promises that hold on average over what the week may bring."""
    confidence, weeks, told = made.rules.confidence, {}, []
    variances, _effects = variances_of(made.goals, made.cells, confidence)
    for goal, variance in zip(made.goals, variances, strict=True):
        place = goal.inside.tobytes()
        weeks[place] = weeks.get(place) or Weeks(made.cells, goal.inside)
        width = average_width(goal, made.cells, confidence, weeks=weeks[place])
        told.append(replace(goal, widening=width / at_expected(goal, variance, confidence)))
    return replace(made, goals=told)


def cheapest(
    known: Past, new: frozenset[str], rules: Rules, asked: list[Goal], near: float = 1.0, floors: Floors | None = None
) -> Plan:
    """The cheapest audits for goals whose `widening` is known; `near` is the stretch of a plan before, `floors` are those
    of this past and these rules, where they are known."""
    floors = floors or Floors.of(known, new, rules)
    stretch, audits = Search(known, rules, floors.needed, asked, floors.least).within_hours(near)
    made = _expected(known, floors.needed, audits)
    cheapest = known.strata["minutes"].min() / 60
    if hours_of(known, rules, made) < cheapest:
        raise UsageError(
            f"{rules.hours:g} QA hours buy not one audit of {60 * cheapest:.1f} minutes with its share of re-audits; "
            f"set sampling.hours to {2 * cheapest:.2g} or more"
        )
    agents = floors.agents.assign(audits=_by_agent(floors.agent, made, len(floors.agents)))
    week = str(Week.parse(known.last) + 1)
    return Plan(known, new, rules, asked, week, audits, known.cells.assign(audits=made), agents, stretch, floors.kept)


@dataclass(frozen=True)
class Floors:
    """The audits that minimums ask for, whatever the goals.

    Attributes
    ----------
    agents : DataFrame
        As in `Plan`, without ``audits``.
    agent : array of int
        Of each cell, its row in `agents`; -1 for annotations without an agent.
    needed : array
        Share of each cell that its agent's minimum takes.
    least : array
        Audits of each stratum at least.
    kept : float
        Share of the minimums: 1 where they fit the hours, else as much as takes half of them.
    """

    agents: pd.DataFrame
    agent: np.ndarray
    needed: np.ndarray
    least: np.ndarray
    kept: float

    @classmethod
    def of(cls, known: Past, new: frozenset[str], rules: Rules) -> Floors:
        """Those of a market's past under its rules."""
        agent, names = pd.factorize(known.cells["agent_id"], sort=True)
        agents = _agents(known, new, rules, agent, names)
        least = np.minimum(rules.minimum_stratum, known.strata["population"].to_numpy())
        needed = densest(known.cells, agents)
        taken = hours_of(known, rules, _expected(known, needed, least))
        kept = 1.0 if taken <= rules.hours else _FLOOR_SHARE * rules.hours / taken
        agents["minimum"] *= kept
        return cls(agents, agent, needed * kept, least * kept, kept)


def _agents(known: Past, new: frozenset[str], rules: Rules, agent: np.ndarray, names: pd.Index) -> pd.DataFrame:
    held, place = np.unique(agent, return_index=True)
    stratum = known.cells["stratum"].to_numpy()[place[held >= 0]]
    population = _by_agent(agent, known.cells["population"].to_numpy(), len(names))
    site = known.strata["site"].to_numpy()[stratum]
    agents = pd.DataFrame({"agent_id": names, "site": site, "population": population})
    agents["new_joiner"] = agents["agent_id"].isin(new)
    wanted = np.where(agents["new_joiner"], max(rules.minimum_new_joiner, rules.minimum_agent), rules.minimum_agent)
    agents["minimum"] = np.minimum(wanted, agents["population"])
    return agents


def _by_agent(agent: np.ndarray, values: np.ndarray, agents: int) -> np.ndarray:
    """Sums over the cells of each agent; those of nobody count for none."""
    return np.bincount(agent[agent >= 0], values[agent >= 0], agents)


def _expected(known: Past, needed: np.ndarray, audits: np.ndarray) -> np.ndarray:
    stratum, population = (known.cells[name].to_numpy() for name in ("stratum", "population"))
    return expected(stratum, population, audits / known.strata["population"].to_numpy(), needed)


def densest(cells: pd.DataFrame, agents: pd.DataFrame) -> np.ndarray:
    """Share of each cell that the minimum of its agent takes, over all the agent's annotations alike."""
    code, names = pd.factorize(cells["agent_id"])
    minimum = agents.set_index("agent_id")["minimum"].reindex(names).fillna(0.0).to_numpy()
    population = _by_agent(code, cells["population"].to_numpy(), len(names))
    return np.append(np.minimum(minimum / population, 1.0), 0.0)[code]


def hours_of(known: Past, rules: Rules, audits: np.ndarray) -> float:
    """QA hours of so many random audits per cell, with their risk checks and re-audits."""
    minutes = known.strata["minutes"].to_numpy()[known.cells["stratum"]]
    return float((audits * minutes).sum() / 60 * overhead(rules))

