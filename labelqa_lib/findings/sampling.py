"""What a sampling plan says: the plan in a sentence, and what of it needs a reader."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.finding import SEVERITIES, Finding
from labelqa_lib.sampling import Plan
from labelqa_lib.translation import N_forms

NEARLY = 1.01
"""A promise so many times as wide as asked for is kept."""

WIDER = 1.2
"""An interval so many times as wide as promised needs a reader."""

FEWER = 0.9
"""Share of the planned audits below which their number explains a wider interval."""

WORTH_TELLING = 0.05
"""Smallest share of audits whose saving is told."""


def plan_sentence(plan: Plan, today: pd.DataFrame | None = None, frontier: pd.DataFrame | None = None) -> str:
    """How many audits, how many hours, and what they buy, against today's.

    Parameters
    ----------
    plan : Plan
    today : DataFrame, optional
        From `sampling.today`.
    frontier : DataFrame, optional
        From `sampling.frontier`: what all goals would take where the hours do not reach them.
    """
    promises = plan.promises
    said = (
        f"For {plan.week}: {wording.count(plan.audits, '{n} random audit', '{n} random audits')} in {_hours(plan.hours)} of QA time "
        "(risk checks and re-audits included)"
    )
    if len(promises):
        first = promises.iloc[0]
        said += f" will tell {_lower(first['goal'])} to {_margin(first['promised'])}"
    said += _against(today)
    if plan.past.audits.empty:
        said += ". Nothing was audited yet: planned as for a rate of 50 %, of which no other needs more"
    return said + _nearest(plan, frontier) + "."


def _against(today: pd.DataFrame | None) -> str:
    if today is None or today.empty or not np.isfinite(today["achieved"].iloc[0]):
        return ""
    now = today.iloc[0]
    made = wording.count(now["audits"], "{n} audit", "{n} audits")
    return f"; last week's {made} took {_hours(now['hours'])} and told it to {_margin(now['achieved'])}"


def _nearest(plan: Plan, frontier: pd.DataFrame | None) -> str:
    """What the hours do not reach, and the nearest plan that they do."""
    if plan.floor < 1:
        return (
            f". {_hours(plan.rules.hours)} do not even make the minimum audits of every agent and stratum: "
            f"{wording.amount(plan.floor, 'rate')} of each are kept, and margins are {plan.stretch:.2f} times "
            "as wide as asked for"
        )
    if plan.stretch <= 1:
        short = plan.promises[plan.promises["promised"] > NEARLY * plan.promises["wanted"]]
        if short.empty:
            return ". Every goal is reached"
        named = ", ".join(f"{_lower(row.goal)} ({_margin(row.promised)})" for row in short.itertuples())
        return f". Even auditing all there is reaches some goals only so far: {named}"
    needed = ""
    if frontier is not None and (frontier["stretch"] == 1).any():
        needed = f"; all goals in full would take {_hours(frontier.set_index('stretch')['hours'][1.0])}"
    return f". The hours do not reach every goal: margins are {plan.stretch:.2f} times as wide as asked for{needed}"


def plan_findings(
    plan: Plan,
    kept: pd.DataFrame,
    uncovered: pd.DataFrame,
    replayed: pd.DataFrame,
    helped: pd.DataFrame,
    lots: pd.DataFrame,
    next_lots: pd.DataFrame,
) -> list[Finding]:
    """What of the plan and of the last one needs a reader, most severe first.

    Parameters
    ----------
    plan, kept, uncovered, replayed, helped, lots, next_lots
        From the functions of `sampling` with these names; `helped` from `sampling.assisted`.
    """
    found = [*_short_of_hours(plan), *_not_kept(kept, plan), *_uncovered(uncovered, plan)]
    found += [*_severe(next_lots, lots, plan), *_coverage(replayed, plan), *_assisted(helped, plan)]
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), -one.size))


def _short_of_hours(plan: Plan) -> list[Finding]:
    short = plan.promises
    short = short[short["promised"] > NEARLY * short["wanted"]]
    if short.empty:
        return []
    named = ", ".join(
        f"{_lower(row.goal)} {_margin(row.promised)} for {_margin(row.wanted)}" for row in short.itertuples()
    )
    why = f"{_hours(plan.rules.hours)} of QA time do" if plan.stretch > 1 else "Auditing all there is does"
    sentence = f"{why} not buy every goal: {named}."
    return [_finding("sampling:hours", "watch", sentence, "promises", plan.week, size=len(short))]


def _not_kept(kept: pd.DataFrame, plan: Plan) -> list[Finding]:
    found = []
    for row in kept[kept["achieved"] > WIDER * kept["promised"]].itertuples():
        sentence = (
            f"{row.goal} came out at {_margin(row.achieved)} last week where the plan promised "
            f"{_margin(row.promised)}: {_why(row)}."
        )
        found.append(_finding(f"sampling:kept:{row.goal}", "watch", sentence, "kept", plan.past.last, size=row.made))
    return found


def _why(row) -> str:
    if row.made < FEWER * row.planned:
        return f"{wording.count(row.made, '{n} audit was', '{n} audits were')} made of {row.planned:.0f} planned"
    if abs(row.rate - 0.5) < abs(row.expected_rate - 0.5):
        return (
            f"it was {wording.amount(row.rate, 'rate')} and not {wording.amount(row.expected_rate, 'rate')} as "
            "expected, and rates nearer to 50 % take more audits"
        )
    return (
        f"audits were drawn otherwise than planned, or agents differed more (design effect {row.achieved_effect:.2f})"
    )


def _uncovered(uncovered: pd.DataFrame, plan: Plan) -> list[Finding]:
    if uncovered.empty:
        return []
    kinds = uncovered["kind"].value_counts()
    named = " and ".join(wording.count(count, *_KINDS[kind]) for kind, count in kinds.items())
    none = int((uncovered["audits"] == 0).sum())
    without = f", {none} of them none" if none else ""
    sentence = f"{named} had fewer audits last week than asked for{without}."
    return [_finding("sampling:uncovered", "know", sentence, "uncovered", plan.past.last, size=len(uncovered))]


_KINDS = {"agent": N_forms("{n} agent", "{n} agents"), "stratum": N_forms("{n} stratum", "{n} strata")}


def _severe(next_lots: pd.DataFrame, lots: pd.DataFrame, plan: Plan) -> list[Finding]:
    found = []
    for row in next_lots[next_lots["inspection"].isin(["tightened", "stopped"])].itertuples():
        rejected = lots[(lots["site"] == row.site) & lots["accepted"].eq(False)]
        stopped = row.inspection == "stopped"
        what = "accept no week before the cause is mended, then inspect" if stopped else "inspect the next week"
        sentence = (
            f"{row.site} stands under {'a stop' if stopped else 'tightened inspection'} at AQL {plan.rules.aql:g} %: "
            f"{len(rejected)} of {wording.count((lots['site'] == row.site).sum(), '{n} week', '{n} weeks')} would have been rejected; "
            f"{what} with {row.n} audits and accept up to {wording.count(row.accept, '{n} error', '{n} errors')}."
        )
        severity = "act" if stopped else "watch"
        found.append(
            _finding(f"sampling:lots:{row.site}", severity, sentence, "lots", plan.past.last, size=len(rejected))
        )
    return found


def _coverage(replayed: pd.DataFrame, plan: Plan) -> list[Finding]:
    """An interval that holds the truth less often than it says is an error of the plan, and told."""
    found = []
    for row in replayed[replayed["coverage_high"] < plan.rules.confidence].itertuples():
        sentence = (
            f"Replayed {row.runs} times, the interval of {_lower(row.goal)} held the truth in "
            f"{wording.amount(row.coverage, 'rate')} of them, not in {wording.amount(plan.rules.confidence, 'rate')}: "
            "take its margin for a lower bound."
        )
        found.append(_finding(f"sampling:coverage:{row.goal}", "watch", sentence, "replay", plan.week))
    return found


def _assisted(helped: pd.DataFrame, plan: Plan) -> list[Finding]:
    """What the model's opinion saves, where an interval that uses it holds the truth as often as it says."""
    if helped.empty or not helped["saved"].iloc[-1] >= WORTH_TELLING:
        return []
    full, fewer = helped.iloc[0], helped.iloc[-1]
    if fewer["coverage_high"] < plan.rules.confidence:
        return []
    sentence = (
        f"With the model's opinion of every annotation to help, {wording.count(fewer['audits'], '{n} audit', '{n} audits')} would tell "
        f"accuracy to {_margin(fewer['came_out'])}, as well as {wording.whole(full['audits'])} without "
        f"({wording.amount(fewer['saved'], 'rate')} fewer; replayed: the interval held the truth in "
        f"{wording.amount(fewer['coverage'], 'rate')} of draws)."
    )
    return [_finding("sampling:assisted", "know", sentence, "assisted", plan.week, size=full["audits"] - fewer["audits"])]


def _finding(code: str, severity: str, sentence: str, evidence: str, period: str, size: float = 0.0) -> Finding:
    return Finding(code=code, severity=severity, sentence=sentence, size=float(size), evidence=evidence, metric="",
                   period=period)  # fmt: skip


def _margin(half_width: float) -> str:
    """``±2.1 pt``."""
    return f"±{wording.number(half_width, 'rate', 1)} pt"


def _hours(hours: float) -> str:
    return f"{wording.whole(hours)} hours" if hours >= 10 else f"{wording.written(f'{hours:.1f}')} hours"


def _lower(title: str) -> str:
    """A goal's title inside a sentence; abbreviations keep their capitals."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]
