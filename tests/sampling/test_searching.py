"""The stretch of margins that fits the hours, where the hours step as it grows."""

from __future__ import annotations

import numpy as np
import pytest

from labelqa_lib.sampling.searching import Search


class Stepping(Search):
    """Hours that suffice everywhere but exactly at some stretches, as those of few whole audits nearly do."""

    def __init__(self, *too_long: float):
        self.asked, self.too_long = ["a goal"], {1.0, *too_long}

    def _over(self, stretch: float) -> float:
        return 0.01 if stretch in self.too_long else -0.01

    def _settled(self, stretch: float) -> tuple[np.ndarray, float]:
        return np.zeros(1), 0.0


@pytest.mark.parametrize("near", np.linspace(1.1, 3.0, 20))
def test_a_step_at_an_end_of_where_it_is_looked_for_is_met_as_it_was(near):
    low, high = near / 1.03, near * 1.03
    search = Stepping(low)
    stretch, _audits = search.within_hours(near)
    assert low <= stretch <= high and search._over(stretch) <= 0
