"""The very list of annotations to audit: a random part, a risk part and a part for tier 2, each with known chances."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from labelqa_lib.errors import UsageError
from labelqa_lib.periods import Week
from labelqa_lib.sampling.frames import VERDICTS, audited_once, auditors, candidates, upset
from labelqa_lib.sampling.planning import Plan, densest, plan
from labelqa_lib.sampling.rules import Rules
from labelqa_lib.sampling.searching import expected
from labelqa_lib.sampling.strata import KEYS, stratum_name
from labelqa_lib.stats.allocation import neyman
from labelqa_lib.stats.drawing import pps_systematic, stratified_systematic
from labelqa_lib.stats.rounding import controlled_rounding
from labelqa_lib.store import Tables

RANDOM, RISK, REAUDIT = "random", "risk", "re-audit"
COLUMNS = [
    "week", "part", "tier", "auditor_id", "annotation_id", "item_id", "content_ref", "site", "queue", "policy_area",
    "stratum", "inclusion_probability", "sampling_reason", "blind", "label",
]  # fmt: skip
FEWEST_REAUDITS = 2
"""Of each verdict."""


@dataclass(frozen=True)
class Draw:
    """What was drawn, from what.

    Attributes
    ----------
    rows : DataFrame
        The audit list, `COLUMNS`: ``part`` is ``random``, ``risk`` or ``re-audit``; ``sampling_reason, stratum,
        inclusion_probability`` are what the audits' delivery has to bring back. A risk check has no inclusion
        probability, so that no rate ever counts it. ``label`` is empty where the audit is ``blind``.
    chances : DataFrame
        ``annotation_id, stratum, inclusion_probability`` of every candidate of the random part, drawn or not.
    plan : Plan
    hours : float
        QA hours that the list takes, at the plan's minutes.
    """

    rows: pd.DataFrame
    chances: pd.DataFrame
    plan: Plan
    hours: float

    def count(self, part: str) -> int:
        """Rows of a part."""
        return int((self.rows["part"] == part).sum())


def draw(tables: Tables, rules: Rules | None = None, week: str = "", taken: Sequence[str] = ()) -> Draw:
    """Which annotations of a week should be audited, by whom, and with which chance was each drawn?

    Parameters
    ----------
    tables : Tables
        The market's weeks up to the one drawn from. The plan is made from the weeks before it, as their page showed
        it; from the week itself where it is the first.
    rules : Rules
    week : str
        The tables' last one when left out.
    taken : sequence of str
        Annotations of earlier lists, which are left out.

    Returns
    -------
    Draw

    Raises
    ------
    UsageError
        When the week is not among the tables', nothing is left to draw, or the hours buy no audit.

    Notes
    -----
    Random part: an annotation of agent a in stratum h has the chance max(audits_h / N_h, minimum_a / N_a). Agent ×
    stratum cells expect the sum of their chances; controlled rounding makes that whole, with every agent's and every
    stratum's sum next to its own, and a cell draws so many at random. So chances are exact, and so are minimums.
    Candidates are the annotations that no earlier draw took: chances are those given what was drawn before.
    Risk part: probability in proportion to the model's doubt, among what has no audit at all. Re-audits: stratified by
    verdict, Neyman allocation, from the tier-1 audits of this week and the one before.
    """
    rules, week = rules or Rules(), week or tables.weeks[-1]
    if week not in tables.weeks:
        raise UsageError(f"week {week}: no annotations; there are {', '.join(tables.weeks)}")
    before = tuple(one for one in tables.weeks if one < week) or (week,)
    made = replace(plan(tables, rules, before), week=week)
    offered = candidates(tables, week)
    offered = offered[~offered["annotation_id"].isin(set(taken))].reset_index(drop=True)
    if offered.empty:
        raise UsageError(f"week {week}: every annotation was drawn already; nothing is left to draw")
    seeds = _seeds(rules.seed, tables.market or "", week)
    random, chances = _random(offered, made, seeds)
    rest = offered[~offered["audited"] & ~offered["annotation_id"].isin(random["annotation_id"])]
    risk = _risk(rest, round(rules.risk_share * len(random)), seeds)
    again = audited_once(tables, (str(Week.parse(week) - 1), week))
    again = again[~again["annotation_id"].isin(set(taken))].reset_index(drop=True)
    reaudits = _reaudits(again, upset(tables, before), round(rules.reaudit_share * len(random)), seeds)
    rows = pd.concat([random, risk, reaudits], ignore_index=True).assign(week=week)
    rows["auditor_id"] = _assigned(rows, auditors(tables, tables.weeks[-4:]), seeds)
    rows["label"] = rows["label"].where(~rows["blind"].astype(bool), None)
    minutes = rows[KEYS].merge(made.past.strata[[*KEYS, "minutes"]], on=KEYS, how="left")["minutes"]
    hours = minutes.fillna(minutes.mean()).sum() / 60
    order = rows.assign(_part=rows["part"].map({RANDOM: 0, RISK: 1, REAUDIT: 2}))
    order = order.sort_values(["_part", "auditor_id", "annotation_id"], kind="stable", na_position="last")
    return Draw(order[COLUMNS].reset_index(drop=True), chances, made, float(hours))


def _seeds(seed: int, market: str, week: str) -> list[int]:
    """Seeds of the draw's steps: other markets and weeks draw otherwise."""
    sequence = np.random.SeedSequence([seed, zlib.crc32(f"{market} {week}".encode())])
    return [int(one) for one in sequence.generate_state(6)]


def _random(offered: pd.DataFrame, made: Plan, seeds: list[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = offered.merge(made.past.strata[KEYS].reset_index(names="known"), on=KEYS, how="left")
    rows["agent_id"] = rows["agent_id"].fillna("")
    stratum, strata = pd.factorize(stratum_name(rows), sort=True)
    known = rows.groupby(stratum)["known"].first()
    held = np.bincount(stratum)
    # a stratum that the past does not know gets the minimum of every stratum
    wanted = np.where(known.notna(), made.base[known.fillna(0).astype(int)], made.rules.minimum_stratum)
    agent, agents = pd.factorize(rows["agent_id"], sort=True)
    cell = agent * len(strata) + stratum
    used, cell = np.unique(cell, return_inverse=True)
    cells = pd.DataFrame({
        "agent_id": agents[used // len(strata)], "stratum": used % len(strata), "population": np.bincount(cell),
    })  # fmt: skip
    place, population = cells["stratum"].to_numpy(), cells["population"].to_numpy()
    cells["expected"] = expected(place, population, np.minimum(wanted / held, 1.0), densest(cells, made.agents))
    take = controlled_rounding(cells["expected"], used // len(strata), cells["stratum"], seeds[0])
    chance = (cells["expected"] / cells["population"]).to_numpy()
    rows["stratum"], rows["inclusion_probability"] = strata[stratum], chance[cell]
    chosen = _ranks(cell, seeds[1]) < take[cell]
    blinded = _shares(np.bincount(stratum[chosen], minlength=len(strata)), made.rules.blind_share)
    blind = _ranks(stratum[chosen], seeds[2]) < blinded[stratum[chosen]]
    chances = rows[["annotation_id", "stratum", "inclusion_probability"]]
    return rows[chosen].assign(part=RANDOM, tier=1, sampling_reason="random", blind=blind), chances


def _ranks(group: np.ndarray, seed: int) -> np.ndarray:
    """Places 0, 1, … of each row inside its group, in random order."""
    order = np.lexsort((np.random.default_rng(seed).random(len(group)), group))
    ranks = np.empty(len(group), dtype=np.int64)
    first = np.cumsum(np.bincount(group)) - np.bincount(group)
    ranks[order] = np.arange(len(group)) - first[group[order]]
    return ranks


def _shares(counts: np.ndarray, share: float) -> np.ndarray:
    """`share` of every count as whole numbers that add up to `share` of all."""
    return np.diff(np.rint(np.cumsum(counts) * share), prepend=0)


def _risk(rest: pd.DataFrame, take: int, seeds: list[int]) -> pd.DataFrame:
    size = rest["suspicion"].astype(float).fillna(0.0).to_numpy()
    chosen, _chance = pps_systematic(size, min(take, int(np.count_nonzero(size))), seeds[3])
    rows = rest.iloc[chosen]
    return rows.assign(
        part=RISK, tier=1, sampling_reason="risk", blind=False, inclusion_probability=np.nan, stratum=stratum_name(rows)
    )


def _reaudits(again: pd.DataFrame, upsets: np.ndarray, take: int, seeds: list[int]) -> pd.DataFrame:
    """Re-audits by what tier 1 said: more where tier 2 has overturned more."""
    codes = pd.Categorical(again["verdict"], VERDICTS).codes.astype(np.int64)
    held = np.bincount(codes, minlength=len(VERDICTS))
    there = held > 0
    wanted = np.zeros(len(VERDICTS), dtype=np.int64)
    total = min(take, len(again))
    least = np.minimum(FEWEST_REAUDITS, held[there])
    if total >= least.sum() > 0:
        wanted[there] = neyman(held[there], np.sqrt(upsets * (1 - upsets))[there], total, least)
    chosen, chance = stratified_systematic(codes, wanted, seeds[4])
    rows = again.iloc[chosen]
    return rows.assign(
        part=REAUDIT, tier=2, sampling_reason="random", blind=False, inclusion_probability=chance[chosen],
        stratum=rows["verdict"],
    )  # fmt: skip


def _assigned(rows: pd.DataFrame, people: pd.DataFrame, seeds: list[int]) -> np.ndarray:
    """An auditor for every row, in turn: of its site where there is one, never of their own annotation or audit.

    Empty where nobody may.
    """
    assigned = np.full(len(rows), None, dtype=object)
    turn = np.random.default_rng(seeds[5]).permutation(len(rows))
    own = rows.reindex(columns=["agent_id", "auditor_id"]).fillna("").to_numpy()  # auditor_id: who made the first audit
    for (tier, site), places in rows.iloc[turn].groupby(["tier", "site"]).indices.items():
        pool = people[people["tier"] == tier]
        pool = pool[pool["site"] == site] if (pool["site"] == site).any() else pool
        names = pool["auditor_id"].tolist()
        for number, place in enumerate(turn[places]):
            order = names[number % len(names) :] + names[: number % len(names)] if names else []
            assigned[place] = next((name for name in order if name not in own[place]), None)
    return assigned
