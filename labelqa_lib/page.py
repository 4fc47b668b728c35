"""A notebook's first line: params and snapshot opened as one `Page`, the only place that unpacks params for rooms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from labelqa_lib import earlier, params, register, store, translation, wording
from labelqa_lib.errors import UsageError
from labelqa_lib.params import Market, Target, Workspace
from labelqa_lib.periods import Week, weeks_up_to
from labelqa_lib.translation import N_, say

_SHOWN_VERSIONS = ("labelqa", "papermill", "nbconvert", "pandas", "duckdb", "ibis-framework", "matplotlib", "seaborn")


@dataclass(frozen=True)
class Page:
    """What one page is about: the market's tables cut to its weeks, its targets, and where they came from.

    Attributes
    ----------
    tables : Tables
        The market's lazy tables, cut to `history_weeks` before the report's week and that week.
    restatement : Restatement or None
        The latest earlier snapshot in which the report's week read otherwise, if there is one, and what changed.
    restated : Tables or None
        The same cut of that snapshot.
    root : Path
        Folder of the workspace.
    """

    tables: store.Tables
    restatement: store.Restatement | None
    restated: store.Tables | None
    workspace: Workspace
    market: Market
    week: str
    audience: str
    root: Path
    reports: Path
    register: Path

    @property
    def targets(self) -> dict[str, Target]:
        """The market's target by metric name."""
        return self.market.targets

    @property
    def confidence(self) -> float:
        """Confidence of every interval of the page, in (0.5, 1)."""
        return self.workspace.confidence

    @property
    def options(self) -> dict:
        """What the market's params say about how to measure: goes to `measure` as keyword arguments."""
        return {"confidence": self.confidence, "denominators": self.market.denominators.model_dump()}

    @property
    def correction(self) -> dict:
        """What is said of the auditors' errors: goes to `corrected` as keyword arguments."""
        auditors = self.market.auditors
        return {"confidence": self.confidence, "auditors": auditors.model_dump() if auditors else None}

    @property
    def sampling(self) -> dict:
        """What the market's params ask of its audits: keyword arguments of `sampling.Rules`."""
        return {**self.market.sampling.model_dump(), "confidence": self.confidence}

    @property
    def minutes_factor(self) -> float:
        """Minutes of an audit, in handle times of the annotation audited."""
        return self.market.sampling.minutes_factor

    @property
    def smallest_cell(self) -> int:
        """Rows that a figure of the page must rest on; 0 where its reader may see everything."""
        return self.tables.snapshot.smallest_cell

    @property
    def pooled(self) -> tuple[str, ...]:
        """Weeks of what is rare: the report's, and all of them where a reader sees no figure on few rows."""
        return self.tables.weeks if self.smallest_cell else (self.week,)

    def over(self, title: str) -> str:
        """A heading that says so where it is about all weeks."""
        return say("{title}, all weeks of the report", title=say(title)) if self.smallest_cell else title

    def target(self, metric: str) -> dict:
        """A metric's target as keyword arguments of a figure; none where the market has no target for it."""
        target = self.targets.get(metric)
        return {"target": target.value, "better": target.better} if target else {}

    def title(self) -> dict[str, str]:
        """What the page is about, as keyword arguments of `display.title`."""
        week = Week.parse(self.week)
        return {
            "market": self.market.market,
            "market_name": self.market.name,
            "week": self.week,
            "dates": wording.days(week.monday, week.sunday),
            "audience": self.audience,
            "snapshot": self.tables.snapshot.id,
        }

    def earlier(self, notebook: str) -> list[dict] | None:
        """What a notebook's report of the week before found, from the `findings.json` beside it; None without one.
        Of simulated data beside real data, or the other way around, nothing is taken.

        The runner counts that file among what a page is made from: it runs again when the report before it changed.
        """
        return earlier.findings(self.reports, self.audience, self.week, self.market.market, notebook, self.tables.snapshot.simulated)

    def actions(self) -> pd.DataFrame:
        """The register as it stood at the end of the report's week: the delivery's `actions` and the workspace's own.

        It is kept by people in-house: a partner's page has none of it. See `register.as_of` for its columns.

        Raises
        ------
        UsageError
            When a line of the workspace's own register is not what it must be.
        """
        inside = self.audience == "internal"
        own = register.read(self.register) if inside else register.typed(pd.DataFrame())
        delivered = store.fetch(self.tables.actions) if inside and self.tables.actions is not None else None
        return register.as_of(register.merged(delivered, own, self.market.market), self.week)

    def delivered(self) -> pd.DataFrame:
        """What came in with the latest delivery, one row per table of the snapshot: counts of rows."""
        columns = ["delivered", "accepted", "rejected", "duplicates", "restated", "unmatched"]
        counts = [(name, *(told.get(column, 0) for column in columns), told["rows"])
                  for name, told in self.tables.snapshot.tables.items()]  # fmt: skip
        return pd.DataFrame(counts, columns=["table", *columns, "rows_now"])

    def provenance(self) -> dict[str, str]:
        """How this page was made: snapshot, parameters and versions, as text by heading."""
        snapshot = self.tables.snapshot
        return {  # fmt: skip
            N_("Snapshot"): say(
                "{snapshot}, from source “{source}”, taken {when}",
                snapshot=snapshot.id, source=snapshot.source, when=snapshot.made_at,
            ),
            N_("Market"): say(
                N_("{market}, time zone {zone}")
                if self.market.configured
                else N_("{market}, time zone {zone} (no file in params/markets: workspace defaults)"),
                market=self.market.market, zone=self.market.time_zone,
            ),
            N_("Weeks"): say("{first} to {last}; the report is about the last", first=self.tables.weeks[0], last=self.week),
            N_("Intervals"): say("{share} % confidence", share=f"{100 * self.confidence:g}"),
            N_("Targets"): "; ".join(
                f"{name} {'≥' if target.better == 'higher' else '≤'} {target.value:g}"
                for name, target in sorted(self.targets.items())
            )
            or say("none set"),
            N_("Denominators"): say(
                "utilization over {utilization}, shrinkage over {shrinkage}",
                utilization=self.market.denominators.utilization, shrinkage=self.market.denominators.shrinkage,
            ),
            N_("Versions"): versions(self.tables),
        }


def versions(tables: store.Tables) -> str:
    """The packages that a page names, with their versions, and the engine where it is another than the usual one."""
    return ", ".join([*(f"{name} {version(name)}" for name in _SHOWN_VERSIONS), *tables.engine])


@dataclass(frozen=True)
class Markets:
    """Several markets of one snapshot and week, each opened as a page of its own would open it.

    Attributes
    ----------
    pages : dict of str to Page
        By market.
    """

    pages: dict[str, Page]

    @property
    def tables(self) -> dict[str, store.Tables]:
        """Every market's tables."""
        return {market: page.tables for market, page in self.pages.items()}

    @property
    def sampling(self) -> dict[str, dict]:
        """What every market's params ask of its audits: keyword arguments of `sampling.Rules`."""
        return {market: page.sampling for market, page in self.pages.items()}


def open_page(market: str, week: str = "", audience: str = "internal", data: str = "", snapshot: str = "") -> Page:
    """Open what a page needs, from the workspace that the notebook runs in.

    Parameters
    ----------
    market : str
        A market of the snapshot, such as ``MY``.
    week : str
        ISO week; empty for the market's latest week in the snapshot.
    audience : str
        Who reads the page.
    data : str
        Where snapshots lie, a folder or an address (`store.place`); empty for the workspace's own.
    snapshot : str
        A snapshot's id; empty for the current one.

    Raises
    ------
    LabelqaError
        When params, market, week or snapshot do not exist; the sentence lists what does.
    """
    root = params.find_root(Path.cwd())
    workspace = params.load_workspace(root)
    settings = params.load_market(root, workspace, market)
    translation.speak(settings.locale)
    place = store.place_of(data or workspace.data, root)
    described = store.describe(place, snapshot or "CURRENT")
    known = described.weeks(market)
    week = week or known[-1]
    if described.audience != audience:
        raise UsageError(f"audience {audience!r}: snapshot {described.id} is for {described.audience}; pages for others "
                         "are made from data cut for them, by `labelqa run --audience NAME`")  # fmt: skip
    if week not in known:
        Week.parse(week)
        raise UsageError(f"week {week}: no annotations of {market}; the snapshot holds {known[0]} to {known[-1]}")
    weeks = weeks_up_to(week, workspace.history_weeks + 1)
    restatement = store.earlier_reading(place, described, market, week)
    return Page(
        tables=store.open_tables(place, market, weeks, described.id),
        restatement=restatement,
        restated=store.open_tables(place, market, weeks, restatement.since.id) if restatement else None,
        workspace=workspace,
        market=settings,
        week=week,
        audience=audience,
        root=root,
        reports=earlier.reports_of(root, workspace.reports),
        register=root / workspace.actions,
    )


def internal_only(audience: str) -> None:
    """Let pages over several markets be opened for the team itself alone.

    Raises
    ------
    UsageError
        For any other audience: a market is not shown to the partners of another.
    """
    if audience != "internal":
        raise UsageError(f"audience {audience!r}: a page over several markets shows each to the others; internal only")


def open_markets(
    markets: Sequence[str] = (), week: str = "", audience: str = "internal", data: str = "", snapshot: str = ""
) -> Markets:
    """Open several markets for a page that compares them.

    Parameters
    ----------
    markets : sequence of str
        Of the snapshot; empty for all that have the week.
    week : str
        ISO week of all of them; empty for the latest of the first market.
    audience, data, snapshot
        As in `open_page`.

    Raises
    ------
    LabelqaError
        As `open_page`; and when the audience is not internal: a market is not shown to the partners of another.
    """
    internal_only(audience)
    root = params.find_root(Path.cwd())
    place = store.place_of(data or params.load_workspace(root).data, root)
    described = store.describe(place, snapshot or "CURRENT")
    named = list(dict.fromkeys(markets)) or sorted(described.markets)
    week = week or described.weeks(named[0])[-1]
    chosen = markets or [market for market in named if week in described.weeks(market)]
    with translation.speaking(translation.spoken()):  # the page speaks as the market does under which it is filed
        return Markets({market: open_page(market, week, audience, data, described.id) for market in chosen})
