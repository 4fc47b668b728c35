"""Training: product-knowledge tests, SOP versions and who acknowledged them."""

from __future__ import annotations

import numpy as np

from labelqa_lib.periods import Week
from labelqa_lib.sources.demo.people import Agents
from labelqa_lib.sources.demo.world import DAY, World, seconds

OPTIONS = ("A", "B", "C", "D")


def make_quiz_answers(world: World, agents: Agents) -> dict[str, np.ndarray]:
    """One row per quiz, person, question and attempt; who fails takes the same quiz again two days later.

    Questions follow a three-parameter logistic model: ability is skill plus what tenure teaches; each question has its
    difficulty, discrimination, and distractors of which one tempts most.
    """
    stream, plan = world.streams["quizzes"], world.demo.quizzes
    sittings, count = range(0, world.demo.weeks, plan.every_weeks), plan.questions
    areas = sorted({queue.policy_area for queue in world.demo.queues.values()})
    skill = -agents.skill / world.demo.people.skill_spread
    parts = []
    for week in sittings:
        correct = stream.integers(0, 4, count)
        difficulty, discrimination = stream.normal(-1.0, 0.9, count), np.exp(stream.normal(0.2, 0.35, count))
        distractors = stream.dirichlet((3.0, 1.0, 0.3), count)
        day = 7 * week + stream.integers(0, 5, len(agents.ids))
        person = np.flatnonzero((agents.started + 7 <= day) & (day < agents.left) & (day < world.days - 3))
        for attempt in (1, 2):
            tenure = np.maximum(day[person] - agents.live[person], 0) / 7
            ability = skill[person] + 0.6 * (1 - np.exp(-tenure / 8)) + 0.5 * (attempt - 1)
            logit = discrimination * (ability[:, None] - difficulty)
            chance = 0.2 + (0.8 - plan.slip) / (1 + np.exp(-logit))
            right = stream.random(chance.shape) < chance
            slot = (stream.random(chance.shape)[:, :, None] >= np.cumsum(distractors, axis=1)[:, :2]).sum(axis=2)
            answer = np.where(right, correct, (correct + 1 + slot) % 4)
            rows = np.repeat(person, count)
            second = 9 * 3600 + stream.integers(0, 8 * 3600, len(person))
            parts.append({
                "week": np.full(len(rows), week),
                "agent": rows,
                "question": np.tile(np.arange(count), len(person)),
                "attempt": np.full(len(rows), attempt),
                "answer": answer.ravel(),
                "correct": np.tile(correct, len(person)),
                "area": np.tile(np.arange(count) % len(areas), len(person)),
                "day": np.repeat(day[person] + 2 * (attempt - 1), count),
                "second": np.repeat(second, count) + np.tile(np.arange(count) * 40, len(person)),
            })  # fmt: skip
            person = person[right.mean(axis=1) < plan.pass_mark]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    market = agents.market[rows["agent"]]
    rows["taken"] = np.empty(len(market), np.int64)
    for code, clock in enumerate(world.clocks):
        own = market == code
        rows["taken"][own] = clock.utc(rows["day"][own], rows["second"][own])
    return rows


def sop_effective(world: World) -> np.ndarray:
    """When each SOP version comes into force: Monday, 00:00 UTC, of its week."""
    return np.array([seconds(Week.parse(sop.week).bounds("UTC")[0]) for sop in world.demo.sop], np.int64)


def sop_in_force(world: World, queue: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Position of the SOP version in force for each queue's policy area at each moment; -1 where there is none."""
    effective = sop_effective(world)
    area = world.of_queue("policy_area")[queue]
    found = np.full(len(queue), -1)
    for code in np.argsort(effective, kind="stable"):
        found[(area == world.demo.sop[code].policy_area) & (moments >= effective[code])] = code
    return found


def make_acknowledgements(world: World, agents: Agents) -> dict[str, np.ndarray]:
    """`sop`, `agent`, `at`: nearly everyone acknowledges a version within days of its start, or of their own."""
    stream, effective = world.streams["sop"], sop_effective(world)
    sop, agent = (codes.ravel() for codes in np.indices((len(effective), len(agents.ids))))
    began = np.array([clock.start for clock in world.clocks])[agents.market[agent]]
    started, left = began + agents.started[agent] * DAY, began + np.minimum(agents.left[agent], 10**5) * DAY
    days = np.exp(stream.normal(0.6, 0.9, len(sop)))
    at = np.maximum(effective[sop], started) + 8 * 3600 + (DAY * days).astype(np.int64)
    kept = (stream.random(len(sop)) < 0.94) & (at < np.minimum(left, world.known_until))
    kept &= started < _replaced(world, effective)[sop]
    return {"sop": sop[kept], "agent": agent[kept], "at": at[kept]}


def _replaced(world: World, effective: np.ndarray) -> np.ndarray:
    """When the policy area's next version comes into force; the end of what is known where there is none."""
    areas = np.array([sop.policy_area for sop in world.demo.sop])
    later = (areas == areas[:, None]) & (effective > effective[:, None])
    return np.where(later, effective, world.known_until).min(axis=1)
