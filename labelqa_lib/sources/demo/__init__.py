"""`labelqa demo`: a simulated delivery in the form of the data contract. A teaching instrument, not a benchmark.

A delivery holds one Parquet file per table of the contract; `incidents.yaml`, what was planted and where a report
should show it; and `truth/truth.parquet` (`annotation_id`, `true_label`), which intake ignores because it is no table
of the contract: no operation knows the truth, but tests of the statistics must.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labelqa_lib.errors import UsageError
from labelqa_lib.sources.demo.incidents import planted
from labelqa_lib.sources.demo.parameters import parse
from labelqa_lib.sources.demo.tables import contract_tables, run, truth
from labelqa_lib.sources.demo.world import World
from labelqa_lib.sources.demo.write import INCIDENTS, check_replaceable, delivery_folder, write_incidents, write_table

__all__ = ["simulate"]


def simulate(parameters: dict[str, Any], target: Path, seed: int | None = None, scale: float = 1.0) -> dict[str, int]:
    """Simulate a delivery and write it to the folder `target`.

    Parameters
    ----------
    parameters : dict
        `params/demo.yaml`, parsed.
    target : Path
        The delivery's folder. It appears whole or not at all; an earlier demo delivery there is replaced.
    seed : int, optional
        In place of the parameters' own. The same parameters, seed and scale give the same bytes.
    scale : float
        Shrinks volume and people, in (0, 1]; every site that serves a market keeps three agents and one QA.

    Returns
    -------
    dict
        Rows by table of the contract.

    Raises
    ------
    ParamsError
        When the parameters do not say what they must.
    UsageError
        When `scale` is out of range or `target` holds something else.
    """
    if not 0 < scale <= 1:
        raise UsageError(f"scale {scale!r} is out of range; write a number above 0, up to 1")
    target = Path(target)
    check_replaceable(target)
    world = World(parse(parameters), seed, scale)
    simulation = run(world)
    with delivery_folder(target) as folder:
        tables = contract_tables(simulation)
        rows = {name: write_table(folder / f"{name}.parquet", columns) for name, columns in tables.items()}
        write_table(folder / "truth" / "truth.parquet", truth(simulation))
        write_incidents(folder / INCIDENTS, planted(simulation))
    return rows
