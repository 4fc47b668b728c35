"""Operations: the minutes of every person and day, and every queue's hour, consistent with the annotations."""

from __future__ import annotations

import numpy as np

from labelqa_lib.sources.demo.labelling import Annotations
from labelqa_lib.sources.demo.items import Items
from labelqa_lib.sources.demo.people import Agents
from labelqa_lib.sources.demo.world import World


def make_shifts(world: World, agents: Agents, annotations: Annotations) -> dict[str, np.ndarray]:
    """Minutes by agent and local day worked: `agent`, `day`, and the minutes of the contract.

    Handling minutes are the sum of the day's handle seconds. Minutes are booked by the market's plan (its mean day);
    a day that needs more is paid longer.
    """
    stream, plan = world.streams["shifts"], world.demo.minutes
    key = annotations.agent * world.days + annotations.day
    handling = np.bincount(key, annotations.handle / 60, minlength=len(agents.ids) * world.days)
    agent, day = np.nonzero(agents.works | (handling.reshape(agents.works.shape) > 0))
    handling = handling[agent * world.days + day]
    market = agents.market[agent]
    mean = np.bincount(market, handling) / np.bincount(market)
    booked = (mean / (plan.utilization * plan.occupancy))[market] * stream.normal(1, 0.05, len(agent))
    utilization = np.clip(stream.normal(plan.utilization, 0.03, len(agent)), 0.5, 0.97)
    paid = np.maximum(booked, handling / (utilization * 0.96))
    absent = np.clip(stream.normal(plan.absence, 0.04, len(agent)), 0, 0.4)
    return {
        "agent": agent,
        "day": day,
        "scheduled_minutes": np.round(paid / (1 - absent), 1),
        "paid_minutes": np.round(paid, 1),
        "available_minutes": np.round(paid * utilization - handling, 1),
        "handling_minutes": np.round(handling, 1),
        "auxiliary_minutes": np.round(paid * (1 - utilization), 1),
    }


def make_queue_hours(world: World, items: Items, annotations: Annotations) -> dict[str, np.ndarray]:
    """Arrivals, completions and backlog by market, queue and hour (UTC, seconds).

    An item is completed by its first annotation; the backlog is what has arrived and waits at the hour's end.
    """
    done = annotations.first
    item, at = annotations.item[done], annotations.at[done]
    sla = world.of_queue("sla_minutes")
    within = at - items.arrived[item] <= 60 * sla[items.queue[item]]
    parts = []
    for market, clock in enumerate(world.clocks):
        hours = (clock.end - clock.start) // 3600

        def count(rows, queue, moments, start=clock.start, hours=hours):
            cell = queue[rows] * hours + (moments[rows] - start) // 3600
            return np.bincount(cell, minlength=len(sla) * hours).reshape(len(sla), hours)

        arrived = count(np.flatnonzero(items.market == market), items.queue, items.arrived)
        own = np.flatnonzero(items.market[item] == market)
        completed = count(own, items.queue[item], at)
        queue, hour = np.indices(arrived.shape)
        parts.append({
            "market": np.full(arrived.size, market),
            "queue": queue.ravel(),
            "hour": clock.start + hour.ravel() * 3600,
            "arrived": arrived.ravel(),
            "completed": completed.ravel(),
            "completed_within_sla": count(own[within[own]], items.queue[item], at).ravel(),
            "backlog": np.cumsum(arrived - completed, axis=1).ravel(),
            "sla_minutes": sla[queue.ravel()],
        })  # fmt: skip
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
