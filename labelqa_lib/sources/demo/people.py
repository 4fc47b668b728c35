"""Who works here: agents whose skill differs and grows, QAs and tier-2 auditors who err themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelqa_lib.sources.demo.world import World

DESKS = np.array([0, 8, 16])
"""Local hours at which the three desks open; each works eight hours."""
_DESK_SHARES = (0.14, 0.41, 0.45)
ALWAYS = 2
"""Agents of each place who are there from the first day to the last, so that work is never left lying."""
NEVER = 10**6

_NAMES = {
    "malay": ["Aisyah", "Farid", "Nurul", "Hafiz", "Mei Ling", "Kumar"],
    "spanish": ["Lucía", "Íñigo", "José", "María", "Ximena", "Begoña"],
    "chinese": ["陳怡君", "林志明", "王淑芬", "黃俊傑", "李雅婷", "吳家豪"],
    "english": ["Oliver", "Amelia", "Zoë", "Harry", "Siân", "Priya"],
}


@dataclass(frozen=True)
class Agents:
    """One entry per agent; days count from the first simulated Monday and may lie before it.

    Attributes
    ----------
    skill : log error factor (lower is better); speed : factor of handle time; desk : first hour of the desk
    works : agents by days, bool
    """

    ids: np.ndarray
    market: np.ndarray
    site: np.ndarray
    skill: np.ndarray
    speed: np.ndarray
    desk: np.ndarray
    started: np.ndarray
    target_live: np.ndarray
    live: np.ndarray
    left: np.ndarray
    team: np.ndarray
    works: np.ndarray


@dataclass(frozen=True)
class Checkers:
    """One entry per QA (`site` a code) or tier-2 auditor (`site` -1: at the client)."""

    ids: np.ndarray
    market: np.ndarray
    site: np.ndarray
    sensitivity: np.ndarray
    specificity: np.ndarray
    started: np.ndarray


def make_agents(world: World) -> Agents:
    """Agents of every place, at least three each."""
    people, stream = world.demo.people, world.streams["people"]
    sizes = [max(ALWAYS + 1, round(people.agents * world.scale * share)) for _, _, share in world.places]
    market = np.repeat([place[0] for place in world.places], sizes)
    site = np.repeat([place[1] for place in world.places], sizes)
    rank = np.concatenate([np.arange(size) for size in sizes])
    total = len(market)

    joins = (stream.random(total) < people.joined_during) & (rank >= ALWAYS)
    leaves = (stream.random(total) < people.left_during) & (rank >= ALWAYS)
    live = np.where(joins, stream.integers(7, world.days - 14, total), -stream.integers(10, 900, total))
    late = np.where(stream.random(total) < people.late_live, stream.integers(5, 15, total), 0)
    left = np.where(leaves, np.maximum(live, 0) + stream.integers(30, 30 + world.days, total), NEVER)
    day = np.arange(world.days)
    rest = stream.integers(0, 7, total)
    resting = (day % 7 == rest[:, None]) | (day % 7 == (rest[:, None] + 1) % 7)
    present = stream.random((total, world.days)) < 0.97
    works = (day >= live[:, None]) & (day < left[:, None]) & ~resting & present
    order = np.argsort(market, kind="stable")
    leads = [_NAMES[one.names] for one in world.demo.markets.values()]
    number = np.empty(total, int)
    number[order] = np.concatenate([np.arange(1, count + 1) for count in np.bincount(market)])
    return Agents(
        ids=np.array([f"{world.markets[m]}-A{n:03d}" for m, n in zip(market, number, strict=True)]),
        market=market,
        site=site,
        skill=stream.normal(-people.skill_spread**2 / 2, people.skill_spread, total),
        speed=np.exp(stream.normal(0, people.speed_spread, total)),
        desk=DESKS[stream.choice(3, total, p=_DESK_SHARES)],
        started=live - late - people.training_days,
        target_live=live - late,
        live=live,
        left=np.where(left < world.days, left, NEVER),
        team=np.array([leads[m][r % 6] for m, r in zip(market, rank, strict=True)]),
        works=works,
    )


def _between(stream: np.random.Generator, bounds: tuple[float, float], size: int) -> np.ndarray:
    return stream.uniform(min(bounds), max(bounds), size)


def make_qas(world: World) -> Checkers:
    """QAs of every place, at least one each."""
    people, stream = world.demo.people, world.streams["people"]
    sizes = [max(1, round(people.qas * world.scale * share)) for _, _, share in world.places]
    market = np.repeat([place[0] for place in world.places], sizes)
    number = [1 + i - int(np.searchsorted(market, m)) for i, m in enumerate(market)]
    return Checkers(
        ids=np.array([f"{world.markets[m]}-Q{n:02d}" for m, n in zip(market, number, strict=True)]),
        market=market,
        site=np.repeat([place[1] for place in world.places], sizes),
        sensitivity=_between(stream, people.qa_sensitivity, len(market)),
        specificity=_between(stream, people.qa_specificity, len(market)),
        started=-stream.integers(200, 1200, len(market)),
    )


def make_auditors(world: World) -> Checkers:
    """One tier-2 auditor per market."""
    people, stream, count = world.demo.people, world.streams["people"], len(world.markets)
    return Checkers(
        ids=np.array([f"{code}-T1" for code in world.markets]),
        market=np.arange(count),
        site=np.full(count, -1),
        sensitivity=_between(stream, people.auditor_sensitivity, count),
        specificity=_between(stream, people.auditor_specificity, count),
        started=-stream.integers(400, 1500, count),
    )


def tenure_weeks(agents: Agents, agent: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Weeks that each agent had been live on each day."""
    return np.maximum(day - agents.live[agent], 0) / 7
