"""Which pages of a run are due: those of which something that they are made from has changed."""

from __future__ import annotations

from collections.abc import Sequence

from labelqa_lib.cli.frame import Workspace
from labelqa_lib.cli.readers import Reader
from labelqa_lib.errors import LabelqaError


def with_reasons(workspace: Workspace, who: Reader, pages: Sequence, force: bool, keep: bool) -> list[tuple]:
    """Every page as it is to be made, and why it would run; an empty reason where it need not.

    Parameters
    ----------
    who : Reader
        With the current snapshot; a page is made from the one in which its data last changed.
    pages : sequence of PlannedPage
    force : bool
        Run them all.
    keep : bool
        Whether what took a look into the tables to find out may be written down for the next run.
    """
    from labelqa_lib import params, runner, store
    from labelqa_lib.periods import weeks_up_to

    readings = store.Readings(who.data, who.snapshot, workspace.reports / ".cache" if keep else None)
    own = {notebook: runner.reads_own_market(notebook) for notebook in {page.notebook for page in pages}}
    needed = {page.market for page in pages} | (set() if all(own.values()) else {*who.snapshot.markets})
    markets, found = {name: _market(params, workspace, name) for name in sorted(needed)}, []
    hashes = {name: runner.hash_of(market) for name, market in markets.items() if market}
    for page in pages:
        if market := markets[page.market]:
            weeks = weeks_up_to(page.week, workspace.settings.history_weeks + 1)
            alone = own[page.notebook]
            reading = readings.of(page.market, page.week, weeks, alone)
            others = {} if alone else {name: told for name, told in hashes.items() if name != page.market}
            page = runner.keyed(page, reading.snapshot.id, reading.contents, workspace.settings, market, others)
        found.append((page, "--force" if force else runner.why(page)))
    return found


def _market(params, workspace: Workspace, name: str):
    """The market's params; None where they are wrong, which its pages say themselves when they run."""
    try:
        return params.load_market(workspace.root, workspace.settings, name)
    except LabelqaError:
        return None
