"""Is the spread between agents found that is there, with outliers among them, and none where there is none?

2,000 markets a cell; the mean of an estimated variance over them is known to about 2 % (one standard error).
"""

import numpy as np
import pytest

from labelqa_lib.stats import funnel

pytestmark = pytest.mark.slow

MARKETS, RATE = 2_000, 0.045


def estimated_variances(agents, rows, between_sd, outliers=0, seed=31):
    rng, shape = np.random.default_rng(seed), (MARKETS, agents)
    n = rng.integers(*rows, shape)
    size = RATE * (1 - RATE) / max(between_sd, 1e-6) ** 2 - 1
    rate = rng.beta(RATE * size, (1 - RATE) * size, shape)
    rate[:, :outliers] = 0.3
    events = rng.binomial(n, rate)
    return np.array([funnel.over_dispersion(x, of, RATE)[1] for x, of in zip(events, n, strict=True)])


@pytest.mark.parametrize(
    ("agents", "rows", "between_sd"),
    [(70, (40, 150), 0.02), (70, (40, 150), 0.03), (300, (30, 120), 0.02), (20, (100, 400), 0.02)],
)
def test_a_planted_spread_is_recovered(agents, rows, between_sd):
    """Within 10 %, most of it the skewness of rare errors; without the division by what pulling in leaves of noise,
    half of it is lost."""
    found = estimated_variances(agents, rows, between_sd)
    assert np.sqrt(found.mean()) == pytest.approx(between_sd, rel=0.10)
    assert np.median(found) > 0.6 * between_sd**2


def test_outliers_do_not_hide_themselves():
    """4 of 70 agents at 30 %: less than half of the spread that they add is taken for usual."""
    clean, with_outliers = (np.sqrt(estimated_variances(70, (40, 150), 0.02, bad).mean()) for bad in (0, 4))
    share = 4 / 70
    every = np.sqrt((1 - share) * 0.02**2 + share * (1 - share) * (0.3 - RATE) ** 2)
    assert with_outliers - clean < 0.5 * (every - clean)


def test_chance_alone_is_seldom_taken_for_a_spread():
    """Half of all estimates of nothing lie above 0; their mean is a small part of an ordinary spread of 0.02."""
    found = estimated_variances(70, (40, 150), 0.0)
    assert np.sqrt(found.mean()) < 0.007 and np.median(found) < 1e-5


def test_flags_by_the_estimated_spread_keep_the_false_discovery_rate():
    """60 people who differ by 0.02 for good reasons, four of them bad: the spread is estimated from the same rows."""
    rng, shape = np.random.default_rng(33), (MARKETS, 60)
    n = rng.integers(50, 100, shape)
    size = RATE * (1 - RATE) / 0.02**2 - 1
    rate = rng.beta(RATE * size, (1 - RATE) * size, shape)
    rate[:, :4] = 0.25
    events = rng.binomial(n, rate)
    flagged = np.array([
        funnel.flags(x, of, RATE, funnel.over_dispersion(x, of, RATE)[1]).flagged
        for x, of in zip(events, n, strict=True)
    ])  # fmt: skip
    false_share = flagged[:, 4:].sum(1) / np.maximum(flagged.sum(1), 1)
    assert false_share.mean() <= 0.05 + 2 * 0.0049  # two standard errors of at most √(.05·.95/2000)
    assert flagged[:, :4].mean() > 0.5
