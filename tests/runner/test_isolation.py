"""What makes pages is imported for workers: in their environment, and without trace in the process that they are forked from."""

from __future__ import annotations

import gc
import importlib
import json
import os
import subprocess
import sys

import pytest

from labelqa_lib.runner import isolation

AHEAD = """
import gc, json, os, sys
from pathlib import Path
from labelqa_lib.runner import pool
from labelqa_lib.runner.isolation import NEEDLESS, isolated
variables, descriptors = dict(os.environ), os.listdir("/proc/self/fd")
pool._import_ahead(isolated(Path(sys.argv[1]), Path(sys.argv[1])))
there = set(sys.modules)
pool._import_ahead(isolated(Path(sys.argv[1]), Path(sys.argv[1])))
import asyncio, jinja2.ext, xlsxwriter, zmq
from nbconvert.exporters.templateexporter import TemplateExporter
print(json.dumps({
    "threads": len(os.listdir("/proc/self/task")),
    "files": len(os.listdir("/proc/self/fd")) - len(descriptors),
    "open": [type(one).__name__ for one in gc.get_objects() if isinstance(one, (zmq.Context, zmq.Socket, asyncio.AbstractEventLoop))],
    "variables": dict(os.environ) == variables,
    "needless": [name for name in NEEDLESS if name in sys.modules],
    "imported later": sorted(set(sys.modules) - there),
    "engines": sorted({"pandas", "numpy", "duckdb", "ibis", "matplotlib"} & set(sys.modules)),
    "templates": TemplateExporter.template_data_paths.default_args[0],
}))
"""


@pytest.mark.slow
def test_workers_are_forked_from_a_run_that_has_imported_what_makes_pages_and_holds_nothing_open(tmp_path):
    """A library that reads where the user's Jupyter keeps its templates when it is imported must not read it here."""
    theirs = tmp_path / "theirs"
    environment = {**os.environ, "JUPYTER_DATA_DIR": str(theirs), "JUPYTER_PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", AHEAD, str(tmp_path / "run")], env=environment, capture_output=True, text=True, check=True
    )  # fmt: skip
    told = json.loads(done.stdout)
    templates = told.pop("templates")
    assert templates and not [path for path in templates if path.startswith(str(theirs))]
    assert told == {
        "threads": 1, "files": 0, "open": [], "variables": True, "needless": [], "imported later": [], "engines": [],
    }  # fmt: skip
    assert done.stderr == ""


def test_what_workers_do_without_is_there_again_for_who_asks_afterwards(monkeypatch):
    monkeypatch.setattr(isolation, "NEEDLESS", ("colorsys", "xml.dom.pulldom"))
    monkeypatch.delitem(sys.modules, "xml.dom.pulldom", raising=False)
    monkeypatch.setenv("HERE", "before")
    colorsys = importlib.import_module("colorsys")
    with pytest.raises(ZeroDivisionError), isolation.importing_for_workers({"HERE": "inside", "LABELQA_NOT_SET": "inside"}):
        assert os.environ["HERE"] == os.environ["LABELQA_NOT_SET"] == "inside" and not gc.isenabled()
        for name in isolation.NEEDLESS:
            with pytest.raises(ImportError):
                importlib.import_module(name)
        1 / 0  # noqa: B018
    assert (os.environ["HERE"], os.environ.get("LABELQA_NOT_SET"), gc.isenabled()) == ("before", None, True)
    assert importlib.import_module("colorsys") is colorsys
    assert importlib.import_module("xml.dom.pulldom").START_ELEMENT
