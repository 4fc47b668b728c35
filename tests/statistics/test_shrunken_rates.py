"""Are shrunken rates nearer the truth than raw ones, their intervals honest, and their rankings calibrated?"""

import numpy as np
import pytest

from labelqa_lib.stats import shrinkage

pytestmark = pytest.mark.slow

REPLICATIONS, PEOPLE, AUDITS = 2000, 60, 40


def markets(mean, between_sd, seed, draw="beta"):
    """Error counts of many markets of 60 people with 40 audits each, and the people's true rates."""
    rng, shape = np.random.default_rng(seed), (REPLICATIONS, PEOPLE)
    if draw == "beta":
        size = mean * (1 - mean) / between_sd**2 - 1
        truth = rng.beta(mean * size, (1 - mean) * size, shape)
    else:  # nine in ten alike, one in ten much worse: not the shape that the method assumes
        truth = np.where(rng.random(shape) < 0.1, mean + 3 * between_sd, mean - between_sd / 3)
    return rng.binomial(AUDITS, truth), truth


# Error rates and differences between agents as labelling teams have them: 4 to 12 %, the best agent about half and the
# worst about twice the mean.
@pytest.mark.parametrize(
    ("mean", "between_sd", "draw"),
    [(0.04, 0.02, "beta"), (0.06, 0.025, "beta"), (0.12, 0.04, "beta"), (0.06, 0.03, "two kinds")],
)
def test_squared_error_is_at_least_30_percent_lower_and_intervals_cover(mean, between_sd, draw):
    errors, truth = markets(mean, between_sd, 21, draw)
    n = np.full(PEOPLE, AUDITS)
    results = [shrinkage.shrink(row, n) for row in errors]
    estimate = np.array([result.estimate for result in results])
    low, high = np.array([(result.low, result.high) for result in results]).swapaxes(0, 1)
    raw = ((errors / AUDITS - truth) ** 2).mean(axis=1)
    shrunken = ((estimate - truth) ** 2).mean(axis=1)
    # the ratio of means over 2,000 markets is known to ±1 % (one standard error, by the delta method), so the bound
    # holds by more than 3 of them
    ratio = shrunken.mean() / raw.mean()
    error = np.std(shrunken - ratio * raw) / raw.mean() / np.sqrt(REPLICATIONS)
    assert error < 0.01
    assert ratio + 3 * error < 0.70
    # averaged over people, ±.002 (one standard error); .935 to .956 seen, for a mixture summed up by one Beta
    assert 0.93 < ((low <= truth) & (truth <= high)).mean() < 0.98


def test_probability_of_worst_is_as_often_right_as_it_says():
    errors, truth = markets(0.06, 0.025, 22)
    n = np.full(PEOPLE, AUDITS)
    worst = truth.argsort(axis=1).argsort(axis=1) >= PEOPLE * 0.9
    said = np.array([
        shrinkage.probability_of_worst(result.alpha, result.beta)
        for result in (shrinkage.shrink(row, n) for row in errors)
    ])  # fmt: skip
    for low, high in ((0, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.4), (0.4, 0.7)):
        here = (said >= low) & (said < high)
        assert here.sum() > 1000  # ±.016 at most (one standard error)
        assert worst[here].mean() == pytest.approx(said[here].mean(), abs=0.05)


def test_alike_people_are_not_told_apart():
    rng = np.random.default_rng(23)
    n = np.full(PEOPLE, AUDITS)
    spread = [np.ptp(shrinkage.shrink(rng.binomial(n, 0.06), n).estimate) for _ in range(REPLICATIONS)]
    raw = np.ptp(rng.binomial(AUDITS, 0.06, (REPLICATIONS, PEOPLE)) / AUDITS, axis=1)
    assert np.mean(spread) < 0.25 * raw.mean()
