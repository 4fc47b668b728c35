"""Appeals: customers dispute what was enforced, agents and sites dispute what was marked as an error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelqa_lib.sources.demo.labelling import Annotations
from labelqa_lib.sources.demo.audits import Audits
from labelqa_lib.sources.demo.world import DAY, World

OUTCOMES = ("pending", "upheld", "overturned", "withdrawn")
RAISERS = ("customer", "agent", "site")
TARGETS = ("annotation", "audit")


@dataclass(frozen=True)
class Appeals:
    """One entry per appeal; `about` is a position in the annotations or the audits, by `target`.

    `resolved` and `final_label` are -1 where there is none.
    """

    target: np.ndarray
    about: np.ndarray
    raised_by: np.ndarray
    raised: np.ndarray
    resolved: np.ndarray
    outcome: np.ndarray
    final_label: np.ndarray


def disputed_by_customers(world: World, annotations: Annotations) -> tuple[np.ndarray, np.ndarray]:
    """Annotations that customers appeal, and when: labels that were enforced, more often where they are wrong."""
    stream, plan = world.streams["appeals"], world.demo.appeals
    chance = np.where(annotations.wrong, plan.customer_if_wrong, plan.customer_if_right)
    for incident, market, weeks in world.incidents("overturns"):
        chance[world.hit(incident, market, weeks, vars(annotations))] *= incident.factor
    rows = np.flatnonzero(world.violating[annotations.label] & (stream.random(len(annotations)) < chance))
    raised = annotations.at[rows] + 1800 + (DAY * stream.exponential(0.8, len(rows))).astype(np.int64)
    known = raised < world.known_until - DAY
    return rows[known], raised[known]


def make_appeals(
    world: World, annotations: Annotations, audits: Audits, disputed: np.ndarray, disputed_at: np.ndarray
) -> Appeals:
    """Appeals of annotations (`disputed`) and of audits, by the time they were raised."""
    stream, plan = world.streams["appeals"], world.demo.appeals
    lost = annotations.wrong[disputed] & (stream.random(len(disputed)) < plan.overturned_if_wrong)
    lost |= ~annotations.wrong[disputed] & (stream.random(len(disputed)) < plan.overturned_if_right)
    concerned = {name: getattr(annotations, name)[disputed] for name in ("market", "site", "queue", "week")}
    for incident, market, weeks in world.incidents("overturns"):
        lost |= world.hit(incident, market, weeks, concerned) & (stream.random(len(disputed)) < incident.share)
    benign = int(np.flatnonzero(~world.violating)[0]) if (~world.violating).any() else 0
    truth = annotations.true_label[disputed]
    better = np.where(annotations.wrong[disputed], truth, benign)

    marked = audits.label != annotations.label[audits.annotation]
    chance = np.where((audits.tier == 1) & marked, plan.agent_against_error, 0)
    rows = np.flatnonzero(stream.random(len(marked)) < chance)
    mistaken = audits.label[rows] != annotations.true_label[audits.annotation[rows]]
    chance = np.where(mistaken, plan.overturned_if_wrong, plan.overturned_if_right)
    raised = audits.at[rows] + 3600 + (DAY * stream.exponential(0.5, len(rows))).astype(np.int64)

    target = np.repeat([0, 1], [len(disputed), len(rows)])
    lost = np.concatenate([lost, stream.random(len(rows)) < chance])
    kept = np.concatenate([annotations.label[disputed], audits.label[rows]])
    better = np.concatenate([better, annotations.label[audits.annotation[rows]]])
    raised = np.concatenate([disputed_at, raised])
    by = np.where(target == 0, 0, np.where(stream.random(len(target)) < 0.7, 1, 2))
    days = plan.days_to_resolve * np.exp(stream.normal(0, plan.days_spread, len(target)))
    resolved = raised + 3600 + (DAY * days).astype(np.int64)
    pending = resolved >= world.known_until
    withdrawn = ~pending & (stream.random(len(target)) < plan.withdrawn)
    outcome = np.select([pending, withdrawn, lost], [0, 3, 2], 1)
    final = np.select([pending | withdrawn, lost], [-1, better], kept)
    order = np.argsort(raised, kind="stable")
    order = order[raised[order] < world.known_until]
    about, resolved = np.concatenate([disputed, rows]), np.where(pending, -1, resolved)
    return Appeals(*(values[order] for values in (target, about, by, raised, resolved, outcome, final)))
