"""Items: when they arrive, what they truly are, how hard they are, and what the model thinks of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelqa_lib.sources.demo.world import World, pick, pick_column


@dataclass(frozen=True)
class Items:
    """One entry per item, by market and arrival. Codes, seconds UTC, and what nobody in the operation knows."""

    market: np.ndarray
    queue: np.ndarray
    language: np.ndarray
    arrived: np.ndarray
    true_label: np.ndarray
    hard: np.ndarray
    model_label: np.ndarray
    model_score: np.ndarray


def make_items(world: World) -> Items:
    """Everything that arrives in the simulated weeks."""
    stream = world.streams["items"]
    volume = _volume(world)
    market, week, queue = (
        np.repeat(codes.ravel(), volume.ravel()).astype(np.int64) for codes in np.indices(volume.shape, np.int16)
    )
    total = len(market)
    weekday = pick(stream, world.demo.arrivals.by_weekday, total)
    hour = pick(stream, world.demo.arrivals.by_local_hour, total)
    second = hour * 3600 + stream.integers(0, 3600, total)
    arrived = np.empty(total, np.int64)
    for code, clock in enumerate(world.clocks):
        rows = np.flatnonzero(market == code)
        arrived[rows] = clock.utc(week[rows] * 7 + weekday[rows], second[rows])
    order = np.lexsort((arrived, market))
    market, queue, arrived = market[order], queue[order], arrived[order]

    truth = np.empty(total, np.int64)
    for code, mix in enumerate(_true_mixes(world)):
        rows = np.flatnonzero(queue == code)
        truth[rows] = pick(stream, mix, len(rows))
    language = np.empty(total, np.int64)
    for code, name in enumerate(world.markets):
        spoken, rows = world.demo.markets[name].languages, np.flatnonzero(market == code)
        language[rows] = np.array([world.languages.index(one) for one in spoken])[
            pick(stream, list(spoken.values()), len(rows))
        ]
    hard = stream.random(total) < world.demo.errors.hard_items
    score = _scores(world, queue, truth, hard)
    opinion = _model_labels(world, queue, truth, hard, score)
    return Items(market, queue, language, arrived, truth, hard, opinion, score)


def _volume(world: World) -> np.ndarray:
    """Items by market, week and queue."""
    stream, demo = world.streams["items"], world.demo
    markets = np.array([market.share for market in demo.markets.values()])
    queues = world.of_queue("share")
    weekly = demo.annotations * world.scale / (1 + demo.arrivals.blind_pairs) / demo.weeks
    noise = np.exp(stream.normal(0, demo.arrivals.weekly_noise, (len(markets), demo.weeks)))
    expected = weekly * np.einsum("m,mw,q->mwq", markets / markets.sum(), noise, queues / queues.sum())
    for incident, market, weeks in world.incidents("mix"):
        expected[market, weeks, world.queues.index(incident.where["queue"])] *= incident.factor
    return stream.poisson(expected)


def _true_mixes(world: World) -> np.ndarray:
    """Queues by labels: the mix of the truth."""
    mixes = np.zeros((len(world.queues), len(world.labels)))
    for row, queue in enumerate(world.demo.queues.values()):
        for name, weight in queue.true_labels.items():
            mixes[row, world.labels.index(name)] = weight
    return mixes / mixes.sum(axis=1, keepdims=True)


def _scores(world: World, queue: np.ndarray, truth: np.ndarray, hard: np.ndarray) -> np.ndarray:
    """Chance of violating, given what the model sees: one normal variable whose classes lie `separation` apart.

    The score is the exact posterior of that variable, so the model is calibrated within every queue; its errors
    crowd in the hard items, where it is also unsure.
    """
    model = world.demo.model
    separation = np.where(hard, model.separation_hard, model.separation_easy)
    seen = world.streams["items"].normal(size=len(queue)) + separation * world.violating[truth]
    prior = np.clip(_true_mixes(world) @ world.violating, 1e-6, 1 - 1e-6)
    log_odds = separation * seen - separation**2 / 2 + np.log(prior / (1 - prior))[queue]
    return np.round(1 / (1 + np.exp(-log_odds)), 4)


def _model_labels(
    world: World, queue: np.ndarray, truth: np.ndarray, hard: np.ndarray, score: np.ndarray
) -> np.ndarray:
    """The model's label: the true one, mostly, where its score is on the right side; else the queue's usual ones."""
    stream, model, mixes = world.streams["items"], world.demo.model, _true_mixes(world)
    violating = score >= 0.5
    usual = np.empty(len(queue), np.int64)
    for side in (False, True):
        chances = mixes * (world.violating == side)
        chances[chances.sum(axis=1) == 0] = world.violating == side
        rows = np.flatnonzero(violating == side)
        usual[rows] = pick_column(stream, chances, queue[rows])
    right_label = np.where(hard, model.right_label_hard, model.right_label_easy)
    exact = (world.violating[truth] == violating) & (stream.random(len(queue)) < right_label)
    return np.where(exact, truth, usual)
