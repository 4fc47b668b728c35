"""Coverage of the report's default interval over the whole grid, with so many replications that tests cannot afford them.

    python tests/bench_coverage.py [REPLICATIONS] [SEED]

Prints every world that leaves the bounds asked for (93 to 97 % wherever n_effective·p(1 − p) ≥ 5, never under 92 %
elsewhere), and how near the others come to them. docs/coverage.md says what came out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "statistics"))
import simulated_samples
from simulated_samples import World, covers, draw_cells
from test_coverage_rates import FEW_CLUSTERS, FLOOR, HIGH, LOW, UNREACHED, WORLDS, estimated

CHUNK = 1_000


def coverage(world: World, replications: int, seed: int) -> float:
    """Share of so many replications whose interval holds the truth."""
    simulated_samples.REPLICATIONS = CHUNK
    told = []
    for part in range(replications // CHUNK):
        rates = estimated(draw_cells(world, seed * 1_000_003 + part))
        told.append(covers(rates.ci_low, rates.ci_high, world.rate))
    return float(np.mean(told))


def main(replications: int = 16_000, seed: int = 90_000) -> None:
    """Measure all worlds and print those at the edge."""
    enough, few = [], []
    for number, world in enumerate([*WORLDS, *FEW_CLUSTERS, *UNREACHED]):
        found = coverage(world, replications, seed + number)
        (enough if world.effective_events >= 5 else few).append((found, world))
        out = not LOW <= found <= HIGH if world.effective_events >= 5 else found < FLOOR
        if out:
            print(f"OUT {found:.4f} at {world.effective_events:.1f} effective events: {world}", flush=True)
    for name, told in (("5 events or more", enough), ("fewer events", few)):
        told.sort(key=lambda pair: pair[0])
        print(f"{name}: {len(told)} worlds, median {np.median([found for found, _ in told]):.4f}")
        for found, world in [*told[:4], *told[-3:]]:
            print(f"    {found:.4f} {world}")


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:]))
