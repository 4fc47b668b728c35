"""The demo at full scale, simulated and ingested once for all files of this folder, whichever worker runs them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from house import House


@pytest.fixture(scope="session")
def simulated(tmp_path_factory) -> Path:
    """The folder `data` of a house whose demo is ingested. Not to be written to: take a `demo_house`."""
    shared = tmp_path_factory.getbasetemp()
    if shared.name.startswith("popen-"):  # a worker of pytest-xdist: its siblings lie beside it
        shared = shared.parent
    folder, done = shared / "simulated", shared / "simulated.done"
    with FileLock(shared / "simulated.lock"):
        if not done.exists():
            folder.mkdir()
            house = House(folder)
            house.labelqa("demo")
            house.labelqa("ingest", "data/demo")
            done.touch()
    return folder / "data"


@pytest.fixture(scope="module")
def demo_house(simulated, tmp_path_factory) -> House:
    """A house of the file's own with the demo ingested; its files are copies, so that it may be written to."""
    house = House(tmp_path_factory.mktemp("demo"))
    shutil.copytree(simulated, house.root / "data")
    return house
