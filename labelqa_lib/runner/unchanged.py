"""Which pages need not run again: those whose every ingredient is as it was, and whose file is as it was written."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from labelqa_lib.errors import LabelqaError
from labelqa_lib.params import Market, Workspace
from labelqa_lib.register.file import rows_of
from labelqa_lib.runner.compiled import TEMPLATES
from labelqa_lib.runner.plan import ALL, PlannedPage
from labelqa_lib.runner.record import PageRecord, read_record

PACKAGE = Path(__file__).resolve().parents[1]
ASIDE = {"reports", "actions", "notebooks", "data", "locale", "market_defaults", "reject_limit", "page_seconds", "page_memory"}
"""Settings of the workspace that say nothing on a market's page: where things lie, what is run, what a run may take."""

NAMED = 3
"""So many names of what changed are said."""

SHORT = 16
"""Digits of a hash as kept in records: enough to tell two versions of one thing apart."""


def keyed(
    page: PlannedPage,
    snapshot: str,
    contents: Mapping[str, str | None],
    workspace: Workspace,
    market: Market,
    others: Mapping[str, str] | None = None,
) -> PlannedPage:
    """The page with its key: a hash of everything that it is made from, part by part.

    Parameters
    ----------
    page : PlannedPage
    snapshot : str
        Id of the snapshot to read, which the page names.
    contents : mapping of str to str or None
        What it reads of it: part -> hash.
    workspace : Workspace
    market : Market
        The page's market, over the workspace's defaults.
    others : mapping of market to hash, optional
        Of the params (`hash_of`) of further markets that the page may look at.
    """
    parameters = {**page.parameters, "snapshot": snapshot}
    aside = ASIDE - {"locale"} if page.market == ALL else ASIDE  # a page about all markets speaks as the workspace does
    aside = aside if page.shared else aside | {"partners"}
    settings = {name: value for name, value in workspace.model_dump(mode="json").items() if name not in aside}
    key = {
        "notebook": _of_file(page.notebook),
        **code(),
        "data": {part: _hash(told) for part, told in contents.items()},
        "market": {name: _hash(value) for name, value in market.model_dump(mode="json").items()},
        "others": _hash(others or {}),
        "workspace": {name: _hash(value) for name, value in settings.items()},
        "parameters": {name: _hash(value) for name, value in parameters.items()},
        "left out": _hash(sorted(page.left_out)),
        "register": _hash([] if page.shared else _register(page.root / workspace.actions, page.market)),
        "earlier": _of_file(page.earlier) if page.earlier.exists() else "",
    }
    if page.shared:  # part by part, others could find out by trial what stands in our params
        key = {"everything": hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()}
    return replace(page, snapshot=snapshot, parameters=parameters, key=key)


def code() -> dict[str, str]:
    """Hashes of what runs a page here: labelqa, its templates, Python with all packages. The same all through a process."""
    return {"library": _folder(PACKAGE, besides=TEMPLATES), "templates": _folder(TEMPLATES), "packages": _packages()}


def hash_of(market: Market) -> str:
    """A hash of a market's params."""
    return _hash(market.model_dump(mode="json"))


def why(page: PlannedPage) -> str:
    """Why would this page run? Empty where it need not.

    Its files are read and compared with what its record says, so that one that was edited or cut off is made again.
    """
    record = read_record(page.record)
    if record is None:
        return "it was never rendered"
    if record.failed:
        return f"it failed ({record.error.name})"
    if not page.key or not record.key:
        return "nothing tells what it was made from"
    if changed := _changed(record, page):
        return f"{', '.join(changed)} changed"
    for ending, written in {".html": record.sha256, **record.beside}.items():
        try:
            if _of_file(page.folder / f"{page.name}{ending}", 64) != written:
                return f"its {ending} is not as it was written"
        except OSError:
            return f"its {ending} is gone"
    return ""


def _changed(record: PageRecord, page: PlannedPage) -> list[str]:
    """Names of what differs, the most telling first; a snapshot's id alone only where nothing else does."""
    words = {"library": "labelqa", "packages": "installed packages", "data": "data of", "templates": "the template",
             "notebook": "the notebook", "market": "the market's", "workspace": "the workspace's",
             "others": "another market's params", "parameters": "parameter", "left out": "cells for its audience",
             "register": "the register of actions", "earlier": "last week's findings", "everything": "something it is made from"}  # fmt: skip
    found = []
    for part, now in page.key.items():
        before = record.key.get(part)
        if isinstance(now, Mapping):
            before = before if isinstance(before, Mapping) else {}
            names = [name for name in (*now, *(set(before) - set(now))) if now.get(name, "") != before.get(name, "")]
            names = [name for name in names if (part, name) != ("parameters", "snapshot")]
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            found += [f"{words[part]} {', '.join(names[:NAMED])}{more}"] if names else []
        elif now != before:
            found.append(words[part])
    if not found and page.key != record.key:
        found = ["the snapshot that it names"]
    return found


def _register(path: Path, market: str) -> list[dict]:
    """A market's actions as the workspace's register holds them; its pages say themselves what is wrong with it."""
    try:
        return [row for row in rows_of(path) if row["market"] == market]
    except LabelqaError as error:
        return [{"wrong": str(error)}]


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:SHORT]


def _of_file(path: Path, digits: int = SHORT) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:digits]


@cache
def _folder(folder: Path, besides: Path | None = None) -> str:
    """A hash of the names and contents of all files below a folder, what was compiled left out."""
    files = (path for path in folder.rglob("*") if path.is_file() and besides not in path.parents)
    return _hash(sorted((str(path.relative_to(folder)), _of_file(path)) for path in files if path.parent.name != "__pycache__"))


@cache
def _packages() -> str:
    """The interpreter and every installed package with its version: pages print some, and stand on more."""
    return _hash([sys.version, sorted({path.name for place in sys.path for path in Path(place).glob("*.dist-info")})])
