"""Who makes a run's pages, this machine or a cluster, and where they are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from labelqa_lib.cli.frame import Workspace, one_line


@dataclass(frozen=True)
class Makers:
    """Those who make pages.

    Attributes
    ----------
    jobs : int
        Pages at a time.
    render : callable
        ``(pages, see, began)`` to an iterator of records.
    scheduler : str
        Address of their cluster; empty for this machine.
    """

    jobs: int
    render: Callable
    scheduler: str = ""


def kept_at(workspace: Workspace, address: str | None):
    """Where a run keeps its reports; the workspace sees the copy of what is kept elsewhere."""
    from labelqa_lib import runner

    if not address:
        return runner.Outputs(workspace.reports)
    outputs = runner.Outputs.beside(workspace.reports, address)
    workspace.reports = outputs.reports
    return outputs


@contextmanager
def makers(workspace: Workspace, pages: Sequence, jobs: int, limits, scheduler: str | None, outputs, out) -> Iterator[Makers]:
    """Who renders these pages; a cluster is asked before anything runs, and only when there is something to make.

    Raises
    ------
    UsageError
        When the cluster cannot be reached, or cannot make these pages.
    """
    from labelqa_lib import runner, store

    if not scheduler or not pages:
        yield Makers(jobs, lambda pages, see, began: runner.render(pages, jobs, limits, see, began))
        return
    from labelqa_lib.runner.cluster import Cluster

    kept = outputs.address if "://" not in outputs.address else ""
    held = [] if isinstance(workspace.data, store.Database) else [str(workspace.snapshots)]
    sees = [*held, *([kept] if kept else [])]
    cluster = Cluster(scheduler, sees, lambda sentence: out.print(one_line(sentence)))
    carried = [workspace.root / "params", workspace.register, *sorted({page.notebook for page in pages})]
    try:
        yield Makers(
            cluster.jobs,
            lambda pages, see, began: cluster.render(pages, limits, see, began, outputs, carried, workspace.settings.reports),
            scheduler,
        )
    finally:
        cluster.close()
