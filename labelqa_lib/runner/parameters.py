"""A notebook's parameters: read from its `parameters` cell without running it, and checked before anything runs."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from labelqa_lib.errors import LabelqaError, UsageError

TYPES = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false"}
LISTS = "list[str]"
OWN_MARKET = "own-market"
ALL_MARKETS = "all-markets"
OWN = {"market": "--market", "week": "--week", "audience": "--audience", "data": "--data", "snapshot": "--data"}
"""Parameters that the runner fills, and the option that sets each."""


@dataclass(frozen=True)
class Parameter:
    """One line of the parameters cell: ``name: type = default  # help``."""

    name: str
    type: str
    default: Any
    help: str = ""


def declared(notebook: Path) -> dict[str, Parameter]:
    """Which parameters does a notebook take?

    Parameters
    ----------
    notebook : Path
        An ``.ipynb`` file; its first code cell tagged ``parameters`` is parsed, never run.

    Returns
    -------
    dict of str to Parameter
        In the order written.

    Raises
    ------
    UsageError
        When the file is no notebook, has no such cell, or a line of it is not ``name: type = default  # help``.
    """
    source = _parameters_cell(notebook)
    try:
        lines = ast.parse(source).body
    except SyntaxError as error:
        raise UsageError(f"{notebook}: parameters cell, line {error.lineno}: {error.msg}") from None
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found, problems = {}, []
    for line in lines:
        try:
            parameter = _parameter(line, comments.get(line.end_lineno, ""))
            found[parameter.name] = parameter
        except ValueError as error:
            problems.append(f"{notebook}: parameters cell, line {line.lineno}: {ast.unparse(line)!r} {error}")
    problems += [
        f"{notebook}: the parameters cell does not declare {name!r}; every page takes {', '.join(OWN)}"
        for name in OWN
        if not problems and (name not in found or found[name].type != "str")
    ]
    if problems:
        raise UsageError(problems)
    return found


def reads_own_market(notebook: Path) -> bool:
    """Whether a cell's tag promises that the notebook reads its market alone, and only by `open_page`.

    A page without the promise is made again whenever anything in the snapshot's weeks changes.
    """
    return bool(_tagged(notebook, OWN_MARKET))


def about_all_markets(notebook: Path) -> bool:
    """Whether a cell's tag says that the notebook is one page about all markets, and not one a market."""
    return bool(_tagged(notebook, ALL_MARKETS))


def _parameters_cell(notebook: Path) -> str:
    tagged = _tagged(notebook, "parameters")
    if not tagged:
        raise UsageError(f"{notebook}: no cell is tagged `parameters`; tag the cell that declares market and week")
    return tagged[0]


def _tagged(notebook: Path, tag: str) -> list[str]:
    """Sources of a notebook's code cells with a tag."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        return [
            "".join(cell["source"])
            for cell in cells
            if cell["cell_type"] == "code" and tag in cell["metadata"].get("tags", [])
        ]
    except OSError as error:
        raise UsageError(f"{notebook}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{notebook}: is not a Jupyter notebook (format 4)") from None


def _parameter(line: ast.stmt, comment: str) -> Parameter:
    if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is not None):
        raise ValueError("is not written `name: type = default  # help`")
    kind = ast.unparse(line.annotation)
    if kind not in (*TYPES, LISTS):
        raise ValueError(f"has a type that is none of {', '.join((*TYPES, LISTS))}")
    default = ast.literal_eval(line.value) if _is_literal(line.value) else None
    if not _fits(default, kind):
        raise ValueError(f"has a default that is not a literal {kind}")
    return Parameter(line.target.id, kind, default, comment)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def _fits(value: Any, kind: str) -> bool:
    if kind == LISTS:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind == "float":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value).__name__ == kind


def checked(notebook: Path, given: Mapping[str, str]) -> dict[str, Any]:
    """The values of ``-p name=value`` as a notebook's own types.

    Raises
    ------
    UsageError
        One sentence per name that the notebook does not declare and per value that its type does not allow.
    """
    known, values, problems = declared(notebook), {}, []
    for name, text in given.items():
        if name in OWN:
            problems.append(f"parameter {name!r} is filled by the run; use {OWN[name]} instead of -p")
        elif name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(known)}"
            problems.append(f"notebook {notebook.stem}: no parameter {name!r}{hint}")
        else:
            try:
                values[name] = _typed(text, known[name].type)
            except ValueError:
                kind = known[name].type
                allowed = TYPES.get(kind, "texts separated by commas")
                problems.append(f"notebook {notebook.stem}: parameter {name!r} must be {allowed} (it is {text!r})")
    if problems:
        raise UsageError(problems)
    return values


def _typed(text: str, kind: str) -> Any:
    if kind == "bool":
        if text.lower() not in ("true", "false"):
            raise ValueError
        return text.lower() == "true"
    if kind == LISTS:
        return [part.strip() for part in text.split(",") if part.strip()]
    return {"str": str, "int": int, "float": float}[kind](text)


def collect(problems: list[str], read, *arguments):
    """Call `read`; where it refuses, keep its sentences in `problems` and give None."""
    try:
        return read(*arguments)
    except LabelqaError as error:
        problems += error.problems
        return None
