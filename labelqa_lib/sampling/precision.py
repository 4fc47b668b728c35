"""How wide will the report's interval be? What past reports teach about the audits of the next."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from labelqa_lib.metrics.registry import TITLES
from labelqa_lib.sampling.rules import Rules
from labelqa_lib.sampling.strata import NOT_GIVEN, Past
from labelqa_lib.stats import survey
from labelqa_lib.stats.sizing import margin_of

_MOST_ROWS = 1e7


@dataclass(frozen=True)
class Achieved:
    """What a metric's weekly intervals were, against what single rows would give.

    Attributes
    ----------
    inflation : float
        Variance that the report's interval amounts to / variance of as many independent rows of the same weights:
        the design effect of agents alike inside, and what the interval adds for having few of them. At least 1.
    per_agent : float
        Audits that count per agent and week, an agent with many weighing more (Σm² / Σm).
    rows : float
        Audits that count per agent and week, plain mean.
    """

    inflation: float
    per_agent: float
    rows: float

    def at(self, rows: float) -> float:
        """The inflation with `rows` audits per agent: 1 + (m − 1)ρ, the likeness ρ being that of the past weeks."""
        if self.per_agent <= 1 or self.rows <= 0:
            return self.inflation
        likeness = (self.inflation - 1) / (self.per_agent - 1)
        return 1 + max(self.per_agent * rows / self.rows - 1, 0) * likeness


@dataclass(frozen=True)
class Goal:
    """One interval that should be narrow enough.

    Attributes
    ----------
    margin : float
        Half-width wanted.
    rate : float
        What the metric is expected to be.
    moments : array
        A number per stratum: what one audit there adds to the variance of the metric, times the audits and over the
        squared share of the stratum: E[(counted·(hit − rate) / share counted)²].
    counted : array
        Share of each stratum's annotations that the metric counts.
    inside : array of bool
        Strata that the goal is about.
    agents : int
        Who makes annotations there.
    """

    metric: str
    site: str
    margin: float
    rate: float
    moments: np.ndarray
    counted: np.ndarray
    inside: np.ndarray
    agents: int
    achieved: Achieved

    @property
    def title(self) -> str:
        """``Accuracy``, ``Accuracy at KUL``."""
        return TITLES[self.metric] + (f" at {self.site}" if self.site else "")

    @property
    def name(self) -> str:
        """What the goal is called where goals are dropped: all sites together are one."""
        return f"{self.metric}:site" if self.site else self.metric


def achieved(past: Past, metric: str, confidence: float) -> Achieved:
    """What did the past weeks' intervals of a metric teach?

    Pooled over the weeks, each weighing as its audits do. Without any audits: independent rows.
    """
    rows = past.audits
    rows = rows[rows[f"{metric}_hit"] + rows[f"{metric}_miss"] > 0]
    if rows.empty:
        return Achieved(1.0, 1.0, 0.0)
    weeks, week = np.unique(rows["week"], return_inverse=True)
    cells = rows.assign(
        group=week, outcome=rows["weight"] * rows[f"{metric}_hit"], squared=rows["weight"] ** 2, n=1
    ).groupby(["group", "cluster"], as_index=False)[["weight", "outcome", "squared", "n"]].sum()  # fmt: skip
    told = survey.clustered_rate(
        cells["group"], cells["weight"], np.minimum(cells["outcome"], cells["weight"]), cells["n"],
        confidence=confidence, weight_squared=cells["squared"],
    )  # fmt: skip
    spread = told.estimate * (1 - told.estimate)
    worth = survey.equivalent_size(told.estimate, told.ci_high - told.ci_low, confidence)
    single = _variance_of_rows(rows, metric, week, told.estimate)
    sizes = cells.groupby("group")["n"].agg(["sum", "count", lambda n: (n**2).sum()]).to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        inflation = spread / worth / single
    known = np.isfinite(inflation)
    if not known.any():
        return Achieved(1.0, 1.0, 0.0)
    n = sizes[known, 0]
    return Achieved(
        inflation=max(1.0, float(np.average(inflation[known], weights=n))),
        per_agent=float(sizes[known, 2].sum() / n.sum()),
        rows=float(n.sum() / sizes[known, 1].sum()),
    )


def _variance_of_rows(rows: pd.DataFrame, metric: str, week: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Σ w²(hit − rate)² / (Σ w)² by week: of rows that have nothing to do with each other."""
    weight, hit = rows["weight"].to_numpy(), rows[f"{metric}_hit"].to_numpy()
    total = np.bincount(week, weights=weight)
    return np.bincount(week, weights=(weight * (hit - rate[week])) ** 2) / total**2


def goals(past: Past, rules: Rules) -> list[Goal]:
    """Every goal of the rules that the strata can answer: the market's, then each site's.

    A metric of which nothing is expected to count (no violating items at a site) is no goal.
    """
    sites = sorted(set(past.strata["site"]) - {NOT_GIVEN})
    wanted = [(metric, "", margin) for metric, margin in rules.margins.items()]
    wanted += [(metric, site, margin) for metric, margin in rules.site_margins.items() for site in sites]
    told = {metric: achieved(past, metric, rules.confidence) for metric in {*rules.margins, *rules.site_margins}}
    made = [_goal(past, *one, told[one[0]]) for one in wanted]
    return [goal for goal in made if goal is not None]


def _goal(past: Past, metric: str, site: str, margin: float, told: Achieved) -> Goal | None:
    strata = past.strata
    inside = (strata["site"] == site).to_numpy() if site else np.full(len(strata), True)
    share = strata["population"].to_numpy() * inside
    hit, miss = (strata[f"{metric}_{side}"].to_numpy() for side in ("hit", "miss"))
    counted = (share * (hit + miss)).sum()
    if not counted > 0:
        return None
    rate = (share * hit).sum() / counted
    # over the annotations of the goal's strata, so that a site's variance is that of the site
    moments = inside * (hit * (1 - rate) ** 2 + miss * rate**2) * (share.sum() / counted) ** 2
    agents = past.cells.loc[inside[past.cells["stratum"]], "agent_id"].nunique()
    return Goal(metric, site, margin, float(rate), moments, inside * (hit + miss), inside, agents, told)


def inflation(goal: Goal, stratum: np.ndarray, audits: np.ndarray) -> float:
    """The goal's inflation when so many `audits` are made of cells that lie in these strata."""
    counted = (audits * goal.counted[stratum]).sum()
    return goal.achieved.at(counted / goal.agents) if goal.agents else goal.achieved.inflation


def promised(goal: Goal, cells: pd.DataFrame, confidence: float) -> float:
    """Half-width that the report's interval will have when the ``audits`` of `cells` are made.

    Notes
    -----
    V = Σ N_c² m_h / e_c / N² over cells c of stratum h, times the inflation; the half-width is that of the
    report's interval of rate·(1 − rate) / V rows. The report takes no credit for strata and finite populations, so
    neither does this.
    """
    stratum, population, audits = (cells[name].to_numpy() for name in ("stratum", "population", "audits"))
    inside = goal.inside[stratum]
    with np.errstate(divide="ignore"):
        parts = population[inside] ** 2 * goal.moments[stratum[inside]] / audits[inside]
    variance = parts.sum() / population[inside].sum() ** 2 * inflation(goal, stratum, audits)
    return float(margin_of(goal.rate, goal.rate * (1 - goal.rate) / variance, confidence))


def variance_for(goal: Goal, stretch: float, confidence: float) -> float:
    """Largest variance with which the goal's interval is `stretch` times as wide as wanted."""
    margins, log_sizes = _widths(goal.rate, confidence)
    size = np.exp(np.interp(-goal.margin * stretch, -margins, log_sizes))
    return goal.rate * (1 - goal.rate) / float(size)


@lru_cache(maxsize=128)
def _widths(rate: float, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Half-widths of the report's interval, falling, and the logarithms of the plain rows that give them.

    `sizing.effective_size` finds one of them exactly; a plan asks for hundreds.
    """
    log_sizes = np.linspace(0, np.log(_MOST_ROWS), 2000)
    return np.minimum.accumulate(margin_of(rate, np.exp(log_sizes), confidence)), log_sizes
