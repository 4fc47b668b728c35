"""What a sampling plan says: the plan in a sentence, and what of it needs a reader."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.finding import SEVERITIES, Finding
from labelqa_lib.findings.settling import EVERY
from labelqa_lib.sampling import Plan
from labelqa_lib.translation import N_, N_forms, plural, say

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
    values = {
        "week": plan.week,
        "audits": wording.count(plan.audits, "{n} random audit", "{n} random audits"),
        "hours": _hours(plan.hours),
    }
    if len(plan.promises):
        first = plan.promises.iloc[0]
        said = say(
            "For {week}: {audits} in {hours} of QA time (risk checks and re-audits included) will tell {goal} to {margin}",
            **values,
            goal=_goal(first["goal"]),
            margin=_margin(first["promised"]),
        )
    else:
        said = say("For {week}: {audits} in {hours} of QA time (risk checks and re-audits included)", **values)
    blind = plan.past.audits.empty
    none = say("Nothing was audited yet: planned as for a rate of 50 %, of which no other needs more.") if blind else ""
    return wording.sentences(wording.parts(said, _against(today)), none, _nearest(plan, frontier))


def _against(today: pd.DataFrame | None) -> str:
    if today is None or today.empty or not np.isfinite(today["achieved"].iloc[0]):
        return ""
    now = today.iloc[0]
    return plural(
        "last week's {n} audit took {hours} and told it to {margin}",
        "last week's {n} audits took {hours} and told it to {margin}",
        now["audits"],
        n=wording.whole(now["audits"]),
        hours=_hours(now["hours"]),
        margin=_margin(now["achieved"]),
    )


def _nearest(plan: Plan, frontier: pd.DataFrame | None) -> str:
    """What the hours do not reach, and the nearest plan that they do."""
    if plan.floor < 1:
        return say(
            "{hours} do not even make the minimum audits of every agent and stratum: {floor} of each are "
            "kept, and margins are {times} times as wide as asked for.",
            hours=_hours(plan.rules.hours), floor=wording.amount(plan.floor, "rate"),
            times=_times(plan.stretch),
        )
    if plan.stretch <= 1:
        short = plan.promises[plan.promises["promised"] > NEARLY * plan.promises["wanted"]]
        if short.empty:
            return say("Every goal is reached.")
        goals = say(", ").join(
            say("{value} ({interval})", value=_goal(row.goal), interval=_margin(row.promised)) for row in short.itertuples()
        )
        return say("Even auditing all there is reaches some goals only so far: {goals}.", goals=goals)
    if frontier is not None and (frontier["stretch"] == 1).any():
        return say(
            "The hours do not reach every goal: margins are {times} times as wide as asked for; all goals in full would take "
            "{hours}.",
            times=_times(plan.stretch),
            hours=_hours(frontier.set_index("stretch")["hours"][1.0]),
        )
    return say("The hours do not reach every goal: margins are {times} times as wide as asked for.", times=_times(plan.stretch))


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
    goals = say(", ").join(
        say("{goal} {promised} for {wanted}", goal=_goal(row.goal), promised=_margin(row.promised), wanted=_margin(row.wanted))
        for row in short.itertuples()
    )
    sentence = say(
        N_("{hours} of QA time do not buy every goal: {goals}.")
        if plan.stretch > 1
        else N_("Auditing all there is does not buy every goal: {goals}."),
        hours=_hours(plan.rules.hours),
        goals=goals,
    )
    return [_finding("sampling:hours", "watch", sentence, "promises", plan.week, size=len(short))]


def _not_kept(kept: pd.DataFrame, plan: Plan) -> list[Finding]:
    found = []
    for row in kept[kept["achieved"] > WIDER * kept["promised"]].itertuples():
        sentence = say(
            "{goal} came out at {achieved} last week where the plan promised {promised}: {why}.",
            goal=row.goal, achieved=_margin(row.achieved), promised=_margin(row.promised), why=_why(row, plan),
        )
        found.append(_finding(f"sampling:kept:{_key(row.goal, plan)}", "watch", sentence, "kept", plan.past.last, size=row.made))
    return found


def _why(row, plan: Plan) -> str:
    if row.made < FEWER * row.planned:
        every = any(one.title == row.goal and one.metric in EVERY["quality"] for one in plan.goals)
        forms = _MADE if every else _COUNTED
        return plural(*forms, row.made, n=wording.whole(row.made), planned=wording.whole(row.planned))
    if abs(row.rate - 0.5) < abs(row.expected_rate - 0.5):
        return say(
            "it was {rate} and not {expected} as expected, and rates nearer to 50 % take more audits",
            rate=wording.amount(row.rate, "rate"), expected=wording.amount(row.expected_rate, "rate"),
        )
    return say(
        "audits were drawn otherwise than planned, or agents differed more (design effect {effect})",
        effect=wording.written(f"{row.achieved_effect:.2f}"),
    )


_MADE = N_forms("{n} audit was made of {planned} planned", "{n} audits were made of {planned} planned")
_COUNTED = N_forms(
    "{n} audit that counts for it was made of {planned} planned", "{n} audits that count for it were made of {planned} planned"
)


def _uncovered(uncovered: pd.DataFrame, plan: Plan) -> list[Finding]:
    if uncovered.empty:
        return []
    kinds = uncovered["kind"].value_counts()
    named = wording.listed([wording.count(count, *_KINDS[kind]) for kind, count in kinds.items()])
    none = int((uncovered["audits"] == 0).sum())
    sentence = say(
        N_("{who} had fewer audits last week than asked for, {n} of them none.")
        if none
        else N_("{who} had fewer audits last week than asked for."),
        who=named,
        n=wording.whole(none),
    )
    return [_finding("sampling:uncovered", "know", sentence, "uncovered", plan.past.last, size=len(uncovered))]


_KINDS = {"agent": N_forms("{n} agent", "{n} agents"), "stratum": N_forms("{n} stratum", "{n} strata")}


_STOPPED = N_(
    "{site} stands under a stop at AQL {aql} %: {rejected} of {weeks} would have been rejected; accept no week before the "
    "cause is mended, then inspect with {n} audits and accept up to {errors}."
)
_TIGHTENED = N_(
    "{site} stands under tightened inspection at AQL {aql} %: {rejected} of {weeks} would have been rejected; inspect the "
    "next week with {n} audits and accept up to {errors}."
)


def _severe(next_lots: pd.DataFrame, lots: pd.DataFrame, plan: Plan) -> list[Finding]:
    found = []
    for row in next_lots[next_lots["inspection"].isin(["tightened", "stopped"])].itertuples():
        decided = lots[(lots["site"] == row.site) & lots["accepted"].notna()]
        rejected = decided[decided["accepted"].eq(False)]
        stopped = row.inspection == "stopped"
        sentence = say(
            _STOPPED if stopped else _TIGHTENED,
            site=row.site,
            aql=wording.written(f"{plan.rules.aql:g}"),
            rejected=wording.whole(len(rejected)),
            weeks=wording.count(len(decided), "{n} week", "{n} weeks"),
            n=wording.whole(row.n),
            errors=wording.count(row.accept, "{n} error", "{n} errors"),
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
        sentence = say(
            "Replayed {runs} times, the interval of {goal} held the truth in {coverage} of them, not in "
            "{confidence}: take its margin for a lower bound.",
            runs=row.runs, goal=_goal(row.goal), coverage=wording.amount(row.coverage, "rate"),
            confidence=wording.amount(plan.rules.confidence, "rate"),
        )
        found.append(_finding(f"sampling:coverage:{_key(row.goal, plan)}", "watch", sentence, "replay", plan.week))
    return found


def _assisted(helped: pd.DataFrame, plan: Plan) -> list[Finding]:
    """What the model's opinion saves, where an interval that uses it holds the truth as often as it says."""
    if helped.empty or not helped["saved"].iloc[-1] >= WORTH_TELLING:
        return []
    full, fewer = helped.iloc[0], helped.iloc[-1]
    if fewer["coverage_high"] < plan.rules.confidence:
        return []
    sentence = say(
        "With the model's opinion of every annotation to help, {audits} would tell accuracy to {margin}, "
        "as well as {full} without ({saved} fewer; replayed: the interval held the truth in {coverage} of "
        "draws).",
        audits=wording.count(fewer["audits"], "{n} audit", "{n} audits"), margin=_margin(fewer["came_out"]),
        full=wording.whole(full["audits"]), saved=wording.amount(fewer["saved"], "rate"),
        coverage=wording.amount(fewer["coverage"], "rate"),
    )
    return [_finding("sampling:assisted", "know", sentence, "assisted", plan.week, size=full["audits"] - fewer["audits"])]


def _finding(code: str, severity: str, sentence: str, evidence: str, period: str, size: float = 0.0) -> Finding:
    return Finding(code=code, severity=severity, sentence=sentence, size=float(size), evidence=evidence, metric="",
                   period=period)  # fmt: skip


def _margin(half_width: float) -> str:
    """``±2.1 pt``."""
    return say("±{margin} pt", margin=wording.number(half_width, "rate", 1))


def _hours(hours: float) -> str:
    return say("{n} hours", n=wording.whole(hours) if hours >= 10 else wording.written(f"{hours:.1f}"))


def _times(factor: float) -> str:
    return wording.written(f"{factor:.2f}")


def _key(goal: str, plan: Plan) -> str:
    """What a goal is called in a finding's code: the same in every language."""
    return next((one.key for one in plan.goals if one.title == goal), goal)


def _goal(title: str) -> str:
    """A goal's title inside a sentence; abbreviations keep their capitals."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]
