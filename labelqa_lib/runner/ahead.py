"""What makes a page, imported, and made to do what its libraries put off until they are first used: a third of a second.

A run does so once, before the first of its workers is forked, beside the imports of the fork server. Nothing stays open, and no
thread is left, which a fork would tear apart.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from labelqa_lib.runner.execute import render_page
from labelqa_lib.runner.export import FRAME, beside, said, to_html
from labelqa_lib.runner.plan import INTERNAL, PlannedPage

__all__ = ["render_page", "warm_up"]

_PAGE = PlannedPage(Path("page.ipynb"), Path(), Path(), "", "2026-W01", INTERNAL, "")
_SAID = {
    "text/html": "<p>1</p>",
    FRAME: json.dumps({"id": "frame", "title": "Frame", "columns": ["rate", "label"], "values": [[0.5], ["a"]]}),
}


@cache
def warm_up() -> None:
    """Read, check, export and pack a page of two cells, which nobody sees: compiles the schema of notebooks and the template."""
    cells = [new_markdown_cell("# Page\n\n- one"), new_code_cell(outputs=[new_output("display_data", _SAID)])]
    notebook = nbformat.reads(nbformat.writes(new_notebook(cells=cells)), as_version=4)
    to_html(notebook, _PAGE)
    said(notebook)
    beside(notebook, _PAGE)
