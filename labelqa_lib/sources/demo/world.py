"""What every table of the demo shares: its names and their codes, its weeks, clocks, chances, and random streams."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from labelqa_lib.periods import Week, weeks_up_to
from labelqa_lib.sources.demo.parameters import Demo, Incident

DAY = 86_400
STREAMS = (
    "people", "items", "assignment", "annotations", "audits", "appeals", "shifts",
    "quizzes", "gold", "sop", "requests", "incidents",
)  # fmt: skip
"""One generator each, so that a table does not shift the others. Append only: the order is part of the seed."""


def seconds(moment: datetime) -> int:
    """Seconds since 1970 in UTC; a time without an offset is UTC."""
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())


def pick(generator: np.random.Generator, weights, size: int) -> np.ndarray:
    """`size` positions drawn with chances proportional to `weights`."""
    cumulative = np.cumsum(np.asarray(weights, float))
    return np.searchsorted(cumulative / cumulative[-1], generator.random(size), side="right").astype(np.int64)


def pick_column(generator: np.random.Generator, weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """For each entry of `rows`, a column drawn with chances proportional to that row of `weights`."""
    cumulative = np.cumsum(weights, axis=1)
    cumulative /= cumulative[:, -1:]
    return (generator.random(len(rows))[:, None] >= cumulative[rows]).sum(axis=1)


class Clock:
    """One market's local time over the simulated weeks.

    Times are seconds since 1970 in UTC; `day` counts local days from the first Monday.
    """

    def __init__(self, time_zone: str, first: Week, weeks: int):
        self.start, _ = (seconds(moment) for moment in first.bounds(time_zone))
        _, self.end = (seconds(moment) for moment in (first + (weeks - 1)).bounds(time_zone))
        self._origin = self.start - 40 * DAY
        hours = pd.date_range(*pd.to_datetime([self._origin, self.end + 40 * DAY], unit="s"), freq="h")
        local = hours.tz_localize("UTC").tz_convert(time_zone).tz_localize(None)
        self._offsets = ((local - hours) // pd.Timedelta(seconds=1)).to_numpy()
        self._first_midnight = seconds(datetime.combine(first.monday, datetime.min.time()))

    def _offset(self, moments: np.ndarray) -> np.ndarray:
        return self._offsets[(moments - self._origin) // 3600]

    def utc(self, day: np.ndarray, second: np.ndarray) -> np.ndarray:
        """The instant at which the local clock shows `second` of `day` (after the change, where it shows it twice)."""
        local = self._first_midnight + day * DAY + second
        return local - self._offset(local - self._offset(local))

    def local(self, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Local day and hour of each instant."""
        local = moments + self._offset(moments) - self._first_midnight
        return local // DAY, local % DAY // 3600


class World:
    """The validated parameters with everything that is derived from them once.

    Columns of the simulated tables hold codes: positions in `markets`, `sites`, `queues`, `labels`, `languages`.

    Parameters
    ----------
    seed : of the random streams; the parameters' own where it is None
    scale : shrinks volume and people, in (0, 1]
    """

    def __init__(self, demo: Demo, seed: int | None = None, scale: float = 1.0):
        self.demo = demo
        self.scale = scale
        children = np.random.SeedSequence(demo.seed if seed is None else seed).spawn(len(STREAMS))
        self.streams = {name: np.random.default_rng(child) for name, child in zip(STREAMS, children, strict=True)}
        self.markets = tuple(demo.markets)
        self.sites = tuple(demo.sites)
        self.queues = tuple(demo.queues)
        self.labels = tuple(demo.labels)
        self.languages = tuple(sorted({code for market in demo.markets.values() for code in market.languages}))
        self.weeks = weeks_up_to(demo.last_week, demo.weeks)
        self.first = Week.parse(demo.last_week) - (demo.weeks - 1)
        self.clocks = tuple(Clock(market.time_zone, self.first, demo.weeks) for market in demo.markets.values())
        self.violating = np.array([label.violating for label in demo.labels.values()])
        self.known_until = seconds(demo.known_until)

    @property
    def days(self) -> int:
        """Local days simulated."""
        return 7 * self.demo.weeks

    @property
    def neighbours(self) -> np.ndarray:
        """Weights (true label by given label) of what an error turns a label into."""
        weights = np.full((len(self.labels), len(self.labels)), 0.15)
        for row, label in enumerate(self.demo.labels.values()):
            for name, weight in label.neighbours.items():
                weights[row, self.labels.index(name)] = weight
        np.fill_diagonal(weights, 0)
        return weights

    @property
    def partners(self) -> tuple[str, ...]:
        """Partner of each site, in the order of `sites`."""
        owner = {site: partner for partner, sites in self.demo.partners.items() for site in sites}
        return tuple(owner[site] for site in self.sites)

    @property
    def places(self) -> list[tuple[int, int, float]]:
        """Market, site and share of all annotations, for every site that serves a market."""
        volume = sum(market.share for market in self.demo.markets.values())
        return [
            (code, self.sites.index(site), market.share / volume * share / sum(market.sites.values()))
            for code, market in enumerate(self.demo.markets.values())
            for site, share in market.sites.items()
        ]

    def of_queue(self, name: str) -> np.ndarray:
        """An attribute of every queue, by code."""
        return np.array([getattr(queue, name) for queue in self.demo.queues.values()])

    def local(self, market: np.ndarray, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Local day and hour of each instant, each in its own market's time zone."""
        day, hour = np.empty(len(moments), np.int64), np.empty(len(moments), np.int64)
        for code, clock in enumerate(self.clocks):
            rows = np.flatnonzero(market == code)
            day[rows], hour[rows] = clock.local(moments[rows])
        return day, hour

    def incidents(self, *kinds: str) -> Iterator[tuple[Incident, int, np.ndarray]]:
        """Each planted incident of these kinds with its market's code and the positions of its weeks.

        Weeks outside of the simulated ones are left out, so that a shorter demo is still a demo.
        """
        for incident in self.demo.incidents:
            weeks = [self.weeks.index(week) for week in incident.weeks if week in self.weeks]
            if incident.kind in kinds and weeks:
                yield incident, self.markets.index(incident.market), np.array(weeks)

    def hit(self, incident: Incident, market, weeks, rows: dict[str, np.ndarray]) -> np.ndarray:
        """Which rows an incident concerns: those of its market, weeks and `where`.

        `rows` holds codes: `market`, `week` and, where `where` asks for them, `site` and `queue`.
        """
        concerned = (rows["market"] == market) & np.isin(rows["week"], weeks)
        for name, value in incident.where.items():
            if name == "policy_area":
                concerned &= (self.of_queue("policy_area") == value)[rows["queue"]]
            else:
                concerned &= rows[name] == getattr(self, f"{name}s").index(value)
        return concerned
