"""What sharing QA hours between markets gives, in a sentence and as findings."""

from __future__ import annotations

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.finding import SEVERITIES, Finding
from labelqa_lib.sampling.across import Shared

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
    said = f"For {week}: {len(told)} markets share {_hours(shared.hours)} of QA time"
    short = told[told["own_stretch"] > NEARLY]
    if short.empty:
        said += "; with its own hours each reaches every goal"
    else:
        worst = short.loc[short["own_stretch"].idxmax()]
        said += (
            f"; with its own hours {wording.count(len(short), '{n} market misses', '{n} markets miss')} goals "
            f"({worst['market']} most: margins {worst['own_stretch']:.2f} times as wide as asked for)"
        )
    spare = shared.hours - told["shared_hours"].sum()
    if shared.stretch > NEARLY:
        return f"{said}. Together no margin has to be more than {shared.stretch:.2f} times as wide."
    return f"{said}. Together every goal is reached" + (f" and {_hours(spare)} are left." if spare >= 1 else ".")


def shared_findings(shared: Shared, told: pd.DataFrame) -> list[Finding]:
    """Which market's hours to change, most hours first; parameters as in `shared_sentence`."""
    found = []
    for row in told[told["moved"].abs() >= WORTH_MOVING].itertuples():
        more = row.moved > 0
        gain = (
            f"margins stay at about {row.stretch:.2f} times as wide as asked for"
            if abs(row.stretch - row.own_stretch) < _ALIKE or more and row.stretch > row.own_stretch
            else f"margins come to {row.stretch:.2f} times as wide as asked for, not {row.own_stretch:.2f}"
            if more
            else "its goals are reached without them"
            if row.stretch <= NEARLY
            else f"its margins grow to {row.stretch:.2f} times as wide as asked for, about as everyone's"
        )
        sentence = (
            f"{row.market}: plan {row.shared_hours:.1f} hours and not {row.own_hours:g} "
            f"({'+' if more else '−'}{abs(row.moved):.1f}); {gain}."
        )
        found.append(
            Finding(code=f"sampling:share:{row.market}", severity="watch" if more else "know", sentence=sentence,
                    size=abs(row.moved), evidence="markets", metric="", period=shared.alone[row.market].week)
        )  # fmt: skip
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), -one.size))


def _hours(hours: float) -> str:
    return f"{hours:,.0f} hours" if hours >= 10 else f"{hours:.1f} hours"
