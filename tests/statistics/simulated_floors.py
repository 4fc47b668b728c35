"""A second world of incidents, built otherwise than `simulated_incidents`: a check out of sample for the search.

Rows come from streams of work (latent classes that fix which values go together), rates are products of multipliers
with a few hard combinations, agents' volumes are Zipf's, dimensions are 4 to 8 with 2 to 15 values, and an incident
multiplies rates or makes a share of good labels bad. Agents have good and bad weeks, days good and bad luck for all.
Bad agents sit at one site. No setting of the search was chosen by this file.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from simulated_incidents import Incident, power

KINDS = ("null", "restless", "mix", "one value", "pair", "triple", "two causes", "value set", "site agents")
QUIET = ("null", "restless", "mix")
WORDS = ("site", "queue", "area", "tongue", "format", "hour", "band", "tier")


def incident(kind: str, rng: np.random.Generator) -> Incident:
    """Two weeks of one kind and the truth; `restless`: nothing happened, agents and days vary more than counts do."""
    levels = rng.integers(2, 16, rng.integers(4, 9))
    levels[0] = max(levels[0], 3)
    streams = int(rng.integers(3, 9))
    leaning = [rng.dirichlet(np.full(k, 0.8), streams) * 0.6 + rng.dirichlet(np.full(k, 4.0)) * 0.4 for k in levels]
    size = np.array([int(10 ** rng.uniform(3.6, 4.3)), int(10 ** rng.uniform(3.2, 3.8))])
    before = rng.dirichlet(np.full(streams, 2.0))
    after = rng.dirichlet(before * (8 if kind == "mix" else 400))
    agents = int(rng.integers(40, 160))
    home = rng.integers(0, levels[0], agents)
    home[: levels[0]] = np.arange(levels[0])
    volume = 1 / (1 + rng.permutation(agents)) ** 0.7
    skill = rng.gamma(8, 1 / 8, agents)
    multiplier = [rng.gamma(12, 1 / 12, k) for k in levels]
    hard = [
        (rng.choice(len(levels), 2, replace=False), rng.random(2), rng.uniform(1.5, 2.5)) for _ in range(rng.integers(0, 4))
    ]
    base = rng.uniform(0.03, 0.12)
    moody = 0.25 if kind == "restless" else 0.0

    sides = []
    for now, (n, shares) in enumerate(zip(size, (before, after), strict=True)):
        stream = rng.choice(streams, n, p=shares)
        codes = np.column_stack([(rng.random(n)[:, None] > lean.cumsum(1)[stream]).sum(1) for lean in leaning])
        codes = np.minimum(codes, levels - 1)
        agent = np.zeros(n, int)
        for site in range(levels[0]):
            here, team = np.flatnonzero(codes[:, 0] == site), np.flatnonzero(home == site)
            agent[here] = rng.choice(team, len(here), p=volume[team] / volume[team].sum())
        rate = base * skill[agent]
        for values, code in zip(multiplier, codes.T, strict=True):
            rate = rate * values[code]
        for (one, two), where, by in hard:
            both = (codes[:, one] == int(where[0] * levels[one])) & (codes[:, two] == int(where[1] * levels[two]))
            rate = np.where(both, rate * by, rate)
        if moody and now:
            rate = rate * rng.gamma(1 / moody**2, moody**2, agents)[agent]
            rate = rate * rng.gamma(1 / 0.1**2, 0.1**2, 7)[rng.integers(0, 7, n)]
        sides.append((codes, agent, np.minimum(rate, 0.9)))
    (then_codes, then_agent, then_rate), (codes, agent, expected) = sides

    where = [] if kind in QUIET else _segments(kind, rng, codes, agent, levels, home)
    risen, detectable = expected.copy(), bool(where)
    tests = np.prod(levels + 1.0)
    for segment in where:
        inside, then = _inside(segment, codes, agent), _inside(segment, then_codes, then_agent)
        by = np.exp(rng.uniform(0.2, 2.0))
        if rng.random() < 0.5:
            risen[inside] = np.minimum(risen[inside] * by, 0.9)
        else:
            spoilt = min((by - 1) * expected[inside].mean(), 0.8)
            risen[inside] = risen[inside] + (1 - risen[inside]) * spoilt
        detectable &= power(then_rate[then], expected[inside], risen[inside], tests) >= 0.8
    frames = []
    for side_codes, side_agent, rate in ((then_codes, then_agent, then_rate), (codes, agent, risen)):
        frame = pd.DataFrame({word: [f"{word}-{v}" for v in code] for word, code in zip(WORDS, side_codes.T, strict=False)})
        frame["agent_id"] = [f"p{a}" for a in side_agent]
        frames.append(frame.assign(is_error=rng.random(len(rate)) < rate))
    truth = [
        {"agent_id" if place < 0 else WORDS[place]: [f"p{v}" if place < 0 else f"{WORDS[place]}-{v}" for v in values]
         for place, values in segment.items()} for segment in where
    ]  # fmt: skip
    return Incident(kind, *frames, list(WORDS[: len(levels)]), truth, bool(detectable))


def _segments(kind, rng, codes, agent, levels, home) -> list[dict[int, tuple[int, ...]]]:
    """Where it happens: segments with at least 40 rows of the week and at most 40 % of them."""
    for _ in range(500):
        row, other = codes[rng.integers(len(codes), size=2)]
        places = [int(place) for place in rng.permutation(len(levels))]
        if kind == "site agents":
            team = np.flatnonzero(home == int(row[0]))
            if len(team) < 6:
                continue
            made = [{-1: tuple(int(a) for a in np.sort(rng.choice(team, int(rng.integers(1, 4)), replace=False)))}]
        elif kind == "value set":
            wide = next((place for place in places if levels[place] >= 5), None)
            if wide is None:
                continue
            made = [{wide: tuple(int(v) for v in np.sort(rng.choice(levels[wide], 2, replace=False)))}]
            if rng.random() < 0.5:
                beside = next(place for place in places if place != wide)
                made[0][beside] = (int(row[beside]),)
        elif kind == "two causes":
            made = [{place: (int(row[place]),) for place in places[:1]},
                    {place: (int(other[place]),) for place in places[1:3]}]  # fmt: skip
        else:
            depth = {"one value": 1, "pair": 2, "triple": 3}[kind]
            made = [{place: (int(row[place]),) for place in places[:depth]}]
        counts = [_inside(segment, codes, agent).sum() for segment in made]
        each = [_inside({**segment, place: (v,)}, codes, agent).sum()
                for segment in made for place, values in segment.items() for v in values]  # fmt: skip
        if min(counts) >= 40 and max(counts) <= 0.4 * len(codes) and min(each) >= 12:
            return made
    return made


def _inside(segment, codes, agent) -> np.ndarray:
    inside = np.ones(len(codes), bool)
    for place, values in segment.items():
        inside &= np.isin(agent if place < 0 else codes[:, place], values)
    return inside
