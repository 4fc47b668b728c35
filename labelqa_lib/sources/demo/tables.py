"""The simulated world as the tables of the data contract."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelqa_lib.sources.demo import appeals as disputes
from labelqa_lib.sources.demo import audits as checks
from labelqa_lib.sources.demo import labelling
from labelqa_lib.sources.demo.columns import coded, dates, moments, numbered, plain
from labelqa_lib.sources.demo.desk import choose_gold, make_actions, make_gold, make_requests
from labelqa_lib.sources.demo.items import Items, make_items
from labelqa_lib.sources.demo.operations import make_queue_hours, make_shifts
from labelqa_lib.sources.demo.people import NEVER, Agents, Checkers, make_agents, make_auditors, make_qas
from labelqa_lib.sources.demo.training import (
    OPTIONS,
    make_acknowledgements,
    make_quiz_answers,
    sop_effective,
    sop_in_force,
)
from labelqa_lib.sources.demo.world import World

IN_HOUSE = "in-house"
HEADQUARTERS = "HQ"

_COMMENTS = {
    "malay": ("Sila rujuk SOP semasa.", "Konteks iklan tidak disemak.", "Label ini bukan untuk barang tiruan."),
    "spanish": ("Revisar el SOP vigente, por favor.", "No se leyó la descripción completa.", "¿Ironía? No es odio."),
    "chinese": ("請參考最新版標註規範。", "未看完影片即下判斷。", "此為諷刺用語，並非仇恨言論。"),
    "english": ("Please check the SOP in force.", "Stopped watching before the end.", "Satire, not hate speech."),
}


@dataclass(frozen=True)
class Simulation:
    """What happened, before it is written in the contract's columns."""

    world: World
    agents: Agents
    qas: Checkers
    auditors: Checkers
    items: Items
    annotations: labelling.Annotations
    audits: checks.Audits
    appeals: disputes.Appeals
    gold: np.ndarray


def run(world: World) -> Simulation:
    """Let the world run through its weeks."""
    agents, qas, auditors = make_agents(world), make_qas(world), make_auditors(world)
    items = make_items(world)
    annotations = labelling.make_annotations(world, items, agents)
    gold = choose_gold(world, items)
    disputed, disputed_at = disputes.disputed_by_customers(world, annotations)
    audits = checks.make_audits(world, items, annotations, qas, auditors, gold, disputed, disputed_at)
    appeals = disputes.make_appeals(world, annotations, audits, disputed, disputed_at)
    return Simulation(world, agents, qas, auditors, items, annotations, audits, appeals, gold)


def contract_tables(simulation: Simulation) -> dict[str, dict[str, pa.Array]]:
    """Every table of the contract, by name, as columns."""
    world, agents, items = simulation.world, simulation.agents, simulation.items
    shifts = make_shifts(world, agents, simulation.annotations)
    hours = make_queue_hours(world, items, simulation.annotations)
    quiz, known = make_quiz_answers(world, agents), make_acknowledgements(world, agents)
    gold = make_gold(world, items, simulation.gold)
    versions = [sop.sop_version for sop in world.demo.sop]
    areas = sorted({queue.policy_area for queue in world.demo.queues.values()})
    return {
        "labels": _labels(world),
        "items": _items(simulation),
        "annotations": _annotations(simulation),
        "audits": _audits(simulation),
        "gold": {
            "item_id": numbered("i", gold["item"]), "gold_label": coded(gold["label"], world.labels),
            "sop_version": coded(gold["sop"], versions), "set_at": moments(gold["at"]),
        },
        "appeals": _appeals(simulation),
        "people": _people(simulation),
        "shifts": {
            "person_id": coded(shifts["agent"], agents.ids), "date": dates(world, shifts["day"]),
            **{name: pa.array(shifts[name]) for name in shifts if name.endswith("_minutes")},
        },
        "queue_hours": {
            "market": coded(hours["market"], world.markets), "queue": coded(hours["queue"], world.queues),
            "hour": moments(hours["hour"]),
            **{name: pa.array(hours[name]) for name in hours if name not in ("market", "queue", "hour")},
        },
        "quiz_answers": {
            "quiz_id": coded(quiz["week"], [f"quiz-{week}" for week in world.weeks]),
            "person_id": coded(quiz["agent"], agents.ids),
            "question_id": coded(quiz["question"], [f"q{n:02d}" for n in range(1, world.demo.quizzes.questions + 1)]),
            "attempt": pa.array(quiz["attempt"]), "answer": coded(quiz["answer"], OPTIONS),
            "correct_answer": coded(quiz["correct"], OPTIONS),
            "points": pa.array((quiz["answer"] == quiz["correct"]).astype(float)),
            "taken_at": moments(quiz["taken"]), "policy_area": coded(quiz["area"], areas),
        },
        "requests": plain(make_requests(world), world),
        "sop_versions": {
            "sop_version": pa.array(versions),
            "policy_area": pa.array([sop.policy_area for sop in world.demo.sop]),
            "effective_from": moments(sop_effective(world)),
            "summary": pa.array([sop.summary for sop in world.demo.sop]),
            "changed_labels": pa.array([" ".join(sop.changed_labels) or None for sop in world.demo.sop], pa.string()),
        },
        "sop_acknowledgements": {
            "sop_version": coded(known["sop"], versions), "person_id": coded(known["agent"], agents.ids),
            "acknowledged_at": moments(known["at"]),
        },
        "actions": plain(make_actions(world), world),
    }  # fmt: skip


def truth(simulation: Simulation) -> dict[str, pa.Array]:
    """`annotation_id`, `true_label`: what only a simulation knows."""
    return {
        "annotation_id": numbered("a", np.arange(len(simulation.annotations))),
        "true_label": coded(simulation.annotations.true_label, simulation.world.labels),
    }


def _labels(world: World) -> dict[str, pa.Array]:
    labels = world.demo.labels.values()
    return {
        "label": pa.array(world.labels),
        "policy_area": pa.array([label.policy_area for label in labels]),
        "violating": pa.array([label.violating for label in labels]),
        "critical": pa.array([label.critical for label in labels]),
        "order": pa.array(range(1, len(world.labels) + 1)),
        "title": pa.array([label.title for label in labels]),
    }


def _items(simulation: Simulation) -> dict[str, pa.Array]:
    world, items = simulation.world, simulation.items
    return {
        "item_id": numbered("i", np.arange(len(items.market))),
        "market": coded(items.market, world.markets),
        "queue": coded(items.queue, world.queues),
        "policy_area": coded(items.queue, world.of_queue("policy_area")),
        "content_type": coded(items.queue, world.of_queue("content_type")),
        "language": coded(items.language, world.languages),
        "arrived_at": moments(items.arrived),
        "model_label": coded(items.model_label, world.labels),
        "model_score": pa.array(items.model_score),
        "content_ref": numbered("demo/", np.arange(len(items.market))),
    }


def _annotations(simulation: Simulation) -> dict[str, pa.Array]:
    world, rows = simulation.world, simulation.annotations
    return {
        "annotation_id": numbered("a", np.arange(len(rows))),
        "item_id": numbered("i", rows.item),
        "market": coded(rows.market, world.markets),
        "label": coded(rows.label, world.labels),
        "annotated_at": moments(rows.at),
        "partner": coded(rows.site, world.partners),
        "site": coded(rows.site, world.sites),
        "queue": coded(rows.queue, world.queues),
        "agent_id": coded(rows.agent, simulation.agents.ids),
        "handle_seconds": pa.array(rows.handle),
        "sop_version": coded(sop_in_force(world, rows.queue, rows.at), [sop.sop_version for sop in world.demo.sop]),
        "blind": pa.array(rows.blind),
        "content_type": coded(rows.queue, world.of_queue("content_type")),
        "language": coded(simulation.items.language[rows.item], world.languages),
    }


def _audits(simulation: Simulation) -> dict[str, pa.Array]:
    world, rows = simulation.world, simulation.audits
    checkers = np.concatenate([simulation.qas.ids, simulation.auditors.ids])
    phrases = [phrase for market in world.demo.markets.values() for phrase in _COMMENTS[market.names]]
    phrase = 3 * simulation.annotations.market[rows.annotation] + rows.annotation % 3
    return {
        "audit_id": numbered("t", np.arange(len(rows.tier))),
        "annotation_id": numbered("a", rows.annotation),
        "tier": pa.array(rows.tier),
        "auditor_id": coded(rows.auditor + np.where(rows.tier == 2, len(simulation.qas.ids), 0), checkers),
        "audit_label": coded(rows.label, world.labels),
        "audited_at": moments(rows.at),
        "blind": pa.array(rows.blind),
        "sampling_reason": coded(rows.reason, checks.REASONS),
        "stratum": coded(rows.stratum, checks.STRATA),
        "inclusion_probability": pa.array(rows.chance, from_pandas=True),
        "error_cause": coded(rows.cause, labelling.CAUSES),
        "comment": coded(np.where(rows.commented, phrase, -1), phrases),
    }


def _appeals(simulation: Simulation) -> dict[str, pa.Array]:
    rows = simulation.appeals
    ids = [numbered("a", rows.about), numbered("t", rows.about)]
    return {
        "appeal_id": numbered("p", np.arange(len(rows.target))),
        "target": coded(rows.target, disputes.TARGETS),
        "target_id": pc.if_else(pa.array(rows.target == 0), *ids),
        "raised_by": coded(rows.raised_by, disputes.RAISERS),
        "raised_at": moments(rows.raised),
        "resolved_at": moments(rows.resolved),
        "outcome": coded(rows.outcome, disputes.OUTCOMES),
        "final_label": coded(rows.final_label, simulation.world.labels),
    }


def _people(simulation: Simulation) -> dict[str, pa.Array]:
    world, agents = simulation.world, simulation.agents
    groups = (agents, simulation.qas, simulation.auditors)
    sizes = [len(group.ids) for group in groups]
    site = np.concatenate([group.site for group in groups])
    market = np.concatenate([group.market for group in groups])
    others = np.zeros(sum(sizes[1:]), np.int64)
    gone = np.concatenate([agents.left, others + NEVER])
    not_agent = np.arange(sum(sizes)) >= sizes[0]
    spoken = [" ".join(world.demo.markets[name].languages) for name in world.markets]
    return {
        "person_id": pa.array(np.concatenate([group.ids for group in groups])),
        "role": coded(np.repeat([0, 1, 2], sizes), ("agent", "qa", "auditor")),
        "market": coded(market, world.markets),
        "partner": coded(site % (len(world.sites) + 1), (*world.partners, IN_HOUSE)),
        "site": coded(site % (len(world.sites) + 1), (*world.sites, HEADQUARTERS)),
        "started_on": dates(world, np.concatenate([group.started for group in groups])),
        "target_live_on": dates(world, np.concatenate([agents.target_live, others]), not_agent),
        "live_on": dates(world, np.concatenate([agents.live, others]), not_agent),
        "left_on": dates(world, np.where(gone < NEVER, gone, 0), gone >= NEVER),
        "team": pa.array([f"team {name}" for name in agents.team] + [None] * len(others), pa.string()),
        "languages": coded(market, spoken),
    }
