"""How wide will the report's interval be? What past reports teach about the audits of the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import special

from labelqa_lib.metrics.registry import TITLES
from labelqa_lib.sampling.rules import Rules
from labelqa_lib.sampling.strata import NOT_GIVEN, Past
from labelqa_lib.stats import rate_bounds, survey
from labelqa_lib.stats.sizing import margin_of
from labelqa_lib.translation import say

_MOST_ROWS, _FEWEST_ROWS, _LEAST_NOISE = 1e7, 30, 1e-6


@dataclass(frozen=True)
class Likeness:
    """How alike the audits of one agent are, in a metric.

    Attributes
    ----------
    rho : float
        Intraclass correlation that the clustered variance of all past weeks implies, at least 0.
    unevenness : float
        Σm² / Σm over the mean of m, the audits of an agent in a week: 1 where all have as many.
    per_agent : float
        Σm² / Σm of the audits m per agent that `rho` was learnt from.
    degrees : int
        With which the clustered variance is known: agents − 1, 0 where nothing is known.
    error : float
        Standard error of the metric over all past weeks; of a plain row, times the square root of the rows.
    rows : int
        Audits that count for the metric.
    """

    rho: float
    unevenness: float
    per_agent: float = 1.0
    degrees: int = 0
    error: float = 0.0
    rows: int = 0


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
    hit, counted : array
        Shares of each stratum's annotations that are hits, and that the metric counts.
    inside : array of bool
        Strata that the goal is about.
    agents : int
        Who makes annotations there.
    error : float
        Standard error with which the past knows the rate.
    widening : float
        How many times as wide as at the errors expected the interval is on average; see `expected.average_width`.
    """

    metric: str
    site: str
    margin: float
    rate: float
    moments: np.ndarray
    hit: np.ndarray
    counted: np.ndarray
    inside: np.ndarray
    agents: int
    likeness: Likeness
    error: float = 0.0
    widening: float = 1.0

    @property
    def title(self) -> str:
        """``Accuracy``, ``Accuracy at KUL``, in the language that is spoken."""
        title = say(TITLES[self.metric])
        return say("{metric} at {site}", metric=title, site=self.site) if self.site else title

    @property
    def key(self) -> str:
        """The same in every language."""
        return TITLES[self.metric] + (f" at {self.site}" if self.site else "")

    @property
    def name(self) -> str:
        """What the goal is called where goals are dropped: all sites together are one."""
        return f"{self.metric}:site" if self.site else self.metric


def _likeness(audits: pd.DataFrame, metric: str, cluster: np.ndarray, week: np.ndarray) -> Likeness:
    """How alike were the past audits of one agent, a code of each in `cluster`? Without any, or without agents: not at
    all.

    Notes
    -----
    ρ = (v / v₁ − 1) / (m̄ − 1) over all past weeks together: v the linearised variance with agents as clusters, v₁ that
    of as many rows with nothing to do with each other, m̄ = Σm² / Σm audits per agent. Source: Kish (1965), 5.4 and 8.2.
    """
    hit, miss, weight = (audits[name].to_numpy() for name in (f"{metric}_hit", f"{metric}_miss", "weight"))
    kept = np.flatnonzero((hit + miss > 0) & (cluster >= 0))
    if len(kept) < _FEWEST_ROWS:
        return Likeness(0.0, 1.0)
    hit, weight, cluster, week = hit[kept], weight[kept], cluster[kept], week[kept]
    n, weights, outcome = by_cluster(cluster, weight, weight * hit)
    told = survey.clustered_rate(np.zeros(len(n), dtype=int), weights, np.minimum(outcome, weights), n)
    # Σ w²(hit − rate)² / (Σ w)²
    single = float(((weight * (hit - float(told.estimate[0]))) ** 2).sum() / weight.sum() ** 2)
    per_agent = (n**2).sum() / n.sum()
    known = single > 0 and per_agent > 1 and np.isfinite(told.std_error[0])
    rho = max(0.0, (told.std_error[0] ** 2 / single - 1) / (per_agent - 1)) if known else 0.0
    weekly = np.bincount(week * (cluster.max() + 1) + cluster)
    weekly = weekly[weekly > 0]
    uneven = float((weekly**2).sum() / weekly.sum() / weekly.mean())
    error = float(np.nan_to_num(told.std_error[0]))
    return Likeness(float(rho), uneven, float(per_agent), len(n) - 1, error, len(kept))


def by_cluster(cluster: np.ndarray, *values: np.ndarray) -> tuple[np.ndarray, ...]:
    """How many rows each cluster has, of those that have any, and the sum of each of the values over them."""
    n = np.bincount(cluster)
    return n[n > 0], *(np.bincount(cluster, one)[n > 0] for one in values)


def goals(past: Past, rules: Rules) -> list[Goal]:
    """Every goal of the rules that the strata can answer: the market's, then each site's.

    A metric of which nothing is expected to count (no violating items at a site) is no goal.
    """
    sites = sorted(set(past.strata["site"]) - {NOT_GIVEN})
    wanted = [(metric, "", margin) for metric, margin in rules.margins.items()]
    wanted += [(metric, site, margin) for metric, margin in rules.site_margins.items() for site in sites]
    codes = [pd.factorize(past.audits[name], sort=True)[0] for name in ("cluster", "week")]
    told = {metric: _likeness(past.audits, metric, *codes) for metric in {*rules.margins, *rules.site_margins}}
    made = [_goal(past, *one, told[one[0]]) for one in wanted]
    return [goal for goal in made if goal is not None]


def _goal(past: Past, metric: str, site: str, margin: float, told: Likeness) -> Goal | None:
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
    # a site's share of the audits tells its rate so much less
    error = told.error * np.sqrt(told.rows / max(told.rows * counted / _counted(past, metric), 1)) if told.rows else 0.0
    return Goal(metric, site, margin, float(rate), moments, inside * hit, inside * (hit + miss), inside, agents, told,
                error)  # fmt: skip


def _counted(past: Past, metric: str) -> float:
    """Annotations of all strata that the metric counts."""
    strata = past.strata
    return float((strata["population"] * (strata[f"{metric}_hit"] + strata[f"{metric}_miss"])).sum())


class Together:
    """Goals whose intervals are asked for with the same audits, side by side: arrays of goals × strata.

    Parameters
    ----------
    goals : sequence of Goal
        At least one.
    population : array
        Annotations of each stratum.
    confidence : float
    """

    def __init__(self, goals: Sequence[Goal], population: np.ndarray, confidence: float):
        self.rate, self.agents = (np.array([getattr(goal, name) for goal in goals]) for name in ("rate", "agents"))
        self.hit, self.counted, inside = (
            np.array([getattr(goal, name) for goal in goals]) for name in ("hit", "counted", "inside")
        )
        told = [goal.likeness for goal in goals]
        self.rho, self.uneven = (np.array([getattr(one, name) for one in told]) for name in ("rho", "unevenness"))
        self.there = inside * population
        self.total = (self.there * self.counted).sum(axis=1)
        self.tail = (1 + confidence) / 2

    def inflations(self, audits: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """What the report's interval adds to the variance of single rows of each goal, when so many `audits` of each
        stratum are made and the `variance` (of each goal) comes out.

        Notes
        -----
        The design effect of agents, drawn towards that of a likeness of 0.1 where few errors tell it, and Student's t
        over the normal: as in `rate_bounds.bounded_rate`, but for the side that reaches further when errors come in
        bunches (`Goal.widening` takes that in).
        """
        rows = (audits * self.counted).sum(axis=1)
        more = np.maximum(self.uneven * rows / np.maximum(self.agents, 1) - 1, 0) * (self.agents > 0)
        measured = 1 + more * self.rho
        assumed = np.maximum(measured, 1 + more * rate_bounds.ASSUMED_LIKENESS)
        events = (self.rate * (1 - self.rate)) ** 2 / variance
        trust = rate_bounds.trust_in_measured(events)
        bunched = trust**2 * 2 * rate_bounds.bunching_noise(self.rate, measured, events)
        degrees = self._degrees(audits, rows, bunched)
        few = special.stdtrit(np.maximum(degrees, 1), self.tail) / special.ndtri(self.tail)
        return measured**trust * assumed ** (1 - trust) * few**2

    def _degrees(self, audits: np.ndarray, rows: np.ndarray, least: np.ndarray) -> np.ndarray:
        """With how many degrees of freedom will each variance be known? Few, where few errors of large weight make it.

        Expected over the draw: 2 / Σu², u what a row adds to log(variance / p(1 − p)), and 2 / agents more for the sums
        of agents; at most agents − 1, and 2 / `least`. See `rate_bounds.bounded_rate`.
        """
        rate, total = self.rate[:, None], self.total[:, None]
        weight = np.divide(self.there, audits, out=np.zeros(self.there.shape), where=audits > 0) / total
        sides = (audits * self.hit, weight * (1 - rate)), (audits * (self.counted - self.hit), -weight * rate)
        variance = sum((made * score**2).sum(axis=1) for made, score in sides)[:, None]
        slope = (1 - 2 * rate) / (rate * (1 - rate))
        noise = sum((made * (score**2 / variance - 1 / rows[:, None] - slope * score) ** 2).sum(axis=1) for made, score in sides)
        apart = np.where(self.agents > 0, 2 / np.maximum(self.agents, 1), 0.0)
        degrees = 2 / np.maximum(np.maximum(noise + apart, least), np.where(self.agents > 0, 0.0, _LEAST_NOISE))
        return np.where(self.agents > 0, np.minimum(degrees, self.agents - 1), degrees)


def variances_of(goals: Sequence[Goal], cells: pd.DataFrame, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Variance that the report's interval of each goal will amount to when the ``audits`` of `cells` are made, and its
    inflation.

    Notes
    -----
    Σ N_c² m_h / e_c / N² over cells c of stratum h, times the inflation. The report takes no credit for strata and
    finite populations, so neither does this. It is the variance at the errors expected; on average the interval is
    `Goal.widening` times as wide, 1.0 for accuracy and 1.4 for false positives (6 effective errors) on the demo.
    """
    if not goals:
        return np.zeros(0), np.zeros(0)
    stratum, population, audits = (cells[name].to_numpy() for name in ("stratum", "population", "audits"))
    with np.errstate(divide="ignore"):
        parts = population**2 / audits
    parts, made, there = (np.bincount(stratum, rows, len(goals[0].hit)) for rows in (parts, audits, population))
    inside, moments = (np.array([getattr(goal, name) for goal in goals]) for name in ("inside", "moments"))
    single = np.multiply(parts, moments, out=np.zeros(moments.shape), where=inside).sum(axis=1) / (inside @ there) ** 2
    together = Together(goals, there, confidence)
    factor = together.inflations(made, single)
    factor = together.inflations(made, single * factor)
    return single * factor, factor


def promised(goal: Goal, variance: float, confidence: float) -> float:
    """Half-width that the report's interval has on average, with this variance at the errors expected."""
    return goal.widening * at_expected(goal, variance, confidence)


def at_expected(goal: Goal, variance: float, confidence: float) -> float:
    """Half-width of the report's interval with this variance, when the errors are those expected."""
    return float(margin_of(goal.rate, goal.rate * (1 - goal.rate) / variance, confidence))


def variance_for(goal: Goal, stretch: float, confidence: float) -> float:
    """Largest variance with which the goal's interval is on average `stretch` times as wide as wanted."""
    margins, log_sizes = _widths(goal.rate, confidence)
    size = np.exp(np.interp(-goal.margin / goal.widening * stretch, -margins, log_sizes))
    return goal.rate * (1 - goal.rate) / float(size)


@lru_cache(maxsize=128)
def _widths(rate: float, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Half-widths of the report's interval, falling, and the logarithms of the plain rows that give them.

    `sizing.effective_size` finds one of them exactly; a plan asks for hundreds.
    """
    log_sizes = np.linspace(0, np.log(_MOST_ROWS), 2000)
    return np.minimum.accumulate(margin_of(rate, np.exp(log_sizes), confidence)), log_sizes
