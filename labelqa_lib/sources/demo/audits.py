"""Audits: what is drawn for a second look and with which chance, and what fallible QAs and auditors then say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelqa_lib.sources.demo.labelling import CAUSES, NO_CAUSE, Annotations
from labelqa_lib.sources.demo.items import Items
from labelqa_lib.sources.demo.people import Checkers
from labelqa_lib.sources.demo.world import World, pick_column

REASONS = ("random", "risk", "gold", "appeal", "adhoc")
TIER1_STRATA = ("model_disagrees", "new_joiner", "given_violating", "given_benign")
TIER2_STRATA = ("marked_error", "passed_against_model", "passed")
STRATA = TIER1_STRATA + TIER2_STRATA


@dataclass(frozen=True)
class Audits:
    """One entry per audit. `auditor` is a position among the QAs (tier 1) or the tier-2 auditors (tier 2).

    `chance` is NaN and `stratum` -1 where the audit was not drawn at random. The chance of a tier-2 audit is that of
    a second look given that tier 1 was drawn; over both phases an annotation counts one over the two chances' product.
    """

    annotation: np.ndarray
    tier: np.ndarray
    auditor: np.ndarray
    label: np.ndarray
    at: np.ndarray
    blind: np.ndarray
    reason: np.ndarray
    stratum: np.ndarray
    chance: np.ndarray
    cause: np.ndarray
    commented: np.ndarray


def make_audits(
    world: World, items: Items, annotations: Annotations, qas: Checkers, auditors: Checkers, gold: np.ndarray,
    appealed: np.ndarray, appealed_at: np.ndarray,
) -> Audits:  # fmt: skip
    """Tier-1 and tier-2 audits.

    Parameters
    ----------
    gold : items whose label was fixed beforehand
    appealed, appealed_at : annotations that customers appealed, and when
    """
    stream = world.streams["audits"]
    disagrees = items.model_label[annotations.item] != annotations.label
    stratum, chance = _tier1_chances(world, annotations, disagrees)
    reason = np.full(len(annotations), -1)
    reason[stream.random(len(annotations)) < world.demo.audits.adhoc] = REASONS.index("adhoc")
    risk = disagrees & (stream.random(len(annotations)) < world.demo.audits.risk / max(disagrees.mean(), 1e-9))
    reason[risk] = REASONS.index("risk")
    reviewed = stream.random(len(appealed)) < world.demo.audits.appealed_reviewed
    reason[appealed[reviewed]] = REASONS.index("appeal")
    reason[annotations.first & np.isin(annotations.item, gold)] = REASONS.index("gold")
    reason[stream.random(len(annotations)) < chance] = REASONS.index("random")

    rows = np.flatnonzero(reason >= 0)
    drawn = reason[rows] == REASONS.index("random")
    auditor = _assign_qas(world, annotations, qas, rows)
    sensitivity = qas.sensitivity[auditor].copy()
    concerned = {name: getattr(annotations, name)[rows] for name in ("market", "site", "queue", "week")}
    for incident, market, weeks in world.incidents("lenient_qas"):
        sensitivity[world.hit(incident, market, weeks, concerned)] = incident.share
    label = _judge(world, annotations, rows, sensitivity, qas.specificity[auditor])
    on_gold = reason[rows] == REASONS.index("gold")
    label[on_gold] = annotations.true_label[rows[on_gold]]
    at = annotations.at[rows] + (7_200 + 40 * 3600 * stream.beta(1.2, 2.5, len(rows))).astype(np.int64)
    raised = np.zeros(len(annotations), np.int64)
    raised[appealed] = appealed_at
    at = np.where(reason[rows] == REASONS.index("appeal"), np.maximum(at, raised[rows] + 3600), at)
    at = np.minimum(at, world.known_until - 8 * 3600)
    error = label != annotations.label[rows]
    first = Audits(
        rows, np.ones(len(rows), np.int64), auditor, label, at, stream.random(len(rows)) < world.demo.audits.blind,
        reason[rows], np.where(drawn, stratum[rows], -1), np.where(drawn, chance[rows], np.nan),
        _causes(world, annotations, rows, error), error & (stream.random(len(rows)) < world.demo.audits.comments),
    )  # fmt: skip
    return _join(first, _second_looks(world, annotations, auditors, first, disagrees))


def _tier1_chances(world: World, annotations: Annotations, disagrees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Stratum and chance of a random audit of every annotation."""
    plan = world.demo.audits.tier1
    new = annotations.tenure < world.demo.audits.new_joiner_weeks
    stratum = np.select([disagrees, new, world.violating[annotations.label]], [0, 1, 2], 3)
    return stratum, np.array([getattr(plan, name) for name in TIER1_STRATA])[stratum]


def _assign_qas(world: World, annotations: Annotations, qas: Checkers, rows: np.ndarray) -> np.ndarray:
    """A QA of the annotation's market and site for each row."""
    place = qas.market * len(world.sites) + qas.site
    wanted = annotations.market[rows] * len(world.sites) + annotations.site[rows]
    order = np.argsort(place, kind="stable")
    counts = np.bincount(place, minlength=int(wanted.max(initial=0)) + 1)
    starts = np.cumsum(counts) - counts
    chance = world.streams["audits"].random(len(rows))
    return order[starts[wanted] + (chance * counts[wanted]).astype(np.int64)]


def _judge(world: World, annotations: Annotations, rows, sensitivity, specificity) -> np.ndarray:
    """What a checker says of each row: errors seen are put right, some correct labels are taken for errors."""
    stream = world.streams["audits"]
    given, truth = annotations.label[rows], annotations.true_label[rows]
    chance = stream.random(len(rows))
    mistaken = pick_column(stream, world.neighbours, truth)
    return np.where(given != truth, np.where(chance < sensitivity, truth, given),
                    np.where(chance < specificity, given, mistaken))  # fmt: skip


def _causes(world: World, annotations: Annotations, rows: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Cause noted for each error: the planted one in 5 of 6 cases, none in the others; a guess for false errors."""
    stream = world.streams["audits"]
    planted = annotations.cause[rows]
    guess = stream.integers(0, len(CAUSES), len(rows))
    noted = np.where(planted == NO_CAUSE, guess, planted)
    return np.where(error & (stream.random(len(rows)) < 5 / 6), noted, NO_CAUSE)


def _second_looks(world: World, annotations: Annotations, auditors: Checkers, first: Audits, disagrees) -> Audits:
    """Tier 2: a random part of the random tier-1 audits, by stratum of what tier 1 said."""
    stream, plan = world.streams["audits"], world.demo.audits.tier2
    marked = first.label != annotations.label[first.annotation]
    code = np.select([marked, disagrees[first.annotation]], [0, 1], 2)
    chance = np.array([getattr(plan, name) for name in TIER2_STRATA])[code]
    drawn = (first.reason == REASONS.index("random")) & (stream.random(len(code)) < chance)
    rows, auditor = first.annotation[drawn], annotations.market[first.annotation[drawn]]
    label = _judge(world, annotations, rows, auditors.sensitivity[auditor], auditors.specificity[auditor])
    error = label != annotations.label[rows]
    size = len(rows)
    return Audits(
        rows, np.full(size, 2), auditor, label, first.at[drawn] + 3600 + stream.integers(0, 6 * 3600, size),
        np.zeros(size, bool), np.full(size, REASONS.index("random")), len(TIER1_STRATA) + code[drawn], chance[drawn],
        _causes(world, annotations, rows, error), np.zeros(size, bool),
    )  # fmt: skip


def _join(first: Audits, second: Audits) -> Audits:
    """Both tiers in one, by annotation and tier."""
    both = {name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in first.__dict__}
    order = np.lexsort((both["tier"], both["annotation"]))
    return Audits(**{name: values[order] for name, values in both.items()})
