"""What a run will render: markets × notebooks × week × audience, everything checked before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from labelqa_lib.errors import DataError, UsageError
from labelqa_lib.params import check_market_code
from labelqa_lib.periods import Week
from labelqa_lib.runner.parameters import about_all_markets, checked, collect

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
AUDIENCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
FINDINGS = ".findings.json"
INTERNAL = "internal"
"""The audience that may see everything."""

ALL = "all"
"""Under this market lies what is about all of them."""


@dataclass(frozen=True)
class PlannedPage:
    """One page to render: a notebook with its parameters, and where its files go.

    Attributes
    ----------
    notebook : Path
        The ``.ipynb`` to execute.
    root : Path
        The workspace; the page's working directory.
    reports : Path
        Folder of all reports.
    snapshot : str
        Id of the snapshot that every page of the run reads.
    parameters : dict
        Everything passed to the notebook.
    left_out : frozenset of str
        Cells with one of these tags are not for the page's audience: they are taken out before anything runs.
    key : dict
        What it is made from, part by part, as hashes; empty where nobody asked (see `unchanged.keyed`).
    simulated : bool
        Whether the snapshot is, which its findings tell the week after.
    """

    notebook: Path
    root: Path
    reports: Path
    market: str
    week: str
    audience: str
    snapshot: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    key: Mapping[str, Any] = field(default_factory=dict)
    simulated: bool = False

    @property
    def shared(self) -> bool:
        """Whether it is for others, who must not see paths, code or what went wrong inside."""
        return self.audience != INTERNAL

    @property
    def name(self) -> str:
        """The notebook's name, which the page's files bear."""
        return self.notebook.stem

    @property
    def folder(self) -> Path:
        return self.reports / self.audience / self.week / self.market

    @property
    def html(self) -> Path:
        return self.folder / f"{self.name}.html"

    @property
    def record(self) -> Path:
        return self.folder / f"{self.name}.json"

    @property
    def findings(self) -> Path:
        """The page's findings as data, beside it."""
        return self.folder / f"{self.name}{FINDINGS}"

    @property
    def earlier(self) -> Path:
        """The findings of the week before, which `open_page` reads; there or not."""
        return self.folder.parents[1] / str(Week.parse(self.week) - 1) / self.market / f"{self.name}{FINDINGS}"

    @property
    def failed(self) -> Path:
        """Where the notebook of a failure goes: of a page for others, not into the folder that is shared."""
        own = self.reports / ".cache" / "failed" / self.audience / self.week / self.market
        return (own if self.shared else self.folder) / f"{self.name}.failed.ipynb"


@dataclass(frozen=True)
class Plan:
    """The pages of a run, and one sentence for each market that has nothing to render."""

    pages: tuple[PlannedPage, ...]
    skipped: tuple[str, ...] = ()


def plan(
    root: Path,
    *,
    reports: Path,
    data: str,
    snapshot: str,
    weeks_of: Mapping[str, Sequence[str]],
    week: str,
    notebooks: Sequence[str],
    markets: Sequence[str] = (),
    audience: str = INTERNAL,
    given: Mapping[str, str] | None = None,
    left_out: Mapping[str, frozenset[str]] | None = None,
    simulated: bool = False,
) -> Plan:
    """Which pages does a run render?

    Parameters
    ----------
    root, reports : Path
        The workspace and its folder of reports.
    data, snapshot : str
        Folder of snapshots (as a page is told it, relative to `root`) and the snapshot's id.
    weeks_of : mapping of market to its weeks with data
    week : str
        ISO week of the reports.
    notebooks, markets : sequence of str
        Names; no markets means every market of the snapshot.
    given : mapping of str to str
        ``-p name=value``, unchecked.
    left_out : mapping of market to tags, optional
        Cells that are taken out of its pages.
    simulated : bool
        Whether the snapshot is.

    Raises
    ------
    UsageError
        With every problem: unknown market, week, notebook or parameter, a code that is a path, a value of another
        type.
    DataError
        When no wanted market has data in the week.
    """
    problems: list[str] = []
    collect(problems, Week.parse, week)
    if not AUDIENCE.fullmatch(audience):
        problems.append(f"audience {audience!r} is not a name; use lower-case letters and digits such as internal")
    wanted = _known_markets(markets, weeks_of, snapshot, problems)
    files = [collect(problems, notebook_file, root, name) for name in dict.fromkeys(notebooks)]
    values = {file: collect(problems, checked, file, given or {}) for file in files if file}
    if problems:
        raise UsageError(problems)

    present = [market for market in wanted if week in weeks_of[market]]
    if not present:
        held = sorted({held for market in wanted for held in weeks_of[market]})
        have = f"they have {held[0]} to {held[-1]}" if held else "they have no week at all"
        raise DataError(f"week {week}: no data of {', '.join(wanted)} in snapshot {snapshot}; {have}")
    own = {"week": week, "audience": audience, "data": data, "snapshot": snapshot}
    tags = left_out or {}
    together = [file for file in files if about_all_markets(file)]
    places = [(ALL, file) for file in together if not markets]
    places += [(market, file) for market in present for file in files if file not in together]
    pages = tuple(
        PlannedPage(file, root, reports, market, week, audience, snapshot, {"market": market, **own, **values[file]},
                    tags.get(market, frozenset()), simulated=simulated)  # fmt: skip
        for market, file in places
    )
    if not pages:
        raise UsageError(f"{', '.join(file.stem for file in together)}: about all markets; leave --market out")
    skipped = [f"{market}: no data in {week}, skipped" for market in wanted if market not in present]
    skipped += [f"{file.stem}: about all markets, skipped for {', '.join(present)} alone" for file in together if markets]
    return Plan(pages, tuple(skipped))


def _known_markets(
    markets: Sequence[str], weeks_of: Mapping[str, Sequence[str]], snapshot: str, problems: list[str]
) -> list[str]:
    wanted = [collect(problems, check_market_code, market) for market in dict.fromkeys(markets)]
    problems += [
        f"market {market!r} is not in snapshot {snapshot}; it holds {', '.join(sorted(weeks_of))}"
        for market in wanted
        if market and market not in weeks_of
    ]
    return [market for market in wanted if market] or sorted(weeks_of)


def notebook_names(root: Path) -> tuple[str, ...]:
    """Names of the workspace's notebooks."""
    return tuple(path.stem for path in sorted((root / "notebooks").glob("*.ipynb")) if NAME.fullmatch(path.stem))


def notebook_file(root: Path, name: str) -> Path:
    """The file of a notebook of the workspace.

    Raises
    ------
    UsageError
        When `name` is a path or no such notebook exists.
    """
    names = notebook_names(root)
    if name not in names:
        raise UsageError(f"notebook {name!r} is not in {root / 'notebooks'}; there are: {', '.join(names) or 'none'}")
    return root / "notebooks" / f"{name}.ipynb"


def latest_complete_week(
    weeks_of: Mapping[str, Sequence[str]], time_zones: Mapping[str, str], made_at: datetime
) -> str:
    """Which week would a reader want? The latest that had ended in every market when the snapshot was made.

    Parameters
    ----------
    weeks_of, time_zones : mapping by market
    made_at : datetime
        When the snapshot was made, with its offset.

    Returns
    -------
    str
        ISO week; the latest there is where none had ended.

    Raises
    ------
    DataError
        When the snapshot holds no week.
    """
    weeks = sorted({week for held in weeks_of.values() for week in held})
    if not weeks:
        raise DataError("the snapshot holds no annotations of any week; ingest a delivery with `labelqa ingest`")
    ended = [
        week
        for week in weeks
        if all(Week.parse(week).bounds(time_zones[market])[1] <= made_at for market in weeks_of)
    ]
    return (ended or weeks)[-1]
