"""A notebook is a page, not a program: the form of every notebook, and that its pair is derived from it."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = sorted((ROOT / "notebooks").glob("*.py"))
DERIVED = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARAMETER_TYPES = {"str", "int", "float", "bool", "list[str]"}
PROGRAM = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.With, ast.Lambda,
           ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)  # fmt: skip


def test_notebooks_come_in_pairs():
    assert WRITTEN
    assert [path.stem for path in WRITTEN] == [path.stem for path in DERIVED]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_the_ipynb_is_derived_from_the_py(path):
    written = jupytext.read(path)
    derived = nbformat.read(path.with_suffix(".ipynb"), as_version=4)

    def content(notebook):
        return [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells]

    assert content(written) == content(derived), (
        f"run `.venv/bin/jupytext --update --to ipynb notebooks/{path.name}` and commit both"
    )


@pytest.mark.parametrize("path", DERIVED, ids=lambda path: path.stem)
def test_it_is_committed_without_outputs(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert not [cell for cell in notebook["cells"] if cell.get("outputs") or cell.get("execution_count")]
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


def code_cells(path):
    return [cell for cell in jupytext.read(path).cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_cells_are_short_and_hold_no_program(path):
    problems = []
    for position, cell in enumerate(code_cells(path), 1):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        if len(lines) > 10:
            problems.append(f"code cell {position} has {len(lines)} lines; a cell is one verb in at most 10")
        problems += [
            f"code cell {position}, line {node.lineno}: {type(node).__name__} belongs in labelqa_lib"
            for node in ast.walk(ast.parse(cell.source))
            if isinstance(node, PROGRAM)
        ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_it_opens_with_a_title_and_typed_parameters(path):
    cells = jupytext.read(path).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert "?" in cells[0].source, "the first cell states the page's question"
    tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    for node in ast.parse(tagged[0].source).body:
        assert isinstance(node, ast.AnnAssign), f"write `name: type = default  # help`: {ast.unparse(node)}"
        assert ast.unparse(node.annotation) in PARAMETER_TYPES
    for line in tagged[0].source.splitlines():
        assert line.count("=") == 1, f"papermill loses a parameter whose line holds a second `=`: {line}"
        assert "  # " in line, f"say what it is for: {line}"


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_it_ends_with_how_it_was_made(path):
    headings = [
        line
        for cell in jupytext.read(path).cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("## ")
    ]
    assert headings[-1] == "## How this was made"
