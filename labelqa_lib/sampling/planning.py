"""Next week's plan: how many audits in which stratum and of which agent, what they cost, and what they buy."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import optimize

from labelqa_lib.errors import UsageError
from labelqa_lib.periods import Week
from labelqa_lib.sampling.expected import Weeks, average_width
from labelqa_lib.sampling.precision import Goal, at_expected, goals, inflation, promised, variance_for, variance_of
from labelqa_lib.sampling.rules import Rules
from labelqa_lib.sampling.strata import KEYS, Past, past
from labelqa_lib.stats.allocation_goals import meet_goals
from labelqa_lib.store import Tables

_ROUNDS, _NUDGE = 4, 1.003
_AVERAGED, _NEARLY = 5, 1.005
"""How often a plan is made anew because its intervals are wider on average than asked for, by more than so much."""

_FLOOR_SHARE = 0.5
"""Of the hours, what minimums get that do not fit them all; the rest serves the goals."""

_NEXT_TO_NOTHING = 1e-9

WIDEST = 20.0
"""Margins are stretched at most so far to fit the hours; beyond, the audits buy nothing that a goal could mean."""


@dataclass(frozen=True)
class Plan:
    """What to audit in a week.

    Attributes
    ----------
    week : str
        The week that the plan is for.
    past : Past
        What it was made from.
    rules : Rules
    base : array
        Audits of each stratum that the goals take, before agents' minimums.
    cells : DataFrame
        ``agent_id, stratum, population`` as in `Past`, and ``audits``: how many are expected to be drawn there.
    agents : DataFrame
        One row per agent: ``agent_id, site, population, new_joiner, minimum, audits``.
    joiners : frozenset of str
        Agents who are new.
    goals : list of Goal
    stretch : float
        By how much every margin had to grow to fit the hours; 1 where all goals are reached.
    floor : float
        Share of the minimums that is kept: 1 where they fit the hours, else as much as takes half of them.
    """

    week: str
    past: Past
    rules: Rules
    base: np.ndarray
    cells: pd.DataFrame
    agents: pd.DataFrame
    joiners: frozenset[str]
    goals: list[Goal]
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
        for goal in self.goals:
            variance, effect = variance_of(goal, self.cells, self.rules.confidence)
            width = promised(goal, variance, self.rules.confidence)
            counted = (audits * goal.counted[stratum]).sum()
            rows.append((goal.title, goal.metric, goal.site, goal.rate, goal.margin, width, counted, effect))
        columns = ["goal", "metric", "site", "rate", "wanted", "promised", "audits", "design_effect"]
        return pd.DataFrame(rows, columns=columns)


def plan(tables: Tables, rules: Rules | None = None, weeks: Sequence[str] | None = None) -> Plan:
    """What should be audited in the week after these weeks?

    Parameters
    ----------
    tables : Tables
        The market's weeks so far.
    rules : Rules
        Its goals and limits; the usual ones when None.
    weeks : sequence of str, optional
        The weeks to learn from; all of the tables' when None.

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
    rules, weeks = rules or Rules(), tuple(weeks or tables.weeks)
    known = past(tables, rules, weeks)
    return plan_from(known, joiners(tables, rules, weeks[-1]), rules, goals(known, rules))


def joiners(tables: Tables, rules: Rules, last: str) -> frozenset[str]:
    """Who went live less than `new_joiner_weeks` before the week after `last`, or is still to."""
    if tables.people is None:
        return frozenset()
    since = (Week.parse(last) + 1 - rules.new_joiner_weeks).monday
    people = tables.fetched("people")
    live = pd.to_datetime(people["live_on"].fillna(people["started_on"]))
    return frozenset(people.loc[live > pd.Timestamp(since), "person_id"])


def plan_from(known: Past, new: frozenset[str], rules: Rules, asked: list[Goal]) -> Plan:
    """The plan from what is known of the past, who is new, and the goals; see `plan`.

    Notes
    -----
    The cheapest audits are found for the errors expected, then the average interval that they give; where that is wider
    than asked for, once more with goals as much narrower.
    """
    made = averaged(cheapest(known, new, rules, asked))
    for _round in range(_AVERAGED):
        widest = reached(made)
        if widest <= _NEARLY * made.stretch and (made.stretch == 1 or made.stretch <= _NEARLY * widest):
            break
        halfway = [
            replace(goal, widening=float(np.sqrt(goal.widening * before.widening)) if _round else goal.widening)
            for goal, before in zip(made.goals, asked, strict=True)
        ]
        once_more, asked = cheapest(known, new, rules, halfway), halfway
        if np.array_equal(once_more.base, made.base):
            break  # all there is, or all that the hours buy, is audited
        made = averaged(once_more)
    # what all goals have in the end, not what the last round started from
    return replace(made, stretch=max(reached(made), 1.0)) if 1 < made.stretch < WIDEST else made


def reached(made: Plan) -> float:
    """How many times as wide as asked for is the widest promise? 0 without goals."""
    told = made.promises
    return float((told["promised"] / told["wanted"]).max()) if len(told) else 0.0


def averaged(made: Plan) -> Plan:
    """The same audits, with promises that hold on average over what the week may bring."""
    confidence, weeks, told = made.rules.confidence, {}, []
    for goal in made.goals:
        usual = at_expected(goal, variance_of(goal, made.cells, confidence)[0], confidence)
        place = goal.inside.tobytes()
        weeks[place] = weeks.get(place) or Weeks(made.cells, goal.inside)
        width = average_width(goal, made.cells, confidence, weeks=weeks[place])
        told.append(replace(goal, widening=width / usual))
    return replace(made, goals=told)


def cheapest(known: Past, new: frozenset[str], rules: Rules, asked: list[Goal]) -> Plan:
    """The cheapest audits for goals whose `widening` is known."""
    agents = _agents(known, new, rules)
    least = np.minimum(rules.minimum_stratum, known.strata["population"].to_numpy())
    needed = densest(known.cells, agents)
    taken = hours_of(known, rules, _expected(known, needed, least))
    floor = 1.0 if taken <= rules.hours else _FLOOR_SHARE * rules.hours / taken
    agents["minimum"] *= floor
    needed, least = needed * floor, least * floor
    stretch, audits = _within_hours(known, rules, needed, asked, least)
    chosen = known.cells.assign(audits=_expected(known, needed, audits))
    cheapest = known.strata["minutes"].min() / 60
    if hours_of(known, rules, chosen["audits"].to_numpy()) < cheapest:
        raise UsageError(
            f"{rules.hours:g} QA hours buy not one audit of {60 * cheapest:.1f} minutes with its share of re-audits; "
            f"set sampling.hours to {2 * cheapest:.2g} or more"
        )
    agents["audits"] = agents["agent_id"].map(chosen.groupby("agent_id")["audits"].sum()).fillna(0.0)
    week = str(Week.parse(known.last) + 1)
    return Plan(week, known, rules, audits, chosen, agents, new, asked, stretch, floor)


def _agents(known: Past, new: frozenset[str], rules: Rules) -> pd.DataFrame:
    site = known.strata["site"].to_numpy()[known.cells["stratum"]]
    agents = known.cells.assign(site=site).groupby("agent_id", as_index=False).agg(
        site=("site", "first"), population=("population", "sum")
    )  # fmt: skip
    agents["new_joiner"] = agents["agent_id"].isin(new)
    wanted = np.where(agents["new_joiner"], max(rules.minimum_new_joiner, rules.minimum_agent), rules.minimum_agent)
    agents["minimum"] = np.minimum(wanted, agents["population"])
    return agents


def _within_hours(known: Past, rules: Rules, needed: np.ndarray, asked: list[Goal], least: np.ndarray):
    """The least stretch of the margins that fits the hours (to 1 %), and the audits of each stratum with it."""

    def costs(audits: np.ndarray) -> float:
        return hours_of(known, rules, _expected(known, needed, audits)) / rules.hours - 1

    @functools.cache  # the search looks at its ends and at what it found more than once
    def settled(stretch: float) -> np.ndarray:
        return _settled(known, rules, needed, asked, least, stretch)

    def over(log_stretch: float) -> float:
        return costs(settled(float(np.exp(log_stretch))))

    in_full = settled(1.0)
    if not asked or costs(in_full) <= 0:
        return 1.0, in_full
    if over(np.log(WIDEST)) >= 0:
        return WIDEST, least
    stretch = np.exp(optimize.brentq(over, 0.0, np.log(WIDEST), xtol=0.004))
    while over(np.log(stretch)) > 0:
        stretch *= _NUDGE
    return float(stretch), settled(float(stretch))


def _settled(known: Past, rules: Rules, needed: np.ndarray, asked: list[Goal], least: np.ndarray, stretch: float):
    """Audits of each stratum that reach every goal's margin times `stretch`.

    The design effect depends on the audits per agent, and those on it: they settle within `_ROUNDS`.
    """
    audits = np.maximum(least, _NEXT_TO_NOTHING)
    stratum, population = known.cells["stratum"].to_numpy(), known.cells["population"].to_numpy()
    variance = np.array([variance_for(goal, stretch, rules.confidence) for goal in asked])
    for _round in range(_ROUNDS if asked else 0):
        made = _expected(known, needed, audits)
        effects = [
            inflation(goal, stratum, population, made, wanted, rules.confidence)
            for goal, wanted in zip(asked, variance, strict=True)
        ]
        before, audits = audits, allocate(known.strata, asked, variance / effects, least)
        if np.array_equal(before, audits):
            break  # as it would be in every round to come
    return audits


def allocate(strata: pd.DataFrame, asked: list[Goal], variance: np.ndarray, least: np.ndarray) -> np.ndarray:
    """The cheapest audits per stratum with which every goal's variance is small enough."""
    population = strata["population"].to_numpy()
    rows = np.ceil(population).astype(np.int64)
    share = np.array([(goal.inside * population / population[goal.inside].sum()) ** 2 * goal.moments for goal in asked])
    # the report takes no credit for a finite population, so what `meet_goals` takes off for it is asked for besides
    limit = np.maximum(variance - share @ (1 / rows), _NEXT_TO_NOTHING)
    minimum = np.minimum(np.ceil(least), rows).astype(np.int64)
    return meet_goals(share, limit, rows, strata["minutes"].to_numpy(), minimum).n.astype(float)


def _expected(known: Past, needed: np.ndarray, audits: np.ndarray) -> np.ndarray:
    return expected(known.cells, audits / known.strata["population"].to_numpy(), needed)


def densest(cells: pd.DataFrame, agents: pd.DataFrame) -> np.ndarray:
    """Share of each cell that the minimum of its agent takes, over all the agent's annotations alike."""
    minimum = agents.set_index("agent_id")["minimum"]
    population = cells.groupby("agent_id")["population"].transform("sum")
    return np.minimum((cells["agent_id"].map(minimum) / population).fillna(0.0), 1.0).to_numpy()


def expected(cells: pd.DataFrame, share: np.ndarray, needed: np.ndarray) -> np.ndarray:
    """Audits expected of each cell: its stratum's share or, where that is more, what the agent's minimum takes."""
    return cells["population"].to_numpy() * np.clip(np.maximum(share[cells["stratum"].to_numpy()], needed), 0, 1)


def hours_of(known: Past, rules: Rules, audits: np.ndarray) -> float:
    """QA hours of so many random audits per cell, with their risk checks and re-audits."""
    minutes = known.strata["minutes"].to_numpy()[known.cells["stratum"]]
    return float((audits * minutes).sum() / 60 * overhead(rules))


def overhead(rules: Rules) -> float:
    """Hours of a random audit with its share of risk checks and re-audits, over its own."""
    return 1 + rules.risk_share + rules.reaudit_share
