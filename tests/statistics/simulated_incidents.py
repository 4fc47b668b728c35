"""Incidents with known answers: weeks of audited annotations in which a segment's error rate rises, or none does.

Worlds differ in what a scan may trip over: dimensions that go together or contain each other, agents of differing
skill who work at one site, joiners, rates that differ by combination of values, weights, agents' good and bad weeks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

NAMES = ("site", "queue", "label", "language", "content", "shift", "tenure")
KINDS = ("null", "mix", "one value", "pair", "triple", "two causes", "value set", "bad agents")


@dataclass(frozen=True)
class Incident:
    """Two weeks and the truth.

    Attributes
    ----------
    truth : list of dict
        The segments whose rate rose.
    detectable : bool
        Whether a test that knows each segment survives a Bonferroni correction over all segments with power 0.8.
    """

    kind: str
    baseline: pd.DataFrame
    current: pd.DataFrame
    dimensions: list[str]
    truth: list[dict[str, list]] = field(default_factory=list)
    detectable: bool = False


@dataclass(frozen=True)
class World:
    """How the weeks of an incident are made; every field is drawn by `some_world`."""

    baseline: int = 10_000
    current: int = 3_000
    levels: tuple[int, ...] = (5, 8, 6, 4, 5, 3, 4)
    agents: int = 100
    skill: float = 0.35  # standard deviation of agents' log-odds
    rate: float = 0.08
    spread: float = 0.3  # of the values' own effects
    interaction: float = 0.0  # of each pair of values
    nested: bool = False  # language follows the queue
    together: float = 0.0  # share of rows whose content follows the label
    home: bool = True  # agents work at one site
    joiners: float = 0.0  # share of agents who are new in the current week
    weeks: float = 0.0  # standard deviation of an agent's good and bad weeks
    weighted: bool = False
    named: bool = True  # agent_id is given
    drift: float = 0.1  # how much shares wander between the periods anyway


def some_world(rng: np.random.Generator) -> World:
    return World(
        baseline=int(rng.integers(4_000, 20_001)),
        current=int(rng.integers(1_500, 6_001)),
        levels=tuple(int(k) for k in rng.integers(3, 13, len(NAMES))),
        agents=int(rng.integers(40, 201)),
        skill=float(rng.uniform(0.2, 0.6)),
        rate=float(rng.uniform(0.04, 0.15)),
        spread=float(rng.uniform(0.1, 0.5)),
        interaction=float(rng.choice([0, 0, 0.2])),
        nested=bool(rng.random() < 0.3),
        together=float(rng.choice([0, 0.5])),
        home=bool(rng.random() < 0.7),
        joiners=float(rng.choice([0, 0, 0.1])),
        weighted=bool(rng.random() < 0.15),
        named=bool(rng.random() < 0.75),
    )


class _Rates:
    """Everybody's log-odds of an error before anything happens."""

    def __init__(self, world: World, rng: np.random.Generator):
        self.world = world
        self.values = [rng.normal(0, world.spread, k) for k in world.levels]
        self.pairs = {
            (i, j): rng.normal(0, world.interaction, (world.levels[i], world.levels[j]))
            for i, j in combinations(range(len(world.levels)), 2)
            if world.interaction and rng.random() < 0.3
        }
        self.skill = rng.normal(0, world.skill, world.agents)
        self.home = rng.integers(0, world.levels[0], world.agents)
        self.shares = [rng.dirichlet(np.full(k, 3.0)) for k in world.levels]
        self.volume = rng.gamma(3, 1, world.agents)
        self.joins = rng.random(world.agents) < world.joiners
        self.parent = rng.integers(0, world.levels[3], world.levels[1])
        self.follows = rng.integers(0, world.levels[4], world.levels[2])

    def draw(
        self, n: int, rng: np.random.Generator, now: bool, tilt: list[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        world = self.world
        shares = [share * t / (share * t).sum() for share, t in zip(self.shares, tilt, strict=True)]
        codes = np.column_stack([rng.choice(len(share), n, p=share) for share in shares])
        volume = self.volume * (1 if now else ~self.joins)
        if world.home:
            agent = np.zeros(n, int)
            for site in range(world.levels[0]):
                here = codes[:, 0] == site
                own = volume * (self.home == site)
                own = own if own.sum() else volume
                agent[here] = rng.choice(world.agents, here.sum(), p=own / own.sum())
            codes[:, 0] = self.home[agent]
        else:
            agent = rng.choice(world.agents, n, p=volume / volume.sum())
        if world.nested:
            codes[:, 3] = self.parent[codes[:, 1]]
        goes = rng.random(n) < world.together
        codes[goes, 4] = self.follows[codes[goes, 2]]
        return codes, agent

    def log_odds(self, codes: np.ndarray, agent: np.ndarray) -> np.ndarray:
        total = logit(self.world.rate) + self.skill[agent]
        total = total + sum(effect[code] for effect, code in zip(self.values, codes.T, strict=True))
        return total + sum(table[codes[:, i], codes[:, j]] for (i, j), table in self.pairs.items())


def incident(kind: str, rng: np.random.Generator, world: World | None = None, effect: float | None = None) -> Incident:
    """One incident; `effect` is what is added to the log-odds inside, drawn from invisible to obvious by default."""
    world = some_world(rng) if world is None else world
    if kind == "bad agents":
        world = replace(world, named=True)
    rates = _Rates(world, rng)
    tilt = [np.exp(rng.normal(0, world.drift, k)) for k in world.levels]
    if kind == "mix":
        for place in rng.choice(len(tilt), 2, replace=False):
            tilt[place] = np.exp(rng.normal(0, 1.0, world.levels[place]))
    then, then_agent = rates.draw(world.baseline, rng, False, [np.ones(k) for k in world.levels])
    now, now_agent = rates.draw(world.current, rng, True, tilt)
    before, after = rates.log_odds(then, then_agent), rates.log_odds(now, now_agent)
    after = after + rng.normal(0, world.weeks, world.agents)[now_agent] if world.weeks else after
    where = [] if kind in ("null", "mix") else _segments(kind, rng, now, now_agent, world)
    expected_now = expit(after)
    additive = rng.random() < 0.5
    inside = []
    risen = expected_now.copy()
    for segment in where:
        size = float(rng.uniform(0.2, 2.2)) if effect is None else effect
        mask = _inside(segment, now, now_agent)
        inside.append(mask)
        if additive:
            step = expit(logit(expected_now[mask].mean()) + size) - expected_now[mask].mean()
            risen[mask] = np.minimum(risen[mask] + step, 0.95)
        else:
            risen[mask] = expit(logit(risen[mask]) + size)
    detectable = bool(where) and all(
        power(
            expit(before[_inside(segment, then, then_agent)]), expected_now[mask], risen[mask], _segment_count(world)
        )
        >= 0.8
        for segment, mask in zip(where, inside, strict=True)
    )
    frames = []
    for codes, agent, p in ((then, then_agent, expit(before)), (now, now_agent, risen)):
        frame = pd.DataFrame({name: _named(name, codes[:, place]) for place, name in enumerate(NAMES)})
        if world.named:
            frame["agent_id"] = _named("agent", agent)
        if world.weighted:
            frame["weight"] = np.where(rng.random(len(frame)) < 0.3, 3.0, 1.0)
        frames.append(frame.assign(is_error=(rng.random(len(p)) < p).astype(int)))
    truth = [{_column(place): [_value(_word(place), v) for v in values] for place, values in s.items()} for s in where]
    return Incident(kind, *frames, list(NAMES), truth, detectable)


def _word(place: int) -> str:
    return "agent" if place < 0 else NAMES[place]


def _column(place: int) -> str:
    return "agent_id" if place < 0 else NAMES[place]


def _value(name: str, code: int) -> str:
    return f"{name}{code:02d}"


def _named(name: str, codes: np.ndarray) -> np.ndarray:
    return np.array([_value(name, code) for code in range(codes.max() + 1)], dtype=object)[codes]


def _inside(segment: dict[int, tuple[int, ...]], codes: np.ndarray, agent: np.ndarray) -> np.ndarray:
    mask = np.ones(len(codes), bool)
    for place, values in segment.items():
        mask &= np.isin(agent if place < 0 else codes[:, place], values)
    return mask


def _segments(kind: str, rng: np.random.Generator, codes: np.ndarray, agent: np.ndarray, world: World) -> list[dict]:
    """Segments with some rows in the current week."""
    for _ in range(200):
        row = codes[rng.integers(len(codes))]
        free = [p for p in range(len(NAMES)) if not (world.nested and p == 3)]
        places = rng.permutation(free)
        if kind in ("one value", "pair", "triple"):
            depth = {"one value": 1, "pair": 2, "triple": 3}[kind]
            chosen = [{int(p): (int(row[p]),) for p in places[:depth]}]
        elif kind == "two causes":
            other = codes[rng.integers(len(codes))]
            first, second = rng.integers(1, 3, 2)
            chosen = [
                {int(p): (int(row[p]),) for p in places[:first]},
                {int(p): (int(other[p]),) for p in places[first : first + second]},
            ]
        elif kind == "value set":
            wide = next((int(p) for p in places if world.levels[p] >= 4), int(places[0]))
            size = int(rng.integers(2, max(3, min(4, world.levels[wide] - 1))))
            chosen = [{wide: tuple(sorted(int(v) for v in rng.choice(world.levels[wide], size, replace=False)))}]
            if rng.random() < 0.6:
                rest = next(int(p) for p in places if p != wide)
                chosen[0][rest] = (int(row[rest]),)
        else:
            chosen = [
                {
                    -1: tuple(
                        sorted(int(a) for a in rng.choice(np.unique(agent), int(rng.integers(1, 5)), replace=False))
                    )
                }
            ]
        if all(30 <= _inside(segment, codes, agent).sum() <= 0.5 * len(codes) for segment in chosen):
            if kind != "value set" or all(
                _inside({**chosen[0], wide: (v,)}, codes, agent).sum() >= 8 for v in chosen[0][wide]
            ):
                return chosen
    return chosen


def _segment_count(world: World) -> float:
    return sum(
        np.prod([world.levels[p] for p in c]) for size in (1, 2, 3) for c in combinations(range(len(NAMES)), size)
    )


def power(
    before: np.ndarray, expected_now: np.ndarray, risen: np.ndarray, segments: float, alpha: float = 0.05
) -> float:
    """Of the one-sided test of two rates in the segment, had one known it, at alpha over the number of segments."""
    if not len(before) or not len(risen):
        return 0.0
    variance = (before * (1 - before)).mean() / len(before)
    under_null = np.sqrt((expected_now * (1 - expected_now)).mean() / len(risen) + variance)
    under_rise = np.sqrt((risen * (1 - risen)).mean() / len(risen) + variance)
    rise = risen.mean() - expected_now.mean()
    return float(norm.sf((norm.isf(alpha / segments) * under_null - rise) / under_rise))


def rows_in(frame: pd.DataFrame, segments: list[dict[str, list]]) -> np.ndarray:
    """Rows in any of the segments."""
    inside = np.zeros(len(frame), bool)
    for segment in segments:
        mask = np.ones(len(frame), bool)
        for name, values in segment.items():
            mask &= frame[name].isin(values).to_numpy()
        inside |= mask
    return inside


def f1(current: pd.DataFrame, reported: list[dict[str, list]], truth: list[dict[str, list]]) -> float:
    """Row-level F1 of the reported segments' union against the true segments' union."""
    got, true = rows_in(current, reported), rows_in(current, truth)
    both = (got & true).sum()
    return float(2 * both / max(got.sum() + true.sum(), 1))


def exact(first: dict[str, list], truth: list[dict[str, list]]) -> bool:
    """Whether a reported segment names the values of a true one, no more and no less."""
    return any(
        first.keys() == segment.keys() and all(set(first[name]) == set(segment[name]) for name in first)
        for segment in truth
    )
