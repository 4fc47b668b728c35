"""A page's kernel is forked with everything imported: what it imported itself, every page would pay for."""

from __future__ import annotations

import json
import sys

import nbformat
import pytest
from house import REPOSITORY, House
from nbformat.v4 import new_code_cell


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are forked on Linux alone")
def test_the_market_report_imports_nothing_in_its_kernel(simulated, tmp_path):
    house = House(tmp_path)
    (house.root / "data").symlink_to(simulated)
    (house.root / "notebooks").unlink()
    (house.root / "notebooks").mkdir()
    notebook = nbformat.read(REPOSITORY / "notebooks" / "market_report.ipynb", as_version=4)
    first = new_code_cell("import json, pathlib, sys\nthere = set(sys.modules)")
    last = new_code_cell("pathlib.Path('imported.json').write_text(json.dumps(sorted(set(sys.modules) - there)))")
    notebook.cells = [first, *notebook.cells, last]
    nbformat.write(notebook, house.root / "notebooks" / "market_report.ipynb")
    house.labelqa("run", "--market", "MX", "--notebook", "market_report")
    assert json.loads((house.root / "imported.json").read_text()) == []
