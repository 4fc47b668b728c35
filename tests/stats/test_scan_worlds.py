"""Simulated periods: more of them only where the first leave the answer open, and the same answer for the same seed."""

import numpy as np
import pytest

from labelqa_lib.stats import scan_worlds
from labelqa_lib.stats.scan_model import Counts, Model
from labelqa_lib.stats.scan_worlds import Worlds, highest


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(1)

    def period(n):
        codes = rng.integers(0, [4, 5, 30], (n, 3))
        return Counts(codes, np.ones(n), (rng.random(n) < 0.1).astype(float), np.ones(n))

    return Model(period(3_000), period(1_000), [4, 5, 30], agents=2)


def test_one_period_for_every_repeat_of_every_world(model):
    scores = highest(model, np.random.default_rng(2))
    assert scores.shape == (scan_worlds.WORLDS * scan_worlds.REPEATS,)
    assert np.isfinite(scores).all()


def test_more_periods_are_drawn_where_it_is_open(model):
    worlds = Worlds(model, seed=3)
    few = worlds.tail.maxima
    for certain in (few.min() - 1, few.max() + 20):
        worlds.p_value(certain)
        assert len(worlds.tail.maxima) == len(few)
    score = float(np.quantile(few, 0.95))
    p = worlds.p_value(score)
    assert len(worlds.tail.maxima) == len(few) * (1 + scan_worlds.MORE)
    share = (worlds.tail.maxima >= score).mean()
    assert share < p < 2 * share  # on the safe side: the tail is taken to be no thinner than e⁻ˣ
    assert Worlds(model, seed=3).p_value(score) == p


def test_large_periods_are_thinned(model, monkeypatch):
    monkeypatch.setattr(scan_worlds, "MOST_ROWS", 2_000)
    worlds = Worlds(model, seed=3)
    assert len(worlds.model.current.trials) == 334
    assert len(worlds.model.baseline.trials) == 1_000
