"""For whom a run is made, and what its pages open: the whole snapshot, or one cut for a partner."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from labelqa_lib.cli.frame import Workspace
from labelqa_lib.cli.keys import read_key
from labelqa_lib.errors import DataError, UsageError


@dataclass(frozen=True)
class Reader:
    """An audience and what its pages may open.

    Attributes
    ----------
    audience : str
        As it stands in the pages' addresses.
    data : Path
        Folder of the snapshots that its pages open.
    snapshot : Snapshot
    markets, notebooks : tuple of str
        Those to render; no markets means every market of the snapshot.
    left_out : mapping of market to tags
        Cells that are not for the audience.
    skipped : tuple of str
        A sentence for each market and notebook that is left out.
    """

    audience: str
    data: Path
    snapshot: object
    markets: tuple[str, ...]
    notebooks: tuple[str, ...]
    left_out: Mapping[str, frozenset[str]] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()


@contextmanager
def reader(
    workspace: Workspace, snapshot, audience: str, week: str, markets: Sequence[str], notebooks: Sequence[str]
) -> Iterator[Reader]:
    """Who reads, with the data cut for them where they are a partner; it stays cut for as long as the context is open.

    Raises
    ------
    UsageError
        When nobody is called so, or a market or notebook asked for is not for them, or there is no key.
    DataError
        When the partner has no annotations in the week.
    """
    from labelqa_lib import runner

    if audience == runner.INTERNAL:
        chosen = tuple(notebooks or workspace.settings.notebooks)
        yield Reader(audience, workspace.data, snapshot, tuple(markets), chosen)
        return
    if "/" in audience or audience.startswith("."):
        raise UsageError(f"audience {audience!r} is not a name; write internal, or a partner's")
    with _partner(workspace, snapshot, audience, week, markets, notebooks) as one:
        yield one


@contextmanager
def _partner(
    workspace: Workspace, snapshot, asked_for: str, week: str, markets: Sequence[str], notebooks: Sequence[str]
) -> Iterator[Reader]:
    from filelock import FileLock, Timeout

    from labelqa_lib import audience, store
    from labelqa_lib.periods import weeks_up_to

    there = audience.weeks_of(workspace.data, snapshot.id)
    partner = audience.partner_named(asked_for, there)
    name = audience.slug(partner)
    chosen, skipped = _notebooks(workspace, notebooks)
    weeks = weeks_up_to(week, workspace.settings.history_weeks + 1)
    present, absent = _markets(partner, there[partner], markets, week)
    rules = _rules(workspace, name, partner, there[partner])
    into = workspace.reports / ".cache" / "audience" / name
    into.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(into.with_suffix(".lock"), timeout=0):
            shutil.rmtree(into, ignore_errors=True)
            cut = audience.cut(workspace.data, snapshot.id, rules, dict.fromkeys(present, weeks), into)
            yield Reader(
                name, into, store.describe(into, cut), present, chosen,
                {market: _left_out(rules.of(market)) for market in present}, (*skipped, *absent),
            )  # fmt: skip
    except Timeout:
        raise UsageError(f"audience {name}: another run is making its pages; wait for it to end") from None


def _notebooks(workspace: Workspace, asked: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Notebooks that partners may have, of those asked for or of the weekly run; and which of the latter they may not."""
    allowed = workspace.settings.partners.notebooks
    where = f"partners have {', '.join(allowed) or 'none'} (params/workspace.yaml, partners.notebooks)"
    refused = [name for name in asked if name not in allowed]
    if refused:
        raise UsageError([f"notebook {name!r} is internal; {where}" for name in refused])
    weekly = workspace.settings.notebooks
    chosen = tuple(asked) or tuple(name for name in weekly if name in allowed)
    if not chosen:
        raise UsageError(f"no notebook of the weekly run is for partners; {where}")
    return chosen, [] if asked else [f"{name}: internal, left out" for name in weekly if name not in allowed]


def _markets(
    partner: str, weeks_of: Mapping[str, Sequence[str]], asked: Sequence[str], week: str
) -> tuple[tuple[str, ...], list[str]]:
    """Markets with the partner's annotations in the week, and a sentence for each of the others asked for."""
    foreign = [market for market in asked if market not in weeks_of]
    if foreign:
        raise UsageError([
            f"market {market!r}: {partner} has no annotations there; it has in {', '.join(weeks_of)}" for market in foreign
        ])  # fmt: skip
    wanted = tuple(dict.fromkeys(asked)) or tuple(weeks_of)
    present = tuple(market for market in wanted if week in weeks_of[market])
    if not present:
        held = sorted({one for market in wanted for one in weeks_of[market]})
        raise DataError(f"week {week}: {partner} has no annotations in {', '.join(wanted)}; it has from {held[0]} to {held[-1]}")
    return present, [f"{market}: no data of {partner} in {week}, skipped" for market in wanted if market not in present]


def _rules(workspace: Workspace, name: str, partner: str, markets: Sequence[str]):
    """What params say that the partner may see."""
    from labelqa_lib import audience, params

    settings = workspace.settings.partners
    sharing = {
        market: audience.Sharing(**params.load_market(workspace.root, workspace.settings, market).sharing.model_dump())
        for market in markets
    }
    return audience.Rules(
        name, partner, read_key(workspace), settings.smallest_cell, settings.benchmark_partners, sharing
    )


def _left_out(sharing) -> frozenset[str]:
    """Tags of cells that are not for a partner: what is the house's own, and lists of items that it could not find."""
    return frozenset({"internal"} if sharing.items else {"internal", "items"})
