"""What the policy and programme desks keep: the gold set, labelling requests, the action register."""

from __future__ import annotations

import numpy as np

from labelqa_lib.sources.demo.items import Items
from labelqa_lib.sources.demo.training import sop_effective, sop_in_force
from labelqa_lib.sources.demo.world import DAY, World

_REQUESTS = (
    ("algorithm", "Training set for the {queue} classifier"),
    ("algorithm", "Fresh negatives for {queue}"),
    ("policy", "Impact of the new SOP on {queue}"),
    ("policy", "Conjunto de prueba: {queue}"),
    ("operations", "Backfill of {queue} after the outage"),
    ("algorithm", "{queue} 模型評估集"),
    ("policy", "Semakan dasar {queue}"),
)
_ACTIONS = (
    ("move:accuracy:site={site}", "Weekly calibration with the leads of {site}", "done"),
    ("target:accuracy", "Retrain the weakest tenth of agents on {queue}", "doing"),
    ("target:inconsistency_rate", "Add worked examples of near neighbours to the SOP of {queue}", "open"),
    ("target:sla_attainment", "Move a desk of {site} to the evening", "dropped"),
)


def choose_gold(world: World, items: Items) -> np.ndarray:
    """Items whose label the policy team fixes before they are labelled."""
    chosen = world.streams["gold"].random(len(items.market)) < world.demo.audits.gold_items
    return np.flatnonzero(chosen)


def make_gold(world: World, items: Items, gold: np.ndarray) -> dict[str, np.ndarray]:
    """`item`, `sop`, `label`, `at`: the true label, set shortly before arrival under the SOP then in force.

    Where the policy area's SOP changes later, part of its gold items are confirmed under the new version.
    """
    stream, effective = world.streams["gold"], sop_effective(world)
    sop = sop_in_force(world, items.queue[gold], items.arrived[gold])
    at = items.arrived[gold] - 3600 - stream.integers(0, 5 * DAY, len(gold))
    latest = sop_in_force(world, items.queue[gold], np.full(len(gold), world.known_until))
    again = np.flatnonzero((latest != sop) & (stream.random(len(gold)) < 0.2))
    at_change = effective[latest[again]] + stream.integers(0, 2 * DAY, len(again)) if len(again) else at[:0]
    return {
        "item": np.concatenate([gold, gold[again]]),
        "sop": np.concatenate([sop, latest[again]]),
        "label": items.true_label[np.concatenate([gold, gold[again]])],
        "at": np.concatenate([at, at_change]),
    }


def make_requests(world: World) -> list[dict]:
    """Labelling requests of every market, some late, some still on their way. Days count from the first Monday."""
    stream, rows = world.streams["requests"], []
    for market in world.markets:
        opened = np.sort(stream.integers(0, world.days - 3, world.demo.requests_per_market))
        for number, day in enumerate(opened.tolist(), 1):
            by, title = _REQUESTS[stream.integers(len(_REQUESTS))]
            queue = world.queues[stream.integers(len(world.queues))]
            due = day + int(stream.integers(10, 36))
            finished = due + round(stream.normal(-1, 5))
            finished = max(finished, day + 3)
            wanted = int(stream.integers(2, 41)) * 100
            cancelled, age = stream.random() < 0.06, world.days - 1 - day
            if cancelled:
                status, share, finished = "cancelled", 0.0, None
            elif finished < world.days:
                status, share = "delivered", 1.0
            else:
                status = "draft" if age < 2 else "sop_review" if age < 6 else "labelling"
                share = 0.9 * age / (finished - day) if status == "labelling" else 0.0
                finished = None
            rows.append({
                "request_id": f"{market}-R{number:03d}", "market": market, "requested_by": by,
                "title": title.format(queue=queue), "queue": queue,
                "sop_version": _latest_sop(world, queue, day), "items_requested": wanted,
                "items_delivered": int(wanted * share),
                "accuracy_target": round(0.95 + 0.01 * int(stream.integers(0, 4)), 2),
                "opened_on": day, "due_on": due, "delivered_on": finished, "status": status,
            })  # fmt: skip
    return rows


def _latest_sop(world: World, queue: str, day: int) -> str | None:
    moment = np.array([world.clocks[0].start + day * DAY])
    code = int(sop_in_force(world, np.array([world.queues.index(queue)]), moment)[0])
    return world.demo.sop[code].sop_version if code >= 0 else None


def make_actions(world: World) -> list[dict]:
    """The register as the leads left it: a few actions per market, some overdue, some done. Days as above."""
    stream, rows = world.streams["requests"], []
    for code, market in enumerate(world.markets):
        site = [world.sites[place] for owner, place, _ in world.places if owner == code][-1]
        for number, (finding, action, status) in enumerate(_ACTIONS, 1):
            opened = int(stream.integers(7, max(world.days - 10, 8)))
            closed = min(opened + int(stream.integers(7, 40)), world.days - 1)
            queue = world.queues[int(stream.integers(len(world.queues)))]
            rows.append({
                "action_id": f"{market}-ACT{number:02d}", "market": market,
                "partner": world.partners[world.sites.index(site)],
                "site": site if "{site}" in finding + action else None,
                "finding_code": finding.format(site=site), "action": action.format(site=site, queue=queue),
                "owner": f"lead of {site}", "opened_on": opened, "due_on": opened + 28,
                "closed_on": closed if status in ("done", "dropped") else None, "status": status,
                "expected_gain": round(float(stream.uniform(0.002, 0.012)), 3),
            })  # fmt: skip
    return rows
