"""What was planted, told for a reader who checks that a report finds it."""

from __future__ import annotations

import numpy as np

from labelqa_lib.sources.demo.parameters import Incident
from labelqa_lib.sources.demo.tables import Simulation

_KINDS = ("confuse", "slow_service", "lenient_qas", "overturns", "slow_tool", "mix")


def planted(simulation: Simulation) -> list[dict]:
    """One entry per incident within the simulated weeks, with the numbers of annotations and audits concerned."""
    world, rows = simulation.world, simulation.annotations
    told = []
    for incident, market, weeks in world.incidents(*_KINDS):
        concerned = world.hit(incident, market, weeks, vars(rows))
        if incident.kind == "confuse":
            labels = [incident.label, incident.into] if incident.both_ways else [incident.label]
            concerned &= np.isin(rows.true_label, [world.labels.index(label) for label in labels])
        told.append({
            "code": incident.code,
            "market": incident.market,
            "weeks": [world.weeks[week] for week in weeks],
            "planted": incident.sentence,
            "size": _size(incident),
            "annotations_concerned": int(concerned.sum()),
            "audits_of_them": int(concerned[simulation.audits.annotation[simulation.audits.tier == 1]].sum()),
            "metric": incident.metric,
            "segment": {**incident.where, **({"reference_label": incident.label} if incident.label else {})},
            "expected": incident.expected,
        })  # fmt: skip
    return told


def _size(incident: Incident) -> str:
    """The planted size in words."""
    if incident.kind == "confuse":
        arrow = "<->" if incident.both_ways else "->"
        return f"{incident.share:.0%} of {incident.label} {arrow} {incident.into}"
    if incident.kind == "lenient_qas":
        return f"QAs mark {incident.share:.0%} of the errors they see"
    if incident.kind == "overturns":
        return f"{incident.share:.0%} of appeals overturned whatever the label, {incident.factor:g} times as many"
    subject = {"slow_service": "waiting times", "slow_tool": "handle seconds", "mix": "arrivals"}[incident.kind]
    return f"{subject} times {incident.factor:g}"
