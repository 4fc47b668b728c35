"""Pairs of levels that do not add up: recovered where they exist, drawn to nothing where they do not."""

import numpy as np
import pytest

from labelqa_lib.stats.expected import expected
from labelqa_lib.stats.expected_pairs import pair_effects

LEVELS = (6, 8, 4)


def cells(spread, seed=1, trials=60.0, rows=2_000):
    rng = np.random.default_rng(seed)
    codes = np.column_stack([rng.integers(0, size, rows) for size in LEVELS])
    table = rng.normal(0, spread, LEVELS[:2])
    odds = -2.0 + table[codes[:, 0], codes[:, 1]]
    events = rng.binomial(int(trials), 1 / (1 + np.exp(-odds))).astype(float)
    return codes, table, np.full(rows, trials), events


def pairs(codes, trials, events):
    log_odds = expected(codes, LEVELS, trials, events).log_odds(codes)
    return log_odds, pair_effects(codes, LEVELS, trials, events, log_odds, range(3))


def test_combinations_are_recovered():
    codes, table, trials, events = cells(0.5)
    log_odds, found = pairs(codes, trials, events)
    pair = next(pair for pair in found if pair.places == (0, 1))
    told = log_odds + pair.effect[pair.of(codes)]
    truth = -2.0 + table[codes[:, 0], codes[:, 1]]
    # some 300 events a combination: a standard error of 0.06 each; single levels alone are off by 0.4
    assert np.sqrt(np.mean((told - truth) ** 2)) < 0.08
    assert np.sqrt(np.mean((log_odds - truth) ** 2)) > 0.3


def test_where_levels_add_up_nothing_is_added():
    codes, _, trials, events = cells(0.0)
    _, found = pairs(codes, trials, events)
    assert max([np.abs(pair.effect).max() for pair in found], default=0.0) < 0.05


def test_combinations_that_were_not_seen_stay_open():
    codes, _, trials, events = cells(0.5)
    keep = ~((codes[:, 0] == 2) & (codes[:, 1] == 3))
    _, found = pairs(codes[keep], trials[keep], events[keep])
    pair = next(pair for pair in found if pair.places == (0, 1))
    place = 2 * LEVELS[1] + 3
    assert pair.effect[place] == pytest.approx(0)
    assert pair.doubt[place] == pytest.approx(0.5, rel=0.5)
    assert pair.doubt[place] > 3 * np.delete(pair.doubt, place).max()
