"""The laws of the house, checked against the code as it stands."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "labelqa_lib"
FILES = sorted(PACKAGE.rglob("*.py"))

# room -> the rooms it may import. Imports point back along the arrow of the README's picture; `stats` serves
# whoever computes; the notebook, the runner and the command line are where rooms meet.
ALLOWED = {
    "errors": set(),
    "periods": {"errors"},
    "translation": {"errors", "files"},
    "models": {"errors"},
    "files": {"errors"},
    "places": {"errors"},
    "params": {"errors", "periods", "models"},
    "sources": {"errors", "periods", "models"},
    "telling": set(),
    "derived": {"telling"},
    "intake": {"errors", "files", "periods", "sources", "derived"},
    "store": {"errors", "periods", "translation", "derived"},
    "register": {"errors", "files", "periods", "translation"},
    "stats": {"errors", "translation"},
    "metrics": {"errors", "periods", "stats", "store", "derived", "telling", "translation"},
    "audience": {"errors", "store", "metrics", "translation"},
    "causes": {"errors", "periods", "stats", "store", "metrics", "translation"},
    "sampling": {"errors", "periods", "stats", "store", "metrics", "derived", "translation"},
    "calibration": {"errors", "periods", "stats", "store", "metrics", "translation"},
    "wording": {"errors", "periods", "translation"},
    "symbols": {"translation"},
    "findings": {"errors", "periods", "stats", "store", "metrics", "causes", "sampling", "calibration", "wording", "translation"},
    "figures": {"errors", "periods", "stats", "wording", "translation"},
    "display": {"errors", "periods", "stats", "wording", "symbols", "translation"},
    "explore": {"errors", "files", "periods", "stats", "store", "metrics", "causes", "sampling", "calibration", "findings", "figures",
                "display", "wording", "translation"},
    "warm": {"figures", "display", "models", "register", "store", "translation"},
    "earlier": {"periods"},
    "page": {"earlier", "errors", "periods", "params", "register", "store", "wording", "translation"},
    "overview": {"earlier", "errors", "periods", "params", "store", "wording", "translation", "page"},
    "runner": {"errors", "files", "periods", "places", "params", "register", "wording", "symbols", "translation"},
    "sharing": {"errors", "periods", "places", "wording", "translation"},
    "cli": {"*"},
    "__init__": {"*"},
}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                found.append((node.lineno, "a relative import"))
            elif node.module == "labelqa_lib":
                found += [(node.lineno, alias.name) for alias in node.names]
            elif node.module and node.module.startswith("labelqa_lib."):
                found.append((node.lineno, node.module.split(".")[1]))
        elif isinstance(node, ast.Import):
            found += [
                (node.lineno, (alias.name.split(".") + ["__init__"])[1])
                for alias in node.names
                if alias.name.split(".")[0] == "labelqa_lib"
            ]
    return found


def test_every_room_is_in_the_table():
    rooms = {room_of(path) for path in FILES}
    assert rooms <= set(ALLOWED), f"add {sorted(rooms - set(ALLOWED))} to ALLOWED and to the README's picture"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_back_along_the_arrow(path):
    room = room_of(path)
    allowed = ALLOWED[room] | {room}
    broken = [
        f"{path.relative_to(ROOT)}:{line} imports {target!r}; {room} may import {sorted(ALLOWED[room])}: "
        "pass the value in from the page, or move the code to the room that owns it"
        for line, target in imported_rooms(path)
        if "*" not in allowed and target not in allowed
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_is_read_in_one_sitting(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 300, f"{path.relative_to(ROOT)} has {lines} lines: two ideas share a room; split it"


def calls(path: Path) -> list[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [(node.lineno, ast.unparse(node.func)) for node in ast.walk(tree) if isinstance(node, ast.Call)]


WORLD = {"cli", "runner"}
CLOCK = re.compile(r"(datetime\.(now|utcnow|today)|date\.today|time\.time|os\.getenv|os\.environ\.get|np\.random\.\w+)$")


@pytest.mark.parametrize(
    "path", [path for path in FILES if room_of(path) not in WORLD], ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_clock_no_environment_no_unseeded_randomness(path):
    seeded = {"np.random.SeedSequence", "np.random.default_rng", "np.random.Generator", "np.random.PCG64"}
    found = [(line, name) for line, name in calls(path) if CLOCK.search(name) and name not in seeded]
    assert not found, f"{path.relative_to(ROOT)}: {found}; take the value as an argument"
    unseeded = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("default_rng") and not node.args
    ]
    assert not unseeded, f"{path.relative_to(ROOT)}:{unseeded}: default_rng() without a seed"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_command_line_prints_and_nobody_asserts(path):
    if room_of(path) != "cli":
        assert not [line for line, name in calls(path) if name == "print"], f"{path}: only cli prints"
    asserts = [n.lineno for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Assert)]
    assert not asserts, f"{path.relative_to(ROOT)}:{asserts}: raise a LabelqaError with a sentence"


def test_no_room_without_a_meaning():
    banned = {"utils", "helpers", "common", "misc"}
    assert not [path for path in FILES if banned & set(path.relative_to(PACKAGE).with_suffix("").parts)]


def public_functions(path: Path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_public_names_have_a_docstring(path):
    if path.relative_to(PACKAGE).parts[:2] == ("runner", "templates"):
        pytest.skip("a template, not code")
    bare = [f"{node.name} (line {node.lineno})" for node in public_functions(path) if not ast.get_docstring(node)]
    assert not bare, f"{path.relative_to(ROOT)}: no docstring on {', '.join(bare)}"
