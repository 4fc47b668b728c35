"""All markets of a snapshot opened as one, for a page about them together: every metric is asked once, by the engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labelqa_lib import earlier, params, store, translation, wording
from labelqa_lib.errors import UsageError
from labelqa_lib.page import internal_only, versions
from labelqa_lib.params import Market, Target, Workspace
from labelqa_lib.periods import Week, weeks_up_to
from labelqa_lib.translation import N_, say

ALL = "all"
"""The market under which a page about all of them is filed."""


@dataclass(frozen=True)
class Overview:
    """What a page about all markets is about.

    Attributes
    ----------
    tables : Tables
        Every market's lazy tables together, cut to `history_weeks` before the page's week and that week.
    markets : dict of str to Market
        The params of those with data in the week.
    absent : tuple of str
        Markets of the snapshot without data in the week.
    """

    tables: store.Tables
    markets: dict[str, Market]
    absent: tuple[str, ...]
    workspace: Workspace
    week: str
    reports: Path

    @property
    def confidence(self) -> float:
        """Confidence of every interval of the page, in (0.5, 1)."""
        return self.workspace.confidence

    @property
    def targets(self) -> dict[str, dict[str, Target]]:
        """Market -> its target by metric name."""
        return {name: market.targets for name, market in self.markets.items()}

    def title(self) -> dict[str, str]:
        """What the page is about, as keyword arguments of `display.title`."""
        week = Week.parse(self.week)
        return {
            "market": say("All markets"),
            "market_name": "",
            "week": self.week,
            "dates": wording.days(week.monday, week.sunday),
            "audience": self.tables.snapshot.audience,
            "snapshot": self.tables.snapshot.id,
        }

    def earlier(self, notebook: str) -> list[dict] | None:
        """What a notebook's page of the week before found, as `Page.earlier`."""
        snapshot = self.tables.snapshot
        return earlier.findings(self.reports, snapshot.audience, self.week, ALL, notebook, snapshot.simulated)

    def gaps(self) -> list[tuple[str, str]]:
        """What cannot be answered, and why: markets without data in the week."""
        return [(market, say("no annotations in {week}", week=self.week)) for market in self.absent]

    def provenance(self) -> dict[str, str]:
        """How this page was made, as text by heading."""
        snapshot = self.tables.snapshot
        return {
            N_("Snapshot"): say("{snapshot}, from source “{source}”, taken {when}", snapshot=snapshot.id, source=snapshot.source,
                                when=snapshot.made_at),
            N_("Markets"): say(", ").join(self.markets),
            N_("Weeks"): say("{first} to {last}; the report is about the last", first=self.tables.weeks[0], last=self.week),
            N_("Intervals"): say("{share} % confidence", share=f"{100 * self.confidence:g}"),
            N_("Versions"): versions(self.tables),
        }  # fmt: skip


def open_overview(week: str = "", audience: str = "internal", data: str = "", snapshot: str = "") -> Overview:
    """Open all markets of a snapshot as one, for a page that speaks the workspace's locale.

    Parameters
    ----------
    week : str
        ISO week; empty for the latest in the snapshot.
    audience, data, snapshot
        As in `open_page`.

    Raises
    ------
    LabelqaError
        As `open_page`; and when the audience is not internal: a market is not shown to the partners of another.
    """
    internal_only(audience)
    root = params.find_root(Path.cwd())
    workspace = params.load_workspace(root)
    translation.speak(workspace.locale)
    place = store.place_of(data or workspace.data, root)
    described = store.describe(place, snapshot or "CURRENT")
    if described.audience != audience:
        raise UsageError(f"audience {audience!r}: snapshot {described.id} is for {described.audience}")
    week = week or described.weeks()[-1]
    tables = store.open_tables(place, None, weeks_up_to(week, workspace.history_weeks + 1), described.id)
    there = {market: week in described.weeks(market) for market in sorted(described.markets)}
    return Overview(
        tables=tables,
        markets={market: params.load_market(root, workspace, market) for market, has in there.items() if has},
        absent=tuple(market for market, has in there.items() if not has),
        workspace=workspace,
        week=week,
        reports=earlier.reports_of(root, workspace.reports),
    )
