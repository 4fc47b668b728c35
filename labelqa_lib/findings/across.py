"""What sharing QA hours between markets gives, in a sentence and as findings."""

from __future__ import annotations

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.finding import SEVERITIES, Finding
from labelqa_lib.sampling.across import Shared
from labelqa_lib.translation import N_, plural, say

NEARLY = 1.01
"""Margins so many times as wide as asked for are as asked for."""

_ALIKE = 0.025
"""Factors nearer than that are the same: promises are simulated averages, known to about 2 %."""

WORTH_MOVING = 0.5
"""Hours that are worth moving from one market to another."""


def shared_sentence(shared: Shared, told: pd.DataFrame) -> str:
    """How many hours, for whom, and what sharing them changes.

    Parameters
    ----------
    shared : Shared
    told : DataFrame
        From `sampling.across.by_market`.
    """
    week = next(iter(shared.alone.values())).week
    markets = wording.whole(len(told))
    said = say("For {week}: {n} markets share {hours} of QA time", week=week, n=markets, hours=_hours(shared.hours))
    short = told[told["own_stretch"] > NEARLY]
    if short.empty:
        own = say("with its own hours each reaches every goal")
    else:
        worst = short.loc[short["own_stretch"].idxmax()]
        own = plural(
            "with its own hours {n} market misses goals ({market} most: margins {times} times as wide as asked for)",
            "with its own hours {n} markets miss goals ({market} most: margins {times} times as wide as asked for)",
            len(short),
            n=wording.whole(len(short)),
            market=worst["market"],
            times=_times(worst["own_stretch"]),
        )
    spare = shared.hours - told["shared_hours"].sum()
    if shared.stretch > NEARLY:
        together = say("Together no margin has to be more than {times} times as wide.", times=_times(shared.stretch))
    elif spare >= 1:
        together = say("Together every goal is reached and {hours} are left.", hours=_hours(spare))
    else:
        together = say("Together every goal is reached.")
    return wording.sentences(wording.parts(said, own), together)


def shared_findings(shared: Shared, told: pd.DataFrame) -> list[Finding]:
    """Which market's hours to change, most hours first; parameters as in `shared_sentence`."""
    found = []
    for row in told[told["moved"].abs() >= WORTH_MOVING].itertuples():
        more = row.moved > 0
        gain = (
            N_("margins stay at about {times} times as wide as asked for")
            if abs(row.stretch - row.own_stretch) < _ALIKE or more and row.stretch > row.own_stretch
            else N_("margins come to {times} times as wide as asked for, not {own}")
            if more
            else N_("its goals are reached without them")
            if row.stretch <= NEARLY
            else N_("its margins grow to {times} times as wide as asked for, about as everyone's")
        )
        plan = say(
            "{market}: plan {hours} hours and not {own} ({change})",
            market=row.market,
            hours=wording.written(f"{row.shared_hours:.1f}"),
            own=wording.written(f"{row.own_hours:g}"),
            change=("+" if more else "−") + wording.written(f"{abs(row.moved):.1f}"),
        )
        sentence = wording.parts(plan, say(gain, times=_times(row.stretch), own=_times(row.own_stretch)))
        found.append(
            Finding(code=f"sampling:share:{row.market}", severity="watch" if more else "know", sentence=sentence,
                    size=abs(row.moved), evidence="markets", metric="", period=shared.alone[row.market].week)
        )  # fmt: skip
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), -one.size))


def _hours(hours: float) -> str:
    return say("{n} hours", n=wording.whole(hours) if hours >= 10 else wording.written(f"{hours:.1f}"))


def _times(factor: float) -> str:
    return wording.written(f"{factor:.2f}")
